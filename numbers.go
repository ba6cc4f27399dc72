package portrait

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// Counts returns how many profiles are in each of several segments. They are counted
// in one pass, which for many segments over the same tags is several times faster than
// one by one.
func (v *View) Counts(ctx context.Context, es ...segment.Expr) ([]uint64, error) {
	return inside(v, func() ([]uint64, error) { return v.counts(ctx, es) })
}

func (v *View) counts(ctx context.Context, es []segment.Expr) ([]uint64, error) {
	if len(es) == 0 {
		return []uint64{}, nil
	}
	ctx = segment.Metered(ctx)
	queries := make([]*segment.Query, len(es))
	for i, e := range es {
		var err error
		if queries[i], err = v.compile(ctx, e); err != nil {
			return nil, fmt.Errorf("portrait: segment %d of %d: %w", i+1, len(es), err)
		}
	}
	batch, err := segment.NewBatch(queries...)
	if err != nil {
		return nil, err
	}
	return batch.Counts(ctx, v.sourceFor(ctx))
}

// Cross returns how many profiles of base are in each combination of one segment of each
// dimension: a table, the last dimension running fastest. The last place along a
// dimension, after its segments, is everybody, whether or not in any of them. It is
// counted in one pass, several times faster than its cells by Counts. There may be 2^24
// cells, and 1,024 segments in all dimensions but the longest.
func (v *View) Cross(ctx context.Context, base segment.Expr, dims ...[]segment.Expr) ([]uint64, error) {
	return inside(v, func() ([]uint64, error) { return v.cross(ctx, base, dims) })
}

func (v *View) cross(ctx context.Context, base segment.Expr, dims [][]segment.Expr) ([]uint64, error) {
	ctx = segment.Metered(ctx)
	of, err := v.compile(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("portrait: base of a table: %w", err)
	}
	queries := make([][]*segment.Query, len(dims))
	for d, es := range dims {
		queries[d] = make([]*segment.Query, len(es))
		for i, e := range es {
			if queries[d][i], err = v.compile(ctx, e); err != nil {
				return nil, fmt.Errorf("portrait: dimension %d of %d, segment %d of %d: %w", d+1, len(dims), i+1, len(es), err)
			}
		}
	}
	table, err := segment.NewCross(of, queries...)
	if err != nil {
		return nil, err
	}
	return table.Counts(ctx, v.sourceFor(ctx))
}

// Plan tells how a segment will be counted and what that takes, before it is: in
// blocks, bytes and profiles that have to be looked at one by one, near the borders of
// places too. How profiles stand among all (percentile) is worked out already. To a view
// for a purpose the text says how many are in the whole alone, and not in its parts; to one
// for a role nothing of the rules that it may not read.
func (v *View) Plan(ctx context.Context, e segment.Expr) (segment.Plan, error) {
	return inside(v, func() (segment.Plan, error) {
		ctx := segment.Metered(ctx)
		q, err := v.compile(ctx, e)
		if err != nil {
			return segment.Plan{}, err
		}
		p, err := q.Plan(ctx, v.source())
		v.access.veilPlan(e, &p)
		return p, err
	})
}

// Summary returns what a number or a time comes to over a segment: exact sums, whatever
// the order. Of an operand that has no index every profile of the segment is read; so it
// is for Quantiles, Top and Histogram.
func (v *View) Summary(ctx context.Context, of tags.Formula, e segment.Expr) (segment.Stats, error) {
	return inside(v, func() (segment.Stats, error) {
		m, err := v.measured(ctx, of, e)
		if err != nil {
			return segment.Stats{}, err
		}
		s, err := m.query.Summary(ctx, m.source, m.measure)
		return s.Stats(m.measure), err
	})
}

