package insight_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// listed are people whose tags are listed.
type listed struct {
	people
	facets []segment.Facet
	asked  int // how often it was asked to count
}

func (l *listed) Counts(ctx context.Context, es ...segment.Expr) ([]uint64, error) {
	l.asked++
	return l.people.Counts(ctx, es...)
}

func (l *listed) Facets(context.Context, ...string) ([]segment.Facet, error) {
	if l.facets == nil {
		return nil, errBroken
	}
	return l.facets, nil
}

// catalogued lists the tags of a crowd.
func catalogued(p people) *listed {
	l := &listed{people: p, facets: []segment.Facet{{Name: "buyer", Expr: segment.Tag("buyer")}, {Name: "nobody", Expr: segment.Tag("nobody")}}}
	for _, one := range p {
		if has(one, segment.Tag("buyer").Tree()) {
			l.facets[0].Size++
		}
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"city", append([]string{"拉萨"}, cities...)}, {"level", levels}, {"interest", interests}} {
		facet := segment.Facet{Name: f.name, Expr: segment.Tag(f.name)}
		for _, v := range f.values {
			value := segment.FacetValue{Value: profile.String(v), Expr: segment.TagValue(f.name, v)}
			for _, one := range p {
				if has(one, value.Expr.Tree()) {
					value.Size++
				}
			}
			facet.Values = append(facet.Values, value)
		}
		l.facets = append(l.facets, facet)
	}
	return l
}

