package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
)

// clock is a clock that tests set.
type clock struct{ micros atomic.Int64 }

func clockAt(t time.Time) *clock {
	c := &clock{}
	c.set(t)
	return c
}

func (c *clock) set(t time.Time) { c.micros.Store(t.UnixMicro()) }
func (c *clock) now() time.Time  { return time.UnixMicro(c.micros.Load()).UTC() }

// withLog is the test's model with a log.
func withLog(t testing.TB, p portrait.LogPolicy) portrait.Model {
	t.Helper()
	m := model(t, testModel)
	m.Log = p
	return m
}

func applyModel(t testing.TB, db *portrait.DB, m portrait.Model) {
	t.Helper()
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

const day = 24 * time.Hour

// naiveLog is every event that was taken in, in a list.
type naiveLog struct {
	policy portrait.LogPolicy
	events []naiveEvent
}

type naiveEvent struct {
	profile.Event
	at   profile.Identifier // where it folds
	kept time.Duration      // by the policy when it came
}

// nameIn returns the name that says how long an event is kept.
func nameIn(e *profile.Event) string {
	if e.Type == profile.Track {
		return e.Name
	}
	return "$" + e.Type.String()
}

func retentionIn(p portrait.LogPolicy, e *profile.Event) time.Duration {
	if d, ok := p.Events[nameIn(e)]; ok {
		return d
	}
	return p.Retain
}

// take notes events; the first identifier of each is its strongest.
func (l *naiveLog) take(events ...profile.Event) {
	for _, e := range events {
		life := retentionIn(l.policy, &e)
		if d, ok := l.policy.Sources[e.Source]; ok {
			life = min(life, d)
		}
		l.events = append(l.events, naiveEvent{e, e.Identifiers[0], life})
	}
}

// timeline returns what there is to show of a profile.
func (l *naiveLog) timeline(ids []profile.Identifier, now, from, to time.Time) []profile.Event {
	var list []profile.Event
	for _, e := range l.events {
		life := min(e.kept, retentionIn(l.policy, &e.Event))
		switch {
		case !slices.Contains(ids, e.at), life == 0 || !now.Before(e.Time.Add(life)):
		case !from.IsZero() && e.Time.Before(from), !to.IsZero() && !e.Time.Before(to):
		default:
			list = append(list, e.Event)
		}
	}
	slices.SortFunc(list, func(a, b profile.Event) int { return a.Stamp().Compare(b.Stamp()) })
	return list
}

func messages(events []profile.Event) []string {
	list := make([]string, len(events))
	for i := range events {
		list[i] = events[i].MessageID
	}
	return list
}

func timeline(t testing.TB, v *portrait.View, id profile.Identifier, from, to time.Time) []profile.Event {
	t.Helper()
	var list []profile.Event
	for e, err := range v.Timeline(t.Context(), id, from, to) {
		if err != nil {
			t.Fatalf("timeline of %s: %v", id, err)
		}
		list = append(list, e)
	}
	return list
}

// drawLogged draws an event of few people; one in two ties identifiers together.
func drawLogged(r *rand.Rand, n int, at time.Time) profile.Event {
	e := profile.Event{
		MessageID: fmt.Sprint("m", n), Source: []string{"web", "pos"}[r.IntN(2)], Time: at,
		Properties: map[string]profile.Value{"n": profile.Number(float64(n))},
	}
	switch r.IntN(5) {
	case 0:
		e.Type, e.Traits = profile.Identify, map[string]profile.Value{"city": profile.String("上海")}
	case 1:
		e.Type, e.Name = profile.Page, "Home"
	default:
		e.Name = []string{"Order Completed", "Product Viewed", "Login"}[r.IntN(3)]
	}
	weak := id("anonymous_id", fmt.Sprint("a", r.IntN(12)))
	if r.IntN(2) == 0 {
		e.Identifiers = []profile.Identifier{id("user_id", fmt.Sprint("u", r.IntN(5))), weak}
	} else {
		e.Identifiers = []profile.Identifier{weak}
	}
	return e
}

// TestTimeline_naive plays random histories (late, doubled and future events, merges,
// splits, decisions, a moving clock, changed retentions, reopenings) and compares every
// timeline with what a list of all events says.
func TestTimeline_naive(t *testing.T) {
	r := seed(t)
	for range *rounds {
		c := clockAt(now)
		opts := &portrait.Options{Clock: c.now, NoSync: true}
		dir := t.TempDir()
		db := open(t, dir, opts)
		naive := naiveLog{}
		for n := 0; n < 400; {
			switch r.IntN(12) {
			case 0:
				naive.policy = portrait.LogPolicy{
					Retain: []time.Duration{0, time.Hour, 3 * day, 20 * day}[r.IntN(4)],
					Events: map[string]time.Duration{
						"Order Completed": []time.Duration{0, 10 * day, 40 * day}[r.IntN(3)], "$page": day / 2,
					},
				}
				if r.IntN(2) == 0 {
					naive.policy.Sources = map[string]time.Duration{"pos": []time.Duration{0, time.Hour, 5 * day, 60 * day}[r.IntN(4)]}
				}
				applyModel(t, db, withLog(t, naive.policy))
			case 1:
				c.set(c.now().Add(time.Duration(r.Int64N(int64(2 * day)))))
			case 2:
				if err := db.Advance(t.Context(), c.now()); err != nil {
					t.Fatal(err)
				}
			case 3:
				if _, err := portrait.SweepLog(t.Context(), db, 1+r.IntN(50)); err != nil {
					t.Fatal(err)
				}
			case 4:
				a, b := id("user_id", fmt.Sprint("u", r.IntN(5))), id("anonymous_id", fmt.Sprint("a", r.IntN(12)))
				why := portrait.Decision{At: c.now(), ID: fmt.Sprint("d", n)}
				decide := db.Unlink
				if r.IntN(2) == 0 {
					decide = db.Link
				}
				if _, err := decide(t.Context(), a, b, why); err != nil {
					t.Fatal(err)
				}
			case 5:
				checkAndClose(t, db)
				db = open(t, dir, opts)
			default:
				var batch []profile.Event
				for range 1 + r.IntN(12) {
					at := c.now().Add(-time.Duration(r.ExpFloat64() * float64(2*day))).Truncate(time.Minute)
					if r.IntN(10) == 0 {
						at = c.now().Add(time.Duration(r.Int64N(int64(day))))
					}
					batch = append(batch, drawLogged(r, n, at))
					n++
				}
				res := takeIn(t, db, batch...)
				if res.Accepted != len(batch) {
					t.Fatalf("%+v", res)
				}
				naive.take(batch...)
				if again := takeIn(t, db, batch...); again.Duplicate != len(batch) {
					t.Fatalf("again: %+v", again)
				}
			}
			compareTimelines(t, r, db, &naive)
		}
		checkAndClose(t, db)
	}
}

func takeIn(t testing.TB, db *portrait.DB, events ...profile.Event) portrait.Result {
	t.Helper()
	res, err := db.Ingest(t.Context(), events...)
	if err != nil {
		t.Fatalf("ingest: %v", err)
	}
	return res
}

// compareTimelines compares the timeline of every profile with the naive one.
func compareTimelines(t *testing.T, r *rand.Rand, db *portrait.DB, naive *naiveLog) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for p, err := range v.Profiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		who := p.Identifiers[r.IntN(len(p.Identifiers))]
		var from, to time.Time
		if r.IntN(2) == 0 {
			from = v.AsOf().Add(-time.Duration(r.Int64N(int64(4 * day))))
		}
		if r.IntN(2) == 0 {
			to = v.AsOf().Add(time.Duration(r.Int64N(int64(2*day)) - int64(day)))
		}
		want, got := naive.timeline(p.Identifiers, v.AsOf(), from, to), timeline(t, v, who, from, to)
		if !slices.EqualFunc(got, want, func(a, b profile.Event) bool { return a.ContentHash() == b.ContentHash() }) {
			t.Fatalf("%s from %s to %s at %s:\ngot  %v\nwant %v", who, from, to, v.AsOf(), messages(got), messages(want))
		}
		if len(got) > 0 {
			e := got[r.IntN(len(got))]
			found, ok, err := portrait.EventAt(v, who, e.Stamp())
			if err != nil || !ok || found.ContentHash() != e.ContentHash() {
				t.Fatalf("event at %v: %+v, %v, %v, want %+v", e.Stamp(), found, ok, err, e)
			}
		}
	}
}

