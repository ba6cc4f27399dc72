package portrait_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

var update = flag.Bool("update", false, "make the golden store of the present format anew")

// goldenStore is a directory as the present format has it, and goldenDigest what its digest
// was when it was made. One stays for every format that was ever released.
var (
	goldenStore  = filepath.Join("testdata", fmt.Sprint("format", store.FormatVersion), "store")
	goldenDigest = filepath.Join("testdata", fmt.Sprint("format", store.FormatVersion), "digest")
)

// TestFormat_golden opens a store that an earlier build made: it is whole, and says what it
// said then. Until the format is released a change of it makes the store anew:
//
//	go test -run TestFormat_golden -update .
func TestFormat_golden(t *testing.T) {
	o := &portrait.Options{Clock: fixed(now)}
	if *update {
		makeGolden(t, o)
	}
	dir := filepath.Join(t.TempDir(), "db")
	if err := os.CopyFS(dir, os.DirFS(goldenStore)); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(goldenDigest)
	if err != nil {
		t.Fatal(err)
	}
	db, err := portrait.Open(dir, o)
	if err != nil {
		t.Fatalf("a store of format %d is not opened: %v\nIf the format changed before its release: go test -run TestFormat_golden -update .", store.FormatVersion, err)
	}
	if got := digest(t, db, now).String(); got != strings.TrimSpace(string(want)) {
		t.Errorf("digest %s, want %s", got, want)
	}
	if got := changes(t, db, portrait.Cursor{}); len(got) < 10 {
		t.Errorf("the feed has %d changes", len(got))
	}
	if _, err := db.Profile(t.Context(), id("email", "e-2@example.cn")); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("who was erased is there: %v", err)
	}
	res, err := db.Ingest(t.Context(), profile.Event{
		Source: "web", MessageID: "of today", Time: now, Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", "u-1")},
	})
	if err != nil || res.Accepted != 1 {
		t.Errorf("an event: %+v, %v", res, err)
	}
	if _, err := db.Privacy().VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
	checkAndClose(t, db)
}

// makeGolden makes a store that has something under every key that a host can bring about
// in a few calls.
func makeGolden(t *testing.T, o *portrait.Options) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "golden")
	db, err := portrait.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel+goldenModel)
	var events []profile.Event
	for i := range 120 {
		e := profile.Event{
			Source: "web", MessageID: fmt.Sprint(i), Time: epoch0.Add(time.Duration(i) * 7 * time.Hour), Name: "Order Completed",
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i%17)), id("email", fmt.Sprint("e-", i%11, "@example.cn")), id("anonymous_id", fmt.Sprint("a-", i))},
			Properties: map[string]profile.Value{
				"revenue": profile.Number(float64(i) + 0.25), "order_id": profile.String(fmt.Sprint("o", i)),
			},
		}
		if i%5 == 0 {
			e.Consent = []profile.Consent{{Purpose: "marketing", Status: profile.ConsentStatus(i % 3), Method: "form"}}
		}
		switch i % 4 {
		case 1:
			e.Type, e.Name, e.Properties = profile.Identify, "", nil
			e.Traits = map[string]profile.Value{
				"city": profile.String("上海"), "age": profile.Number(float64(20 + i)), "points": profile.Number(1.5),
				"interests": profile.Set(profile.String("运动"), profile.String("音乐")),
			}
		case 2:
			e.Name, e.Identifiers = "Product Viewed", e.Identifiers[2:]
		}
		events = append(events, e)
	}
	take(t, db, events...)
	for i, decide := range []func(*portrait.DB) error{
		func(db *portrait.DB) error {
			return only(db.Link(t.Context(), id("user_id", "u-3"), id("anonymous_id", "a-2"), portrait.Decision{Reason: "told by phone"}))
		},
		func(db *portrait.DB) error {
			return only(db.Unlink(t.Context(), id("user_id", "u-4"), id("email", "e-4@example.cn"), portrait.Decision{}))
		},
		func(db *portrait.DB) error {
			return only(db.Veto(t.Context(), id("user_id", "u-5"), id("user_id", "u-6"), portrait.Decision{}))
		},
		func(db *portrait.DB) error {
			_, err := db.Lists().Edit(t.Context(), "vip", "email", []string{"e-1@example.cn", "e-3@example.cn"}, nil)
			return err
		},
		func(db *portrait.DB) error {
			_, err := db.Privacy().Erase(t.Context(), id("email", "e-2@example.cn"))
			return err
		},
		func(db *portrait.DB) error {
			_, err := db.Privacy().Anonymise(t.Context(), id("email", "e-7@example.cn"))
			return err
		},
		func(db *portrait.DB) error { return db.Privacy().Suppress(t.Context(), id("user_id", "never seen")) },
	} {
		if err := decide(db); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	sum := digest(t, db, now)
	checkAndClose(t, db)
	if db, err = portrait.Open(dir, o); err != nil { // which removes old logs
		t.Fatal(err)
	}
	checkAndClose(t, db)
	if err := os.RemoveAll(goldenStore); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(goldenStore, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(goldenStore, "LOCK")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenDigest, []byte(sum.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// goldenModel is what the golden store has besides the test model.
const goldenModel = `  月活: {rule: 'count("Order Completed", last("30d")) >= 1'}
segments:
  上海买家: {rule: 'tag("买家") and tag("上海")'}
stages:
  - {name: 忠诚, rule: 'orders >= 5'}
  - {name: 其他}
log: {retain: 3650d}
`
