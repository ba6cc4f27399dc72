package tags_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

const day = 24 * 3600 * 1_000_000

// places are zones with an instant near which something is peculiar.
var places = []struct{ name, zone, around string }{
	{"the clock goes forward", "Europe/Berlin", "2026-03-29T00:59:59.999999Z"},
	{"the clock goes back", "Europe/Berlin", "2026-10-25T01:30:00Z"},
	{"forward in New York", "America/New_York", "2026-03-08T07:00:00Z"},
	{"back in New York", "America/New_York", "2026-11-01T06:00:00Z"},
	{"forward by half an hour", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	{"back by half an hour", "Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
	{"a leap day", "Asia/Shanghai", "2028-02-28T16:00:00Z"},
	{"the end of a month", "Asia/Shanghai", "2026-03-31T04:00:00Z"},
	{"the end of a year", "UTC", "2026-12-31T23:59:59.999999Z"},
}

// dice makes events and texts of rules.
type dice struct {
	*rand.Rand
	around profile.Instant
	zone   *time.Location
}

func (d *dice) pick(from ...string) string { return from[d.IntN(len(from))] }

// instant returns an instant within so many days, often on a boundary or a
// microsecond beside one.
func (d *dice) instant(within int64) profile.Instant {
	at := d.around + profile.Instant(d.Int64N(2*within*day)-within*day)
	switch d.IntN(5) {
	case 0:
		at -= at % 60_000_000
	case 1:
		at -= at % 3_600_000_000
	case 2:
		y, m, dom := at.Time().In(d.zone).Date()
		at = profile.InstantOf(time.Date(y, m, dom, 0, 0, 0, 0, d.zone))
	default:
		return at
	}
	return at + profile.Instant(d.IntN(3)-1)
}

func (d *dice) events(n int, within int64) []profile.Event {
	events := make([]profile.Event, d.IntN(n+1))
	for i := range events {
		e := profile.Event{Name: d.pick("A", "B", "C"), MessageID: fmt.Sprint(i), Time: d.instant(within).Time(), Properties: map[string]profile.Value{}}
		if d.IntN(5) > 0 {
			e.Properties["p"] = profile.Number(float64(d.IntN(9)-2) / 2)
		}
		if d.IntN(5) > 0 {
			e.Properties["s"] = profile.String(d.pick("x", "y", "z"))
		}
		events[i] = e
	}
	return events
}

func (d *dice) window(units ...string) string {
	n := 1 + d.IntN(4)
	switch d.IntN(8) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(`, since("%s")`, d.instant(4).Time().Format(time.RFC3339Nano))
	case 2, 3:
		return fmt.Sprintf(`, this("%s")`, d.pick("day", "week", "month", "quarter", "year"))
	case 4:
		unit := units[d.IntN(len(units))]
		return fmt.Sprintf(`, between("%d%s", "%d%s")`, n+1+d.IntN(2), unit, n, unit)
	}
	return fmt.Sprintf(`, last("%d%s")`, n, units[d.IntN(len(units))])
}

// lasting returns a window that no event leaves.
func (d *dice) lasting() string {
	if d.IntN(2) == 0 {
		return ""
	}
	return fmt.Sprintf(`, since("%s")`, d.instant(4).Time().Format(time.RFC3339Nano))
}

func (d *dice) where() string { return d.pick("", "", ", where(p > 0.5)") }

// aggregate returns a random aggregate that is a number, or any.
func (d *dice) aggregate(number bool) string {
	all, civil := []string{"m", "h", "d", "w", "mo", "y"}, []string{"d", "w", "mo", "y"}
	event := d.pick("A", "A", "B", "*")
	switch n := d.IntN(13); {
	case n == 12:
		return fmt.Sprintf(`first_day_sum(%q, "p"%s%s)`, event, d.where(), d.lasting())
	case n < 3:
		return fmt.Sprintf(`count(%q%s%s)`, event, d.where(), d.window(all...))
	case n < 6:
		return fmt.Sprintf(`%s(%q, "p"%s%s)`, d.pick("sum", "avg", "min", "max"), event, d.where(), d.window(all...))
	case n < 8:
		return fmt.Sprintf(`%s(%q%s%s)`, d.pick("days", "streak", "longest_streak", "share_of_days"), event, d.where(), d.window(civil...))
	case n < 9:
		return fmt.Sprintf(`sessions(%q, "%s"%s%s)`, event, d.pick("30m", "6h", "36h"), d.where(), d.window(civil...))
	case n < 10 || number:
		return fmt.Sprintf(`unique(%q, "s"%s%s)`, event, d.where(), d.window(all...))
	case n < 11:
		return fmt.Sprintf(`%s(%q, "%s"%s%s)`, d.pick("first", "last", "most_frequent"), event, d.pick("p", "s"), d.where(), d.window(all...))
	}
	return d.pick(
		fmt.Sprintf(`%s(2, %q, "s"%s%s)`, d.pick("top", "latest", "earliest"), event, d.where(), d.window(all...)),
		fmt.Sprintf(`top(2, %q, "s", by("p")%s%s)`, event, d.where(), d.window(all...)),
		fmt.Sprintf(`%s(%q%s%s)`, d.pick("first_time", "last_time"), event, d.where(), d.window(all...)),
	)
}

func (d *dice) comparison(x string) string {
	return fmt.Sprintf(`%s %s %s`, x, d.pick("=", "!=", "<", "<=", ">", ">="), d.pick("0", "1", "2", "0.5", "1.5", "3"))
}

// instants lists the instants after now at which anything may change: the beginnings
// of the days to come, and of buckets that events lie in, and what a sequence waits
// for.
func instants(h *history, e syntax.Expr, until profile.Instant) []profile.Instant {
	var at []profile.Instant
	for d := h.date(h.now); ; d = d.AddDate(0, 0, 1) {
		y, m, dom := d.Date()
		begin := profile.InstantOf(time.Date(y, m, dom, 0, 0, 0, 0, h.zone()))
		if begin > until {
			break
		}
		at = append(at, begin)
	}
	var waits []profile.Instant
	if happened, ok := e.(*syntax.Happened); ok {
		waits = append(waits, profile.Instant(happened.X.Within.Microseconds()))
	}
	if c, ok := e.(*syntax.Compare); ok {
		if s, ok := c.L.(*syntax.Sequence); ok {
			waits = append(waits, profile.Instant(s.Within.Microseconds()))
		}
	}
	for i := range h.events {
		t := h.events[i].Stamp().At
		at = append(at, t)
		for _, wait := range waits {
			at = append(at, t+wait)
		}
		for n := range profile.Instant(8) {
			at = append(at, t-t%60_000_000+n*60_000_000, t-t%3_600_000_000+n*3_600_000_000)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	return slices.DeleteFunc(at, func(t profile.Instant) bool { return t <= h.now || t > until })
}

// checkBehaviour holds a rule against its definition: the answer now, the first
// instant at which it changes, and the answers around every instant at which it might.
func checkBehaviour(t *testing.T, s *syntaxtest.Scope, rule string, events []profile.Event, now profile.Instant) {
	t.Helper()
	p := compile(t, s, rule)
	state := fold(t, s, events...)
	e, err := syntax.Check(parse(t, rule), s)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{scope: s, events: events, now: now}
	is := h.holds(e)
	fail := func(format string, args ...any) {
		t.Helper()
		var b strings.Builder
		for i := range events {
			fmt.Fprintf(&b, "\n%s %v %v", events[i].Name, events[i].Stamp().At, events[i].Properties)
		}
		t.Fatalf("%s in %v at %v: %s%s", rule, s.Zone(), now, fmt.Sprintf(format, args...), b.String())
	}
	got, until := p.Eval(state, now)
	if got != is {
		fail("%v, want %v", got, is)
	}
	limit := now + 60*day
	want := profile.Never
	for _, at := range instants(h, e, limit) {
		for _, beside := range []profile.Instant{at - 1, at, at + 1} {
			if beside <= now {
				continue
			}
			h.now = beside
			truth := h.holds(e)
			if truth != is && want == profile.Never {
				want = beside
			}
			if want == profile.Never || beside <= want+1 {
				if got, _ := p.Eval(state, beside); got != truth {
					fail("at %v %v, want %v", beside, got, truth)
				}
			}
		}
		if want < at {
			break
		}
	}
	if until != want && (until <= limit || want <= limit) {
		fail("%v until %v, want %v", is, until, want)
	}
}

func parse(t testing.TB, text string) syntax.Expr {
	t.Helper()
	e, err := syntax.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestProgram_windows_agree_with_the_events(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for i, place := range places {
		t.Run(place.name, func(t *testing.T) {
			d := &dice{Rand: rand.New(rand.NewPCG(seed, uint64(i))), around: at(t, place.around)}
			for range 25 {
				s := shop(t, place.zone)
				s.FirstDay = time.Weekday(d.IntN(7))
				d.zone = s.Zone()
				events := d.events(12, 1+d.Int64N(40))
				rule := d.comparison(d.aggregate(true))
				if d.IntN(4) == 0 {
					rule = d.pick("exists(", "missing(") + d.aggregate(false) + ")"
				}
				if d.IntN(3) == 0 {
					other := d.comparison(d.aggregate(true))
					rule = fmt.Sprintf(d.pick("%s and %s", "%s or not (%s)", "xor(%s, %s)", "not (%s and not (%s))"), rule, other)
				}
				checkBehaviour(t, s, rule, events, d.instant(3))
			}
		})
	}
}

// A value is what the events say, and stays so until its deadline.
func TestValue_agrees_with_the_events(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for i, place := range places {
		t.Run(place.name, func(t *testing.T) {
			d := &dice{Rand: rand.New(rand.NewPCG(seed, uint64(i))), around: at(t, place.around)}
			for range 25 {
				s := shop(t, place.zone)
				d.zone = s.Zone()
				checkValue(t, s, d.aggregate(false), d.events(12, 1+d.Int64N(40)), d.instant(3))
			}
		})
	}
}

func checkValue(t *testing.T, s *syntaxtest.Scope, text string, events []profile.Event, now profile.Instant) {
	t.Helper()
	x, err := syntax.ParseOperand(text)
	if err != nil {
		t.Fatal(err)
	}
	if x, err = syntax.CheckOperand(x, s); err != nil {
		t.Fatal(err)
	}
	value, err := tags.CompileValue(x, s)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	state := fold(t, s, events...)
	h := &history{scope: s, events: events, now: now}
	says := func(at profile.Instant) string {
		h.now = at
		v, ok := h.value(x)
		return fmt.Sprint(v, ok)
	}
	was := says(now)
	v, ok, until := value.Eval(state, now)
	if got := fmt.Sprint(v, ok); got != was {
		t.Fatalf("%s at %v: %v, want %v", text, now, got, was)
	}
	h.now = now
	for _, at := range instants(h, nil, min(until, now+60*day)) {
		for _, beside := range []profile.Instant{at - 1, at} {
			if beside <= now || beside > until {
				continue
			}
			is := says(beside)
			v, ok, _ := value.Eval(state, beside)
			if got := fmt.Sprint(v, ok); got != is {
				t.Fatalf("%s at %v: %v, want %v", text, beside, got, is)
			}
			if (is != was) != (beside == until) {
				t.Fatalf("%s: %v at %v until %v, %v at %v", text, was, now, until, is, beside)
			}
		}
	}
}
