package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Commit applies the batch, all or nothing, and empties it, whether it succeeds
// or not. If sync is set the changes are on stable storage, at the cost of one
// sync of the log, before Commit returns nil; else they are durable at some
// later time and a crash of the process may lose them. An empty batch with sync
// makes all earlier commits durable. Commits run one after the other.
//
// A batch that destroys keys is always synced, and they are gone from the disk when Commit
// returns nil. Should that be interrupted, Open finishes it.
//
// Commit waits while flushes or compactions are too far behind, for as long as it
// takes: Admit is for those who would rather not. It returns ErrFailed once the store has failed: then the changes of this batch may or
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
	// First, since the batch may be faulty because the store has failed.
	if err := s.Failed(); err != nil {
		return err
	}
	if b.err != nil {
		return fmt.Errorf("commit: %w", b.err)
	}
	if err := s.awaitRoom(nil, nil); err != nil {
		return err
	}
	if len(b.destroyed) > 0 {
		// The keys go once it is known that nobody will need them.
		sync = true
		if err := s.noteDestroyed(b); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	destroyed := b.destroyed
	// Pebble takes the content of a large batch over, so look at it before.
	changes := !b.b.Empty()
	s.disk.written.Add(uint64(b.Size()))
	began := time.Now()
	if err := s.apply(b.b, sync); err != nil {
		return err
	}
	s.latency.note(time.Since(began))
	// Pebble has been told that its writes succeed even if they did not. The
	// fuse knows: it is blown before a failed sync of this batch is answered.
	if err := s.Failed(); err != nil {
		return err
	}
	if len(destroyed) > 0 {
		if err := s.vault.destroy(destroyed); err != nil {
			return err
		}
	}
	if changes {
		s.publish()
	}
	return nil
}

// noteDestroyed has the batch say which keys are to be destroyed once it is durable: if
// that is interrupted, Open goes on with it.
func (s *Store) noteDestroyed(b *Batch) error {
	slices.Sort(b.destroyed)
	b.destroyed = slices.Compact(b.destroyed)
	r := s.vault.record()
	r.generation++
	r.destroyed, r.behind = b.destroyed, s.vault.behind
	return b.b.Set(vaultKey, r.append(nil), nil)
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

// publish makes what has been committed so far the content of new snapshots.
func (s *Store) publish() {
	next := &view{snap: s.db.NewSnapshot(), keys: s.vault.tree(), refs: 1}
	s.viewMu.Lock()
	prev := s.view
	next.number = prev.number + 1
	s.view = next
	s.viewMu.Unlock()
	s.release(prev)
}
