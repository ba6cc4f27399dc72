package portrait_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/store"
)

var faultsFlag = flag.Int("faults", 40, "how many faults of the disk TestAtomicAndDurable_faults_in_a_history injects")

// operations are what is done to files, by the name that a fault has for it.
var operations = map[errorfs.OpKind]string{
	errorfs.OpCreate: "create", errorfs.OpOpen: "open", errorfs.OpOpenDir: "open", errorfs.OpLink: "link", errorfs.OpRename: "rename",
	errorfs.OpReuseForWrite: "reuse", errorfs.OpRemove: "remove", errorfs.OpList: "list", errorfs.OpStat: "stat", errorfs.OpFileStat: "stat",
	errorfs.OpGetDiskUsage: "space", errorfs.OpLock: "lock", errorfs.OpMkdirAll: "mkdir", errorfs.OpFileRead: "read", errorfs.OpFileReadAt: "read at",
	errorfs.OpFileWrite: "write", errorfs.OpFileWriteAt: "write", errorfs.OpFileSync: "sync", errorfs.OpFileSyncData: "sync", errorfs.OpFileSyncTo: "sync",
	errorfs.OpFilePreallocate: "preallocate",
}

// fileKind names the kind of file that a path is of.
func fileKind(path string) string {
	base := path[strings.LastIndexByte(path, '/')+1:]
	for _, kind := range []string{".log", ".sst", ".dbtmp", "MANIFEST", "OPTIONS", "marker.manifest", "marker.format", "LOCK", "ACKNOWLEDGED", store.KeyFile} {
		if strings.Contains(base, kind) {
			return kind
		}
	}
	return "directory"
}

// A place is where a fault may be: an operation on a kind of file.
type place struct{ op, file string }

// disk is a file system that counts what is done to it, and fails some of it.
type disk struct {
	mu    sync.Mutex // what follows
	seen  map[place]int
	place place
	nth   int  // from which operation on
	once  bool // that one alone
	cause error
	hit   []string // paths
}

func (d *disk) String() string {
	return fmt.Sprintf("%s of %s, %d, once %t, %v", d.place.op, d.place.file, d.nth, d.once, d.cause)
}

// MaybeError implements errorfs.Injector.
func (d *disk) MaybeError(op errorfs.Op) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := place{operations[op.Kind], fileKind(op.Path)}
	d.seen[at]++
	n := d.seen[at]
	if at != d.place || n < d.nth || d.once && n > d.nth {
		return nil
	}
	d.hit = append(d.hit, op.Path)
	// As the operating system names the file.
	return &fs.PathError{Op: at.op, Path: op.Path, Err: d.cause}
}

func (d *disk) hits() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.hit)
}

// TestAtomicAndDurable_faults_in_a_history fails operations on files of every kind, at every
// moment of histories of everything that can happen to a store, for once or for good. The
// process lives, nothing hangs, errors say what failed, reads go on or name the file, and
// what was acknowledged is there afterwards.
func TestAtomicAndDurable_faults_in_a_history(t *testing.T) {
	r := seed(t)
	injected, places := 0, map[place]int{}
	kinds := slices.Sorted(maps.Keys(fireOptions))
	for round := 0; injected < *faultsFlag; round++ {
		kind := kinds[round%len(kinds)]
		acts := drawActs(t, r, 14)
		sound := &disk{seen: map[place]int{}}
		_, said := underFault(t, kind, acts, sound, nil)
		at := slices.SortedFunc(maps.Keys(sound.seen), func(a, b place) int { return strings.Compare(a.op+a.file, b.op+b.file) })
		for range 30 {
			d := &disk{seen: map[place]int{}, place: at[r.IntN(len(at))], once: r.IntN(3) == 0, cause: []error{syscall.EIO, syscall.ENOSPC}[r.IntN(2)]}
			d.nth = 1 + r.IntN(sound.seen[d.place])
			hits, _ := underFault(t, kind, acts, d, said)
			if hits > 0 {
				injected++
				places[d.place]++
			}
			if t.Failed() {
				t.Fatalf("in the %s store: %v\n%s", kind, d, namesOf(acts))
			}
		}
	}
	t.Logf("%d faults, at %d places", injected, len(places))
	counts.Add(t, "faults injected", injected)
	if len(places) < min(20, injected/4) {
		t.Errorf("at %d places alone: %v", len(places), places)
	}
}

// underFault plays a history on a disk with a fault, in two processes, and looks what a
// sound disk has afterwards. It returns how often the fault came, and what the acts said;
// without one they have to say what they said in want.
func underFault(t *testing.T, kind string, acts []act, d *disk, want []string) (hits int, said []string) {
	t.Helper()
	mem := vfs.NewMem()
	h := newHost(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h.ctx = ctx
	options := func(fs store.FS) *portrait.Options { return fireOptions[kind](fs, h.options(portrait.Options{})) }
	h.disk, h.on = mem, options
	half := len(acts) / 2
	for i, part := range [][]act{acts[:half], acts[half:]} {
		said = append(said, h.live(t, options(underWatch(mem, d)), d, part, func(k int, err error) bool {
			k += i * half
			return want != nil && k < len(want) && want[k] == fmt.Sprint(err)
		})...)
	}
	again, err := portrait.Open("db", options(mem))
	if err != nil {
		t.Errorf("reopened on a sound disk: %v", err)
		return len(d.hits()), said
	}
	if n := int(again.Metrics().Accepted); n < h.accepted || n > h.accepted+10 {
		counts.Add(t, "acknowledged events lost", max(0, h.accepted-n))
		t.Errorf("%d events acknowledged, %d there", h.accepted, n)
	}
	checkAndClose(t, again)
	return len(d.hits()), said
}

// live opens a store and plays acts until one fails. What an act answers on a sound disk it
// may answer here too.
func (h *host) live(t *testing.T, opts *portrait.Options, d *disk, acts []act, expected func(i int, err error) bool) (said []string) {
	t.Helper()
	var err error
	if h.db, err = portrait.Open("db", opts); err != nil {
		h.blame(t, "open", d, err)
		return nil
	}
	for i, a := range acts {
		_, err := a.do(h)
		said = append(said, fmt.Sprint(err))
		if err == nil || len(d.hits()) == 0 || expected(i, err) {
			if err != nil && !refusal(err) {
				t.Errorf("%s: %v", a.name, err)
			}
			continue
		}
		h.blame(t, a.name, d, err)
	}
	if _, err := h.db.Count(h.ctx, everybody); err != nil {
		h.blame(t, "count", d, err)
	}
	if err := h.db.Check(h.ctx); err != nil {
		h.blame(t, "check", d, err)
	}
	h.release()
	if err := h.db.Close(); err != nil {
		h.blame(t, "close", d, err)
	}
	return said
}

// blame makes sure that an error is about the fault: that it is the fault's, with the name of
// the file, or says that the store has failed.
func (h *host) blame(t *testing.T, what string, d *disk, err error) {
	t.Helper()
	hit, missed := d.hits(), h.missed
	h.missed = true
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s hangs: %v", what, err)
		return
	}
	about := errors.Is(err, d.cause) || errors.Is(err, portrait.ErrFailed)
	if missed && !about && refusal(err) {
		return // What it asks of did not come to be.
	}
	if len(hit) == 0 || !about {
		t.Errorf("%s, after %d faults: %v", what, len(hit), err)
		return
	}
	if !slices.ContainsFunc(hit, func(path string) bool {
		return strings.Contains(err.Error(), path[strings.LastIndexByte(path, '/')+1:])
	}) {
		t.Errorf("%s: the error does not name the file (%s): %v", what, hit[0], err)
	}
}
