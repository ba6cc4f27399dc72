package tags

import (
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// aggregateFact is an aggregate as it is held against another of the same event.
type aggregateFact struct {
	*syntax.Aggregate
	where string
	// bounded says that a state may have given up what the aggregate is of, although
	// the event happened.
	bounded bool
	some    set // what it is where at least one of its events happened, and nowhere else
}

// describe fills in what is known of an aggregate.
func (f *facts) describe(made *fact, a *syntax.Aggregate) {
	about := &aggregateFact{Aggregate: a}
	if a.Where != nil {
		about.where = syntax.Print(a.Where)
	}
	made.aggregate = about
	natural := satisfying(syntax.Ge, profile.Number(0))
	switch a.Fn {
	case syntax.Count:
		// Names of events beyond a bound are not counted over the whole life.
		about.bounded = syntax.FoldOf(a, f.scope) == nil
		made.domain, made.whole = set{missing: about.bounded, cuts: natural.cuts}, true
	case syntax.FirstTime, syntax.LastTime:
		about.bounded = syntax.FoldOf(a, f.scope) == nil
	case syntax.Days, syntax.Streak, syntax.LongestStreak, syntax.Sessions:
		made.domain, made.whole = natural, true
	case syntax.Unique:
		made.domain, made.whole = set{missing: true, cuts: natural.cuts}, true
	}
}

// happened returns the aggregate's some.
func (a *aggregateFact) happened(domain set) set {
	switch a.Fn {
	case syntax.Count, syntax.Days, syntax.LongestStreak, syntax.Streak, syntax.Sessions, syntax.Unique:
		return satisfying(syntax.Ge, profile.Number(1)).whole().and(domain)
	case syntax.ShareOfDays:
		return satisfying(syntax.Gt, profile.Number(0)).and(domain)
	}
	return domain.present()
}

// given returns what the aggregate is where an event of b happened, all of whose
// events are its own; ok is false where that says nothing.
func (a *aggregateFact) given(b *aggregateFact, domain set) (is set, ok bool) {
	if b.Fn == syntax.Dwell {
		return set{}, false // A night that has begun takes in what is yet to come of it.
	}
	switch a.Fn {
	case syntax.Count, syntax.FirstTime, syntax.LastTime:
	case syntax.Days, syntax.LongestStreak:
		// Days that have not begun do not count.
		if b.Window.Grain() != profile.ByDay && !b.ofDays() {
			return set{}, false
		}
	default:
		return set{}, false
	}
	is = a.some
	is.missing = a.bounded && !b.bounded && domain.missing
	return is, true
}

func (a *aggregateFact) ofDays() bool {
	switch a.Fn {
	case syntax.Days, syntax.Streak, syntax.LongestStreak, syntax.ShareOfDays:
		return true
	}
	return false
}

// within reports whether all events of a are among those of b.
func (f *facts) within(a, b *aggregateFact) bool {
	return a.Event == b.Event && windowWithin(a.Window, b.Window) && f.wheres.within(a, b)
}

// rank orders the functions that count the same events from the least.
func rank(fn syntax.Fn) int {
	switch fn {
	case syntax.LongestStreak:
		return 1
	case syntax.Days:
		return 2
	case syntax.Count:
		return 3
	}
	return 0
}

// order returns how two aggregates compare wherever neither is missing, all events of
// a being among those of b: negative for a not above b, positive for not below.
func order(a, b *aggregateFact) int {
	same := a.Property == b.Property
	switch {
	case rank(a.Fn) > 0 && rank(b.Fn) >= rank(a.Fn):
		return -1
	case a.Fn == syntax.Streak && rank(b.Fn) > 0:
		return -1
	case a.Fn == syntax.Sessions && b.Fn == syntax.Sessions && a.Gap == b.Gap && a.where == b.where:
		return -1
	case a.Fn == syntax.Sessions && b.Fn == syntax.Count && a.where == b.where && windowWithin(b.Window, a.Window):
		return -1
	case (a.Fn == syntax.MaxOf || a.Fn == syntax.MinOf) && b.Fn == syntax.MaxOf && same:
		return -1
	case (a.Fn == syntax.MaxOf || a.Fn == syntax.MinOf) && b.Fn == syntax.MinOf && same:
		return 1
	case (a.Fn == syntax.FirstTime || a.Fn == syntax.LastTime) && b.Fn == syntax.LastTime:
		return -1
	case (a.Fn == syntax.FirstTime || a.Fn == syntax.LastTime) && b.Fn == syntax.FirstTime:
		return 1
	}
	return 0
}

// wheres tells which conditions on events imply others.
type wheres struct {
	scope  syntax.Scope
	known  map[[2]string]bool
	reason *reasoner // made when it is needed
}

func (w *wheres) within(a, b *aggregateFact) bool {
	switch {
	case a.where == b.where || b.where == "":
		return true
	case a.where == "" || strings.Contains(a.where+b.where, "where("):
		return false
	}
	pair := [2]string{a.where, b.where}
	is, ok := w.known[pair]
	if !ok {
		if w.reason == nil {
			w.reason = newReasoner(w.scope, true)
		}
		is = w.reason.implies(w.reason.formula(a.Where), w.reason.formula(b.Where))
		w.known[pair] = is
	}
	return is
}
