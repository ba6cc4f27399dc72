package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
)

const ledgerModel = `
zone: Asia/Shanghai
stages:
  - {name: seen, rule: 'last_time("Seen") >= now() - "1h"'}
  - {name: quiet}
`

// Many people move at once, in parts and over many blocks, by events, time and
// definitions; the ledger has all of their moves when the feed has none any more, also
// after the stages are gone.
func TestLedger_outlives_the_feed(t *testing.T) {
	const people = 1000
	clock := now
	opts := portrait.WithAdvanceBatch(portrait.WithFeedPart(&portrait.Options{
		Clock: func() time.Time { return clock }, FeedRetention: time.Hour, NoSync: true,
	}, 100), 70)
	dir := t.TempDir()
	db := open(t, dir, opts)
	apply(t, db, ledgerModel)
	for i := range people {
		take(t, db, wasThere(fmt.Sprint("u", i), clock))
	}
	steps := []time.Time{clock}
	next := func(text string) {
		clock = clock.Add(2 * time.Hour)
		if text != "" {
			apply(t, db, text)
		}
		viewOf(t, db)
		steps = append(steps, clock)
	}
	next("")
	next("zone: Asia/Shanghai\nstages: [{name: quiet, rule: 'count(\"Seen\") >= 100'}, {name: other}]\n")
	next("zone: Asia/Shanghai\n")
	next(ledgerModel)
	checkAndClose(t, db)
	db = open(t, dir, opts)
	v := viewOf(t, db)

	// One record for each event and for each batch of deadlines, and three definitions of
	// ten parts each.
	if n, err := portrait.LedgerParts(v); n != people+(people+69)/70+3*10 || err != nil {
		t.Errorf("the ledger has %d records, %v", n, err)
	}
	got := map[string]int{}
	for m, err := range v.StageMoves(t.Context(), time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		got[fmt.Sprintf("%d %s>%s %s", slices.IndexFunc(steps, m.At.Equal), m.From, m.To, m.Cause)]++
	}
	want := map[string]int{
		"0 >seen event": people, "1 seen>quiet deadline": people, "2 quiet>other definition": people,
		"3 other> definition": people, "4 >quiet definition": people,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	if _, err := collect(v.Changes(t.Context(), portrait.Cursor{}, portrait.WatchFilter{Tags: []string{"stage"}})); err != nil {
		t.Fatal(err)
	}
	flow, err := v.StageFlow(t.Context(), steps[0], steps[2])
	if err != nil {
		t.Fatal(err)
	}
	if n := flow.Count("seen", "other"); n != people || flow.Before()[slices.Index(flow.Stages, "seen")] != people {
		t.Errorf("%d went from seen to other", n)
	}
	path, err := v.StagePath(t.Context(), profile.MakeID(0, people-1))
	wantPath := lifecycle.Path{
		{Stage: "seen", Entered: steps[0], Left: steps[1]}, {Stage: "quiet", Entered: steps[1], Left: steps[2]},
		{Stage: "other", Entered: steps[2], Left: steps[3]}, {Stage: "quiet", Entered: steps[4]},
	}
	if diff := cmp.Diff(wantPath, path); diff != "" || err != nil {
		t.Errorf("a path: %v (-want +got):\n%s", err, diff)
	}
	// Nobody has seen yet how long they will be there.
	times, err := v.StageTimes(t.Context(), "quiet", steps[3], now.AddDate(50, 0, 0))
	if here := v.AsOf().Sub(steps[4]); err != nil || len(times.Lasting) != people || times.Lasting[0] != here || times.Lasting[people-1] != here {
		t.Errorf("%d are in it for %v, want %s, %v", len(times.Lasting), times.Lasting, here, err)
	}
}

func TestLedger_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, ledgerModel)
	take(t, db, wasThere("u", now))
	v, ctx := viewOf(t, db), t.Context()
	for _, id := range []profile.ID{profile.MakeID(0, 1), profile.MakeID(1, 0)} {
		if _, err := v.StagePath(ctx, id); !errors.Is(err, portrait.ErrNotFound) {
			t.Errorf("the path of %s: %v", id, err)
		}
	}
	if _, err := v.Stuck(ctx, "sene", 0); err == nil {
		t.Error("nobody is stuck in a stage that is not there")
	}
	if set, err := v.Stuck(ctx, "quiet", 0); err != nil || set.Count() != 0 {
		t.Errorf("stuck in a stage that nobody was in: %d, %v", set.Count(), err)
	}
	if _, err := v.StageFlow(ctx, now, now.Add(-1)); err == nil {
		t.Error("a flow back in time")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := collect(v.StageMoves(ended, time.Time{}, now)); !errors.Is(err, context.Canceled) {
		t.Errorf("moves: %v", err)
	}
	if _, err := v.StageTimes(ended, "seen", now, now); !errors.Is(err, context.Canceled) {
		t.Errorf("times: %v", err)
	}
	v.Close()
	if _, err := collect(v.StageMoves(ctx, time.Time{}, now)); !errors.Is(err, portrait.ErrClosed) {
		t.Errorf("moves of a closed view: %v", err)
	}
}

// An Advance and a change of definition that a crash interrupts anywhere are in the
// ledger once.
func TestLedger_interrupted(t *testing.T) {
	const people = 23
	for nth := int64(1); nth <= 12; nth++ {
		clock := now
		_, db, _ := interrupt(t, portrait.Options{Clock: func() time.Time { return clock }}, nth,
			func(db *portrait.DB) error {
				apply(t, db, ledgerModel)
				for i := range people {
					take(t, db, wasThere(fmt.Sprint("u", i), clock.Add(time.Duration(i)*time.Second)))
				}
				clock = clock.Add(2 * time.Hour)
				return nil
			},
			func(db *portrait.DB) error {
				if err := db.Advance(t.Context(), clock); err != nil {
					return err
				}
				_, err := db.Apply(t.Context(), model(t, "zone: Asia/Shanghai\nstages: [{name: other, rule: 'true'}, {name: quiet}]\n"))
				return err
			})
		if err := db.Advance(t.Context(), clock); err != nil {
			t.Fatal(err)
		}
		apply(t, db, "zone: Asia/Shanghai\nstages: [{name: other, rule: 'true'}, {name: quiet}]\n")
		got := map[string]int{}
		for m, err := range viewOf(t, db).StageMoves(t.Context(), time.Time{}, time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			got[fmt.Sprintf("%s>%s %s", m.From, m.To, m.Cause)]++
		}
		want := map[string]int{">seen event": people, "seen>quiet deadline": people, "quiet>other definition": people}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("broken at write %d (-want +got):\n%s", nth, diff)
		}
	}
}

func wasThere(who string, at time.Time) profile.Event {
	return profile.Event{Name: "Seen", MessageID: who + at.String(), Time: at, Identifiers: []profile.Identifier{id("user_id", who)}}
}
