package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestStore_Purge_writes_once has some levels of tables, under keys inside of the spans and
// beyond: a Purge writes what it comes by to the last level once, the rest on its way there.
func TestStore_Purge_writes_once(t *testing.T) {
	s, err := Open(t.TempDir(), Options{MemTableBytes: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(1, 2))
	value := make([]byte, 200)
	for i := range 200 {
		b := s.NewBatch()
		for j := range 200 {
			for k := range value {
				value[k] = byte(random.Uint32())
			}
			b.Set(fmt.Appendf(nil, "%c%08d", 'a'+j%4, random.IntN(1_000_000)), value)
		}
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
		if i == 195 { // what comes later lies above, and is too little to be compacted by itself
			if err := s.db.Compact(t.Context(), []byte("a"), []byte("e"), true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.rotate(t.Context()); err != nil { // flushes
		t.Fatal(err)
	}
	before := s.Metrics()
	size, err := s.SpanBytes([]byte{1}, []byte{0xff})
	if err != nil || size < 6<<20 {
		t.Fatalf("%d bytes of tables, %v", size, err)
	}
	if err := s.Purge(t.Context(), []Span{{[]byte("a"), []byte("b")}, {[]byte("c"), []byte("d")}}); err != nil {
		t.Fatal(err)
	}
	after := s.Metrics()
	last, all := after.LastLevelBytesWritten-before.LastLevelBytesWritten, after.TableBytesWritten-before.TableBytesWritten
	if last < size/3 || last > size+size/20 {
		t.Errorf("%d bytes went to the last level, of %d", last, size)
	}
	if all > 2*size {
		t.Errorf("%d bytes were written, of %d", all, size)
	}
	t.Logf("of %d bytes of tables the last level took %d, all levels %d", size, last, all)
}
