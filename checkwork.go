package portrait

import (
	"context"
	"fmt"
	"sync"
)

// findings are what one piece of work finds. They go to whoever tells of them in lots, so
// that a few are held at a time, however many there are.
type findings struct {
	ctx   context.Context //nolint:containedctx // lives for the one piece of work
	over  <-chan struct{} // closed when nobody wants to know more
	lots  chan []string   // closed when the piece has ended
	list  []string        // of the next lot
	fault error           // of the piece; read once lots is closed
}

// findingsLot is how many differences go in one lot.
const findingsLot = 256

func (f *findings) differ(format string, args ...any) {
	if f.ended() != nil {
		return
	}
	if f.list = append(f.list, fmt.Sprintf(format, args...)); len(f.list) == findingsLot {
		f.send()
	}
}

// send hands a lot over, when those of the pieces before have been told.
func (f *findings) send() {
	if len(f.list) == 0 {
		return
	}
	select {
	case f.lots <- f.list:
	case <-f.over:
	case <-f.ctx.Done():
	}
	f.list = nil
}

// ended returns why the work should end, nil if it should not.
func (f *findings) ended() error {
	select {
	case <-f.over:
		return errEnough
	default:
	}
	if f.ctx.Err() != nil {
		return context.Cause(f.ctx)
	}
	return nil
}

// spread has pieces of work done, numbered from 0, by as many goroutines as the check may
// use, and returns when all have ended. What they find is told in the order of the pieces,
// whoever did them, and while they are at work: a piece that has found something waits at
// the latest at its end for those before it. The first piece that fails ends the work, with
// its error: pieces begin in their order, so that all before it are done.
func (c *checker) spread(ctx context.Context, pieces int, work func(c *inspector, piece int) error) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	over := make(chan struct{})
	defer close(over)
	var begin sync.Mutex // guards next, and that pieces begin in their order
	next := 0
	begun := make(chan *findings, pieces)
	take := func() (piece int, f *findings) {
		begin.Lock()
		defer begin.Unlock()
		if next == pieces {
			return 0, nil
		}
		f = &findings{ctx: ctx, over: over, lots: make(chan []string)}
		begun <- f
		next++
		return next - 1, f
	}
	for range min(c.workers, pieces) {
		wg.Go(func() {
			c := &inspector{checker: c}
			for {
				piece, f := take()
				if f == nil {
					return
				}
				c.findings = f
				if f.fault = f.ended(); f.fault == nil {
					f.fault = work(c, piece)
				}
				f.send()
				if f.fault == nil {
					f.fault = f.ended() // What it found may not have been told.
				}
				if f.fault != nil {
					begin.Lock()
					next = pieces
					begin.Unlock()
				}
				close(f.lots)
			}
		})
	}
	for range pieces {
		f := <-begun
		for lot := range f.lots {
			for _, difference := range lot {
				if err := c.tell(difference); err != nil {
					return err
				}
			}
		}
		if f.fault != nil {
			return f.fault
		}
	}
	return nil
}

// each returns the step that does some things that do not depend on each other.
func (c *checker) each(work ...func(*inspector) error) func(context.Context) error {
	return func(ctx context.Context) error {
		return c.spread(ctx, len(work), func(c *inspector, piece int) error { return work[piece](c) })
	}
}
