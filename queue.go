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
	underWay int           // events let in
	left     chan struct{} // closed when some of them leave, if somebody waits for that
}

// enter waits until so many events more may be under way.
func (q *queue) enter(ctx context.Context, events int) error {
	for {
		q.mu.Lock()
		if q.underWay == 0 || q.underWay+events <= maxUnderWay {
			q.underWay += events
			q.mu.Unlock()
			return nil
		}
		if q.left == nil {
			q.left = make(chan struct{})
		}
		left := q.left
		q.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leave says that so many events that entered are under way no more.
func (q *queue) leave(events int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.underWay -= events
	if q.left != nil {
		close(q.left)
		q.left = nil
	}
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
