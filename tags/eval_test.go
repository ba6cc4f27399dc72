package tags_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

func shop(t testing.TB, zone string) *syntaxtest.Scope {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return syntaxtest.Shop(z)
}

func at(t testing.TB, text string) profile.Instant {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return profile.InstantOf(v)
}

// fold lifts events and combines their states.
func fold(t testing.TB, s *syntaxtest.Scope, events ...profile.Event) *profile.State {
	t.Helper()
	schema, state := schemaOf(t, s), &profile.State{}
	for i := range events {
		d, err := schema.Lift(&events[i])
		if err != nil {
			t.Fatal(err)
		}
		state = state.Combine(d)
	}
	return state
}

// schemaOf returns what the model folds, with the folds that were asked for so far.
func schemaOf(t testing.TB, s *syntaxtest.Scope) *profile.Schema {
	t.Helper()
	schema := s.Schema()
	for i, spec := range s.Folds {
		f, err := tags.NewFold(spec, uint32(i+1), s)
		if err != nil {
			t.Fatal(err)
		}
		schema.Folds = append(schema.Folds, f)
	}
	return schema
}

func compile(t testing.TB, s *syntaxtest.Scope, text string) *tags.Program {
	t.Helper()
	rule, err := tags.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tags.Compile(rule.Tree(), s)
	if err != nil {
		t.Fatal(rule.Locate(err))
	}
	return p
}

// customer is the profile that the tables below ask about.
func customer(t testing.TB, s *syntaxtest.Scope) *profile.State {
	t.Helper()
	day := func(text string) time.Time { return at(t, text).Time() }
	return fold(t, s,
		profile.Event{Type: profile.Identify, MessageID: "1", Time: day("2026-05-01T00:00:00Z"), Traits: map[string]profile.Value{
			"city": profile.String("上海"), "age": profile.Number(30), "vip": profile.Bool(true), "home": profile.Point(31, 121),
			"registered": profile.String("2026-04-30T16:00:00Z"), "apps": profile.List(profile.String("a"), profile.String("b")),
			"sizes": profile.List(), "points": profile.Number(10),
		}},
		profile.Event{Name: "Order Completed", MessageID: "2", Time: day("2026-05-02T00:00:00Z"), Properties: map[string]profile.Value{"revenue": profile.Number(10.5), "coupon": profile.String("x")}},
		profile.Event{Name: "Order Completed", MessageID: "3", Time: day("2026-05-04T00:00:00Z"), Properties: map[string]profile.Value{"revenue": profile.Number(20)}},
		profile.Event{Name: "Order Completed", MessageID: "4", Time: day("2026-05-03T00:00:00Z"), Properties: map[string]profile.Value{"revenue": profile.Number(1), "coupon": profile.String("y")}},
	)
}

