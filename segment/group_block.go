package segment

import "math/bits"

// The members of a block are divided in one of two ways. Either the bitmap of each
// value is intersected with the set and the numbers are added up under the result,
// 256 at a time; or the members of each value are listed and each is looked up: its
// number, and its value of the other operand. The former costs as much for a value
// that one member has as for one that all have.

// chunkedMin is from how many members of a group on in a block their numbers are
// added up chunk by chunk.
const chunkedMin = 6000

// block adds the members of the block to the groups.
func (g *grouping) block(w *walk) {
	for i := range g.by {
		if !g.by[i].meet(w) {
			return
		}
	}
	if g.keys != nil {
		g.keys.ready = false
	}
	if len(g.by) == 1 {
		g.single(w)
		return
	}
	g.pairs(w)
}

// single divides the members by one operand.
func (g *grouping) single(w *walk) {
	top, atop := w.x.top, w.x.atop
	for i := range g.by[0].met {
		if !w.x.live() {
			return
		}
		v := &g.by[0].met[i]
		switch {
		case g.keys == nil:
			if n := w.x.common(&v.view, w.mask); n > 0 {
				g.parts.at(v.at).count += uint64(n)
			}
		case v.view.state == viewArray && len(v.view.toggles) == 0:
			g.list(w, v)
		default:
			g.flush(w)
			g.summarise(w, v.at, &v.view, w.mask)
		}
		w.x.top, w.x.atop = top, atop
	}
	g.flush(w)
}

// rowList is the members of a part whose numbers are still to be added.
type rowList struct {
	part *part
	rows []uint16
}

// listsMax is how many lists wait, and listedMax of how many members: what has just
// been written is slow to be read again, so the numbers are added a few lists later.
const (
	listsMax  = 16
	listedMax = 4096
)

// list lists the members that have a value, whose bitmap is an array.
func (g *grouping) list(w *walk, v *value) {
	if n := filter(g.rows[g.listed:], v.view.array, w.mask, 0); n > 0 {
		g.lists = append(g.lists, rowList{g.parts.at(v.at), g.rows[g.listed : g.listed+n]})
		g.listed += (n + 15) &^ 15 // see keepRows
	}
	if len(g.lists) == listsMax || g.listed > listedMax {
		g.flush(w)
	}
}

// flush adds the lists that wait.
func (g *grouping) flush(w *walk) {
	for _, l := range g.lists {
		l.part.count += uint64(len(l.rows))
		g.addRows(w, l.part, l.rows)
	}
	g.lists, g.listed = g.lists[:0], 0
}

// summarise adds those under mask that a view has to a part, and their numbers.
func (g *grouping) summarise(w *walk, at int, v *view, mask *words) {
	rows, under, n := w.x.listCommon(g.rows, v, mask, chunkedMin)
	if n == 0 {
		return
	}
	p := g.parts.at(at)
	p.count += uint64(n)
	if rows == nil {
		if w.values != nil {
			p.apart().block(w.values, under, g.kind)
		}
		return
	}
	g.addRows(w, p, rows)
}

// addRows adds the numbers of rows to a part.
func (g *grouping) addRows(w *walk, p *part, rows []uint16) {
	k := g.readKeys(w)
	switch k.some {
	case 0:
		return
	case w.members:
	default:
		rows = keepRows(rows, &k.have)
	}
	if !k.plain {
		p.add(&k.keys, rows)
		return
	}
	t := p.apart()
	for _, x := range rows {
		t.value(k.keys[x])
	}
}

// keepRows leaves those of rows, part of a list with room, that are set in w. It may
// write beyond the rows, up to a multiple of 16.
func keepRows(rows []uint16, w *words) []uint16 {
	return rows[:filter(rows[:(len(rows)+15)&^15], rows, w, 0)]
}

// readKeys returns the numbers of the members of the block.
func (g *grouping) readKeys(w *walk) *columnKeys {
	if !g.keys.ready {
		if place := g.keys.read(w.values, w.mask, g.parts.place); place != g.parts.place {
			g.parts.raise(g.kind, place)
		}
	}
	return g.keys
}

// common returns how many of those under mask a view has, which is not empty.
func (x *exec) common(v *view, mask *words) int {
	if v.state == viewFull && len(v.toggles) == 0 {
		return popcount(mask)
	}
	s := x.settle(*v)
	if s.state == viewArray {
		return hits(s.array, mask)
	}
	ops := append(x.ptrs[:0], mask, s.words)
	n := andWords(nil, ops, 2)
	x.ptrs = ops[:0]
	return n
}

// listCommon returns those of mask that a view has, which is not empty, and how many
// they are: as a list in dst or, where that is nil, as words, which may be so from
// wordsMin on.
func (x *exec) listCommon(dst *[rowsMax]uint16, v *view, mask *words, wordsMin int) (rows []uint16, under *words, n int) {
	if v.state != viewFull || len(v.toggles) > 0 {
		s := x.settle(*v)
		if s.state == viewArray {
			rows = dst[:filter(dst[:], s.array, mask, 0)]
			return rows, nil, len(rows)
		}
		under = x.words()
		ops := append(x.ptrs[:0], mask, s.words)
		n = andWords(under, ops, 2)
		x.ptrs = ops[:0]
	} else {
		under, n = mask, popcount(mask)
	}
	if n >= wordsMin || n == 0 {
		return nil, under, n
	}
	return listWords(dst, under), nil, n
}

// listWords returns the bits that are set, in dst.
func listWords(dst *[rowsMax]uint16, w *words) []uint16 {
	n := 0
	for i, x := range w {
		// The first four places are written whether or not there are as many bits, for
		// to ask each time would cost more: what is too much is written over.
		end, at := n+bits.OnesCount64(x), uint16(i<<6)
		out := (*[4]uint16)(dst[n:])
		out[0] = at | uint16(bits.TrailingZeros64(x))
		x &= x - 1
		out[1] = at | uint16(bits.TrailingZeros64(x))
		x &= x - 1
		out[2] = at | uint16(bits.TrailingZeros64(x))
		x &= x - 1
		out[3] = at | uint16(bits.TrailingZeros64(x))
		for n += 4; n < end; n++ {
			x &= x - 1
			dst[n] = at | uint16(bits.TrailingZeros64(x))
		}
		n = end
	}
	return dst[:n]
}
