package tags

import (
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// reasoner finds out which formulas can hold together. It holds what each fact may
// still be, under all that is assumed.
type reasoner struct {
	*formulas
	state   []set // by fact
	touched []bool
	active  [][]int // by family: the touched facts
	links   [][]int // by fact: the facts that need it
	trail   []change
	queue   []int
	// budget is how many steps the question at hand may still take; spent counts
	// those of all questions.
	budget, spent int
	gaveUp        bool
}

// change is a fact as it was before.
type change struct {
	fact  int
	was   set
	fresh bool // it had not been touched
}

// maxQuestion bounds the steps of one question.
const maxQuestion = 4000

func newReasoner(s syntax.Scope, events bool) *reasoner {
	return &reasoner{formulas: newFormulas(newFacts(s, events))}
}

// grow makes room for facts that were made since.
func (r *reasoner) grow() {
	for n := len(r.state); n < len(r.all); n++ {
		r.state = append(r.state, r.all[n].domain)
		r.touched = append(r.touched, false)
		r.links = append(r.links, nil)
		for _, need := range r.all[n].needs {
			r.links[need.fact] = append(r.links[need.fact], n)
		}
	}
	for len(r.active) < len(r.families) {
		r.active = append(r.active, nil)
	}
}

// ask begins a question.
func (r *reasoner) ask() {
	r.grow()
	r.budget, r.gaveUp = maxQuestion, false
}

// impossible reports whether formulas cannot hold together, beside what is assumed.
// It may say no where they cannot.
func (r *reasoner) impossible(fs ...*formula) bool {
	r.ask()
	return r.refute(nil, fs...)
}

// refute is impossible with alternatives that are still open.
func (r *reasoner) refute(open []*formula, fs ...*formula) bool {
	mark := len(r.trail)
	defer r.undo(mark)
	open = slices.Clip(open)
	for _, f := range fs {
		if !r.assume(f, &open) {
			return true
		}
	}
	return r.closed(open)
}

// implies reports whether b holds wherever a does. It may say no where it is so.
func (r *reasoner) implies(a, b *formula) bool { return a == b || r.impossible(a, r.not(b)) }

// undo takes back all changes since a mark.
func (r *reasoner) undo(mark int) {
	r.queue = r.queue[:0]
	for len(r.trail) > mark {
		c := r.trail[len(r.trail)-1]
		r.trail = r.trail[:len(r.trail)-1]
		r.state[c.fact] = c.was
		if c.fresh {
			r.touched[c.fact] = false
			for _, family := range r.all[c.fact].families {
				r.active[family] = r.active[family][:len(r.active[family])-1]
			}
		}
	}
}

func (r *reasoner) step() bool {
	r.budget--
	r.spent++
	if r.budget < 0 {
		r.gaveUp = true
	}
	return !r.gaveUp
}

// assume adds a formula to what is assumed, and its alternatives to open. It is false
// where that cannot be.
func (r *reasoner) assume(f *formula, open *[]*formula) bool {
	switch f.op {
	case opNever:
		return false
	case opEver:
		return true
	case opIs:
		return r.narrow(f.fact, f.set) && r.follow()
	case opSome:
		*open = append(*open, f)
		return true
	}
	for _, x := range f.x {
		if !r.assume(x, open) {
			return false
		}
	}
	return true
}

// narrow says that a fact is in a set. It is false where it cannot be.
func (r *reasoner) narrow(fact int, s set) bool {
	now := r.state[fact]
	fresh := !r.touched[fact]
	if !fresh && now.within(s) {
		return true
	}
	if !r.step() {
		return true
	}
	narrowed := now
	if !now.within(s) {
		narrowed = now.and(s)
		if r.all[fact].whole {
			narrowed = narrowed.whole()
		}
	}
	r.trail = append(r.trail, change{fact, now, fresh})
	r.state[fact] = narrowed
	if fresh {
		r.touched[fact] = true
		for _, family := range r.all[fact].families {
			r.active[family] = append(r.active[family], fact)
		}
	}
	r.queue = append(r.queue, fact)
	return !narrowed.empty()
}

// closed reports whether none of the ways to choose one alternative of each formula
// is possible.
func (r *reasoner) closed(open []*formula) bool {
	for changed := true; changed; {
		changed = false
		kept := make([]*formula, 0, len(open))
		for _, f := range open {
			left, only, held := r.alternatives(f)
			switch {
			case r.gaveUp:
				return false
			case held:
				changed = true
			case left == 0:
				return true
			case left == 1:
				changed = true
				if !r.assume(only, &kept) { // what follows from it has its turn in the next round
					return true
				}
			default:
				kept = append(kept, f)
			}
		}
		open = kept
	}
	if len(open) == 0 {
		return false
	}
	least := slices.IndexFunc(open, func(f *formula) bool {
		return len(f.x) == len(slices.MinFunc(open, func(a, b *formula) int { return len(a.x) - len(b.x) }).x)
	})
	chosen := open[least]
	rest := slices.Delete(slices.Clone(open), least, least+1)
	for _, x := range chosen.x {
		if !r.step() || !r.refute(rest, x) {
			return false
		}
	}
	return true
}

// alternatives returns how many alternatives of a formula seem possible, one of them,
// and whether one of them holds anyway.
func (r *reasoner) alternatives(f *formula) (left int, only *formula, held bool) {
	for _, x := range f.x {
		if !r.step() {
			return 2, nil, false
		}
		if x.op == opIs && r.state[x.fact].within(x.set) {
			return 0, nil, true
		}
		if r.refutedAtOnce(x) {
			continue
		}
		left++
		only = x
	}
	return left, only, false
}

// refutedAtOnce reports whether a formula is against a single fact.
func (r *reasoner) refutedAtOnce(f *formula) bool {
	switch f.op {
	case opIs:
		return r.state[f.fact].apart(f.set)
	case opAll:
		for _, x := range f.x {
			if x.op == opIs && r.state[x.fact].apart(x.set) {
				return true
			}
		}
	}
	return false
}

// follow draws the conclusions from all facts that were narrowed. It is false where
// they contradict each other.
func (r *reasoner) follow() bool {
	for len(r.queue) > 0 {
		n := r.queue[len(r.queue)-1]
		r.queue = r.queue[:len(r.queue)-1]
		if r.gaveUp {
			r.queue = r.queue[:0]
			return true
		}
		if !r.followNeeds(n) || !r.followText(n) || !r.followSides(n) {
			return false
		}
		for _, m := range r.links[n] {
			if r.touched[m] && (!r.followNeeds(m) || !r.followText(m) || !r.followSides(m)) {
				return false
			}
		}
		for _, family := range r.all[n].families {
			for _, m := range r.active[family] {
				if m != n && (!r.relate(n, m) || !r.relate(m, n)) {
					return false
				}
			}
		}
	}
	return true
}

// followNeeds: what is not missing says what others are.
func (r *reasoner) followNeeds(n int) bool {
	f := &r.all[n]
	if len(f.needs) == 0 {
		return true
	}
	if !r.state[n].missing {
		for _, need := range f.needs {
			if !r.narrow(need.fact, need.is) {
				return false
			}
		}
		return true
	}
	there := true
	for _, need := range f.needs {
		if r.state[need.fact].apart(need.is) {
			return r.narrow(n, set{missing: true})
		}
		there = there && !r.state[need.fact].missing
	}
	switch {
	case f.total && there:
		return r.narrow(n, f.domain.present())
	case f.total && len(f.needs) == 1 && len(r.state[n].cuts) == 0:
		return r.narrow(f.needs[0].fact, set{missing: true})
	}
	return true
}

// followText: of a few texts it is known which of them a predicate holds of.
func (r *reasoner) followText(n int) bool {
	f := &r.all[n]
	if f.match == nil || !r.touched[n] {
		return true
	}
	x := f.needs[0].fact
	values, ok := r.state[x].points()
	holds := !r.state[n].missing
	if !ok || len(values) == 0 || r.state[n].missing && len(r.state[n].cuts) > 0 {
		return true
	}
	left := set{missing: r.state[x].missing && !holds}
	for _, v := range values {
		if f.match.holds.holds(v, true) == holds {
			left = left.or(point(v))
		}
	}
	return r.narrow(x, left)
}

// followSides: how two operands compare bounds each by the other.
func (r *reasoner) followSides(n int) bool {
	f := &r.all[n]
	a, b := f.sides[0], f.sides[1]
	if a < 0 || r.state[n].missing || !r.touched[n] {
		return true
	}
	for _, order := range [...]struct {
		op   syntax.Op
		l, r int
	}{{syntax.Le, a, b}, {syntax.Ge, b, a}} {
		if r.state[n].within(satisfying(order.op, profile.Number(0)).whole()) && !r.bound(order.l, order.r) {
			return false
		}
	}
	return true
}

// bound says that neither of two facts is missing and a is not above b.
func (r *reasoner) bound(a, b int) bool { return r.lowest(b, a) && r.highest(a, b) }

// lowest says that b, where it is not missing, is no less than the least that a may be.
func (r *reasoner) lowest(b, a int) bool {
	s := r.state[a]
	if s.missing || len(s.cuts) == 0 {
		return true
	}
	end := cut{kind: syntax.Any, side: sideLast}
	above := between(s.cuts[0], end)
	above.missing = true
	return r.narrowTo(b, above)
}

// highest says that a, where it is not missing, is no more than the most that b may be.
func (r *reasoner) highest(a, b int) bool {
	s := r.state[b]
	if s.missing || len(s.cuts) == 0 {
		return true
	}
	below := between(cut{side: sideFirst}, s.cuts[len(s.cuts)-1])
	below.missing = true
	return r.narrowTo(a, below)
}

// narrowTo is narrow for what need not be touched where it says nothing.
func (r *reasoner) narrowTo(fact int, s set) bool {
	return r.state[fact].within(s) || r.narrow(fact, s)
}
