package segment

import (
	"context"
	"sync/atomic"
)

// scan is a leaf that is answered by looking at profiles one by one, once.
type scan struct {
	run func(context.Context) (*Set, error)
	// among is the range whose profiles it looks at, which an index tells; nil: it looks
	// at all profiles.
	among *node

	turn chan struct{} // of one place, which whoever looks at set takes
	set  *Set
	done atomic.Bool // set is the answer
}

func newScan(run func(context.Context) (*Set, error)) *scan {
	return &scan{run: run, turn: make(chan struct{}, 1)}
}

// resolve runs the scan, or waits for another query that runs it, for no longer
// than the context lasts.
func (s *scan) resolve(ctx context.Context) (*Set, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	if !s.done.Load() {
		set, err := s.run(ctx)
		if err != nil {
			return nil, err
		}
		s.set = set
		s.done.Store(true)
	}
	return s.set, nil
}
