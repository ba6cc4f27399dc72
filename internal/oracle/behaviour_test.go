package oracle

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// past is a person to whom things happened at civil times of a zone.
type past struct {
	t      *testing.T
	scope  scope
	events []profile.Event
}

// pastIn returns a person without events, under a model that declares no
// properties and whose weeks begin on Mondays.
func pastIn(t *testing.T, zone string) *past {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return &past{t: t, scope: scope{
		traits: map[string]syntax.TraitInfo{}, tags: map[string]syntax.Expr{}, interests: map[string]syntax.InterestInfo{},
		zone: loc, weekStart: time.Monday, undeclared: true,
	}}
}

// at reads a time: RFC 3339, or a civil one of the zone, to the minute.
func (h *past) at(s string) profile.Instant {
	h.t.Helper()
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return profile.InstantOf(at)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, h.scope.zone)
	if err != nil {
		h.t.Fatal(err)
	}
	return profile.InstantOf(at)
}

// did adds an event: its properties are pairs of a name and a text, a number or a
// value.
func (h *past) did(at, name string, properties ...any) *past {
	h.t.Helper()
	e := profile.Event{
		MessageID: fmt.Sprint("m", len(h.events)), Source: "web", Name: name,
		Time: h.at(at).Time(), Properties: map[string]profile.Value{},
	}
	for i := 0; i < len(properties); i += 2 {
		v := profile.Value{}
		switch x := properties[i+1].(type) {
		case string:
			v = profile.String(x)
		case int:
			v = profile.Number(float64(x))
		case float64:
			v = profile.Number(x)
		case bool:
			v = profile.Bool(x)
		case profile.Value:
			v = x
		}
		e.Properties[properties[i].(string)] = v
	}
	h.events = append(h.events, e)
	return h
}

