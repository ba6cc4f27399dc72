package tags

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// maxWays bounds in how many ways the alternatives of one unit are chosen.
const maxWays = 8

// branches is how a unit is held against others: in each of the ways to choose of its
// alternatives it is asked what the facts may be, and what that says of other units.
// A unit that holds in all ways is implied, one that holds in none excluded.
type branches struct {
	*analyser
	*units
	asked  []int // by fact and by unit: for which unit it had its turn
	turned []int
	cost   int // in small steps

	wideAsked int
}

// near returns the facts and the wide units that tell of something that a unit tells
// of, each once.
func (b *branches) near(n int) (facts, wide []int) {
	u := &b.list[n]
	for _, family := range u.families {
		for _, fact := range b.about[family] {
			if b.asked[fact] != n+1 {
				b.asked[fact] = n + 1
				facts = append(facts, fact)
			}
		}
		for _, q := range b.wide[family] {
			if b.turned[q] != n+1 {
				b.turned[q] = n + 1
				wide = append(wide, q)
			}
		}
	}
	slices.Sort(wide) // what a unit is made of comes before it
	return facts, wide
}

// relate returns which units hold wherever one does, and which nowhere.
func (b *branches) relate(n int) (holds, fails numbers) {
	facts, wide := b.near(n)
	defer b.undo(len(b.trail))
	b.ask()
	var open []*formula
	if !b.assume(b.list[n].form, &open) {
		return nil, nil
	}
	slices.SortStableFunc(open, func(x, y *formula) int { return cmp.Compare(len(x.x), len(y.x)) })
	first := true
	b.ways(open, 1, func() {
		var hold, fail numbers
		for _, fact := range facts {
			b.cost += b.groups[fact].compare(b.imageOf(fact), &hold, &fail)
		}
		for _, q := range wide {
			b.combine(q, &hold, &fail)
		}
		if first {
			holds, fails, first = hold, fail, false
			return
		}
		holds.keep(hold)
		fails.keep(fail)
	})
	for _, q := range wide {
		b.askWide(q, open, &holds, &fails)
	}
	return holds, fails
}

// askWide asks of a unit that is made of several facts what its parts do not tell one by
// one, as long as there are not too many such questions.
func (b *branches) askWide(q int, open []*formula, holds, fails *numbers) {
	u := &b.list[q]
	if len(u.rules) == 0 || holds.has(q) || fails.has(q) || b.wideAsked == maxWide {
		return
	}
	b.wideAsked++
	switch {
	case b.refuted(open, b.not(u.form)):
		holds.add(q)
	case b.refuted(open, u.form):
		fails.add(q)
	}
}

// ways calls visit under each choice of alternatives, but for those beyond maxWays,
// which stay open.
func (b *branches) ways(open []*formula, ways int, visit func()) {
	if len(open) == 0 || ways*len(open[0].x) > maxWays {
		visit()
		return
	}
	ways *= len(open[0].x)
	for _, x := range open[0].x {
		mark := len(b.trail)
		rest := slices.Clone(open[1:])
		if b.assume(x, &rest) {
			b.ways(rest, ways, visit)
		}
		b.undo(mark)
		b.ask()
	}
}

// imageOf returns what a fact may be under all that is assumed. More follows from one
// that is decided, so that it is asked piece by piece.
func (b *branches) imageOf(fact int) (is set) {
	f := &b.all[fact]
	switch {
	case f.against != nil || f.sides[0] >= 0:
		for way := -1.0; way <= 1; way++ {
			is = is.or(b.possible(fact, point(profile.Number(way)).whole()))
		}
	case !f.domain.missing:
		return b.possible(fact, f.domain)
	default:
		is = b.possible(fact, f.domain.present())
	}
	return is.or(b.possible(fact, set{missing: true}))
}

// possible returns what of a set a fact may be under all that is assumed.
func (b *branches) possible(fact int, s set) (is set) {
	b.cost += imageCost
	mark := len(b.trail)
	b.ask()
	if b.narrow(fact, s) && b.follow() {
		is = b.state[fact]
	}
	b.undo(mark)
	return is
}

// combine tells whether a unit holds or fails by what its parts do.
func (b *branches) combine(q int, hold, fail *numbers) {
	u := &b.list[q]
	b.cost += 4 + len(u.parts)
	all, none := hold, fail // what all parts must be in, for q to be, and what one suffices for
	if u.form.op == opSome {
		all, none = fail, hold
	}
	if !slices.ContainsFunc(u.parts, func(part int) bool { return !all.has(part) }) {
		all.add(q)
	}
	if slices.ContainsFunc(u.parts, none.has) {
		none.add(q)
	}
}

// imageCost is what it costs to work out an image, in small steps.
const imageCost = 200
