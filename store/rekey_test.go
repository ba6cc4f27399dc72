package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fillLevels leaves tables in several levels, and a log.
func fillLevels(t *testing.T, s *Store) {
	t.Helper()
	fill(t, s, 400)
	if err := s.db.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	fill(t, s, 50)
	commit(t, s, "unflushed", "1")
}

func TestStore_Rekey(t *testing.T) {
	mem := vfs.NewMem()
	keys := newTestKeys("first")
	o := small(mem)
	o.Keys = keys
	s := mustOpen(t, "db", o)
	fillLevels(t, s)
	before := content(t, s)
	if used := s.Metrics().KeysInUse; len(used) != 1 || used["first"] < 5 {
		t.Fatalf("keys in use: %v", used)
	}

	keys.rotate("second")
	commit(t, s, "later", "2")
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if used := s.Metrics().KeysInUse; used["first"] == 0 || used["second"] == 0 {
		t.Errorf("keys in use once the key has changed: %v", used)
	}
	if err := s.Rekey(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.db.TestOnlyWaitForCleaning()
	if used := s.Metrics().KeysInUse; used["first"] > 0 || used["second"] < 4 {
		t.Errorf("keys in use after Rekey: %v", used)
	}
	before = append(before, "later=2")
	diff(t, sorted(before), content(t, s))

	// What the store says of its files they say themselves.
	mustClose(t, s)
	checkKeys(t, mem, s.crypt.keysInUse())
	delete(keys.keys, "first")
	s = mustOpen(t, "db", o)
	diff(t, sorted(before), content(t, s))

	// Everything is as it should be: nothing is rewritten.
	flushes := s.Metrics().Flushes
	if err := s.Rekey(t.Context()); err != nil || s.Metrics().Flushes != flushes {
		t.Errorf("a second Rekey: %v, %d flushes", err, s.Metrics().Flushes-flushes)
	}
}

// checkKeys holds the key IDs of files against the headers of those of "db".
func checkKeys(t *testing.T, mem *vfs.MemFS, want map[string]string) {
	t.Helper()
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range names {
		if !isPebbleFile(name) {
			continue
		}
		if id, _ := keyOf(t, mem, "db/"+name); id != "" {
			got[name] = id
		}
	}
	diff(t, want, got)
}

// TestStore_Rekey_while_the_key_changes_again goes on to the last key.
func TestStore_Rekey_while_the_key_changes_again(t *testing.T) {
	keys := newTestKeys("first")
	o := small(vfs.NewMem())
	o.Keys = keys
	s := mustOpen(t, "db", o)
	fillLevels(t, s)
	keys.rotate("second")
	done := make(chan error)
	go func() { done <- s.Rekey(t.Context()) }()
	for s.Metrics().KeysInUse["second"] < 3 {
		runtime.Gosched()
	}
	keys.rotate("third")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.Rekey(t.Context()); err != nil { // if the first had ended before
		t.Fatal(err)
	}
	s.db.TestOnlyWaitForCleaning()
	if used := s.Metrics().KeysInUse; len(used) != 1 || used["third"] == 0 {
		t.Errorf("keys in use: %v", used)
	}
}

// cleaned is a file system on which old options go in the moment in which somebody opens
// them: Pebble removes what a store no longer needs behind whoever uses it.
type cleaned struct {
	vfs.FS
	crypt   atomic.Pointer[cryptFS] // once it is set
	removed atomic.Int32
}

func (f *cleaned) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	if c := f.crypt.Load(); c != nil && strings.HasPrefix(f.PathBase(name), "OPTIONS-") {
		if err := c.Remove(name); err != nil {
			return nil, err
		}
		f.removed.Add(1)
	}
	return f.FS.Open(name, opts...)
}

// TestStore_Rekey_while_options_go passes over a file of options that is removed between being
// found under an old key and being rewritten.
func TestStore_Rekey_while_options_go(t *testing.T) {
	files := &cleaned{FS: vfs.NewMem()}
	keys := newTestKeys("first")
	o := small(files)
	o.Keys = keys
	s := mustOpen(t, "db", o)
	fillLevels(t, s)
	before := content(t, s)
	keys.rotate("second")
	files.crypt.Store(s.crypt)
	if err := s.Rekey(t.Context()); err != nil || files.removed.Load() != 1 {
		t.Errorf("Rekey: %v; %d files went", err, files.removed.Load())
	}
	diff(t, before, content(t, s))
}

func TestStore_Rekey_ends(t *testing.T) {
	open := func(t *testing.T) (*Store, *testKeys) {
		keys := newTestKeys("first")
		o := small(vfs.NewMem())
		o.Keys = keys
		s := mustOpen(t, "db", o)
		fillLevels(t, s)
		keys.rotate("second")
		return s, keys
	}
	t.Run("with its context", func(t *testing.T) {
		s, _ := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Rekey(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Rekey: %v", err)
		}
		if err := s.Rekey(t.Context()); err != nil {
			t.Errorf("Rekey again: %v", err)
		}
	})
	t.Run("with the store", func(t *testing.T) {
		s, _ := open(t)
		mustClose(t, s)
		if err := s.Rekey(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Rekey: %v", err)
		}
	})
	t.Run("with the disk", func(t *testing.T) {
		s, _ := open(t)
		s.fuse.blow(errors.New("gone"))
		if err := s.Rekey(t.Context()); !errors.Is(err, ErrFailed) {
			t.Errorf("Rekey: %v", err)
		}
	})
	t.Run("at once without keys", func(t *testing.T) {
		s := mustOpen(t, "db", small(vfs.NewMem()))
		if err := s.Rekey(t.Context()); err != nil || s.Metrics().KeysInUse != nil {
			t.Errorf("Rekey: %v", err)
		}
	})
}

func TestStore_Rekey_beside_commits(t *testing.T) {
	mem := vfs.NewMem()
	keys := newTestKeys("first")
	o := small(mem)
	o.Keys = keys
	s := mustOpen(t, "db", o)
	fillLevels(t, s)
	keys.rotate("second")
	done := make(chan error)
	go func() { done <- s.Rekey(t.Context()) }()
	acked := 0
	for running := true; running; acked++ {
		commit(t, s, "counter", fmt.Sprint(acked), fmt.Sprintf("w%06d", acked), strings.Repeat("x", 300))
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			running = false
		default:
		}
	}
	if v, err := s.Get([]byte("counter")); err != nil || string(v) != fmt.Sprint(acked-1) {
		t.Errorf("after %d commits the counter is %s, %v", acked, v, err)
	}
	s.db.TestOnlyWaitForCleaning()
	if used := s.Metrics().KeysInUse; used["first"] > 0 {
		t.Errorf("keys in use: %v", used)
	}
}
