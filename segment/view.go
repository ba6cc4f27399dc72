package segment

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
	case v.state == viewFull:
		return &block{card: blockSpan, kind: blockFull}
	case v.state == viewArray && len(v.toggles) == 0 && v.card <= runsMax:
		return arrayBlock(append([]uint16(nil), v.array...))
	}
	v.fill(scratch)
	return newBlock(scratch)
}
