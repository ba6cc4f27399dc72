package store

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// roomFS is a file system in memory that says how much room it has.
type roomFS struct {
	FS
	free, total atomic.Uint64
	asked       atomic.Int64
}

func (fs *roomFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	fs.asked.Add(1)
	return vfs.DiskUsage{AvailBytes: fs.free.Load(), TotalBytes: fs.total.Load()}, nil
}

func newRoomFS(free, total uint64) *roomFS {
	fs := &roomFS{FS: vfs.NewMem()}
	fs.free.Store(free)
	fs.total.Store(total)
	return fs
}

func (s *Store) admitted(t *testing.T) error { return s.Admit(t.Context(), now()) }

// TestStore_Admit_leaves_room: too little room refuses, with the figures, and a little more
// is noticed at once.
func TestStore_Admit_leaves_room(t *testing.T) {
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			disk := newRoomFS(1<<20, 100<<20)
			o := open(disk)
			o.MinFreeBytes = 1 << 20
			s := mustOpen(t, "db", o)
			if err := s.admitted(t); err != nil {
				t.Fatalf("with just enough: %v", err)
			}
			disk.free.Store(1<<20 - 1)
			for i := 0; s.admitted(t) == nil; i++ {
				if commit(t, s, "k", string(make([]byte, 10_000))); i > 10 {
					t.Fatal("a sixteenth of the room was written, and nobody looked")
				}
			}
			err := s.admitted(t)
			e, ok := errors.AsType[*DiskError](err)
			if !ok || !errors.Is(err, ErrDiskLow) || e.FreeBytes != 1<<20-1 || e.MinFreeBytes != 1<<20 {
				t.Fatalf("with too little: %v", err)
			}
			if errors.Is(err, ErrFailed) || s.Failed() != nil {
				t.Error("a store with a full disk has not failed")
			}
			if _, err := s.Get([]byte("k")); err != nil {
				t.Errorf("reading: %v", err)
			}
			if m := s.Metrics(); m.FreeBytes != 1<<20-1 || m.TotalBytes != 100<<20 || m.MinFreeBytes != 1<<20 || m.RefusedDisk != 2 {
				t.Errorf("metrics: %+v", m)
			}
			disk.free.Store(1 << 20)
			if err := s.admitted(t); err != nil {
				t.Errorf("with room again: %v", err)
			}
			commit(t, s, "k", "v")
		})
	}
}

func TestStore_Admit_room_by_default(t *testing.T) {
	for _, tt := range []struct {
		name              string
		free, total, want uint64
		least             int64
		refused           bool
	}{
		{"a large disk keeps 1 GiB", 1<<30 - 1, 1 << 40, 1 << 30, 0, true},
		{"a large disk with that much", 1 << 30, 1 << 40, 1 << 30, 0, false},
		{"a small disk keeps a twentieth", 49 << 20, 1000 << 20, 50 << 20, 0, true},
		{"a small disk with that much", 50 << 20, 1000 << 20, 50 << 20, 0, false},
		{"below zero nobody looks", 0, 1 << 40, 0, -1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			disk := newRoomFS(tt.free, tt.total)
			o := small(disk)
			o.MinFreeBytes = tt.least
			s := mustOpen(t, "db", o)
			if err := s.admitted(t); errors.Is(err, ErrDiskLow) != tt.refused {
				t.Errorf("admit: %v", err)
			}
			if got := s.Metrics().MinFreeBytes; tt.least == 0 && got != tt.want {
				t.Errorf("%d bytes are left alone, want %d", got, tt.want)
			}
		})
	}
	s := mustOpen(t, "db", small(vfs.NewMem())) // which does not tell
	if err := s.admitted(t); err != nil {
		t.Errorf("a file system that does not tell: %v", err)
	}
}

// The file system is asked now and then, not for every commit.
func TestStore_Admit_asks_seldom(t *testing.T) {
	disk := newRoomFS(1<<40, 1<<41)
	s := mustOpen(t, "db", small(disk))
	before := disk.asked.Load()
	began := now()
	const commits = 200
	for range commits {
		if err := s.admitted(t); err != nil {
			t.Fatal(err)
		}
		b := s.NewBatch()
		b.Set([]byte("k"), []byte("v"))
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
	}
	seconds := int64(now().Sub(began).Seconds())
	if n := disk.asked.Load() - before; n > 1+seconds {
		t.Errorf("asked %d times for %d small commits in %d s", n, commits, seconds)
	}
}