// TestTimeline_retention_edges looks one microsecond before, at and after.
func TestTimeline_retention_edges(t *testing.T) {
	c := clockAt(epoch0)
	db := open(t, t.TempDir(), &portrait.Options{Clock: c.now})
	applyModel(t, db, withLog(t, portrait.LogPolicy{Retain: 36 * time.Hour, Events: map[string]time.Duration{"Login": time.Hour, "Secret": 0}}))
	who := id("user_id", "u1")
	at := epoch0.Add(5 * time.Microsecond)
	for _, name := range []string{"Order", "Login", "Secret"} {
		takeIn(t, db, profile.Event{Name: name, MessageID: name, Time: at, Identifiers: []profile.Identifier{who}})
	}
	show := func(now time.Time) []string {
		t.Helper()
		c.set(now)
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		list := messages(timeline(t, v, who, time.Time{}, time.Time{}))
		slices.Sort(list)
		return list
	}
	for _, tc := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{"Login", "Order"}},
		{time.Hour - time.Microsecond, []string{"Login", "Order"}},
		{time.Hour, []string{"Order"}},
		{36*time.Hour - time.Microsecond, []string{"Order"}},
		{36 * time.Hour, []string{}},
	} {
		if got := show(at.Add(tc.after)); !slices.Equal(got, tc.want) {
			t.Errorf("after %s: %v, want %v", tc.after, got, tc.want)
		}
	}
}

