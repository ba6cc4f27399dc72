package insight

import (
	"context"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/segment"
)

// FunnelStep is how many people came to a step, which takes the steps before it.
type FunnelStep struct {
	Name  string
	Count uint64 // 0 where it is hidden
	// Hidden says that the step is left out: so few came to it, or dropped out before
	// it, that they may not be shown.
	Hidden bool `json:",omitempty"`
	// OfFirst and OfPrevious are the shares of those of the first step, and of the
	// step before, who came here; 0 where nobody was there, 1 at the first step. They
	// are 0 too where this step or that one is hidden.
	OfFirst    float64
	OfPrevious float64
}

// Funnel counts who of base (everybody where it is zero) holds to the first step, who
// of those to the second, and so on. A step is any condition; where the order of events
// matters it is a sequence, such as sequence("Product Viewed", "Order Completed").
//
// A step to which fewer than leastCell people came is hidden, and one before which fewer
// dropped out since the last step that is shown; 0 and 1 hide nothing. So of those shown
// any two differ by nobody or by as many. Who knows how many there are of base may still
// reckon who did not come to the first.
func Funnel(ctx context.Context, c Counter, base segment.Expr, leastCell uint64, steps ...Segment) ([]FunnelStep, error) {
	switch {
	case len(steps) == 0:
		return nil, errors.New("insight: there is no step in the funnel")
	case len(steps) > MaxSteps:
		return nil, fmt.Errorf("insight: %d steps in the funnel, %d are allowed", len(steps), MaxSteps)
	}
	parts := []segment.Expr{orEveryone(base)}
	es := make([]segment.Expr, len(steps))
	for i, s := range steps {
		if s.Expr.IsZero() {
			return nil, fmt.Errorf("insight: step %d, %q, has no expression", i+1, s.Name)
		}
		parts = append(parts, s.Expr)
		es[i] = segment.And(parts...)
	}
	counts, err := c.Counts(ctx, es...)
	if err != nil {
		return nil, err
	}
	out := make([]FunnelStep, len(steps))
	last := counts[0] // of the steps that are shown
	for i, s := range steps {
		out[i] = FunnelStep{Name: s.Name, Count: counts[i]}
		if hides(leastCell, counts[i], last-counts[i]) {
			out[i].Count, out[i].Hidden = 0, true
			continue
		}
		last = counts[i]
		out[i].OfFirst, out[i].OfPrevious = 1, 1
		if i > 0 {
			out[i].OfFirst = share(counts[i], out[0].Count)
			out[i].OfPrevious = share(counts[i], out[i-1].Count) // 0 where that is hidden
		}
	}
	return out, nil
}

func share(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