func TestProgram_Eval(t *testing.T) {
	const never = "never"
	tests := []struct {
		rule  string
		want  bool
		until string
	}{
		{`true`, true, never},
		{`all() and not any() and not xor()`, true, never},
		{`xor(true, true, true) and not xor(true, true)`, true, never},
		{`minus(true, false) and not minus(true, false, true)`, true, never},
		{`at_least(2, true, false, true) and not at_least(2, true, false)`, true, never},

		{`city = "上海" and city != "北京" and city > "一" and city <= "上海"`, true, never},
		{`age = 30 and age != 31 and age < 31 and age <= 30 and age > 29 and age >= 30`, true, never},
		{`age = 31 or age != 30 or age < 30 or age <= 29 or age > 30 or age >= 31`, false, never},
		{`vip = true and vip != false and true = vip`, true, never},
		{`home = point(31, 121) and home != point(31, 120)`, true, never},
		{`points = 10 and spend = 31.5 and age < spend`, true, never},
		{`registered = "2026-05-01" and registered < "2026-05-02"`, true, never},

		{"`名 字` = \"a\" or `名 字` != \"a\" or `名 字` in [\"a\"] or `名 字` not in [\"a\"]", false, never},
		{"not (`名 字` = \"a\") and not (`名 字` != \"a\") and missing(`名 字`)", true, never},
		{`renewal < now() or renewal >= now() or renewal != now()`, false, never},
		{`visits any_of ["2026-05-01"] or visits all_of [] or visits none_of []`, false, never},
		{"contains(`名 字`, \"\") or matches(`名 字`, \"\")", false, never},

		{`city in ["北京", "上海"] and city not in ["北京"] and city not in []`, true, never},
		{`city in [] or city in ["北京"] or city not in ["上海"]`, false, never},
		{`age in [1, 2, 3, 4, 5, 6, 7, 8, 9, 30] and age not in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]`, true, never},
		{`apps any_of ["a", "z"] and apps all_of ["a", "b"] and apps all_of [] and apps none_of ["z"] and apps none_of []`, true, never},
		{`apps any_of [] or apps any_of ["z"] or apps all_of ["a", "z"] or apps none_of ["a", "z"]`, false, never},
		{`exists(sizes) and sizes none_of [1] and sizes all_of []`, true, never},
		{`contains(city, "海") and starts_with(city, "上") and ends_with(city, "海") and matches(city, "^..$")`, true, never},
		{`contains(city, "北") or starts_with(city, "海") or ends_with(city, "上") or matches(city, "^.$")`, false, never},
		{`exists(city) and missing(renewal) and exists(now()) and exists(count("Never Seen"))`, true, never},
		{`missing(city) or exists(renewal) or missing(ago("1d")) or exists(first_time("Never Seen"))`, false, never},

		{`count("Order Completed") = 3 and count("Never Seen") = 0 and unique("Order Completed", "coupon") = 2`, true, never},
		{`sum("Order Completed", "revenue") = 31.5 and avg("Order Completed", "revenue") = 10.5`, true, never},
		{`min("Order Completed", "revenue") = 1 and max("Order Completed", "revenue") = 20`, true, never},
		{`first("Order Completed", "revenue") = 10.5 and last("Order Completed", "revenue") = 20`, true, never},
		{`first_time("Order Completed") = "2026-05-02T00:00:00Z" and last_time("Order Completed") = "2026-05-04T00:00:00Z"`, true, never},
		{`sum("Product Viewed", "price") >= 0 or not exists(avg("Product Viewed", "price")) and false`, false, never},
		{`tag("高频购买者") and not tag("沉睡")`, true, "2026-08-01T16:00:00Z"},

		// The instant of the answers is 2026-05-10T04:00:00Z, noon in Shanghai.
		{`last_order < now()`, true, never},
		{`last_order > now() - "7d"`, true, "2026-05-11T00:00:00Z"},
		{`last_order >= now() - "7d"`, true, "2026-05-11T00:00:00.000001Z"},
		{`last_order < now() - "7d"`, false, "2026-05-11T00:00:00.000001Z"},
		{`last_order <= now() - "7d"`, false, "2026-05-11T00:00:00Z"},
		{`last_order = now() - "7d"`, false, "2026-05-11T00:00:00Z"},
		{`last_order != now() - "7d"`, true, "2026-05-11T00:00:00Z"},
		{`now() - "7d" > last_order`, false, "2026-05-11T00:00:00.000001Z"},
		{`last_order > now() + "7d"`, false, never},
		{`last_order = now() - "148h"`, true, "2026-05-10T04:00:00.000001Z"},
		{`last_order != now() - "148h"`, false, "2026-05-10T04:00:00.000001Z"},
		{`last_order >= ago("7d")`, true, "2026-05-10T16:00:00Z"},
		{`last_order < ago("7d")`, false, "2026-05-10T16:00:00Z"},
		{`registered >= ago("30d")`, true, "2026-05-30T16:00:00Z"},
		{`registered = ago("10d")`, true, "2026-05-10T16:00:00Z"},
		{`registered != ago("11d")`, true, "2026-05-10T16:00:00Z"},
		{`registered >= ago("1mo")`, true, "2026-05-31T16:00:00Z"},
		{`now() >= "2026-06-01"`, false, "2026-05-31T16:00:00Z"},
		{`now() in ["2026-06-01", "2026-05-20"] and true`, false, "2026-05-19T16:00:00Z"},
		{`now() not in ["2026-06-01", "2026-05-20"]`, true, "2026-05-19T16:00:00Z"},
		{`now() - "6h" >= ago("1d")`, true, "2026-05-10T16:00:00Z"},
		{`now() - "13h" >= ago("1d")`, false, "2026-05-10T05:00:00Z"},
		{`now() > now() - "1h"`, true, never},
		{`now() >= ago("1d")`, true, "2026-07-13T16:00:00Z"}, // to be asked again after 64 midnights
		{`ago("2d") < ago("1d")`, true, "2026-07-13T16:00:00Z"},

		{`last_order > now() - "7d" and registered < now() - "30d"`, false, never},
		{`last_order > now() - "7d" or registered < now() - "30d"`, true, "2026-05-11T00:00:00Z"},
		{`last_order > now() - "7d" or registered < now() - "10d"`, true, never},
		{`last_order > now() - "7d" and city = "北京"`, false, never},
		{`xor(last_order > now() - "7d", last_order <= now() - "7d")`, true, never},
		{`at_least(1, last_order > now() - "7d", registered > now() - "20d")`, true, "2026-05-20T16:00:00Z"},
		{`not (last_order > now() - "7d")`, false, "2026-05-11T00:00:00Z"},
		{`minus(registered > now() - "20d", last_order > now() - "7d")`, false, "2026-05-11T00:00:00Z"},
	}
	s := shop(t, "Asia/Shanghai")
	state, now := customer(t, s), at(t, "2026-05-10T04:00:00Z")
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			ok, until := compile(t, s, tt.rule).Eval(state, now)
			if ok != tt.want || until.String() != tt.until {
				t.Errorf("got %v until %v, want %v until %v", ok, until, tt.want, tt.until)
			}
		})
	}
}

