package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
)

// partial is what the name of a file ends with that is being put.
const partial = ".partial"

// Dir is a Target in a directory of the operating system. It may be used from several
// goroutines, but for one Put of one name at a time.
type Dir struct {
	root *os.Root
	path string
}

// OpenDir opens a directory to keep backups in, and makes it if need be. Nothing outside
// of it is reached through a Dir, by symbolic links neither. The caller closes it.
func OpenDir(name string) (*Dir, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Dir{root, path}, nil
}

// Paths returns the directories that backups write to, from the root of the file system, as
// they were named when this one was opened. By them [portrait.Admin.Backup] refuses the directory of the store itself, also of a
// Target that embeds a Dir.
//
// [portrait.Admin.Backup]: https://pkg.go.dev/github.com/portraitdb/portrait#Admin.Backup
func (d *Dir) Paths() []string {
	paths := []string{d.path}
	for _, folder := range [...]string{objectsDir, manifestsDir, keysDir} {
		paths = append(paths, filepath.Join(d.path, folder))
	}
	return paths
}

// Close gives the directory back.
func (d *Dir) Close() error { return d.root.Close() }

// Open implements [fs.FS].
func (d *Dir) Open(name string) (fs.File, error) { return d.root.FS().Open(name) }

// ReadDir implements [fs.ReadDirFS].
func (d *Dir) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.root.FS(), name) }

// Put implements Target: a file is written beside its place, synced, and renamed.
func (d *Dir) Put(name string, content io.Reader) (err error) {
	in := path.Dir(name)
	if err := d.makeDir(in); err != nil {
		return err
	}
	beside := name + partial
	defer func() {
		if err != nil {
			_ = d.root.Remove(beside)
		}
	}()
	f, err := d.root.OpenFile(beside, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.root.Rename(beside, name); err != nil {
		return err
	}
	return d.sync(in)
}

// makeDir makes a folder, durably.
func (d *Dir) makeDir(name string) error {
	if _, err := d.root.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.root.MkdirAll(name, 0o700); err != nil {
		return err
	}
	return d.sync(path.Dir(name))
}

// Remove implements Target.
func (d *Dir) Remove(name string) error {
	if err := d.root.Remove(name); err != nil {
		return err
	}
	return d.sync(path.Dir(name))
}

// sync makes the names in a folder durable.
func (d *Dir) sync(name string) error {
	if runtime.GOOS == "windows" { // where a directory is not synced
		return nil
	}
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
