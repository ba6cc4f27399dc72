package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

const watchModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: anonymous_id, priority: 2, kind: cookie}
traits:
  points: {type: number}
tags:
  gold: {rule: 'points >= 100'}
  silver: {rule: 'points >= 10 and points < 100'}
`

// points tells how many points somebody has.
func points(n int, who string, points float64) profile.Event {
	return profile.Event{
		Type: profile.Identify, MessageID: fmt.Sprint(n), Time: epoch0.Add(time.Duration(n) * time.Second),
		Identifiers: []profile.Identifier{id("user_id", who)}, Traits: map[string]profile.Value{"points": profile.Number(points)},
	}
}

func watchStore(t testing.TB, opts portrait.Options) *portrait.DB {
	t.Helper()
	if opts.Clock == nil {
		opts.Clock = fixed(now)
	}
	db := open(t, t.TempDir(), &opts)
	apply(t, db, watchModel)
	return db
}

func take(t testing.TB, db *portrait.DB, events ...profile.Event) {
	t.Helper()
	if res, err := db.Ingest(t.Context(), events...); err != nil || len(res.Rejected) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
}

func viewOf(t testing.TB, db *portrait.DB) *portrait.View {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// tell writes changes short.
func tell(changes []portrait.Change) string {
	var all []string
	for _, c := range changes {
		text := fmt.Sprint(c.Kind, " ", c.Profile, " ", c.Tag+c.Segment, c.Others)
		all = append(all, strings.TrimSuffix(strings.TrimSuffix(text, "[]"), " "))
	}
	return strings.Join(all, ", ")
}

// A Watch tells what is there, waits, and tells what comes: without polling, and
// until its context ends.
func TestWatch_follows(t *testing.T) {
	db := watchStore(t, portrait.Options{})
	take(t, db, points(1, "a", 50))
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(enough)
	var got []portrait.Change
	n := 1
	for c, err := range db.Watch(ctx, portrait.Cursor{}) {
		if err != nil {
			if !errors.Is(err, enough) || c.Kind != "" {
				t.Errorf("ended by %v with %+v", err, c)
			}
			break
		}
		got = append(got, c)
		switch n++; n {
		case 2:
			take(t, db, points(2, "b", 200))
		case 3: // promoted: it leaves one and enters the other in a commit
			take(t, db, points(3, "a", 100))
		case 5:
			if _, err := db.Link(t.Context(), id("user_id", "a"), id("anonymous_id", "x"), portrait.Decision{At: now, ID: "1"}); err != nil {
				t.Fatal(err)
			}
			go cancel(enough) // while it waits, or is about to
		}
	}
	if want := "entered 0 silver, entered 1 gold, entered 0 gold, left 0 silver"; tell(got) != want {
		t.Errorf("got %s, want %s", tell(got), want)
	}
}

// Readers end with ErrClosed when the DB is closed while they wait, from the body of
// their own loop too.
func TestWatch_ends_with_the_DB(t *testing.T) {
	db := watchStore(t, portrait.Options{})
	take(t, db, points(1, "a", 50))
	var wg sync.WaitGroup
	reading := make(chan bool, 8)
	for range 8 {
		wg.Go(func() {
			var last error
			for _, err := range db.Watch(t.Context(), portrait.Cursor{}) {
				if last = err; err == nil {
					reading <- true
				}
			}
			if !errors.Is(last, portrait.ErrClosed) {
				t.Errorf("ended by %v", last)
			}
		})
	}
	for range 8 {
		<-reading
	}
	for _, err := range db.Watch(t.Context(), portrait.Cursor{}) {
		if err != nil {
			if !errors.Is(err, portrait.ErrClosed) {
				t.Error(err)
			}
			break
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// A reader holds nothing of the store while it waits or thinks.
func TestWatch_holds_nothing(t *testing.T) {
	db := watchStore(t, portrait.Options{})
	take(t, db, points(1, "a", 50))
	for _, err := range db.Watch(t.Context(), portrait.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n := portrait.Holders(db); n != 0 {
			t.Errorf("%d hold the epoch while a reader is in its loop", n)
		}
		break
	}
}

// What a filter lets through.
func TestWatch_filters(t *testing.T) {
	db := watchStore(t, portrait.Options{})
	take(t, db, points(1, "a", 50), points(2, "b", 200), points(3, "c", 5))
	take(t, db, points(4, "a", 100))
	for _, pair := range [][2]string{{"a", "x"}, {"c", "y"}} {
		e := points(5, pair[0], 100)
		e.MessageID += pair[0]
		e.Identifiers = append(e.Identifiers, id("anonymous_id", pair[1]))
		take(t, db, e)
	}
	link := func(a, b profile.Identifier) error {
		_, err := db.Link(t.Context(), a, b, portrait.Decision{At: now, ID: "1"})
		return err
	}
	take(t, db, profile.Event{Type: profile.Page, MessageID: "z", Time: epoch0, Identifiers: []profile.Identifier{id("anonymous_id", "z")}})
	if err := link(id("user_id", "b"), id("anonymous_id", "z")); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Unlink(t.Context(), id("user_id", "b"), id("anonymous_id", "z"), portrait.Decision{At: now.Add(1), ID: "2"}); err != nil {
		t.Fatal(err)
	}
	v := viewOf(t, db)
	const all = "entered 1 gold, entered 0 silver, entered 0 gold, left 0 silver, entered 2 gold, merged 1 [3], split 1 [3]"
	filter := func(f ...portrait.WatchFilter) []portrait.WatchFilter { return f }
	for _, c := range []struct {
		filters []portrait.WatchFilter
		want    string
	}{
		{nil, all},
		{filter(portrait.WatchFilter{}), all},
		{filter(portrait.WatchFilter{Tags: []string{"silver"}}), "entered 0 silver, left 0 silver"},
		{filter(portrait.WatchFilter{Tags: []string{"silver"}, Kinds: []string{"left"}}), "left 0 silver"},
		{filter(portrait.WatchFilter{Kinds: []string{"merged", "split"}}), "merged 1 [3], split 1 [3]"},
		{filter(portrait.WatchFilter{Profiles: []profile.ID{3}}), "merged 1 [3], split 1 [3]"},
		{filter(portrait.WatchFilter{Profiles: []profile.ID{2, 3}, Kinds: []string{"entered"}}), "entered 2 gold"},
		{filter(portrait.WatchFilter{Tags: []string{"silver"}}, portrait.WatchFilter{Kinds: []string{"split"}}), "entered 0 silver, left 0 silver, split 1 [3]"},
		{filter(portrait.WatchFilter{Segments: []string{"silver"}}), ""},
		{filter(portrait.WatchFilter{Tags: []string{"none"}}), ""},
		{filter(portrait.WatchFilter{Kinds: []string{"erased"}}), ""},
		{filter(portrait.WatchFilter{Values: []string{"gold"}}), ""}, // a tag without values
	} {
		got, err := collect(v.Changes(t.Context(), portrait.Cursor{}, c.filters...))
		if err != nil || tell(got) != c.want {
			t.Errorf("%+v: %s, %v; want %s", c.filters, tell(got), err, c.want)
		}
	}
	bad := portrait.WatchFilter{Kinds: []string{"enter"}}
	for name, seq := range map[string]iter.Seq2[portrait.Change, error]{
		"Watch": db.Watch(t.Context(), portrait.Cursor{}, bad), "Changes": v.Changes(t.Context(), portrait.Cursor{}, bad),
	} {
		if _, err := collect(seq); err == nil || !strings.Contains(err.Error(), `kind "enter", there are ["entered"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of a tag with values a reader may want some.
func TestWatch_values(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, watchModel+"  level:\n    tiers: [{value: high, rule: 'points >= 100'}, {value: mid, rule: 'points >= 10'}]\n    else: low\n")
	take(t, db, points(1, "a", 5))
	take(t, db, points(2, "a", 50))
	take(t, db, points(3, "a", 500))
	for _, c := range []struct {
		filter portrait.WatchFilter
		want   []string
	}{
		{portrait.WatchFilter{Values: []string{"mid"}}, []string{"entered level mid", "left level mid"}},
		{portrait.WatchFilter{Values: []string{"low", "high"}, Kinds: []string{"entered"}}, []string{"entered level low", "entered level high"}},
		{portrait.WatchFilter{Values: []string{"mid"}, Tags: []string{"gold"}}, nil},
		{portrait.WatchFilter{Values: []string{""}}, nil},
	} {
		changes, err := collect(viewOf(t, db).Changes(t.Context(), portrait.Cursor{}, c.filter))
		var got []string
		for _, ch := range changes {
			got = append(got, ch.Kind+" "+ch.Tag+" "+ch.Value)
		}
		if !slices.Equal(got, c.want) || err != nil {
			t.Errorf("%+v: %q, %v; want %q", c.filter, got, err, c.want)
		}
	}
}

