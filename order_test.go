package portrait_test

import (
	"flag"
	"math/rand/v2"
	"testing"

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
