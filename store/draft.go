package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// incompleteFile is in a directory for as long as it is not whole.
	incompleteFile = "INCOMPLETE"
	// copiedFile is what a copy says of itself until Settle.
	copiedFile = "COPIED"
)

// Draft is a directory that is being filled with the files of a store that lie elsewhere.
// Open refuses it with ErrIncomplete until it is finished, whatever interrupts that. It
// is for one goroutine.
type Draft struct {
	fs       FS
	dir      string
	lock     *pebble.Lock // nil once closed
	finished bool
}

// NewDraft begins to fill a directory: one that is not there, is empty, or is a draft
// that was not finished, which is emptied. Any other is an error that wraps
// [fs.ErrExist]. A nil file system is the operating system's.
func NewDraft(fsys FS, dir string) (*Draft, error) {
	if fsys == nil {
		fsys = vfs.Default
	}
	if err := makeDir(fsys, dir); err != nil {
		return nil, err
	}
	lock, err := pebble.LockDirectory(dir, fsys)
	if err != nil {
		if isHeld(err) {
			err = fmt.Errorf("%w: %w", ErrLocked, err)
		}
		return nil, err
	}
	d := &Draft{fs: fsys, dir: dir, lock: lock}
	if err := d.begin(); err != nil {
		d.lock = nil
		return nil, errors.Join(err, lock.Close())
	}
	return d, nil
}

// begin marks the directory before anything is in it.
func (d *Draft) begin() error {
	names, err := d.fs.List(d.dir)
	if err != nil {
		return err
	}
	left := false
	for _, name := range names {
		left = left || name == incompleteFile
	}
	for _, name := range names {
		if name == incompleteFile || name == lockFile {
			continue
		}
		if !left {
			return &fs.PathError{Op: "fill", Path: d.dir, Err: fs.ErrExist}
		}
		if err := d.fs.RemoveAll(d.fs.PathJoin(d.dir, name)); err != nil {
			return err
		}
	}
	if err := writeFile(d.fs, d.fs.PathJoin(d.dir, incompleteFile), nil); err != nil {
		return err
	}
	return syncDir(d.fs, d.dir)
}

// lockFile is Pebble's name of the file that LockDirectory makes.
const lockFile = "LOCK"

// Write puts a file into the directory, durably.
func (d *Draft) Write(name string, content io.Reader) error {
	if !fs.ValidPath(name) || d.fs.PathBase(name) != name || name == "." || name == incompleteFile || name == copiedFile || name == lockFile {
		return &fs.PathError{Op: "fill", Path: name, Err: fs.ErrInvalid}
	}
	f, err := d.fs.Create(d.fs.PathJoin(d.dir, name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	// By a buffer of its own: a vfs.File may change what it is given to write, and a reader
	// may have no more than a loan of it.
	_, err = io.Copy(f, struct{ io.Reader }{content})
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Finish makes the directory one that Open takes. There the note is what Copied returns.
// It is durable when Finish returns nil.
func (d *Draft) Finish(note []byte) error {
	if err := writeFile(d.fs, d.fs.PathJoin(d.dir, copiedFile), note); err != nil {
		return err
	}
	if err := syncDir(d.fs, d.dir); err != nil {
		return err
	}
	if err := d.fs.Remove(d.fs.PathJoin(d.dir, incompleteFile)); err != nil {
		return err
	}
	d.finished = true
	return syncDir(d.fs, d.dir)
}

// Close gives the directory free, and empties and removes it if it was not finished. A
// second call returns nil.
func (d *Draft) Close() error {
	if d.lock == nil {
		return nil
	}
	var err error
	if !d.finished {
		err = d.clear()
	}
	err = errors.Join(err, d.lock.Close())
	if !d.finished && err == nil {
		err = d.fs.RemoveAll(d.dir)
	}
	d.lock = nil
	return err
}

// clear removes the files, and the mark of a draft last.
func (d *Draft) clear() error {
	names, err := d.fs.List(d.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name != incompleteFile && name != lockFile {
			err = errors.Join(err, d.fs.Remove(d.fs.PathJoin(d.dir, name)))
		}
	}
	if err == nil {
		err = syncDir(d.fs, d.dir)
	}
	return err
}

// clearCopies refuses a draft, and removes what a crash left of a Stage.
func clearCopies(fsys FS, dir string) error {
	_, err := fsys.Stat(fsys.PathJoin(dir, incompleteFile))
	if err == nil {
		return ErrIncomplete
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fsys.RemoveAll(fsys.PathJoin(dir, stageDir))
}

// Copied returns the note of a directory that was made by Stage.Move or a Draft, until
// Settle; ok is false for any other.
func (s *Store) Copied() (note []byte, ok bool, err error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, false, ErrClosed
	}
	f, err := s.base.Open(s.base.PathJoin(s.dir, copiedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	note, err = io.ReadAll(f)
	return note, err == nil, errors.Join(err, f.Close())
}

// Settle takes the note away, durably, once what it asks for is done.
func (s *Store) Settle() error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.Failed(); err != nil {
		return err
	}
	if err := s.base.Remove(s.base.PathJoin(s.dir, copiedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(s.base, s.dir)
}

func writeFile(fsys FS, name string, content []byte) error {
	f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(bytes.Clone(content)) // which the file may change
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
