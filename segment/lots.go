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
	for i := range blockChunks {
		c := b.chunk(i)
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
	return Lots(f, draw.Salt(x.Salt), lotsWhere(x, op, v.Number())...), true
}

// drawnAmong compiles the membership of a lot in a list of constants: of however many,
// one pass over the column answers it.
func (k *compiler) drawnAmong(x *syntax.Draw, e *syntax.In) (Node, bool) {
	f, ok := k.catalog.Lots()
	if !ok {
		return Node{}, false
	}
	var listed []Span
	for _, v := range e.List {
		if v.Kind() == profile.KindNumber {
			listed = append(listed, lotsWhere(x, syntax.Eq, v.Number())...)
		}
	}
	if e.Negated {
		listed = gaps(joinSpans(listed))
	}
	return Lots(f, draw.Salt(x.Salt), listed...), true
}

// lotsWhere returns the lots whose number compares so with a constant. None follow on
// each other.
func lotsWhere(x *syntax.Draw, op syntax.Op, number float64) []Span {
	from, above := lotsFrom(x, number, false), lotsFrom(x, number, true)
	switch op {
	case syntax.Eq:
		return meetSpans(from, gaps(above))
	case syntax.Ne:
		return gaps(meetSpans(from, gaps(above)))
	case syntax.Lt:
		return gaps(from)
	case syntax.Le:
		return gaps(above)
	case syntax.Gt:
		return above
	}
	return from
}

// lotsFrom returns the lots that give at least a number, or more than it.
func lotsFrom(x *syntax.Draw, number float64, above bool) []Span {
	// What a lot gives is one of steps that ascend with it, from 0 on, each of its first
	// lot: bucket b is step b-1, and a fraction is a number of 1/2^53.
	const fractions = 1 << 53
	steps, step := float64(fractions), number*fractions
	if x.N > 0 {
		steps, step = float64(x.N), number-1
	}
	if least := math.Ceil(step); above && least == step {
		step++
	} else {
		step = least
	}
	switch {
	case math.IsNaN(step) || step >= steps:
		return nil
	case step <= 0:
		return []Span{{math.MinInt64, math.MaxInt64}}
	}
	lo, rest := bits.Div64(uint64(step), 0, uint64(steps))
	if rest > 0 {
		lo++
	}
	return []Span{{SortableLot(lo), math.MaxInt64}}
}
