// Package crashdisk is a file system in memory for tests, of which there are copies as a
// crash would leave them.
package crashdisk

import (
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a [vfs.MemFS] of which copies can be made at any time. That one's ReuseForWrite
// takes a lock to read twice, one inside of the other, and stands still for ever with a
// CrashClone that wants to write in between; here the two wait for each other.
type FS struct {
	*vfs.MemFS
	copying sync.RWMutex
}

// New returns an empty file system.
func New() *FS { return &FS{MemFS: vfs.NewCrashableMem()} }

// ReuseForWrite implements vfs.FS.
func (d *FS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	d.copying.RLock()
	defer d.copying.RUnlock()
	return d.MemFS.ReuseForWrite(from, to, category)
}

// CrashClone returns what a crash at this moment may leave.
func (d *FS) CrashClone(cfg vfs.CrashCloneCfg) *FS {
	d.copying.Lock()
	defer d.copying.Unlock()
	return &FS{MemFS: d.MemFS.CrashClone(cfg)}
}
