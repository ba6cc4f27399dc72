package store

import (
	"errors"
	"io/fs"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait/internal/atrest"
)

// cryptFS encrypts the content of every file that is written through it, each
// under a key of its own; package atrest says how. What it leaves in the clear are
// names, lengths, times and the IDs of keys. Directories and the lock pass through.
//
// A file gets its header with its first byte, synced before that byte is written.
// So a loss of power leaves either no content, whatever the header looks like, or
// a whole header: a file that is no longer than a header is empty, and a longer
// one without a good header is damaged, with nothing in between. A file that is
// never written to, such as a marker, has no header.
//
// A byte of a file is written once, since two contents under one key stream lay
// each other open. Files are appended to by whoever made them and never opened
// for writing again; a log is not recycled, but removed, and another made.
type cryptFS struct {
	vfs.FS
	ring *keyring
	dir  string // of the store

	mu   sync.Mutex          // used, and the files' keys
	used map[string]*fileKey // of the files in dir that are known, by base name
}

// fileKey tells the key of a file, whatever names it has and gets.
type fileKey struct{ id string } // empty until there is a header

func newCryptFS(fsys vfs.FS, dir string, ring *keyring) *cryptFS {
	dir = fsys.PathDir(fsys.PathJoin(dir, "x")) // as Pebble spells it in names
	return &cryptFS{FS: fsys, ring: ring, dir: dir, used: map[string]*fileKey{}}
}

var errOverwrite = errors.New("an encrypted file is not written to again: what lay there and what is written would share a key stream")

// Create implements vfs.FS.
func (c *cryptFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := c.FS.Create(name, category)
	if err != nil {
		return nil, err
	}
	c.forget(name) // what was there has no name any more
	return &cryptFile{File: f, fs: c, name: name, key: c.key(name), writable: true}, nil
}

// Open implements vfs.FS.
func (c *cryptFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.Open(name, opts...)
	if err != nil {
		return nil, err
	}
	file := &cryptFile{File: f, fs: c, name: name, key: c.key(name)}
	if _, err := file.content(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file, nil
}

// OpenReadWrite implements vfs.FS, for files that are empty or not there.
func (c *cryptFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, _ ...vfs.OpenOption) (vfs.File, error) {
	info, err := c.FS.Stat(name)
	switch {
	case err == nil && info.Size() > 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: errOverwrite}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return c.Create(name, category)
}

// ReuseForWrite implements vfs.FS, which allows for not reusing the file.
func (c *cryptFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := c.Remove(oldname); err != nil {
		return nil, err
	}
	return c.Create(newname, category)
}

// Remove implements vfs.FS.
func (c *cryptFS) Remove(name string) error {
	if err := c.FS.Remove(name); err != nil {
		return err
	}
	c.forget(name)
	return nil
}

// RemoveAll implements vfs.FS.
func (c *cryptFS) RemoveAll(name string) error {
	if err := c.FS.RemoveAll(name); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == c.dir {
		clear(c.used)
	}
	if c.inside(name) {
		delete(c.used, c.PathBase(name))
	}
	return nil
}

// Rename implements vfs.FS.
func (c *cryptFS) Rename(oldname, newname string) error {
	if err := c.FS.Rename(oldname, newname); err != nil {
		return err
	}
	c.carry(oldname, newname)
	if oldname != newname {
		c.forget(oldname)
	}
	return nil
}

// Link implements vfs.FS.
func (c *cryptFS) Link(oldname, newname string) error {
	if err := c.FS.Link(oldname, newname); err != nil {
		return err
	}
	c.carry(oldname, newname)
	return nil
}

// Stat implements vfs.FS.
func (c *cryptFS) Stat(name string) (vfs.FileInfo, error) {
	info, err := c.FS.Stat(name)
	if err != nil {
		return nil, err
	}
	return contentInfo(info), nil
}

// Unwrap implements vfs.FS.
func (c *cryptFS) Unwrap() vfs.FS { return c.FS }

func (c *cryptFS) inside(name string) bool { return c.PathDir(name) == c.dir }

// key returns where the key of the file of that name is noted.
func (c *cryptFS) key(name string) *fileKey {
	if !c.inside(name) {
		return new(fileKey)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	base := c.PathBase(name)
	if c.used[base] == nil {
		c.used[base] = new(fileKey)
	}
	return c.used[base]
}

// note remembers the key of a file.
func (c *cryptFS) note(k *fileKey, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.id = id
}

func (c *cryptFS) forget(name string) {
	if !c.inside(name) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.used, c.PathBase(name))
}

// carry notes that newname is a name of the file of oldname.
func (c *cryptFS) carry(oldname, newname string) {
	if !c.inside(newname) {
		return
	}
	k := c.key(oldname)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[c.PathBase(newname)] = k
}

// keysInUse returns the key ID of each file of the store that has content, by
// base name.
func (c *cryptFS) keysInUse() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := make(map[string]string, len(c.used))
	for base, k := range c.used {
		if k.id != "" {
			used[base] = k.id
		}
	}
	return used
}

// survey reads the header of every file of the store, so that a key that is
// missing is missed now, and not when somebody asks for what it hides.
func (c *cryptFS) survey() error {
	if _, err := c.ring.current(); err != nil {
		return err
	}
	names, err := c.FS.List(c.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isPebbleFile(name) {
			continue
		}
		f, err := c.Open(c.PathJoin(c.dir, name))
		if errors.Is(err, ErrCorrupt) {
			continue // Pebble says so if it is needed.
		}
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// isPebbleFile reports whether a file with content, of that base name, is one of
// Pebble's.
func isPebbleFile(base string) bool {
	for _, suffix := range []string{".sst", ".log", ".blob", ".dbtmp"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	return strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "OPTIONS-")
}

// refuseEncrypted returns an error if the directory's files are encrypted. It is
// for a store that is opened without keys, and looks at the files that a store has
// few of.
func refuseEncrypted(fsys FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isPebbleFile(name) || isTable(name) || strings.HasSuffix(name, ".log") {
			continue
		}
		head, err := readHead(fsys, fsys.PathJoin(dir, name))
		if err != nil {
			return err
		}
		if len(head) < 8 || !atrest.IsEncrypted(head) {
			continue
		}
		broken := &KeyError{File: name, Err: errNoKeys}
		if h, err := atrest.Parse(head); err == nil {
			broken.ID = h.KeyID()
		}
		return broken
	}
	return nil
}

// readHead returns the first bytes of a file, as many as a header has or all.
func readHead(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	head, err := headOf(f)
	return head, errors.Join(err, f.Close())
}
