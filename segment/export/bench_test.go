package export

import (
	"fmt"
	"io"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// One operation writes 10,000 profiles with six columns.
func BenchmarkExport(b *testing.B) {
	list := make([]*profile.Profile, 10_000)
	for i := range list {
		list[i] = &profile.Profile{
			ID: profile.ID(i), Events: uint64(i), Tags: []string{"VIP", "新客"},
			Identifiers: []profile.Identifier{{Namespace: "email", Value: fmt.Sprintf("user.%d@gmail.com", i)}, {Namespace: "phone", Value: fmt.Sprintf("+86138%08d", i)}},
			Traits:      []profile.Trait{{Name: "city", Value: profile.String("上海")}, {Name: "spent", Value: profile.Number(float64(i) / 4)}},
		}
	}
	cs := columns(b, "id", "identifier:email", "trait:city", "trait:spent", "tags", "count")
	google := audience(b, "google", "email", "phone")
	run := func(name string, write func() (Progress, error)) {
		b.Run("format="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				done, err := write()
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(done.Bytes))
			}
			b.ReportMetric(float64(len(list)*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	run("csv", func() (Progress, error) { return CSV(io.Discard, sequence(list, nil), cs, nil) })
	run("jsonlines", func() (Progress, error) { return JSONLines(io.Discard, sequence(list, nil), cs, nil) })
	run("google", func() (Progress, error) { return Hashed(io.Discard, sequence(list, nil), google, nil) })
}