// person returns the person that the events make.
func (h *past) person() *Person {
	h.t.Helper()
	p, err := Fold(h.events, &profile.Schema{})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// says returns an operand's value as text, "missing" where it is.
func (h *past) says(o syntax.Operand, now string) string {
	h.t.Helper()
	return h.saysAt(o, h.at(now))
}

func (h *past) saysAt(o syntax.Operand, now profile.Instant) string {
	v, ok := ValueAt(o, h.person(), h.scope, now)
	if !ok {
		return "missing"
	}
	return v.String()
}

// agg is an aggregate of the event "A" in a window.
func agg(fn syntax.Fn, win syntax.Window) *syntax.Aggregate {
	return &syntax.Aggregate{Fn: fn, Event: "A", Window: win}
}

func last(n int, unit syntax.Unit) syntax.Window {
	return syntax.Window{Kind: syntax.Last, N: n, Unit: unit}
}

func between(n, m int, unit syntax.Unit) syntax.Window {
	return syntax.Window{Kind: syntax.Between, N: n, M: m, Unit: unit}
}

func this(p syntax.Period) syntax.Window { return syntax.Window{Kind: syntax.This, Period: p} }

// One event is in its window from one instant to another: the dates and clock
// times are read off the calendar.
func TestWindows_edges(t *testing.T) {
	for _, tt := range []struct {
		name, zone, event string
		win               syntax.Window
		enters, leaves    string // "" for never before the event's own instant, and never
	}{
		{"today", "Asia/Shanghai", "2026-11-23 09:30", this(syntax.ThisDay), "2026-11-23 00:00", "2026-11-24 00:00"},
		{"a day is one of the zone", "Asia/Shanghai", "2026-11-22T16:00:00Z", last(1, syntax.Day), "2026-11-23 00:00", "2026-11-24 00:00"},
		{"thirty days", "UTC", "2026-11-23 12:00", last(30, syntax.Day), "2026-11-23 00:00", "2026-12-23 00:00"},
		{"a week is seven days", "UTC", "2026-11-23 12:00", last(1, syntax.Week), "2026-11-23 00:00", "2026-11-30 00:00"},
		{"an hour is one of UTC", "Asia/Kolkata", "2026-11-23T09:59:59Z", last(1, syntax.Hour), "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"},
		{"minutes", "Asia/Kolkata", "2026-11-23T09:59:59Z", last(15, syntax.Minute), "2026-11-23T09:59:00Z", "2026-11-23T10:14:00Z"},

		// The clock goes forward on 8 March 2026 at 02:00 and back on 1 November.
		{"a day of 23 hours", "America/New_York", "2026-03-08 12:00", last(1, syntax.Day), "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"a day of 25 hours", "America/New_York", "2026-11-01 12:00", last(1, syntax.Day), "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"a window over the spring", "America/New_York", "2026-03-07 12:00", last(2, syntax.Day), "2026-03-07T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"a window over the autumn", "Europe/Berlin", "2026-10-24 12:00", last(2, syntax.Day), "2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"a day of 23 hours in Berlin", "Europe/Berlin", "2026-03-29 12:00", last(1, syntax.Day), "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"half an hour in Lord Howe", "Australia/Lord_Howe", "2026-04-05 12:00", last(1, syntax.Day), "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"},
		{"a midnight left out", "America/Sao_Paulo", "2018-11-04T12:00:00Z", last(1, syntax.Day), "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"put back over midnight", "America/St_Johns", "2010-11-07T02:31:00Z", last(1, syntax.Day), "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"},
		{"a day left out", "Pacific/Apia", "2011-12-29T12:00:00-10:00", last(2, syntax.Day), "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"},
		{"thirty hours do not see the change", "America/New_York", "2026-03-08T06:30:00Z", last(30, syntax.Hour), "2026-03-08T06:00:00Z", "2026-03-09T12:00:00Z"},

		{"a month from its 15th", "UTC", "2026-02-16 12:00", last(1, syntax.Month), "2026-02-16 00:00", "2026-03-16 00:00"},
		{"a month over a short February", "UTC", "2026-02-28 12:00", last(1, syntax.Month), "2026-02-28 00:00", "2026-03-28 00:00"},
		{"a month from the 31st", "UTC", "2026-01-31 12:00", last(1, syntax.Month), "2026-01-31 00:00", "2026-03-01 00:00"},
		{"the 1st after the 31st", "UTC", "2026-03-01 12:00", last(1, syntax.Month), "2026-03-01 00:00", "2026-04-01 00:00"},
		{"a leap day for a year", "UTC", "2024-02-29 12:00", last(1, syntax.Year), "2024-02-29 00:00", "2025-03-01 00:00"},
		{"a leap day for four years", "UTC", "2024-02-29 12:00", last(4, syntax.Year), "2024-02-29 00:00", "2028-02-29 00:00"},
		{"a leap day for a month", "UTC", "2024-02-29 12:00", last(1, syntax.Month), "2024-02-29 00:00", "2024-03-29 00:00"},

		{"this week", "UTC", "2026-11-25 12:00", this(syntax.ThisWeek), "2026-11-25 00:00", "2026-11-30 00:00"}, // a Wednesday
		{"this week on its last day", "UTC", "2026-11-29 12:00", this(syntax.ThisWeek), "2026-11-29 00:00", "2026-11-30 00:00"},
		{"this month", "UTC", "2024-02-29 12:00", this(syntax.ThisMonth), "2024-02-29 00:00", "2024-03-01 00:00"},
		{"this quarter", "UTC", "2026-11-25 12:00", this(syntax.ThisQuarter), "2026-11-25 00:00", "2027-01-01 00:00"},
		{"this quarter from its first day", "UTC", "2026-04-01 12:00", this(syntax.ThisQuarter), "2026-04-01 00:00", "2026-07-01 00:00"},
		{"this year", "Asia/Shanghai", "2026-06-01 12:00", this(syntax.ThisYear), "2026-06-01 00:00", "2027-01-01 00:00"},

		{"30 to 60 days ago", "UTC", "2026-01-01 12:00", between(60, 30, syntax.Day), "2026-01-31 00:00", "2026-03-02 00:00"},
		{"before today", "UTC", "2026-01-01 12:00", between(8, 1, syntax.Day), "2026-01-02 00:00", "2026-01-09 00:00"},
		{"hours before this", "UTC", "2026-01-01 12:30", between(3, 1, syntax.Hour), "2026-01-01 13:00", "2026-01-01 15:00"},
		{"a month ago", "UTC", "2026-01-15 12:00", between(2, 1, syntax.Month), "2026-02-15 00:00", "2026-03-15 00:00"},

		{"since before", "UTC", "2026-01-15 12:00", syntax.Window{Kind: syntax.Since, Since: profile.String("2026-01-15")}, "", ""},
		{"since, to the microsecond", "UTC", "2026-01-15 12:00", syntax.Window{Kind: syntax.Since, Since: profile.Time(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC))}, "", ""},
		{"since later", "UTC", "2026-01-15 12:00", syntax.Window{Kind: syntax.Since, Since: profile.Time(time.Date(2026, 1, 15, 12, 0, 0, 1000, time.UTC))}, "-", ""},
		{"lifetime", "UTC", "2026-01-15 12:00", syntax.Window{}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := pastIn(t, tt.zone).did(tt.event, "A")
			check := func(at profile.Instant, want string) {
				t.Helper()
				if got := h.saysAt(agg(syntax.Count, tt.win), at); got != want {
					t.Errorf("count at %v = %s, want %s", at, got, want)
				}
			}
			switch tt.enters {
			case "":
				check(h.at("1999-01-01 00:00"), "1")
				check(h.at("2099-01-01 00:00"), "1")
				return
			case "-":
				check(h.at("2099-01-01 00:00"), "0")
				return
			}
			check(h.at(tt.enters)-1, "0")
			check(h.at(tt.enters), "1")
			check(h.at(tt.event), map[bool]string{true: "1", false: "0"}[h.at(tt.event) >= h.at(tt.enters)])
			check(h.at(tt.leaves)-1, "1")
			check(h.at(tt.leaves), "0")
		})
	}
}

func TestWindows_weekStart(t *testing.T) {
	h := pastIn(t, "UTC").did("2026-11-22 12:00", "A") // a Sunday
	week := agg(syntax.Count, this(syntax.ThisWeek))
	for _, tt := range []struct {
		first  time.Weekday
		leaves string
	}{
		{time.Monday, "2026-11-23 00:00"},
		{time.Sunday, "2026-11-29 00:00"},
		{time.Saturday, "2026-11-28 00:00"},
	} {
		h.scope.weekStart = tt.first
		if before, after := h.saysAt(week, h.at(tt.leaves)-1), h.says(week, tt.leaves); before != "1" || after != "0" {
			t.Errorf("weeks from %v: %s before %s, then %s", tt.first, before, tt.leaves, after)
		}
	}
}

func TestAggregates(t *testing.T) {
	list := func(vs ...string) profile.Value {
		var out []profile.Value
		for _, v := range vs {
			out = append(out, profile.String(v))
		}
		return profile.List(out...)
	}
	h := pastIn(t, "Asia/Shanghai").
		did("2026-11-01 08:00", "A", "price", 10, "kind", "tea").
		did("2026-11-02 23:59", "A", "price", 0.1, "kind", "tea", "paid", 1).
		did("2026-11-03 00:00", "A", "price", 0.2, "kind", "ink", "paid", 5).
		did("2026-11-03 10:00", "A", "price", "free", "kind", list("tea", "cup", "tea")).
		did("2026-11-05 10:00", "B", "price", 1000).
		did("2026-11-20 10:00", "A", "price", -3, "kind", "cup", "paid", 5)
	of := func(fn syntax.Fn, property string, win syntax.Window) *syntax.Aggregate {
		a := agg(fn, win)
		a.Property = property
		return a
	}
	most := func(n int, fn syntax.Fn, property, by string, win syntax.Window) *syntax.Aggregate {
		a := of(fn, property, win)
		a.N, a.By = n, by
		return a
	}
	life, three := syntax.Window{}, last(3, syntax.Day)
	since := func(text string) syntax.Window { return syntax.Window{Kind: syntax.Since, Since: profile.String(text)} }
	for _, tt := range []struct {
		name string
		now  string
		x    *syntax.Aggregate
		want string
	}{
		{"sum", "2026-11-25 00:00", of(syntax.SumOf, "price", life), "7.3"},
		{"sum is exact", "2026-11-04 00:00", of(syntax.SumOf, "price", three), "0.3"},
		{"a text is no number", "2026-11-04 00:00", of(syntax.AvgOf, "price", three), "0.15"},
		{"min", "2026-11-25 00:00", of(syntax.MinOf, "price", life), "-3"},
		{"max", "2026-11-25 00:00", of(syntax.MaxOf, "price", last(30, syntax.Day)), "10"},
		{"sum of none", "2026-11-10 00:00", of(syntax.SumOf, "price", three), "missing"},
		{"count of none", "2026-11-10 00:00", agg(syntax.Count, three), "0"},
		{"unique of none", "2026-11-10 00:00", of(syntax.Unique, "kind", three), "0"},
		{"most frequent of none", "2026-11-10 00:00", of(syntax.MostFrequent, "kind", three), "missing"},
		{"first time of none", "2026-11-10 00:00", agg(syntax.FirstTime, three), "missing"},
		{"first", "2026-11-04 00:00", of(syntax.FirstOf, "price", three), "0.1"},
		{"last may be a text", "2026-11-04 00:00", of(syntax.LastOf, "price", three), "free"},
		{"first time", "2026-11-04 00:00", agg(syntax.FirstTime, three), "2026-11-02T15:59:00Z"},
		{"last time", "2026-11-04 00:00", agg(syntax.LastTime, three), "2026-11-03T02:00:00Z"},
		{"unique", "2026-11-25 00:00", of(syntax.Unique, "kind", life), "3"},
		{"most frequent, of a list each value once", "2026-11-25 00:00", of(syntax.MostFrequent, "kind", life), "tea"},
		{"top", "2026-11-25 00:00", most(2, syntax.Top, "kind", "", life), "[tea, cup]"},
		{"top in a window, equals by value", "2026-11-05 00:00", most(9, syntax.Top, "kind", "", three), "[cup, ink, tea]"},
		{"top by a number", "2026-11-25 00:00", most(9, syntax.Top, "kind", "paid", life), "[cup, ink, tea]"},
		{"latest", "2026-11-25 00:00", most(2, syntax.Latest, "kind", "", life), "[cup, tea]"},
		{"earliest", "2026-11-25 00:00", most(2, syntax.Earliest, "kind", "", life), "[tea, ink]"},
		{"top of none", "2026-11-10 00:00", most(2, syntax.Top, "kind", "", three), "missing"},
		{"days", "2026-11-25 00:00", agg(syntax.Days, life), "4"},
		{"days do not count those to come", "2026-11-02 12:00", agg(syntax.Days, life), "2"},
		{"share of days of a window", "2026-11-04 12:00", agg(syntax.ShareOfDays, last(4, syntax.Day)), "0.75"},
		{"share of days of a month so far", "2026-11-05 12:00", agg(syntax.ShareOfDays, this(syntax.ThisMonth)), "0.6"},
		{"share of days of a life", "2026-11-04 12:00", agg(syntax.ShareOfDays, life), "0.75"},
		{"share of days before the first", "2026-10-04 12:00", agg(syntax.ShareOfDays, life), "missing"},
		{"share of days of none", "2026-11-15 12:00", agg(syntax.ShareOfDays, last(4, syntax.Day)), "0"},
		{"share of days since", "2026-11-05 12:00", agg(syntax.ShareOfDays, syntax.Window{Kind: syntax.Since, Since: profile.String("2026-11-02")}), "0.5"},
		{"streak up to today", "2026-11-03 12:00", agg(syntax.Streak, life), "3"},
		{"streak up to yesterday", "2026-11-04 12:00", agg(syntax.Streak, life), "3"},
		{"streak that is over", "2026-11-05 00:00", agg(syntax.Streak, life), "0"},
		{"streak in a window", "2026-11-04 12:00", agg(syntax.Streak, last(3, syntax.Day)), "2"},
		{"longest streak", "2026-11-25 00:00", agg(syntax.LongestStreak, life), "3"},
		{"longest streak in a window", "2026-11-25 00:00", agg(syntax.LongestStreak, last(23, syntax.Day)), "1"},
		{"longest streak of none", "2026-10-25 00:00", agg(syntax.LongestStreak, life), "0"},
		{"sum of the first day", "2026-11-25 00:00", of(syntax.FirstDaySum, "price", life), "10"},
		{"sum of the first day since", "2026-11-25 00:00", of(syntax.FirstDaySum, "price", since("2026-11-03")), "0.2"},
		{"sum of the first day from a time on", "2026-11-25 00:00", of(syntax.FirstDaySum, "price", syntax.Window{Kind: syntax.Since, Since: profile.TimeAt(h.at("2026-11-03 08:00"))}), "missing"},
		{"sum of the first day without the number", "2026-11-25 00:00", of(syntax.FirstDaySum, "paid", life), "missing"},
		{"any event", "2026-11-25 00:00", &syntax.Aggregate{Fn: syntax.Count, Event: syntax.AnyEvent}, "6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := h.says(tt.x, tt.now); got != tt.want {
				t.Errorf("%s at %s = %s, want %s", syntax.PrintOperand(tt.x), tt.now, got, tt.want)
			}
		})
	}
}

