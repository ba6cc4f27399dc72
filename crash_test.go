package portrait_test

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// small makes a store flush and compact often.
func small(fs store.FS) *portrait.Options {
	return portrait.WithFS(portrait.Options{
		Clock: fixed(now), MemTableBytes: 256 << 10, CacheBytes: 1 << 20, IndexBytes: 1 << 20,
	}, fs)
}

// callOf returns the events of the i-th Ingest call of the crash and disk tests.
func callOf(i int) []profile.Event {
	events := make([]profile.Event, 1+i%5)
	for j := range events {
		events[j] = killEvent(5*i + j)
		events[j].Traits = map[string]profile.Value{"note": profile.String(strings.Repeat("x", 500))}
	}
	return events
}

// checkHolds makes sure that a store holds calls 0 to n-1 whole, for some n that
// is not below acked, and nothing else.
func checkHolds(t *testing.T, db *portrait.DB, acked int) {
	t.Helper()
	have, calls := int(db.Metrics().Accepted), 0
	for sum := 0; sum < have; calls++ {
		if sum += len(callOf(calls)); sum > have {
			t.Errorf("call %d is half there", calls)
		}
	}
	if calls < acked {
		t.Errorf("%d calls acknowledged, %d there", acked, calls)
	}
	events := 0
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		events += int(p.Events)
	}
	if events != have {
		t.Errorf("%d events accepted, profiles hold %d", have, events)
	}
}

// TestAtomicAndDurable_crash takes clones of the file system as a crash at a random moment would
// leave it, with unsynced data dropped at random, and opens them.
func TestAtomicAndDurable_crash(t *testing.T) {
	calls := 300
	if testing.Short() {
		calls = 60
	}
	surviveCrashes(t, small, calls)
}

func surviveCrashes(t *testing.T, options func(store.FS) *portrait.Options, calls int) {
	r := seed(t)
	fs := crashdisk.New()
	db, err := portrait.Open("db", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	for i := 0; i < calls; {
		// The clone is taken while the calls of another goroutine run.
		var acked atomic.Int64
		acked.Store(int64(i))
		n := min(1+r.IntN(12), calls-i)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for k := range n {
				if _, err := db.Ingest(t.Context(), callOf(i+k)...); err != nil {
					t.Error(err)
				}
				acked.Add(1)
			}
		}()
		for spin := r.IntN(2000); spin > 0; spin-- {
			_ = acked.Load()
		}
		known := int(acked.Load())
		clone := fs.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0)),
		})
		<-done
		i += n
		reopened, err := portrait.Open("db", options(clone))
		if err != nil {
			t.Fatalf("open after a crash: %v", err)
		}
		checkHolds(t, reopened, known)
		checkAndClose(t, reopened)
		counts.Add(t, "crash clones", 1)
		if t.Failed() {
			break
		}
	}
	checkAndClose(t, db)
}

// fault fails one kind of operation on one kind of file, from the nth on.
type fault struct {
	kind errorfs.OpKind
	file string
	nth  int64
	err  error
	seen atomic.Int64
	hits atomic.Int64
}

func (f *fault) String() string { return f.file }

// MaybeError implements errorfs.Injector.
func (f *fault) MaybeError(op errorfs.Op) error {
	if op.Kind != f.kind || !strings.Contains(op.Path, f.file) || f.seen.Add(1) < f.nth {
		return nil
	}
	f.hits.Add(1)
	return f.err
}

// TestAtomicAndDurable_disk_errors fills the disk, and breaks it, under every kind of file: no
// acknowledged event is lost, the process lives, writes return ErrFailed, reads
// go on, and the reopened store is whole.
func TestAtomicAndDurable_disk_errors(t *testing.T) {
	nths, causes := []int64{1, 2, 20}, []error{syscall.ENOSPC, syscall.EIO}
	if testing.Short() {
		nths, causes = nths[1:2], causes[:1]
	}
	surviveDiskErrors(t, small, nths, causes)
}

func surviveDiskErrors(t *testing.T, options func(store.FS) *portrait.Options, nths []int64, causes []error) {
	kinds := map[string]errorfs.OpKind{
		"create": errorfs.OpCreate, "write": errorfs.OpFileWrite, "sync": errorfs.OpFileSync,
		"syncto": errorfs.OpFileSyncTo, "syncdata": errorfs.OpFileSyncData,
		"rename": errorfs.OpRename, "remove": errorfs.OpRemove, "reuse": errorfs.OpReuseForWrite,
	}
	hit := map[string]int{}
	runs, hits := 0, 0
	for name, kind := range kinds {
		for _, file := range []string{".log", ".sst", "MANIFEST", "OPTIONS", "marker", "db"} {
			for _, nth := range nths {
				for _, cause := range causes {
					f := &fault{kind: kind, file: file, nth: nth, err: cause}
					tryFault(t, options, f)
					hit[name+" "+file] += int(f.hits.Load())
					if runs++; f.hits.Load() > 0 {
						hits++
					}
					if t.Failed() {
						t.Fatalf("%s on %s, from operation %d on: %v", name, file, nth, cause)
					}
				}
			}
		}
	}
	t.Logf("%d runs, a fault injected in %d of them", runs, hits)
	counts.Add(t, "faults injected", hits)
	for _, must := range []string{"create .log", "write .log", "write .sst", "write MANIFEST", "sync MANIFEST", "create .sst"} {
		if hit[must] == 0 {
			t.Errorf("no fault was injected at: %s", must)
		}
	}
}

func tryFault(t *testing.T, options func(store.FS) *portrait.Options, f *fault) {
	t.Helper()
	mem := vfs.NewMem()
	db, err := portrait.Open("db", options(mem))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	acked := 0
	take := func(db *portrait.DB, n int) error {
		for range n {
			if _, err := db.Ingest(t.Context(), callOf(acked)...); err != nil {
				return err
			}
			acked++
		}
		return nil
	}
	if err := take(db, 20); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)

	db, err = portrait.Open("db", options(errorfs.Wrap(mem, f)))
	if err == nil {
		err = take(db, 150)
		if err != nil {
			if !errorIs(err, portrait.ErrFailed) {
				t.Errorf("ingest on a broken disk: %v", err)
			}
			if err := take(db, 1); !errorIs(err, portrait.ErrFailed) {
				t.Errorf("ingest after a failure: %v", err)
			}
			if _, err := db.Count(t.Context(), everybody); err != nil {
				t.Errorf("count after a failure: %v", err)
			}
			if err := db.Check(t.Context()); err != nil {
				t.Errorf("check after a failure: %v", err)
			}
		}
		if cerr := db.Close(); err != nil && cerr == nil {
			t.Error("Close does not report the failure")
		}
	}
	again, err := portrait.Open("db", options(mem))
	if err != nil {
		t.Errorf("reopen: %v", err)
		return
	}
	checkHolds(t, again, acked)
	checkAndClose(t, again)
}
