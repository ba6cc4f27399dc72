package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// narrow is a file system in memory that says how much room it has, and that can be kept
// from making tables.
type narrow struct {
	store.FS
	free atomic.Uint64
	gate atomic.Pointer[chan struct{}]
}

func newNarrow() *narrow {
	fs := &narrow{FS: vfs.NewMem()}
	fs.free.Store(1 << 40)
	return fs
}

func (fs *narrow) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: fs.free.Load(), TotalBytes: 1 << 40}, nil
}

func (fs *narrow) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if gate := fs.gate.Load(); gate != nil && strings.HasSuffix(name, ".sst") {
		<-*gate
	}
	return fs.FS.Create(name, category)
}

// shut keeps tables from being made until the gate that it returns is closed.
func (fs *narrow) shut() chan struct{} {
	gate := make(chan struct{})
	fs.gate.Store(&gate)
	return gate
}

// TestLimits_disk: with too little room every write is refused and nothing of it taken in,
// answers go on, as of the last instant that is still exact, the directory opens, and
// with room again all goes on.
func TestLimits_disk(t *testing.T) {
	fs := newNarrow()
	clock := now
	opts := portrait.WithFS(portrait.Options{Clock: func() time.Time { return clock }, MinFreeBytes: 1 << 20}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, timerModel)
	take(t, db, wasSeen("a", now.Add(-47*time.Hour)))
	fs.free.Store(1<<20 - 1)
	db.Metrics() // which looks
	before := db.Metrics().Epoch
	refuse := func(what string, err error) {
		t.Helper()
		full, ok := errors.AsType[*store.DiskError](err)
		if !ok || !errors.Is(err, store.ErrDiskLow) || errors.Is(err, portrait.ErrFailed) || full.FreeBytes != 1<<20-1 || full.MinFreeBytes != 1<<20 {
			t.Errorf("%s: %v", what, err)
		}
	}
	again := wasSeen("a", now)
	writes := func() {
		t.Helper()
		_, err := db.Ingest(t.Context(), again)
		refuse("ingest", err)
		_, err = db.Privacy().Erase(t.Context(), id("user_id", "a"))
		refuse("erase", err)
		_, err = db.Apply(t.Context(), portrait.Model{})
		refuse("apply", err)
		refuse("advance", db.Advance(t.Context(), now.Add(time.Minute)))
	}
	writes()
	clock = now.Add(2 * time.Hour) // the tag is due to go
	for range 2 {
		v := viewOf(t, db)
		if n, err := v.Count(t.Context(), segment.Tag("fresh")); err != nil || n != 1 {
			t.Errorf("%d are fresh, %v", n, err)
		}
		if due := now.Add(time.Hour); !v.AsOf().Before(due) || v.AsOf().Before(due.Add(-time.Second)) {
			t.Errorf("the answer is as of %s", v.AsOf())
		}
		v.Close()
		if got := db.Metrics().Epoch; got != before {
			t.Errorf("%d commits on a full disk", got-before)
		}
		checkAndClose(t, db)
		if db, err = portrait.Open("db", opts); err != nil {
			t.Fatalf("a full disk cannot be opened: %v", err)
		}
		writes()
	}
	fs.free.Store(1 << 20)
	if n, err := db.Count(t.Context(), segment.Tag("fresh")); err != nil || n != 0 {
		t.Errorf("with room again %d are fresh, %v", n, err)
	}
	take(t, db, again)
	checkAndClose(t, db)
}

// TestLimits_stall: a call that flushes keep waiting is refused, with a hint, and all or
// nothing of it is in.
func TestLimits_stall(t *testing.T) {
	fs := newNarrow()
	db, err := portrait.Open("db", portrait.WithFS(portrait.Options{
		Clock: fixed(now), MemTableBytes: 256 << 10, CacheBytes: 1 << 20, NoSync: true, MaxStall: time.Millisecond,
	}, fs))
	if err != nil {
		t.Fatal(err)
	}
	gate := fs.shut()
	event := func(i int) profile.Event {
		return profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Traits: map[string]profile.Value{"note": profile.String(strings.Repeat("x", 30_000))},
		}
	}
	accepted := 0
	for {
		_, err := db.Ingest(t.Context(), event(accepted))
		if err == nil {
			if accepted++; accepted > 1000 {
				t.Fatal("nothing ever stalls")
			}
			continue
		}
		if stall, ok := errors.AsType[*store.StallError](err); !ok || !errors.Is(err, store.ErrStalled) || stall.RetryAfter <= 0 {
			t.Fatalf("after %d calls: %v", accepted, err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Ingest(ctx, event(accepted)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	if got := int(db.Metrics().Accepted); got != accepted {
		t.Errorf("%d events are in, %d calls succeeded", got, accepted)
	}
	if m := db.Metrics().Store; m.RefusedStalled != 1 || m.Stalls != 1 {
		t.Errorf("%d stalls, %d refusals", m.Stalls, m.RefusedStalled)
	}
	fs.gate.Store(nil)
	close(gate)
	for {
		if _, err := db.Ingest(t.Context(), event(accepted)); err == nil {
			break
		} else if !errors.Is(err, store.ErrStalled) {
			t.Fatalf("once flushed: %v", err)
		}
	}
	checkAndClose(t, db)
}

// The most that one call takes of people and identifiers is refused beyond, whole.
func TestLimits_calls(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	many := slices.Repeat([]profile.Identifier{id("user_id", "u")}, 10_001)
	if _, err := db.Privacy().Erase(t.Context(), many...); err == nil || !strings.Contains(err.Error(), "the most is 10000") {
		t.Errorf("Erase: %v", err)
	}
	if _, err := db.Lists().Upload(t.Context(), "vip", strings.NewReader("u\n"), segment.Upload{Namespace: "user_id", Kind: "plain"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lists().Edit(t.Context(), "vip", "user_id", slices.Repeat([]string{"u"}, 10_001), nil); err == nil || !strings.Contains(err.Error(), "the most is 10000") {
		t.Errorf("Edit: %v", err)
	}
}

// The last ordinal is handed out, and whoever comes after it is refused, with all of the
// batch; those who are there go on.
func TestLimits_ordinals(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	seen := func(who string) error {
		_, err := db.Ingest(t.Context(), profile.Event{Name: "Seen", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", who)}, MessageID: who})
		return err
	}
	if err := seen("first"); err != nil {
		t.Fatal(err)
	}
	taken := portrait.SetNextOrdinal(db, 1<<32-1)
	if err := seen("beyond"); err == nil || !strings.Contains(err.Error(), "all 4,294,967,295 ordinals") {
		t.Errorf("beyond the last: %v", err)
	}
	portrait.SetNextOrdinal(db, taken)
	if err := seen("second"); err != nil {
		t.Error(err)
	}
}

// What is kept of somebody erased is a token and when: the ledger of erasures has no more
// than a line for each.
func TestLimits_suppressed(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	const people = 1000
	gone := make([]profile.Identifier, people)
	for i := range gone {
		gone[i] = id("email", fmt.Sprintf("somebody-with-a-long-name-%d@example.cn", i))
	}
	if err := db.Privacy().Suppress(t.Context(), gone...); err != nil {
		t.Fatal(err)
	}
	var ledger strings.Builder
	if err := db.Privacy().ExportLedger(t.Context(), &ledger); err != nil {
		t.Fatal(err)
	}
	if n := ledger.Len() / people; n > 80 || db.Metrics().Suppressed != people {
		t.Errorf("%d bytes for each of %d", n, db.Metrics().Suppressed)
	}
}
