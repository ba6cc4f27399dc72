package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Contains reports whether a directory, which need not be there, is that of the store or
// lies in it: on the file system of the operating system by whatever name, links and other
// spellings included, on another by its name. It is an error where that cannot be told.
func (s *Store) Contains(dir string) (bool, error) {
	if s.base == vfs.Default {
		return liesIn(dir, s.dir)
	}
	own := s.base.PathJoin(s.dir)
	for d := s.base.PathJoin(dir); ; {
		if d == own {
			return true, nil
		}
		up := s.base.PathDir(d)
		if up == d || d == "" {
			return false, nil
		}
		d = up
	}
}

// Absent returns an error that wraps [fs.ErrExist] if there is something under a name on the
// file system of the store, where a copy of it must not go.
func (s *Store) Absent(dir string) error {
	_, err := s.base.Stat(s.base.PathJoin(dir)) // as Contains reads it
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return &fs.PathError{Op: "copy", Path: dir, Err: fs.ErrExist}
}

// liesIn reports whether a path leads to a directory, which is there, or into it.
func liesIn(path, dir string) (bool, error) {
	own, err := os.Stat(dir)
	if err != nil {
		return false, err
	}
	if path, err = there(path); err != nil {
		return false, err
	}
	for {
		info, err := os.Stat(path)
		if err != nil {
			return false, err
		}
		if os.SameFile(info, own) {
			return true, nil
		}
		up := filepath.Dir(path)
		if up == path {
			return false, nil
		}
		path = up
	}
}

// there returns the nearest of a path and what it is in that is there, without links.
func there(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			return real, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if _, dangling := os.Lstat(path); dangling == nil {
			return "", err
		}
		up := filepath.Dir(path)
		if up == path {
			return "", err
		}
		path = up
	}
}
