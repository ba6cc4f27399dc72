package linkage

import "fmt"

// textComparator compares short texts as wholes.
type textComparator struct {
	cells[word]
	lexicon
	bounds []float64 // Similarities, descending.
	steps  []level
	nicks  int // The level of nicknames, missing if they are not asked for.
	alikes int // The level of EqualBy, likewise.
}

func newTextComparator(lex lexicon, bounds []float64) *textComparator {
	c := &textComparator{lexicon: lex, bounds: bounds, nicks: missing, alikes: missing}
	c.steps = []level{{name: "the same"}}
	if lex.nicknames != nil {
		c.nicks = len(c.steps)
		c.steps = append(c.steps, level{name: "nickname"})
	}
	if lex.equalBy != nil {
		c.alikes = len(c.steps)
		c.steps = append(c.steps, level{name: "sounds the same"})
	}
	for _, b := range bounds {
		c.steps = append(c.steps, level{name: fmt.Sprintf("similar from %g", b)})
	}
	c.steps = append(c.steps, level{name: "not alike"})
	c.value("", c.word)
	return c
}

func (c *textComparator) levels() []level { return c.steps }

func (c *textComparator) add(parts []string) uint32 { return c.value(parts[0], c.word) }

func (c *textComparator) mark() mark { return mark{terms: c.len(), sounds: c.sounds.len()} }

func (c *textComparator) undo(m mark) {
	c.cells.undo(m)
	c.sounds.truncate(m.sounds)
}

func (c *textComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	if a == b {
		return 0
	}
	x, y := &c.facts[a], &c.facts[b]
	if c.nicks != missing && x.nick(y) {
		return c.nicks
	}
	if c.alikes != missing && x.same(y) {
		return c.alikes
	}
	if likelyBound(x, y) < c.bounds[len(c.bounds)-1] {
		return len(c.steps) - 1
	}
	s := likeness(x, y)
	first := len(c.steps) - 1 - len(c.bounds)
	for i, bound := range c.bounds {
		if s >= bound {
			return first + i
		}
	}
	return len(c.steps) - 1
}
