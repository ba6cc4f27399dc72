package tags

import (
	"regexp"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// comparison compares two values that stand still.
type comparison struct {
	op   syntax.Op
	l, r operand
}

func (n *comparison) eval(st *profile.State, _ profile.Instant) answer {
	l, ok := n.l.read(st)
	if !ok {
		return always(false)
	}
	r, ok := n.r.read(st)
	return always(ok && l.Kind() == r.Kind() && holds(n.op, l.Compare(r)))
}

// clockComparison compares the clock, on the left, with a time that stands still.
type clockComparison struct {
	op    syntax.Op
	clock *clock
	x     operand
}

func (n *clockComparison) eval(st *profile.State, now profile.Instant) answer {
	v, ok := n.x.read(st)
	if !ok || v.Kind() != profile.KindTime {
		return always(false)
	}
	t := v.Instant()
	return answer{
		ok:    holds(n.op, compareInstants(n.clock.at(now), t)),
		until: n.clock.flip(n.op, t, now),
		exact: true,
	}
}

// twoClocks compares the clock with itself, moved.
type twoClocks struct {
	op   syntax.Op
	l, r *clock
}

func (n *twoClocks) eval(_ *profile.State, now profile.Instant) answer {
	until, exact := flipClocks(n.op, n.l, n.r, now)
	return answer{ok: compareAt(n.op, n.l, n.r, now), until: until, exact: exact}
}

// membership is in and not in.
type membership struct {
	x       operand
	list    list
	negated bool
}

func (n *membership) eval(st *profile.State, _ profile.Instant) answer {
	v, ok := n.x.read(st)
	return always(ok && n.list.contains(v) != n.negated)
}

// list is a sorted list of constants without repetitions.
type list []profile.Value

func newList(vs []profile.Value) list {
	return profile.Set(slices.Clone(vs)...).Elements()
}

func (l list) contains(v profile.Value) bool {
	const few = 8
	if len(l) <= few {
		for i := range l {
			if l[i].Equal(v) {
				return true
			}
		}
		return false
	}
	_, ok := slices.BinarySearchFunc(l, v, profile.Value.Compare)
	return ok
}

// overlap is any_of, all_of and none_of.
type overlap struct {
	mode syntax.HasMode
	x    operand
	list list
}

func (n *overlap) eval(st *profile.State, _ profile.Instant) answer {
	v, ok := n.x.read(st)
	if !ok {
		return always(false)
	}
	elements := list(v.Elements())
	for i := range n.list {
		in := false
		if v.Kind() == profile.KindSet {
			in = elements.contains(n.list[i])
		} else {
			in = slices.ContainsFunc(elements, n.list[i].Equal)
		}
		switch {
		case in && n.mode != syntax.AllOf:
			return always(n.mode == syntax.AnyOf)
		case !in && n.mode == syntax.AllOf:
			return always(false)
		}
	}
	return always(n.mode != syntax.AnyOf)
}

// match is contains, starts_with, ends_with and matches.
type match struct {
	mode    syntax.MatchMode
	x       operand
	text    string
	pattern *regexp.Regexp // for matches
}

func (n *match) eval(st *profile.State, _ profile.Instant) answer {
	v, ok := n.x.read(st)
	if !ok || v.Kind() != profile.KindString {
		return always(false)
	}
	s := v.Text()
	switch n.mode {
	case syntax.Contains:
		ok = strings.Contains(s, n.text)
	case syntax.StartsWith:
		ok = strings.HasPrefix(s, n.text)
	case syntax.EndsWith:
		ok = strings.HasSuffix(s, n.text)
	default:
		ok = n.pattern.MatchString(s)
	}
	return always(ok)
}

// existence is exists and missing.
type existence struct {
	x       operand
	missing bool
}

func (n *existence) eval(st *profile.State, _ profile.Instant) answer {
	_, ok := n.x.read(st)
	return always(ok != n.missing)
}