func TestAggregates_overflow(t *testing.T) {
	h := pastIn(t, "UTC")
	for i := range 1001 {
		h.did("2026-11-20 10:00", "A", "kind", i)
	}
	h.did("2026-11-21 10:00", "A", "kind", 1)
	unique := &syntax.Aggregate{Fn: syntax.Unique, Event: "A", Property: "kind", Window: last(2, syntax.Day)}
	if got := h.says(unique, "2026-11-21 12:00"); got != "missing" {
		t.Errorf("over the bound: %s", got)
	}
	if got := h.says(unique, "2026-11-22 12:00"); got != "1" {
		t.Errorf("once that day is out of the window: %s", got)
	}
	h = pastIn(t, "UTC")
	for i := range 2000 {
		h.did([]string{"2026-11-20 10:00", "2026-11-21 10:00"}[i%2], "A", "kind", i)
	}
	if got := h.says(unique, "2026-11-21 12:00"); got != "2000" {
		t.Errorf("within the bound day by day: %s", got)
	}
}

func TestSessions(t *testing.T) {
	h := pastIn(t, "UTC").
		did("2026-11-20 23:40", "A").did("2026-11-21 00:10", "A"). // exactly the gap
		did("2026-11-21 00:41", "A").                              // a minute more
		did("2026-11-21 12:00", "A").did("2026-11-21 11:45", "A").did("2026-11-21 12:29", "A")
	sessions := func(win syntax.Window) *syntax.Aggregate {
		a := agg(syntax.Sessions, win)
		a.Gap = 30 * time.Minute
		return a
	}
	for _, tt := range []struct {
		now  string
		win  syntax.Window
		want string
	}{
		{"2026-11-21 13:00", syntax.Window{}, "3"},
		{"2026-11-21 13:00", last(1, syntax.Day), "2"}, // the first began the day before
		{"2026-11-21 13:00", last(2, syntax.Day), "3"},
		{"2026-11-22 13:00", last(1, syntax.Day), "0"},
		{"2026-11-20 13:00", last(1, syntax.Day), "1"},
		{"2026-11-20 13:00", syntax.Window{}, "3"},
		{"2026-11-22 13:00", syntax.Window{Kind: syntax.Since, Since: profile.String("2026-11-21")}, "3"},
	} {
		if got := h.says(sessions(tt.win), tt.now); got != tt.want {
			t.Errorf("%+v at %s: %s, want %s", tt.win, tt.now, got, tt.want)
		}
	}
}

