package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// TestErase_as_an_upload_begins has uploads hear of an erasure after readers see it: one that
// begins meanwhile, by a commit of before, hears of it.
func TestErase_as_an_upload_begins(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	takenIn(t, db, "2", profile.Event{Name: "Order Completed", Identifiers: bo})
	from := epochOf(t, db)
	release := portrait.HoldUploads(db)
	erased := make(chan error)
	go func() {
		_, err := db.Privacy().Erase(t.Context(), mei[0])
		erased <- err
	}()
	for epochOf(t, db) == from { // for ever, where they hear of it before
		runtime.Gosched()
	}
	release()
	if err := <-erased; err != nil {
		t.Fatal(err)
	}
	up, err := db.Lists().Upload(t.Context(), "l", strings.NewReader("mei\nbo\n"), segment.Upload{Namespace: "user_id"})
	if err != nil || up.Erased != 1 || up.Matched != 1 {
		t.Errorf("%+v, %v", up, err)
	}
	checkAndClose(t, db)
}

// TestEraseUnseen_unverified erases somebody of whom something is left: the report of the
// commit comes before the error that says so.
func TestEraseUnseen_unverified(t *testing.T) {
	fs := vfs.NewMem()
	opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, forgetfulModel)
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: bo})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, fs, func(s *store.Store, b *store.Batch) {
		for key := range pairs(t, s, keys.Node) { // a record of a component, of somebody who is alone
			b.Set(append([]byte{keys.Component}, key[1:]...), []byte{1})
		}
	})
	if db, err = portrait.Open("db", opts); err != nil {
		t.Fatal(err)
	}
	var reports []*privacy.Erasure
	var fault error
	for e, err := range db.Privacy().EraseUnseen(t.Context(), privacy.Unseen{For: 30 * day}) {
		if err != nil {
			fault = err
			continue
		}
		reports = append(reports, e)
	}
	if !errors.Is(fault, portrait.ErrCorrupt) {
		t.Fatalf("error %v: the test is blind", fault)
	}
	if len(reports) != 1 || len(reports[0].Identifiers) != 1 || reports[0].Verified || reports[0].Epoch == 0 {
		t.Errorf("reports %+v", reports)
	}
	_ = db.Close()
}

// TestPurge_erased_at_one_instant erases somebody, admits and erases them again while a Purge
// waits, all at one instant of a clock that stands still: the next Purge has still to look
// for them.
func TestPurge_erased_at_one_instant(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	read, write := io.Pipe()
	uploaded, done := make(chan error), make(chan error)
	go func() { // It holds the epoch of now until it is read.
		_, err := db.Lists().Upload(t.Context(), "l", read, segment.Upload{Namespace: "user_id"})
		uploaded <- err
	}()
	if _, err := io.WriteString(write, "an\n"); err != nil {
		t.Fatal(err)
	}
	from := epochOf(t, db)
	go func() {
		_, err := db.Privacy().Purge(t.Context())
		done <- err
	}()
	for epochOf(t, db) == from {
		runtime.Gosched()
	}
	if err := db.Privacy().Unsuppress(t.Context(), mei...); err != nil {
		t.Fatal(err)
	}
	later := gift
	later.Time = now.Add(time.Hour)
	takenIn(t, db, "2", later)
	takenIn(t, db, "3", profile.Event{Name: "Order Completed", Identifiers: mei, Time: later.Time})
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
	checkAndClose(t, db)
}

// TestPreview_keeps_the_cache previews erasures and refuses calls: what the writer knows of
// others stays in memory, and what it knows is right.
func TestPreview_keeps_the_cache(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, forgetfulModel)
	const people = 500
	crowdOf(t, db, people)
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	for _, call := range []func() error{
		func() error { _, err := db.Privacy().Preview(t.Context(), mei[0], id("user_id", "u-1")); return err },
		func() error {
			_, err := db.Privacy().Erase(t.Context(), mei[0], id("user_id", "nobody"))
			return unless(err, portrait.ErrNotFound)
		},
		func() error {
			return unless(db.Privacy().Unsuppress(t.Context(), id("user_id", "nobody")), portrait.ErrNotFound)
		},
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
		if n, _ := portrait.CachedNodes(db); n < people-2 {
			t.Errorf("%d nodes are in memory", n)
		}
	}
	for i := range 3 {
		takenIn(t, db, fmt.Sprint("more", i), profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{mei[i%2], id("device_id", "d")}})
	}
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
}

func unless(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return errors.Join(fmt.Errorf("want %w", want), err)
}

// TestPrivacy_ends_with_its_context has calls that name many end.
func TestPrivacy_ends_with_its_context(t *testing.T) {
	db := forgetful(t, fixed(now))
	ids := make([]profile.Identifier, 5000)
	for i := range ids {
		ids[i] = id("user_id", fmt.Sprint("u-", i))
	}
	cut := func() *askedContext { return &askedContext{Context: t.Context(), most: 3} }
	if err := db.Privacy().Suppress(cut(), ids...); err == nil {
		t.Fatal("they were suppressed")
	}
	crowdOf(t, db, len(ids))
	if err := db.Privacy().Hold(t.Context(), "case-1", ids...); err != nil {
		t.Fatal(err)
	}
	if err := db.Privacy().ReleaseAll(cut(), "case-1"); err == nil {
		t.Fatal("they were released")
	}
	var ledger bytes.Buffer
	if err := db.Privacy().ExportLedger(t.Context(), &ledger); err != nil || !strings.Contains(ledger.String(), "entries 0\n") {
		t.Errorf("the ledger is\n%s, %v", ledger.String(), err)
	}
	checkAndClose(t, db)
}
