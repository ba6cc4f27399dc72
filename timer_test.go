package portrait_test

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const timerModel = `
traits:
  seen: {type: time}
tags:
  fresh: {rule: 'seen > now() - "48h"'}
`

// wasSeen tells that somebody was seen at a time.
func wasSeen(who string, at time.Time) profile.Event {
	return profile.Event{
		Type: profile.Identify, MessageID: who + at.String(), Time: at, Identifiers: []profile.Identifier{id("user_id", who)},
		Traits: map[string]profile.Value{"seen": profile.Time(at)},
	}
}

// wall is a clock that a test sets, and a wait that it ends.
type wall struct {
	now, elapsed atomic.Int64 // nanoseconds
	asked        chan time.Duration
	due          chan time.Time
	last         time.Duration // that waits read
}

func newWall(at time.Time) *wall {
	w := &wall{asked: make(chan time.Duration, 16), due: make(chan time.Time)}
	w.now.Store(at.UnixNano())
	return w
}

func (w *wall) read() time.Time { return time.Unix(0, w.now.Load()).UTC() }

// pass lets time go by; step sets the clock alone.
func (w *wall) pass(d time.Duration) { w.now.Add(int64(d)); w.elapsed.Add(int64(d)) }
func (w *wall) step(d time.Duration) { w.now.Add(int64(d)) }

func (w *wall) options(o portrait.Options) *portrait.Options {
	o.Clock = w.read
	after := func(d time.Duration) <-chan time.Time {
		select {
		case w.asked <- d:
		default: // a test that does not read them
		}
		return w.due
	}
	return portrait.WithTimer(o, after, func() time.Duration { return time.Duration(w.elapsed.Load()) })
}

// waits reads for how long the timer waits until it is d. A timer that is roused
// just as it looks of itself looks twice and asks for the same again, no more.
func (w *wall) waits(t *testing.T, d time.Duration) {
	t.Helper()
	for {
		got := <-w.asked
		if got != d && got != w.last {
			t.Fatalf("the timer waits for %s, want %s", got, d)
		}
		w.last = got
		if got == d {
			return
		}
	}
}