// TestTimeline_policy_changes shortens a retention, which counts at once, and lengthens
// one, which counts for what comes.
func TestTimeline_policy_changes(t *testing.T) {
	c := clockAt(epoch0)
	db := open(t, t.TempDir(), &portrait.Options{Clock: c.now})
	who := id("user_id", "u1")
	step := func(after, retain time.Duration, want ...string) {
		t.Helper()
		c.set(epoch0.Add(after))
		applyModel(t, db, withLog(t, portrait.LogPolicy{Retain: retain}))
		name := after.String()
		takeIn(t, db, profile.Event{Name: "Login", MessageID: name, Time: c.now(), Identifiers: []profile.Identifier{who}})
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		if got := messages(timeline(t, v, who, time.Time{}, time.Time{})); !slices.Equal(got, want) {
			t.Errorf("after %s: %v, want %v", after, got, want)
		}
	}
	step(0, 0)
	step(1*time.Hour, 4*time.Hour, "1h0m0s")
	step(2*time.Hour, time.Hour, "2h0m0s")
	step(3*time.Hour, 10*time.Hour, "1h0m0s", "3h0m0s") // what was logged for an hour is over
	step(6*time.Hour, 10*time.Hour, "3h0m0s", "6h0m0s")
	step(7*time.Hour, 0)
}

// TestTimeline_equal_places has two events of one message at one time that are told
// apart by the day that the sender first wrote; both are kept.
func TestTimeline_equal_places(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	applyModel(t, db, withLog(t, portrait.LogPolicy{Retain: 30 * day}))
	who := id("user_id", "u1")
	e := profile.Event{Name: "Login", MessageID: "m", Time: now, Identifiers: []profile.Identifier{who}}
	for i := range 5 {
		e.Original = now.Add(-time.Duration(i) * day)
		if res := takeIn(t, db, e); res.Accepted != 1 {
			t.Fatalf("%+v", res)
		}
	}
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if got := timeline(t, v, who, time.Time{}, time.Time{}); len(got) != 5 {
		t.Errorf("%d events are kept of 5", len(got))
	}
}

func TestTimeline_ends(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	applyModel(t, db, withLog(t, portrait.LogPolicy{Retain: 30 * day}))
	who := id("user_id", "u1")
	for i := range 600 {
		takeIn(t, db, profile.Event{Name: "Login", MessageID: fmt.Sprint(i), Time: now.Add(-time.Duration(i) * time.Minute), Identifiers: []profile.Identifier{who}})
	}
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range v.Timeline(t.Context(), id("user_id", "nobody"), time.Time{}, time.Time{}) {
		if !errors.Is(err, portrait.ErrNotFound) {
			t.Errorf("of nobody: %v", err)
		}
	}
	seq := v.Timeline(t.Context(), who, now.Add(-2*time.Minute), time.Time{})
	for range 2 { // it may be ranged over again
		n := 0
		for range seq {
			n++
		}
		if n != 3 {
			t.Errorf("%d events since two minutes", n)
		}
	}
	for range seq {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, last := 0, error(nil)
	for _, err := range v.Timeline(ctx, who, time.Time{}, time.Time{}) {
		n, last = n+1, err
	}
	if n > 300 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d steps after the end of the context, then %v", n, last)
	}
	v.Close()
	for _, err := range seq {
		if !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("of a closed view: %v", err)
		}
	}
}

