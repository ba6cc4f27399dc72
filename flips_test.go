package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// TestFlipsBefore foretells who will enter and leave random segments, and then lets
// the time pass: a microsecond before each flip, and at it, the members are those of
// before with the flips until then applied.
func TestFlipsBefore(t *testing.T) {
	r := seed(t)
	told := 0
	for range *rounds {
		clock := now.AddDate(0, -1, 0)
		db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
		text := drawModel(r)
		apply(t, db, text)
		for i := range 60 {
			e := drawEvent(r, i, drawID(r, 6))
			e.Time, e.Received = clock.Add(drawLag(r)), clock
			if _, err := db.Ingest(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		var texts []string
		for _, d := range db.Model().Tags {
			texts = append(texts, fmt.Sprintf("tag(%q)", d.Name))
		}
		texts = append(texts, `registered < now() - "100d" or tag("沉睡")`, `xor(tag("沉睡"), tag("老客"))`, `spent > 1`)
		until := clock.AddDate(0, 0, 1+r.IntN(60))
		flips := map[string][]segment.Flip{}
		members := map[string]map[profile.ID]bool{}
		var instants []time.Time
		view := viewOf(t, db)
		for _, text := range texts {
			e := segment.MustParse(text)
			var err error
			if flips[text], err = collect(view.FlipsBefore(t.Context(), e, until)); err != nil {
				t.Fatal(err)
			}
			members[text] = setOf(t, db, e)
			for _, f := range flips[text] {
				instants = append(instants, f.At.Add(-time.Microsecond), f.At)
			}
			told += len(flips[text])
		}
		view.Close()
		instants = append(instants, until.Add(-time.Microsecond))
		slices.SortFunc(instants, time.Time.Compare)
		instants = slices.Compact(instants)
		for _, at := range instants {
			if at.Before(clock) {
				continue
			}
			clock = at
			for _, text := range texts {
				for len(flips[text]) > 0 && !flips[text][0].At.After(at) {
					f := flips[text][0]
					flips[text] = flips[text][1:]
					if members[text][f.Profile] == f.Enters {
						t.Errorf("%s at %s: %s enters: %t, and was so before", text, f.At, f.Profile, f.Enters)
					}
					if members[text][f.Profile] = f.Enters; !f.Enters {
						delete(members[text], f.Profile)
					}
				}
				if diff := cmp.Diff(members[text], setOf(t, db, segment.MustParse(text))); diff != "" {
					t.Fatalf("%s at %s (- foretold, + so it is):\n%s\nunder\n%s", text, at, diff, text)
				}
			}
		}
	}
	if told == 0 {
		t.Error("nothing was foretold")
	}
}

func setOf(t *testing.T, db *portrait.DB, e segment.Expr) map[profile.ID]bool {
	t.Helper()
	set, err := db.Segment(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	in := map[profile.ID]bool{}
	for id := range set.Members() {
		in[id] = true
	}
	return in
}

// TestOrderFree_clocks takes the same events in by stores whose clocks went otherwise
// meanwhile: as they happened, all in one go at the end, and late by chance. At the end
// the Digest is one, whatever was dropped from windows on the way.
func TestOrderFree_clocks(t *testing.T) {
	r := seed(t)
	for range *rounds {
		text := drawModel(r)
		draw := drawID(r, 2+r.IntN(8))
		events := make([]profile.Event, 30+r.IntN(150))
		for i := range events {
			events[i] = drawEvent(r, i, draw)
			events[i].Time = epoch0.Add(time.Duration(r.Int64N(int64(now.Sub(epoch0)))).Truncate(time.Microsecond))
			events[i].Received = time.Time{}
		}
		slices.SortFunc(events, func(a, b profile.Event) int { return a.Time.Compare(b.Time) })
		var want portrait.Digest
		for way := range 3 {
			clock := epoch0
			db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
			apply(t, db, text)
			order := slices.Clone(events)
			if way == 1 {
				clock = now
			}
			if way > 0 {
				r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			for _, e := range order {
				if e.Time.After(clock) {
					clock = e.Time
				}
				if r.IntN(4) == 0 {
					if err := db.Advance(t.Context(), clock); err != nil {
						t.Fatal(err)
					}
				}
				if res, err := db.Ingest(t.Context(), e); err != nil || len(res.Rejected) > 0 {
					t.Fatalf("%+v, %v", res, err)
				}
			}
			clock = now
			switch got := digest(t, db, now); {
			case way == 0:
				want = got
			case got != want:
				t.Fatalf("way %d: digest %s, want %s, under\n%s", way, got, want, text)
			}
		}
	}
}

// A rule may flip every day for millennia: the context is asked on the way, and more flips
// than there is memory for are an error.
func TestFlipsBefore_without_end(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits: {born: {type: time}}")
	take(t, db, profile.Event{Type: profile.Identify, Time: now, Identifiers: []profile.Identifier{id("user_id", "a")}, Traits: map[string]profile.Value{"born": profile.Time(epoch0)}})
	v, until := viewOf(t, db), now.AddDate(0, 0, 1000).Add(time.Second)
	odd := segment.MustParse("days_since(born) - 2 * floor(days_since(born) / 2) = 1")
	flips, err := collect(v.FlipsBefore(t.Context(), odd, until))
	if err != nil || len(flips) != 1000 || flips[0].Enters == flips[1].Enters {
		t.Fatalf("%d flips, %v", len(flips), err)
	}
	ended := &countdown{left: 3} // asked first for the person, then every 256 days
	ended.Context, ended.end = context.WithCancel(t.Context())
	if flips, err = collect(v.FlipsBefore(ended, odd, until)); !errors.Is(err, context.Canceled) || len(flips) != 0 || ended.asked > 5 {
		t.Errorf("%d flips, %v, the context asked %d times", len(flips), err, ended.asked)
	}
	for _, most := range []int{0, 999, 1000} {
		n, err := portrait.CountFlips(t.Context(), v, odd, until, most)
		if most == 1000 {
			if err != nil || n != 1000 {
				t.Errorf("of 1,000 allowed %d, %v", n, err)
			}
			continue
		}
		if want := fmt.Sprintf("more than %d changes before", most); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d flips, %v, want %q", n, err, want)
		}
	}
}
