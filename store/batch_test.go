package store

import (
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestBatch_too_large: a batch of more than 1 GiB is refused as a whole, before Pebble would
// panic at it, and the next one is taken.
func TestBatch_too_large(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector shadows the gigabyte")
	}
	s := mustOpen(t, "db", Options{FS: vfs.NewMem()})
	b := s.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	b.Set([]byte("b"), make([]byte, 1<<30)) // never touched
	if err := s.Commit(b, true); err == nil || !strings.Contains(err.Error(), "batch exceeds 1073741824 bytes") {
		t.Errorf("a batch of a gigabyte: %v", err)
	}
	if _, err := s.Get([]byte("a")); err == nil {
		t.Error("half of it was taken in")
	}
	b = s.NewBatch()
	b.Set([]byte("a"), []byte("2"))
	if err := errors.Join(s.Commit(b, true), s.Close()); err != nil {
		t.Error(err)
	}
}
