package insight

import (
	"context"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/segment"
)

// MaxPeriods is how many periods a [RetentionQuestion] may have.
const MaxPeriods = 120

// RetentionQuestion asks how many of those who began in a period were active later.
type RetentionQuestion struct {
	// Base is whose retention is asked: everybody's where it is zero.
	Base segment.Expr
	// Cohorts are who began in each period, in the order of time: by a first event, the
	// date of registration, the first touch. At least one.
	Cohorts []Segment
	// Active are who was active in each period: Active[i] is of that which Cohorts[i]
	// began in, and those after the last cohort go on. At least as many as the cohorts,
	// at most [MaxPeriods].
	Active []segment.Expr
	// LeastCell is how many people a group must have to be shown; smaller ones, and
	// what would betray them, are hidden. 0 and 1 hide nothing.
	LeastCell uint64
}

// Retention is who comes back, by when they began.
type Retention struct {
	Cohorts []RetainedCohort
}

// RetainedCohort is those who began in one period. Its Active and Returned end with the
// last period that was counted: later cohorts have fewer.
type RetainedCohort struct {
	Name string
	// Size is how many they are.
	Size Cell
	// Active[k] is how many of them were active k periods later, what is also called
	// bounded or N-day retention; Active[0] in the period in which they began, which need
	// not be all of them.
	Active []Cell
	// Returned[k] is how many of them were active k periods later or at any time from
	// then to the last period: rolling or unbounded retention.
	Returned []Cell
}

// Retained returns the share of the cohort that was active k periods later. It is not
// known where a count is hidden, of an empty cohort and of periods that were not counted.
func (c *RetainedCohort) Retained(k int) (share float64, known bool) { return c.share(c.Active, k) }

// Rolling is Retained of who was active then or later.
func (c *RetainedCohort) Rolling(k int) (share float64, known bool) { return c.share(c.Returned, k) }

func (c *RetainedCohort) share(of []Cell, k int) (float64, bool) {
	if k < 0 || k >= len(of) || of[k].Hidden || c.Size.Hidden || c.Size.Count == 0 {
		return 0, false
	}
	return share(of[k].Count, c.Size.Count), true
}

// Retained returns the share of all cohorts together that was active k periods later:
// of those cohorts of which it is known. It is not known where it is of none.
func (r *Retention) Retained(k int) (share float64, known bool) {
	return r.share(k, func(c *RetainedCohort) []Cell { return c.Active })
}

// Rolling is Retained of who was active then or later.
func (r *Retention) Rolling(k int) (share float64, known bool) {
	return r.share(k, func(c *RetainedCohort) []Cell { return c.Returned })
}

func (r *Retention) share(k int, of func(*RetainedCohort) []Cell) (float64, bool) {
	var have, all uint64
	for i := range r.Cohorts {
		c := &r.Cohorts[i]
		if _, known := c.share(of(c), k); known {
			have += of(c)[k].Count
			all += c.Size.Count
		}
	}
	return share(have, all), all > 0
}

// Retain counts who comes back. Errors name the cohort or the period; those of c come as
// they are. Where too many groups are small to hide them safely it is [ErrTooFew].
func Retain(ctx context.Context, c Counter, q RetentionQuestion) (*Retention, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	var es []segment.Expr
	for i, cohort := range q.Cohorts {
		of := segment.And(orEveryone(q.Base), cohort.Expr)
		es = append(es, of)
		for k := i; k < len(q.Active); k++ {
			es = append(es, segment.And(of, q.Active[k]), segment.And(of, segment.Or(q.Active[k:]...)))
		}
	}
	counts, err := c.Counts(ctx, es...)
	if err != nil {
		return nil, err
	}
	cohorts := make([]CohortCounts, len(q.Cohorts))
	for i, cohort := range q.Cohorts {
		cohorts[i] = CohortCounts{Name: cohort.Name, Size: int(counts[0])}
		counts = counts[1:]
		for range q.Active[i:] {
			cohorts[i].Active = append(cohorts[i].Active, int(counts[0]))
			cohorts[i].Returned = append(cohorts[i].Returned, int(counts[1]))
			counts = counts[2:]
		}
	}
	return NewRetention(q.LeastCell, cohorts...)
}

