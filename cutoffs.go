package portrait

import (
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// Cutoffs divides the profiles into n parts of about equal size by a number, as RFM
// and other tiers by rank do, and returns the n-1 numbers at which a part begins, so
// that the tiers of a tag can be written with them: the k-th is the least value that at
// least k/n of the profiles which have one do not exceed. Equal values are never divided,
// so that a part may be larger, or empty. Profiles without a value do not count; where
// none has one there are no cut-offs.
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
	x, err := syntax.CheckOperand(by.Tree(), v.epoch.cat)
	if err != nil {
		return nil, by.Locate(err)
	}
	if kind, _, _ := syntax.OperandKind(x, v.epoch.cat); kind != profile.KindNumber && kind != syntax.Any {
		return nil, fmt.Errorf("portrait: cut-offs of %s: it is no number", by)
	}
	value, err := tags.CompileValue(x, v.epoch.cat)
	if err != nil {
		return nil, by.Locate(err)
	}
	if err := v.upToDate(by.String(), value.Deps()); err != nil {
		return nil, err
	}
	var all []float64
	for m, err := range v.members(ctx, nil) {
		if err != nil {
			return nil, err
		}
		if x, ok, _ := value.Eval(m.state(), v.at); ok && x.Kind() == profile.KindNumber {
			all = append(all, x.Number())
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	slices.Sort(all)
	cuts := make([]float64, n-1)
	for k := range cuts {
		// The place of the first value that at least (k+1)/n of them do not exceed.
		cuts[k] = all[((k+1)*len(all)+n-1)/n-1]
	}
	return cuts, nil
}