// A cursor that is none of the store's is refused with a reason; a reader whose view
// is older than its cursor has nothing to read.
func TestWatch_cursors(t *testing.T) {
	db, other := watchStore(t, portrait.Options{}), watchStore(t, portrait.Options{})
	old := viewOf(t, db)
	take(t, db, points(1, "a", 50))
	last := viewOf(t, db)
	for _, c := range []struct {
		name  string
		since portrait.Cursor
		want  string
	}{
		{"of another store", viewOf(t, other).Cursor(), "is of another store"},
		{"ahead", portrait.CursorAt(db, last.Epoch()+2), fmt.Sprintf("ahead of the store: it goes on at commit %d, the last is %d", last.Epoch()+2, last.Epoch())},
	} {
		for name, seq := range map[string]iter.Seq2[portrait.Change, error]{"Watch": db.Watch(t.Context(), c.since), "Changes": last.Changes(t.Context(), c.since)} {
			if got, err := collect(seq); err == nil || !strings.Contains(err.Error(), c.want) || len(got) > 0 || errors.Is(err, portrait.ErrTrimmed) {
				t.Errorf("%s from a cursor %s: %v, %v", name, c.name, got, err)
			}
		}
	}
	if got, err := collect(old.Changes(t.Context(), last.Cursor())); len(got) > 0 || err != nil {
		t.Errorf("an older view has %v, %v", got, err)
	}
	if got, err := collect(last.Changes(t.Context(), old.Cursor())); tell(got) != "entered 0 silver" || err != nil {
		t.Errorf("between two views there are %s, %v", tell(got), err)
	}
	last.Close()
	if _, err := collect(last.Changes(t.Context(), old.Cursor())); !errors.Is(err, portrait.ErrClosed) {
		t.Errorf("a closed view: %v", err)
	}
}

