package segment

import (
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// words is one block of 2^16 bits, uncompressed.
type words = shard.Words

const (
	blockSpan  = shard.BlockSpan
	arrayMax   = 3150 // the largest array: above it words are smaller in all and faster
	runsMax    = 256
	togglesMax = 31
)

// blockKind is how the base of a block is held. The empty block is a nil *block.
type blockKind uint8

const (
	blockArray blockKind = iota // ascending values
	blockRuns                   // ascending pairs: first and last of each run
	blockWords
	blockFull
)

// block is an immutable set of 16-bit values, never empty: a base that versions
// share, and up to 31 values whose membership is the contrary of the base's. So
// a commit that flips one bit copies this header and not the base.
type block struct {
	card    int32 // toggles included
	kind    blockKind
	array   []uint16 // of blockArray and blockRuns
	words   *words   // of blockWords
	toggles []uint16
}

// fullBlock is the block of all values, which nothing changes.
var fullBlock = &block{card: blockSpan, kind: blockFull}

// headerBytes is what a block takes besides its base and its toggles.
const headerBytes = 64

// size estimates the memory that the block takes, in bytes.
func (b *block) size() int {
	switch {
	case b == nil || b == fullBlock:
		return 0
	case b.kind == blockWords:
		return headerBytes + len(b.words)*8 + 2*cap(b.toggles)
	}
	return headerBytes + 2*cap(b.array) + 2*cap(b.toggles)
}

// asRuns reports whether that many values are better held as runs.
func asRuns(card, runs int) bool { return runs <= runsMax && 4*runs <= card }

// newBlock returns the block of the bits of w in its best form, nil where there
// are none. It copies what it keeps.
func newBlock(w *words) *block {
	card, runs := w.Measure()
	switch {
	case card == 0:
		return nil
	case card == blockSpan:
		return fullBlock
	}
	b := &block{card: int32(card)}
	switch {
	case asRuns(card, runs):
		b.kind = blockRuns
		b.array = appendRuns(make([]uint16, 0, 2*runs), w)
	case card <= arrayMax:
		b.kind = blockArray
		b.array = appendValues(make([]uint16, 0, card), w)
	default:
		b.kind = blockWords
		b.words = new(words)
		*b.words = *w
	}
	return b
}

// arrayBlock returns the block of ascending values, which it keeps; nil where
// there are none.
func arrayBlock(values []uint16) *block {
	if len(values) == 0 {
		return nil
	}
	return &block{card: int32(len(values)), kind: blockArray, array: values}
}

func appendValues(dst []uint16, w *words) []uint16 {
	for i, x := range w {
		for ; x != 0; x &= x - 1 {
			dst = append(dst, uint16(i<<6|bits.TrailingZeros64(x)))
		}
	}
	return dst
}

func appendRuns(dst []uint16, w *words) []uint16 {
	carry, first := uint64(0), 0
	for i, x := range w {
		// The bits of edges are where a run starts or has just ended.
		for edges := x ^ (x<<1 | carry); edges != 0; edges &= edges - 1 {
			at := i<<6 | bits.TrailingZeros64(edges)
			if x>>(at&63)&1 == 1 {
				first = at
			} else {
				dst = append(dst, uint16(first), uint16(at-1))
			}
		}
		carry = x >> 63
	}
	if carry == 1 {
		dst = append(dst, uint16(first), blockSpan-1)
	}
	return dst
}

// view returns the block as an operand.
func (b *block) view() view {
	if b == nil {
		return view{}
	}
	return view{
		state: stateOf[b.kind], fixed: true, card: int(b.card), array: b.array, words: b.words,
		toggles: b.toggles, block: b,
	}
}

var stateOf = [...]viewState{blockArray: viewArray, blockRuns: viewRuns, blockWords: viewWords, blockFull: viewFull}

// contains reports whether the block holds x.
func (b *block) contains(x uint16) bool {
	if b == nil {
		return false
	}
	v := b.view()
	return v.contains(x)
}

// with returns the block changed by flips, of whose offsets only the low 16 bits
// count; nil where nothing is left, b itself where nothing changed.
func (b *block) with(flips []shard.Flip) *block {
	switch {
	case b == nil:
		return blockOf(flips)
	case len(b.toggles) > togglesMax: // it was part of a slab
		return b.fold(flips, b.toggles)
	}
	var (
		v       = b.view()
		toggles [togglesMax]uint16
		n       = copy(toggles[:], b.toggles)
		card    = b.card
		changed = false
	)
	for i, f := range flips {
		x := uint16(f.Offset())
		at, toggled := slices.BinarySearch(toggles[:n], x)
		if (v.baseContains(x) != toggled) == f.On() {
			continue
		}
		switch {
		case toggled:
			copy(toggles[at:], toggles[at+1:n])
			n--
		case n == togglesMax:
			return b.fold(flips[i:], toggles[:n])
		default:
			copy(toggles[at+1:n+1], toggles[at:n])
			toggles[at] = x
			n++
		}
		card += 2*int32(f&1) - 1
		changed = true
	}
	switch {
	case card == 0:
		return nil
	case !changed:
		return b
	}
	d := &block{card: card, kind: b.kind, array: b.array, words: b.words}
	if n > 0 {
		d.toggles = slices.Clone(toggles[:n])
	} else if b.kind == blockFull {
		return fullBlock
	}
	return d
}

// fold returns a block with a new base: the old one, toggles in place of its own,
// and flips.
func (b *block) fold(flips []shard.Flip, toggles []uint16) *block {
	var w words
	v := b.view()
	v.toggles = toggles
	v.fill(&w)
	for _, f := range flips {
		x := f.Offset() % blockSpan
		w[x>>6] &^= 1 << (x & 63)
		w[x>>6] |= uint64(f&1) << (x & 63)
	}
	return newBlock(&w)
}

// blockOf returns the block of the flips that set.
func blockOf(flips []shard.Flip) *block {
	n := 0
	for _, f := range flips {
		n += int(f & 1)
	}
	if n > runsMax {
		var w words
		for _, f := range flips {
			x := f.Offset() % blockSpan
			w[x>>6] |= uint64(f&1) << (x & 63)
		}
		return newBlock(&w)
	}
	values := make([]uint16, 0, n)
	for _, f := range flips {
		if f.On() {
			values = append(values, uint16(f.Offset()))
		}
	}
	return arrayBlock(values)
}
