package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// stageDir is where, within the directory of a store, the files of a Stage lie: on the
// same disk, so that tables are linked and not copied. What a crash leaves of it the
// next Open removes.
const stageDir = "copying"

// Stage is the content of a store after one commit, as files that nobody changes: those
// that Open takes, as they lie on the disk, encrypted if the store is, but for the key file,
// which ReadKeyFile returns. It is an [fs.FS]
// of one flat directory. While it is open the disk space of what the store needs no
// longer is not reclaimed. It is for one goroutine at a time.
type Stage struct {
	s   *Store
	dir string // empty once closed or moved
}

// Stage makes the content as of the last commit, made durable, into files. It waits for the
// Stage before to be closed and for a Purge, writes out what is in memory, and calls quiet,
// from whose return until the call of done nobody may commit: then it takes a link for each
// table and copies the log, which has become short. The caller closes the Stage, before the
// store. What fails here does no harm to the store.
func (s *Store) Stage(ctx context.Context, quiet func(context.Context) (done func(), err error)) (*Stage, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	ctx, ended := s.whileOpen(ctx)
	defer ended()
	if err := s.lockStage(ctx); err != nil {
		return nil, err
	}
	st := &Stage{s: s, dir: s.base.PathJoin(s.dir, stageDir)}
	err := s.flushed(ctx)
	if err == nil {
		var done func()
		if done, err = quiet(ctx); err == nil {
			err = st.fill()
			done()
		}
	}
	// What was pretended to be written, once the fuse was blown, is not in the files.
	if err = errors.Join(err, s.Failed()); err != nil {
		st.remove()
		return nil, fmt.Errorf("copy: %w", err)
	}
	return st, nil
}

// flushed writes out what is in memory.
func (s *Store) flushed(ctx context.Context) (err error) {
	defer guard("flush", &err)
	if err := s.Failed(); err != nil {
		return err
	}
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (st *Stage) fill() (err error) {
	defer guard("checkpoint", &err)
	if err := st.s.Failed(); err != nil {
		return err
	}
	if err := st.s.base.RemoveAll(st.dir); err != nil { // of a Stage that could not be removed
		return err
	}
	return st.s.db.Checkpoint(st.dir, pebble.WithFlushedWAL())
}

func (s *Store) lockStage(ctx context.Context) error {
	select {
	case s.staging <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Store) unlockStage() { <-s.staging }

// Close removes the files. It may be called again and always returns nil: what cannot
// be removed is removed by the next Stage or Open.
func (st *Stage) Close() error {
	st.s.life.RLock()
	defer st.s.life.RUnlock()
	if st.dir != "" {
		st.remove()
	}
	return nil
}

func (st *Stage) remove() {
	if !st.s.closed { // else the directory may be another Store's by now
		_ = st.s.base.RemoveAll(st.dir)
	}
	st.dir = ""
	st.s.unlockStage()
}

// Move makes the files a directory of their own, which must not exist yet, and closes
// the Stage. There the note is what Copied returns. It is whole from its first moment on
// or, on another disk, refused by Open with ErrIncomplete until it is. The directory is
// durable when Move returns nil; it leaves nothing behind when it fails. The caller has made
// sure that it does not lie in that of the store: see [Store.Contains].
func (st *Stage) Move(ctx context.Context, dir string, note []byte) error {
	disk := st.s.base
	dir = disk.PathJoin(dir) // as Contains reads it
	if err := st.s.Absent(dir); err != nil {
		return errors.Join(err, st.Close())
	}
	moved, err := st.rename(dir, note)
	if err != nil && !moved && ctx.Err() == nil {
		if copied := st.copyTo(ctx, dir, note); copied != nil {
			err = errors.Join(err, copied)
		} else {
			err = nil
		}
	}
	if err != nil {
		err = fmt.Errorf("copy to %s: %w", dir, err)
	}
	return errors.Join(err, st.Close())
}

// rename moves the directory, on one disk, and reports whether it has gone from its place,
// even if it came to nothing.
func (st *Stage) rename(dir string, note []byte) (moved bool, err error) {
	disk := st.s.base
	parent := disk.PathDir(disk.PathJoin(dir, ""))
	if err := makeDir(disk, parent); err != nil {
		return false, err
	}
	if err := writeFile(disk, disk.PathJoin(st.dir, copiedFile), note); err != nil {
		return false, err
	}
	keys, err := st.s.ReadKeyFile()
	if err == nil && keys != nil {
		err = writeFile(disk, disk.PathJoin(st.dir, KeyFile), keys)
	}
	if err != nil {
		return false, err
	}
	if err := syncDir(disk, st.dir); err != nil {
		return false, err
	}
	if err := disk.Rename(st.dir, dir); err != nil {
		return false, err
	}
	if err := syncDir(disk, parent); err != nil {
		return true, errors.Join(err, disk.RemoveAll(dir))
	}
	return true, nil
}

// copyTo copies the files, to another disk.
func (st *Stage) copyTo(ctx context.Context, dir string, note []byte) error {
	draft, err := NewDraft(st.s.base, dir)
	if err != nil {
		return err
	}
	entries, err := st.ReadDir(".")
	if err != nil {
		return errors.Join(err, draft.Close())
	}
	for _, e := range entries {
		if err := st.copyFile(ctx, draft, e.Name()); err != nil {
			return errors.Join(err, draft.Close())
		}
	}
	keys, err := st.s.ReadKeyFile()
	if err == nil && keys != nil {
		err = draft.Write(KeyFile, bytes.NewReader(keys))
	}
	if err == nil {
		err = draft.Finish(note)
	}
	return errors.Join(err, draft.Close())
}

func (st *Stage) copyFile(ctx context.Context, draft *Draft, name string) error {
	if name == copiedFile || name == KeyFile {
		return nil // Finish writes the one, and what there was of the other may be of long ago.
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f, err := st.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(draft.Write(name, f), f.Close())
}

// Open implements [fs.FS].
func (st *Stage) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := st.s.base.Open(st.s.base.PathJoin(st.dir, name), vfs.SequentialReadsOption)
	if err != nil {
		return nil, err
	}
	return stagedFile{f}, nil
}

// stagedFile is a file whose Stat is that of package io/fs.
type stagedFile struct{ vfs.File }

// Stat implements fs.File.
func (f stagedFile) Stat() (fs.FileInfo, error) { return f.File.Stat() }

// ReadDir implements [fs.ReadDirFS], of the one directory that there is.
func (st *Stage) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	disk := st.s.base
	names, err := disk.List(st.dir)
	if err != nil {
		return nil, err
	}
	entries := make([]fs.DirEntry, 0, len(names))
	for _, base := range names {
		info, err := disk.Stat(disk.PathJoin(st.dir, base))
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}
