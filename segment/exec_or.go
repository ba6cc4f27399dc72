package segment

// or evaluates a disjunction: words go through one pass, then the values of
// arrays are added to the result.
func (x *exec) or(n *node, dst *words, count bool) view {
	top, atop := x.top, x.atop
	views, ptrs := len(x.views), len(x.ptrs)
	v := x.disjunction(n, dst, count)
	if v.words == dst || v.card == 0 || v.card == blockSpan {
		x.top, x.atop = top, atop
	}
	x.views, x.ptrs = x.views[:views], x.ptrs[:ptrs]
	return v
}

// disjunction returns the union of the kids, in dst or, where only one has
// members, that.
func (x *exec) disjunction(n *node, dst *words, count bool) view {
	base := len(x.views)
	u := union{dst: dst, base: base, top: x.top, atop: x.atop}
	for _, k := range x.likely(n) {
		if !x.live() {
			return view{}
		}
		if x.vacant(k) {
			continue
		}
		switch v := x.eval(k, false); v.card {
		case 0:
		case blockSpan:
			return v
		default:
			x.views = append(x.views, v)
		}
		if x.top-u.top >= groupMax || x.atop-u.atop >= groupMax {
			if x.gather(&u); u.card == blockSpan {
				return wordsView(dst, u.card)
			}
		}
	}
	return x.unite(&u, count)
}

// union is a disjunction in the making: operands on the stack of views.
type union struct {
	dst       *words
	base      int  // where the operands lie
	top, atop int  // what scratch is not the operands'
	begun     bool // dst holds the union of operands that are gone
	card      int  // of dst, once begun; without the arrays of the last round
}

// gather adds the operands to dst.
func (x *exec) gather(u *union) {
	end := x.uniteWords(u, false)
	for i := u.base; i < end; i++ {
		x.views[i].lay(u.dst)
	}
	x.views = x.views[:u.base]
	x.top, x.atop = u.top, u.atop
}

// lay sets the bits of an array or of runs.
func (v *view) lay(w *words) {
	if v.state == viewArray {
		setBits(w, v.array)
		return
	}
	for i := 0; i < len(v.array); i += 2 {
		w.SetRange(int(v.array[i]), int(v.array[i+1])+1)
	}
}

// uniteWords adds the operands that are words to dst, unless with count that is
// all there is to do: then it only counts. It leaves arrays and runs on the stack
// and returns where they end.
func (x *exec) uniteWords(u *union, count bool) (end int) {
	x.high = max(x.high, len(x.views))
	ptrs, end := len(x.ptrs), u.base
	if u.begun {
		x.ptrs = append(x.ptrs, u.dst)
	}
	for i := u.base; i < len(x.views); i++ {
		v := &x.views[i]
		switch {
		case v.state == viewArray && !x.asForm(v):
			x.views[end] = x.settle(*v)
			end++
		case v.isRuns() && !x.asForm(v):
			x.views[end] = *v
			end++
		default:
			x.ptrs = append(x.ptrs, x.expand(v))
		}
	}
	switch ops := x.ptrs[ptrs:]; {
	case len(ops) == 0:
		clear(u.dst[:])
		u.card = 0
	case count && end == u.base:
		u.card = orWords(nil, ops)
	default:
		u.card = orWords(u.dst, ops)
	}
	u.begun = true
	x.ptrs = x.ptrs[:ptrs]
	return end
}

// unite returns the union of all operands.
func (x *exec) unite(u *union, count bool) view {
	if !u.begun {
		switch len(x.views) - u.base {
		case 0:
			return view{}
		case 1:
			return x.views[u.base]
		}
		if v, ok := x.uniteValues(u.base); ok {
			return v
		}
		if v, ok := x.uniteRuns(u.base); ok {
			return v
		}
	}
	end := x.uniteWords(u, count)
	if end == u.base {
		return wordsView(u.dst, u.card)
	}
	final := &x.views[end-1]
	if !count || final.state != viewArray {
		for i := u.base; i < end; i++ {
			x.views[i].lay(u.dst)
		}
		return wordsView(u.dst, popcount(u.dst))
	}
	if end-u.base > 1 {
		for i := u.base; i < end-1; i++ {
			x.views[i].lay(u.dst)
		}
		u.card = popcount(u.dst)
	}
	x.ahead.ask()
	return wordsView(u.dst, u.card+len(final.array)-hits(final.array, u.dst))
}

// xor evaluates an exclusive disjunction.
func (x *exec) xor(n *node, dst *words) view {
	clear(dst[:])
	for _, k := range n.kids {
		if !x.live() {
			return view{}
		}
		top, atop := x.top, x.atop
		v := x.eval(k, false)
		switch {
		case v.card == 0:
		case v.card == blockSpan:
			for i := range dst {
				dst[i] = ^dst[i]
			}
		case v.state == viewArray && !x.isForm(&v):
			for _, value := range x.settle(v).array {
				dst[value>>6] ^= 1 << (value & 63)
			}
		default:
			for i, w := range x.expand(&v) {
				dst[i] ^= w
			}
		}
		x.top, x.atop = top, atop
	}
	return wordsView(dst, popcount(dst))
}