// What comes due is applied, and told, when it does, without a query: the timer
// waits for as long as there is to wait, a minute at most, looks again when
// something comes due earlier than was known, and ends with the DB.
func TestTimer(t *testing.T) {
	w := newWall(now)
	db := open(t, t.TempDir(), w.options(portrait.Options{NoSync: true}))
	apply(t, db, timerModel)
	take(t, db, wasSeen("a", now.Add(-47*time.Hour)))
	w.waits(t, time.Minute) // an hour before the first deadline
	take(t, db, wasSeen("b", now.Add(-48*time.Hour+30*time.Second)))
	w.waits(t, 30*time.Second)
	take(t, db, wasSeen("c", now)) // later than what it waits for: it is not woken
	since := viewOf(t, db).Cursor()
	w.pass(30 * time.Second)
	w.due <- w.read()
	for c, err := range db.Watch(t.Context(), since) {
		if err != nil || c.Kind != "left" || c.Profile != 1 || c.Cause != "deadline" || !c.At.Equal(now.Add(30*time.Second)) {
			t.Errorf("%+v, %v", c, err)
		}
		since = c.Cursor
		break
	}
	w.waits(t, time.Minute)
	w.pass(time.Minute) // it naps, and nothing is due
	w.due <- w.read()
	w.waits(t, time.Minute)
	// The clock is set ahead by hours while it naps.
	w.pass(50 * time.Hour)
	w.due <- w.read()
	var who []profile.ID
	for c, err := range db.Watch(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		if who = append(who, c.Profile); len(who) == 2 {
			break
		}
	}
	if who[0] != 0 || who[1] != 2 {
		t.Errorf("%v left", who)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	select {
	case w.due <- w.read():
		t.Error("somebody waits after Close")
	default:
	}
}

// A store without a timer, under the host's clock, jumps as the host says.
func TestTimer_off_under_a_clock_of_the_host(t *testing.T) {
	clock := now
	db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }})
	apply(t, db, timerModel)
	take(t, db, wasSeen("a", now))
	clock = now.AddDate(3, 0, 0)
	if n, err := db.Count(t.Context(), segment.MustParse(`tag("fresh")`)); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if ahead := db.Metrics().ClockAhead; ahead != 0 {
		t.Errorf("the clock is %s ahead", ahead)
	}
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// A clock that is set ahead by more than 31 days is not followed: answers stay at the
// last instant and say so, until it is set right or the host advances the store.
// Months that pass are followed.
func TestExactInTime_steps_of_the_clock(t *testing.T) {
	const day = 24 * time.Hour
	w := newWall(now)
	log := &lines{}
	db := open(t, t.TempDir(), w.options(portrait.Options{NoSync: true, Logger: slog.New(slog.NewTextHandler(log, nil))}))
	apply(t, db, timerModel)
	take(t, db, wasSeen("a", now))
	answer := func(want uint64, asOf time.Time, ahead time.Duration, warnings int) {
		t.Helper()
		v := viewOf(t, db)
		n, err := v.Count(t.Context(), segment.MustParse(`tag("fresh")`))
		if n != want || err != nil || !v.AsOf().Equal(asOf) {
			t.Errorf("%d as of %s, %v; want %d as of %s", n, v.AsOf(), err, want, asOf)
		}
		if got := db.Metrics().ClockAhead; got != ahead {
			t.Errorf("the clock is %s ahead, want %s", got, ahead)
		}
		if got := log.count("the clock was set ahead"); got != warnings {
			t.Errorf("%d warnings, want %d", got, warnings)
		}
	}
	answer(1, now, 0, 0)
	w.pass(time.Hour)
	answer(1, now.Add(time.Hour), 0, 0)
	w.step(32 * day)
	answer(1, now.Add(time.Hour), 32*day, 1)
	w.pass(time.Hour)
	answer(1, now.Add(time.Hour), 32*day+time.Hour, 1)
	w.step(-32 * day) // set right
	answer(1, now.Add(2*time.Hour), 0, 1)
	w.step(30 * day) // that much is followed
	answer(0, now.Add(2*time.Hour+30*day), 0, 1)
	w.pass(100 * day) // nobody asked for a quarter
	at := now.Add(2*time.Hour + 130*day)
	take(t, db, wasSeen("a", at))
	answer(1, at, 0, 1)
	w.step(365 * day)
	answer(1, at, 365*day, 2)
	if err := db.Advance(t.Context(), w.read()); err != nil { // it is right, the host says
		t.Fatal(err)
	}
	answer(0, w.read(), 0, 2)
	w.pass(time.Second)
	answer(0, w.read(), 0, 2)
}

// A store that lay closed for long follows the clock of the moment that it is opened.
func TestExactInTime_reopened_after_long(t *testing.T) {
	w := newWall(now)
	dir := t.TempDir()
	db := open(t, dir, w.options(portrait.Options{}))
	apply(t, db, timerModel)
	take(t, db, wasSeen("a", now))
	checkAndClose(t, db)
	w = newWall(now.AddDate(2, 0, 0))
	db = open(t, dir, w.options(portrait.Options{}))
	v := viewOf(t, db)
	if n, err := v.Count(t.Context(), segment.MustParse(`tag("fresh")`)); n != 0 || err != nil || !v.AsOf().Equal(w.read()) {
		t.Errorf("%d as of %s, %v", n, v.AsOf(), err)
	}
}

// Events go from the disk when they expire, without a query or another event, although
// nothing else comes due: also those of a model that is first to keep any, and those of a
// model that was the last to.
func TestTimer_expired_events(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openInBubble(t, portrait.Options{NoSync: true})
		expire := func(what string) {
			t.Helper()
			if n := portrait.LoggedEvents(db); n != 1 {
				t.Errorf("%s: %d events are kept, want 1", what, n)
			}
			time.Sleep(3 * day)
			synctest.Wait()
			if n := portrait.LoggedEvents(db); n != 0 {
				t.Errorf("%s: %d events are kept after three days, want none", what, n)
			}
		}
		synctest.Wait() // nothing comes due, so that the timer waits to be woken
		applyModel(t, db, portrait.Model{Log: portrait.LogPolicy{Retain: day}})
		take(t, db, profile.Event{Name: "Login", Time: time.Now(), Identifiers: []profile.Identifier{id("user_id", "a")}})
		expire("the first model that keeps events")
		take(t, db, profile.Event{Name: "Login", Time: time.Now(), Identifiers: []profile.Identifier{id("user_id", "a")}})
		applyModel(t, db, portrait.Model{})
		expire("a model that keeps none any more")
	})
}
