package portrait_test

import (
	"fmt"
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// interrupt breaks the log of a store at its nth write from now on, does something that
// that interrupts, and reopens the store as the crash left it. It returns the store
// of before, that still answers, and the one reopened.
func interrupt(t *testing.T, opts portrait.Options, nth int64, prepare, interrupted func(db *portrait.DB) error) (before, after *portrait.DB, failed bool) {
	t.Helper()
	mem := crashdisk.New()
	f := &fault{kind: errorfs.OpFileWrite, file: ".log", nth: 1 << 40, err: syscall.EIO}
	set := func(o *portrait.Options) *portrait.Options {
		return portrait.WithAdvanceBatch(portrait.WithFeedPart(o, 3), 5)
	}
	broken, sound := opts, opts
	before, err := portrait.Open("db", set(portrait.WithFS(broken, errorfs.Wrap(mem, f))))
	if err != nil {
		t.Fatal(err)
	}
	if err := prepare(before); err != nil {
		t.Fatal(err)
	}
	f.nth = f.seen.Load() + nth
	failed = interrupted(before) != nil
	f.nth = 1 << 40
	after = open(t, "db", set(portrait.WithFS(sound, mem.CrashClone(vfs.CrashCloneCfg{}))))
	return before, after, failed
}

// An Advance in many batches that a crash interrupts anywhere is told once, whole,
// and not before it is finished: each profile leaves once.
func TestFeedWithoutGaps_advance_interrupted(t *testing.T) {
	const people = 23
	interrupted := 0
	for nth := int64(1); nth <= 12; nth++ {
		clock := now
		before, after, failed := interrupt(t, portrait.Options{Clock: func() time.Time { return clock }}, nth,
			func(db *portrait.DB) error {
				apply(t, db, timerModel)
				for range 2 { // of each two deadlines, which fall into batches of their own
					var events []profile.Event
					for i := range people {
						events = append(events, wasSeen(fmt.Sprint("u", i), clock.Add(time.Duration(i)*time.Second)))
					}
					take(t, db, events...)
					clock = clock.Add(time.Hour)
				}
				return nil
			},
			func(db *portrait.DB) error { return db.Advance(t.Context(), now.AddDate(0, 0, 5)) })
		if failed {
			interrupted++
			got, err := collect(viewOf(t, before).Changes(t.Context(), portrait.Cursor{}))
			if err != nil || len(got) != people {
				t.Errorf("write %d: half way there are %d changes, %v", nth, len(got), err)
			}
		}
		got, err := collect(viewOf(t, after).Changes(t.Context(), portrait.Cursor{}))
		left := map[profile.ID]int{}
		for _, c := range got {
			if c.Kind == "left" {
				left[c.Profile]++
				if c.Cause != "deadline" || !c.At.Equal(now.AddDate(0, 0, 5)) {
					t.Errorf("write %d: %+v", nth, c)
				}
			}
		}
		if err != nil || len(got) != len(left)+people || len(left) != 0 && len(left) != people {
			t.Errorf("write %d: %d changes, %d have left, %v", nth, len(got), len(left), err)
		}
		checkAndClose(t, after)
		before.Close() // it has failed, and says so
	}
	if interrupted < 5 {
		t.Errorf("%d of the Advances were interrupted: the test shows little", interrupted)
	}
}

// A tag whose definition changes, and changes again, while crashes interrupt the
// filling, is told as the difference between who had it and who has it in the end.
func TestFeedWithoutGaps_definition_interrupted(t *testing.T) {
	const people = 40
	define := func(db *portrait.DB, least int) error {
		return db.DefineTag(t.Context(), tags.Definition{Name: "gold", Rule: tags.MustParse(fmt.Sprintf("points >= %d", least))})
	}
	interrupted := 0
	for nth := int64(1); nth <= 4; nth++ {
		var since portrait.Cursor
		before, after, failed := interrupt(t, portrait.Options{Clock: fixed(now)}, nth,
			func(db *portrait.DB) error {
				apply(t, db, watchModel)
				var events []profile.Event
				for i := range people {
					events = append(events, points(i, fmt.Sprint("u", i), float64(i)))
				}
				take(t, db, events...)
				err := define(db, 10)
				since = viewOf(t, db).Cursor()
				return err
			},
			func(db *portrait.DB) error { return define(db, 20) })
		if failed {
			interrupted++
			if got, err := collect(viewOf(t, before).Changes(t.Context(), since)); len(got) > 0 || err != nil {
				t.Errorf("write %d: half way there are %d changes, %v", nth, len(got), err)
			}
		}
		for _, least := range []int{25, 5} { // once it is sound, again: one broken off, one whole
			applyUntil(t, after, goldModel(t, least), 2+int(nth)%2)
		}
		if err := define(after, 5); err != nil {
			t.Fatal(err)
		}
		has := map[profile.ID]bool{}
		for i := 10; i < people; i++ {
			has[profile.ID(i)] = true
		}
		got, err := collect(viewOf(t, after).Changes(t.Context(), since))
		for _, c := range got {
			if on := c.Kind == "entered"; c.Tag != "gold" || c.Cause != "definition" || has[c.Profile] == on {
				t.Errorf("write %d: %+v", nth, c)
			} else if on {
				has[c.Profile] = true
			} else {
				delete(has, c.Profile)
			}
		}
		var want []profile.ID
		for i := 5; i < people; i++ {
			want = append(want, profile.ID(i))
		}
		if err != nil || !slices.Equal(slices.Sorted(maps.Keys(has)), want) {
			t.Errorf("write %d: %v, %v", nth, has, err)
		}
		checkAndClose(t, after)
		before.Close() // it has failed, and says so
	}
	if interrupted < 2 {
		t.Errorf("%d of the fillings were interrupted: the test shows little", interrupted)
	}
}

func goldModel(t testing.TB, least int) portrait.Model {
	t.Helper()
	m := model(t, watchModel)
	for i := range m.Tags {
		if m.Tags[i].Name == "gold" {
			m.Tags[i].Rule = tags.MustParse(fmt.Sprintf("points >= %d", least))
		}
	}
	return m
}

// Dropping a tag, while it is filled too, lets all who have it leave.
func TestFeedWithoutGaps_dropped(t *testing.T) {
	db := watchStore(t, portrait.Options{})
	take(t, db, points(1, "a", 100), points(2, "b", 50), points(3, "c", 70))
	since := viewOf(t, db).Cursor()
	applyUntil(t, db, goldModel(t, 60), 2) // "c" would enter
	m := model(t, watchModel)
	m.Tags = slices.DeleteFunc(m.Tags, func(d tags.Definition) bool { return d.Name == "gold" })
	applyUntil(t, db, m, 1<<20)
	got, err := collect(viewOf(t, db).Changes(t.Context(), since))
	if tell(got) != "left 0 gold" || err != nil || got[0].Cause != "definition" {
		t.Errorf("%s, %v", tell(got), err)
	}
	since = viewOf(t, db).Cursor()
	applyUntil(t, db, goldModel(t, 60), 1<<20) // it comes again
	if got, err := collect(viewOf(t, db).Changes(t.Context(), since)); tell(got) != "entered 0 gold, entered 2 gold" || err != nil {
		t.Errorf("%s, %v", tell(got), err)
	}
}
