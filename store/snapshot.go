package store

import (
	"iter"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait/internal/shred"
)

// view is a snapshot of Pebble that several holders share: the store, for the
// last successful commit, and every Snapshot of that commit.
type view struct {
	snap   *pebble.Snapshot
	keys   *shred.Tree // that its sealed values are under; nil if none are sealed
	number uint64      // of the commit since Open
	refs   int         // guarded by Store.viewMu
}

// acquire returns the view of the last successful commit, for release later.
func (s *Store) acquire() *view {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	s.view.refs++
	return s.view
}

func (s *Store) release(v *view) {
	s.viewMu.Lock()
	v.refs--
	last := v.refs == 0
	s.viewMu.Unlock()
	if last {
		_ = v.snap.Close() // never fails
	}
}

// Snapshot is the content of the store after one commit. It may be used from
// several goroutines at once. While it is open the disk space of what was
// deleted since cannot be reclaimed.
type Snapshot struct {
	s *Store

	mu     sync.RWMutex // closed, and that view is not released under a read
	closed bool
	view   *view
}

// Snapshot returns the content as of the last commit that succeeded: never that
// of one that is still under way or that failed. It costs no I/O and goes on
// working after the store has failed. The caller closes it; Close of the store
// closes it too.
func (s *Store) Snapshot() (*Snapshot, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	sn := &Snapshot{s: s, view: s.acquire()}
	s.viewMu.Lock()
	s.snapshots[sn] = struct{}{}
	s.viewMu.Unlock()
	return sn, nil
}

// Commits returns how many commits since Open the snapshot shows.
func (sn *Snapshot) Commits() uint64 {
	sn.mu.RLock()
	defer sn.mu.RUnlock()
	return sn.view.number
}

// Close gives the snapshot back. Scans that have begun go on. It may be called
// again and always returns nil.
func (sn *Snapshot) Close() error {
	sn.s.life.RLock()
	defer sn.s.life.RUnlock()
	sn.shut()
	return nil
}

// shut is Close for a caller that holds Store.life.
func (sn *Snapshot) shut() {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	if sn.closed {
		return
	}
	sn.closed = true
	sn.s.viewMu.Lock()
	delete(sn.s.snapshots, sn)
	sn.s.viewMu.Unlock()
	sn.s.release(sn.view)
}

// Get returns the value of the key, which the caller owns, or ErrNotFound.
func (sn *Snapshot) Get(key []byte) ([]byte, error) { return owned(sn.GetTo(nil, key)) }

// GetTo appends the value of the key to dst; ok is false, and dst returned as it
// was, if the key is not there.
func (sn *Snapshot) GetTo(dst, key []byte) (value []byte, ok bool, err error) {
	sn.s.life.RLock()
	defer sn.s.life.RUnlock()
	sn.mu.RLock()
	defer sn.mu.RUnlock()
	if sn.closed {
		return dst, false, ErrClosed
	}
	return sn.s.read(dst, sn.view.snap, sn.view.keys, key)
}

// KV is one pair of a Scan. Both slices are valid until the next step of it.
type KV struct {
	Key, Value []byte
}

// Scan yields the pairs from lower on that are below upper, ascending by key. A
// nil lower is the first key, a nil upper is past the last.
//
// The error comes at most once, last, with a zero KV; it is ErrClosed once the
// store is closed. Break releases everything. It may be ranged again, and the
// loop may call any method of the store, Close included.
func (sn *Snapshot) Scan(lower, upper []byte) iter.Seq2[KV, error] {
	return func(yield func(KV, error) bool) {
		c, err := sn.cursor(lower, upper)
		if err != nil {
			yield(KV{}, err)
			return
		}
		defer c.close()
		for {
			kv, ok, err := c.next()
			if err != nil {
				yield(KV{}, err)
				return
			}
			if !ok || !yield(kv, nil) {
				return
			}
		}
	}
}

// cursor is one running Scan. It takes Store.life for single steps only, so
// that Close does not have to wait for the body of a loop; Close closes the
// iterator instead, and the next step says so.
type cursor struct {
	s       *Store
	keys    *shred.Tree
	it      *pebble.Iterator // nil once closed; changes under Store.life
	started bool
	key     []byte // copies: what Pebble points at does not outlive Close
	value   []byte
}

func (sn *Snapshot) cursor(lower, upper []byte) (*cursor, error) {
	sn.s.life.RLock()
	defer sn.s.life.RUnlock()
	sn.mu.RLock()
	defer sn.mu.RUnlock()
	if sn.closed {
		return nil, ErrClosed
	}
	bounds := &pebble.IterOptions{LowerBound: slices.Clone(lower), UpperBound: slices.Clone(upper)}
	if string(lower) < string(firstKey) {
		bounds.LowerBound = firstKey
	}
	it, err := sn.view.snap.NewIter(bounds)
	if err != nil {
		return nil, wrapRead("scan", err)
	}
	c := &cursor{s: sn.s, it: it, keys: sn.view.keys}
	sn.s.viewMu.Lock()
	sn.s.cursors[c] = struct{}{}
	sn.s.viewMu.Unlock()
	return c, nil
}

// next moves on and returns copies of the pair; ok is false at the end. A value that is no
// more, since its key was destroyed, is passed over.
func (c *cursor) next() (kv KV, ok bool, err error) {
	c.s.life.RLock()
	defer c.s.life.RUnlock()
	if c.it == nil {
		return KV{}, false, ErrClosed
	}
	for !ok {
		if c.started {
			ok = c.it.Next()
		} else {
			c.started, ok = true, c.it.First()
		}
		if !ok {
			if err := c.it.Error(); err != nil {
				return KV{}, false, wrapRead("scan", err)
			}
			return KV{}, false, nil
		}
		value, err := c.it.ValueAndErr()
		if err != nil {
			return KV{}, false, wrapRead("scan", err)
		}
		c.key = append(c.key[:0], c.it.Key()...)
		if !c.s.vault.seals(c.key) {
			c.value = append(c.value[:0], value...)
		} else if c.value, ok, err = openSealed(c.value[:0], c.keys, value); err != nil {
			return KV{}, false, err
		}
	}
	return KV{Key: c.key, Value: c.value}, true, nil
}

func (c *cursor) close() {
	c.s.life.RLock()
	defer c.s.life.RUnlock()
	c.shut()
}

// shut is close for a caller that holds Store.life.
func (c *cursor) shut() {
	if c.it == nil {
		return
	}
	c.s.viewMu.Lock()
	delete(c.s.cursors, c)
	c.s.viewMu.Unlock()
	_ = c.it.Close() // repeats an error that next has returned
	c.it = nil
}