func TestFormula(t *testing.T) {
	h := pastIn(t, "Europe/Berlin").did("2026-03-28 23:30", "A", "n", 3)
	h.scope.traits["absent"] = syntax.TraitInfo{}
	h.scope.traits["twice"] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: &syntax.Arith{Op: syntax.Mul, L: num(2), R: agg(syntax.Count, syntax.Window{})}}
	arith := func(l syntax.Operand, op syntax.ArithOp, r syntax.Operand) syntax.Operand {
		return &syntax.Arith{Op: op, L: l, R: r}
	}
	call := func(fn syntax.CallFn, args ...syntax.Operand) syntax.Operand { return &syntax.Call{Fn: fn, Args: args} }
	lastTime := agg(syntax.LastTime, syntax.Window{})
	for _, tt := range []struct {
		name string
		x    syntax.Operand
		want string
	}{
		{"add", arith(num(1), syntax.Add, num(2)), "3"},
		{"a missing side", arith(num(1), syntax.Sub, trait("absent")), "missing"},
		{"by zero", arith(num(1), syntax.Div, num(0)), "missing"},
		{"zero by zero", arith(num(0), syntax.Div, num(0)), "missing"},
		{"beyond the greatest", arith(num(math.MaxFloat64), syntax.Mul, num(2)), "missing"},
		{"of a text", arith(num(1), syntax.Add, text("x")), "missing"},
		{"a computed trait", trait("twice"), "2"},
		{"round", call(syntax.Round, num(2.5)), "3"},
		{"round a negative", call(syntax.Round, num(-2.5)), "-3"},
		{"round to two", call(syntax.Round, num(1.005), num(2)), "1.01"},
		{"floor", call(syntax.Floor, num(-1.5)), "-2"},
		{"ceil", call(syntax.Ceil, num(-1.5)), "-1"},
		{"abs", call(syntax.Abs, num(-1.5)), "1.5"},
		{"least", call(syntax.Least, num(3), num(1), num(2)), "1"},
		{"greatest of texts", call(syntax.Greatest, text("a"), text("b")), "b"},
		{"least with one missing", call(syntax.Least, num(3), trait("absent")), "missing"},
		{"coalesce", call(syntax.Coalesce, trait("absent"), num(4)), "4"},
		{"coalesce of none", call(syntax.Coalesce, trait("absent"), trait("absent")), "missing"},
		{"if", &syntax.If{Cond: cmpOf(num(1), syntax.Lt, num(2)), Then: num(1), Else: num(2)}, "1"},
		{"if unknown", &syntax.If{Cond: cmpOf(trait("absent"), syntax.Lt, num(2)), Then: num(1), Else: num(2)}, "2"},
		{"if not unknown", &syntax.If{Cond: &syntax.Not{X: cmpOf(trait("absent"), syntax.Lt, num(2))}, Then: num(1), Else: num(2)}, "1"},
		{"days since, over a night of 23 hours", call(syntax.DaysSince, lastTime), "2"},
		{"days since one to come", call(syntax.DaysSince, &syntax.Literal{Value: profile.TimeAt(h.at("2026-04-01 00:00"))}), "-2"},
		{"days between", call(syntax.DaysBetween, lastTime, &syntax.Literal{Value: profile.TimeAt(h.at("2026-03-29 00:00"))}), "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := h.says(tt.x, "2026-03-30 00:00"); got != tt.want {
				t.Errorf("= %s, want %s", got, tt.want)
			}
			itself := map[bool]Truth{true: Unknown, false: True}[tt.want == "missing"]
			if got := Judge(cmpOf(tt.x, syntax.Eq, tt.x), h.person(), h.scope, h.at("2026-03-30 00:00")); got != itself {
				t.Errorf("equal to itself: %v, want %v", got, itself)
			}
		})
	}
}

