package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Store is an open store. Its methods may be called from several goroutines at
// once, except that Get, GetTo and Has are for the one that commits.
type Store struct {
	opts        Options
	dir         string
	base        FS // below encryption
	db          *pebble.DB
	lock        *pebble.Lock
	crypt       *cryptFS // nil if the store is not encrypted
	vault       *vault   // nil if the store seals nothing
	fuse        *fuse
	compactions *scheduler
	probe       pebble.IterOptions // of Has; never changed
	malformed   atomic.Uint64      // operands skipped
	wedged      atomic.Bool        // a panic left Pebble's locks in an unknown state

	disk    gauge
	latency latency
	stalls  struct {
		count atomic.Uint64
		nanos atomic.Int64
	}
	refused struct{ failed, disk, stall atomic.Uint64 } // calls of Admit

	// grown counts what makes memtables or level 0 grow; fitted is its count when there
	// was room last.
	grown, fitted atomic.Uint64
	room          room
	closing       chan struct{} // closed when Close begins
	closeMu       sync.Mutex    // serialises Close

	commitMu sync.Mutex // serialises commits

	// staging holds one: whoever has it has the only copy under way, or sees to it that
	// there is none.
	staging chan struct{}

	// life is held for reading by every step that touches Pebble and for writing
	// by Close. It guards closed.
	life   sync.RWMutex
	closed bool

	// viewMu guards the fields below and the counts of views.
	viewMu    sync.Mutex
	view      *view // of the last successful commit
	snapshots map[*Snapshot]struct{}
	cursors   map[*cursor]struct{}
}

// Failed returns why the store has failed, an error that wraps ErrFailed and
// the cause, or nil. A failure is final: reads go on, every write is refused,
// and the directory stays as it was at that instant until it is opened again.
func (s *Store) Failed() error { return s.fuse.failed() }

// Close flushes, so that the next Open has nothing to replay, and gives
// everything back. It waits for running calls, but not for the bodies of Scan
// loops: open snapshots and scans are closed and say ErrClosed from then on. It
// returns why the store failed, if it did. A second call returns nil, after the
// first has ended.
func (s *Store) Close() error {
	s.closeMu.Lock()
	defer s.closeMu.Unlock()
	select {
	case <-s.closing:
		return nil
	default:
		close(s.closing)
	}
	s.life.Lock()
	s.closed = true
	if !s.wedged.Load() {
		s.closeReaders()
	}
	s.life.Unlock()

	var err error
	if s.wedged.Load() {
		// Waiting for Pebble could take for ever. The fuse is blown, so what
		// is left of it cannot touch the directory.
		err = errors.New("close: Pebble was abandoned after a panic")
	} else {
		err = errors.Join(s.flush(), s.closePebble(), s.lock.Close())
	}
	err = errors.Join(err, s.fuse.acked.close())
	return errors.Join(s.Failed(), err)
}

// closeReaders closes all snapshots and scans. The caller holds life.
func (s *Store) closeReaders() {
	for _, c := range slices.Collect(maps.Keys(s.cursors)) {
		c.shut()
	}
	for _, sn := range slices.Collect(maps.Keys(s.snapshots)) {
		sn.shut()
	}
	s.release(s.view)
}

// flush writes the memtables out. It ends early if the store fails.
func (s *Store) flush() (err error) {
	defer guard("flush", &err)
	if s.fuse.blown() {
		return nil
	}
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	select {
	case <-flushed:
	case <-s.fuse.done:
	}
	return nil
}

func (s *Store) closePebble() (err error) {
	defer guard("close", &err)
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// guard turns a panic of Pebble into an error, which wraps the one that it panicked with:
// a sync of a directory that fails is one.
func guard(doing string, err *error) {
	switch r := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("%s: panic: %w", doing, r)
	default:
		*err = fmt.Errorf("%s: panic: %v", doing, r)
	}
}
