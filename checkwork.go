package portrait

import (
	"context"
	"sync"
	"sync/atomic"
)

// spread has pieces of work done, numbered from 0, by as many goroutines as the check may
// use, and returns when all have ended. What they find is told in the order of the pieces,
// whoever did them. The first piece that fails ends the work, with its error: pieces begin
// in their order, so that all before it are done.
func (c *checker) spread(ctx context.Context, pieces int, work func(c *inspector, piece int) error) error {
	found := make([]differences, pieces)
	faults := make([]error, pieces)
	var next atomic.Int64
	var failed atomic.Bool
	run := func() {
		c := &inspector{checker: c, ctx: ctx}
		for !failed.Load() {
			piece := int(next.Add(1)) - 1
			if piece >= pieces {
				return
			}
			c.differences = differences{}
			err := context.Cause(ctx)
			if err == nil {
				err = work(c, piece)
			}
			if found[piece], faults[piece] = c.differences, err; err != nil {
				failed.Store(true)
			}
		}
	}
	var wg sync.WaitGroup
	for range min(c.workers, pieces) - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
	for i, d := range found {
		if faults[i] != nil {
			return faults[i]
		}
		c.err.Total += d.total
		c.err.Differences = append(c.err.Differences, d.list[:min(len(d.list), maxDifferences-len(c.err.Differences))]...)
	}
	return nil
}

// each returns the step that does some things that do not depend on each other.
func (c *checker) each(work ...func(*inspector) error) func(context.Context) error {
	return func(ctx context.Context) error {
		return c.spread(ctx, len(work), func(c *inspector, piece int) error { return work[piece](c) })
	}
}
