package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// flushCategory is how Pebble marks the tables that it writes out of memtables.
const flushCategory vfs.DiskWriteCategory = "pebble-memtable-flush"

// fuseFS stands between Pebble and the disk. While the fuse is whole it passes
// everything through. A mutation that fails blows the fuse; from then on no
// mutation reaches the disk.
//
// What Pebble is told about it matters as much. A failed write of the log, of
// the MANIFEST or of a marker makes Pebble exit the process, panic in a
// goroutine of its own, or panic while it holds its locks (and, in a rotation
// of the log, unlock a mutex twice, which no recover survives). So it is told
// that these succeeded: its memory stays consistent and goes on serving reads,
// its locks are released, Close ends; and the lie cannot reach a caller, since
// a commit looks at the fuse before it reports success. New files of this kind
// go to memory.
//
// Tables are different, because they are read back. A table that was being
// written fails honestly, which Pebble copes with. A flush then tries again, at
// once and for ever; so from then on its tables go to memory too, are read from
// there, and it ends. What is flushed then was in memory already, and no commit
// adds to it. A compaction would copy the whole store to memory: it gets the
// error, and the scheduler starts no other.
type fuseFS struct {
	vfs.FS
	fuse *fuse
	// aside is a directory whose files the store does not need: what fails there fails
	// honestly, and blows no fuse. Empty: there is none.
	aside string

	mu      sync.Mutex // scratch
	scratch *vfs.MemFS // files created after the failure, by base name; nil before
}

func newFuseFS(fs vfs.FS, f *fuse) *fuseFS { return &fuseFS{FS: fs, fuse: f} }

// isAside reports whether the store does without the file or directory of that name.
func (fs *fuseFS) isAside(name string) bool {
	return fs.aside != "" && (name == fs.aside || fs.PathDir(name) == fs.aside)
}

func isTable(name string) bool {
	return strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob")
}

// hold blows the fuse for a mutation that failed.
func (fs *fuseFS) hold(op, name string, err error) {
	fs.fuse.blow(fmt.Errorf("%s %s: %w", op, fs.PathBase(name), err))
}

// createScratch creates a file in memory.
func (fs *fuseFS) createScratch(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.scratch == nil {
		fs.scratch = vfs.NewMem()
	}
	return fs.scratch.Create(fs.PathBase(name), category)
}