// Quantiles returns the quantiles of a number or a time over a segment: for each share
// from 0 to 1 the least value that at least that share of the values do not exceed. It is
// nil where nobody has a value.
func (v *View) Quantiles(ctx context.Context, of tags.Formula, e segment.Expr, shares ...float64) ([]profile.Value, error) {
	return inside(v, func() ([]profile.Value, error) {
		m, err := v.measured(ctx, of, e)
		if err != nil {
			return nil, err
		}
		keys, err := m.query.Quantiles(ctx, m.source, m.measure, segment.Discrete, shares...)
		if keys == nil {
			return nil, err
		}
		values := make([]profile.Value, len(keys))
		for i, key := range keys {
			values[i] = m.measure.Value(key)
		}
		return values, err
	})
}

// Top returns the k profiles of a segment with the greatest values of a number or a
// time, the greatest first; where least is set, those with the least. Among equals it is
// the lot (see draw in docs/language.md) that decides, so that it does not depend on the
// order in which events came; to a role that may not read all identifiers, the ID.
func (v *View) Top(ctx context.Context, of tags.Formula, e segment.Expr, k int, least bool) ([]segment.Score, error) {
	return inside(v, func() ([]segment.Score, error) {
		m, err := v.measured(ctx, of, e)
		if err != nil {
			return nil, err
		}
		var fault atomic.Pointer[error] // ties are decided on several goroutines
		lot := func(id profile.ID) uint64 {
			if !v.access.names() {
				return 0
			}
			n, _, err := v.epoch.root.Value(v.epoch, lots, id.Ordinal())
			if err != nil {
				fault.Store(&err)
			}
			return uint64(n)
		}
		tie := func(a, b profile.ID) bool {
			if x, y := lot(a), lot(b); x != y {
				return x < y
			}
			return a < b
		}
		ranked, err := m.query.Top(ctx, m.source, m.measure, segment.Ranking{K: k, Least: least, Tie: tie})
		if failed := fault.Load(); err == nil && failed != nil {
			err = *failed
		}
		if err != nil {
			return nil, err
		}
		scores := make([]segment.Score, len(ranked))
		for i, r := range ranked {
			scores[i] = segment.Score{ID: r.ID, Value: m.measure.Value(r.Value)}
		}
		return scores, nil
	})
}

// Histogram counts the values of a number or a time over a segment in parts that follow
// on each other: n of equal width, or with n of 0 some 10 to 25 at round numbers. There
// are fewer where the values are too few to divide, and none where nobody has one.
func (v *View) Histogram(ctx context.Context, of tags.Formula, e segment.Expr, n int) ([]segment.Bin, error) {
	if n < 0 || n > 65_536 {
		return nil, fmt.Errorf("portrait: a histogram of %d parts: want 0 to 65,536", n)
	}
	return inside(v, func() ([]segment.Bin, error) {
		m, err := v.measured(ctx, of, e)
		if err != nil {
			return nil, err
		}
		s, err := m.query.Summary(ctx, m.source, m.measure)
		if err != nil || s.Count == 0 {
			return nil, err
		}
		bounds := m.measure.Bounds(s.Min, s.Max, n)
		counts, err := m.query.Histogram(ctx, m.source, m.measure, bounds)
		if err != nil {
			return nil, err
		}
		bins := make([]segment.Bin, 0, len(bounds))
		for i := range bounds[:len(bounds)-1] {
			bins = append(bins, segment.Bin{From: finite(m.measure.Value(bounds[i])), To: finite(m.measure.Value(bounds[i+1])), Count: counts[i+1]})
		}
		return bins, nil
	})
}

// finite returns the number nearest to an infinite one, which has no JSON, and any other
// value as it is.
func finite(v profile.Value) profile.Value {
	if v.Kind() != profile.KindNumber {
		return v
	}
	return profile.Number(max(-math.MaxFloat64, min(math.MaxFloat64, v.Number())))
}

