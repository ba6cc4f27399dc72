package segment

import (
	"math"
	"math/bits"

	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Lots is the profiles whose value in a column of lots (see Catalog), once salted, lies in any of spans of SortableLot.
func Lots(f FieldID, salt uint64, spans ...Span) Node {
	if spans = joinSpans(spans); len(spans) == 0 {
		return Node{}
	}
	return Node{&node{op: opLot, field: f, salt: salt, spans: spans}}
}

// SortableLot maps a lot to an integer, so that the order of the integers is the order
// of the lots.
func SortableLot(lot uint64) int64 { return int64(lot ^ 1<<63) }

// drawLots salts every value of a block.
func (x *exec) drawLots(n *node, dst *words) view {
	b := x.content(n).column.block(x.block)
	if b == nil {
		return view{}
	}
	if x.meter != nil {
		x.read += b.size()
	}
	clear(dst[:])
	card := 0
	var values [chunkSpan]int64
	for i, c := range b.chunks {
		if c == nil {
			continue
		}
		c.Unpack(&values)
		for j, some := range c.Exists {
			card += drawWord(&dst[i*len(c.Exists)+j], some, (*[64]int64)(values[64*j:]), n)
		}
	}
	return wordsView(dst, card)
}

// drawWord sets the bits of those of 64 values whose lots lie in the node's spans.
func drawWord(dst *uint64, some uint64, values *[64]int64, n *node) int {
	var out uint64
	if len(n.spans) == 1 {
		lo, span := n.spans[0].Lo, uint64(n.spans[0].Hi)-uint64(n.spans[0].Lo)
		for i, v := range values {
			lot := SortableLot(draw.Salted(uint64(v), n.salt))
			if uint64(lot)-uint64(lo) <= span {
				out |= 1 << i
			}
		}
	} else {
		for i, v := range values {
			if holds(n.spans, SortableLot(draw.Salted(uint64(v), n.salt))) {
				out |= 1 << i
			}
		}
	}
	*dst = out & some
	return bits.OnesCount64(*dst)
}

// drawn compiles the comparison of a lot with a constant.
func (k *compiler) drawn(x *syntax.Draw, op syntax.Op, v profile.Value) (Node, bool) {
	f, ok := k.catalog.Lots()
	if !ok {
		return Node{}, false
	}
	if v.Kind() != profile.KindNumber {
		return Node{}, true
	}
	n, salt := v.Number(), draw.Salt(x.Salt)
	from := func(above bool) Node { return Lots(f, salt, lotsFrom(x, n, above)...) }
	all := HasValue(f)
	switch op {
	case syntax.Eq:
		return from(false).AndNot(from(true)), true
	case syntax.Ne:
		return all.AndNot(from(false).AndNot(from(true))), true
	case syntax.Lt:
		return all.AndNot(from(false)), true
	case syntax.Le:
		return all.AndNot(from(true)), true
	case syntax.Gt:
		return from(true), true
	}
	return from(false), true
}

// drawnAmong compiles the membership of a lot in a list of constants.
func (k *compiler) drawnAmong(x *syntax.Draw, e *syntax.In) (Node, bool) {
	f, ok := k.catalog.Lots()
	if !ok {
		return Node{}, false
	}
	listed := Node{}
	for _, v := range e.List {
		n, _ := k.drawn(x, syntax.Eq, v)
		listed = listed.Or(n)
	}
	if e.Negated {
		return HasValue(f).AndNot(listed), true
	}
	return listed, true
}

// lotsFrom returns the lots that give at least a number, or more than it.
func lotsFrom(x *syntax.Draw, number float64, above bool) []Span {
	reaches := func(lot uint64) bool {
		gives := draw.Fraction(lot)
		if x.N > 0 {
			gives = float64(draw.Bucket(lot, x.N))
		}
		return gives > number || gives == number && !above
	}
	if !reaches(math.MaxUint64) {
		return nil
	}
	lo, hi := uint64(0), uint64(math.MaxUint64) // hi reaches; what is below lo does not
	for lo < hi {
		if mid := lo + (hi-lo)/2; reaches(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return []Span{{SortableLot(lo), math.MaxInt64}}
}
