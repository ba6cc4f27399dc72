package insight

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// NumberQuestion asks how a number or a time is spread over an audience and over a base.
type NumberQuestion struct {
	// Audience is who is looked at. Required.
	Audience segment.Expr
	// Base is what the audience is held against: everybody where it is zero.
	Base segment.Expr
	// Bounds are those of the parts that are counted, and ascend: the values below the
	// first, from each to the next, and from the last on. Without any the parts are of
	// equal width, Parts of them, or with Parts of 0 some 10 to 25 at round numbers: they
	// hold the values of both but for the least hundredth and the greatest, which are two
	// parts of their own.
	Bounds []profile.Value
	Parts  int
	// Shares are those of the quantiles, from 0 to 1; without any 0.05, 0.25, 0.5, 0.75
	// and 0.95.
	Shares []float64
	// Confidence is that of the intervals, above 0 and below 1; 0 means 0.95.
	Confidence float64
	// LeastCell is how many people a group must have to be shown, see [Measure]. 0 and 1
	// hide nothing.
	LeastCell uint64
}

// Measured answers a [NumberQuestion].
type Measured struct {
	// Of is the number or the time.
	Of             string
	Audience, Base NumberSummary
	// Difference is by how much the average of the audience is above that of the base: of
	// times in seconds. Nil where one of them is not known.
	Difference *float64
	// Spans are the parts, in the order of the rows of Distribution.
	Spans []Span
	// Distribution compares who has a value in each part. Its last row is who has none.
	Distribution *Comparison
}

// Span is the values from From on and below To, either of which is null where there is no
// bound.
type Span struct{ From, To profile.Value }

// NumberSummary is what the values of one group come to.
type NumberSummary struct {
	// Count is how many have a value, Missing how many have none.
	Count, Missing Cell
	// Min, Max, and Avg are null where nobody has a value, and where they are hidden.
	Min, Max, Avg profile.Value
	// Quantiles are null likewise.
	Quantiles []Quantile
}

// Quantile is the least value that at least a share of the values do not exceed.
type Quantile struct {
	Share float64
	Value profile.Value
}

// Measure tells what a number or a time comes to over an audience and over a base: exact
// sums and quantiles, and how many are in the same parts of its range.
//
// Where a least cell is set, the extremes are not told, which are of one person; a
// quantile only where as many have a value on either side of it; averages and quantiles
// not at all where the two groups, or what one has beyond the other, are of too few. Where
// fewer than twice as many have a value, Bounds must be given: else it is [ErrTooFew]. Of
// an operand that has no index everybody is read, several times over.
func Measure[F fmt.Stringer](ctx context.Context, m Measurer[F], of F, q NumberQuestion) (*Measured, error) {
	if err := q.check(of); err != nil {
		return nil, err
	}
	base := orEveryone(q.Base)
	both := segment.And(q.Audience, base)
	sizes, err := m.Counts(ctx, q.Audience, base, both)
	if err != nil {
		return nil, err
	}
	out := &Measured{Of: of.String()}
	if out.Distribution, err = newComparison(sizes[0], sizes[1], sizes[2], q.LeastCell); err != nil {
		return nil, err
	}
	given := q.Bounds != nil
	if !given {
		if q.Bounds, err = middle(ctx, m, of, segment.Or(q.Audience, base), q.Parts, q.LeastCell); err != nil {
			return nil, err
		}
	}
	counts := make([]tally, 1)
	if len(q.Bounds) > 0 {
		counts = make([]tally, len(q.Bounds)+2)
		for _, g := range []struct {
			of segment.Expr
			to func(*tally) *uint64
		}{
			{q.Audience, func(t *tally) *uint64 { return &t.audience }},
			{base, func(t *tally) *uint64 { return &t.base }},
			{both, func(t *tally) *uint64 { return &t.both }},
		} {
			bins, err := m.Bins(ctx, of, g.of, q.Bounds...)
			if err != nil {
				return nil, err
			}
			for i, n := range bins {
				*g.to(&counts[i]) = n
			}
		}
	}
	have, total := out.spread(q.Bounds, counts, given)
	out.Distribution.fill([]int{len(out.Distribution.Rows)}, have, q.Confidence, q.LeastCell)
	none := out.Distribution.Rows[len(out.Distribution.Rows)-1]
	few := hides(q.LeastCell, total.groups()...)
	for _, g := range []struct {
		of             segment.Expr
		count, missing uint64
		to             *NumberSummary
	}{
		{q.Audience, total.audience, none.Audience, &out.Audience},
		{base, total.base, none.Base, &out.Base},
	} {
		g.to.Count, g.to.Missing = Cell{Count: g.count}, Cell{Count: g.missing}
		if none.Hidden {
			g.to.Count, g.to.Missing = Cell{Hidden: true}, Cell{Hidden: true}
		}
		if err := summarise(ctx, m, of, g.of, &q, few, g.to); err != nil {
			return nil, err
		}
	}
	out.differ()
	return out, nil
}

