package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Target is a place where backups are kept: a directory ([OpenDir]), a bucket. Names are
// slash-separated paths as in package io/fs, two parts deep. It is read by [fs.ReadDir] and
// Open; a folder that nothing was put into need not be there.
type Target interface {
	fs.FS
	// Put stores all that content has under a name, in the place of what was there. When
	// it returns nil the file is whole and durable; when it does not, what was there
	// before may be there or not, but never a part of the new.
	Put(name string, content io.Reader) error
	// Remove takes a file away. One that is not there is an error that wraps
	// fs.ErrNotExist, or none.
	Remove(name string) error
}

// errNoTarget is the answer to a nil target or file system.
var errNoTarget = errors.New("backup: the target is nil")

// The folders of a target.
const (
	objectsDir   = "objects"
	manifestsDir = "manifests"
)

func objectName(sum string) string  { return objectsDir + "/" + sum }
func manifestName(id string) string { return manifestsDir + "/" + id }

// folder lists a folder, which need not be there.
func folder(fsys fs.FS, name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// objects returns the sizes of the objects in a target, by their hashes.
func objects(fsys fs.FS) (map[string]int64, error) {
	entries, err := folder(fsys, objectsDir)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		if !isSum(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sizes[e.Name()] = info.Size()
	}
	return sizes, nil
}

// remove takes files away that may be gone already.
func remove(t Target, name string) error {
	if err := t.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: remove %s: %w", name, err)
	}
	return nil
}
