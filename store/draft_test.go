package store

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestDraft fills a directory by hand: it is no store until it is finished, and none that
// anything else was in.
func TestDraft(t *testing.T) {
	mem := vfs.NewMem()
	src := mustOpen(t, "db", small(mem))
	fill(t, src, 20)
	st, err := src.Stage(t.Context(), quietly)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDraft(mem, "copies/one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewDraft(mem, "copies/one"); !errors.Is(err, ErrLocked) {
		t.Errorf("a second draft of one directory: %v", err)
	}
	for _, name := range []string{"", ".", "..", "../x", "a/b", incompleteFile, copiedFile, lockFile} {
		if err := d.Write(name, strings.NewReader("x")); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("a file %q: %v", name, err)
		}
	}
	if err := d.Write("stray", strings.NewReader("x")); err != nil {
		t.Error(err)
	}
	// The process ends here, and another begins again.
	if err := d.lock.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("copies/one", small(mem)); !errors.Is(err, ErrIncomplete) {
		t.Errorf("a draft is opened: %v", err)
	}
	if d, err = NewDraft(mem, "copies/one"); err != nil {
		t.Fatal(err)
	}
	entries, err := st.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := st.copyFile(t.Context(), d, e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(d.Finish([]byte("a note")), d.Close(), d.Close(), st.Close(), st.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDraft(mem, "copies/one"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a draft over a store: %v", err)
	}
	if _, err := mem.Stat("copies/one/stray"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what the first attempt left is there: %v", err)
	}
	copied := mustOpen(t, "copies/one", small(mem))
	if note, ok, err := copied.Copied(); string(note) != "a note" || !ok || err != nil {
		t.Errorf("note %q, %t, %v", note, ok, err)
	}
	if _, err := copied.Get([]byte("k000019")); err != nil {
		t.Error(err)
	}
	if err := errors.Join(copied.Settle(), copied.Settle()); err != nil {
		t.Error(err)
	}
	if note, ok, err := copied.Copied(); ok || err != nil {
		t.Errorf("note %q, %t, %v", note, ok, err)
	}
	mustClose(t, copied)
	mustClose(t, src)
}

// spoiling is a file system that changes what it is given to write, as vfs.File allows, and
// renames no directory, as between two disks.
type spoiling struct{ vfs.FS }

func (f spoiling) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, c)
	return spoiledFile{file}, err
}

func (f spoiling) Rename(from, to string) error {
	if f.PathBase(from) == stageDir {
		return &fs.PathError{Op: "rename", Path: from, Err: syscall.EXDEV}
	}
	return f.FS.Rename(from, to)
}

type spoiledFile struct{ vfs.File }

func (f spoiledFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	for i := range p {
		//lint:ignore SA1023 a vfs.File may, and the test is about that.
		p[i] ^= 0xff
	}
	return n, err
}

// TestStage_moved_to_another_disk makes sure that the copy has the note and the keys,
// though an attempt to rename wrote them before.
func TestStage_moved_to_another_disk(t *testing.T) {
	disk := spoiling{vfs.NewMem()}
	options := small(disk)
	options.Keys = newTestKeys("a")
	s := mustOpen(t, "db", options)
	fill(t, s, 20)
	st, err := s.Stage(t.Context(), quietly)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Move(t.Context(), "copy", []byte("a note")); err != nil {
		t.Fatal(err)
	}
	copied := mustOpen(t, "copy", options)
	if note, ok, err := copied.Copied(); string(note) != "a note" || !ok || err != nil {
		t.Errorf("note %q, %t, %v", note, ok, err)
	}
	if _, err := copied.Get([]byte("k000019")); err != nil {
		t.Error(err)
	}
	mustClose(t, copied)
	mustClose(t, s)
}

func quietly(context.Context) (func(), error) { return func() {}, nil }

// TestStage_one_at_a_time makes sure that a second waits, for the first or for the store.
func TestStage_one_at_a_time(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	first, err := s.Stage(t.Context(), quietly)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Stage(ended, quietly); !errors.Is(err, context.Canceled) {
		t.Errorf("a second: %v", err)
	}
	if err := s.Purge(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a purge: %v", err)
	}
	waiting := make(chan error)
	go func() {
		_, err := s.Stage(t.Context(), quietly)
		waiting <- err
	}()
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if err := <-waiting; err != nil {
		t.Errorf("the second, once the first was closed: %v", err)
	}
	refused := errors.New("somebody commits")
	mustClose(t, s)
	if _, err := s.Stage(t.Context(), quietly); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed store: %v", err)
	}
	s = mustOpen(t, "db", small(vfs.NewMem()))
	if _, err := s.Stage(t.Context(), func(context.Context) (func(), error) { return nil, refused }); !errors.Is(err, refused) {
		t.Errorf("not quiet: %v", err)
	}
	again, err := s.Stage(t.Context(), quietly)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	mustClose(t, s)
}
