package portrait

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// maxStep is how far ahead the machine's clock may be set at once and still be
// followed: the store's instant never goes back, so that a clock that is wrong for
// a moment would be wrong for good.
const maxStep = 31 * 24 * time.Hour

// maxNap is how long the timer waits at most while something is to come due, since
// the machine may sleep, or its clock be set, meanwhile.
const maxNap = time.Minute

// clock judges the steps of the machine's clock. It is for any goroutine.
type clock struct {
	elapsed func() time.Duration // nil: the clock is taken at its word
	log     *slog.Logger
	offset  atomic.Int64 // of the clock over elapsed when last followed, microseconds
	step    atomic.Int64 // how far ahead the clock is that is not followed, microseconds
}

// init takes the clock of the moment of Open as right.
func (c *clock) init(o *Options) {
	c.elapsed, c.log = o.elapsed, o.Logger
	if c.elapsed != nil {
		c.offset.Store(int64(profile.InstantOf(o.Clock())) - c.elapsed().Microseconds())
	}
}

// follows reports whether an answer may be as of now, the clock's instant, where the
// last was as of last: unless the clock was set ahead, beyond maxStep, since it was
// last followed.
func (c *clock) follows(now, last int64) bool {
	if c.elapsed == nil {
		return true
	}
	offset, most := now-c.elapsed().Microseconds(), maxStep.Microseconds()
	before := c.offset.Load()
	if now-last > most && offset-before > most {
		if c.step.Swap(now-last) == 0 {
			c.log.Warn("portrait: the clock was set ahead too far to be followed: answers stay at the last instant until it is set right, or DB.Advance is called",
				"clock", profile.Instant(now).Time(), "instant", profile.Instant(last).Time())
		}
		return false
	}
	if c.step.Load() != 0 {
		c.step.Store(0)
	}
	// A word that all readers write is dear: that of a second ago will do.
	if d := offset - before; d > 1_000_000 || d < -1_000_000 {
		c.offset.Store(offset)
	}
	return true
}

// ahead is by how much the clock is ahead of what is followed.
func (c *clock) ahead() time.Duration { return time.Duration(c.step.Load()) * time.Microsecond }

// timer applies what time alone changes when it comes due, so that the feed tells
// it then and not at the next query. It is one goroutine.
type timer struct {
	wake chan struct{} // one place: something comes due earlier than was known, or expires
	quit context.CancelFunc
	done chan struct{}
}

// start starts the timer, where there is to be one.
func (t *timer) start(db *DB) {
	if db.opts.after == nil {
		return
	}
	ctx, quit := context.WithCancel(context.Background())
	t.wake, t.quit, t.done = make(chan struct{}, 1), quit, make(chan struct{})
	db.crew.running.Add(1)
	go t.run(ctx, db)
}

// stop ends the timer and waits for its end.
func (t *timer) stop() {
	if t.done != nil {
		t.quit()
		<-t.done
	}
}

// rouse makes the timer look again.
func (t *timer) rouse() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *timer) run(ctx context.Context, db *DB) {
	defer close(t.done)
	defer db.crew.running.Add(-1)
	for {
		var due <-chan time.Time
		if wait, ok := db.tick(ctx); ok {
			due = db.opts.after(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-due:
		}
	}
}

// tick applies what is due and returns how long to wait for what comes next; false
// if nothing does.
func (db *DB) tick(ctx context.Context) (wait time.Duration, ok bool) {
	if err := db.gate.enter(); err != nil {
		return 0, false
	}
	defer db.gate.leave()
	for range 2 {
		e := db.acquire()
		due := e.nextDue
		e.release()
		now := db.now()
		if now < due {
			return db.idle(ctx, now, due)
		}
		err := db.advance(ctx, now, false)
		switch {
		case errors.Is(err, ErrFailed): // which Options.OnFailure has told of
			return 0, false
		case refusedForNow(err): // which Admin.Health tells of
			return maxNap, true
		case err != nil && ctx.Err() == nil:
			db.warn("portrait: what has come due could not be applied", err)
			return maxNap, true
		}
	}
	return maxNap, true
}

// idle does what is to be done while nothing is due, and returns how long to wait.
func (db *DB) idle(ctx context.Context, now, due profile.Instant) (wait time.Duration, ok bool) {
	e := db.acquire()
	logs, behind := e.cat.model.Log.longest() > 0 || e.awaitsSweep(), dayOf(now) > dayOf(e.instant)
	e.release()
	if logs && behind {
		// What the log need not keep any more goes once a day, without events too.
		err := db.advance(ctx, now, true)
		for more := err == nil; more && err == nil; {
			more, err = db.sweepLog(ctx, sweepBatch)
		}
		if err != nil && ctx.Err() == nil && !db.unwritable(err) {
			db.warn("portrait: events that have expired could not be deleted", err)
		}
	}
	switch {
	case due != profile.Never:
		return min(due.Time().Sub(now.Time()), maxNap), true
	case logs:
		return maxNap, true
	}
	return 0, false
}
