//go:build unix

package portrait_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// freshLogs is the operating system's file system without recycled logs: what an
// encrypted store has to do without.
type freshLogs struct{ vfs.FS }

func (fs freshLogs) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := fs.Remove(old); err != nil {
		return nil, err
	}
	return fs.Create(name, category)
}

// contender is a store of customers with one order each.
type contender struct {
	name string
	db   *portrait.DB
	seq  int
	took []time.Duration // turn by turn
	cpu  []time.Duration // of the process
}

const benchCustomers = 100_000

// benchOptions has caches of a tenth of the tables.
func benchOptions() portrait.Options {
	return portrait.Options{Clock: fixed(now), CacheBytes: 3 << 20, StateCacheBytes: 1 << 20, MemTableBytes: 4 << 20}
}

// contenders makes the same store under each of some options.
func contenders(b *testing.B, names []string, options ...*portrait.Options) []*contender {
	b.Helper()
	dir := b.TempDir()
	all := make([]*contender, len(names))
	for i, o := range options {
		all[i] = &contender{name: names[i]}
		loading := *o
		loading.NoSync = true
		at := filepath.Join(dir, all[i].name)
		db, err := portrait.Open(at, &loading)
		if err != nil {
			b.Fatal(err)
		}
		apply(b, db, testModel)
		all[i].db = db
		r := rng(1, 2)
		for all[i].seq < benchCustomers {
			all[i].take(b, 1000, 1000, func() int { return all[i].seq }, r.IntN)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		if all[i].db, err = portrait.Open(at, o); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { all[i].db.Close() })
		b.Logf("%s: %d MB", all[i].name, all[i].db.Metrics().Store.DiskBytes>>20)
	}
	return all
}

// take takes events in, and returns how long that took.
func (c *contender) take(b *testing.B, events, batch int, customer func() int, pick func(int) int) time.Duration {
	b.Helper()
	list := make([]profile.Event, events)
	for i := range list {
		who := customer()
		c.seq++
		list[i] = profile.Event{
			MessageID: fmt.Sprint(c.seq), Name: "Order Completed", Time: epoch0.Add(time.Duration(c.seq) * time.Second),
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", who))},
			Traits:      map[string]profile.Value{"note": profile.String(fmt.Sprint(pick(1e9), pick(1e9), pick(1e9), pick(1e9)))},
			Properties:  map[string]profile.Value{"revenue": profile.Number(float64(c.seq % 1000))},
		}
	}
	began := time.Now()
	for part := range slices.Chunk(list, batch) {
		if _, err := c.db.Ingest(b.Context(), part...); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

// BenchmarkEncrypted lets an encrypted store and two plain ones, one of which does
// not recycle its logs, do the same in turn, and reports how much of their speed
// it has, by the clock and by the processors: 1 is all. Run it with -benchtime 15x or so.
func BenchmarkEncrypted(b *testing.B) {
	base, encrypted := benchOptions(), benchOptions()
	encrypted.Keys = &keySet{current: "a"}
	inTurn(b, contenders(b, []string{"plain", "unrecycled", "encrypted"}, &base, portrait.WithFS(base, freshLogs{vfs.Default}), &encrypted))
}

// BenchmarkShredded does the same with a plain store, and one that seals what is known of people.
func BenchmarkShredded(b *testing.B) {
	base, shredded := benchOptions(), benchOptions()
	shredded.Shred = true
	inTurn(b, contenders(b, []string{"plain", "shredded"}, &base, &shredded))
}

// inTurn lets all do the same in turn.
func inTurn(b *testing.B, all []*contender) {
	r := rng(3, 4)
	customer := func() int { return r.IntN(benchCustomers) }
	for _, c := range []struct{ batch, events int }{{1, 200}, {100, 4000}, {1000, 10_000}} {
		b.Run(fmt.Sprintf("do=ingest/batch=%d", c.batch), func(b *testing.B) {
			turns(b, all, c.events, func(side *contender) time.Duration { return side.take(b, c.events, c.batch, customer, r.IntN) })
		})
	}
	b.Run("do=profile", func(b *testing.B) {
		turns(b, all, 5000, func(side *contender) time.Duration {
			began := time.Now()
			for range 5000 {
				if _, err := side.db.Profile(b.Context(), id("user_id", fmt.Sprint("u", customer()))); err != nil {
					b.Fatal(err)
				}
			}
			return time.Since(began)
		})
	})
	b.Run("do=scan", func(b *testing.B) {
		turns(b, all, benchCustomers, func(side *contender) time.Duration {
			began := time.Now()
			for _, err := range allProfiles(b.Context(), side.db) {
				if err != nil {
					b.Fatal(err)
				}
			}
			return time.Since(began)
		})
	})
}

// turns lets everybody work in turn, in an order that changes.
func turns(b *testing.B, all []*contender, ops int, work func(*contender) time.Duration) {
	for _, c := range all {
		c.took, c.cpu = nil, nil
		work(c) // which does not count
	}
	first := 0
	for b.Loop() {
		for i := range all {
			c := all[(first+i)%len(all)]
			runtime.GC()
			before := processTime(b)
			c.took = append(c.took, work(c))
			c.cpu = append(c.cpu, processTime(b)-before)
		}
		first++
	}
	last := all[len(all)-1]
	for _, c := range all {
		b.ReportMetric(float64(median(c.took))/float64(ops), c.name+"-ns/op")
		b.ReportMetric(float64(c.db.Metrics().Store.DiskBytes)/1e6, c.name+"-disk-MB")
		if c == last {
			continue
		}
		b.ReportMetric(median(shares(c.took, last.took)), "of-"+c.name)
		b.ReportMetric(median(shares(c.cpu, last.cpu)), "cpu-of-"+c.name)
	}
}

// shares divides turn by turn.
func shares(a, b []time.Duration) []float64 {
	s := make([]float64, len(a))
	for i := range s {
		s[i] = float64(a[i]) / float64(b[i])
	}
	return s
}

func median[T time.Duration | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// processTime is what the process has spent on processors, which other processes
// of a busy machine change less than the clock on the wall.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
