package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// slowTables is a file system on which nobody can create a table until the gate
// is opened.
type slowTables struct {
	FS
	gate    chan struct{}
	waiting chan struct{} // closed by the first that waits
	once    sync.Once
}

func (fs *slowTables) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if isTable(name) {
		fs.once.Do(func() { close(fs.waiting) })
		<-fs.gate
	}
	return fs.FS.Create(name, category)
}

// slow returns such a file system with a new store, whose making made a table.
func slow(t *testing.T) *slowTables {
	t.Helper()
	mem := vfs.NewMem()
	mustClose(t, mustOpen(t, "db", small(mem)))
	return &slowTables{FS: mem, gate: make(chan struct{}), waiting: make(chan struct{})}
}

// crowd commits until Commit waits for a flush that does not end. The result of
// that Commit comes out of the channel.
func crowd(t *testing.T, s *Store, disk *slowTables) <-chan error {
	t.Helper()
	<-primed(t, s, disk)
	done := make(chan error, 1)
	go func() {
		b := s.NewBatch()
		for i := 0; ; i++ {
			b.Set(fmt.Appendf(nil, "k%06d", i), []byte(strings.Repeat("x", 1000)))
			if err := s.Commit(b, false); err != nil {
				done <- err
				return
			}
		}
	}()
	for s.Metrics().MemTableBytes < memTableStop*minMemTableBytes {
		runtime.Gosched()
	}
	select {
	case err := <-done:
		t.Fatalf("Commit did not wait: %v", err)
	default:
	}
	return done
}

// primed fills memtables until a flush is stuck.
func primed(t *testing.T, s *Store, disk *slowTables) <-chan struct{} {
	t.Helper()
	b := s.NewBatch()
	for i := range 2 * minMemTableBytes / 1000 {
		b.Set(fmt.Appendf(nil, "p%06d", i), []byte(strings.Repeat("x", 1000)))
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
	}
	return disk.waiting
}

func TestStore_Commit_waits_for_room(t *testing.T) {
	open := func(t *testing.T) (*Store, *slowTables) {
		t.Helper()
		disk := slow(t)
		return mustOpen(t, "db", small(disk)), disk
	}
	t.Run("until a flush ends", func(t *testing.T) {
		s, disk := open(t)
		<-primed(t, s, disk)
		written := make(chan error, 1)
		go func() {
			b := s.NewBatch()
			for i := range 10 * minMemTableBytes / 1000 {
				b.Set(fmt.Appendf(nil, "k%06d", i), []byte(strings.Repeat("x", 1000)))
				if err := s.Commit(b, false); err != nil {
					written <- err
					return
				}
			}
			written <- nil
		}()
		for s.Metrics().MemTableBytes < memTableStop*minMemTableBytes {
			runtime.Gosched()
		}
		close(disk.gate)
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		if m := s.Metrics(); m.Flushes == 0 || m.MemTableBytes > (memTableStop+1)*minMemTableBytes {
			t.Errorf("%d flushes, %d bytes of memtables", m.Flushes, m.MemTableBytes)
		}
	})
	t.Run("until the store fails", func(t *testing.T) {
		s, disk := open(t)
		done := crowd(t, s, disk)
		cause := errors.New("out of the blue")
		s.fuse.blow(cause)
		if err := <-done; !errors.Is(err, ErrFailed) || !errors.Is(err, cause) {
			t.Errorf("%v", err)
		}
		close(disk.gate)
	})
	t.Run("until Close", func(t *testing.T) {
		s, disk := open(t)
		done := crowd(t, s, disk)
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		if err := <-done; !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		close(disk.gate)
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

func now() time.Time { return time.Now() }

// TestStore_Admit_refuses_a_stall: a write that would have to wait is refused before
// anything is done, with a hint, and admitted once there is room.
func TestStore_Admit_refuses_a_stall(t *testing.T) {
	disk := slow(t)
	o := small(disk)
	o.MaxStall = 1
	s := mustOpen(t, "db", o)
	if s.Stalled() {
		t.Error("an empty store is stalled")
	}
	crowded := crowd(t, s, disk)
	check := func(name string, ctx context.Context, since time.Time, cause error) {
		t.Helper()
		err := s.Admit(ctx, since)
		e, ok := errors.AsType[*StallError](err)
		if !ok || !errors.Is(err, ErrStalled) || e.RetryAfter < leastRetry || e.RetryAfter > mostRetry {
			t.Fatalf("%s: %v", name, err)
		}
		if cause != nil && !errors.Is(err, cause) {
			t.Errorf("%s: %v does not say why the wait ended", name, err)
		}
	}
	check("after MaxStall", t.Context(), now(), nil)
	check("MaxStall was over before", t.Context(), now().Add(-time.Hour), nil)
	s.opts.MaxStall = -1
	gone := errors.New("gone home")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	check("with a context that ended", ctx, now(), gone)
	if m := s.Metrics(); !s.Stalled() || m.Stalls != 3 || m.RefusedStalled != 3 || m.StallTime <= 0 {
		t.Errorf("%d stalls of %s, %d refusals", m.Stalls, m.StallTime, m.RefusedStalled)
	}
	admitted := make(chan error)
	for range 3 { // all of those who wait are woken
		go func() { admitted <- s.Admit(t.Context(), now()) }()
	}
	close(disk.gate)
	for range 3 {
		if err := <-admitted; err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	s.fuse.blow(errors.New("enough")) // which ends the writer
	if err := <-crowded; !errors.Is(err, ErrFailed) {
		t.Error(err)
	}
	if err := s.Admit(t.Context(), now()); !errors.Is(err, ErrFailed) {
		t.Errorf("after a failure: %v", err)
	}
}

// TestStore_cache_keeps_its_size_beside_memtables would fail if memtables took
// the block cache, as they do in Pebble when it is no larger than they are.
func TestStore_cache_keeps_its_size_beside_memtables(t *testing.T) {
	const memTable, cache = 1 << 20, 1 << 20
	s := mustOpen(t, "db", Options{FS: vfs.NewMem(), MemTableBytes: memTable, CacheBytes: cache})
	fill(t, s, 256)
	if err := s.db.Compact(t.Context(), []byte("a"), []byte("z"), false); err != nil {
		t.Fatal(err)
	}
	before := s.Metrics()
	b := s.NewBatch()
	for i := range 8000 { // 8 memtables of writes, with reads among them
		b.Set(fmt.Appendf(nil, "w%06d", i), fmt.Appendf(nil, "%01000d", i))
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(fmt.Appendf(nil, "k%06d", i%256)); err != nil {
			t.Fatal(err)
		}
	}
	m := s.Metrics()
	hits, misses := m.CacheHits-before.CacheHits, m.CacheMisses-before.CacheMisses
	t.Logf("%d hits, %d misses, cache of %d bytes", hits, misses, m.CacheBytes)
	if rate := float64(hits) / float64(hits+misses); rate < 0.5 {
		t.Errorf("hit rate %.2f under writes", rate)
	}
	if m.Flushes == before.Flushes {
		t.Error("no memtable was ever full")
	}
}
