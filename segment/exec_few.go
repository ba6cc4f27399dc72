package segment

// Conjunctions of bitmaps and of their unions come to a handful of values or runs in a
// block where their bitmaps are sparse or clustered. They are counted here from those
// lists, as long as all of them are short and go together.

// few is a set of a block as a list: an array, or runs. Everything needs no list.
type few struct {
	list []uint16
	card int
	runs bool
}

// fewMax is how long a list of an operand may be.
const fewMax = 64

func (f *few) isFull() bool { return f.card == blockSpan }

// isMeet reports whether the program is a conjunction of bitmaps and of their unions,
// less bitmaps, at least one operand of which is a bitmap.
func (p *program) isMeet() bool {
	r := p.roots[0]
	if len(p.roots) > 1 || len(p.steps) > 0 || p.slots > 0 || r.op != opAnd || len(p.leaves) > lightMax {
		return false
	}
	leaves := 0
	for i := range len(r.kids) + len(r.minus) {
		switch n := r.operand(i); {
		case n.op == opBits && i < len(r.kids):
			leaves++
		case n.op == opBits:
		case n.op != opOr || i >= len(r.kids):
			return false
		default:
			for _, k := range n.kids {
				if k.op != opBits {
					return false
				}
			}
		}
	}
	return leaves > 0
}

// countFew counts the conjunction in a block of this shard; ok is false where it has to
// be left to others.
func (x *exec) countFew(r *node, block int) (n int, ok bool) {
	x.block, x.atop = block, 0
	all := few{card: blockSpan, runs: true}
	dst, alt := x.values(), x.values()
	for _, k := range r.kids {
		if k.op != opBits {
			continue
		}
		f, ok := x.few(k)
		if !ok || !all.meet(&f, dst[:0]) {
			return 0, ok && all.card == 0
		}
		if len(all.list) > 0 && &all.list[0] == &dst[0] {
			dst, alt = alt, dst
		}
	}
	for _, k := range r.kids {
		if k.op == opBits {
			continue
		}
		f, ok := x.fewOf(k, &all)
		if !ok || !all.meet(&f, dst[:0]) {
			return 0, ok && all.card == 0
		}
		if len(all.list) > 0 && &all.list[0] == &dst[0] {
			dst, alt = alt, dst
		}
	}
	for _, m := range r.minus {
		f, ok := x.few(m)
		if !ok || !all.cut(&f, dst[:0]) {
			return 0, ok && all.card == 0
		}
		if len(all.list) > 0 && &all.list[0] == &dst[0] {
			dst, alt = alt, dst
		}
	}
	return all.card, true
}

// few returns a bitmap's list in this block; ok is false where it has none, or a long one.
func (x *exec) few(n *node) (f few, ok bool) {
	m := &x.content(n).bits
	switch {
	case m.mask>>x.block&1 == 0:
		return few{}, true
	case m.blocks != nil || m.toggles != nil:
		return few{}, false
	}
	f.list, f.card = m.slab.list(x.block)
	f.runs = len(f.list) != f.card
	return f, len(f.list) <= fewMax
}

// fewOf returns the union of the kids that have anything in common with an array, or all
// of them.
func (x *exec) fewOf(n *node, with *few) (u few, ok bool) {
	dst, alt := x.values(), x.values()
	for _, k := range n.kids {
		f, ok := x.few(k)
		switch {
		case !ok:
			return few{}, false
		case f.card == 0 || !with.runs && !with.isFull() && !f.runs && meet(with.list, f.list) == 0:
			continue
		case u.card == 0 || f.isFull():
			u = f
			continue
		case u.isFull():
			continue
		case u.runs != f.runs:
			return few{}, false
		case !u.runs:
			u.list = mergeValues(dst[:0], u.list, f.list)
			u.card = len(u.list)
		default:
			u = fewRuns(joinRuns(dst[:0], u.list, f.list))
		}
		dst, alt = alt, dst
	}
	return u, true
}

func fewRuns(runs []uint16) few {
	v := runsView(runs)
	return few{v.array, v.card, true}
}

// meet keeps what is in g as well, and may write it to dst. It reports whether that is
// anything.
func (f *few) meet(g *few, dst []uint16) bool {
	switch {
	case g.isFull():
	case f.isFull() || g.card == 0:
		*f = *g
	case !f.runs && !g.runs:
		f.list = keepMerged(dst, f.list, g.list, false)
		f.card = len(f.list)
	case !f.runs:
		f.list = keepRuns(dst, f.list, g.list, false)
		f.card = len(f.list)
	case !g.runs:
		f.list = keepRuns(dst, g.list, f.list, false)
		f.card, f.runs = len(f.list), false
	default:
		*f = fewRuns(meetRuns(dst, f.list, g.list))
	}
	return f.card > 0
}

// everyRun is the runs of everything.
var everyRun = []uint16{0, blockSpan - 1}

// cut keeps what is not in g, and may write it to dst. It reports false where that is
// nothing, or the lists do not go together: then there still is some.
func (f *few) cut(g *few, dst []uint16) bool {
	if f.isFull() {
		f.list, f.runs = everyRun, true
	}
	switch {
	case g.card == 0:
	case g.isFull():
		*f = few{}
	case !f.runs && !g.runs:
		f.list = keepMerged(dst, f.list, g.list, true)
		f.card = len(f.list)
	case !f.runs:
		f.list = keepRuns(dst, f.list, g.list, true)
		f.card = len(f.list)
	case !g.runs:
		return false
	default:
		*f = fewRuns(cutRuns(dst, f.list, g.list))
	}
	return f.card > 0
}