func (q *NumberQuestion) check(of fmt.Stringer) error {
	probe := Question{Audience: q.Audience, Confidence: q.Confidence, Dimensions: []Dimension{Tag("any")}}
	if err := probe.check(); err != nil {
		return err
	}
	if q.Parts < 0 || q.Parts > 1000 {
		return fmt.Errorf("insight: %s in %d parts: want 0 to 1,000", of, q.Parts)
	}
	if q.Bounds != nil {
		if err := checkBounds(of, q.Bounds); err != nil {
			return err
		}
	}
	for i, share := range q.Shares {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("insight: quantile %d of %s is of a share of %v: want 0 to 1", i+1, of, share)
		}
	}
	return nil
}

// spread makes the rows, of who has a value in each part and of who has none. It returns
// what they count, and how many have a value. Unless the parts were given, those beyond
// the bounds that nobody is in are left out.
func (m *Measured) spread(bounds []profile.Value, counts []tally, given bool) (have []tally, total tally) {
	c := m.Distribution
	for i, n := range counts[:len(counts)-1] {
		var s Span
		if i > 0 {
			s.From = bounds[i-1]
		}
		if i < len(bounds) {
			s.To = bounds[i]
		}
		if beyond := s.From.IsNull() || s.To.IsNull(); beyond && !given && n.audience+n.base == 0 {
			continue
		}
		total = tally{total.audience + n.audience, total.base + n.base, total.both + n.both}
		m.Spans, have = append(m.Spans, s), append(have, n)
		c.Rows = append(c.Rows, Row{Dimension: m.Of, Value: partName(s.From, s.To, ">=", "<")})
	}
	c.Rows = append(c.Rows, Row{Dimension: m.Of})
	return append(have, tally{c.Audience - total.audience, c.Base - total.base, c.Both - total.both}), total
}

// usual are the shares of the quantiles where none are asked for.
var usual = [...]float64{0.05, 0.25, 0.5, 0.75, 0.95}

// summarise fills in what the values come to; few says that they are not to be told.
func summarise[F fmt.Stringer](ctx context.Context, m Measurer[F], of F, e segment.Expr, q *NumberQuestion, few bool, to *NumberSummary) error {
	stats, err := m.Summary(ctx, of, e)
	if err != nil {
		return err
	}
	shares := q.Shares
	if shares == nil {
		shares = usual[:]
	}
	values, err := m.Quantiles(ctx, of, e, shares...)
	if err != nil {
		return err
	}
	least := float64(q.LeastCell)
	for i, share := range shares {
		quantile := Quantile{Share: share}
		n := float64(stats.Count)
		if values != nil && !few && (least <= 1 || n*share >= least && n*(1-share) >= least) {
			quantile.Value = values[i]
		}
		to.Quantiles = append(to.Quantiles, quantile)
	}
	if few {
		return nil
	}
	if to.Avg = stats.Avg; least <= 1 {
		to.Min, to.Max = stats.Min, stats.Max
	}
	return nil
}

// differ fills in the difference of the averages.
func (m *Measured) differ() {
	a, b := m.Audience.Avg, m.Base.Avg
	switch {
	case a.IsNull() || b.IsNull():
	case a.Kind() == profile.KindTime:
		m.Difference = new(a.Instant().Time().Sub(b.Instant().Time()).Seconds())
	default:
		m.Difference = new(a.Number() - b.Number())
	}
}
