package segment

import "slices"

const (
	// depthMax is how many operations may lie within one another: deeper ones are
	// steps of their own, so that the executor's recursion and its scratch are
	// bounded.
	depthMax = 24
	// slotsMax is how many results of parts that are read more than once are kept
	// within a block: 8 KiB each, so that they stay in the second-level cache.
	// Steps are kept beyond that.
	slotsMax = 96
)

// place decides which results are kept within a block, and where. A place is
// used again once no expression is left that reads its result.
func (p *program) place() {
	p.cut()
	spans := p.lifetimes()
	expiring := make([][]int32, len(p.steps)+len(p.roots)+1) // by when they are free
	kept := make([][]*node, len(p.steps)+len(p.roots))       // by when they are first read
	forced := make(map[*node]bool, len(p.steps))
	for _, n := range p.steps {
		forced[n] = true
	}
	for _, n := range p.nodes {
		if forced[n] || n.reads > 1 && n.keeps() {
			kept[spans[n.id].first] = append(kept[spans[n.id].first], n)
		}
	}
	var free []int32
	for at, ns := range kept {
		free = append(free, expiring[at]...)
		for _, n := range ns {
			if len(free) == 0 {
				if p.slots >= slotsMax && !forced[n] {
					continue
				}
				p.slots++
				free = append(free, int32(p.slots))
			}
			n.slot = free[len(free)-1]
			free = free[:len(free)-1]
			end := spans[n.id].last + 1
			expiring[end] = append(expiring[end], n.slot)
		}
	}
}

// keeps reports whether it pays to keep the node's result: not what is read
// where it lies.
func (n *node) keeps() bool {
	return !n.isLeaf() && n.op != opEmpty || n.op == opRange || n.op == opHas || n.op == opLot
}

// cut makes steps of the operations that would lie too deep.
func (p *program) cut() {
	depth := make([]int, len(p.nodes))
	for _, n := range p.nodes {
		if n.isLeaf() {
			continue
		}
		for i := range len(n.kids) + len(n.minus) {
			depth[n.id] = max(depth[n.id], depth[n.operand(i).id]+1)
		}
		if depth[n.id] >= depthMax {
			p.steps = append(p.steps, n)
			depth[n.id] = 0
		}
	}
}

// lifetime is from when to when a node may be read: the numbers of steps and,
// after them, of roots.
type lifetime struct{ first, last int }

func (l *lifetime) include(o lifetime) {
	l.first, l.last = min(l.first, o.first), max(l.last, o.last)
}

// lifetimes returns the lifetime of each node, which includes those of all that
// reads it: any of them may be the first to need it.
func (p *program) lifetimes() []lifetime {
	out := make([]lifetime, len(p.nodes))
	end := len(p.steps) + len(p.roots)
	for i := range out {
		out[i] = lifetime{first: end, last: -1}
	}
	for i, r := range p.roots {
		out[r.id].include(lifetime{len(p.steps) + i, len(p.steps) + i})
	}
	step := len(p.steps) - 1
	for _, n := range slices.Backward(p.nodes) {
		reader := out[n.id]
		if step >= 0 && p.steps[step] == n {
			out[n.id].include(lifetime{step, step})
			reader = lifetime{step, step}
			step--
		}
		for i := range len(n.kids) + len(n.minus) {
			out[n.operand(i).id].include(reader)
		}
	}
	return out
}
