package insight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/portraitdb/portrait/segment"
)

// Question asks how an audience differs from a base.
type Question struct {
	// Audience is who is looked at. Required.
	Audience segment.Expr
	// Base is what the audience is held against: everybody where it is zero. It may
	// hold the audience, overlap it or have nobody of it.
	Base segment.Expr
	// Dimensions are what may tell them apart; at least one, at most [MaxValues]
	// values.
	Dimensions []Dimension
	// Confidence is that of the intervals, above 0 and below 1; 0 means 0.95.
	Confidence float64
	// LeastCell is how many people a group must have to be shown; smaller ones, and
	// what would betray them, are hidden. 0 and 1 hide nothing.
	LeastCell uint64
}

// Comparison answers a [Question].
type Comparison struct {
	Audience uint64 // how many people
	Base     uint64
	Both     uint64 // in the audience and in the base
	// Rows has every value of every dimension, in their order.
	Rows []Row
}

// Row is one value of one dimension.
type Row struct {
	Dimension string
	Value     string
	// Hidden says that all that follows is left out: a group is too small.
	Hidden bool `json:",omitempty"`

	Audience      uint64 // how many of the audience have the value
	Base          uint64 // how many of the base
	AudienceShare float64
	BaseShare     float64
	// TGI is nil where nobody of the base has the value, or nobody is in the audience.
	TGI *TGI
	// P is the probability of a difference at least as unlikely between the
	// audience and the rest of the base, had both the same share: by Fisher's exact
	// test where an expected count is below 5, else by chi-square. 1 where there is no
	// rest.
	P float64
	// Q is P corrected for the number of rows (Benjamini and Hochberg): of all rows
	// with Q at most 0.05, some one in twenty is there by chance.
	Q float64
}

// TGI is the target group index: the share in the audience over that in the base,
// times 100. 100 is as in the base.
type TGI struct {
	Index float64
	// Low and High bound it: a score interval (Koopman 1984) of the ratio of the
	// audience to the rest of the base, carried over to the index.
	Low  float64
	High float64
}

// Compare counts how an audience differs from a base, value by value. Errors name
// the dimension and the value; those of c come as they are.
func Compare(ctx context.Context, c Counter, q Question) (*Comparison, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	base := orEveryone(q.Base)
	sizes, err := c.Counts(ctx, q.Audience, base, segment.And(q.Audience, base))
	if err != nil {
		return nil, err
	}
	out, err := newComparison(sizes[0], sizes[1], sizes[2], q.LeastCell)
	if err != nil {
		return nil, err
	}
	have, err := q.tallies(ctx, c, out)
	if err != nil {
		return nil, err
	}
	lengths := make([]int, len(q.Dimensions))
	for i, d := range q.Dimensions {
		lengths[i] = len(d.Values)
	}
	out.fill(lengths, have, q.Confidence, q.LeastCell)
	return out, nil
}

// tallies makes the rows of a comparison, whose sizes are known, and counts what they
// are about.
func (q *Question) tallies(ctx context.Context, c Counter, of *Comparison) ([]tally, error) {
	var values []segment.Expr
	for _, d := range q.Dimensions {
		values = append(values, d.exprs()...)
		for _, v := range d.Values {
			of.Rows = append(of.Rows, Row{Dimension: d.Name, Value: v.Name})
		}
	}
	// Of an audience that lies in the base it is known how many are in both, and
	// everybody is counted in any case.
	within := of.Both == of.Audience
	groups := []segment.Expr{q.Audience}
	if !q.Base.IsZero() {
		groups = append(groups, q.Base)
	}
	if !within {
		groups = append(groups, segment.And(q.Audience, orEveryone(q.Base)))
	}
	counts, err := cross(ctx, c, segment.And(), values, groups)
	if err != nil {
		return nil, err
	}
	each := len(groups) + 1
	have := make([]tally, len(values))
	for i := range have {
		n := counts[i*each : (i+1)*each]
		have[i] = tally{audience: n[0], base: n[1], both: n[0]}
		if !within {
			have[i].both = n[2]
		}
	}
	return have, nil
}

// newComparison begins a comparison of groups of these sizes. It is [ErrTooFew] where one
// of them, or what the others make of it, is smaller than least.
func newComparison(audience, base, both, least uint64) (*Comparison, error) {
	c := &Comparison{Audience: audience, Base: base, Both: both}
	if hides(least, audience, base, both, audience-both, base-both) {
		return nil, fmt.Errorf("%w: the audience, the base or what they do not share has fewer than %d people", ErrTooFew, least)
	}
	return c, nil
}

// fill fills in the rows, of dimensions that have so many each, from their counts. A
// confidence of 0 is 0.95.
func (c *Comparison) fill(lengths []int, have []tally, confidence float64, least uint64) {
	z := normalQuantile(cmp.Or(confidence, 0.95))
	for i := range c.Rows {
		c.Rows[i].measure(c, have[i], z)
	}
	c.hide(lengths, have, least)
	c.correct()
}

// ErrTooFew says that a group is smaller than the least that may be shown.
var ErrTooFew = errors.New("insight: too few people")

