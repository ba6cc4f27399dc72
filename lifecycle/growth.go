package lifecycle

import (
	"iter"
	"slices"
)

// Growth accounts for the customers of one period.
type Growth struct {
	// Period is its number; see [Calendar].
	Period int `json:"period"`
	// Active is how many were active in it: New + Retained + Resurrected.
	Active int `json:"active"`
	// New were never active before.
	New int `json:"new"`
	// Retained were active in the period before as well.
	Retained int `json:"retained"`
	// Resurrected were active before, but not in the period before.
	Resurrected int `json:"resurrected"`
	// Churned were active in the period before and are not now.
	Churned int `json:"churned"`
}

// QuickRatio returns what was won for each customer lost: (New + Resurrected) /
// Churned. It is not defined where nobody churned.
func (g Growth) QuickRatio() (ratio float64, defined bool) {
	if g.Churned == 0 {
		return 0, false
	}
	return float64(g.New+g.Resurrected) / float64(g.Churned), true
}

// Grow returns the account of every period from first to last. Each element of
// customers has the periods in which one customer was active, in any order, those
// before first too: without them who returns would be new.
func Grow(customers iter.Seq[[]int], first, last int) []Growth {
	if last < first {
		return nil
	}
	account := make([]Growth, last-first+1)
	for i := range account {
		account[i].Period = first + i
	}
	for active := range customers {
		active = ascending(active)
		for i, p := range active {
			// The customer was active in p; and not in p+1, unless it is next.
			if next := p + 1; next >= first && next <= last && (i+1 == len(active) || active[i+1] != next) {
				account[next-first].Churned++
			}
			if p < first || p > last {
				continue
			}
			g := &account[p-first]
			g.Active++
			switch {
			case i == 0:
				g.New++
			case active[i-1] == p-1:
				g.Retained++
			default:
				g.Resurrected++
			}
		}
	}
	return account
}

// ascending returns periods in order and without repetition, itself if it is so.
func ascending(periods []int) []int {
	for i := 1; i < len(periods); i++ {
		if periods[i] <= periods[i-1] {
			periods = slices.Clone(periods)
			slices.Sort(periods)
			return slices.Compact(periods)
		}
	}
	return periods
}
