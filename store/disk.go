package store

import (
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// defaultMinFree and defaultMinShare are the room that is left to others: so many
	// bytes, or one part in so many of a file system that is smaller than that.
	defaultMinFree  = 1 << 30
	defaultMinShare = 20
	// lookAfterBytes and lookAfter are after how much of its own writing, and when at the
	// latest, the store looks again how much room there is.
	lookAfterBytes = 16 << 20
	lookAfter      = time.Second
)

// DiskError says that too little of the disk is free to take more in. It wraps ErrDiskLow.
type DiskError struct {
	// FreeBytes are what the file system has left, MinFreeBytes what the store leaves.
	FreeBytes, MinFreeBytes uint64
}

// Error gives both figures.
func (e *DiskError) Error() string {
	return fmt.Sprintf("%v: %d bytes are free, %d are left alone", ErrDiskLow, e.FreeBytes, e.MinFreeBytes)
}

// Unwrap returns ErrDiskLow.
func (e *DiskError) Unwrap() error { return ErrDiskLow }

// gauge tells how much room the disk has, without asking for every commit. Any goroutine
// may use it.
type gauge struct {
	free, total, least atomic.Uint64 // of the last look; least 0: it is not known, or nobody cares
	low                atomic.Bool   // so it was then
	written            atomic.Uint64 // by commits since
	looked             atomic.Int64  // when, in nanoseconds since started
	started            time.Time
}

// look asks the file system. One that does not tell has room.
func (s *Store) look() {
	g := &s.disk
	g.written.Store(0)
	g.looked.Store(int64(time.Since(g.started)))
	usage, err := s.opts.FS.GetDiskUsage(s.dir)
	if err != nil {
		g.low.Store(false)
		g.least.Store(0)
		return
	}
	least := uint64(max(s.opts.MinFreeBytes, 0))
	if s.opts.MinFreeBytes == 0 {
		least = min(defaultMinFree, usage.TotalBytes/defaultMinShare)
	}
	g.free.Store(usage.AvailBytes)
	g.total.Store(usage.TotalBytes)
	g.least.Store(least)
	g.low.Store(usage.AvailBytes < least)
}

// checkDisk returns a DiskError if too little is free. While that is so every call looks,
// so that writing goes on as soon as there is room.
func (s *Store) checkDisk() error {
	if s.opts.MinFreeBytes < 0 {
		return nil
	}
	g := &s.disk
	after := uint64(lookAfterBytes)
	if least := g.least.Load(); least > 0 {
		after = min(after, least/16)
	}
	if g.low.Load() || g.written.Load() >= after || time.Since(g.started)-time.Duration(g.looked.Load()) >= lookAfter {
		s.look()
	}
	if !g.low.Load() {
		return nil
	}
	return &DiskError{FreeBytes: g.free.Load(), MinFreeBytes: g.least.Load()}
}
