package store

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A batch of more than half a memtable takes another way through Pebble.
func TestCommit_a_large_batch_is_seen_by_snapshots(t *testing.T) {
	s, err := Open("db", Options{FS: vfs.NewMem(), MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := s.NewBatch()
	b.Set([]byte("large"), make([]byte, 1<<20))
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	if v, err := snap.Get([]byte("large")); err != nil || len(v) != 1<<20 {
		t.Errorf("a snapshot after the commit has %d bytes, %v", len(v), err)
	}
}
