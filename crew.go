package portrait

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// crew starts the goroutines of a DB, all of which somebody waits for, and counts those
// that run.
type crew struct{ running atomic.Int64 }

// start starts a goroutine that the group waits for.
func (c *crew) start(wg *sync.WaitGroup, run func()) {
	c.running.Add(1)
	wg.Go(func() {
		defer c.running.Add(-1)
		run()
	})
}

// inShares runs work over n items, cut into at most as many shares as there are
// processors and none smaller than least, and returns when all is done.
func (c *crew) inShares(n, least int, work func(from, to int)) {
	c.amongWorkers(runtime.GOMAXPROCS(0), n, least, func(_, from, to int) { work(from, to) })
}

// amongWorkers is inShares for at most so many workers, each of which is told its
// number, from 0 on.
func (c *crew) amongWorkers(most, n, least int, work func(worker, from, to int)) {
	shares := min(most, max(n/least, 1))
	var wg sync.WaitGroup
	for i := 1; i < shares; i++ {
		c.start(&wg, func() { work(i, i*n/shares, (i+1)*n/shares) })
	}
	work(0, 0, n/shares)
	wg.Wait()
}

// eachPiece does the work on every piece, with as many workers as there are processors,
// each of which is told its number from 0 on. It returns the first error in the order of
// the pieces.
func (c *crew) eachPiece(ctx context.Context, pieces int, work func(worker, piece int) error) error {
	faults := make([]error, pieces)
	var next atomic.Int64
	run := func(worker int) {
		for i := int(next.Add(1)) - 1; i < pieces; i = int(next.Add(1)) - 1 {
			if faults[i] = context.Cause(ctx); faults[i] == nil {
				faults[i] = work(worker, i)
			}
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < min(runtime.GOMAXPROCS(0), pieces); w++ {
		c.start(&wg, func() { run(w) })
	}
	run(0)
	wg.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}
