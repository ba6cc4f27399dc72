package value

import (
	"cmp"
	"context"
	"slices"
)

// vertex is a corner of a simplex and the value of the function there.
type vertex struct {
	at    []float64
	value float64
}

// simplex returns a point near a local minimum of f, and its value, by the method
// of Nelder and Mead. f may be +Inf, but not NaN. It ends when all corners have
// about one value, after so many evaluations, or with ctx.
func simplex(ctx context.Context, f func([]float64) float64, from []float64, evaluations int) ([]float64, float64) {
	dim := len(from)
	corners := make([]vertex, 0, dim+1)
	corners = append(corners, vertex{slices.Clone(from), f(from)})
	for i := range dim {
		at := slices.Clone(from)
		at[i] += 0.5
		corners = append(corners, vertex{at, f(at)})
	}
	evaluations -= dim + 1
	byValue := func(a, b vertex) int { return cmp.Compare(a.value, b.value) }
	centre := make([]float64, dim)
	// beyond returns the point on the line from the worst corner through the centre
	// of the others that is so many times as far from there.
	beyond := func(times float64) vertex {
		evaluations--
		at := make([]float64, dim)
		for i := range at {
			at[i] = centre[i] + times*(centre[i]-corners[dim].at[i])
		}
		return vertex{at, f(at)}
	}
	for {
		slices.SortStableFunc(corners, byValue)
		best, worst := corners[0], corners[dim]
		if evaluations <= 0 || worst.value-best.value < 1e-7 || ctx.Err() != nil {
			return best.at, best.value
		}
		clear(centre)
		for _, c := range corners[:dim] {
			for i, v := range c.at {
				centre[i] += v / float64(dim)
			}
		}
		moved := beyond(1)
		switch {
		case moved.value < best.value:
			if further := beyond(2); further.value < moved.value {
				moved = further
			}
		case moved.value >= corners[dim-1].value:
			inside := beyond(-0.5)
			if moved.value < worst.value {
				inside = beyond(0.5)
			}
			if inside.value >= min(moved.value, worst.value) {
				for _, c := range corners[1:] {
					for i := range c.at {
						c.at[i] = (c.at[i] + best.at[i]) / 2
					}
				}
				for k := range corners[1:] {
					corners[k+1].value = f(corners[k+1].at)
					evaluations--
				}
				continue
			}
			moved = inside
		}
		corners[dim] = moved
	}
}
