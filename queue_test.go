package portrait_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// entrance is a queue of Ingest calls and who was let in, in order.
type entrance struct {
	q     portrait.Admissions
	calls map[string]*entering
	mu    sync.Mutex // guards in
	in    []string
}

type entering struct {
	events int
	cancel context.CancelCauseFunc
	err    error
}

// enter begins a call, and returns once it is in or waits.
func (e *entrance) enter(t *testing.T, name string, events int) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	call := &entering{events: events, cancel: cancel}
	if e.calls == nil {
		e.calls = map[string]*entering{}
	}
	e.calls[name] = call
	go func() {
		if call.err = e.q.Enter(ctx, events); call.err == nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.in = append(e.in, name)
		}
	}()
	synctest.Wait()
}

func (e *entrance) leave(name string) {
	e.q.Leave(e.calls[name].events)
	synctest.Wait()
}

func (e *entrance) give(up string, why error) {
	e.calls[up].cancel(why)
	synctest.Wait()
}

// were checks who was let in so far, those who came in at once in any order, and how many
// events are under way.
func (e *entrance) were(t *testing.T, underWay int, want ...[]string) {
	t.Helper()
	in, left := slices.Clone(e.in), len(e.in)
	for _, group := range want {
		n := min(len(group), len(in))
		got := slices.Sorted(slices.Values(in[:n]))
		if !slices.Equal(got, group) {
			t.Errorf("%v were let in, want %v", e.in, want)
			return
		}
		in, left = in[n:], left-n
	}
	if left > 0 || e.q.UnderWay() != underWay {
		t.Errorf("%v were let in, want %v, and %d events are under way, want %d", e.in, want, e.q.UnderWay(), underWay)
	}
}

// Calls are let in in the order in which they come, so that a large one does not wait for
// as long as small ones go on coming, and who gives up lets those behind go.
func TestIngest_in_turn(t *testing.T) {
	const most = portrait.MaxUnderWay
	group := func(names ...string) []string { return names }
	run := func(name string, f func(t *testing.T, e *entrance)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, &entrance{}) }) })
	}
	run("small calls behind a large one", func(t *testing.T, e *entrance) {
		e.enter(t, "a", most-10)
		e.enter(t, "b", 5)
		e.enter(t, "large", most)
		e.enter(t, "c", 5) // there is room for it
		e.enter(t, "d", 1)
		e.were(t, most-5, group("a"), group("b"))
		e.leave("a")
		e.were(t, 5, group("a"), group("b"))
		e.leave("b")
		e.were(t, most, group("a"), group("b"), group("large"))
		e.enter(t, "e", 0)
		e.leave("large")
		e.were(t, 6, group("a"), group("b"), group("large"), group("c", "d", "e"))
		e.leave("c")
		e.leave("d")
		e.were(t, 0, group("a"), group("b"), group("large"), group("c", "d", "e"))
	})
	run("one of more than the most goes in alone", func(t *testing.T, e *entrance) {
		e.enter(t, "a", 1)
		e.enter(t, "large", most+1)
		e.enter(t, "b", 1)
		e.leave("a")
		e.were(t, most+1, group("a"), group("large"))
		e.leave("large")
		e.were(t, 1, group("a"), group("large"), group("b"))
	})
	run("the first of those who wait gives up", func(t *testing.T, e *entrance) {
		why := errors.New("why")
		e.enter(t, "a", most-10)
		e.enter(t, "large", most)
		e.enter(t, "b", 5)
		e.enter(t, "larger", most+1)
		e.enter(t, "c", 5)
		e.give("large", why)
		e.were(t, most-5, group("a"), group("b"))
		if !errors.Is(e.calls["large"].err, why) {
			t.Errorf("gave up because of %v", e.calls["large"].err)
		}
		e.give("larger", why)
		e.were(t, most, group("a"), group("b"), group("c"))
	})
	run("one in the middle gives up", func(t *testing.T, e *entrance) {
		e.enter(t, "a", most)
		e.enter(t, "b", most)
		e.enter(t, "c", most)
		e.enter(t, "d", most)
		e.give("c", errors.New("why"))
		e.were(t, most, group("a"))
		e.leave("a")
		e.leave("b")
		e.were(t, most, group("a"), group("b"), group("d"))
	})
	run("who is let in and gives up at once", func(t *testing.T, e *entrance) {
		for range 100 { // which of the two it takes note of is chance
			e.in = nil
			e.enter(t, "a", most)
			e.enter(t, "large", most)
			e.enter(t, "b", 1)
			e.calls["large"].cancel(errors.New("why"))
			e.leave("a")
			if e.calls["large"].err == nil {
				e.leave("large")
			}
			if e.q.UnderWay() != 1 || e.in[len(e.in)-1] != "b" {
				t.Fatalf("%d events are under way, and %v were let in", e.q.UnderWay(), e.in)
			}
			e.leave("b")
		}
	})
}

// Close waits for the calls that have not been let in yet: each has its turn.
func TestIngest_in_turn_at_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openInBubble(t, portrait.Options{Clock: fixed(now), NoSync: true})
		release := portrait.HoldWriter(db)
		many := make([]profile.Event, portrait.MaxUnderWay)
		for i := range many {
			many[i] = profile.Event{MessageID: "m", Name: "n"} // to be refused, for they name nobody
		}
		errs := make(chan error, 4)
		call := func(events ...profile.Event) {
			go func() {
				_, err := db.Ingest(t.Context(), events...)
				errs <- err
			}()
			synctest.Wait()
		}
		call(many...)
		call(many...)
		call(killEvent(1))
		if m := db.Metrics(); m.UnderWay != len(many) || m.Waiting != 1 || m.Running != 3 {
			t.Errorf("%d events are under way, %d calls wait, %d run", m.UnderWay, m.Waiting, m.Running)
		}
		go func() { errs <- db.Close() }()
		synctest.Wait()
		if _, err := db.Ingest(t.Context(), killEvent(2)); !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("a call after Close has begun: %v", err)
		}
		release()
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}
