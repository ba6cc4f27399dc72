package portrait_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

var soakFlag = flag.Duration("soak", 0, "how long TestSoak lets things happen to a store; 0 is a short form, by count")

// TestSoak lets everything happen to one store on the disk for a long time: ingest, merges,
// questions, views, lists, models, erasures, purges, checkpoints; people who come in numbers,
// are asked about meanwhile and are erased some rounds later. Memory, on the heap and as the
// system counts it, goroutines and open files stay what they were early on, and Check finds
// nothing in between and in the end.
func TestSoak(t *testing.T) {
	r := seed(t)
	dir := t.TempDir()
	h := newHost(t)
	o := h.options(portrait.Options{MemTableBytes: 1 << 20, CacheBytes: 4 << 20, IndexBytes: 4 << 20, StateCacheBytes: 1 << 20, NoSync: true})
	h.disk, h.copied = vfs.Default, filepath.Join(dir, "beside")
	h.on = func(fs store.FS) *portrait.Options { return portrait.WithFS(o, fs) }
	h.db = open(t, filepath.Join(dir, "db"), &o)
	began, rounds := time.Now(), 0
	var early resources
	for ; rounds < 6 || time.Since(began) < *soakFlag; rounds++ {
		soakRound(t, r, h, rounds)
		soakCrowd(t, r, h, rounds)
		if err := h.db.Check(t.Context()); err != nil {
			t.Fatalf("round %d: %v", rounds, err)
		}
		copied := filepath.Join(dir, "copy")
		if err := h.db.Admin().Checkpoint(t.Context(), copied); err != nil {
			t.Fatalf("round %d: %v", rounds, err)
		}
		if err := os.RemoveAll(copied); err != nil {
			t.Fatal(err)
		}
		now := measure()
		if rounds == 2 {
			early = now
		}
		if rounds > 2 {
			if most := early.heap + early.heap/2 + 32<<20; now.heap > most || now.resident > early.resident+early.resident/2+128<<20 || now.goroutines > early.goroutines+8 || now.files > early.files+64 {
				t.Fatalf("round %d: %+v, and early on %+v", rounds, now, early)
			}
		}
	}
	t.Logf("%d rounds, %d events in %s; %+v, and early on %+v", rounds, h.db.Metrics().Accepted, time.Since(began).Round(time.Second), measure(), early)
}

// soakRound plays one history.
func soakRound(t *testing.T, r *rand.Rand, h *host, round int) {
	t.Helper()
	defer h.release()
	for i, a := range drawActs(t, r, 60) {
		if strings.HasPrefix(a.name, "advance") && i%3 > 0 {
			continue // the clock would run out of the test's years
		}
		if _, err := a.do(h); err != nil && !refusal(err) {
			t.Fatalf("round %d, act %d, %s: %v", round, i, a.name, err)
		}
	}
}

// soakCrowd has people of the round come, while others are asked, and erases those of three
// rounds ago.
func soakCrowd(t *testing.T, r *rand.Rand, h *host, round int) {
	t.Helper()
	people := 20
	if *soakFlag > 0 {
		people = 100
	}
	ctx, asked := t.Context(), make(chan error, 1)
	stop := make(chan struct{})
	go func() { asked <- askOn(ctx, h.db, stop) }()
	for i := 0; i < 10*people; i += 50 {
		events := make([]profile.Event, 50)
		for k := range events {
			who := r.IntN(people)
			events[k] = drawEvent(r, 1_000_000*(round+1)+i+k, func() profile.Identifier { return soakID(round, who, r.IntN(3)) })
			delete(events[k].Traits, "email") // which would make one of them all
		}
		if _, err := h.db.Ingest(ctx, events...); err != nil && !refusal(err) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	close(stop)
	if err := <-asked; err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	if round < 3 {
		return
	}
	for who := range people {
		for kind := range 3 { // whoever is gone with another name of theirs is not found
			if _, err := h.db.Privacy().Erase(ctx, soakID(round-3, who, kind)); err != nil && !errors.Is(err, portrait.ErrNotFound) {
				t.Fatalf("round %d: %v", round, err)
			}
		}
	}
	if round%5 == 0 {
		h.target, h.backed = bucket{fstest.MapFS{}}, "" // which is in memory
		if _, err := h.db.Privacy().Purge(ctx); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func soakID(round, who, kind int) profile.Identifier {
	name := fmt.Sprintf("soak-%d-%d", round, who)
	return []profile.Identifier{id("user_id", name), id("email", name+"@example.cn"), id("device_id", name)}[kind]
}

// askOn asks a store until it is to stop.
func askOn(ctx context.Context, db *portrait.DB, stop <-chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		e, err := segment.Parse(fireQueries[i%len(fireQueries)])
		if err != nil {
			continue // some are wrong on purpose
		}
		err = func() error {
			v, err := db.View(ctx)
			if err != nil {
				return err
			}
			defer v.Close()
			n, err := v.Count(ctx, e)
			if err != nil {
				return err
			}
			set, err := v.Segment(ctx, e)
			if err == nil && set.Count() != n {
				err = fmt.Errorf("%s: %d counted, %d in the set", e, n, set.Count())
			}
			return err
		}()
		if err != nil && !refusal(err) {
			return err
		}
	}
}

// resources are what a process holds.
type resources struct {
	heap       uint64 // bytes, after a collection
	resident   uint64 // bytes of memory; 0 where the system does not tell
	goroutines int
	files      int // open; 0 where the system does not tell
}

func measure() resources {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, _ := os.ReadDir("/proc/self/fd") // nothing is known of other systems
	var pages uint64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		fmt.Sscan(strings.Fields(string(text))[1], &pages)
	}
	return resources{heap: m.HeapAlloc, resident: pages * uint64(os.Getpagesize()), goroutines: runtime.NumGoroutine(), files: len(open)}
}
