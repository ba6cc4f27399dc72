package insight_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// spenders are people of whom some have spent, and joined at a time: a naive measurer.
type spenders struct {
	people
	spent  []profile.Value // null: nothing is known
	joined []profile.Value
}

// operand is how spenders name what they measure.
type operand string

func (o operand) String() string { return string(o) }

var _ insight.Measurer[operand] = (*spenders)(nil)

func spending(rng *rand.Rand, n int) *spenders {
	s := &spenders{people: crowd(rng, n), spent: make([]profile.Value, n), joined: make([]profile.Value, n)}
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, one := range s.people {
		if rng.IntN(5) > 0 {
			f := math.Round(100*math.Exp(2*rng.NormFloat64())) / 100
			if _, buyer := one["buyer"]; buyer {
				f *= 2
			}
			s.spent[i] = profile.Number(f)
		}
		if rng.IntN(3) > 0 {
			s.joined[i] = profile.Time(start.Add(time.Duration(rng.IntN(400*24)) * time.Hour))
		}
	}
	return s
}

// of returns the values of those that an expression holds of, ascending.
func (s *spenders) of(o operand, e segment.Expr) []profile.Value {
	column := map[operand][]profile.Value{"spent": s.spent, "joined": s.joined}[o]
	var out []profile.Value
	for i, one := range s.people {
		if !column[i].IsNull() && s.holds(i, one, e.Tree()) {
			out = append(out, column[i])
		}
	}
	slices.SortFunc(out, profile.Value.Compare)
	return out
}

// holds is has, of comparisons too.
func (s *spenders) holds(i int, one map[string][]string, e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.And:
		return !slices.ContainsFunc(e.X, func(x syntax.Expr) bool { return !s.holds(i, one, x) })
	case *syntax.Or:
		return slices.ContainsFunc(e.X, func(x syntax.Expr) bool { return s.holds(i, one, x) })
	case *syntax.Not:
		return !s.holds(i, one, e.X)
	case *syntax.Compare:
		v := s.spent[i]
		if e.L.(*syntax.Trait).Name == "joined" {
			v = s.joined[i]
		}
		if v.IsNull() {
			return false
		}
		c := v.Compare(e.R.(*syntax.Literal).Value)
		return map[syntax.Op]bool{syntax.Lt: c < 0, syntax.Le: c <= 0, syntax.Gt: c > 0, syntax.Ge: c >= 0}[e.Op]
	}
	return has(one, e)
}

func (s *spenders) Counts(ctx context.Context, es ...segment.Expr) ([]uint64, error) {
	out := make([]uint64, len(es))
	for k, e := range es {
		for i, one := range s.people {
			if s.holds(i, one, e.Tree()) {
				out[k]++
			}
		}
	}
	return out, ctx.Err()
}

func (s *spenders) Summary(_ context.Context, of operand, e segment.Expr) (segment.Stats, error) {
	values := s.of(of, e)
	if len(values) == 0 {
		return segment.Stats{}, nil
	}
	out := segment.Stats{Count: uint64(len(values)), Min: values[0], Max: values[len(values)-1]}
	var sum float64
	for _, v := range values {
		sum += number(v)
	}
	avg := sum / float64(len(values))
	if out.Avg = profile.Number(avg); of == "joined" {
		out.Avg = profile.TimeAt(profile.Instant(math.RoundToEven(avg)))
	}
	return out, nil
}

func number(v profile.Value) float64 {
	if v.Kind() == profile.KindTime {
		return float64(v.Instant())
	}
	return v.Number()
}

func (s *spenders) Quantiles(_ context.Context, of operand, e segment.Expr, shares ...float64) ([]profile.Value, error) {
	values := s.of(of, e)
	if len(values) == 0 {
		return nil, nil
	}
	var out []profile.Value
	for _, share := range shares {
		i := 0
		for float64(i+1)/float64(len(values)) < share {
			i++
		}
		out = append(out, values[i])
	}
	return out, nil
}

func (s *spenders) Histogram(_ context.Context, of operand, e segment.Expr, n int) ([]segment.Bin, error) {
	values := s.of(of, e)
	if len(values) == 0 {
		return nil, nil
	}
	if n == 0 {
		n = 12
	}
	lo, hi := number(values[0]), number(values[len(values)-1])
	value := func(f float64) profile.Value {
		if of == "joined" {
			return profile.TimeAt(profile.Instant(f))
		}
		return profile.Number(f)
	}
	var bins []segment.Bin
	for i := range n {
		b := segment.Bin{From: value(lo + (hi-lo)*float64(i)/float64(n)), To: value(lo + (hi-lo)*float64(i+1)/float64(n))}
		if i == n-1 {
			b.To = value(hi + 1)
		}
		if b.From.Compare(b.To) < 0 {
			bins = append(bins, b)
		}
	}
	return bins, nil
}

