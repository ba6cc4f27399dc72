package tags

import (
	"cmp"
	"context"
	"slices"
)

// pairs is the part of an analysis that holds rules against each other: unit against
// unit, and then by what the units say.
type pairs struct {
	branches
	holds, fails []numbers // by unit: what it implies and excludes
	up           []numbers // by rule: those that it is contained in
	apart        []numbers // by rule: those behind it that it never holds together with
	joint        int       // how many questions were asked of whole rules
}

func newPairs(a *analyser) *pairs {
	p := &pairs{branches: branches{analyser: a, units: &units{number: map[*formula]int{}}}}
	p.up, p.apart = make([]numbers, len(a.rules)), make([]numbers, len(a.rules))
	return p
}

// compare holds every rule against those that tell of something that it tells of. The
// others are independent of it.
func (p *pairs) compare(ctx context.Context) error {
	compared := 0
	for i := range p.rules {
		if p.rules[i].decided {
			continue
		}
		if compared == maxCompared || len(p.list) >= maxUnits {
			p.undecided++
			continue
		}
		compared++
		p.rules[i].units = p.add(p.analyser, i)
	}
	p.grow()
	p.arrange(p.analyser)
	if err := p.compareUnits(ctx); err != nil {
		return err
	}
	if err := p.compareBridged(ctx); err != nil {
		return err
	}
	p.cost = 0
	count, asked := make([]int, len(p.rules)), make([]int, len(p.rules))
	for i := range p.rules {
		switch {
		case len(p.rules[i].units) == 0:
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case p.cost > maxCost:
			p.undecided++
			continue
		}
		p.contain(i, count, asked)
		p.separate(i)
	}
	return nil
}

// compareUnits holds the units against each other.
func (p *pairs) compareUnits(ctx context.Context) error {
	p.holds, p.fails = make([]numbers, len(p.list)), make([]numbers, len(p.list))
	p.asked, p.turned = make([]int, len(p.all)), make([]int, len(p.list))
	for n := range p.list {
		switch {
		case len(p.list[n].rules) == 0:
			continue // Only part of others.
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case p.cost > maxCost:
			p.undecided++
			continue
		}
		holds, fails := p.relate(n)
		holds.add(n)
		p.holds[n] = holds
		for q := range fails.each() {
			if len(p.list[q].rules) > 0 {
				p.fails[n].add(q)
				p.fails[q].add(n)
			}
		}
	}
	return nil
}

// compareBridged asks of whole rules about units that lie across several of their own.
func (p *pairs) compareBridged(ctx context.Context) error {
	p.cost = 0
	from, turn := make([]int, len(p.list)), make([]int, len(p.list))
	for i := range p.rules {
		rule := &p.rules[i]
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case p.cost > maxCost:
			p.undecided++
			continue
		}
		var across []int
		for _, own := range rule.units {
			for _, family := range p.list[own].families {
				p.cost += len(p.across[family])
				for _, q := range p.across[family] {
					switch {
					case turn[q] != i+1:
						turn[q], from[q] = i+1, own
					case from[q] != own && from[q] >= 0:
						from[q] = -1
						across = append(across, q)
					}
				}
			}
		}
		if len(across) > 0 {
			p.askWhole(i, across)
		}
	}
	return nil
}

// askWhole asks of one rule which units hold wherever it does, and which nowhere.
func (p *pairs) askWhole(i int, units []int) {
	defer p.undo(len(p.trail))
	p.ask()
	var open []*formula
	if !p.assume(p.rules[i].form, &open) {
		return
	}
	for _, q := range units {
		if p.joint++; p.joint > maxJoint {
			p.undecided++
			continue
		}
		switch f := p.list[q].form; {
		case p.refuted(open, p.not(f)):
			p.rules[i].implied = append(p.rules[i].implied, q)
		case p.refuted(open, f):
			for _, j := range p.list[q].rules {
				p.exclude(i, j)
			}
		}
	}
}

// exclude notes that two rules never hold together.
func (p *pairs) exclude(i, j int) {
	if p.rules[i].Tag != p.rules[j].Tag {
		p.apart[min(i, j)].add(max(i, j))
	}
}

// contain notes which rules one is contained in: those whose units it all implies.
func (p *pairs) contain(i int, count, asked []int) {
	rule := &p.rules[i]
	var implied numbers
	for _, own := range rule.units {
		for q := range p.holds[own].each() {
			implied.add(q)
		}
	}
	for _, q := range rule.implied {
		implied.add(q)
	}
	for q := range implied.each() {
		p.cost += len(p.list[q].rules)
		for _, j := range p.list[q].rules {
			if asked[j] != i+1 {
				asked[j], count[j] = i+1, 0
			}
			count[j]++
			if other := &p.rules[j]; count[j] == len(other.units) && other.Tag != rule.Tag {
				p.up[i].add(j)
			}
		}
	}
}

// separate notes which rules behind one never hold together with it.
func (p *pairs) separate(i int) {
	for _, own := range p.rules[i].units {
		for q := range p.fails[own].each() {
			p.cost += len(p.list[q].rules)
			for _, j := range p.list[q].rules {
				if j > i {
					p.exclude(i, j)
				}
			}
		}
	}
}

// report makes findings of the pairs: of rules that are contained in each other one is
// equal to the other, and of a chain of rules only neighbours are told of.
func (p *pairs) report(ctx context.Context) error {
	var equal numbers
	for i := range p.rules {
		for j := range p.up[i].each() {
			if j < i && p.up[j].has(i) {
				p.find(Equal, &p.rules[i], &p.rules[j])
				equal.add(i)
				break
			}
		}
	}
	// What is contained in more comes before what it is contained in.
	size, order := make([]int, len(p.rules)), make([]int, len(p.rules))
	for i := range p.rules {
		p.up[i].drop(equal)
		size[i], order[i] = p.up[i].count(), i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(size[j], size[i]) })
	for i := range p.rules {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if equal.has(i) {
			continue
		}
		p.tell(Contained, i, p.neighbours(i, order))
		p.apart[i].drop(equal)
		p.tell(Contradictory, i, p.apart[i])
	}
	return nil
}

// neighbours returns those that a rule is contained in without another between.
func (p *pairs) neighbours(i int, order []int) numbers {
	var near numbers
	left := slices.Clone(p.up[i])
	for n := left.count(); n > 0; order = order[1:] {
		if k := order[0]; left.has(k) {
			near.add(k)
			left.drop(p.up[k])
			left[k/64] &^= 1 << (k % 64)
			n = left.count()
		}
	}
	return near
}

// tell makes findings of a rule and others, of the first few.
func (p *pairs) tell(kind FindingKind, i int, others numbers) {
	shown := 0
	for j := range others.each() {
		if shown++; shown > maxRelations {
			p.omitted++
			continue
		}
		p.find(kind, &p.rules[i], &p.rules[j])
	}
}
