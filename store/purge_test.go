package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// holding returns the files of a directory that hold a text.
func holding(t *testing.T, dir, text string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var in []string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			in = append(in, filepath.Base(path))
		}
	}
	return in
}

// TestStore_Purge makes old values lie in logs, and in tables that a snapshot kept them in
// which is gone.
func TestStore_Purge(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	commit := func(change func(*Batch)) {
		t.Helper()
		b := s.NewBatch()
		change(b)
		if err := s.Commit(b, true); err != nil {
			t.Fatal(err)
		}
	}
	bulk := func(round int) {
		for i := range 40 {
			commit(func(b *Batch) {
				for j := range 50 {
					b.Set(fmt.Appendf(nil, "p%05d", 50*i+j), fmt.Appendf(nil, "value %d of %d and so on", round, i*j))
				}
			})
		}
	}
	bulk(1)
	for _, key := range []string{"p00100-over", "p00200-gone", "p01000-range", "q-other"} {
		commit(func(b *Batch) { b.Set([]byte(key), []byte("canary-"+key)) })
	}
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	commit(func(b *Batch) {
		b.Set([]byte("p00100-over"), []byte("clean"))
		b.Delete([]byte("p00200-gone"))
		b.DeleteRange([]byte("p01000-r"), []byte("p01000-s"))
	})
	shows, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	since := shows.Commits()
	shows.Close()
	commit(func(b *Batch) { b.Set([]byte("q-later"), nil) }) // which no snapshot shows
	if err := s.db.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	if n := s.Pinned(since); n != 1 {
		t.Errorf("%d snapshots of before, want 1", n)
	}
	snap.Close()
	if n := s.Pinned(since); n != 0 {
		t.Errorf("%d snapshots of before, want none", n)
	}
	spans := []Span{{[]byte("p"), []byte("q")}}
	if in := holding(t, dir, "canary-p00100-over"); len(in) == 0 {
		t.Fatal("nothing is there to be purged")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.Purge(ended, spans); !errors.Is(err, context.Canceled) {
		t.Errorf("under a context that has ended: %v", err)
	}
	if err := s.Purge(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"p00100-over", "p00200-gone", "p01000-range"} {
		if in := holding(t, dir, "canary-"+key); len(in) > 0 {
			t.Errorf("the old value of %s is in %q", key, in)
		}
	}
	for key, want := range map[string]string{"p00100-over": "clean", "q-other": "canary-q-other", "p00051": "value 1 of 1 and so on"} {
		got, ok, err := s.GetTo(nil, []byte(key))
		if err != nil || !ok || string(got) != want {
			t.Errorf("%s is %q, %t, %v, want %q", key, got, ok, err, want)
		}
	}
	bulk(2) // logs are used again, and hold nothing of old
	if in := holding(t, dir, "canary-p"); len(in) > 0 {
		t.Errorf("after more commits old values are in %q", in)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context(), spans); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed store: %v", err)
	}
}

// TestStore_Purge_of_what_a_snapshot_kept has an old value in a table of the last level
// that nothing lies above, where it came for the sake of a snapshot that is gone.
func TestStore_Purge_of_what_a_snapshot_kept(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set := func(key string, value []byte) {
		t.Helper()
		b := s.NewBatch()
		b.Set([]byte(key), value)
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.NewChaCha8([32]byte{})
	for i := range 160 { // tables enough for the key to lie in one of its own
		value := make([]byte, 100<<10)
		rnd.Read(value)
		set(fmt.Sprintf("b%05d", i), value)
	}
	set("p", []byte("canary"))
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	set("p", []byte("clean"))
	if err := s.db.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	snap.Close()
	if err := s.Purge(t.Context(), []Span{{[]byte("p"), []byte("q")}}); err != nil {
		t.Fatal(err)
	}
	if in := holding(t, dir, "canary"); len(in) > 0 {
		t.Errorf("the old value is in %q", in)
	}
}

// What cannot be removed ends a Purge, which says so; what could not be removed once is
// removed by it.
func TestStore_Purge_of_files_that_stay(t *testing.T) {
	for _, once := range []bool{true, false} {
		for _, file := range []string{"table", "log"} {
			mem := vfs.NewMem()
			inj := &injector{fault: fault{op: "remove", file: file, nth: 1, err: syscall.EIO, once: once}, fs: mem}
			s := mustOpen(t, "db", small(faulty(mem, inj)))
			if _, err := workload(s, 0, 20); err != nil {
				t.Fatal(err)
			}
			err := s.Purge(t.Context(), []Span{{Lower: []byte("a"), Upper: []byte("z")}})
			if once && err != nil || !once && (!errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "remove 0")) {
				t.Errorf("%s, once %t: %v", file, once, err)
			}
			if inj.hits.Load() == 0 {
				t.Errorf("%s: nothing was removed", file)
			}
			mustClose(t, s)
		}
	}
}
