package portrait

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// gate counts the calls under way, so that Close can wait for them, and keeps the open
// views, which end when they are too old.
type gate struct {
	maxAge time.Duration // of views; below zero there is none
	shut   chan struct{} // closed when close begins: who waits for views to close gives up
	ended  chan struct{} // closed when DB.Close has ended

	mu      sync.Mutex // guards the fields below
	idle    sync.Cond
	running int
	closed  bool
	views   map[*View]struct{}
	expires time.Time // when a view does, at the earliest; zero without a view
}

func (g *gate) init(maxAge time.Duration) {
	g.idle.L = &g.mu
	g.views = map[*View]struct{}{}
	g.maxAge = maxAge
	g.shut, g.ended = make(chan struct{}), make(chan struct{})
}

func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.running++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 {
		g.idle.Broadcast()
	}
}

// close shuts the gate and waits until nobody is inside; false if it was shut.
func (g *gate) close() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.closed = true
	close(g.shut)
	for g.running > 0 {
		g.idle.Wait()
	}
	return true
}

// whileOpen returns a context that ends, because of ErrClosed, as soon as close begins,
// even while this call is waited for. The caller stops it.
func (g *gate) whileOpen(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-g.shut:
			cancel(ErrClosed)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// admit keeps a view that was opened now.
func (g *gate) admit(v *View) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v.opened = time.Now()
	if g.views[v] = struct{}{}; g.expires.IsZero() {
		g.expires = v.opened.Add(g.maxAge)
	}
}

// enterView begins a call on a view.
func (g *gate) enterView(v *View) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.maxAge > 0 && !v.opened.IsZero() && time.Since(v.opened) >= g.maxAge {
		g.drop(v)
		return fmt.Errorf("%w: the view was open for longer than Options.MaxViewAge, %s", ErrClosed, g.maxAge)
	}
	if _, open := g.views[v]; !open || g.closed {
		return ErrClosed
	}
	v.epoch.refs.Add(1)
	g.running++
	return nil
}

// drop lets go of what a view holds, if it is open. The caller holds mu.
func (g *gate) drop(v *View) {
	if _, open := g.views[v]; open && !g.closed {
		delete(g.views, v)
		v.epoch.release()
	}
}

// expire lets go of what views hold that are too old. Commits call it: without them an
// old view keeps nothing that a new one would not.
func (g *gate) expire() {
	if g.maxAge < 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.expires.IsZero() || now.Before(g.expires) {
		return
	}
	g.expires = time.Time{}
	for v := range g.views {
		if v.opened.IsZero() {
			continue
		}
		end := v.opened.Add(g.maxAge)
		if !now.Before(end) {
			g.drop(v)
		} else if g.expires.IsZero() || end.Before(g.expires) {
			g.expires = end
		}
	}
}

// oldest returns how many views are open and for how long the oldest is, and how many calls are
// under way.
func (g *gate) oldest() (views int, age time.Duration, running int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for v := range g.views {
		age = max(age, time.Since(v.opened))
	}
	return len(g.views), age, g.running
}
