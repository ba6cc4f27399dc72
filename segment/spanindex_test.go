package segment

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The index of spans says of every value what a search in them says: at the ends of each
// span and beside them, at the ends of all numbers, and anywhere.
func TestSpanIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 300 {
		width := uint64(1) << (6 + r.IntN(58))
		base := int64(r.Uint64())
		var spans []Span
		for range indexedSpans + r.IntN(400) {
			lo := base + int64(r.Uint64N(width))
			if r.IntN(2) == 0 { // in a crowd
				lo = base + int64(r.Uint64N(width/32+1))
			}
			hi := lo + int64(r.Uint64N(width/64+1))
			if hi >= lo {
				spans = append(spans, Span{lo, hi})
			}
		}
		if r.IntN(4) == 0 {
			spans = append(spans, Span{math.MinInt64, math.MinInt64 + 3}, Span{math.MaxInt64 - 3, math.MaxInt64})
		}
		spans = joinSpans(spans)
		x := newSpanIndex(spans)
		if (x == nil) != (len(spans) < indexedSpans) {
			t.Fatalf("%d spans: the index is %v", len(spans), x)
		}
		if x == nil {
			continue
		}
		values := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}
		for _, s := range spans {
			values = append(values, s.Lo-1, s.Lo, s.Hi, s.Hi+1, s.Lo+int64(uint64(s.Hi-s.Lo)/2))
		}
		for range 200 {
			values = append(values, base+int64(r.Uint64N(width)), int64(r.Uint64()))
		}
		for _, v := range values {
			if holds(spans, v) != (holds(x.crowds, v) && holds(spans, v)) || len(x.crowds) > crowdsMax {
				t.Fatalf("%d in %v is outside of %v", v, spans, x.crowds)
			}
			if got, want := x.holds(v), holds(spans, v); got != want {
				t.Fatalf("%d in %v: %v, want %v", v, spans, got, want)
			}
		}
	}
}