// Bins counts the values of a number or a time over a segment between bounds, which
// ascend and are numbers, or times. Of the counts, one more than the bounds, the first is
// of the values below the first bound, the last of those from the last on.
func (v *View) Bins(ctx context.Context, of tags.Formula, e segment.Expr, bounds ...profile.Value) ([]uint64, error) {
	return inside(v, func() ([]uint64, error) {
		m, err := v.measured(ctx, of, e)
		if err != nil {
			return nil, err
		}
		keys := make([]int64, len(bounds))
		for i, b := range bounds {
			if math.IsNaN(b.Number()) {
				return nil, fmt.Errorf("portrait: bound %d of %s is not a number", i+1, of)
			}
			var ok bool
			if keys[i], ok = keyOf(b, m.measure.Kind == profile.KindTime); !ok {
				return nil, fmt.Errorf("portrait: bound %d of %s is a %s, which cannot be compared with a %s", i+1, of, b.Kind(), m.measure.Kind)
			}
			if i > 0 && keys[i] <= keys[i-1] {
				return nil, fmt.Errorf("portrait: bound %d of %s is not above the one before", i+1, of)
			}
		}
		return m.query.Histogram(ctx, m.source, m.measure, keys)
	})
}

// Groups divides a segment by the values of one or two tags or indexed traits, given by
// name, and summarises a number or a time over each part, which has to be indexed; the
// zero Formula counts alone. The groups ascend by their values; who has none is in no
// group, and who has several is in several.
func (v *View) Groups(ctx context.Context, of tags.Formula, e segment.Expr, by ...string) ([]segment.GroupStats, error) {
	return inside(v, func() ([]segment.GroupStats, error) {
		ctx := segment.Metered(ctx)
		q, err := v.compile(ctx, e)
		if err != nil {
			return nil, err
		}
		values := make([]segment.Values, len(by))
		for i, name := range by {
			if values[i], err = v.groupBy(name); err != nil {
				return nil, err
			}
		}
		var measure *segment.Measure
		if !of.IsZero() {
			x, err := v.checkMeasure(of)
			if err != nil {
				return nil, err
			}
			field, kind, ok := operands{v}.Column(x)
			if !ok {
				return nil, fmt.Errorf("portrait: groups of %s: it has no index; declare a trait with index: true", of)
			}
			measure = &segment.Measure{Field: field, Kind: kind}
		}
		groups, err := q.Groups(ctx, v.sourceFor(ctx), measure, values...)
		if err != nil {
			return nil, err
		}
		stats := make([]segment.GroupStats, len(groups))
		for i, g := range groups {
			stats[i] = segment.GroupStats{Values: g.Values, Count: g.Count}
			if measure != nil {
				stats[i].Stats = g.Summary.Stats(*measure)
			}
		}
		return stats, nil
	})
}

// groupBy returns the bitmaps of a tag with values, or of an indexed trait.
func (v *View) groupBy(name string) (segment.Values, error) {
	o, cat := operands{v}, v.epoch.cat
	if err := v.legible(name); err != nil {
		return nil, err
	}
	if name == namespaceIndex {
		return nil, errors.New("portrait: groups by what has no name")
	}
	if values, ok := o.TagValues(name); ok {
		return values, nil
	}
	if values, ok := o.Values(&syntax.Trait{Name: name}); ok {
		return values, nil
	}
	_, trait := cat.traits[name]
	ix := cat.traitIndex(name)
	switch t := cat.labelled(false, name); {
	case t != nil && t.def.Query:
		return nil, fmt.Errorf("portrait: groups by %q: a query tag has no bitmaps", name)
	case t != nil && t.filling:
		return nil, fmt.Errorf("portrait: groups by %q: the tag is being filled and cannot be asked yet", name)
	case t != nil:
		return nil, fmt.Errorf("portrait: groups by %q: the tag has no values", name)
	case ix != nil && ix.column:
		return nil, fmt.Errorf("portrait: groups by %q: the index of a %s is no list of values; declare a tag with tiers of it", name, ix.info.Kind)
	case ix != nil:
		return nil, fmt.Errorf("portrait: groups by %q: the trait is being filled and cannot be asked yet", name)
	case trait:
		return nil, fmt.Errorf("portrait: groups by %q: the trait has no index of values; declare it with index: true, or a tag with tiers", name)
	}
	return nil, fmt.Errorf("portrait: groups by %q: neither a tag nor a trait has that name", name)
}

