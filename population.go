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

// population is what everybody has of one operand: a number or a time. Whoever has
// none is not of it.
type population interface {
	size() int
	// at returns the i-th value from the least.
	at(ctx context.Context, i int) (profile.Value, error)
	// level returns how a value stands; ok is false for one of another kind.
	level(as *syntax.Standing, v profile.Value) (level float64, ok bool)
}

// gathered is a population in memory, 8 bytes each.
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
	if err := v.upToDate(syntax.PrintOperand(x), value.Deps()); err != nil {
		return nil, err
	}
	if segment.BudgetOf(ctx) != nil {
		n, err := segment.NewQuery(segment.All(), universe).Count(ctx, v.sourceFor(ctx))
		if err = cmp.Or(err, afford(ctx, n)); err != nil {
			return nil, err
		}
	}
	kind, _, _ := syntax.OperandKind(x, v.epoch.cat)
	p := &gathered{time: kind == profile.KindTime}
	for m, err := range v.members(ctx, nil) {
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

// afford returns an error where so many profiles are more than a context allows to be
// looked at one by one.
func afford(ctx context.Context, n uint64) error {
	if b := segment.BudgetOf(ctx); b != nil && b.Scanned > 0 && n > uint64(b.Scanned) {
		return &segment.BudgetError{What: "scanned profiles", Limit: b.Scanned, Needed: int64(n)}
	}
	return nil
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

func (p *gathered) size() int { return len(p.keys) }

func (p *gathered) at(_ context.Context, i int) (profile.Value, error) {
	return valueOf(p.keys[i], p.time), nil
}

func (p *gathered) level(as *syntax.Standing, v profile.Value) (level float64, ok bool) {
	key, ok := keyOf(v, p.time)
	if !ok || len(p.keys) == 0 {
		return 0, false
	}
	less, _ := slices.BinarySearch(p.keys, key)
	greater := len(p.keys) - sort.Search(len(p.keys), func(i int) bool { return p.keys[i] > key })
	return as.Level(less, greater, len(p.keys)), true
}

// indexed is a population that a column holds. It looks at the column anew for each
// question.
type indexed struct {
	view     *View
	everyone *segment.Query
	measure  segment.Measure
	n        int
}

// indexedPopulation returns the population of an operand that has a column; nil for
// another.
func (v *View) indexedPopulation(ctx context.Context, x syntax.Operand) (*indexed, error) {
	field, kind, ok := operands{v}.Column(x)
	if !ok {
		return nil, nil
	}
	p := &indexed{view: v, everyone: segment.NewQuery(segment.All(), universe), measure: segment.Measure{Field: field, Kind: kind}}
	n, err := segment.NewQuery(segment.HasValue(field), universe).Count(ctx, v.sourceFor(ctx))
	p.n = int(n)
	return p, err
}

func (p *indexed) size() int { return p.n }

func (p *indexed) at(ctx context.Context, i int) (profile.Value, error) {
	// The discrete quantile of a share (i+1)/n is the i-th value: of numbers as they divide.
	keys, err := p.everyone.Quantiles(ctx, p.view.sourceFor(ctx), p.measure, segment.Discrete, float64(i+1)/float64(p.n))
	if err != nil {
		return profile.Value{}, err
	}
	return valueOf(keys[0], p.measure.Kind == profile.KindTime), nil
}

func (p *indexed) level(as *syntax.Standing, v profile.Value) (level float64, ok bool) {
	key, ok := keyOf(v, p.measure.Kind == profile.KindTime)
	if !ok || p.n == 0 {
		return 0, false
	}
	r, err := p.everyone.Rank(context.Background(), p.view.source(), p.measure, key)
	if err != nil {
		return 0, false
	}
	return as.Level(int(r.Below), int(r.Above), p.n), true
}

// ladder is how values stand in a population.
type ladder struct {
	population
	as *syntax.Standing
}

// Level implements syntax.Ladder.
func (l ladder) Level(v profile.Value) (level float64, ok bool) { return l.level(l.as, v) }

// compare returns the condition on the value itself under which its level compares
// with a constant, so that an index can answer it.
func (l ladder) compare(ctx context.Context, op syntax.Op, level float64) (syntax.Expr, error) {
	if l.size() == 0 {
		return &syntax.Const{}, nil
	}
	var parts [2]syntax.Expr // the second without the first
	var err error
	part := func(i int, x syntax.Expr, fault error) {
		parts[i], err = x, cmp.Or(err, fault)
	}
	from := func(i int, above bool) {
		x, fault := l.from(ctx, level, above)
		part(i, x, fault)
	}
	all := func() {
		x, fault := l.than(ctx, syntax.Ge, 0)
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
		equal, fault := l.compare(ctx, syntax.Eq, level)
		part(1, equal, fault)
	}
	if err != nil || parts[1] == nil {
		return parts[0], err
	}
	return &syntax.Minus{X: parts[:]}, nil
}

// from returns the condition of those whose level is at least so much, or above it.
func (l ladder) from(ctx context.Context, level float64, above bool) (syntax.Expr, error) {
	n := l.size()
	reaches := func(less, greater int) bool {
		c := cmp.Compare(l.as.Level(less, greater, n), level)
		return c > 0 || c == 0 && !above
	}
	if l.as.Fn == syntax.Rank {
		// Those reach it who have at least so many above them. They are less than
		// the last of as many.
		greater := sort.Search(n, func(i int) bool { return reaches(0, i) })
		if greater == 0 {
			return l.than(ctx, syntax.Ge, 0)
		}
		return l.than(ctx, syntax.Lt, n-greater)
	}
	less := sort.Search(n, func(i int) bool { return reaches(i, 0) })
	if less == 0 {
		return l.than(ctx, syntax.Ge, 0)
	}
	return l.than(ctx, syntax.Gt, less-1)
}

// than compares the value itself with the i-th from the least.
func (l ladder) than(ctx context.Context, op syntax.Op, i int) (syntax.Expr, error) {
	bound, err := l.at(ctx, i)
	return &syntax.Compare{Op: op, L: l.as.X, R: &syntax.Literal{Value: bound, Pos: -1}, Pos: l.as.Pos}, err
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