// An answer is what the definition says, it stays so until its deadline, and at
// the deadline it is another: around changes of the clock too.
func TestProgram_Eval_agrees_with_the_definition(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, place := range []struct{ zone, around string }{
		{"Europe/Berlin", "2026-03-29T00:00:00Z"},
		{"Europe/Berlin", "2026-10-25T00:00:00Z"},
		{"America/New_York", "2026-03-08T06:00:00Z"},
		{"America/New_York", "2026-11-01T06:00:00Z"},
		{"Asia/Shanghai", "2026-02-28T15:59:59.999999Z"},
		{"UTC", "2028-02-29T00:00:00Z"},
	} {
		t.Run(place.zone+" "+place.around, func(t *testing.T) {
			s := shop(t, place.zone)
			r := &syntaxtest.Random{Rand: rand.New(rand.NewPCG(seed, 1)), Around: at(t, place.around)}
			for range 1200 {
				checkRandomRule(t, s, r)
			}
		})
	}
}

func checkRandomRule(t *testing.T, s *syntaxtest.Scope, r *syntaxtest.Random) {
	t.Helper()
	e := r.Expr(1 + r.IntN(4))
	p, err := tags.Compile(e, s)
	if err != nil {
		t.Fatalf("%s: %v", syntax.Print(e), err)
	}
	state := fold(t, s, randomEvents(s, r)...)
	now := r.Value(profile.KindTime).Instant()
	truth := func(at profile.Instant) bool { return naive{scope: s, state: state, now: at}.eval(e) }

	ok, until := p.Eval(state, now)
	if want := truth(now); ok != want {
		t.Fatalf("%s at %v: %v, want %v", syntax.Print(e), now, ok, want)
	}
	if until <= now {
		t.Fatalf("%s at %v: until %v lies in the past", syntax.Print(e), now, until)
	}
	if p.Explain(state, now).Holds != ok {
		t.Fatalf("%s at %v: Explain says otherwise", syntax.Print(e), now)
	}
	const day = 24 * 3600 * 1_000_000
	horizon := min(until-1, now+60*day)
	for _, at := range []profile.Instant{now + 1, now + (horizon-now)/2, horizon} {
		if at > now && at < until && truth(at) != ok {
			t.Fatalf("%s at %v: %v until %v, but not at %v", syntax.Print(e), now, ok, until, at)
		}
	}
	for range 8 {
		at := now + profile.Instant(r.Int64N(int64(max(1, horizon-now))))
		at -= at % (day / 24)
		if at > now && at < until && truth(at) != ok {
			t.Fatalf("%s at %v: %v until %v, but not at %v", syntax.Print(e), now, ok, until, at)
		}
	}
	if until < now+60*day && truth(until) == ok && !comparesClocks(e) {
		t.Fatalf("%s at %v: %v until %v, but still so then", syntax.Print(e), now, ok, until)
	}
}

// comparesClocks reports whether an ago() is compared with the clock: then the
// deadline may be one to ask again at.
func comparesClocks(e syntax.Expr) bool {
	if c, ok := e.(*syntax.Compare); ok {
		return syntax.Read(&syntax.Exists{X: c.L}).Timed && syntax.Read(&syntax.Exists{X: c.R}).Timed
	}
	return slices.ContainsFunc(syntax.Parts(e), comparesClocks)
}

func randomEvents(s *syntaxtest.Scope, r *syntaxtest.Random) []profile.Event {
	events := make([]profile.Event, r.IntN(4))
	for i := range events {
		e := &events[i]
		e.MessageID = string(rune('a' + i))
		e.Time = r.Value(profile.KindTime).Instant().Time()
		if r.IntN(2) == 0 {
			e.Name = "Order Completed"
			e.Properties = map[string]profile.Value{"revenue": profile.Number(math.Mod(r.Value(profile.KindNumber).Number(), 1e12)), "coupon": r.Value(profile.KindString)}
			continue
		}
		e.Type = profile.Identify
		e.Traits = map[string]profile.Value{}
		for name, info := range s.Traits {
			switch {
			case info.Compute != nil || r.IntN(3) == 0:
			case info.Kind == profile.KindSet:
				e.Traits[name] = profile.List(r.Value(info.Elem), r.Value(info.Elem))
			case info.Kind == profile.KindNumber:
				e.Traits[name] = profile.Number(math.Mod(r.Value(profile.KindNumber).Number(), 1e12))
			default:
				e.Traits[name] = r.Value(info.Kind)
			}
		}
	}
	return events
}