// inScratch returns the file system in memory if it has that file.
func (fs *fuseFS) inScratch(name string) *vfs.MemFS {
	if !fs.fuse.blown() {
		return nil
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.scratch == nil {
		return nil
	}
	if _, err := fs.scratch.Stat(fs.PathBase(name)); err != nil {
		return nil
	}
	return fs.scratch
}

// createAfterFailure creates a file once the fuse is blown.
func (fs *fuseFS) createAfterFailure(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if isTable(name) && category != flushCategory {
		return nil, fs.fuse.failed()
	}
	return fs.createScratch(name, category)
}

// Create implements vfs.FS.
func (fs *fuseFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if fs.isAside(name) {
		return fs.FS.Create(name, category)
	}
	fs.settle(name)
	if fs.fuse.blown() {
		return fs.createAfterFailure(name, category)
	}
	f, err := fs.FS.Create(name, category)
	if err != nil {
		fs.hold("create", name, err)
		return fs.createAfterFailure(name, category)
	}
	return fs.made(f, name), nil
}

// settle syncs the directory of a marker that is about to be made or removed.
//
// A marker is an empty file whose name says which MANIFEST counts. Pebble makes
// the MANIFEST, makes the new marker, removes the old one, and syncs the
// directory once, at the end. POSIX lets a loss of power before that keep any
// of the three: a marker that names a MANIFEST which is not there, or no marker
// at all, which reads as a directory without a store. So each step is made
// durable before the next.
func (fs *fuseFS) settle(name string) {
	if fs.fuse.blown() || !strings.HasPrefix(fs.PathBase(name), "marker.") {
		return
	}
	dir := fs.PathDir(name)
	if err := syncDir(fs.FS, dir); err != nil {
		fs.hold("sync", dir, err)
	}
}

// ReuseForWrite implements vfs.FS.
func (fs *fuseFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if fs.fuse.blown() {
		return fs.createAfterFailure(newname, category)
	}
	if fs.fuse.noReuse.Load() > 0 {
		// What cannot be removed is garbage, which Purge finds. Pebble would panic.
		_ = fs.Remove(oldname)
		return fs.Create(newname, category)
	}
	f, err := fs.FS.ReuseForWrite(oldname, newname, category)
	if err != nil {
		fs.hold("reuse", newname, err)
		return fs.createAfterFailure(newname, category)
	}
	return fs.made(f, newname), nil
}

// OpenReadWrite implements vfs.FS.
func (fs *fuseFS) OpenReadWrite(
	name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption,
) (vfs.File, error) {
	if fs.fuse.blown() {
		return fs.createAfterFailure(name, category)
	}
	f, err := fs.FS.OpenReadWrite(name, category, opts...)
	if err != nil {
		fs.hold("open", name, err)
		return nil, err
	}
	return fs.guard(f, name), nil
}

// OpenDir implements vfs.FS.
func (fs *fuseFS) OpenDir(name string) (vfs.File, error) {
	if fs.isAside(name) {
		return fs.FS.OpenDir(name)
	}
	f, err := fs.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return fs.guard(f, name), nil
}

// Open implements vfs.FS.
func (fs *fuseFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	if mem := fs.inScratch(name); mem != nil {
		return mem.Open(fs.PathBase(name), opts...)
	}
	return fs.FS.Open(name, opts...)
}

// Stat implements vfs.FS.
func (fs *fuseFS) Stat(name string) (vfs.FileInfo, error) {
	if mem := fs.inScratch(name); mem != nil {
		return mem.Stat(fs.PathBase(name))
	}
	return fs.FS.Stat(name)
}

// Remove implements vfs.FS. A file that cannot be removed is garbage, which the
// next Open collects, and no failure.
func (fs *fuseFS) Remove(name string) error {
	if fs.isAside(name) {
		return fs.FS.Remove(name)
	}
	if mem := fs.inScratch(name); mem != nil {
		return mem.Remove(fs.PathBase(name))
	}
	fs.settle(name)
	if fs.fuse.blown() {
		return nil
	}
	err := fs.FS.Remove(name)
	fs.fuse.noteRemoval(fs.PathBase(name), err != nil && !errors.Is(err, os.ErrNotExist))
	return err
}

// RemoveAll implements vfs.FS.
func (fs *fuseFS) RemoveAll(name string) error {
	if fs.isAside(name) {
		return fs.FS.RemoveAll(name)
	}
	if fs.fuse.blown() {
		return nil
	}
	return fs.FS.RemoveAll(name)
}

// Rename implements vfs.FS.
func (fs *fuseFS) Rename(oldname, newname string) error {
	if fs.isAside(newname) {
		return fs.FS.Rename(oldname, newname)
	}
	if mem := fs.inScratch(oldname); mem != nil {
		return mem.Rename(fs.PathBase(oldname), fs.PathBase(newname))
	}
	return fs.mutate("rename", newname, func() error { return fs.FS.Rename(oldname, newname) })
}

// Link implements vfs.FS.
func (fs *fuseFS) Link(oldname, newname string) error {
	if err := fs.fuse.failed(); err != nil {
		return err
	}
	return fs.FS.Link(oldname, newname)
}

// MkdirAll implements vfs.FS.
func (fs *fuseFS) MkdirAll(dir string, perm os.FileMode) error {
	if fs.isAside(dir) {
		return fs.FS.MkdirAll(dir, perm)
	}
	return fs.mutate("create", dir, func() error { return fs.FS.MkdirAll(dir, perm) })
}

// mutate does what op says, unless the fuse is blown, and blows it if that fails.
func (fs *fuseFS) mutate(op, name string, do func() error) error {
	if fs.fuse.blown() {
		return nil
	}
	if err := do(); err != nil {
		fs.hold(op, name, err)
	}
	return nil
}

// GetDiskUsage implements vfs.FS. Pebble only paces itself by the answer, so
// that none is no failure.
func (fs *fuseFS) GetDiskUsage(path string) (vfs.DiskUsage, error) {
	usage, err := fs.FS.GetDiskUsage(path)
	if err != nil {
		return vfs.DiskUsage{}, vfs.ErrUnsupported
	}
	return usage, nil
}

// Unwrap implements vfs.FS.
func (fs *fuseFS) Unwrap() vfs.FS { return fs.FS }

// made notes that a file was made, and guards it.
func (fs *fuseFS) made(f vfs.File, name string) vfs.File {
	if fs.fuse.acked != nil {
		fs.fuse.acked.create(fs.PathBase(name))
	}
	return fs.guard(f, name)
}

func (fs *fuseFS) guard(f vfs.File, name string) vfs.File {
	return &fuseFile{File: f, fs: fs, name: name, table: isTable(name)}
}
