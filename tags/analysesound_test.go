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

// near makes rules that are often related: few operands, few constants.
type near struct{ *rand.Rand }

func (n near) pick(from ...string) string { return from[n.IntN(len(from))] }

func (n near) window() string {
	return n.pick("", `, last("1d")`, `, last("2d")`, `, last("1w")`, `, last("7d")`, `, last("1mo")`, `, last("30d")`, `, last("3h")`, `, last("200m")`, `, today()`,
		`, this("week")`, `, this("month")`, `, this("year")`, `, between("9d", "2d")`, `, between("2w", "1w")`, `, since("2026-05-01")`, `, since("2026-05-08")`)
}

func (n near) days() string {
	return n.pick("", `, last("2d")`, `, last("7d")`, `, this("week")`, `, last("1mo")`, `, between("9d", "2d")`)
}

func (n near) where() string {
	return n.pick("", "", "", `, where(price > 1)`, `, where(price >= 1 and exists(category))`, `, where(category = "x")`, `, where(category in ["x", "y"])`)
}

func (n near) number() string {
	switch n.IntN(8) {
	case 0:
		return n.pick("age", "points", "recent", "spend", "basket")
	case 1:
		return n.pick("days", "longest_streak", "streak", "share_of_days") + `("Product Viewed"` + n.where() + n.days() + `)`
	case 2:
		return n.pick("min", "max", "sum", "avg") + `("Product Viewed", "price"` + n.where() + n.window() + `)`
	case 3:
		return n.pick(`if(vip = true, age, 2)`, `coalesce(age, points, 1)`, `sessions("Product Viewed", "1h"`+n.days()+`)`, `unique("Product Viewed", "category"`+n.window()+`)`,
			`first_day_sum("Product Viewed", "price"`+n.where()+n.pick("", `, since("2026-05-04")`)+`)`)
	}
	return `count("` + n.pick("Product Viewed", "Product Viewed", "*") + `"` + n.where() + n.window() + `)`
}

func (n near) time() string {
	return n.pick("registered", "renewal", `last_time("Product Viewed"`+n.window()+`)`, `first_time("Product Viewed"`+n.window()+`)`)
}

func (n near) clock() string {
	return n.pick("now()", `now() - "24h"`, `now() - "170h"`, `ago("1d")`, `ago("2d")`, `ago("1w")`, `ago("7d")`, `ago("1mo")`, `ago("30d")`, `ago("3h")`, `ago("200m")`, `date("2026-05-01")`, `date("2026-05-08")`)
}

func (n near) atom() string {
	op := n.pick("=", "!=", "<", "<=", ">", ">=")
	switch n.IntN(12) {
	case 0, 1, 2, 3:
		return n.number() + " " + op + " " + n.pick("0", "1", "2", "1.5", "3")
	case 4:
		return n.number() + " " + op + " " + n.number()
	case 5, 6:
		return n.time() + " " + op + " " + n.pick(n.clock(), n.clock(), n.time())
	case 7:
		return n.clock() + " " + op + " " + n.clock()
	case 8:
		return n.pick("exists", "missing") + "(" + n.pick("city", n.number(), n.time(), "apps") + ")"
	case 9:
		return "city " + n.pick(`in ["a", "ab"]`, `in ["b"]`, `not in ["a"]`, `= "ab"`, `!= "a"`, `< "b"`)
	case 10:
		return n.pick(`contains(city, "b")`, `contains(city, "ab")`, `starts_with(city, "a")`, `ends_with(city, "b")`, `vip = true`, `vip != true`, `tag("沉睡")`, `tag("等级", "高")`, `favourite = "x"`)
	}
	return "apps " + n.pick("any_of", "all_of", "none_of") + n.pick(` ["a"]`, ` ["a", "b"]`, ` []`)
}

func (n near) rule(depth int) string {
	if depth == 0 || n.IntN(4) == 0 {
		return n.atom()
	}
	x, y := n.rule(depth-1), n.rule(depth-1)
	switch n.IntN(8) {
	case 0:
		return "not (" + x + ")"
	case 1:
		return fmt.Sprintf("xor(%s, %s)", x, y)
	case 2:
		return fmt.Sprintf("at_least(2, %s, %s, %s)", x, y, n.rule(depth-1))
	case 3, 4:
		return fmt.Sprintf("(%s or %s)", x, y)
	}
	return fmt.Sprintf("(%s and %s)", x, y)
}

// profile makes the events of one person, most of them near an instant.
func (n near) events(around profile.Instant) []profile.Event {
	events := make([]profile.Event, n.IntN(7))
	for i := range events {
		span := []time.Duration{time.Hour, 5 * time.Hour, 72 * time.Hour, 12 * 24 * time.Hour, 45 * 24 * time.Hour}[n.IntN(5)]
		e := profile.Event{MessageID: fmt.Sprint(i), Time: around.Time().Add(time.Duration(n.Int64N(int64(span))) - span*9/10).Truncate(time.Microsecond)}
		if n.IntN(3) == 0 {
			e.Type, e.Traits = profile.Identify, map[string]profile.Value{}
			for name, v := range map[string]profile.Value{
				"city": profile.String(n.pick("a", "ab", "b", "c")), "age": profile.Number(float64(n.IntN(4))), "points": profile.Number(float64(n.IntN(4)) / 2),
				"vip": profile.Bool(n.IntN(2) == 0), "registered": profile.Time(e.Time.Add(-time.Hour)), "renewal": profile.Time(e.Time.Add(time.Hour)),
				"apps": profile.List(profile.String(n.pick("a", "b")), profile.String(n.pick("a", "c"))),
			} {
				if n.IntN(2) == 0 {
					e.Traits[name] = v
				}
			}
		} else {
			e.Name, e.Properties = n.pick("Product Viewed", "Product Viewed", "Order Completed"), map[string]profile.Value{}
			if n.IntN(3) > 0 {
				e.Properties["price"] = profile.Number(float64(n.IntN(5)) / 2)
			}
			if n.IntN(3) > 0 {
				e.Properties["category"] = profile.String(n.pick("x", "y", "z"))
			}
		}
		events[i] = e
	}
	return events
}

