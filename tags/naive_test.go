package tags_test

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// naive evaluates a checked expression at one instant and nothing else: the
// definition that programs are held against.
type naive struct {
	scope syntax.Scope
	state *profile.State
	now   profile.Instant
}

func (n naive) eval(e syntax.Expr) bool {
	count := func(xs []syntax.Expr) (held int) {
		for _, x := range xs {
			if n.eval(x) {
				held++
			}
		}
		return held
	}
	switch e := e.(type) {
	case *syntax.And:
		return count(e.X) == len(e.X)
	case *syntax.Or:
		return count(e.X) > 0
	case *syntax.Not:
		return !n.eval(e.X)
	case *syntax.Xor:
		return count(e.X)%2 == 1
	case *syntax.Minus:
		return n.eval(e.X[0]) && count(e.X[1:]) == 0
	case *syntax.AtLeast:
		return count(e.X) >= e.K
	case *syntax.Const:
		return e.Value
	case *syntax.TagRef:
		rule, _ := n.scope.Tag(e.Name, e.Value)
		checked, err := syntax.Check(rule, n.scope)
		return err == nil && n.eval(checked)
	case *syntax.Exists:
		_, ok := n.value(e.X)
		return ok != e.Missing
	case *syntax.Compare:
		l, lok := n.value(e.L)
		r, rok := n.value(e.R)
		c := l.Compare(r)
		return lok && rok && map[syntax.Op]bool{syntax.Eq: c == 0, syntax.Ne: c != 0, syntax.Lt: c < 0, syntax.Le: c <= 0, syntax.Gt: c > 0, syntax.Ge: c >= 0}[e.Op]
	case *syntax.In:
		v, ok := n.value(e.X)
		return ok && slices.ContainsFunc(e.List, v.Equal) != e.Negated
	case *syntax.Has:
		v, ok := n.value(e.X)
		found := 0
		for _, w := range e.List {
			if slices.ContainsFunc(v.Elements(), w.Equal) {
				found++
			}
		}
		return ok && map[syntax.HasMode]bool{syntax.AnyOf: found > 0, syntax.AllOf: found == len(e.List), syntax.NoneOf: found == 0}[e.Mode]
	case *syntax.Match:
		v, ok := n.value(e.X)
		s := v.Text()
		switch e.Mode {
		case syntax.Contains:
			return ok && strings.Contains(s, e.Pattern)
		case syntax.StartsWith:
			return ok && strings.HasPrefix(s, e.Pattern)
		case syntax.EndsWith:
			return ok && strings.HasSuffix(s, e.Pattern)
		}
		return ok && regexp.MustCompile(e.Pattern).MatchString(s)
	}
	return false
}

func (n naive) value(x syntax.Operand) (profile.Value, bool) {
	switch x := x.(type) {
	case *syntax.Literal:
		return x.Value, true
	case *syntax.Now:
		return profile.TimeAt(n.now + profile.Instant(x.Offset.Microseconds())), true
	case *syntax.Ago:
		return profile.TimeAt(n.windowStart(x.N, x.Unit)), true
	case *syntax.Trait:
		info, _ := n.scope.Trait(x.Name)
		if info.Compute == nil {
			return n.state.Attr(x.Name, info.Policy)
		}
		return n.value(info.Compute)
	case *syntax.Aggregate:
		return n.fold(x)
	}
	return profile.Value{}, false
}

// windowStart is ago() for zones that change their clocks away from midnight.
func (n naive) windowStart(count int, unit syntax.Unit) profile.Instant {
	zone := n.scope.Zone()
	now := n.now.Time().In(zone)
	y, m, d := now.Date()
	switch unit {
	case syntax.Minute, syntax.Hour:
		grain := map[syntax.Unit]float64{syntax.Minute: 60e6, syntax.Hour: 3600e6}[unit]
		return profile.Instant((math.Floor(float64(n.now)/grain) - float64(count-1)) * grain)
	case syntax.Day:
		return profile.InstantOf(time.Date(y, m, d-count+1, 0, 0, 0, 0, zone))
	case syntax.Week:
		return profile.InstantOf(time.Date(y, m, d-7*count+1, 0, 0, 0, 0, zone))
	case syntax.Year:
		count *= 12
	}
	back := time.Date(y, m-time.Month(count), 1, 0, 0, 0, 0, zone)
	last := time.Date(back.Year(), back.Month()+1, 0, 0, 0, 0, 0, zone).Day()
	return profile.InstantOf(time.Date(back.Year(), back.Month(), min(d, last)+1, 0, 0, 0, 0, zone))
}

func (n naive) fold(a *syntax.Aggregate) (profile.Value, bool) {
	event, kept := n.state.Event(a.Event)
	number, ok := n.state.Number(a.Event, a.Property)
	switch a.Fn {
	case syntax.Count:
		return profile.Number(float64(event.Count)), kept
	case syntax.FirstTime:
		return profile.TimeAt(event.First), event.Count > 0
	case syntax.LastTime:
		return profile.TimeAt(event.Last), event.Count > 0
	case syntax.Unique:
		count, ok := n.state.Unique(a.Event, a.Property)
		return profile.Number(float64(count)), ok
	case syntax.SumOf:
		return profile.Number(number.Sum.Float64()), ok
	case syntax.AvgOf:
		return profile.Number(number.Sum.Div(max(number.Count, 1))), ok
	case syntax.MinOf:
		return profile.Number(number.Min), ok
	case syntax.MaxOf:
		return profile.Number(number.Max), ok
	case syntax.FirstOf:
		return profile.Number(number.First), ok
	}
	return profile.Number(number.Last), ok
}
