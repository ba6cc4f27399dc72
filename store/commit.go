package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Commit applies the batch, all or nothing, and empties it, whether it succeeds
// or not. If sync is set the changes are on stable storage, at the cost of one
// sync of the log, before Commit returns nil; else they are durable at some
// later time and a crash of the process may lose them. An empty batch with sync
// makes all earlier commits durable. Commits run one after the other.
//
// Commit waits while flushes or compactions are too far behind. It returns
// ErrFailed once the store has failed: then the changes of this batch may or
// may not be there after the next Open, and no later ones will be.
func (s *Store) Commit(b *Batch, sync bool) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	defer b.Reset()
	if b.err != nil {
		return fmt.Errorf("commit: %w", b.err)
	}
	if err := s.Failed(); err != nil {
		return err
	}
	if err := s.awaitRoom(); err != nil {
		return err
	}
	// Pebble takes the content of a large batch over, so look at it before.
	changes := !b.b.Empty()
	if err := s.apply(b.b, sync); err != nil {
		return err
	}
	// Pebble has been told that its writes succeed even if they did not. The
	// fuse knows: it is blown before a failed sync of this batch is answered.
	if err := s.Failed(); err != nil {
		return err
	}
	if changes {
		s.publish()
	}
	return nil
}

// apply hands the batch to Pebble. A panic there is a defect that leaves
// Pebble's locks in an unknown state, so that nothing may wait for them again.
func (s *Store) apply(b *pebble.Batch, sync bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.wedged.Store(true)
			s.fuse.blow(fmt.Errorf("commit: panic: %v", r))
			err = s.Failed()
		}
	}()
	opts := pebble.NoSync
	if sync {
		opts = pebble.Sync
	}
	if b.Empty() {
		if !sync {
			return nil
		}
		err = s.db.LogData(nil, opts)
	} else {
		err = s.db.Apply(b, opts)
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// awaitRoom waits until flushes and compactions have caught up enough to take
// more. Pebble has a wait of its own, but holds the commit lock in it and waits
// for a flush that a failed disk never ends; so its limits are set out of reach
// and this one stands in, which failure and Close can end.
func (s *Store) awaitRoom() error {
	if !s.crowded.Swap(false) {
		return nil
	}
	for {
		m := s.db.Metrics()
		if m.MemTable.Size < uint64(s.opts.MemTableBytes)*memTableStop && m.Levels[0].Sublevels < level0Stop {
			return nil
		}
		select {
		case <-s.room:
		case <-s.fuse.done:
			return s.Failed()
		case <-s.closing:
			return ErrClosed
		}
	}
}

// makeRoom says that a flush or a compaction has ended.
func (s *Store) makeRoom() {
	select {
	case s.room <- struct{}{}:
	default:
	}
}

// publish makes what has been committed so far the content of new snapshots.
func (s *Store) publish() {
	next := &view{snap: s.db.NewSnapshot(), refs: 1}
	s.viewMu.Lock()
	prev := s.view
	next.number = prev.number + 1
	s.view = next
	s.viewMu.Unlock()
	s.release(prev)
}
