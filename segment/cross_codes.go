package segment

import "math/bits"

// Where the queries of each dimension exclude one another, every profile is in one cell.
// Its place in each dimension is written as a binary number, digit by digit, in bitmaps,
// the planes; then the numbers are read profile by profile, and counted. That takes the
// same time however many cells there are.

const (
	// codesCells is from how many cells on that is faster than to intersect, and
	// codesCard from how many profiles of a block on.
	codesCells = 1 << 9
	codesCard  = 1 << 14
	// codesPlanes is how many planes there may be: the tallies stay in the first cache.
	codesPlanes = 12
	// codesClashes is after how many blocks in which profiles were in several places
	// of a dimension no more are tried.
	codesClashes = 4
)

// codes is the tally of a table whose dimensions are exclusive.
type codes struct {
	*crossing
	planes  []words
	base    words // of this block, unless it is full
	scratch words
	tallies [2][1 << codesPlanes]uint32 // of this shard: of even profiles and of odd ones
	byCode  []uint64
	clashes int
}

// digits returns how many planes the table takes; 0: it is not counted by codes.
func (c *Cross) digits(dims [][]*Query) int {
	n := 0
	for _, qs := range dims {
		n += bits.Len(uint(len(qs)))
	}
	if n > codesPlanes || c.cells < codesCells || len(c.bitmaps) > 0 {
		return 0
	}
	return n
}

// count counts the block that the exec is in. It reports false where it cannot.
func (t *codes) count() bool {
	x := t.x
	if t.clashes == codesClashes {
		return false
	}
	everybody := x.p.roots[t.outer[len(t.outer)-1]]
	x.top, x.atop = 0, 0
	v := x.eval(everybody, false)
	base := v.card
	if base < codesCard {
		return false
	}
	if base < blockSpan {
		v.fill(&t.base)
	}
	planes := t.planes
	for d, roots := range t.dims {
		if d == t.long {
			roots = t.outer[:len(t.outer)-1]
		}
		n := bits.Len(uint(len(roots)))
		if !t.paint(planes[:n], roots) {
			t.clashes++
			return false
		}
		planes = planes[n:]
	}
	if x.err != nil {
		return false
	}
	if base < blockSpan {
		for i := range t.planes {
			p := &t.planes[i]
			andWords(p, []*words{p, &t.base}, 2)
		}
	}
	t.tally()
	t.tallies[0][0] -= uint32(blockSpan - base) // who is not in the base has no digits
	return true
}

// paint writes the place of each profile among the roots, plus one, to planes. It reports
// false where a profile has several, or after a failure.
func (t *codes) paint(planes []words, roots []int) bool {
	x, sum := t.x, 0
	var ops [codesPlanes]*words
	for i := range planes {
		clear(planes[i][:])
		ops[i] = &planes[i]
	}
	for i, r := range roots {
		if !x.live() {
			return false
		}
		x.top, x.atop = 0, 0
		v := x.eval(x.p.roots[r], false)
		if v.card == 0 {
			continue
		}
		sum += v.card
		w := v.words
		if v.state != viewWords || len(v.toggles) > 0 {
			w = &t.scratch
			v.fill(w)
		}
		for code := uint(i + 1); code != 0; code &= code - 1 {
			p := &planes[bits.TrailingZeros(code)]
			orWords(p, []*words{p, w})
		}
	}
	return len(planes) == 0 || orWords(nil, ops[:len(planes)]) == sum
}

// tally counts the codes of the planes.
func (t *codes) tally() {
	const mask = 1<<codesPlanes - 1
	even, odd := &t.tallies[0], &t.tallies[1]
	low := t.planes[:min(8, len(t.planes))]
	high := t.planes[len(low):]
	for w := range len(words{}) {
		var a, b [8]uint64
		for i := range low {
			a[i] = low[i][w]
		}
		transpose(&a)
		for i := range high {
			b[i&7] = high[i][w]
		}
		if len(high) > 0 {
			transpose(&b)
		}
		for i, x := range a {
			y := b[i]
			even[(x&0xff|y&0xff<<8)&mask]++
			odd[(x>>8&0xff|y&0xff00)&mask]++
			even[(x>>16&0xff|y>>8&0xff00)&mask]++
			odd[(x>>24&0xff|y>>16&0xff00)&mask]++
			even[(x>>32&0xff|y>>24&0xff00)&mask]++
			odd[(x>>40&0xff|y>>32&0xff00)&mask]++
			even[(x>>48&0xff|y>>40&0xff00)&mask]++
			odd[(x>>56|y>>48&0xff00)&mask]++
		}
	}
}

// transpose turns eight rows of 64 bits into 64 rows of eight: the k-th byte of m[i] then
// has the bits 8i+k of all rows, the first row lowest.
func transpose(m *[8]uint64) {
	// Blocks of four, two and one bytes change places across the diagonal.
	for i := range 4 {
		x := (m[i]>>32 ^ m[i+4]) & 0x00000000ffffffff
		m[i], m[i+4] = m[i]^x<<32, m[i+4]^x
	}
	for _, i := range [...]int{0, 1, 4, 5} {
		x := (m[i]>>16 ^ m[i+2]) & 0x0000ffff0000ffff
		m[i], m[i+2] = m[i]^x<<16, m[i+2]^x
	}
	for _, i := range [...]int{0, 2, 4, 6} {
		x := (m[i]>>8 ^ m[i+1]) & 0x00ff00ff00ff00ff
		m[i], m[i+1] = m[i]^x<<8, m[i+1]^x
	}
	// Then the bits of each word, as eight rows of eight.
	for i, v := range m {
		x := (v ^ v>>7) & 0x00aa00aa00aa00aa
		v ^= x ^ x<<7
		x = (v ^ v>>14) & 0x0000cccc0000cccc
		v ^= x ^ x<<14
		x = (v ^ v>>28) & 0x00000000f0f0f0f0
		m[i] = v ^ x ^ x<<28
	}
}

// flush adds up the tallies of a shard.
func (t *codes) flush() {
	for code := range t.byCode {
		t.byCode[code] += uint64(t.tallies[0][code] + t.tallies[1][code])
	}
	t.tallies = [2][1 << codesPlanes]uint32{}
}

// finish adds what has been counted to the cells of the table, totals included.
func (t *codes) finish() {
	for code, n := range t.byCode {
		if n > 0 {
			t.spread(0, 0, code, n)
		}
	}
}

// spread adds n to the cells that the dimensions from d on make of a code: in each its
// place, if it has one, and everybody.
func (t *codes) spread(d, at, code int, n uint64) {
	if d == len(t.dims) {
		t.counts[at] += n
		return
	}
	length := len(t.dims[d])
	if d == t.long {
		length = len(t.outer) - 1
	}
	digits := bits.Len(uint(length))
	place := code & (1<<digits - 1)
	if place > 0 {
		t.spread(d+1, at+(place-1)*t.stride[d], code>>digits, n)
	}
	t.spread(d+1, at+length*t.stride[d], code>>digits, n)
}
