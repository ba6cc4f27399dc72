package portrait

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// gathered is what everybody has of one operand, a number or a time, in memory, 8 bytes
// each. Whoever has none does not count.
type gathered struct {
	keys []int64 // ascending
	time bool
}

// gather reads everybody's values of an operand that was checked.
func (v *View) gather(ctx context.Context, x syntax.Operand) (*gathered, error) {
	value, err := tags.CompileValue(x, v.epoch.cat)
	if err != nil {
		return nil, err
	}
	if err := v.upToDate(v.access.quote(syntax.PrintOperand(x), syntax.MentionsOf(x)), value.Deps()); err != nil {
		return nil, err
	}
	if err := v.affordEveryone(ctx); err != nil {
		return nil, err
	}
	kind, _, _ := syntax.OperandKind(x, v.epoch.cat)
	p := &gathered{time: kind == profile.KindTime}
	for m, err := range v.members(ctx, nil, value.Deps().Lists) {
		if err != nil {
			return nil, err
		}
		if x, ok, _ := value.Eval(m.state(), v.at); ok {
			if key, ok := keyOf(x, p.time); ok {
				p.keys = append(p.keys, key)
			}
		}
	}
	slices.Sort(p.keys)
	return p, nil
}

// affordEveryone returns an error where a context does not allow everybody to be looked at
// one by one.
func (v *View) affordEveryone(ctx context.Context) error {
	m := segment.MeterOf(ctx)
	if m == nil {
		return nil
	}
	src := v.source()
	src.Meter = m
	n, err := v.query(segment.All()).Count(ctx, src)
	return cmp.Or(err, m.Look(int64(n)))
}

// keyOf maps a number or a time to an integer in the order of the values.
func keyOf(v profile.Value, time bool) (key int64, ok bool) {
	switch {
	case time && v.Kind() == profile.KindTime:
		return int64(v.Instant()), true
	case !time && v.Kind() == profile.KindNumber:
		return shard.Sortable(v.Number()), true
	}
	return 0, false
}

func valueOf(key int64, time bool) profile.Value {
	if time {
		return profile.TimeAt(profile.Instant(key))
	}
	return profile.Number(shard.Number(key))
}

// ladder is how values stand among those gathered.
type ladder struct {
	*gathered
	as *syntax.Standing
}

// Level implements syntax.Ladder.
func (l ladder) Level(v profile.Value) (level float64, ok bool) {
	key, ok := keyOf(v, l.time)
	if !ok || len(l.keys) == 0 {
		return 0, false
	}
	less, _ := slices.BinarySearch(l.keys, key)
	greater := len(l.keys) - sort.Search(len(l.keys), func(i int) bool { return l.keys[i] > key })
	return l.as.Level(less, greater, len(l.keys)), true
}

// indexed is what everybody has of an operand that has a column, which it looks at anew
// for each question.
type indexed struct {
	view     *View
	everyone *segment.Query
	measure  segment.Measure
	n        int
}

// indexed finds the column of an operand; nil where it has none.
func (v *View) indexed(ctx context.Context, x syntax.Operand) (*indexed, error) {
	field, kind, ok := operands{v}.Column(x)
	if !ok {
		return nil, nil
	}
	p := &indexed{view: v, everyone: v.query(segment.All()), measure: segment.Measure{Field: field, Kind: kind}}
	n, err := v.query(segment.HasValue(field)).Count(ctx, v.sourceFor(ctx))
	p.n = int(n)
	return p, err
}

// at returns the i-th value from the least.
func (p *indexed) at(ctx context.Context, i int) (profile.Value, error) {
	// The discrete quantile of a share (i+1)/n is the i-th value: of numbers as they divide.
	keys, err := p.everyone.Quantiles(ctx, p.view.sourceFor(ctx), p.measure, segment.Discrete, float64(i+1)/float64(p.n))
	if err != nil {
		return profile.Value{}, err
	}
	return valueOf(keys[0], p.measure.Kind == profile.KindTime), nil
}

