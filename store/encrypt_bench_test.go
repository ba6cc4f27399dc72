package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkStore_encrypted reads an encrypted store and a plain one in turn, with
// caches of a tenth of what they hold, and reports how much of the plain one's
// speed it has, turn by turn in the median: 1 is all. Run it with -benchtime 15x
// or so.
func BenchmarkStore_encrypted(b *testing.B) {
	const keys = 60_000 // of 1 KiB
	var plain, encrypted *Store
	for _, side := range []struct {
		store **Store
		keys  Keys
	}{{&plain, nil}, {&encrypted, newTestKeys("a")}} {
		dir := filepath.Join(b.TempDir(), "db")
		o := Options{CacheBytes: 1 << 20, MemTableBytes: 1 << 20, Keys: side.keys}
		s := mustOpen(b, dir, o)
		batch := s.NewBatch()
		rnd := rand.New(rand.NewPCG(1, 2))
		value := make([]byte, 1000)
		for i := range keys {
			for j := range value {
				value[j] = byte('a' + rnd.IntN(16)) // half of it compresses away
			}
			batch.Set(fmt.Appendf(nil, "k%06d", i), value)
			if i%1000 == 999 {
				if err := s.Commit(batch, false); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := s.db.Compact(b.Context(), []byte("a"), []byte("z"), true); err != nil {
			b.Fatal(err)
		}
		disk := s.Metrics().DiskBytes
		mustClose(b, s)
		o.CacheBytes = int64(disk) / 10
		*side.store = mustOpen(b, dir, o)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	read := map[string]func(*Store) (ops int){
		"get": func(s *Store) int {
			var dst []byte
			for range 5000 {
				var ok bool
				var err error
				if dst, ok, err = s.GetTo(dst[:0], fmt.Appendf(nil, "k%06d", rnd.IntN(keys))); !ok || err != nil {
					b.Fatal(err)
				}
			}
			return 5000
		},
		"scan": func(s *Store) (n int) {
			sn, err := s.Snapshot()
			if err != nil {
				b.Fatal(err)
			}
			defer sn.Close()
			for _, err := range sn.Scan(nil, nil) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			return n
		},
	}
	for _, do := range []string{"get", "scan"} {
		b.Run("do="+do, func(b *testing.B) {
			var shares, plains, encrypteds []float64
			for b.Loop() {
				var took [2]float64
				for i := range 2 {
					side := (i + len(shares)) % 2 // they take turns in being first
					began := time.Now()
					ops := read[do]([]*Store{plain, encrypted}[side])
					took[side] = float64(time.Since(began).Nanoseconds()) / float64(ops)
				}
				shares = append(shares, took[0]/took[1])
				plains, encrypteds = append(plains, took[0]), append(encrypteds, took[1])
			}
			for name, values := range map[string][]float64{"of-plain": shares, "plain-ns/op": plains, "encrypted-ns/op": encrypteds} {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], name)
			}
		})
	}
}
