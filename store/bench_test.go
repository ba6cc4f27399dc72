package store

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func BenchmarkStore_Commit(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("sync=false/keys=%d", n), func(b *testing.B) {
			s := mustOpen(b, "db", Options{FS: vfs.NewMem()})
			batch := s.NewBatch()
			var key [8]byte
			value := make([]byte, 200)
			b.ReportAllocs()
			i := uint64(0)
			for b.Loop() {
				for range n {
					i++
					binary.BigEndian.PutUint64(key[:], i*0x9e3779b97f4a7c15|1<<63)
					batch.Set(key[:], value)
				}
				if err := s.Commit(batch, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStore_Has(b *testing.B) {
	s := mustOpen(b, "db", Options{FS: vfs.NewMem()})
	fill(b, s, 100_000)
	if err := s.db.Compact(b.Context(), []byte("a"), []byte("z"), false); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("key=absent/keys=%d", n), func(b *testing.B) {
			keys := make([][]byte, n)
			for i := range keys {
				keys[i] = fmt.Appendf(nil, "k%06d-", i*7919%100_000)
			}
			var dst []bool
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = s.Has(dst[:0], keys...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStore_GetTo(b *testing.B) {
	s := mustOpen(b, "db", Options{FS: vfs.NewMem()})
	fill(b, s, 100_000)
	if err := s.db.Compact(b.Context(), []byte("a"), []byte("z"), false); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, format string }{{"present", "k%06d"}, {"absent", "k%06d-"}} {
		b.Run("key="+c.name, func(b *testing.B) {
			keys := make([][]byte, 4096)
			for i := range keys {
				keys[i] = fmt.Appendf(nil, c.format, i*7919%100_000)
			}
			var dst []byte
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				var err error
				if dst, _, err = s.GetTo(dst[:0], keys[i%len(keys)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// What a commit pays for saying how far the log is on the disk.
func BenchmarkStore_Commit_acknowledged(b *testing.B) {
	dir := b.TempDir()
	a, err := openAcked(vfs.Default, dir, acked{})
	if err != nil {
		b.Fatal(err)
	}
	a.says.begin(7)
	n := uint64(0)
	for b.Loop() {
		n++
		a.sync("000007.log", n)
	}
	if err := a.close(); err != nil {
		b.Fatal(err)
	}
}