func TestInterest(t *testing.T) {
	h := pastIn(t, "UTC")
	h.scope.interests["category"] = syntax.InterestInfo{HalfLife: 24 * time.Hour, Sources: []syntax.InterestSource{
		{Filter: syntax.Filter{Event: "View"}, Property: "category", Weight: 1},
		{Filter: syntax.Filter{Event: "Order"}, Property: "category", Weight: 2, By: "n"},
	}}
	h.did("2026-11-20 00:00", "View", "category", "tea").
		did("2026-11-21 00:00", "View", "category", "tea").
		did("2026-11-21 00:00", "Order", "category", "ink", "n", 1.5).
		did("2026-11-21 00:00", "Order", "category", "ink").
		did("2026-11-22 12:00", "View", "category", "cup")
	for _, tt := range []struct {
		now  string
		x    syntax.Operand
		want string
	}{
		{"2026-11-20 00:00", &syntax.Interest{Name: "category", Key: "tea"}, "1"},
		{"2026-11-21 00:00", &syntax.Interest{Name: "category", Key: "tea"}, "1.5"},
		{"2026-11-22 00:00", &syntax.Interest{Name: "category", Key: "tea"}, "0.75"},
		{"2026-11-22 00:00", &syntax.Interest{Name: "category", Key: "ink"}, "1.5"},
		{"2026-11-21 00:00", &syntax.Interest{Name: "category"}, "4.5"},
		{"2026-11-21 00:00", &syntax.Interest{Name: "category", Key: "cup"}, "0"},
		{"2026-11-19 00:00", &syntax.Interest{Name: "category"}, "0"},
		{"2026-11-19 00:00", &syntax.Interests{Name: "category", N: 2}, "missing"},
		{"2026-11-21 00:00", &syntax.Interests{Name: "category", N: 2}, "[ink, tea]"},
		{"2026-11-22 12:00", &syntax.Interests{Name: "category", N: 5}, "[ink, cup, tea]"},
		// After 64 half-lives a bucket counts no more.
		{"2027-01-23 23:59", &syntax.Interests{Name: "category", N: 5}, "[ink, cup, tea]"},
		{"2027-01-24 00:00", &syntax.Interests{Name: "category", N: 5}, "[cup]"},
		{"2027-01-25 00:00", &syntax.Interests{Name: "category", N: 5}, "missing"},
		{"2026-11-21 00:00", &syntax.Interest{Name: "nobody"}, "missing"},
	} {
		if got := h.says(tt.x, tt.now); got != tt.want {
			t.Errorf("%s at %s = %s, want %s", syntax.PrintOperand(tt.x), tt.now, got, tt.want)
		}
	}
	// What counts is what it comes to at the instant, wherever in the half-life.
	cup := &syntax.Interest{Name: "category", Key: "cup"}
	for after, want := range map[time.Duration]float64{0: 1, 12 * time.Hour: math.Sqrt2 / 2, 36 * time.Hour: math.Sqrt2 / 4} {
		at := h.at("2026-11-22 12:00") + profile.Instant(after.Microseconds())
		v, _ := ValueAt(cup, h.person(), h.scope, at)
		if d := math.Abs(v.Number() - want); d > 1e-8 {
			t.Errorf("after %v it is %v, want %v", after, v, want)
		}
	}
}

func TestPower(t *testing.T) {
	for part := range int64(100) {
		if got, want := power(part, 100), math.Exp2(float64(part)/100); math.Abs(got-want) > 1e-9 {
			t.Errorf("2^(%d/100) = %v, want %v", part, got, want)
		}
	}
	if d := cmp.Diff([]float64{1, math.Sqrt2}, []float64{power(0, 7), power(7, 14)}); d != "" {
		t.Error(d)
	}
}
