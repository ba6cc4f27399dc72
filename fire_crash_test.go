package portrait_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/store"
)

var clonesFlag = flag.Int("clones", 60, "how many crashes TestAtomicAndDurable_crash_in_a_history opens")

// fireOptions are the kinds of store that a history happens to.
var fireOptions = map[string]func(store.FS, portrait.Options) *portrait.Options{
	"plain": func(fs store.FS, o portrait.Options) *portrait.Options {
		o.MemTableBytes, o.CacheBytes, o.IndexBytes = 256<<10, 1<<20, 1<<20
		return portrait.WithRecastBatch(portrait.WithAdvanceBatch(portrait.WithFS(o, fs), 3), 4)
	},
	"encrypted": func(fs store.FS, o portrait.Options) *portrait.Options {
		o.MemTableBytes, o.CacheBytes, o.Keys = 256<<10, 1<<20, &keySet{current: "a"}
		return portrait.WithFS(o, fs)
	},
	"shredded": func(fs store.FS, o portrait.Options) *portrait.Options {
		o.MemTableBytes, o.CacheBytes, o.Shred = 256<<10, 1<<20, true
		return portrait.WithFS(o, fs)
	},
}

// A wreck is what a crash left of a file system.
type wreck struct {
	fs   *crashdisk.FS
	at   errorfs.Op // before which it came
	kept int        // per cent of what was not synced
}

// wreckage takes wrecks before each sync, and now and then before another write.
type wreckage struct {
	mem *crashdisk.FS

	mu    sync.Mutex // what follows
	r     *rand.Rand
	on    bool
	most  int // wrecks of one act
	found []wreck
}

// MaybeError implements errorfs.Injector.
func (w *wreckage) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	sync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
	if !w.on || len(w.found) == w.most || !sync && w.r.IntN(6) > 0 {
		return nil
	}
	kept := []int{0, 100, w.r.IntN(101)}[w.r.IntN(3)]
	w.found = append(w.found, wreck{
		at: op, kept: kept, fs: w.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: kept, RNG: w.r}),
	})
	return nil
}

func (w *wreckage) String() string { return "crashes" }

func (w *wreckage) turn(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = on
}

// take returns the wrecks since the last time.
func (w *wreckage) take() []wreck {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.found
	w.found = nil
	return found
}

// TestAtomicAndDurable_crash_in_a_history lets histories of everything that can happen to a
// store crash before syncs and other writes of the disk, with a random part of what was not
// synced kept. What was acknowledged is there, what was under way is there whole or not at
// all, and Check finds nothing.
func TestAtomicAndDurable_crash_in_a_history(t *testing.T) {
	r := seed(t)
	clones := 0
	kinds := slices.Sorted(maps.Keys(fireOptions))
	for round := 0; clones < *clonesFlag; round++ {
		kind := kinds[round%len(kinds)]
		clones += crashHistory(t, r, kind, min(*clonesFlag-clones, 200))
		if t.Failed() {
			t.Fatalf("in the %s store of round %d", kind, round)
		}
	}
	t.Logf("%d crashes", clones)
	counts.Add(t, "crash clones", clones)
}

// crashHistory plays one history and opens so many of the wrecks on its way at most. It returns
// how many it opened.
func crashHistory(t *testing.T, r *rand.Rand, kind string, most int) (opened int) {
	t.Helper()
	mem := crashdisk.New()
	w := &wreckage{mem: mem, r: rand.New(rand.NewPCG(r.Uint64(), 1)), most: 6}
	h := newHost(t)
	options := func(fs store.FS) *portrait.Options { return fireOptions[kind](fs, h.options(portrait.Options{})) }
	h.disk, h.on = mem, options
	var err error
	if h.db, err = portrait.Open("db", options(underWatch(mem, w))); err != nil {
		t.Fatal(err)
	}
	defer func() {
		h.release()
		checkAndClose(t, h.db)
	}()
	before, err := state(t.Context(), h.db)
	if err != nil {
		t.Fatal(err)
	}
	acts := drawActs(t, r, 40)
	for i, a := range acts {
		if opened >= most {
			break
		}
		acked := h.accepted
		w.turn(true)
		_, err := a.do(h)
		if err != nil && !refusal(err) {
			t.Fatalf("act %d, %s: %v\n%s", i, a.name, err, namesOf(acts[:i+1]))
		}
		after, err := state(t.Context(), h.db)
		if err != nil {
			t.Fatal(err)
		}
		w.turn(false)
		for _, c := range w.take() {
			opened++
			if err := survives(t, options(c.fs), a, []int{acked, h.accepted}, []string{before, after}); err != nil {
				t.Errorf("act %d, %s, a crash before %v of %s with %d %% kept: %v\n%s", i, a.name, c.at.Kind, c.at.Path, c.kept, err, namesOf(acts[:i+1]))
				return opened
			}
		}
		before = after
	}
	return opened
}

// survives opens what a crash left in the middle of an act, and compares it with what was
// there before the act and after.
func survives(t *testing.T, opts *portrait.Options, a act, accepted []int, states []string) error {
	t.Helper()
	db, err := portrait.Open("db", opts)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer db.Close()
	if n := int(db.Metrics().Accepted); !slices.Contains(accepted, n) {
		counts.Add(t, "acknowledged events lost", max(accepted[0]-n, 0))
		return fmt.Errorf("%d events are there, want one of %d", n, accepted)
	}
	is, err := state(t.Context(), db)
	if err != nil {
		return err
	}
	if a.commits < 2 && !slices.Contains(states, is) {
		return fmt.Errorf("the state is neither that before nor that after")
	}
	if err := db.Check(t.Context()); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return db.Close()
}
