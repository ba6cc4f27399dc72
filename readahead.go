package portrait

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// aheadFrom is after how many items others help to read: before that, a short
	// sequence, or one that is broken off early, has cost nothing more.
	aheadFrom = 16
	// aheadShare is how many items are read in one go at most. Each goroutine is at most
	// two of them ahead.
	aheadShare = 64
)

// readAhead yields what read makes of each item, in their order; where read says that it
// makes nothing, the item is left out. Several goroutines read ahead, for no longer than
// the loop lasts, so read is called by several at once. The error, that of read or the
// cause of ctx, comes last.
func readAhead[S, T any](ctx context.Context, c *crew, items iter.Seq[S], read func(S) (T, bool, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next, stop := iter.Pull(items)
		defer stop()
		workers := runtime.GOMAXPROCS(0)
		for n := 0; workers == 1 || n < aheadFrom; n++ {
			s, more := next()
			if !more {
				return
			}
			alone := share[S, T]{items: []S{s}}
			alone.fill(ctx, read, nil)
			if !alone.yield(yield) {
				return
			}
		}
		p := newPipeline(ctx, c, workers, read)
		defer p.end()
		size := 1
		var queue []*share[S, T]
		for {
			for len(queue) < 2*workers {
				s := takeShare[S, T](next, size)
				if len(s.items) == 0 {
					break
				}
				size = min(2*size, aheadShare)
				queue = append(queue, s)
				p.work <- s
			}
			if len(queue) == 0 {
				return
			}
			s := queue[0]
			queue = queue[1:]
			<-s.done
			if !s.yield(yield) {
				return
			}
		}
	}
}

// share is some items that are read in one go.
type share[S, T any] struct {
	items []S
	out   []T
	err   error // behind out
	done  chan struct{}
}

func takeShare[S, T any](next func() (S, bool), size int) *share[S, T] {
	s := &share[S, T]{done: make(chan struct{})}
	for len(s.items) < size {
		item, more := next()
		if !more {
			break
		}
		s.items = append(s.items, item)
	}
	return s
}

// fill reads the items, until an error, or until quit is set.
func (s *share[S, T]) fill(ctx context.Context, read func(S) (T, bool, error), quit *atomic.Bool) {
	for _, item := range s.items {
		if quit != nil && quit.Load() {
			return
		}
		if ctx.Err() != nil {
			s.err = context.Cause(ctx)
			return
		}
		t, ok, err := read(item)
		if err != nil {
			s.err = err
			return
		}
		if ok {
			s.out = append(s.out, t)
		}
	}
}

// yield reports whether to go on.
func (s *share[S, T]) yield(yield func(T, error) bool) bool {
	for _, t := range s.out {
		if !yield(t, nil) {
			return false
		}
	}
	if s.err != nil {
		var none T
		yield(none, s.err)
	}
	return s.err == nil
}

// pipeline is the goroutines that read shares.
type pipeline[S, T any] struct {
	work chan *share[S, T] // holds all shares of a queue
	quit atomic.Bool
	wg   sync.WaitGroup
}

func newPipeline[S, T any](ctx context.Context, c *crew, workers int, read func(S) (T, bool, error)) *pipeline[S, T] {
	p := &pipeline[S, T]{work: make(chan *share[S, T], 2*workers)}
	for range workers {
		c.start(&p.wg, func() {
			for s := range p.work {
				s.fill(ctx, read, &p.quit)
				close(s.done)
			}
		})
	}
	return p
}

// end ends the goroutines, each after the item that it is at, and waits for them.
func (p *pipeline[S, T]) end() {
	p.quit.Store(true)
	close(p.work)
	p.wg.Wait()
}
