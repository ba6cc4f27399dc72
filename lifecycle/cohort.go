package lifecycle

import "iter"

// Cohort is the customers who were first active in one period.
type Cohort struct {
	// Period is its number; see [Calendar].
	Period int `json:"period"`
	// Active[k] is how many were active k periods later; Active[0] is all of them.
	Active []int `json:"active"`
	// Returned[k] is how many were active k periods later or at any time from then to
	// the last period: what is also called rolling or unbounded retention.
	Returned []int `json:"returned"`
}

// Size returns how many customers the cohort has.
func (c Cohort) Size() int { return c.Active[0] }

// Retention returns which share of the cohort was active k periods later. It is not
// defined for an empty cohort, nor for a period that was not counted.
func (c Cohort) Retention(k int) (share float64, defined bool) {
	if k < 0 || k >= len(c.Active) || c.Size() == 0 {
		return 0, false
	}
	return float64(c.Active[k]) / float64(c.Size()), true
}

// Cohorts returns the cohorts of all periods from first to last, followed to last.
// Each element of customers has the periods in which one customer was active, in any
// order; who was active before first is in no cohort.
func Cohorts(customers iter.Seq[[]int], first, last int) []Cohort {
	if last < first {
		return nil
	}
	cohorts := make([]Cohort, last-first+1)
	for i := range cohorts {
		n := len(cohorts) - i
		cohorts[i] = Cohort{Period: first + i, Active: make([]int, n), Returned: make([]int, n)}
	}
	for active := range customers {
		active = ascending(active)
		if len(active) == 0 || active[0] < first || active[0] > last {
			continue
		}
		c := &cohorts[active[0]-first]
		latest := 0
		for _, p := range active {
			if p > last {
				break
			}
			latest = p - active[0]
			c.Active[latest]++
		}
		c.Returned[latest]++
	}
	for _, c := range cohorts {
		for k := len(c.Returned) - 2; k >= 0; k-- {
			c.Returned[k] += c.Returned[k+1]
		}
	}
	return cohorts
}
