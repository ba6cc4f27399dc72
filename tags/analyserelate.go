package tags

import (
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// relate draws the conclusions from one fact on another of its family. It is false
// where they contradict each other.
func (r *reasoner) relate(n, m int) bool {
	a, b := &r.all[n], &r.all[m]
	switch {
	case a.aggregate != nil && b.aggregate != nil:
		return r.relateAggregates(n, m)
	case a.against != nil && b.against != nil && a.needs[0].fact == b.needs[0].fact:
		return r.relateClocks(n, m)
	case a.match != nil && b.match != nil && a.needs[0].fact == b.needs[0].fact:
		return r.relateTexts(n, m)
	}
	return true
}

// relateAggregates: all events of the first are events of the second.
func (r *reasoner) relateAggregates(n, m int) bool {
	a, b := r.all[n].aggregate, r.all[m].aggregate
	if !r.within(a, b) {
		return true
	}
	switch by := order(a, b); {
	case by < 0 && (!r.lowest(m, n) || !r.highest(n, m)):
		return false
	case by > 0 && (!r.lowest(n, m) || !r.highest(m, n)):
		return false
	}
	then, known := b.given(a, r.all[m].domain)
	switch {
	case !known:
		return true
	case r.state[n].within(a.some):
		return r.narrowTo(m, then)
	case r.state[m].apart(then):
		return r.narrowTo(n, r.all[n].domain.without(a.some))
	}
	return true
}

// relateClocks: one operand compared with two clocks, the first never behind the second.
func (r *reasoner) relateClocks(n, m int) bool {
	if !clockBefore(r.all[n].against, r.all[m].against) {
		return true
	}
	for _, op := range [...]syntax.Op{syntax.Ge, syntax.Gt} {
		is := satisfying(op, profile.Number(0)).whole()
		if r.state[m].within(is) && !r.narrowTo(n, is.and(r.all[n].domain)) {
			return false
		}
	}
	for _, op := range [...]syntax.Op{syntax.Le, syntax.Lt} {
		is := satisfying(op, profile.Number(0)).whole()
		if r.state[n].within(is) && !r.narrowTo(m, is.and(r.all[m].domain)) {
			return false
		}
	}
	return true
}

// relateTexts: a text with the pattern of the first may have that of the second too.
func (r *reasoner) relateTexts(n, m int) bool {
	a, b := r.all[n].match, r.all[m].match
	var implied bool
	switch {
	case b.mode == syntax.Contains && (a.mode == syntax.Contains || a.mode == syntax.EndsWith):
		implied = strings.Contains(a.pattern, b.pattern)
	case b.mode == syntax.EndsWith && a.mode == syntax.EndsWith:
		implied = strings.HasSuffix(a.pattern, b.pattern)
	}
	switch {
	case !implied:
		return true
	case !r.state[n].missing:
		return r.narrowTo(m, r.all[m].domain.present())
	case len(r.state[m].cuts) == 0:
		return r.narrowTo(n, set{missing: true})
	}
	return true
}
