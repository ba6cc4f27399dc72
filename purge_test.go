package portrait_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// TestPurge_admitted_again admits somebody erased again before a Purge: it leaves alone
// what she does after.
func TestPurge_admitted_again(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	takenIn(t, db, "2", gift)
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	if err := db.Privacy().Unsuppress(t.Context(), mei...); err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{"3", ""} {
		takenIn(t, db, message, profile.Event{Name: "Order Completed", Identifiers: mei, Time: now.Add(time.Minute)})
	}
	before := keptOf(t, db, mei[0])
	purged(t, db)
	if got := keptOf(t, db, mei[0]); got != before {
		t.Errorf("she is said to have done\n%s\nafter a purge, and before\n%s", got, before)
	}
	if got := keptOf(t, db, bo[0]); strings.Contains(got, "mei") {
		t.Errorf("he is still said to have done\n%s", got)
	}
}

// TestPurge_erased_meanwhile erases somebody once more while a Purge waits: the next one
// has still to look for her.
func TestPurge_erased_meanwhile(t *testing.T) {
	var hours atomic.Int64
	db := forgetful(t, func() time.Time { return now.Add(time.Duration(hours.Load()) * time.Hour) })
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	read, write := io.Pipe()
	uploaded := make(chan error)
	go func() { // It holds the epoch of now until it is read.
		_, err := db.Lists().Upload(t.Context(), "l", read, segment.Upload{Namespace: "user_id"})
		uploaded <- err
	}()
	if _, err := io.WriteString(write, "an\n"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	from := epochOf(t, db)
	go func() {
		_, err := db.Privacy().Purge(t.Context())
		done <- err
	}()
	for epochOf(t, db) == from {
		runtime.Gosched()
	}
	hours.Store(1)
	if err := db.Privacy().Unsuppress(t.Context(), mei...); err != nil {
		t.Fatal(err)
	}
	later := gift
	later.Time = now.Add(2 * time.Hour)
	takenIn(t, db, "2", later)
	takenIn(t, db, "3", profile.Event{Name: "Order Completed", Identifiers: mei, Time: later.Time})
	hours.Store(3)
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	write.Close()
	if err := errors.Join(<-uploaded, <-done); err != nil {
		t.Fatal(err)
	}
	purged(t, db)
	if got := keptOf(t, db, bo[0]); strings.Contains(got, "mei") {
		t.Errorf("he is still said to have done\n%s", got)
	}
}

func epochOf(t *testing.T, db *portrait.DB) uint64 {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return v.Epoch()
}

// TestPurge_under_a_view purges values that a view still shows somebody with: it goes on
// showing them, and a Purge that ends waiting for it names it.
func TestPurge_under_a_view(t *testing.T) {
	db := forgetful(t, fixed(now))
	lives := func(message, city string) {
		t.Helper()
		takenIn(t, db, message, profile.Event{
			Type: profile.Identify, Identifiers: bo, Traits: map[string]profile.Value{"city": profile.String(city)},
			Time: epoch0.Add(time.Duration(len(message)) * time.Hour),
		})
	}
	in := segment.MustParse(`city = "上海"`)
	lives("m", "上海")
	old, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	lives("mm", "北京")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	from := epochOf(t, db)
	go func() {
		_, err := db.Privacy().Purge(ctx)
		done <- err
	}()
	for epochOf(t, db) == from {
		runtime.Gosched()
	}
	if n, err := old.Count(t.Context(), in); n != 1 || err != nil {
		t.Errorf("a view of before a purge counts %d: %v", n, err)
	}
	cancel()
	if err := <-done; !errors.Is(err, privacy.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("a purge under a view: %v", err)
	}
	lives("mmm", "上海")
	if n, err := db.Count(t.Context(), in); n != 1 || err != nil {
		t.Errorf("somebody is back, and %d are counted: %v", n, err)
	}
	if n, err := old.Count(t.Context(), in); n != 1 || err != nil {
		t.Errorf("a view of before a purge counts %d: %v", n, err)
	}
	old.Close()
	purged(t, db)
}

// TestPurge_quantities erases somebody whose identifiers are numbers: quantities of others
// are none of them.
func TestPurge_quantities(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", "17"), id("device_id", "13777418829")}})
	takenIn(t, db, "2", profile.Event{Name: "Order Completed", Identifiers: bo, Properties: map[string]profile.Value{
		"quantity": profile.Number(17), "phone": profile.Number(13777418829),
	}})
	if _, err := db.Privacy().Erase(t.Context(), id("user_id", "17")); err != nil {
		t.Fatal(err)
	}
	purged(t, db)
	if got := keptOf(t, db, bo[0]); !strings.Contains(got, "Properties:map[quantity:17]") {
		t.Errorf("he is said to have done\n%s", got)
	}
}

// TestPurge_many_events takes a name out of more kept events than one commit does.
func TestPurge_many_events(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	const gifts = 2300
	events := make([]profile.Event, gifts)
	for i := range events {
		events[i] = gift
		events[i].Source, events[i].MessageID, events[i].Time = "web", "gift "+strconv.Itoa(i), epoch0.Add(time.Duration(i)*time.Second)
	}
	if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != gifts {
		t.Fatal(res, err)
	}
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	done, err := db.Privacy().Purge(t.Context())
	if err != nil || done.Stripped != gifts {
		t.Errorf("%+v, %v; want %d events stripped", done, err, gifts)
	}
	if got := keptOf(t, db, bo[0]); strings.Contains(got, "mei") || strings.Count(got, "Gift Sent") != gifts {
		t.Errorf("he is said to have sent %d gifts", strings.Count(got, "Gift Sent"))
	}
}

// TestPurge_many_people tells of everybody that they are gone, some in each commit.
func TestPurge_many_people(t *testing.T) {
	const people = 10
	db := open(t, t.TempDir(), portrait.WithPurgeBatch(&portrait.Options{Clock: fixed(now)}, 3))
	var ids []profile.Identifier
	for i := range people {
		ids = append(ids, id("user_id", "u"+strconv.Itoa(i)))
		takenIn(t, db, strconv.Itoa(i), profile.Event{Name: "Order Completed", Identifiers: ids[i:]})
	}
	erased, err := db.Privacy().Erase(t.Context(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	done, err := db.Privacy().Purge(t.Context())
	if err != nil || done.Identifiers != people {
		t.Errorf("%+v, %v", done, err)
	}
	commits, subjects := map[uint64]bool{}, 0
	for rec, err := range db.Privacy().Audit(t.Context(), erased.Audit.Number+1) {
		if err != nil {
			t.Fatal(err)
		}
		commits[rec.Epoch] = true
		if subjects += len(rec.Subjects); rec.What != "purge" || len(rec.Subjects) > 3 {
			t.Errorf("%+v", rec)
		}
	}
	if len(commits) != 5 || subjects != people { // one says that it begins
		t.Errorf("%d identifiers in %d commits", subjects, len(commits))
	}
	if done, err := db.Privacy().Purge(t.Context()); err != nil || done.Identifiers != 0 {
		t.Errorf("purged again: %+v, %v", done, err)
	}
}