// A commit of more changes than are stored together is resumed anywhere within.
func TestWatch_a_large_commit(t *testing.T) {
	const part, people = 100, 2*100 + 10
	db := watchStore(t, *portrait.WithFeedPart(&portrait.Options{NoSync: true}, part))
	var events []profile.Event
	for i := range people {
		events = append(events, points(i, fmt.Sprint("u", i), 1))
	}
	take(t, db, events...)
	define := func(rule string) {
		if err := db.DefineTag(t.Context(), tags.Definition{Name: "all", Rule: tags.MustParse(rule)}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, since portrait.Cursor, kind string) portrait.Cursor {
		t.Helper()
		v := viewOf(t, db)
		all, err := collect(v.Changes(t.Context(), since))
		if err != nil || len(all) != people {
			t.Fatalf("%s: %d changes, %v", what, len(all), err)
		}
		for i, c := range all {
			if c.Kind != kind || c.Tag != "all" || c.Profile != profile.ID(i) || c.Cause != "definition" || c.Epoch != all[0].Epoch {
				t.Fatalf("%s: %+v", what, c)
			}
		}
		for _, i := range []int{0, 7, part - 2, part - 1, part, 2*part - 1, 2 * part, people - 2} {
			for c, err := range v.Changes(t.Context(), all[i].Cursor) {
				if err != nil || c.Profile != profile.ID(i+1) {
					t.Errorf("%s: after %d comes %+v, %v", what, i, c, err)
				}
				break
			}
		}
		return all[people-1].Cursor
	}
	since := viewOf(t, db).Cursor()
	define("true")
	since = check("a new tag", since, "entered")
	define("points > 0")
	if got, err := collect(viewOf(t, db).Changes(t.Context(), since)); len(got) > 0 || err != nil {
		t.Errorf("a definition that changes nobody is told as %d changes, %v", len(got), err)
	}
	define("points > 1")
	check("a tag of nobody", since, "left")
}

// TestFeedTrimmed lets months pass: what is older than the retention goes, whoever
// had read it goes on without a gap, and whoever had not is told so.
func TestFeedTrimmed(t *testing.T) {
	clock := now
	db := watchStore(t, portrait.Options{Clock: func() time.Time { return clock }, FeedRetention: 10 * 24 * time.Hour})
	start := viewOf(t, db).Cursor()
	var cursors []portrait.Cursor
	for day := range 40 {
		clock = now.AddDate(0, 0, day)
		take(t, db, points(2*day, "a", 50), points(2*day+1, fmt.Sprint("u", day), 200))
		cursors = append(cursors, viewOf(t, db).Cursor())
	}
	v := viewOf(t, db)
	kept, err := collect(v.Changes(t.Context(), portrait.Cursor{}))
	if err != nil || len(kept) < 10 || len(kept) > 12 {
		t.Fatalf("%d changes are kept, %v", len(kept), err)
	}
	oldest := kept[0].At
	if age := clock.Sub(oldest); age > 12*24*time.Hour || age < 10*24*time.Hour {
		t.Errorf("the oldest is of %s before", age)
	}
	for i, c := range append(cursors, start) {
		gone := i == len(cursors) || now.AddDate(0, 0, i+1).Before(oldest)
		got, err := collect(v.Changes(t.Context(), c))
		switch {
		case gone && !errors.Is(err, portrait.ErrTrimmed):
			t.Errorf("from day %d on: %d changes, %v", i, len(got), err)
		case !gone && (err != nil || len(got) != 39-i):
			t.Errorf("from day %d on: %d changes, %v", i, len(got), err)
		}
	}
	// Who had read all but a quiet month is not behind.
	read := v.Cursor()
	clock = clock.AddDate(0, 1, 0)
	take(t, db, points(1000, "b", 200))
	clock = clock.AddDate(0, 1, 0)
	take(t, db, points(1001, "c", 200))
	if got, err := collect(viewOf(t, db).Changes(t.Context(), read)); !errors.Is(err, portrait.ErrTrimmed) {
		t.Errorf("behind: %s, %v", tell(got), err)
	}
	got, err := collect(viewOf(t, db).Changes(t.Context(), portrait.Cursor{}))
	if err != nil || len(got) != 1 || got[0].Profile.Ordinal() != 42 {
		t.Errorf("kept: %s, %v", tell(got), err)
	}
	// A view of before still reads what it shows.
	if again, err := collect(v.Changes(t.Context(), portrait.Cursor{})); err != nil || !slices.EqualFunc(again, kept, sameChange) {
		t.Errorf("the old view reads %d changes, %v", len(again), err)
	}
}

// The cursor of the last change before a trimmed gap leads to no gap if nothing was
// changed in it.
func TestFeedTrimmed_nothing_missed(t *testing.T) {
	clock := now
	db := watchStore(t, portrait.Options{Clock: func() time.Time { return clock }, FeedRetention: time.Hour})
	take(t, db, points(1, "a", 200))
	var last portrait.Cursor
	for c, err := range viewOf(t, db).Changes(t.Context(), portrait.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		last = c.Cursor
	}
	for i := range 10 { // commits that change no tag
		take(t, db, points(2+i, "a", 200))
	}
	clock = clock.Add(10 * time.Hour)
	take(t, db, points(100, "b", 200))
	if got, err := collect(viewOf(t, db).Changes(t.Context(), last)); tell(got) != "entered 1 gold" || err != nil {
		t.Errorf("%s, %v", tell(got), err)
	}
	// A reader that is too slow is told that it has missed something.
	var end error
	n := 0
	for _, err := range db.Watch(t.Context(), last) {
		if end = err; err != nil {
			break
		}
		if n++; n == 1 {
			for i := range 3 {
				clock = clock.Add(10 * time.Hour)
				take(t, db, points(200+i, fmt.Sprint("late", i), 200))
			}
		}
	}
	if n != 1 || !errors.Is(end, portrait.ErrTrimmed) {
		t.Errorf("%d changes, then %v", n, end)
	}
}

// Readers that come and go while events come in all see the same feed.
func TestWatch_many_readers(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel+"  完: {rule: 'city == \"完\"'}\n")
	var wg sync.WaitGroup
	read := make([][]portrait.Change, 4)
	for i := range read {
		wg.Go(func() {
			since := portrait.Cursor{}
			for n := 1; ; n++ {
				for c, err := range db.Watch(t.Context(), since) {
					if err != nil {
						t.Error(err)
						return
					}
					read[i], since = append(read[i], c), c.Cursor
					if c.Tag == "完" {
						return
					}
					if n%(1+7*i) == 0 {
						break
					}
					n++
				}
			}
		})
	}
	play(t, db, history(r, 150, 20), 2)
	take(t, db, profile.Event{
		Type: profile.Identify, MessageID: "end", Time: now, Identifiers: []profile.Identifier{id("user_id", "the-last")},
		Traits: map[string]profile.Value{"city": profile.String("完")},
	})
	wg.Wait()
	all, err := collect(viewOf(t, db).Changes(t.Context(), portrait.Cursor{}))
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range read {
		if len(got) < 100 || !slices.EqualFunc(got, all[:min(len(all), len(got))], sameChange) {
			t.Errorf("reader %d saw %d changes, there are %d", i, len(got), len(all))
		}
	}
}
