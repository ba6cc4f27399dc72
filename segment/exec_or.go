package segment

import "slices"

// or evaluates a disjunction: words go through one pass, then the values of
// arrays are added to the result.
func (x *exec) or(n *node, count bool) view {
	dst := x.words()
	top, atop := x.top, x.atop
	views, ptrs := len(x.views), len(x.ptrs)
	v, scratch := x.disjunction(n, dst, count)
	if !scratch {
		x.top, x.atop = top, atop
	}
	x.views, x.ptrs = x.views[:views], x.ptrs[:ptrs]
	return v
}

// disjunction returns the union; scratch reports whether the view may lie in
// scratch other than dst.
func (x *exec) disjunction(n *node, dst *words, count bool) (v view, scratch bool) {
	base, ptrs := len(x.views), len(x.ptrs)
	for _, k := range n.kids {
		v := x.eval(k, false)
		switch v.card {
		case 0:
			continue
		case blockSpan:
			return view{state: viewFull, card: blockSpan}, false
		}
		x.views = append(x.views, v)
	}
	switch len(x.views) - base {
	case 0:
		return view{}, false
	case 1:
		return x.views[base], true
	}
	arrays := base // views from base to arrays are the arrays
	for i := base; i < len(x.views); i++ {
		v := x.settle(x.views[i])
		if v.state == viewArray {
			x.views[arrays] = v
			arrays++
		} else {
			x.ptrs = append(x.ptrs, v.words)
		}
	}
	card := 0
	switch ops := x.ptrs[ptrs:]; {
	case len(ops) == 0:
		clear(dst[:])
	case count && arrays == base:
		return wordsView(dst, orWords(nil, ops)), false
	default:
		card = orWords(dst, ops)
	}
	if arrays == base {
		return wordsView(dst, card), false
	}
	final := x.views[arrays-1].array
	if arrays-base > 1 {
		for _, v := range x.views[base : arrays-1] {
			setBits(dst, v.array)
		}
		card = popcount(dst)
	}
	if count {
		return wordsView(dst, card+len(final)-hits(final, dst)), false
	}
	setBits(dst, final)
	return wordsView(dst, popcount(dst)), false
}

// xor evaluates an exclusive disjunction.
func (x *exec) xor(n *node) view {
	dst := x.words()
	clear(dst[:])
	for _, k := range n.kids {
		top, atop := x.top, x.atop
		v := x.eval(k, false)
		switch v.card {
		case 0:
		case blockSpan:
			for i := range dst {
				dst[i] = ^dst[i]
			}
		default:
			if v = x.settle(v); v.state == viewArray {
				for _, value := range v.array {
					dst[value>>6] ^= 1 << (value & 63)
				}
				break
			}
			for i := range dst {
				dst[i] ^= v.words[i]
			}
		}
		x.top, x.atop = top, atop
	}
	return wordsView(dst, popcount(dst))
}

// atLeast evaluates a threshold by counting in vertical counters: plane j holds
// bit j of how many operands each profile is in.
func (x *exec) atLeast(n *node) view {
	dst := x.words()
	top, atop := x.top, x.atop
	planes := 0
	for 1<<planes <= len(n.kids) {
		planes++
	}
	first := x.top
	for range planes {
		clear(x.words()[:])
	}
	for _, k := range n.kids {
		t, a := x.top, x.atop
		if v := x.eval(k, false); v.card > 0 {
			carry := v.words
			if v.state != viewWords || len(v.toggles) > 0 {
				carry = x.words()
				v.fill(carry)
			}
			addPlane(x.scratch[first:first+planes], carry)
		}
		x.top, x.atop = t, a
	}
	reached(dst, x.scratch[first:first+planes], uint(n.k))
	x.top, x.atop = top, atop
	return wordsView(dst, popcount(dst))
}

// addPlane adds one to the counters of the bits that are set in ones.
func addPlane(planes []*words, ones *words) {
	for i, carry := range ones {
		for _, p := range planes {
			if carry == 0 {
				break
			}
			p[i], carry = p[i]^carry, p[i]&carry
		}
	}
}

// reached writes to dst which counters are k or more.
func reached(dst *words, planes []*words, k uint) {
	for i := range dst {
		more, equal := uint64(0), ^uint64(0)
		for j, plane := range slices.Backward(planes) {
			if p := plane[i]; k>>j&1 == 1 {
				equal &= p
			} else {
				more |= equal & p
				equal &^= p
			}
		}
		dst[i] = more | equal
	}
}
