package tags

import (
	"regexp"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// predicate is a condition on one value; ok is false of one that is missing.
type predicate interface {
	holds(v profile.Value, ok bool) bool
	// flip returns an instant after now before which the answer does not change of a
	// value that goes on with the clock.
	flip(c *clock, now profile.Instant) profile.Instant
}

// unmoved is a predicate that holds of every time or of none.
type unmoved struct{}

func (unmoved) flip(*clock, profile.Instant) profile.Instant { return profile.Never }

// threshold compares a value, on the left, with a constant.
type threshold struct {
	op    syntax.Op
	value profile.Value
}

func (p *threshold) holds(v profile.Value, ok bool) bool {
	return ok && v.Kind() == p.value.Kind() && holds(p.op, v.Compare(p.value))
}

func (p *threshold) flip(c *clock, now profile.Instant) profile.Instant {
	if p.value.Kind() != profile.KindTime {
		return profile.Never
	}
	return c.flip(p.op, p.value.Instant(), now)
}

// membership is in and not in.
type membership struct {
	list    list
	negated bool
}

func (p *membership) holds(v profile.Value, ok bool) bool {
	return ok && p.list.contains(v) != p.negated
}

func (p *membership) flip(c *clock, now profile.Instant) profile.Instant {
	until := profile.Never
	for _, v := range p.list {
		if v.Kind() == profile.KindTime {
			until = min(until, c.flip(syntax.Eq, v.Instant(), now))
		}
	}
	return until
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
	unmoved
	mode syntax.HasMode
	list list
}

func (p *overlap) holds(v profile.Value, ok bool) bool {
	if !ok || !many(v.Kind()) {
		return false
	}
	elements := list(v.Elements())
	for i := range p.list {
		in := false
		if v.Kind() == profile.KindSet {
			in = elements.contains(p.list[i])
		} else {
			in = slices.ContainsFunc(elements, p.list[i].Equal)
		}
		switch {
		case in && p.mode != syntax.AllOf:
			return p.mode == syntax.AnyOf
		case !in && p.mode == syntax.AllOf:
			return false
		}
	}
	return p.mode != syntax.AnyOf
}

// match is contains, starts_with, ends_with and matches.
type match struct {
	unmoved
	mode    syntax.MatchMode
	text    string
	pattern *regexp.Regexp // for matches
}

func newMatch(e *syntax.Match) (*match, error) {
	p := &match{mode: e.Mode, text: e.Pattern}
	if e.Mode != syntax.Regex {
		return p, nil
	}
	var err error
	p.pattern, err = regexp.Compile(e.Pattern)
	return p, err
}

func (p *match) holds(v profile.Value, ok bool) bool {
	if !ok || v.Kind() != profile.KindString {
		return false
	}
	s := v.Text()
	switch p.mode {
	case syntax.Contains:
		return strings.Contains(s, p.text)
	case syntax.StartsWith:
		return strings.HasPrefix(s, p.text)
	case syntax.EndsWith:
		return strings.HasSuffix(s, p.text)
	}
	return p.pattern != nil && p.pattern.MatchString(s)
}

// existence is exists and missing.
type existence struct {
	unmoved
	missing bool
}

func (p *existence) holds(_ profile.Value, ok bool) bool { return ok != p.missing }