// TestLog_bounded lets 400 days go by with 30 days' retention: the log stays as large
// as it was after the first 31, by its keys and by what it takes on disk.
func TestLog_bounded(t *testing.T) {
	c := clockAt(epoch0)
	start := func(p portrait.LogPolicy) *portrait.DB {
		db := open(t, "db", portrait.WithFS(portrait.Options{Clock: c.now, NoSync: true, MemTableBytes: 256 << 10, CacheBytes: 1 << 20}, vfs.NewMem()))
		applyModel(t, db, withLog(t, p))
		return db
	}
	db := start(portrait.LogPolicy{Retain: 30 * day, Events: map[string]time.Duration{"Login": 7 * day}})
	without := start(portrait.LogPolicy{}) // what the log is not: dedup keys grow for ever
	const people, perDay = 20, 100
	n, largest, most := 0, 0, 0
	noise := rand.New(rand.NewPCG(1, 1)) // nothing that could be compressed
	for d := range 400 {
		c.set(epoch0.Add(time.Duration(d) * day))
		if d%2 == 0 { // else the days pass with the events
			if err := db.Advance(t.Context(), c.now()); err != nil {
				t.Fatal(err)
			}
		}
		var batch []profile.Event
		for i := range perDay {
			at := c.now().Add(time.Duration(i) * day / perDay)
			batch = append(batch, profile.Event{
				Name: []string{"Login", "Order Completed"}[i%2], MessageID: fmt.Sprint(n), Time: at,
				Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", n%people))},
				Properties:  map[string]profile.Value{"note": profile.String(randomText(noise, 400))},
			})
			n++
		}
		takeIn(t, db, batch...)
		takeIn(t, without, batch...)
		if d > 31 && d%7 != 0 {
			continue
		}
		events, expiries, bytes, err := portrait.LogSize(db)
		if err != nil {
			t.Fatal(err)
		}
		if d < 31 {
			largest, most = max(largest, bytes), max(most, events)
			continue
		}
		if bytes > largest*11/10 || events > most+perDay || expiries > 33*people*2 {
			t.Fatalf("day %d: %d events, %d expiry keys, %d bytes; at most %d events and %d bytes in the first month", d, events, expiries, bytes, most, largest)
		}
		// A store without sweeps would hold 16 MB of events in the end; the allowance is
		// for what compactions have not got to.
		if with, bound := portrait.DiskBytes(db), 2*portrait.DiskBytes(without)+8*uint64(largest); with > bound {
			t.Fatalf("day %d: %d bytes on disk, %d without a log, of which %d live", d, with, portrait.DiskBytes(without), bytes)
		}
	}
	t.Logf("%d events taken in, at most %d kept in %d bytes; %d bytes on disk, %d without a log", n, most, largest, portrait.DiskBytes(db), portrait.DiskBytes(without))
}

// randomText returns text of so many bytes.
func randomText(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[r.IntN(64)]
	}
	return string(b)
}

