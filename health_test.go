package portrait_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/health"
	"github.com/portraitdb/portrait/metrics"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// mustReport returns how a store does, and fails the test where that has other findings, or
// is in another state.
func mustReport(t *testing.T, db *portrait.DB, state health.State, writable bool, reasons ...health.Reason) *health.Report {
	t.Helper()
	r, err := db.Admin().Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []health.Reason
	for _, f := range r.Findings {
		found = append(found, f.Reason)
	}
	if r.State != state || r.Writable != writable || !slices.Equal(found, reasons) {
		t.Errorf("%s\nwritable %t, want %s %v", r, r.Writable, state, reasons)
	}
	return r
}

func TestAdmin_Health(t *testing.T) {
	t.Run("a new store is well", func(t *testing.T) {
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
		mustReport(t, db, health.OK, true)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Admin().Health(t.Context()); !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
	t.Run("a nearly full disk", func(t *testing.T) {
		fs := newNarrow()
		db := open(t, "db", portrait.WithFS(portrait.Options{Clock: fixed(now), MinFreeBytes: 1000}, fs))
		fs.free.Store(999)
		r := mustReport(t, db, health.Degraded, false, health.DiskLow)
		if !strings.Contains(r.String(), "999 bytes are free, 1000 are left alone") {
			t.Error(r)
		}
		fs.free.Store(1000)
		mustReport(t, db, health.OK, true)
	})
	t.Run("what is due and not applied, and a clock set ahead", func(t *testing.T) {
		w := newWall(now)
		fs := newNarrow()
		db := open(t, "db", portrait.WithFS(*w.options(portrait.Options{MinFreeBytes: 1000}), fs))
		apply(t, db, timerModel)
		take(t, db, wasSeen("a", now.Add(-47*time.Hour)))
		fs.free.Store(999)
		w.pass(time.Hour + time.Minute)
		mustReport(t, db, health.Degraded, false, health.DiskLow) // not late yet
		w.pass(time.Minute)
		r := mustReport(t, db, health.Degraded, false, health.DiskLow, health.AdvanceLate)
		if !strings.Contains(r.String(), "for 2m0s") {
			t.Error(r)
		}
		fs.free.Store(1 << 40)
		if _, err := db.Count(t.Context(), segment.Tag("fresh")); err != nil {
			t.Fatal(err)
		}
		mustReport(t, db, health.OK, true)
		w.step(32 * 24 * time.Hour)
		if _, err := db.Count(t.Context(), segment.Tag("fresh")); err != nil {
			t.Fatal(err)
		}
		mustReport(t, db, health.Degraded, true, health.ClockStepped)
	})
	t.Run("a failed disk", func(t *testing.T) {
		f := &fault{kind: errorfs.OpFileWrite, file: ".log", nth: 10, err: syscall.EIO}
		db, err := portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now)}, errorfs.Wrap(vfs.NewMem(), f)))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for i := 0; err == nil && i < 100; i++ {
			_, err = db.Ingest(t.Context(), killEvent(i))
		}
		if !errors.Is(err, portrait.ErrFailed) {
			t.Fatal(err)
		}
		mustReport(t, db, health.Failed, false, health.StoreFailed)
	})
	t.Run("an old view", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			db := openInBubble(t, portrait.Options{Clock: fixed(now), MaxViewAge: 20 * time.Minute})
			v, err := db.View(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			time.Sleep(10*time.Minute - 1)
			mustReport(t, db, health.OK, true)
			time.Sleep(time.Nanosecond)
			mustReport(t, db, health.Degraded, true, health.OldView)
			v.Close()
			mustReport(t, db, health.OK, true)
		})
	})
}