func (q *Question) check() error {
	switch {
	case q.Audience.IsZero():
		return errors.New("insight: there is no audience")
	case q.Confidence != 0 && !(q.Confidence > 0 && q.Confidence < 1):
		return fmt.Errorf("insight: a confidence of %v: want more than 0 and less than 1", q.Confidence)
	}
	if err := checkDimensions(q.Dimensions); err != nil {
		return err
	}
	n := 0
	for _, d := range q.Dimensions {
		n += len(d.Values)
	}
	if n > MaxValues {
		return fmt.Errorf("insight: %d values, %d are allowed", n, MaxValues)
	}
	return nil
}

// tally is how many of the audience, of the base and of both have a value.
type tally struct{ audience, base, both uint64 }

// groups are those that the counts show, or that follow from them.
func (n tally) groups() []uint64 {
	return []uint64{n.audience, n.base, n.both, n.base - n.both, n.audience - n.both}
}

// measure works out what the counts of a row come to.
func (r *Row) measure(c *Comparison, n tally, z float64) {
	r.Audience, r.Base = n.audience, n.base
	a := group{float64(n.audience), float64(c.Audience)}
	whole := group{float64(n.base), float64(c.Base)}
	rest := group{float64(n.base - n.both), float64(c.Base - c.Both)}
	r.AudienceShare, r.BaseShare = a.share(), whole.share()
	r.P = test(a, rest)
	if n.base == 0 || c.Audience == 0 {
		return
	}
	// Of counts, not of shares: where the shares are equal this is 100 to the last bit.
	index := 100 * (a.have * whole.of) / (a.of * whole.have)
	r.TGI = &TGI{Index: index, Low: index, High: index}
	if rest.of == 0 {
		return // All of the base is in the audience: there is nothing to infer.
	}
	// The base is a mixture of those in both and of the rest: its share is
	// inside*a + (1-inside)*rest, where inside is scaled by how those in both differ
	// from the audience, which is not at all if it lies in the base.
	inside := float64(c.Both) / float64(c.Base)
	scaled := inside
	if c.Both != c.Audience && n.audience > 0 && c.Both > 0 {
		scaled = inside * (float64(n.both) / float64(c.Both)) / a.share()
	}
	of := func(ratio float64) float64 { return 100 / (scaled + (1-inside)/ratio) } // of 0 it is 0
	low, high := riskRatio(a, rest, z)
	r.TGI.Low, r.TGI.High = min(of(low), index), max(of(high), index)
}

// betrays reports whether a row shows a group of fewer than least people, or what a
// subtraction from the totals would show.
func (c *Comparison) betrays(n tally, least uint64) bool {
	all := tally{c.Audience, c.Base, c.Both}
	without := tally{all.audience - n.audience, all.base - n.base, all.both - n.both}
	return hides(least, n.groups()...) || hides(least, without.groups()...)
}

// hides reports whether a group has people, but fewer than least.
func hides(least uint64, groups ...uint64) bool {
	for _, n := range groups {
		if n > 0 && n < least {
			return true
		}
	}
	return false
}

// hide leaves out the rows that are too small. The other rows of a dimension and the
// total may tell how many people the hidden ones have together, so the next smallest
// goes too, until those are enough and of more than one row.
func (c *Comparison) hide(lengths []int, have []tally, least uint64) {
	at := 0
	for _, n := range lengths {
		rows, counts := c.Rows[at:at+n], have[at:at+n]
		at += n
		hidden, sum := 0, tally{}
		hide := func(i int) {
			rows[i] = Row{Dimension: rows[i].Dimension, Value: rows[i].Value, Hidden: true}
			hidden++
			sum = tally{sum.audience + counts[i].audience, sum.base + counts[i].base, sum.both + counts[i].both}
		}
		for i, n := range counts {
			if c.betrays(n, least) {
				hide(i)
			}
		}
		for hidden > 0 && (hidden == 1 || hides(least, sum.groups()...)) {
			next := -1
			for i, n := range counts {
				if !rows[i].Hidden && n.audience+n.base > 0 && (next < 0 || n.audience < counts[next].audience) {
					next = i
				}
			}
			if next < 0 {
				break
			}
			hide(next)
		}
	}
}

// correct fills in the Q of the rows that are shown and have a TGI.
func (c *Comparison) correct() {
	var shown []*Row
	for i := range c.Rows {
		r := &c.Rows[i]
		if !r.Hidden {
			r.Q = r.P
		}
		if r.TGI != nil {
			shown = append(shown, r)
		}
	}
	slices.SortStableFunc(shown, func(a, b *Row) int { return cmp.Compare(a.P, b.P) })
	ps := make([]float64, len(shown))
	for i, r := range shown {
		ps[i] = r.P
	}
	adjust(ps)
	for i, r := range shown {
		r.Q = ps[i]
	}
}

// Characteristic returns the rows that tell the audience apart best, at most n: those
// whose Q is at most q, the surest first, which is by how far the nearer end of the
// interval is from 100 as a ratio, above or below.
func (c *Comparison) Characteristic(n int, q float64) []Row {
	var rows []Row
	for _, r := range c.Rows {
		if r.TGI != nil && r.Q <= q && r.TGI.sure() > 0 {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(b.TGI.sure(), a.TGI.sure()) })
	return rows[:min(max(n, 0), len(rows))]
}

// sure is by which factor, as a logarithm, the index is at least from 100; not
// positive where the interval holds 100.
func (t *TGI) sure() float64 {
	if t.Index >= 100 {
		return math.Log(t.Low / 100)
	}
	return math.Log(100 / t.High)
}
