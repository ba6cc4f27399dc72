package identity

import (
	"fmt"
	"testing"
)

// BenchmarkRules_Explain asks about nodes of people with 20 cookies each on a
// graph in maps.
func BenchmarkRules_Explain(b *testing.B) {
	w := newWorld(b, plain())
	for i := range 30 {
		for j := range 20 {
			w.regroup(w.event(at(i*20+j), ident(fmt.Sprint("user_id:u", i)), ident(fmt.Sprint("anonymous_id:c", i, ".", j)))...)
		}
		w.regroup(w.event(at(1000+i), ident(fmt.Sprint("user_id:u", i)), ident("device_id:kiosk"))...)
		w.regroup(w.event(at(2000+i), ident(fmt.Sprint("user_id:u", i)), ident(fmt.Sprint("anonymous_id:c", (i+1)%30, ".1")))...)
	}
	for _, bb := range []struct {
		pair, a, b string
		hops       int
	}{
		{"together", "anonymous_id:c0.3", "anonymous_id:c0.17", 2},
		{"neighbours", "anonymous_id:c0.3", "anonymous_id:c1.17", 4},
		{"kiosk", "anonymous_id:c0.3", "anonymous_id:c15.3", 4},
	} {
		b.Run("pair="+bb.pair, func(b *testing.B) {
			x, y := w.id(ident(bb.a)), w.id(ident(bb.b))
			b.ReportAllocs()
			for b.Loop() {
				e, err := w.rules.Explain(w, x, y)
				if err != nil || len(e.Path) != bb.hops {
					b.Fatalf("%v, %v", w.show(e), err)
				}
			}
		})
	}
}
