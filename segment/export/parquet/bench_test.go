package parquet

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// One operation writes 1,000,000 profiles. heap-MB is the most that was alive or not
// yet collected at the end of a row group.
func BenchmarkWrite(b *testing.B) {
	const n = 1_000_000
	cs := columns(b, "id", "identifier:email", "trait:string", "trait:number", "tags", "count")
	var heap uint64
	profiles := func(yield func(*profile.Profile, error) bool) {
		for i := range n {
			p := &profile.Profile{
				ID: profile.ID(i), Events: uint64(i), Tags: []string{"VIP", "新客"},
				Identifiers: []profile.Identifier{{Namespace: "email", Value: fmt.Sprintf("user.%d@gmail.com", i)}},
				Traits:      []profile.Trait{{Name: "number", Value: profile.Number(float64(i) / 4)}, {Name: "string", Value: profile.String("上海")}},
			}
			if i%100_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.HeapAlloc)
			}
			if !yield(p, nil) {
				return
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Write(io.Discard, profiles, cs, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(heap)/1e6, "heap-MB")
}
