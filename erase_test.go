package portrait_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// story is a random history that names who is in it.
type story struct {
	events    []profile.Event
	decisions []decision
}

// decision is a decision about a pair.
type decision struct {
	a, b profile.Identifier
	d    portrait.Decision
	kind int
}

func drawStory(r *rand.Rand, n, decisions int) story {
	people := 2 + n/12
	random := func() profile.Identifier {
		k := r.IntN(people)
		return [...]profile.Identifier{
			id("user_id", fmt.Sprint("u-", k)), id("email", fmt.Sprint("e-", k, "@example.cn")),
			id("device_id", fmt.Sprint("d-", k)), id("anonymous_id", fmt.Sprint("a-", r.IntN(2*people))),
		}[r.IntN(4)]
	}
	var s story
	for i := range n {
		e := drawEvent(r, i, random)
		delete(e.Traits, "email") // see TestErase_traits
		s.events = append(s.events, e)
	}
	for i := range decisions {
		s.decisions = append(s.decisions, decision{
			a: random(), b: random(), kind: r.IntN(5),
			d: portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(5)) * time.Hour), ID: fmt.Sprint("d", i), Withdraw: r.IntN(6) == 0},
		})
	}
	return s
}

// play takes a story in. Decisions about somebody who is suppressed are refused.
func (s story) play(t *testing.T, db *portrait.DB, gone map[profile.Identifier]bool) {
	t.Helper()
	for i := 0; i < len(s.events); i += 7 {
		if _, err := db.Ingest(t.Context(), s.events[i:min(i+7, len(s.events))]...); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range s.decisions {
		if x.a == x.b {
			continue
		}
		call := (*portrait.DB).Link
		switch {
		case x.kind == 0:
			call = (*portrait.DB).Veto
		case x.kind < 3:
			call = (*portrait.DB).Unlink
		}
		err := only(call(db, t.Context(), x.a, x.b, x.d))
		if named := gone[x.a] || gone[x.b]; named != (err != nil) {
			t.Fatalf("decision about %v and %v, of whom one is suppressed: %t: %v", x.a, x.b, named, err)
		}
	}
}

// TestErase_never_was erases people out of random histories: what is left is what a
// store holds that never was told of them, whose suppressed identifiers it refused.
func TestErase_never_was(t *testing.T) {
	r := seed(t)
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	for range 3 * *rounds {
		text := strings.NewReplacer(", per: 30d", "", ", per: 720h", "", ", per: 90d", "").Replace(drawModel(r))
		s := drawStory(r, 30+r.IntN(120), r.IntN(20))
		dir := t.TempDir()
		db := open(t, dir, opts)
		apply(t, db, text)
		s.play(t, db, nil)
		gone := map[profile.Identifier]bool{}
		for range 1 + r.IntN(4) {
			whom := eraseSome(t, r, db)
			for _, id := range whom {
				gone[id] = true
			}
			if r.IntN(3) == 0 {
				checkAndClose(t, db)
				db = open(t, dir, opts)
			}
		}
		never := open(t, t.TempDir(), opts)
		apply(t, never, text)
		for id := range gone {
			if err := never.Privacy().Suppress(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		s.play(t, never, gone)
		want := digest(t, never, now)
		if got := digest(t, db, now); got != want {
			t.Fatalf("digest %s, of the store that never knew them %s, under\n%s", got, want, text)
		}
		s.play(t, db, gone) // sent once more
		if got := digest(t, db, now); got != want {
			t.Fatalf("digest %s after all was sent again, want %s, under\n%s", got, want, text)
		}
		checkAndClose(t, db)
		checkAndClose(t, never)
	}
}

// eraseSome erases one or two people by any of their identifiers, and holds what a
// preview said against what happened.
func eraseSome(t *testing.T, r *rand.Rand, db *portrait.DB) []profile.Identifier {
	t.Helper()
	var all []profile.Identifier
	for p, err := range db.Profiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Identifiers[r.IntN(len(p.Identifiers))])
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	whom := all[:min(len(all), 1+r.IntN(2))]
	before := digest(t, db, now)
	preview, err := db.Privacy().Preview(t.Context(), whom...)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, db, now) != before {
		t.Fatal("a preview changed something")
	}
	got, err := db.Privacy().Erase(t.Context(), whom...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Epoch == 0 || preview.Epoch != 0 {
		t.Errorf("epochs %d and %d", got.Epoch, preview.Epoch)
	}
	preview.Epoch = got.Epoch
	if fmt.Sprint(preview) != fmt.Sprint(got) {
		t.Errorf("erased\n%+v, a preview said\n%+v", got, preview)
	}
	for _, id := range got.Identifiers {
		if _, err := db.Profile(t.Context(), id); !errors.Is(err, portrait.ErrNotFound) {
			t.Errorf("%v is still somebody: %v", id, err)
		}
	}
	erasedInFeed(t, db, got)
	return got.Identifiers
}

// erasedInFeed makes sure that the feed tells of an erasure.
func erasedInFeed(t *testing.T, db *portrait.DB, e *portrait.Erasure) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var told []profile.ID
	for c, err := range v.Changes(t.Context(), portrait.CursorAt(db, e.Epoch)) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == "erased" {
			told = append(told, c.Profile)
		}
	}
	if !slices.Equal(told, e.Profiles) {
		t.Errorf("the feed tells that %v were erased, want %v", told, e.Profiles)
	}
}
