package store

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// fuse is the one-way switch between a working store and a failed one. The
// first failed write, sync, creation or rename blows it, and so does whatever
// Pebble calls fatal. Once it is blown nothing reaches the disk any more (see
// fuseFS), so that the directory stays as it was at that instant: what a crash
// would have left, which Pebble knows how to open.
type fuse struct {
	err  atomic.Pointer[error] // why; nil while the store works
	done chan struct{}         // closed when blown

	noReuse atomic.Int32 // how many want old logs removed rather than used again

	acked *ackedFile // nil if nobody wants to know what has been synced

	// left are the files, by base name, that could not be removed: Pebble tries once.
	leftMu sync.Mutex
	left   map[string]bool

	mu     sync.Mutex  // notify, and that only the first cause counts
	notify func(error) // told once, if it was armed before the failure
}

func newFuse() *fuse { return &fuse{done: make(chan struct{}), left: map[string]bool{}} }

// noteRemoval notes whether a file that was to be removed is still there.
func (f *fuse) noteRemoval(base string, left bool) {
	f.leftMu.Lock()
	defer f.leftMu.Unlock()
	if left {
		f.left[base] = true
	} else {
		delete(f.left, base)
	}
}

// isLeft reports whether a file is still there that was to be removed.
func (f *fuse) isLeft(base string) bool {
	f.leftMu.Lock()
	defer f.leftMu.Unlock()
	return f.left[base]
}

// blow records the cause, if it is the first, and cuts the disk off.
func (f *fuse) blow(cause error) {
	f.mu.Lock()
	if f.err.Load() != nil {
		f.mu.Unlock()
		return
	}
	err := fmt.Errorf("%w: %w", ErrFailed, cause)
	f.err.Store(&err)
	close(f.done)
	notify := f.notify
	f.mu.Unlock()
	if notify != nil {
		notify(err)
	}
}

// failed returns why the store failed, an error that wraps ErrFailed, or nil.
func (f *fuse) failed() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *fuse) blown() bool { return f.err.Load() != nil }

// arm sets who is told of a failure. It returns the failure that has already
// happened, of which nobody is told.
func (f *fuse) arm(notify func(error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notify = notify
	return f.failed()
}
