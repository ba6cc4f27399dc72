package linkage

import (
	"fmt"
	"math"
	"strconv"
)

// numberComparator compares numbers by their difference.
type numberComparator struct {
	cells[float64]
	within []float64
	steps  []level
}

func newNumberComparator(within []float64) *numberComparator {
	c := &numberComparator{within: within}
	for _, w := range within {
		c.steps = append(c.steps, level{name: fmt.Sprintf("within %g", w)})
	}
	c.steps = append(c.steps, level{name: "different"})
	c.add([]string{""})
	return c
}

func (c *numberComparator) levels() []level { return c.steps }

// add reads a number; what is none is missing.
func (c *numberComparator) add(parts []string) uint32 {
	f, err := strconv.ParseFloat(parts[0], 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return c.value("", func(string) float64 { return 0 })
	}
	// One spelling a number, so that 1.50 and 1.5 are counted as one value.
	return c.value(strconv.FormatFloat(f+0, 'g', -1, 64), func(string) float64 { return f })
}

func (c *numberComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	d := math.Abs(c.facts[a] - c.facts[b])
	for i, w := range c.within {
		if d <= w {
			return i
		}
	}
	return len(c.within)
}
