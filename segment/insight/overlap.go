package insight

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/segment"
)

// Segment is a segment with a name for reports.
type Segment struct {
	Name string
	Expr segment.Expr
}

// Intersections tells how segments overlap. Sets of segments are masks: bit i is
// the i-th segment.
type Intersections struct {
	Names []string
	// Within has how many people are in all segments of a mask, whatever else they
	// are in: Within[0b101] are in the first and the third. Within[0] is everybody who
	// was asked for.
	Within []Cell
	// Exactly has how many are in all segments of a mask and in no other, as an UpSet
	// plot shows it. All of it adds up to Within[0].
	Exactly []Cell
}

// Union returns how many are in at least one of the segments. It is hidden where
// everybody is, or who is in none.
func (s *Intersections) Union() Cell {
	all, none := s.Within[0], s.Exactly[0]
	if all.Hidden || none.Hidden {
		return Cell{Hidden: true}
	}
	return Cell{Count: all.Count - none.Count}
}

// Overlap counts how segments overlap among the people of base, everybody where it
// is zero; at most [MaxSegments].
//
// Combinations of fewer than leastCell people are hidden, and as much else as it takes
// that no group so small is found by adding and subtracting what is shown; 0 and 1 hide
// nothing. The sizes of the segments are kept if possible, then the combinations of
// Exactly, then the pairs of Within; of more segments those are shown that follow. Who
// knows more, or bounds what is hidden from below and above, may still narrow it down.
func Overlap(ctx context.Context, c Counter, base segment.Expr, leastCell uint64, segments ...Segment) (*Intersections, error) {
	n := len(segments)
	switch {
	case n == 0:
		return nil, errors.New("insight: there is no segment to overlap")
	case n > MaxSegments:
		return nil, fmt.Errorf("insight: %d segments to overlap, %d are allowed", n, MaxSegments)
	}
	out := &Intersections{}
	for i, s := range segments {
		if s.Expr.IsZero() {
			return nil, fmt.Errorf("insight: segment %d, %q, has no expression", i+1, s.Name)
		}
		out.Names = append(out.Names, s.Name)
	}
	dims := make([][]segment.Expr, n)
	for i, s := range segments {
		dims[n-1-i] = []segment.Expr{s.Expr} // the last runs fastest: it is bit 0
	}
	counts, err := cross(ctx, c, orEveryone(base), dims...)
	if err != nil {
		return nil, err
	}
	// In a table to be in a segment comes before everybody, in a mask after.
	within := slices.Clone(counts)
	slices.Reverse(within)
	out.Exactly, out.Within = hideOverlap(exactly(within, n), within, n, leastCell)
	return out, nil
}

// exactly turns how many are in all of each mask of n segments into how many are in
// those and in no other: who is in all of a mask and not in segment i is who is in the
// mask without those who are in i too.
func exactly(within []uint64, n int) []uint64 {
	out := slices.Clone(within)
	for i := range n {
		for mask := range out {
			if mask>>i&1 == 0 {
				out[mask] -= out[mask|1<<i]
			}
		}
	}
	return out
}
