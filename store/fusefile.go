package store

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fuseFile is a file opened for writing, or a directory, under the rules of
// fuseFS: a failed write blows the fuse, and after that a table reports the
// failure while any other file pretends.
type fuseFile struct {
	vfs.File
	fs    *fuseFS
	name  string
	table bool

	written atomic.Uint64 // bytes, of a file that is appended to
}

// mutate does what op says, unless the fuse is blown, and blows it if that fails.
func (f *fuseFile) mutate(op string, do func() error) error {
	if !f.fs.fuse.blown() {
		if err := do(); err != nil {
			f.fs.hold(op, f.name, err)
			if f.table {
				return err
			}
		}
		return nil
	}
	if f.table {
		return f.fs.fuse.failed()
	}
	return nil
}

// Write implements io.Writer.
func (f *fuseFile) Write(p []byte) (int, error) {
	err := f.mutate("write", func() error { _, err := f.File.Write(p); return err })
	if err != nil {
		return 0, err
	}
	f.written.Add(uint64(len(p)))
	return len(p), nil
}

// WriteAt implements io.WriterAt.
func (f *fuseFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.mutate("write", func() error { _, err := f.File.WriteAt(p, off); return err })
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Sync implements vfs.File.
func (f *fuseFile) Sync() error { return f.sync(f.File.Sync) }

// SyncData implements vfs.File.
func (f *fuseFile) SyncData() error { return f.sync(f.File.SyncData) }

// sync syncs the file, and notes how much of it is on the disk now.
func (f *fuseFile) sync(do func() error) error {
	written := f.written.Load()
	if err := f.mutate("sync", do); err != nil {
		return err
	}
	if fuse := f.fs.fuse; fuse.acked != nil && !fuse.blown() {
		fuse.acked.sync(f.fs.PathBase(f.name), written)
	}
	return nil
}

// SyncTo implements vfs.File.
func (f *fuseFile) SyncTo(length int64) (fullSync bool, err error) {
	err = f.mutate("sync", func() error {
		fullSync, err = f.File.SyncTo(length)
		return err
	})
	return fullSync, err
}

// Stat implements vfs.File. Of a log that is used again Pebble asks how long it was, for its
// own account, and panics with its locks held if nobody knows; so it was nothing then.
func (f *fuseFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err == nil || f.table {
		return info, err
	}
	nothing, err := vfs.NewMem().Create(f.fs.PathBase(f.name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	return nothing.Stat()
}

// Preallocate implements vfs.File. It is a hint: Pebble ignores its failure,
// and so must the fuse.
func (f *fuseFile) Preallocate(offset, length int64) error {
	if f.fs.fuse.blown() {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

// Close implements io.Closer. The descriptor is given back in any case.
func (f *fuseFile) Close() error {
	err := f.File.Close()
	if err == nil {
		return nil
	}
	f.fs.hold("close", f.name, err)
	if f.table {
		return err
	}
	return nil
}
