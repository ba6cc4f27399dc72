package tags

import (
	"maps"
	"slices"
)

// pairs is the part of an analysis that holds rules against each other.
type pairs struct {
	*analyser
	byFamily [][]int        // the rules that tell of each family
	up       []map[int]bool // by rule: those that it is contained in
	apart    [][2]int
	asked    []int // by rule: which it was held against last
	mine     []bool
}

// compare holds every rule against those that tell of a family that it tells of. The
// others are independent of it.
func (p *pairs) compare() {
	p.byFamily, p.mine = make([][]int, len(p.families)), make([]bool, len(p.families))
	p.asked = make([]int, len(p.rules))
	for i := range p.rules {
		p.asked[i] = -1
		if p.rules[i].decided {
			continue
		}
		for _, family := range p.rules[i].families {
			p.byFamily[family] = append(p.byFamily[family], i)
		}
	}
	for i := range p.rules {
		if !p.rules[i].decided {
			p.compareOne(i)
		}
	}
}

// compareOne assumes one rule and asks of each other whether it can hold, or fail.
func (p *pairs) compareOne(i int) {
	rule := &p.rules[i]
	defer p.undo(len(p.trail))
	p.ask()
	var open []*formula
	if !p.assume(rule.form, &open) {
		return
	}
	for _, family := range rule.families {
		p.mine[family] = true
		defer func() { p.mine[family] = false }()
	}
	apart := 0
	for _, family := range rule.families {
		for _, j := range p.byFamily[family] {
			other := &p.rules[j]
			if i == j || p.asked[j] == i || other.Tag == rule.Tag {
				continue
			}
			p.asked[j] = i
			switch {
			case i < j && p.refuted(open, other.form):
				if apart++; apart > maxRelations {
					p.omitted++
				} else {
					p.apart = append(p.apart, [2]int{i, j})
				}
			case p.touches(other) && p.refuted(open, p.not(other.form)):
				if p.up[i] == nil {
					p.up[i] = map[int]bool{}
				}
				p.up[i][j] = true
			}
		}
	}
}

func (p *pairs) refuted(open []*formula, f *formula) bool {
	return p.decide(func() bool {
		p.ask()
		return p.refute(open, f)
	})
}

// touches reports whether the rule at hand tells of all that another cannot do
// without: else it does not imply it.
func (p *pairs) touches(other *analysed) bool {
	for _, fact := range other.required {
		if !slices.ContainsFunc(p.all[fact].families, func(family int) bool { return p.mine[family] }) {
			return false
		}
	}
	return true
}

// report makes findings of the pairs: of rules that are contained in each other one is
// equal to the other, and of a chain of rules only neighbours are told of.
func (p *pairs) report() {
	equal := make([]bool, len(p.rules))
	for i := range p.rules {
		for _, j := range slices.Sorted(maps.Keys(p.up[i])) {
			if j < i && p.up[j][i] {
				p.find(Equal, &p.rules[i], &p.rules[j])
				equal[i] = true
				break
			}
		}
	}
	for i := range p.rules {
		if equal[i] {
			continue
		}
		shown := 0
		for _, j := range slices.Sorted(maps.Keys(p.up[i])) {
			switch {
			case equal[j] || p.between(i, j, equal):
			case shown == maxRelations:
				p.omitted++
			default:
				shown++
				p.find(Contained, &p.rules[i], &p.rules[j])
			}
		}
	}
	for _, pair := range p.apart {
		if i, j := pair[0], pair[1]; !equal[i] && !equal[j] {
			p.find(Contradictory, &p.rules[i], &p.rules[j])
		}
	}
}

// between reports whether a rule lies between two others.
func (p *pairs) between(i, j int, equal []bool) bool {
	for k := range p.up[i] {
		if k != j && !equal[k] && p.up[k][j] {
			return true
		}
	}
	return false
}
