package portrait_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

var rounds = flag.Int("rounds", 6, "how many random histories TestOrderFree tries")

// TestOrderFree plays one history in many ways: shuffled, in batches, from
// several goroutines, with the store reopened in between. The Digest is one.
func TestOrderFree(t *testing.T) {
	r := seed(t)
	opts := &portrait.Options{Clock: fixed(now)}
	for range *rounds {
		steps := history(r, 40+r.IntN(200), r.IntN(30))
		text := drawModel(r)
		first := open(t, t.TempDir(), opts)
		apply(t, first, text)
		play(t, first, steps, 1)
		want := digest(t, first, now)
		for _, goroutines := range []int{1, 8} {
			r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
			dir := t.TempDir()
			opts := sealedAtTimes(r, opts)
			db := open(t, dir, opts)
			apply(t, db, text)
			for rest := steps; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				play(t, db, rest[:n], goroutines)
				rest = rest[n:]
				if r.IntN(2) == 0 {
					checkAndClose(t, db)
					db = open(t, dir, opts)
				}
			}
			if got := digest(t, db, now); got != want {
				t.Fatalf("%d goroutines: digest %s, want %s", goroutines, got, want)
			}
		}
	}
}

// TestOrderFree_decisions makes many decisions about few pairs, of which some have
// the same time and ID, among events, in several orders: the Digest is one.
func TestOrderFree_decisions(t *testing.T) {
	r := seed(t)
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	for range 4 * *rounds {
		text := drawModel(r)
		steps := slices.Concat(history(r, 10+r.IntN(50), 0), contradictions(r, 12))
		var want portrait.Digest
		for order := range 3 {
			dir := t.TempDir()
			db := open(t, dir, opts)
			apply(t, db, text)
			for i, half := range [][]step{steps[:len(steps)/2], steps[len(steps)/2:]} {
				play(t, db, half, 1)
				if i == 0 {
					checkAndClose(t, db)
					db = open(t, dir, opts)
				}
			}
			switch got := digest(t, db, now); {
			case order == 0:
				want = got
			case got != want:
				t.Fatalf("order %d: digest %s, want %s, under\n%s", order, got, want, text)
			}
			r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		}
	}
}

// contradictions draws decisions about four pairs, each at one of three times
// under one of two IDs.
func contradictions(r *rand.Rand, n int) []step {
	spaces := []string{"user_id", "device_id", "anonymous_id"}
	random := func() profile.Identifier {
		ns := spaces[r.IntN(len(spaces))]
		return id(ns, fmt.Sprintf("%s-%d", ns[:1], r.IntN(3)))
	}
	var pairs [4][2]profile.Identifier
	for i := range pairs {
		for pairs[i][0] == pairs[i][1] {
			pairs[i] = [2]profile.Identifier{random(), random()}
		}
	}
	steps := make([]step, n)
	for i := range steps {
		pair := pairs[r.IntN(len(pairs))]
		d := portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(3)) * time.Hour), ID: fmt.Sprint(r.IntN(2)), Withdraw: r.IntN(3) == 0}
		call := [...]func(*portrait.DB, context.Context, profile.Identifier, profile.Identifier, portrait.Decision) (portrait.Effect, error){
			(*portrait.DB).Link, (*portrait.DB).Unlink, (*portrait.DB).Veto,
		}[r.IntN(3)]
		if r.IntN(2) == 0 {
			pair[0], pair[1] = pair[1], pair[0]
		}
		steps[i] = func(ctx context.Context, db *portrait.DB) error { return only(call(db, ctx, pair[0], pair[1], d)) }
	}
	return steps
}

// TestOrderFree_batches takes the same events in by batches of 1 to 10,000.
func TestOrderFree_batches(t *testing.T) {
	r := seed(t)
	total := 10_000
	if testing.Short() {
		total = 2000
	}
	events := make([]profile.Event, total)
	for i := range events {
		events[i] = drawEvent(r, i, func() profile.Identifier {
			return [4]profile.Identifier{
				id("user_id", word(r, 1500)), id("email", word(r, 1500)+"@example.cn"),
				id("device_id", word(r, 3000)), id("anonymous_id", word(r, 6000)),
			}[r.IntN(4)]
		})
	}
	var want portrait.Digest
	for i, size := range []int{total, 1000, 100, 7} {
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		apply(t, db, testModel)
		for rest := events; len(rest) > 0; {
			n := min(size, len(rest))
			res, err := db.Ingest(t.Context(), rest[:n]...)
			if err != nil || res.Accepted != n {
				t.Fatalf("ingest: %+v, %v", res, err)
			}
			rest = rest[n:]
		}
		got := digest(t, db, now)
		if i == 0 {
			want = got
		}
		if got != want {
			t.Errorf("batches of %d: digest %s, want %s", size, got, want)
		}
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
}

func rng(a, b uint64) *rand.Rand { return rand.New(rand.NewPCG(a, b)) }

func word(r *rand.Rand, n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	k := r.IntN(n) + 26*26
	var b []byte
	for ; k > 0; k /= 26 {
		b = append(b, letters[k%26])
	}
	return "w" + string(b)
}
