package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// Cutoffs divides the profiles into n parts of about equal size by a number, as RFM
// and other tiers by rank do, and returns the n-1 numbers above which the next part
// begins, so that the tiers of a tag can be written with them: the k-th is the least value
// that at least k/n of the profiles which have one do not exceed. Whoever has more than
// k of them is in the part that ntile gives as k+1. Equal values are never divided, so
// that a part may be larger, or empty. Profiles without a value do not count; where none
// has one there are no cut-offs.
//
// The cut-offs are of the view: a tag that is made of them is live and does not move
// with the population until it is defined again. n is from 2 to 1,000. All profiles are
// read and their values held in memory, 8 bytes each.
func (v *View) Cutoffs(ctx context.Context, by tags.Formula, n int) ([]float64, error) {
	return inside(v, func() ([]float64, error) { return v.cutoffs(ctx, by, n) })
}

func (v *View) cutoffs(ctx context.Context, by tags.Formula, n int) ([]float64, error) {
	if n < 2 || n > 1000 {
		return nil, fmt.Errorf("portrait: cut-offs of %d parts: want 2 to 1,000", n)
	}
	if err := v.allowedOperand(by); err != nil {
		return nil, err
	}
	x, err := syntax.CheckOperand(by.Tree(), v.epoch.cat)
	if err != nil {
		return nil, by.Locate(err)
	}
	if kind, _, _ := syntax.OperandKind(x, v.epoch.cat); kind != profile.KindNumber && kind != syntax.Any {
		return nil, fmt.Errorf("portrait: cut-offs of %s: it is no number", by)
	}
	p, err := v.gather(segment.Metered(ctx), x)
	if err != nil || len(p.keys) == 0 {
		return nil, by.Locate(err)
	}
	cuts := make([]float64, n-1)
	for k := range cuts {
		cuts[k] = shard.Number(p.keys[((k+1)*len(p.keys)+n-1)/n-1])
	}
	return cuts, nil
}