// TestSweep_work tells that sweeping looks at what expires, and at nothing else.
func TestSweep_work(t *testing.T) {
	c := clockAt(epoch0)
	db := open(t, t.TempDir(), &portrait.Options{Clock: c.now, NoSync: true})
	applyModel(t, db, withLog(t, portrait.LogPolicy{Retain: 30 * day, Events: map[string]time.Duration{"Login": day}}))
	// A hot node whose events that stay lie between those that go, and many others.
	n := 0
	event := func(who, name string, at time.Time) profile.Event {
		n++
		return profile.Event{Name: name, MessageID: fmt.Sprint(n), Time: at, Identifiers: []profile.Identifier{id("user_id", who)}}
	}
	var batch []profile.Event
	for i := range 3000 {
		name := "Order Completed"
		if i%100 >= 50 {
			name = "Login"
		}
		batch = append(batch, event("hot", name, epoch0.Add(time.Duration(i)*time.Second)))
	}
	for i := range 300 {
		batch = append(batch, event(fmt.Sprint("u", i), "Login", epoch0.Add(time.Minute)))
	}
	takeIn(t, db, batch...)
	c.set(epoch0.Add(2 * day))
	if err := db.Advance(t.Context(), epoch0.Add(36*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if more, err := portrait.SweepLog(t.Context(), db, 10_000); more || err != nil {
		t.Fatal(more, err)
	}
	if events, _, _, err := portrait.LogSize(db); err != nil || events != len(batch) {
		t.Fatalf("%d events after a day that is not over, %v, want %d", events, err, len(batch))
	}
	release := portrait.HoldSweep(db)
	if err := db.Advance(t.Context(), epoch0.Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	release()
	calls, more := 0, true
	for more {
		var err error
		if more, err = portrait.SweepLog(t.Context(), db, 64); err != nil {
			t.Fatal(err)
		}
		if calls++; calls > 3*len(batch)/64 {
			t.Fatal("the sweep does not end")
		}
	}
	// 301 keys of expiry, 300 events, and 3,000 of the hot node to look at.
	if calls < 3000/64 || calls > (301+300+3000)/64+10 {
		t.Errorf("%d calls of 64 keys", calls)
	}
	events, expiries, _, err := portrait.LogSize(db)
	// The event at midnight itself expires a day before the others that stay.
	if err != nil || events != 1500 || expiries != 2 {
		t.Errorf("%d events, %d expiry keys, %v, want 1500 and 2", events, expiries, err)
	}
	if more, err := portrait.SweepLog(t.Context(), db, 1); more || err != nil {
		t.Errorf("one more key: %v, %v", more, err)
	}
}

// TestLog_crash opens clones of the file system as crashes at random moments leave it,
// while events come and expire: of every call's events the log has what it should.
func TestLog_crash(t *testing.T) {
	r := seed(t)
	c := clockAt(epoch0)
	fs := crashdisk.New()
	opts := func(fs *crashdisk.FS) *portrait.Options {
		return portrait.WithFS(portrait.Options{Clock: c.now, MemTableBytes: 256 << 10, CacheBytes: 1 << 20, IndexBytes: 1 << 20}, fs)
	}
	db, err := portrait.Open("db", opts(fs))
	if err != nil {
		t.Fatal(err)
	}
	policy := portrait.LogPolicy{Retain: 3 * day, Events: map[string]time.Duration{"Login": day}}
	applyModel(t, db, withLog(t, policy))
	days := 60
	if testing.Short() {
		days = 15
	}
	naive := naiveLog{policy: policy}
	n := 0
	for d := range days {
		c.set(epoch0.Add(time.Duration(d) * day))
		var batches [4][]profile.Event
		for i := range batches {
			for range 1 + r.IntN(8) {
				batches[i] = append(batches[i], drawLogged(r, n, c.now().Add(-time.Duration(r.Int64N(int64(2*day))))))
				n++
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := db.Advance(context.Background(), c.now()); err != nil {
				t.Error(err)
			}
			for _, b := range batches {
				if _, err := db.Ingest(context.Background(), b...); err != nil {
					t.Error(err)
				}
				if _, err := portrait.SweepLog(context.Background(), db, 5); err != nil {
					t.Error(err)
				}
			}
		}()
		for spin := r.IntN(3000); spin > 0; spin-- {
			_ = c.now()
		}
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0))})
		<-done
		reopened, err := portrait.Open("db", opts(clone))
		if err != nil {
			t.Fatalf("open after a crash: %v", err)
		}
		// The calls that went in before the crash are a prefix.
		have := int(reopened.Metrics().Accepted)
		held := naiveLog{policy: policy, events: slices.Clone(naive.events)}
		for _, b := range batches {
			if len(held.events) < have {
				held.take(b...)
			}
		}
		if len(held.events) != have {
			t.Fatalf("day %d: a call is half there", d)
		}
		compareTimelines(t, r, reopened, &held)
		for more := true; more; {
			if more, err = portrait.SweepLog(t.Context(), reopened, 1000); err != nil {
				t.Fatal(err)
			}
		}
		compareTimelines(t, r, reopened, &held)
		checkAndClose(t, reopened)
		for _, b := range batches {
			naive.take(b...)
		}
		if t.Failed() {
			break
		}
	}
	checkAndClose(t, db)
}
