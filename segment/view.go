package segment

import "slices"

// viewState is the form of an operand of one block.
type viewState uint8

const (
	viewEmpty viewState = iota
	viewArray
	viewRuns
	viewWords
	viewFull
)

// view is the content of one block as an operand: memory of an immutable block,
// or of the executor's scratch. Where there are toggles the content is that of
// the base with their membership inverted; card counts them in every case.
type view struct {
	state   viewState
	fixed   bool  // its memory is immutable
	leaf    int32 // 1 + the index of the leaf that several nodes read; 0: another
	card    int
	array   []uint16
	words   *words
	toggles []uint16
	block   *block // the block that this is a view of, or nil
}

func arrayView(values []uint16) view {
	if len(values) == 0 {
		return view{}
	}
	return view{state: viewArray, card: len(values), array: values}
}

func wordsView(w *words, card int) view {
	switch card {
	case 0:
		return view{}
	case blockSpan:
		return view{state: viewFull, card: card}
	}
	return view{state: viewWords, card: card, words: w}
}

// baseContains reports whether the base holds x.
func (v *view) baseContains(x uint16) bool {
	switch v.state {
	case viewWords:
		return v.words[x>>6]>>(x&63)&1 == 1
	case viewArray:
		_, ok := slices.BinarySearch(v.array, x)
		return ok
	case viewRuns:
		return inRuns(v.array, x)
	}
	return v.state == viewFull
}

// contains reports whether the view holds x.
func (v *view) contains(x uint16) bool {
	_, toggled := slices.BinarySearch(v.toggles, x)
	return v.baseContains(x) != toggled
}

func inRuns(runs []uint16, x uint16) bool {
	lo, hi := 0, len(runs)/2
	for lo < hi {
		if mid := (lo + hi) / 2; runs[2*mid+1] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return 2*lo < len(runs) && runs[2*lo] <= x
}

// fill writes the view's bits over w.
func (v view) fill(w *words) {
	switch v.state {
	case viewWords:
		*w = *v.words
	case viewFull:
		for i := range w {
			w[i] = ^uint64(0)
		}
	default:
		clear(w[:])
		if v.state == viewArray {
			setBits(w, v.array)
		}
	}
	if v.state == viewRuns {
		for i := 0; i < len(v.array); i += 2 {
			w.SetRange(int(v.array[i]), int(v.array[i+1])+1)
		}
	}
	for _, x := range v.toggles {
		w[x>>6] ^= 1 << (x & 63)
	}
}

// toBlock returns the view as a block of its own, sharing what is immutable.
func (v view) toBlock(scratch *words) *block {
	switch {
	case v.state == viewEmpty:
		return nil
	case v.block != nil:
		return v.block
	case v.state == viewFull && len(v.toggles) == 0:
		return fullBlock
	case v.fixed:
		return v.share()
	case v.state == viewArray && len(v.toggles) == 0 && v.card <= runsMax:
		return arrayBlock(slices.Clone(v.array))
	}
	v.fill(scratch)
	return newBlock(scratch)
}

// share returns a block that shares the view's memory.
func (v *view) share() *block {
	b := &block{card: int32(v.card), array: v.array, words: v.words, toggles: v.toggles}
	for kind, state := range stateOf {
		if state == v.state {
			b.kind = blockKind(kind)
		}
	}
	return b
}

// setBits sets the bits of values.
func setBits(w *words, values []uint16) {
	for _, x := range values {
		w[x>>6] |= 1 << (x & 63)
	}
}

// clearBits clears the bits of values.
func clearBits(w *words, values []uint16) {
	for _, x := range values {
		w[x>>6] &^= 1 << (x & 63)
	}
}

// popcount returns how many bits are set.
func popcount(w *words) int {
	ops := [1]*words{w}
	return orWords(nil, ops[:])
}