func (s *spenders) Bins(_ context.Context, of operand, e segment.Expr, bounds ...profile.Value) ([]uint64, error) {
	counts := make([]uint64, len(bounds)+1)
	for _, v := range s.of(of, e) {
		i := 0
		for i < len(bounds) && v.Compare(bounds[i]) >= 0 {
			i++
		}
		counts[i]++
	}
	return counts, nil
}

var (
	buyers = segment.Tag("buyer")
	lows   = segment.TagValue("level", "low")
)

func TestMeasure_against_naive_values(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	for range 30 {
		s := spending(rng, rng.IntN(400))
		for _, of := range []operand{"spent", "joined"} {
			for _, q := range []insight.NumberQuestion{
				{Audience: buyers}, {Audience: buyers, Base: lows, Parts: 5}, {Audience: buyers, Base: segment.Not(buyers)}, {Audience: segment.Tag("nobody")},
			} {
				got, err := insight.Measure(t.Context(), s, of, q)
				if err != nil {
					t.Fatal(err)
				}
				base := q.Base
				if base.IsZero() {
					base = segment.And()
				}
				d := got.Distribution
				for _, g := range []struct {
					name  string
					of    segment.Expr
					got   insight.NumberSummary
					all   uint64
					count func(insight.Row) uint64
				}{
					{"audience", q.Audience, got.Audience, d.Audience, func(r insight.Row) uint64 { return r.Audience }},
					{"base", base, got.Base, d.Base, func(r insight.Row) uint64 { return r.Base }},
				} {
					values := s.of(of, g.of)
					want, _ := s.Summary(t.Context(), of, g.of)
					if g.got.Count.Count != want.Count || g.got.Missing.Count != g.all-want.Count || !g.got.Min.Equal(want.Min) || !g.got.Max.Equal(want.Max) || !g.got.Avg.Equal(want.Avg) {
						t.Fatalf("%s of the %s: %+v, want %+v of %d", of, g.name, g.got, want, g.all)
					}
					if len(g.got.Quantiles) != 5 || g.got.Quantiles[2].Value.IsNull() != (len(values) == 0) {
						t.Fatalf("quantiles %+v", g.got.Quantiles)
					}
					for i, row := range d.Rows {
						n := g.all - want.Count // those without a value, at last
						if i < len(got.Spans) {
							span := got.Spans[i]
							n = 0
							for _, v := range values {
								if (span.From.IsNull() || v.Compare(span.From) >= 0) && (span.To.IsNull() || v.Compare(span.To) < 0) {
									n++
								}
							}
						}
						if g.count(row) != n || row.Hidden || row.Dimension != string(of) {
							t.Fatalf("%s of the %s, %+v: want %d", of, g.name, row, n)
						}
					}
				}
				if len(d.Rows) != len(got.Spans)+1 {
					t.Fatalf("%d rows for %d parts", len(d.Rows), len(got.Spans))
				}
				known := got.Audience.Count.Count > 0 && got.Base.Count.Count > 0
				if (got.Difference != nil) != known {
					t.Fatalf("a difference of %v", got.Difference)
				}
				if known && of == "spent" && *got.Difference != got.Audience.Avg.Number()-got.Base.Avg.Number() {
					t.Fatalf("a difference of %v", *got.Difference)
				}
			}
		}
	}
}

