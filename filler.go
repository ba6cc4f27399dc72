package portrait

import (
	"context"
	"sync/atomic"
	"time"
)

// filler fills in the background what an Apply left to fill. It is one goroutine.
type filler struct {
	wake chan struct{} // one place: there may be something to fill
	quit context.CancelFunc
	done chan struct{}
	// behind says that what is being filled was asked for in the background. DB.write
	// guards it.
	behind bool

	// How far the filling under way has come, in profiles; any goroutine reads them.
	filled, total atomic.Uint64
}

// start starts the goroutine.
func (f *filler) start(db *DB) {
	ctx, quit := context.WithCancel(context.Background())
	f.wake, f.quit, f.done = make(chan struct{}, 1), quit, make(chan struct{})
	db.crew.running.Add(1)
	go func() {
		defer close(f.done)
		defer db.crew.running.Add(-1)
		for {
			select {
			case <-ctx.Done():
				return
			case <-f.wake:
			}
			err := db.fillBehind(ctx)
			if refusedForNow(err) && pause(ctx, 1, 1) == nil {
				f.rouse()
				continue
			}
			if err != nil && ctx.Err() == nil {
				db.warn("portrait: what was to be filled in the background could not be; the next Open or Apply goes on with it", err)
			}
		}
	}()
}

// stop ends the goroutine, between two batches, and waits for its end.
func (f *filler) stop() {
	if f.done != nil {
		f.quit()
		<-f.done
	}
}

// rouse makes the goroutine look for something to fill.
func (f *filler) rouse() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// fillBehind is fill at the pace of Options.FillRate.
func (db *DB) fillBehind(ctx context.Context) error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	return db.fillAt(ctx, db.opts.FillRate)
}

// pause waits as long as n profiles are worth at a rate of so many a second.
func pause(ctx context.Context, n, rate int) error {
	if rate <= 0 {
		return nil
	}
	wait := time.NewTimer(time.Duration(n) * time.Second / time.Duration(rate))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-wait.C:
		return nil
	}
}
