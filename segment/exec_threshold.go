package segment

import "math/bits"

// atLeast evaluates a threshold. Operands that are empty or full in this block
// are settled first; where all operands that are left are needed, or one of them
// is enough, it is their conjunction or union. Otherwise it counts.
func (x *exec) atLeast(n *node, dst *words, count bool) view {
	top, atop := x.top, x.atop
	views, ptrs := len(x.views), len(x.ptrs)
	v := x.threshold(n, dst, count)
	if v.words == dst || v.card == 0 || v.card == blockSpan {
		x.top, x.atop = top, atop
	}
	x.views, x.ptrs = x.views[:views], x.ptrs[:ptrs]
	return v
}

func (x *exec) threshold(n *node, dst *words, count bool) view {
	base, k, left := len(x.views), n.k, len(n.kids)
	// What is read where it lies first: of that there may be any number.
	for _, kid := range n.kids {
		if kid.rank() > rankKept {
			continue
		}
		left--
		switch v := x.eval(kid, false); v.card {
		case 0:
		case blockSpan:
			k--
		default:
			x.views = append(x.views, v)
		}
		if !x.live() || len(x.views)-base+left < k {
			return view{}
		}
		if k <= 0 {
			return view{state: viewFull, card: blockSpan}
		}
	}
	switch {
	case left > 0:
	case k == 1:
		return x.unite(&union{dst: dst, base: base, top: x.top, atop: x.atop}, count)
	case k == len(x.views)-base:
		return x.intersect(base, dst, x.values(), count)
	}
	t := x.newCounters(dst, k)
	for _, v := range x.views[base:] {
		top, atop := x.top, x.atop
		if x.countIn(t, v); !x.live() {
			return view{}
		}
		x.top, x.atop = top, atop
	}
	x.views = x.views[:base]
	for _, kid := range n.kids {
		if kid.rank() <= rankKept {
			continue
		}
		top, atop := x.top, x.atop
		switch v := x.eval(kid, false); v.card {
		case 0:
		case blockSpan:
			x.countAll(t)
		default:
			x.countIn(t, v)
		}
		if !x.live() {
			return view{}
		}
		x.top, x.atop = top, atop
	}
	return wordsView(dst, popcount(dst))
}

// counters count, for each profile of a block, the operands that it is in, in
// vertical counters: plane j holds bit j of each. The counters begin so far above
// zero that reaching the threshold overflows them.
type counters struct {
	reached *words
	planes  []*words // on the stack of pointers
}

// newCounters takes scratch for counters up to k, which is at least 1.
func (x *exec) newCounters(reached *words, k int) counters {
	width := bits.Len(uint(k - 1))
	begin := 1<<width - k
	clear(reached[:])
	first := x.top
	for j := range width {
		w := x.words()
		if begin>>j&1 == 0 {
			clear(w[:])
		} else {
			view{state: viewFull}.fill(w)
		}
	}
	return counters{reached, x.scratch[first:x.top]}
}

// countIn counts an operand.
func (x *exec) countIn(t counters, v view) {
	if v.state == viewArray && !x.asForm(&v) {
		for _, value := range x.settle(v).array {
			t.add(int(value>>6), 1<<(value&63))
		}
		return
	}
	tallyWords(t.reached, t.planes, x.expand(&v))
}

// countAll counts an operand that all are in.
func (x *exec) countAll(t counters) {
	for i := range t.reached {
		t.add(i, ^uint64(0))
	}
}

// add counts the bits of carry in the counters of word i.
func (t counters) add(i int, carry uint64) {
	for _, p := range t.planes {
		if p[i], carry = p[i]^carry, p[i]&carry; carry == 0 {
			return
		}
	}
	t.reached[i] |= carry
}

// tallyWordsGo adds one to the counters of the bits that are set in ones, and
// sets in reached those that overflow.
func tallyWordsGo(reached *words, planes []*words, ones *words) {
	switch len(planes) {
	case 0:
		for i, carry := range ones {
			reached[i] |= carry
		}
	case 1:
		p := planes[0]
		for i, carry := range ones {
			reached[i] |= p[i] & carry
			p[i] ^= carry
		}
	default:
		p, q, more := planes[0], planes[1], planes[2:]
		for i, carry := range ones {
			c := p[i] & carry
			p[i] ^= carry
			carry = q[i] & c
			q[i] ^= c
			for _, r := range more {
				if carry == 0 {
					break
				}
				r[i], carry = r[i]^carry, r[i]&carry
			}
			reached[i] |= carry
		}
	}
}

func tallyWords(reached *words, planes []*words, ones *words) { tallyWordsGo(reached, planes, ones) }