func openInBubble(t *testing.T, o portrait.Options) *portrait.DB {
	t.Helper()
	db, err := portrait.Open("db", portrait.WithFS(o, vfs.NewMem()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestLimits_views: a view that is too old ends, and gives back what it keeps, by the next
// commit at the latest; a call that is under way goes on to its end.
func TestLimits_views(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openInBubble(t, portrait.Options{Clock: fixed(now), MaxViewAge: 20 * time.Minute})
		apply(t, db, testModel)
		for i := range 3 {
			take(t, db, killEvent(i))
		}
		snapshots := db.Metrics().Store.SnapshotCount
		old, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for p, err := range old.Profiles(t.Context(), nil) {
			if err != nil || p == nil {
				t.Fatal(err)
			}
			if n++; n > 1 {
				continue
			}
			time.Sleep(19 * time.Minute)
			young, err := db.View(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer young.Close()
			take(t, db, killEvent(10))
			if m := db.Metrics(); m.Views != 2 || m.OldestView != 19*time.Minute {
				t.Errorf("%d views, one for %s", m.Views, m.OldestView)
			}
			time.Sleep(time.Minute)
			if _, err := old.Count(t.Context(), segment.Tag("buyer")); !errors.Is(err, portrait.ErrClosed) || !strings.Contains(err.Error(), "20m0s") {
				t.Errorf("a view of 20 minutes: %v", err)
			}
			if _, err := young.Profile(t.Context(), profile.Identifier{}); errors.Is(err, portrait.ErrClosed) {
				t.Errorf("a view of a minute: %v", err)
			}
			young.Close()
		}
		if n != 3 {
			t.Errorf("the loop saw %d profiles of 3", n)
		}
		unasked, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		take(t, db, killEvent(11))
		if m := db.Metrics(); m.Views != 0 || m.Store.SnapshotCount != snapshots {
			t.Errorf("%d views and %d snapshots are open, there were %d", m.Views, m.Store.SnapshotCount, snapshots)
		}
		unasked.Close()
		unasked.Close()
		for v, err := range unasked.Profiles(t.Context(), nil) {
			if !errors.Is(err, portrait.ErrClosed) || v != nil {
				t.Errorf("%v, %v", v, err)
			}
		}
	})
}

// TestLimits_events_under_way: calls wait for others while too much is under way, and one
// of more than that goes in alone.
func TestLimits_events_under_way(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	release := portrait.HoldWriter(db)
	many := make([]profile.Event, portrait.MaxUnderWay+1)
	for i := range many {
		many[i] = profile.Event{MessageID: "m", Name: "n"} // to be refused, for they name nobody
	}
	done := make(chan error)
	call := func(events ...profile.Event) {
		_, err := db.Ingest(t.Context(), events...)
		done <- err
	}
	go call(many...)
	for portrait.Waiting(db) == 0 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Ingest(ctx, killEvent(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("a call beyond the bound: %v", err)
	}
	if m := db.Metrics(); m.UnderWay != len(many) || m.Waiting != 1 {
		t.Errorf("%d events under way, %d calls wait", m.UnderWay, m.Waiting)
	}
	go call(killEvent(1))
	release()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	rejected := uint64(0)
	for _, n := range db.Metrics().Rejected {
		rejected += n
	}
	if m := db.Metrics(); m.UnderWay != 0 || m.Accepted != 1 || rejected != uint64(len(many)) {
		t.Errorf("%d under way, %d accepted, rejected %v", m.UnderWay, m.Accepted, m.Rejected)
	}
}

// Families are the same whatever the figures, each is named once and says what it is, and
// the figures are those of Metrics.
func TestMetrics_Families(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	take(t, db, killEvent(1))
	if _, err := db.Ingest(t.Context(), killEvent(1), profile.Event{MessageID: "nobody"}); err != nil {
		t.Fatal(err)
	}
	m := db.Metrics()
	figures := map[string]float64{}
	about := func(f metrics.Family) metrics.Family { f.Points = nil; return f }
	zero := portrait.Metrics{}.Families()
	for i, f := range m.Families() {
		if d := cmp.Diff(about(zero[i]), about(f)); d != "" {
			t.Error(d)
		}
		_, twice := figures[f.Name]
		if twice || !strings.HasPrefix(f.Name, "portrait.") || strings.ToLower(f.Name) != f.Name || f.Unit == "" || !strings.HasSuffix(f.Help, ".") {
			t.Errorf("%+v", f)
		}
		if f.Label == "" && len(f.Points) != 1 {
			t.Errorf("%s has %d points", f.Name, len(f.Points))
		}
		for _, p := range f.Points {
			if (p.Label == "") != (f.Label == "") {
				t.Errorf("%s: label %q", f.Name, p.Label)
			}
			figures[f.Name] += p.Value
		}
	}
	for name, want := range map[string]float64{
		"portrait.events.accepted": 1, "portrait.events.duplicate": 1, "portrait.events.rejected": 1, "portrait.commits": float64(m.Epoch),
		"portrait.identity.ordinals": 1, "portrait.failed": 0, "portrait.commit.count": float64(m.Store.Commits), "portrait.views.open": 0,
		"portrait.disk.free": float64(m.Store.FreeBytes),
	} {
		if figures[name] != want {
			t.Errorf("%s is %v, want %v", name, figures[name], want)
		}
	}
	if m.Store.Commits == 0 || m.Store.CommitTime <= 0 || m.Store.SlowestCommit > m.Store.CommitTime || m.Store.FreeBytes == 0 {
		t.Errorf("%+v", m.Store)
	}
}
