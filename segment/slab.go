package segment

import (
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// slab is lists of 16-bit values, one for each of some blocks of a shard, in one
// allocation: which blocks, where each one's list begins, with a cardinality, and
// where the last ends; then the lists.
//
//	mask | start, card-1 | start, card-1 | ... | end | values ...
//
// It holds the blocks of a small shard: as an array where the list is as long as
// the cardinality, everything where it is empty, and otherwise runs. Or it holds
// the toggles of such a shard, with the cardinalities of their blocks.
// A nil slab has no blocks.
type slab []uint16

// slabMax is how long a slab may be.
const slabMax = 4096

func (s slab) mask() uint16 {
	if s == nil {
		return 0
	}
	return s[0]
}

// length returns how many values the lists have in all.
func (s slab) length() int {
	if s == nil {
		return 0
	}
	return len(s) - int(s[1])
}

func (s slab) has(i int) bool { return s.mask()>>i&1 == 1 }

// list returns the list of a block that the slab has, and the cardinality.
func (s slab) list(i int) (values []uint16, card int) {
	at := 2*bits.OnesCount16(s[0]&(1<<i-1)) + 1
	head := s[at : at+3 : at+3]
	return s[head[0]:head[2]:head[2]], int(head[1]) + 1
}

// view returns a block of a small shard as an operand.
func (s slab) view(i int) view {
	if !s.has(i) {
		return view{}
	}
	values, card := s.list(i)
	v := view{state: viewRuns, fixed: true, card: card, array: values}
	switch len(values) {
	case card:
		v.state = viewArray
	case 0:
		v.state, v.array = viewFull, nil
	}
	return v
}

// toggle returns the lists with x added to that of a block, or taken out of it, and
// another cardinality of the block.
func (s slab) toggle(i int, x uint16, card int) slab {
	if s == nil {
		return slab{1 << i, 4, uint16(card - 1), 5, x}
	}
	r, n := bits.OnesCount16(s[0]&(1<<i-1)), bits.OnesCount16(s[0])
	list := s[s[1+2*r]:s[1+2*r]]
	if s.has(i) {
		list = s[s[1+2*r]:s[3+2*r]]
	}
	at, found := slices.BinarySearch(list, x)
	at += int(s[1+2*r])
	var d slab
	switch {
	case !s.has(i):
		d = make(slab, len(s)+3)
		d[0] = s[0] | 1<<i
		copy(d[1:], s[1:1+2*r])
		copy(d[3+2*r:], s[1+2*r:at])
		d[1+2*r] = s[1+2*r]
		d[at+2] = x
		copy(d[at+3:], s[at:])
		for j := range n + 2 {
			d[1+2*j] += 2
			if j > r {
				d[1+2*j]++
			}
		}
	case !found:
		d = make(slab, len(s)+1)
		copy(d, s[:at])
		d[at] = x
		copy(d[at+1:], s[at:])
		for j := r + 1; j <= n; j++ {
			d[1+2*j]++
		}
	case len(list) > 1:
		d = make(slab, len(s)-1)
		copy(d, s[:at])
		copy(d[at:], s[at+1:])
		for j := r + 1; j <= n; j++ {
			d[1+2*j]--
		}
	case n == 1:
		return nil
	default:
		d = make(slab, len(s)-3)
		d[0] = s[0] &^ (1 << i)
		copy(d[1:], s[1:1+2*r])
		copy(d[1+2*r:], s[3+2*r:at])
		copy(d[at-2:], s[at+1:])
		for j := range n {
			d[1+2*j] -= 2
			if j >= r {
				d[1+2*j]--
			}
		}
		return d
	}
	d[2+2*r] = uint16(card - 1)
	return d
}

// slabBuilder collects lists, by ascending blocks, where the slab is going to be.
type slabBuilder struct {
	mask   uint16
	full   uint16 // the blocks whose cardinality is that of everything
	n      int    // blocks
	card   int    // of all
	starts [shard.Blocks]uint16
	cards  [shard.Blocks]uint16
	values []uint16 // behind room for the head
	head   int
}

// newSlabBuilder returns one with room for lists of the blocks in a mask, of so many
// values in all.
func newSlabBuilder(mask uint16, values int) slabBuilder {
	head := 2 + 2*bits.OnesCount16(mask)
	return slabBuilder{values: make([]uint16, head, head+values), head: head}
}

// begin opens the list of a block: what is appended to values belongs to it.
func (b *slabBuilder) begin(i int) {
	b.mask |= 1 << i
	b.starts[b.n] = uint16(len(b.values))
}

// end closes the list.
func (b *slabBuilder) end(card int) {
	b.cards[b.n] = uint16(card - 1)
	if card == blockSpan {
		b.full |= 1 << bits.Len16(b.mask>>1)
	}
	b.card += card
	b.n++
}

// cancel takes back the begin of a list that has remained empty.
func (b *slabBuilder) cancel(i int) { b.mask &^= 1 << i }

// slab returns the lists. There may be some room behind them, for it costs more to
// copy than a little of it is worth.
func (b *slabBuilder) slab() slab {
	if b.n == 0 {
		return nil
	}
	head := 2 + 2*b.n
	s := slab(b.values[:head+copy(b.values[head:], b.values[b.head:])])
	s[0] = b.mask
	for r := range b.n {
		s[1+2*r], s[2+2*r] = b.starts[r]-uint16(b.head-head), b.cards[r]
	}
	s[1+2*b.n] = uint16(len(s))
	if cap(s)-len(s) > 4+len(s)/8 {
		return slices.Clone(s)
	}
	return s
}

// add adds the base of a view, with values toggled. It reports false where that is
// better held as words.
func (b *slabBuilder) add(i int, v *view, toggles []uint16) bool {
	begin := len(b.values)
	b.begin(i)
	switch v.state {
	case viewWords:
		return false
	case viewEmpty, viewArray:
		b.values = toggled(b.values, v.array, toggles)
		if len(b.values) == begin {
			b.cancel(i)
			return true
		}
	case viewRuns:
		b.values = toggleRuns(b.values, v.array, toggles)
	case viewFull:
		if len(toggles) > 0 {
			b.values = toggleRuns(b.values, []uint16{0, blockSpan - 1}, toggles)
		}
	}
	list, card := b.values[begin:], v.card // of runs: unless toggled
	switch {
	case len(toggles) == 0 && v.state != viewEmpty:
		b.end(card)
		return len(list) <= arrayMax
	case v.state == viewEmpty || v.state == viewArray:
		return b.settleArray(begin)
	}
	card = 0
	for r := 0; r < len(list); r += 2 {
		card += int(list[r+1]) - int(list[r]) + 1
	}
	return b.settleRuns(i, begin, card)
}

// settleArray closes a list of values, as runs where that is shorter.
func (b *slabBuilder) settleArray(begin int) bool {
	list := b.values[begin:]
	card, runs := len(list), 1
	for j := 1; j < card; j++ {
		if list[j] != list[j-1]+1 {
			runs++
		}
	}
	if !asRuns(card, runs) {
		b.end(card)
		return card <= arrayMax
	}
	// The runs are written behind the values, then moved to their place.
	out := b.values
	for j := 0; j < card; {
		first := list[j]
		last := first
		for j++; j < card && list[j] == last+1; j++ {
			last++
		}
		out = append(out, first, last)
	}
	n := copy(out[begin:], out[begin+card:])
	b.values = out[:begin+n]
	b.end(card)
	return true
}

// settleRuns closes a list of runs, as an array where those are too many.
func (b *slabBuilder) settleRuns(i, begin, card int) bool {
	list := b.values[begin:]
	switch {
	case card == 0:
		b.cancel(i)
		return true
	case card == blockSpan:
		b.values = b.values[:begin]
	case !asRuns(card, len(list)/2):
		if card > arrayMax {
			return false
		}
		runs := slices.Clone(list)
		b.values = b.values[:begin]
		for ; len(runs) > 0; runs = runs[2:] {
			for x := int(runs[0]); x <= int(runs[1]); x++ {
				b.values = append(b.values, uint16(x))
			}
		}
	}
	b.end(card)
	return true
}

// toggleRuns appends the runs of what lies either in runs or among values. A list
// of runs is a list of bounds, at each of which membership changes, and so is a
// list of values: bounds that are in both cancel out.
func toggleRuns(dst, runs, values []uint16) []uint16 {
	const none = 1 << 20
	var (
		open  = none // where the run that is being written begins
		i, j  = 0, 0 // bounds taken of runs and of values
		bound = func(list []uint16, i int) int {
			if i >= len(list) {
				return none
			}
			return int(list[i]) + i&1
		}
		point = func(j int) int {
			if j >= 2*len(values) {
				return none
			}
			return int(values[j/2]) + j&1
		}
	)
	for {
		a, b := bound(runs, i), point(j)
		at := min(a, b)
		if at == none {
			return dst
		}
		flips := 0
		for bound(runs, i) == at {
			i, flips = i+1, flips+1
		}
		for point(j) == at {
			j, flips = j+1, flips+1
		}
		switch {
		case flips&1 == 0:
		case open == none:
			open = at
		default:
			dst = append(dst, uint16(open), uint16(at-1))
			open = none
		}
	}
}