func TestCharacterise_as_tag_by_tag(t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	for range 20 {
		l := catalogued(crowd(rng, 200+rng.IntN(200)))
		audience := segment.And(segment.TagValue("level", "high"), segment.Tag("buyer"))
		got, err := insight.Characterise(t.Context(), l, insight.Characterisation{Audience: audience, Except: []string{"level"}})
		if err != nil {
			t.Fatal(err)
		}
		if l.asked != 2 {
			t.Fatalf("%d passes", l.asked)
		}
		want, err := insight.Compare(t.Context(), l, insight.Question{Audience: audience, Dimensions: []insight.Dimension{
			insight.Tag("buyer"), insight.Tag("city", cities...), insight.Tag("interest", interests...),
		}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if rows := got.Characteristic(1, 0.05); len(rows) != 1 || rows[0].Dimension != "buyer" {
			t.Fatalf("the most characteristic is %+v", rows)
		}
		one, err := insight.Characterise(t.Context(), l, insight.Characterisation{Audience: audience, Most: 1, Except: []string{"level", "buyer", "interest"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(one.Rows) != 1 || one.Rows[0].Value != "上海" {
			t.Fatalf("the city of most is %+v", one.Rows)
		}
	}
}

func TestDimensions(t *testing.T) {
	value := func(v profile.Value, size uint64) segment.FacetValue {
		return segment.FacetValue{Value: v, Expr: segment.And(), Size: size}
	}
	text := profile.String
	dims := insight.Dimensions(3,
		segment.Facet{Name: "plain", Expr: segment.Tag("plain"), Size: 3},
		segment.Facet{Name: "empty", Expr: segment.Tag("empty")},
		segment.Facet{Name: "tiers", Values: []segment.FacetValue{value(text("high"), 5), value(text("middle"), 0), value(text("low"), 1), value(text("odd"), 2), value(text("even"), 2)}},
		segment.Facet{Name: "mixed", Values: []segment.FacetValue{value(profile.Number(3), 5), value(text("3"), 4), value(text(""), 4)}},
		segment.Facet{Name: "gone", Values: []segment.FacetValue{value(text("x"), 0)}},
	)
	var got []string
	for _, d := range dims {
		names := make([]string, len(d.Values))
		for i, v := range d.Values {
			names[i] = v.Name
		}
		got = append(got, d.Name+": "+strings.Join(names, ", "))
	}
	want := []string{"plain: ", "tiers: high, odd, even", `mixed: 3, 3 (2), ""`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadings_refused(t *testing.T) {
	ctx := t.Context()
	reach := func(q insight.ReachQuestion) error { return second(insight.Reach(ctx, failing{}, q)) }
	channel := insight.Channel{Name: "mail", Namespaces: []string{"email"}}
	retain := func(cohorts int, active ...segment.Expr) error {
		q := insight.RetentionQuestion{Active: active}
		for i := range cohorts {
			q.Cohorts = append(q.Cohorts, insight.Segment{Name: fmt.Sprint("c", i), Expr: segment.And()})
		}
		return second(insight.Retain(ctx, failing{}, q))
	}
	table := func(c insight.CohortCounts) error { return second(insight.NewRetention(0, c)) }
	s := spending(rand.New(rand.NewPCG(1, 1)), 30)
	measure := func(q insight.NumberQuestion) error {
		return second(insight.Measure(ctx, s, operand("spent"), q))
	}
	number, everyone := profile.Number, segment.And()
	parts := func(bounds ...profile.Value) error { return second(insight.Parts(operand("spent"), bounds...)) }
	for i, tt := range []struct {
		want string
		err  error
	}{
		{"neither a namespace nor a channel", reach(insight.ReachQuestion{})},
		{"9 channels, 8 are allowed", reach(insight.ReachQuestion{Channels: make([]insight.Channel, 9)})},
		{"namespace 2 has no name", reach(insight.ReachQuestion{Namespaces: []string{"a", ""}})},
		{"channel 1 has no name", reach(insight.ReachQuestion{Channels: make([]insight.Channel, 1)})},
		{`channel "mail" is there twice`, reach(insight.ReachQuestion{Channels: []insight.Channel{channel, channel}})},
		{`channel "x" has neither`, reach(insight.ReachQuestion{Channels: []insight.Channel{{Name: "x"}}})},
		{`channel "x" has a namespace without a name`, reach(insight.ReachQuestion{Channels: []insight.Channel{{Name: "x", Namespaces: []string{""}}}})},
		{"broken", reach(insight.ReachQuestion{Namespaces: []string{"a"}})},
		{"there is no cohort", retain(0)},
		{"2 cohorts, and who was active in 1 periods", retain(2, everyone)},
		{"121 periods, 120 are allowed", retain(1, make([]segment.Expr, 121)...)},
		{"period 2 has no expression", retain(1, everyone, segment.Expr{})},
		{`cohort 1, "x", has no expression`, second(insight.Retain(ctx, failing{}, insight.RetentionQuestion{Cohorts: []insight.Segment{{Name: "x"}}, Active: []segment.Expr{everyone}}))},
		{"broken", retain(1, everyone)},
		{`cohort 1, "x": -1 people`, table(insight.CohortCounts{Name: "x", Size: -1})},
		{"active in 1 periods, and who returned in 0", table(insight.CohortCounts{Active: []int{0}})},
		{"3 were active 0 periods later, and 2", table(insight.CohortCounts{Size: 3, Active: []int{3}, Returned: []int{2}})},
		{"1 were active in the last period, and 2", table(insight.CohortCounts{Size: 3, Active: []int{1}, Returned: []int{2}})},
		{"2 were active from 1 periods later on, of 1", table(insight.CohortCounts{Size: 3, Active: []int{1, 2}, Returned: []int{1, 2}})},
		{"there is no audience", measure(insight.NumberQuestion{})},
		{"a confidence of 2", measure(insight.NumberQuestion{Audience: everyone, Confidence: 2})},
		{"spent in -1 parts", measure(insight.NumberQuestion{Audience: everyone, Parts: -1})},
		{"quantile 1 of spent is of a share of 1.5", measure(insight.NumberQuestion{Audience: everyone, Shares: []float64{1.5}})},
		{"bound 2 of spent is not above", measure(insight.NumberQuestion{Audience: everyone, Bounds: []profile.Value{number(1), number(1)}})},
		{"fewer than 40 people", measure(insight.NumberQuestion{Audience: everyone, LeastCell: 40})},
		{"spent has no bounds", parts()},
		{"bound 1 of spent is a string", parts(profile.String("x"))},
		{"bound 2 of spent is not above", parts(number(1), profile.Time(time.Unix(0, 0)))},
		{"spent in 1 parts", second(insight.QuantileParts(ctx, s, operand("spent"), everyone, 1))},
		{"nobody has a value of spent", second(insight.QuantileParts(ctx, s, operand("spent"), segment.Or(), 4))},
		{"nobody has a value of spent", second(insight.RoundParts(ctx, s, operand("spent"), segment.Or(), 4))},
		{"insight: ((: ", second(insight.Parts(operand("(("), number(1)))},
		{"broken", second(insight.Characterise(ctx, &listed{}, insight.Characterisation{Audience: everyone}))},
		{"there is no tag", second(insight.Characterise(ctx, &listed{facets: []segment.Facet{}}, insight.Characterisation{Audience: everyone}))},
		{"-1 values", second(insight.Characterise(ctx, &listed{}, insight.Characterisation{Most: -1}))},
		{"there is no audience", second(insight.Characterise(ctx, catalogued(crowd(rand.New(rand.NewPCG(2, 2)), 9)), insight.Characterisation{}))},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%d: got %v, want %s", i, tt.err, tt.want)
		}
	}
	small := insight.ReachQuestion{Namespaces: []string{"email"}, LeastCell: 50}
	if err := second(insight.Reach(ctx, known(rand.New(rand.NewPCG(3, 3)), 20), small)); !errors.Is(err, insight.ErrTooFew) {
		t.Errorf("an audience of 20: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