func (q *RetentionQuestion) check() error {
	switch n := len(q.Active); {
	case len(q.Cohorts) == 0:
		return errors.New("insight: there is no cohort")
	case n < len(q.Cohorts):
		return fmt.Errorf("insight: %d cohorts, and who was active in %d periods: want as many or more", len(q.Cohorts), n)
	case n > MaxPeriods:
		return fmt.Errorf("insight: %d periods, %d are allowed", n, MaxPeriods)
	}
	for i, cohort := range q.Cohorts {
		if cohort.Expr.IsZero() {
			return fmt.Errorf("insight: cohort %d, %q, has no expression", i+1, cohort.Name)
		}
	}
	for i, e := range q.Active {
		if e.IsZero() {
			return fmt.Errorf("insight: period %d has no expression of who was active", i+1)
		}
	}
	return nil
}

// CohortCounts is what was counted of one cohort, from sets of days for instance, as
// lifecycle.Cohorts does.
type CohortCounts struct {
	Name string
	// Size is how many they are. Active and Returned are as those of a
	// [RetainedCohort], and of one length.
	Size     int
	Active   []int
	Returned []int
}

// NewRetention makes a table of counts, and hides the groups of fewer people than
// leastCell and what would betray them; 0 and 1 hide nothing. Errors name the cohort, and
// the period where the counts contradict each other; see [Retain] for [ErrTooFew].
func NewRetention(leastCell uint64, cohorts ...CohortCounts) (*Retention, error) {
	out := &Retention{Cohorts: make([]RetainedCohort, len(cohorts))}
	for i := range cohorts {
		c := &cohorts[i]
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("insight: cohort %d, %q: %w", i+1, c.Name, err)
		}
		var err error
		if out.Cohorts[i], err = c.hide(leastCell); err != nil {
			return nil, fmt.Errorf("cohort %d, %q: %w", i+1, c.Name, err)
		}
	}
	return out, nil
}

func (c *CohortCounts) check() error {
	if c.Size < 0 {
		return fmt.Errorf("%d people", c.Size)
	}
	if len(c.Active) != len(c.Returned) {
		return fmt.Errorf("who was active in %d periods, and who returned in %d", len(c.Active), len(c.Returned))
	}
	for k, n := range c.Active {
		most := c.Size
		if k > 0 {
			most = c.Returned[k-1]
		}
		switch returned := c.Returned[k]; {
		case n < 0 || n > returned:
			return fmt.Errorf("%d were active %d periods later, and %d then or after", n, k, returned)
		case k == len(c.Active)-1 && n != returned:
			return fmt.Errorf("%d were active in the last period, and %d then or after", n, returned)
		case returned > most:
			return fmt.Errorf("%d were active from %d periods later on, of %d who can have been", returned, k, most)
		}
	}
	return nil
}

// hide makes cells of the counts. Somebody may reckon who was not active in a period, who
// was not but later, and who was for the last time.
func (c *CohortCounts) hide(least uint64) (RetainedCohort, error) {
	out := RetainedCohort{Name: c.Name, Size: Cell{Count: uint64(c.Size)}}
	var s sums
	size := s.cell(uint64(c.Size))
	active, returned := make([]int, len(c.Active)), make([]int, len(c.Active))
	// What is the same by its nature has one cell: whoever was active in the last period
	// returned in it, and where a first event makes the cohort all are active in the first.
	same := func(count, as, place int) int {
		if count == as {
			return place
		}
		return s.cell(uint64(count))
	}
	for k := range c.Active {
		switch {
		case k == 0:
			active[k] = same(c.Active[k], c.Size, size)
			returned[k] = same(c.Returned[k], c.Size, size)
		case k == len(c.Active)-1:
			active[k] = s.cell(uint64(c.Active[k]))
			returned[k] = same(c.Returned[k], c.Active[k], active[k])
		default:
			active[k], returned[k] = s.cell(uint64(c.Active[k])), s.cell(uint64(c.Returned[k]))
		}
		s.rest(size, active[k])
		s.rest(size, returned[k])
		s.rest(returned[k], active[k])
		if k > 0 {
			s.rest(returned[k-1], returned[k])
		}
	}
	if err := s.hide(least); err != nil {
		return out, err
	}
	out.Size = s.cells[size]
	for k := range active {
		out.Active, out.Returned = append(out.Active, s.cells[active[k]]), append(out.Returned, s.cells[returned[k]])
	}
	return out, nil
}
