package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// defaultMaxStall is how long a write waits for flushes and compactions.
const defaultMaxStall = time.Minute

// StallError says that flushes and compactions are too far behind to take more in. It
// wraps ErrStalled and, where a context ended the wait, its cause.
type StallError struct {
	Waited     time.Duration // until the call gave up
	RetryAfter time.Duration // when it is worth trying again, by what is still to be flushed
	Cause      error         // of the context; nil where Options.MaxStall was over
}

// Error gives both times.
func (e *StallError) Error() string {
	text := fmt.Sprintf("%v: waited %s, try again in %s", ErrStalled, e.Waited.Round(time.Millisecond), e.RetryAfter.Round(time.Millisecond))
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns ErrStalled and the cause.
func (e *StallError) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrStalled}
	}
	return []error{ErrStalled, e.Cause}
}

// room wakes those who wait for flushes and compactions.
type room struct {
	mu   sync.Mutex // guards more
	more chan struct{}
}

// made says that a flush or a compaction has ended.
func (r *room) made() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// next returns what is closed when the next of them ends.
func (r *room) next() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return r.more
}

// Admit says whether a commit may be begun, before anything is done for it. It waits
// while flushes or compactions are too far behind: until ctx ends, or Options.MaxStall
// is over since an instant, when it returns a [StallError]. It returns a [DiskError] while
// less than Options.MinFreeBytes of the disk is free, and ErrFailed once the store has
// failed. Commit itself asks for none of this but the last, so that a change of several
// commits that was admitted is not left half done.
func (s *Store) Admit(ctx context.Context, since time.Time) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.Failed(); err != nil {
		s.refused.failed.Add(1)
		return err
	}
	if err := s.checkDisk(); err != nil {
		s.refused.disk.Add(1)
		return err
	}
	if s.roomy() {
		return nil
	}
	return s.stall(ctx, since)
}

// Stalled reports whether a commit would have to wait now.
func (s *Store) Stalled() bool {
	s.life.RLock()
	defer s.life.RUnlock()
	return !s.closed && !s.roomy()
}

// stall waits for room, and counts that.
func (s *Store) stall(ctx context.Context, since time.Time) error {
	began := time.Now()
	s.stalls.count.Add(1)
	defer func() { s.stalls.nanos.Add(int64(time.Since(began))) }()
	var over <-chan time.Time
	if s.opts.MaxStall > 0 {
		patience := time.NewTimer(s.opts.MaxStall - time.Since(since))
		defer patience.Stop()
		over = patience.C
	}
	err := s.awaitRoom(ctx.Done(), over)
	if e, ok := err.(*StallError); ok { //nolint:errorlint // it was made here
		s.refused.stall.Add(1)
		e.Waited, e.RetryAfter = time.Since(since), s.retryAfter()
		if ctx.Err() != nil {
			e.Cause = context.Cause(ctx)
		}
	}
	return err
}

// awaitRoom waits until flushes and compactions have caught up enough to take
// more. Pebble has a wait of its own, but holds the commit lock in it and waits
// for a flush that a failed disk never ends; so its limits are set out of reach
// and this one stands in, which failure and Close can end. So can either channel.
func (s *Store) awaitRoom(done <-chan struct{}, over <-chan time.Time) error {
	for {
		more := s.room.next() // before looking, so that nothing is missed
		if s.roomy() {
			return nil
		}
		select {
		case <-more:
		case <-s.fuse.done:
			return s.Failed()
		case <-s.closing:
			return ErrClosed
		case <-done:
			return &StallError{}
		case <-over:
			return &StallError{}
		}
	}
}

// roomy reports whether flushes and compactions keep up. It looks only where something
// grew since there was room.
func (s *Store) roomy() bool {
	grown := s.grown.Load()
	if s.fitted.Load() == grown {
		return true
	}
	m := s.db.Metrics()
	if m.MemTable.Size >= uint64(s.opts.MemTableBytes)*memTableStop || m.Levels[0].Sublevels >= level0Stop {
		return false
	}
	s.fitted.Store(grown)
	return true
}

// The bounds of what a StallError advises.
const (
	leastRetry = 50 * time.Millisecond
	mostRetry  = 30 * time.Second
)

// retryAfter estimates when there will be room: when one memtable more is flushed, at the
// pace of the flushes so far.
func (s *Store) retryAfter() time.Duration {
	m := s.db.Metrics()
	pace := m.Flush.WriteThroughput.Rate()
	if pace <= 0 {
		return time.Second
	}
	over := int64(m.MemTable.Size) - (memTableStop-1)*s.opts.MemTableBytes
	wait := time.Duration(max(over, s.opts.MemTableBytes) * int64(time.Second) / pace)
	return min(max(wait, leastRetry), mostRetry)
}