// measurement is a column of one operand, and who is asked of it.
type measurement struct {
	query   *segment.Query
	source  segment.Source
	measure segment.Measure
}

// measured finds the column of an operand, or makes one of the members of a segment.
func (v *View) measured(ctx context.Context, of tags.Formula, e segment.Expr) (*measurement, error) {
	ctx = segment.Metered(ctx)
	x, err := v.checkMeasure(of)
	if err != nil {
		return nil, err
	}
	q, err := v.compile(ctx, e)
	if err != nil {
		return nil, err
	}
	if field, kind, ok := (operands{v}).Column(x); ok {
		return &measurement{q, v.sourceFor(ctx), segment.Measure{Field: field, Kind: kind}}, nil
	}
	value, err := tags.CompileValue(x, v.epoch.cat)
	if err != nil {
		return nil, of.Locate(err)
	}
	if err := v.upToDate(of.String(), value.Deps()); err != nil {
		return nil, err
	}
	set, err := q.Set(ctx, v.sourceFor(ctx))
	if err == nil {
		err = segment.MeterOf(ctx).Look(int64(set.Count()))
	}
	if err != nil {
		return nil, err
	}
	kind, _, _ := syntax.OperandKind(x, v.epoch.cat)
	return v.columnOf(ctx, value, set, kind == profile.KindTime)
}

// columnOf makes a column of its own, of everybody in a set.
func (v *View) columnOf(ctx context.Context, value *tags.Value, set *segment.Set, time bool) (*measurement, error) {
	const everyone, column = segment.FieldID(0), segment.FieldID(1)
	scratch := segment.New(0)
	scratch.Attach(everyone, segment.Bitmap, nil)
	scratch.Attach(column, segment.Column, nil)
	tx := scratch.Begin()
	for m, err := range v.members(ctx, set, value.Deps().Lists) {
		if err != nil {
			tx.Abort()
			return nil, err
		}
		x, ok, _ := value.Eval(m.state(), v.at)
		if key, fits := keyOf(x, time); ok && fits {
			tx.Set(everyone, m.ordinal, true)
			tx.Put(column, m.ordinal, key)
		}
	}
	if err := tx.Err(); err != nil {
		tx.Abort()
		return nil, err
	}
	tx.Commit()
	m := &measurement{query: segment.NewQuery(segment.All(), everyone), source: v.sourceFor(ctx), measure: segment.Measure{Field: column, Kind: profile.KindNumber}}
	m.source.Root, m.source.Within = scratch.Root(), nil // Its everybody are the members.
	if time {
		m.measure.Kind = profile.KindTime
	}
	return m, nil
}

// checkMeasure returns an operand that is a number or a time.
func (v *View) checkMeasure(of tags.Formula) (syntax.Operand, error) {
	if of.IsZero() {
		return nil, errors.New("portrait: the formula of what to measure is empty")
	}
	if err := v.allowedOperand(of); err != nil {
		return nil, err
	}
	x, err := syntax.CheckOperand(of.Tree(), v.epoch.cat)
	if err != nil {
		return nil, of.Locate(err)
	}
	kind, _, _ := syntax.OperandKind(x, v.epoch.cat)
	if !slices.Contains([]profile.Kind{profile.KindNumber, profile.KindTime, syntax.Any}, kind) {
		return nil, fmt.Errorf("portrait: %s is a %s, and can neither be summed up nor ordered: want a number or a time", of, kind)
	}
	return x, nil
}
