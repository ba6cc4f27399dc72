package portrait

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/portraitdb/portrait/internal/syntax"
)

// cut is the condition on a value that those meet who stand at some level, or above it:
// how it compares with the one of a rank, from the least.
type cut struct {
	op   syntax.Op
	rank int
}

// everyone is the cut that all meet who have a value.
var everyone = cut{syntax.Ge, 0}

// band is who meets one cut, and not another that fewer meet; open: is no other.
type band struct {
	from, to cut
	open     bool
}

// levels is which levels a condition asks for: those of some bands, or, negated, all
// others.
type levels struct {
	bands   []band
	negated bool
}

// cut returns the cut of those whose level is at least so much, or above it.
func (p *indexed) cut(as *syntax.Standing, level float64, above bool) cut {
	n := p.n
	reaches := func(less, greater int) bool {
		c := cmp.Compare(as.Level(less, greater, n), level)
		return c > 0 || c == 0 && !above
	}
	if as.Fn == syntax.Rank {
		// Those reach it who have at least so many above them. They are less than
		// the last of as many.
		greater := sort.Search(n, func(i int) bool { return reaches(0, i) })
		if greater == 0 {
			return everyone
		}
		return cut{syntax.Lt, n - greater}
	}
	less := sort.Search(n, func(i int) bool { return reaches(i, 0) })
	if less == 0 {
		return everyone
	}
	return cut{syntax.Gt, less - 1}
}

// compared returns the levels that compare with a constant.
func (p *indexed) compared(as *syntax.Standing, op syntax.Op, level float64) levels {
	switch op {
	case syntax.Eq, syntax.Ne:
		l := p.listed(as, []float64{level})
		l.negated = op == syntax.Ne
		return l
	}
	above := op == syntax.Gt || op == syntax.Le
	return levels{[]band{{from: p.cut(as, level, above), open: true}}, op == syntax.Lt || op == syntax.Le}
}

// listed returns the levels of a list, which it sorts. Those that lie side by side are
// one band, and those where nobody can stand none.
func (p *indexed) listed(as *syntax.Standing, list []float64) (l levels) {
	slices.Sort(list)
	for _, level := range slices.Compact(list) {
		b := band{from: p.cut(as, level, false), to: p.cut(as, level, true)}
		last := len(l.bands) - 1
		switch {
		case b.from == b.to:
		case last >= 0 && l.bands[last].to == b.from:
			l.bands[last].to = b.to
		default:
			l.bands = append(l.bands, b)
		}
	}
	return l
}

// condition returns the condition on the value itself under which somebody stands at one
// of the levels, so that the index answers it. It looks at the column once for all of
// them.
func (p *indexed) condition(ctx context.Context, as *syntax.Standing, l levels) (syntax.Expr, error) {
	if p.n == 0 {
		return &syntax.Const{}, nil
	}
	var ranks []int
	if l.negated {
		ranks = append(ranks, everyone.rank)
	}
	for _, b := range l.bands {
		ranks = append(ranks, b.from.rank)
		if !b.open {
			ranks = append(ranks, b.to.rank)
		}
	}
	if err := p.look(ctx, ranks); err != nil {
		return nil, err
	}
	meets := func(c cut) syntax.Expr {
		return &syntax.Compare{Op: c.op, L: as.X, R: &syntax.Literal{Value: p.known[c.rank], Pos: -1}, Pos: as.Pos}
	}
	var parts []syntax.Expr
	for _, b := range l.bands {
		part := meets(b.from)
		if !b.open {
			part = &syntax.Minus{X: []syntax.Expr{part, meets(b.to)}}
		}
		parts = append(parts, part)
	}
	switch {
	case l.negated && len(parts) == 0:
		return meets(everyone), nil
	case l.negated:
		return &syntax.Minus{X: append([]syntax.Expr{meets(everyone)}, parts...)}, nil
	case len(parts) == 1:
		return parts[0], nil
	case len(parts) == 0:
		return &syntax.Const{}, nil
	}
	return &syntax.Or{X: parts}, nil
}
