package segment

import (
	"cmp"
	"math/bits"
	"slices"
)

// spanIndex finds the span that may hold a value in a step or two, however many spans
// there are: the interval that they cover is cut into equal parts, and each part knows
// the first span that reaches it.
type spanIndex struct {
	spans []Span // ascending and apart
	low   int64
	width uint64 // of the interval, less 1
	shift int
	first []int32 // by part; one more at the end
	// crowds are few intervals that hold all spans, with the widest gaps between them.
	crowds []Span
}

// indexedSpans is from how many spans on an index pays.
const indexedSpans = 16

// newSpanIndex returns the index of spans that ascend and are apart; nil where they are
// so few that a search is as fast.
func newSpanIndex(spans []Span) *spanIndex {
	if len(spans) < indexedSpans {
		return nil
	}
	x := &spanIndex{spans: spans, low: spans[0].Lo}
	x.width = uint64(spans[len(spans)-1].Hi) - uint64(x.low)
	// Some sixteen parts a span, for spans come in crowds.
	x.shift = max(0, bits.Len64(x.width)-min(bits.Len(uint(len(spans)))+4, 17))
	x.first = make([]int32, x.width>>x.shift+2)
	at := 0
	for i := range x.first {
		// The last entry is for the part after the interval, which may not be a number.
		begin := uint64(i) << x.shift
		for at < len(spans) && (i == len(x.first)-1 || uint64(spans[at].Hi)-uint64(x.low) < begin) {
			at++
		}
		x.first[i] = int32(at)
	}
	x.crowds = crowdsOf(spans, x.width)
	return x
}

// crowdsMax is how many crowds there are at most: a scan of a column is made for each.
const crowdsMax = 4

// crowdsOf parts spans at the widest gaps between them, those of a sixteenth of the
// width at least.
func crowdsOf(spans []Span, width uint64) []Span {
	type gap struct {
		size  uint64
		after int // the span
	}
	gaps := make([]gap, 0, crowdsMax)
	for i := 1; i < len(spans); i++ {
		g := gap{uint64(spans[i].Lo) - uint64(spans[i-1].Hi), i - 1}
		if g.size < width/16 {
			continue
		}
		at, _ := slices.BinarySearchFunc(gaps, g, func(a, b gap) int { return cmp.Compare(b.size, a.size) })
		if gaps = slices.Insert(gaps, at, g); len(gaps) == crowdsMax {
			gaps = gaps[:crowdsMax-1]
		}
	}
	slices.SortFunc(gaps, func(a, b gap) int { return cmp.Compare(a.after, b.after) })
	crowds := make([]Span, 0, crowdsMax)
	from := 0
	for _, g := range gaps {
		crowds = append(crowds, Span{spans[from].Lo, spans[g.after].Hi})
		from = g.after + 1
	}
	return append(crowds, Span{spans[from].Lo, spans[len(spans)-1].Hi})
}

// holds reports whether v lies in one of the spans.
func (x *spanIndex) holds(v int64) bool {
	d := uint64(v) - uint64(x.low)
	if d > x.width {
		return false
	}
	part := d >> x.shift
	lo, hi := int(x.first[part]), int(x.first[part+1])
	for hi-lo > 4 {
		if mid := int(uint(lo+hi) / 2); x.spans[mid].Hi < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for lo < len(x.spans) && x.spans[lo].Hi < v {
		lo++
	}
	return lo < len(x.spans) && x.spans[lo].Lo <= v
}
