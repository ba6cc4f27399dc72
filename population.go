package portrait

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// population is what everybody has of one operand: a number or a time. Whoever has
// none is not of it.
type population struct {
	keys []int64 // ascending, one a profile
	time bool
}

// populationOf reads everybody's values of an operand that was checked, 8 bytes each.
func (v *View) populationOf(ctx context.Context, x syntax.Operand) (*population, error) {
	value, err := tags.CompileValue(x, v.epoch.cat)
	if err != nil {
		return nil, err
	}
	if err := v.upToDate(syntax.PrintOperand(x), value.Deps()); err != nil {
		return nil, err
	}
	kind, _, _ := syntax.OperandKind(x, v.epoch.cat)
	p := &population{time: kind == profile.KindTime}
	for m, err := range v.members(ctx, nil) {
		if err != nil {
			return nil, err
		}
		if x, ok, _ := value.Eval(m.state(), v.at); ok {
			if key, ok := p.key(x); ok {
				p.keys = append(p.keys, key)
			}
		}
	}
	slices.Sort(p.keys)
	return p, nil
}

// key maps a value to an integer in the order of the values; ok is false for one of
// another kind.
func (p *population) key(v profile.Value) (key int64, ok bool) {
	switch {
	case p.time && v.Kind() == profile.KindTime:
		return int64(v.Instant()), true
	case !p.time && v.Kind() == profile.KindNumber:
		return shard.Sortable(v.Number()), true
	}
	return 0, false
}

// at returns the i-th value from the least.
func (p *population) at(i int) profile.Value {
	if p.time {
		return profile.TimeAt(profile.Instant(p.keys[i]))
	}
	return profile.Number(shard.Number(p.keys[i]))
}

// quantile returns the least value that at least k/n of all do not exceed.
func (p *population) quantile(k, n int) profile.Value {
	return p.at((k*len(p.keys)+n-1)/n - 1)
}

// ladder is how values stand in a population.
type ladder struct {
	*population
	as *syntax.Standing
}

// Level implements syntax.Ladder.
func (l ladder) Level(v profile.Value) (level float64, ok bool) {
	key, ok := l.key(v)
	if !ok || len(l.keys) == 0 {
		return 0, false
	}
	less, _ := slices.BinarySearch(l.keys, key)
	greater := len(l.keys) - sort.Search(len(l.keys), func(i int) bool { return l.keys[i] > key })
	return l.as.Level(less, greater, len(l.keys)), true
}

// compare returns the condition on the value itself under which its level compares
// with a constant, so that an index can answer it.
func (l ladder) compare(op syntax.Op, level float64) syntax.Expr {
	if len(l.keys) == 0 {
		return &syntax.Const{}
	}
	all := l.than(syntax.Ge, 0)
	switch op {
	case syntax.Eq:
		return &syntax.Minus{X: []syntax.Expr{l.from(level, false), l.from(level, true)}}
	case syntax.Ne:
		return &syntax.Minus{X: []syntax.Expr{all, l.compare(syntax.Eq, level)}}
	case syntax.Lt:
		return &syntax.Minus{X: []syntax.Expr{all, l.from(level, false)}}
	case syntax.Le:
		return &syntax.Minus{X: []syntax.Expr{all, l.from(level, true)}}
	case syntax.Gt:
		return l.from(level, true)
	}
	return l.from(level, false)
}

// from returns the condition of those whose level is at least so much, or above it.
func (l ladder) from(level float64, above bool) syntax.Expr {
	n := len(l.keys)
	reaches := func(less, greater int) bool {
		c := cmp.Compare(l.as.Level(less, greater, n), level)
		return c > 0 || c == 0 && !above
	}
	if l.as.Fn == syntax.Rank {
		// Those reach it who have at least so many above them. They are less than
		// the last of as many.
		greater := sort.Search(n, func(i int) bool { return reaches(0, i) })
		if greater == 0 {
			return l.than(syntax.Ge, 0)
		}
		return l.than(syntax.Lt, n-greater)
	}
	less := sort.Search(n, func(i int) bool { return reaches(i, 0) })
	if less == 0 {
		return l.than(syntax.Ge, 0)
	}
	return l.than(syntax.Gt, less-1)
}

// than compares the value itself with the i-th from the least.
func (l ladder) than(op syntax.Op, i int) syntax.Expr {
	return &syntax.Compare{Op: op, L: l.as.X, R: &syntax.Literal{Value: l.at(i), Pos: -1}, Pos: l.as.Pos}
}