func TestMeasure_hides(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	hidden, untold := 0, 0
	for range 150 {
		s := spending(rng, 60+rng.IntN(300))
		const least = 7
		q := insight.NumberQuestion{Audience: buyers, LeastCell: least, Shares: []float64{0, 0.02, 0.5, 0.98, 1}}
		got, err := insight.Measure(t.Context(), s, "spent", q)
		if errors.Is(err, insight.ErrTooFew) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		counts := map[bool]uint64{}
		for _, row := range got.Distribution.Rows {
			if row.Hidden {
				hidden++
				counts[true]++
				continue
			}
			for _, n := range []uint64{row.Audience, row.Base, row.Base - row.Audience} {
				if n > 0 && n < least {
					t.Fatalf("%+v shows %d people", row, n)
				}
			}
		}
		if counts[true] == 1 {
			t.Fatalf("one hidden row in %+v", got.Distribution)
		}
		for i, g := range []insight.NumberSummary{got.Audience, got.Base} {
			of := []segment.Expr{buyers, segment.And()}[i]
			values := s.of("spent", of)
			if !g.Min.IsNull() || !g.Max.IsNull() {
				t.Fatalf("%+v shows the value of one person", g)
			}
			if last := got.Distribution.Rows[len(got.Distribution.Rows)-1]; g.Count.Hidden != last.Hidden || g.Missing.Hidden != last.Hidden {
				t.Fatalf("%+v beside %+v", g, last)
			}
			for _, quantile := range g.Quantiles {
				if quantile.Value.IsNull() {
					untold++
					continue
				}
				upTo, from := 0, 0
				for _, v := range values {
					if v.Compare(quantile.Value) <= 0 {
						upTo++
					}
					if v.Compare(quantile.Value) >= 0 {
						from++
					}
				}
				if upTo < least || from < least {
					t.Fatalf("quantile %+v has %d up to it and %d from it", quantile, upTo, from)
				}
			}
		}
	}
	if hidden == 0 || untold == 0 {
		t.Errorf("%d rows hidden, %d quantiles untold", hidden, untold)
	}
}

// The bounds of parts are nobody's value where few have one.
func TestMeasure_tells_no_bounds_of_few(t *testing.T) {
	s := &spenders{}
	for i := range 80 {
		var v profile.Value
		one := map[string][]string{}
		if i < 40 {
			one["buyer"] = nil
		}
		if i < 9 {
			v = profile.Number(float64(i*i) + 0.25)
		}
		s.people, s.spent, s.joined = append(s.people, one), append(s.spent, v), append(s.joined, profile.Value{})
	}
	q := insight.NumberQuestion{Audience: buyers, LeastCell: 5}
	if got, err := insight.Measure(t.Context(), s, "spent", q); !errors.Is(err, insight.ErrTooFew) {
		t.Errorf("parts of nine values: %+v, %v", got, err)
	}
	q.Bounds = []profile.Value{profile.Number(10)}
	if got, err := insight.Measure(t.Context(), s, "spent", q); err != nil || got.Audience.Count.Count != 9 {
		t.Errorf("with bounds: %+v, %v", got, err)
	}
	q.Bounds, q.LeastCell = nil, 4
	if got, err := insight.Measure(t.Context(), s, "spent", q); err != nil || len(got.Spans) == 0 {
		t.Errorf("of two groups of four: %+v, %v", got, err)
	}
}

// The parts of a number take in everybody who has a value, each once.
func TestParts_take_in_everybody_once(t *testing.T) {
	rng := rand.New(rand.NewPCG(55, 56))
	s := spending(rng, 700)
	for name, make := range map[string]func() (insight.Dimension, error){
		"quantiles": func() (insight.Dimension, error) {
			return insight.QuantileParts(t.Context(), s, operand("spent"), segment.Expr{}, 4)
		},
		"round": func() (insight.Dimension, error) {
			return insight.RoundParts(t.Context(), s, operand("joined"), buyers, 6)
		},
		"given": func() (insight.Dimension, error) {
			return insight.Parts(operand("spent"), profile.Number(1), profile.Number(2.5), profile.Number(100))
		},
	} {
		d, err := make()
		if err != nil {
			t.Fatal(err)
		}
		table, err := insight.CrossTab(t.Context(), s, segment.Expr{}, 0, d)
		if err != nil {
			t.Fatal(err)
		}
		axis := table.Dimensions[0]
		if have := uint64(len(s.of(operand(d.Name), segment.And()))); !axis.Exclusive || table.At(axis.Rest()).Count != 700-have {
			t.Errorf("%s: %+v of %d with a value", name, table, have)
		}
		if name == "quantiles" {
			for i := range 4 {
				if n, all := table.At(i).Count, uint64(len(s.of("spent", segment.And()))); n < all/4-8 || n > all/4+8 /* values repeat */ {
					t.Errorf("part %s has %d of %d", axis.Values[i], n, all)
				}
			}
		}
	}
	d, err := insight.Parts(operand("joined"), profile.Time(time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)), profile.Time(time.Date(2025, 4, 1, 12, 30, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range d.Values {
		names = append(names, v.Name)
	}
	if got, want := fmt.Sprint(names), "[< 2025-03-01 2025-03-01 – 2025-04-01 12:30:00 ≥ 2025-04-01 12:30:00]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
