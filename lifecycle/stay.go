package lifecycle

import (
	"iter"
	"slices"
	"sort"
	"time"
)

// Times is how long stays in one stage lasted.
type Times struct {
	// Left are those of who left the stage within a stretch of time.
	Left Durations `json:"left"`
	// Lasting are those of who was in the stage at the end of it, until then: they are
	// not over, so that their times are lower bounds.
	Lasting Durations `json:"lasting"`
}

// TimesIn returns how long profiles stayed in a stage: those who left it after one
// date and up to another, and those who were in it at the second. It keeps 8 bytes
// for each of these stays.
func TimesIn(stage string, from, to time.Time, paths iter.Seq2[Path, error]) (*Times, error) {
	t := &Times{}
	for p, err := range paths {
		if err != nil {
			return nil, err
		}
		for _, s := range p {
			switch {
			case s.Stage != stage || s.Entered.After(to):
			case s.Lasts() || s.Left.After(to):
				t.Lasting = append(t.Lasting, to.Sub(s.Entered))
			case s.Left.After(from):
				t.Left = append(t.Left, s.Left.Sub(s.Entered))
			}
		}
	}
	slices.Sort(t.Left)
	slices.Sort(t.Lasting)
	return t, nil
}

// Durations are lengths of time, ascending.
type Durations []time.Duration

// Quantile returns the least of them that a share of all is not above: 0.5 is the
// lower median, 1 the greatest. It is not defined for none of them, nor for a share
// outside 0 to 1.
func (d Durations) Quantile(share float64) (length time.Duration, defined bool) {
	if len(d) == 0 || !(share >= 0 && share <= 1) {
		return 0, false
	}
	n := float64(len(d))
	return d[sort.Search(len(d)-1, func(i int) bool { return float64(i+1)/n >= share })], true
}

// AtMost returns how many are no longer than a length: asked for several, it is the
// distribution.
func (d Durations) AtMost(length time.Duration) int {
	return sort.Search(len(d), func(i int) bool { return d[i] > length })
}
