package portrait

import (
	"context"
	"slices"
	"sync"
)

// maxUnderWay is how many events Ingest calls may have under way, from being prepared to being
// committed: what they take in memory is ours. A call of more goes in alone.
const maxUnderWay = 100_000

// queue holds the requests that wait for a commit.
type queue struct {
	mu       sync.Mutex // guards the fields below
	waiting  []*request
	underWay int          // events let in
	outside  []*admission // calls not let in yet, the longest waiting first
}

// admission is a call that waits to be let in.
type admission struct {
	events int
	in     chan struct{} // closed once it is let in
}

// enter waits until so many events more may be under way, and every call that came before
// is let in: else calls of few events would keep one of many out for ever. If ctx ends
// first the error is its cause.
func (q *queue) enter(ctx context.Context, events int) error {
	q.mu.Lock()
	if len(q.outside) == 0 && q.hasRoom(events) {
		q.underWay += events
		q.mu.Unlock()
		return nil
	}
	a := &admission{events: events, in: make(chan struct{})}
	q.outside = append(q.outside, a)
	q.mu.Unlock()
	select {
	case <-a.in:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.outside, a); i >= 0 {
		q.outside = slices.Delete(q.outside, i, i+1)
	} else {
		q.underWay -= events // it was let in just now
	}
	q.admit()
	return context.Cause(ctx)
}

// leave says that so many events that entered are under way no more.
func (q *queue) leave(events int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.underWay -= events
	q.admit()
}

// admit lets those in whose turn it is. The caller holds mu.
func (q *queue) admit() {
	for len(q.outside) > 0 && q.hasRoom(q.outside[0].events) {
		q.underWay += q.outside[0].events
		close(q.outside[0].in)
		q.outside = slices.Delete(q.outside, 0, 1)
	}
}

// hasRoom reports whether so many events more may be under way. The caller holds mu.
func (q *queue) hasRoom(events int) bool {
	return q.underWay == 0 || q.underWay+events <= maxUnderWay
}

// load returns how many calls wait for a commit, and how many events are under way.
func (q *queue) load() (calls, events int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), q.underWay
}

func (q *queue) push(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
}

// withdraw takes a request back; false if a commit has taken it.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, r)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// pop takes the requests of one commit: at least one, where any waits.
func (q *queue) pop() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, events, bytes := 0, 0, 0
	for _, r := range q.waiting {
		events += len(r.prepared)
		bytes += r.bytes
		if n > 0 && (events > maxGroupEvents || bytes > maxGroupBytes) {
			break
		}
		n++
	}
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return group
}
