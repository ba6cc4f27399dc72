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
	known    map[int]profile.Value // by rank from the least: those that were looked up
}

// indexed finds the column of an operand; nil where it has none.
func (v *View) indexed(ctx context.Context, x syntax.Operand) (*indexed, error) {
	field, kind, ok := operands{v}.Column(x)
	if !ok {
		return nil, nil
	}
	p := &indexed{view: v, everyone: v.query(segment.All()), measure: segment.Measure{Field: field, Kind: kind}, known: map[int]profile.Value{}}
	n, err := v.query(segment.HasValue(field)).Count(ctx, v.sourceFor(ctx))
	p.n = int(n)
	return p, err
}

// look looks up values by their ranks from the least, all of them at once.
func (p *indexed) look(ctx context.Context, ranks []int) error {
	slices.Sort(ranks)
	ranks = slices.DeleteFunc(slices.Compact(ranks), func(i int) bool {
		_, ok := p.known[i]
		return ok
	})
	if len(ranks) == 0 {
		return nil
	}
	// The discrete quantile of a share (i+1)/n is the i-th value: of numbers as they divide.
	shares := make([]float64, len(ranks))
	for k, i := range ranks {
		shares[k] = float64(i+1) / float64(p.n)
	}
	keys, err := p.everyone.Quantiles(ctx, p.view.sourceFor(ctx), p.measure, segment.Discrete, shares...)
	if err != nil {
		return err
	}
	for k, i := range ranks {
		p.known[i] = valueOf(keys[k], p.measure.Kind == profile.KindTime)
	}
	return nil
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
