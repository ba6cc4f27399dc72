package segment

// memory is the scratch of an exec.
type memory struct {
	scratch []*words // those below top are in use
	top     int
	arrays  []*[arrayScratch]uint16
	atop    int
	views   []view   // stacks of operands
	high    int      // up to where the views may have been used
	ptrs    []*words // that andWords and orWords take
	blank   *words   // without a bit, between uses
	union   unionScratch
	ahead   ahead

	kept   []kept   // by slot less 1
	forms  []*words // those below formed are in use in this block
	formed int
	form   []form // by leaf: where it lies decoded
}

// arrayScratch holds an array with its toggles.
const arrayScratch = 4096

// kept is the result of a node in one block.
type kept struct {
	node  *node
	stamp uint64 // of the block
	view  view
	words *words
	array *[arrayScratch]uint16
}

// form is a leaf in one block, as it lies in memory and decoded.
type form struct {
	seen  uint64 // the block that view is of
	view  view
	stamp uint64 // the block that words is of
	words *words
}

const (
	// formsMax is how many leaves are kept as words within a block, if several
	// nodes read them: with their 8 KiB each they shall stay in the second-level
	// cache.
	formsMax = 192
	// formMin is from how many values on it pays to keep an array as words.
	formMin = 96
	// retainMax is how many blocks of scratch an exec may hold that waits to be
	// used again: 8 KiB each.
	retainMax = 128
	// operandsMax is how many operands and leaves it may have room for: some 100
	// bytes each; and ptrsMax how many pointers.
	operandsMax = 1 << 15
	ptrsMax     = 1 << 8
)

// fit makes room for what the program keeps.
func (x *memory) fit(p *program) {
	for len(x.kept) < p.slots {
		x.kept = append(x.kept, kept{})
	}
	for range p.leaves {
		x.form = append(x.form, form{})
	}
}

// forget lets go of all that is not scratch. It reports whether the scratch is
// small enough to be held for the next program.
func (x *memory) forget() bool {
	clear(x.views[:min(x.high, cap(x.views))])
	clear(x.form)
	x.ahead = ahead{}
	if cap(x.ptrs) > ptrsMax {
		x.ptrs = nil
	}
	clear(x.ptrs[:cap(x.ptrs)])
	for i := range x.kept {
		x.kept[i].node, x.kept[i].view = nil, view{}
	}
	x.views, x.ptrs, x.form, x.top, x.atop, x.formed, x.high = x.views[:0], x.ptrs[:0], x.form[:0], 0, 0, 0, 0
	return len(x.scratch)+len(x.arrays)+len(x.forms)+2*len(x.kept) <= retainMax && cap(x.views)+cap(x.form) <= operandsMax
}

// words takes a scratch block, of undefined content.
func (x *memory) words() *words {
	if x.top == len(x.scratch) {
		x.scratch = append(x.scratch, new(words))
	}
	x.top++
	return x.scratch[x.top-1]
}

// values takes a scratch array.
func (x *memory) values() *[arrayScratch]uint16 {
	if x.atop == len(x.arrays) {
		x.arrays = append(x.arrays, new([arrayScratch]uint16))
	}
	x.atop++
	return x.arrays[x.atop-1]
}

// recall returns the node's result in this block, computing it the first time.
func (x *exec) recall(n *node) *view {
	k := &x.kept[n.slot-1]
	if k.node == n && k.stamp == x.stamp {
		return &k.view
	}
	if k.words == nil {
		k.words = new(words)
	}
	top, atop := x.top, x.atop
	k.hold(x.compute(n, k.words, false))
	k.node, k.stamp = n, x.stamp
	x.top, x.atop = top, atop
	return &k.view
}

// hold keeps a view beyond the life of scratch.
func (k *kept) hold(v view) {
	k.view = v
	switch {
	case v.fixed:
	case v.state == viewArray || v.state == viewRuns:
		if k.array == nil {
			k.array = new([arrayScratch]uint16)
		}
		k.view.array = k.array[:copy(k.array[:], v.array)]
	case v.state == viewWords && v.words != k.words:
		*k.words = *v.words
		k.view.words = k.words
	}
}

// isForm reports whether the view's leaf lies decoded.
func (x *exec) isForm(v *view) bool { return v.leaf > 0 && x.form[v.leaf-1].stamp == x.stamp }

// asForm reports whether to take the view, an array or runs, as words: it is
// read by others too.
func (x *exec) asForm(v *view) bool {
	return v.leaf > 0 && (x.form[v.leaf-1].stamp == x.stamp || v.card >= formMin && x.formed < formsMax)
}

// expand returns the view as words. A leaf that several nodes read is decoded
// once in a block.
func (x *exec) expand(v *view) *words {
	switch {
	case v.state == viewWords && len(v.toggles) == 0:
		return v.words
	case x.isForm(v):
		return x.form[v.leaf-1].words
	case v.leaf == 0 || x.formed == formsMax || v.card < formMin:
		w := x.words()
		v.fill(w)
		return w
	}
	if x.formed == len(x.forms) {
		x.forms = append(x.forms, new(words))
	}
	w := x.forms[x.formed]
	x.formed++
	v.fill(w)
	f := &x.form[v.leaf-1]
	f.stamp, f.words = x.stamp, w
	return w
}