// ranker is how single values stand in a column. An error, after which every level is
// missing, is in fault.
type ranker struct {
	*indexed
	ctx   context.Context
	as    *syntax.Standing
	fault *error
}

// Level implements syntax.Ladder.
func (r ranker) Level(v profile.Value) (level float64, ok bool) {
	key, ok := keyOf(v, r.measure.Kind == profile.KindTime)
	if !ok || r.n == 0 || *r.fault != nil {
		return 0, false
	}
	at, err := r.everyone.Rank(r.ctx, r.view.sourceFor(r.ctx), r.measure, key)
	if err != nil {
		*r.fault = err
		return 0, false
	}
	return r.as.Level(int(at.Below), int(at.Above), r.n), true
}

// compare returns the condition on the value itself under which its level compares
// with a constant, so that the index answers it.
func (p *indexed) compare(ctx context.Context, as *syntax.Standing, op syntax.Op, level float64) (syntax.Expr, error) {
	if p.n == 0 {
		return &syntax.Const{}, nil
	}
	var parts [2]syntax.Expr // the second without the first
	var err error
	part := func(i int, x syntax.Expr, fault error) {
		parts[i], err = x, cmp.Or(err, fault)
	}
	from := func(i int, above bool) {
		x, fault := p.from(ctx, as, level, above)
		part(i, x, fault)
	}
	all := func() {
		x, fault := p.than(ctx, as, syntax.Ge, 0)
		part(0, x, fault)
	}
	switch op {
	case syntax.Ge:
		from(0, false)
	case syntax.Gt:
		from(0, true)
	case syntax.Lt:
		all()
		from(1, false)
	case syntax.Le:
		all()
		from(1, true)
	case syntax.Eq:
		from(0, false)
		from(1, true)
	case syntax.Ne:
		all()
		equal, fault := p.compare(ctx, as, syntax.Eq, level)
		part(1, equal, fault)
	}
	if err != nil || parts[1] == nil {
		return parts[0], err
	}
	return &syntax.Minus{X: parts[:]}, nil
}

// from returns the condition of those whose level is at least so much, or above it.
func (p *indexed) from(ctx context.Context, as *syntax.Standing, level float64, above bool) (syntax.Expr, error) {
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
			return p.than(ctx, as, syntax.Ge, 0)
		}
		return p.than(ctx, as, syntax.Lt, n-greater)
	}
	less := sort.Search(n, func(i int) bool { return reaches(i, 0) })
	if less == 0 {
		return p.than(ctx, as, syntax.Ge, 0)
	}
	return p.than(ctx, as, syntax.Gt, less-1)
}

// than compares the value itself with the i-th from the least.
func (p *indexed) than(ctx context.Context, as *syntax.Standing, op syntax.Op, i int) (syntax.Expr, error) {
	bound, err := p.at(ctx, i)
	return &syntax.Compare{Op: op, L: as.X, R: &syntax.Literal{Value: bound, Pos: -1}, Pos: as.Pos}, err
}

// tiles are the values above which the parts of a population begin, but for the first.
type tiles struct {
	cuts []int64
	time bool
}

// Level implements syntax.Ladder.
func (t *tiles) Level(v profile.Value) (level float64, ok bool) {
	key, ok := keyOf(v, t.time)
	above, _ := slices.BinarySearch(t.cuts, key)
	return float64(1 + above), ok
}

// tiles divides a population into n parts.
func (p *indexed) tiles(ctx context.Context, n int) (*tiles, error) {
	t := &tiles{time: p.measure.Kind == profile.KindTime}
	if p.n == 0 || n == 1 {
		return t, nil
	}
	shares := make([]float64, n-1)
	for k := range shares {
		shares[k] = float64(((k+1)*p.n+n-1)/n) / float64(p.n)
	}
	var err error
	t.cuts, err = p.everyone.Quantiles(ctx, p.view.sourceFor(ctx), p.measure, segment.Discrete, shares...)
	return t, err
}
