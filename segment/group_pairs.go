package segment

import "slices"

// blockCodes are the values of an operand, member by member of a block, so that what
// is listed by another operand can be divided by this one.
type blockCodes struct {
	// first holds of each ordinal 1 + the place of a value of its among those met; 0:
	// it has none.
	first [blockSpan]uint16
	// Whoever has more values has them in others, from start on up to where the next
	// ordinal's begin.
	more   []extraCode
	multi  words
	start  []uint32
	others []uint16

	parts []*part // by code, of the value of the first operand that is looked at
	none  part    // of those without a value
}

type extraCode struct{ row, code uint16 }

// codesMax is how many values are told apart at a time.
const codesMax = 1<<16 - 1

// pairs divides the members by two operands.
func (g *grouping) pairs(w *walk) {
	a, b := g.by[0].met, g.by[1].met
	if len(a) == 0 || len(b) == 0 {
		return
	}
	if g.intersects(w) {
		g.crossings(w)
		return
	}
	if g.codes == nil {
		g.codes = new(blockCodes)
	}
	top, atop := w.x.top, w.x.atop
	for len(b) > 0 {
		some := b[:min(len(b), codesMax)]
		b = b[len(some):]
		if !g.codes.read(w, some, g.rows) {
			return
		}
		for i := range a {
			if !w.x.live() {
				return
			}
			rows, _, _ := w.x.listCommon(g.rows, &a[i].view, w.mask, blockSpan+1)
			g.divide(w, a[i].at*len(g.by[1].lanes), rows, some)
			w.x.top, w.x.atop = top, atop
		}
	}
}

// What one step takes, in the same unit, a nanosecond or so.
const (
	costAnd     = 130    // intersecting two blocks
	costProbe   = 3      // looking up ten values of an array
	costChunked = 11_000 // adding up the numbers of a block under a mask
	costRow     = 3      // listing a member and looking it up
	costKey     = 2      // its number
)

// intersects reports whether to intersect the bitmaps of each pair of values, rather
// than to look the members up.
func (g *grouping) intersects(w *walk) bool {
	a, b := g.by[0].met, g.by[1].met
	bits, probes := 0, 0
	for _, v := range a {
		bits += v.view.card
	}
	for _, v := range b {
		bits += v.view.card
		if v.view.state == viewArray {
			probes += 20 + v.view.card*costProbe/10
		} else {
			probes += costAnd
		}
	}
	pairs := len(a) * len(b)
	each := len(a) * (costAnd + probes)
	listed := bits / 8 * w.members / (blockSpan / 8) * costRow
	if g.keys != nil {
		each += pairs * costChunked
		listed += bits / 16 * w.members / (blockSpan / 8) * costKey
	}
	return each < listed
}

// crossings divides the members pair by pair of values.
func (g *grouping) crossings(w *walk) {
	top, atop := w.x.top, w.x.atop
	for i := range g.by[0].met {
		v := &g.by[0].met[i]
		rows, under, n := w.x.listCommon(g.rows, &v.view, w.mask, 0)
		if rows != nil {
			under = w.x.words()
			clear(under[:])
			setBits(under, rows)
		}
		if n > 0 {
			g.cross(w, v.at*len(g.by[1].lanes), under)
		}
		w.x.top, w.x.atop = top, atop
		if w.x.err != nil {
			return
		}
	}
}

// cross divides the members of a value of the first operand, those of mask, by the
// second. Their parts are numbered from base on.
func (g *grouping) cross(w *walk, base int, mask *words) {
	top, atop := w.x.top, w.x.atop
	for i := range g.by[1].met {
		if !w.x.live() {
			return
		}
		v := &g.by[1].met[i]
		if g.keys != nil {
			g.summarise(w, base+v.at, &v.view, mask)
		} else if n := w.x.common(&v.view, mask); n > 0 {
			g.parts.at(base + v.at).count += uint64(n)
		}
		w.x.top, w.x.atop = top, atop
	}
}

// read finds out which of some values the members have.
func (c *blockCodes) read(w *walk, some []value, rows *[rowsMax]uint16) bool {
	clear(c.first[:])
	c.more = c.more[:0]
	top, atop := w.x.top, w.x.atop
	for i := range some {
		if !w.x.live() {
			return false
		}
		code := uint16(i + 1)
		have, _, _ := w.x.listCommon(rows, &some[i].view, w.mask, blockSpan+1)
		for _, x := range have {
			if c.first[x] == 0 {
				c.first[x] = code
			} else {
				c.more = append(c.more, extraCode{x, code})
			}
		}
		w.x.top, w.x.atop = top, atop
	}
	if len(c.more) > 0 {
		c.sortMore()
	}
	return true
}

// sortMore puts what members have beyond their first values in the order of the
// members.
func (c *blockCodes) sortMore() {
	if c.start == nil {
		c.start = make([]uint32, blockSpan+1)
	}
	clear(c.start)
	clear(c.multi[:])
	for _, m := range c.more {
		c.start[m.row]++
		c.multi[m.row>>6] |= 1 << (m.row & 63)
	}
	end := uint32(0)
	for i, n := range c.start {
		end += n
		c.start[i] = end
	}
	c.others = slices.Grow(c.others[:0], len(c.more))[:len(c.more)]
	for _, m := range c.more {
		c.start[m.row]--
		c.others[c.start[m.row]] = m.code
	}
}

// divide adds rows, the members of a value of the first operand, to the parts of
// their values of the second, which are among some. These are numbered from base on.
func (g *grouping) divide(w *walk, base int, rows []uint16, some []value) {
	c := g.codes
	if g.keys != nil {
		g.readKeys(w)
	}
	if len(rows) < len(some) {
		for _, x := range rows {
			if code := c.first[x]; code > 0 {
				g.addRow(g.parts.at(base+some[code-1].at), x)
			}
		}
	} else {
		c.parts = append(c.parts[:0], &c.none)
		for i := range some {
			c.parts = append(c.parts, g.parts.at(base+some[i].at))
		}
		g.addEach(w, rows)
	}
	if len(c.more) == 0 {
		return
	}
	for _, x := range keepRows(rows, &c.multi) {
		for _, code := range c.others[c.start[x]:c.start[int(x)+1]] {
			g.addRow(g.parts.at(base+some[code-1].at), x)
		}
	}
}

// addEach adds each of rows to the part of its first code.
func (g *grouping) addEach(w *walk, rows []uint16) {
	c, k := g.codes, g.keys
	if k == nil {
		for _, x := range rows {
			c.parts[c.first[x]].count++
		}
		return
	}
	if k.plain || k.some < w.members {
		for _, x := range rows {
			g.addRow(c.parts[c.first[x]], x)
		}
		return
	}
	for _, x := range rows {
		p := c.parts[c.first[x]]
		p.count++
		p.one(k.keys[x])
	}
}

// addRow adds a member to a part.
func (g *grouping) addRow(p *part, x uint16) {
	p.count++
	switch k := g.keys; {
	case k == nil:
	case k.have[x>>6]>>(x&63)&1 == 0:
	case k.plain:
		p.apart().value(k.keys[x])
	default:
		p.one(k.keys[x])
	}
}