// What an analysis claims is so of every profile.
func TestAnalyse_claims_hold(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	n := near{rand.New(rand.NewPCG(seed, 7))}
	s := shop(t, "Europe/Berlin")
	found := map[tags.FindingKind]int{}
	for range 60 {
		var subjects []tags.Subject
		last := n.rule(2)
		for i := range 12 {
			text := n.rule(n.IntN(3))
			switch n.IntN(4) {
			case 0:
				text = strings.Replace(last, " >= ", " > ", 1)
			case 1:
				text = last + n.pick(" and ", " or ") + text
			}
			last = text
			rule := tags.MustParse(text)
			subjects = append(subjects, tags.Subject{Tag: fmt.Sprint(i), Holds: rule.Tree()})
		}
		checkClaims(t, s, subjects, found, func() ([]profile.Event, profile.Instant) {
			around := at(t, n.pick("2026-05-10T04:00:00Z", "2026-05-10T22:30:00Z", "2026-03-29T01:10:00Z", "2026-05-01T00:00:00Z"))
			return n.events(around), around
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("found %v", found)
	for kind := tags.AlwaysFalse; kind <= tags.PartIdle; kind++ {
		if kind != tags.Unreachable && found[kind] == 0 {
			t.Errorf("nothing of kind %d was found: %v", kind, found)
		}
	}
}

// The same of random expressions of every node of the language.
func TestAnalyse_claims_of_any_expression_hold(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := shop(t, "America/New_York")
	r := &syntaxtest.Random{Rand: rand.New(rand.NewPCG(seed, 7)), Around: at(t, "2026-05-10T04:00:00Z"), Behaviour: true}
	found := map[tags.FindingKind]int{}
	for range 40 {
		var subjects []tags.Subject
		for i := range 10 {
			subjects = append(subjects, tags.Subject{Tag: fmt.Sprint(i), Holds: r.Expr(1 + r.IntN(3))})
		}
		checkClaims(t, s, subjects, found, func() ([]profile.Event, profile.Instant) {
			events := randomEvents(s, r)
			for i := range 4 {
				events = append(events, r.Event(fmt.Sprint("e", i), 60*24*time.Hour))
			}
			return events, r.Value(profile.KindTime).Instant()
		})
		if t.Failed() {
			return
		}
	}
}

// withoutPart compiles a rule without a part of it, at every place where it may stand.
func withoutPart(t *testing.T, s *syntaxtest.Scope, text, part string) (programs []*tags.Program) {
	t.Helper()
	for at := range len(text) {
		if !strings.HasPrefix(text[at:], part) {
			continue
		}
		for _, constant := range []string{"true", "false"} {
			if rule, err := tags.Parse(text[:at] + constant + text[at+len(part):]); err == nil {
				if p, err := tags.Compile(rule.Tree(), s); err == nil {
					programs = append(programs, p)
				}
			}
		}
	}
	return programs
}

// checkClaims holds the findings about rules against random people.
func checkClaims(t *testing.T, s *syntaxtest.Scope, subjects []tags.Subject, found map[tags.FindingKind]int, person func() ([]profile.Event, profile.Instant)) {
	t.Helper()
	programs := map[string]*tags.Program{}
	text := map[string]string{}
	for _, x := range subjects {
		p, err := tags.Compile(x.Holds, s)
		if err != nil {
			t.Fatalf("%s: %v", syntax.Print(x.Holds), err)
		}
		programs[x.Tag], text[x.Tag] = p, syntax.Print(x.Holds)
	}
	a := analyse(t, subjects, s)
	parts := map[string]*tags.Program{}
	without := make([][]*tags.Program, len(a.Findings))
	for i, f := range a.Findings {
		found[f.Kind]++
		if f.Part != "" {
			parts[f.Part] = compile(t, s, f.Part)
		}
		if f.Kind == tags.PartIdle {
			without[i] = withoutPart(t, s, text[f.Tag], f.Part)
		}
	}
	for range 40 {
		events, around := person()
		st := fold(t, s, events...)
		holds := map[string]bool{}
		for tag, p := range programs {
			holds[tag], _ = p.Eval(st, around)
		}
		for i, f := range a.Findings {
			part := false
			if f.Part != "" {
				part, _ = parts[f.Part].Eval(st, around)
			}
			is, other := holds[f.Tag], holds[f.Other]
			wrong := false
			switch f.Kind {
			case tags.AlwaysFalse:
				wrong = is
			case tags.AlwaysTrue:
				wrong = !is
			case tags.Equal:
				wrong = is != other
			case tags.Contained:
				wrong = is && !other
			case tags.Contradictory:
				wrong = is && other
			case tags.PartNever:
				wrong = part
			case tags.PartAlways:
				wrong = !part
			case tags.PartIdle:
				without[i] = slices.DeleteFunc(without[i], func(p *tags.Program) bool {
					without, _ := p.Eval(st, around)
					return without != is
				})
				wrong = len(without[i]) == 0
			}
			if wrong {
				t.Errorf("%s\n  %s\n  %s\nbut not at %v of %+v", f, text[f.Tag], text[f.Other], around, events)
				return
			}
		}
	}
}
