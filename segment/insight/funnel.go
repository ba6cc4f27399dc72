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
	Count uint64
	// OfFirst and OfPrevious are the shares of those of the first step, and of the
	// step before, who came here; 0 where nobody was there, 1 at the first step.
	OfFirst    float64
	OfPrevious float64
}

// Funnel counts who of base (everybody where it is zero) holds to the first step, who
// of those to the second, and so on. A step is any condition; where the order of events
// matters it is a sequence, such as sequence("Product Viewed", "Order Completed").
func Funnel(ctx context.Context, c Counter, base segment.Expr, steps ...Segment) ([]FunnelStep, error) {
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
	for i, s := range steps {
		out[i] = FunnelStep{Name: s.Name, Count: counts[i], OfFirst: 1, OfPrevious: 1}
		if i > 0 {
			out[i].OfFirst = share(counts[i], counts[0])
			out[i].OfPrevious = share(counts[i], counts[i-1])
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
