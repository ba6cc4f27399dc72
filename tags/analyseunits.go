package tags

import (
	"slices"
)

// unit is a part of rules that tells of nothing that the rest of the rule tells of:
// what it implies and excludes, it does whatever rule it is part of. Like rules are
// made of few units in many ways.
type unit struct {
	form     *formula
	families []int
	parts    []int // the numbers of the formulas that it joins
	rules    []int // that it is a unit of, ascending; none where it is only part of units
}

// units numbers the units of rules, and before each what it is made of.
type units struct {
	list   []unit
	number map[*formula]int
	groups []*factGroup // by fact: the units that are about it alone; nil for none
	about  [][]int      // by family: the facts that have a group
	wide   [][]int      // by family: the units of more than one fact, ascending
	across [][]int      // by family: the units of rules that tell of another family too
}

// add notes the units of a rule and returns their numbers.
func (u *units) add(a *analyser, rule int) (own []int) {
	for _, f := range a.split(a.rules[rule].form) {
		n := u.intern(a, f)
		u.list[n].rules = append(u.list[n].rules, rule)
		own = append(own, n)
	}
	return own
}

// intern returns the number of a formula.
func (u *units) intern(a *analyser, f *formula) int {
	if n, ok := u.number[f]; ok {
		return n
	}
	made := unit{form: f, families: a.familiesOf(f)}
	for _, x := range f.x {
		made.parts = append(made.parts, u.intern(a, x))
	}
	n := len(u.list)
	u.number[f] = n
	u.list = append(u.list, made)
	return n
}

// split returns the parts of a formula that share no family.
func (a *analyser) split(f *formula) []*formula {
	if f.op != opAll {
		return []*formula{f}
	}
	part := make([]int, len(f.x)) // which part each belongs to, by its first
	owner := map[int]int{}
	for i, x := range f.x {
		part[i] = i
		for _, family := range a.familiesOf(x) {
			j, ok := owner[family]
			if owner[family] = i; !ok || part[j] == part[i] {
				continue
			}
			from, to := max(part[i], part[j]), min(part[i], part[j])
			for k := range i + 1 {
				if part[k] == from {
					part[k] = to
				}
			}
		}
	}
	var parts []*formula
	for i := range f.x {
		var xs []*formula
		for k, x := range f.x {
			if part[k] == i {
				xs = append(xs, x)
			}
		}
		if len(xs) > 0 {
			parts = append(parts, a.and(xs...))
		}
	}
	return parts
}

// arrange sorts the units by what they are about.
func (u *units) arrange(a *analyser) {
	u.groups = make([]*factGroup, len(a.all))
	u.about, u.wide = make([][]int, len(a.families)), make([][]int, len(a.families))
	u.across = make([][]int, len(a.families))
	for n := range u.list {
		f := u.list[n].form
		if len(u.list[n].families) > 1 && len(u.list[n].rules) > 0 {
			for _, family := range u.list[n].families {
				u.across[family] = append(u.across[family], n)
			}
		}
		if f.op != opIs {
			for _, family := range u.list[n].families {
				u.wide[family] = append(u.wide[family], n)
			}
			continue
		}
		if u.groups[f.fact] == nil {
			u.groups[f.fact] = &factGroup{}
			for _, family := range u.list[n].families {
				u.about[family] = append(u.about[family], f.fact)
			}
		}
		g := u.groups[f.fact]
		g.units = append(g.units, placed{unit: n, missing: f.set.missing})
		g.cuts = append(g.cuts, f.set.cuts...)
	}
	for _, g := range u.groups {
		if g != nil {
			g.arrange(u)
		}
	}
}

// factGroup is the units that say what one fact is.
type factGroup struct {
	cuts  []cut // where their sets begin and end, ascending
	units []placed
}

// placed is a unit that says what a fact is: missing, or between the places at even and
// at odd positions. The cuts of a group are at even places, what is between two of them
// at the odd one.
type placed struct {
	unit    int
	missing bool
	places  []int
}

func (g *factGroup) arrange(u *units) {
	slices.SortFunc(g.cuts, cut.compare)
	g.cuts = slices.CompactFunc(g.cuts, func(a, b cut) bool { return a.compare(b) == 0 })
	for i := range g.units {
		g.units[i].places = g.places(u.list[g.units[i].unit].form.set)
	}
}

// places returns the places of a set among the cuts.
func (g *factGroup) places(s set) []int {
	places := make([]int, len(s.cuts))
	for i, c := range s.cuts {
		at, found := slices.BinarySearchFunc(g.cuts, c, cut.compare)
		if places[i] = 2 * at; !found {
			places[i]--
		}
	}
	return places
}

// compare tells which units hold wherever the fact is in a set, and which nowhere, and
// returns the cost in small steps.
func (g *factGroup) compare(is set, holds, fails *numbers) (cost int) {
	places := g.places(is)
	for i := range g.units {
		q := &g.units[i]
		within, apart := relation(places, q.places)
		if within && (q.missing || !is.missing) {
			holds.add(q.unit)
		}
		if apart && !(q.missing && is.missing) {
			fails.add(q.unit)
		}
		cost += len(places) + len(q.places)
	}
	return cost
}

// relation reports whether what is between the places of a is within what is between
// those of b, and whether it is apart from it.
func relation(a, b []int) (within, apart bool) {
	within, apart = true, true
	for i, j := 0, 0; i < len(a) && (within || apart); {
		if j == len(b) {
			return false, apart // The rest of a is outside b.
		}
		at := min(a[i], b[j])
		if a[i] == at {
			i++
		}
		if b[j] == at {
			j++
		}
		if inA, inB := i%2 == 1, j%2 == 1; inA {
			within, apart = within && inB, apart && !inB
		}
	}
	return within, apart
}
