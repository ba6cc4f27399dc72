package portrait_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// actingReader does something once all before its end has been read.
type actingReader struct {
	io.Reader
	act func()
}

func (r *actingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF && r.act != nil {
		r.act()
		r.act = nil
	}
	return n, err
}

// Whoever is erased while a list is being read is not in it, nor is who comes back by one of
// the identifiers; and the ledger of an older day, whose instants lie before the upload, can
// erase them as well.
func TestUpload_while_somebody_is_erased(t *testing.T) {
	for name, erase := range map[string]func(t *testing.T, db *portrait.DB, ledger []byte){
		"erased": func(t *testing.T, db *portrait.DB, _ []byte) {
			if _, err := db.Privacy().Erase(t.Context(), id("phone", phoneOf(1))); err != nil {
				t.Fatal(err)
			}
		},
		"anonymised": func(t *testing.T, db *portrait.DB, _ []byte) {
			if _, err := db.Privacy().Anonymise(t.Context(), id("phone", phoneOf(1))); err != nil {
				t.Fatal(err)
			}
		},
		"by a ledger": func(t *testing.T, db *portrait.DB, ledger []byte) {
			if done, err := db.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledger)); err != nil || done.Identifiers != 3 {
				t.Fatal(done, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := clockAt(now)
			dir := t.TempDir()
			opts := &portrait.Options{Clock: c.now, NoSync: true}
			db := open(t, dir, opts)
			apply(t, db, listModel)
			see := func(message string, i int) {
				take(t, db, profile.Event{Type: profile.Page, MessageID: message, Time: c.now(), Identifiers: []profile.Identifier{
					id("user_id", fmt.Sprint("user", i)), id("phone", phoneOf(i)), id("email", fmt.Sprintf("u%d@example.cn", i)),
				}})
			}
			for i := range 4 {
				see(fmt.Sprint("first ", i), i)
			}
			ledger := ledgerOfErased(t, dir, opts, db)
			c.set(now.Add(time.Hour))
			for _, seek := range []int{0, 1 << 20} {
				portrait.SmallLists(db, 1, seek)
				text := &actingReader{Reader: strings.NewReader(phoneOf(1) + "\n" + phoneOf(2) + "\n"), act: func() {
					erase(t, db, ledger)
				}}
				got, err := db.Lists().Upload(t.Context(), "list", text, segment.Upload{Namespace: "phone", Kind: "plain"})
				if err != nil || got.Profiles != 1 {
					t.Errorf("seek %d: %+v, %v", seek, got, err)
				}
				listHolds(t, db, "list", map[profile.Identifier]bool{id("phone", phoneOf(2)): true})
				if err := db.Check(t.Context()); err != nil {
					t.Error(err)
				}
				// Back, for the next round.
				if err := db.Privacy().Unsuppress(t.Context(), id("user_id", "user1"), id("phone", phoneOf(1)), id("email", "u1@example.cn")); err != nil {
					t.Fatal(err)
				}
				c.set(c.now().Add(time.Hour))
				see(fmt.Sprint("again ", seek), 1)
				c.set(c.now().Add(time.Hour))
				if name == "by a ledger" {
					break // which has been replayed
				}
			}
		})
	}
}

// ledgerOfErased returns the ledger of a copy of a store in which somebody was erased.
func ledgerOfErased(t *testing.T, dir string, opts *portrait.Options, db *portrait.DB) []byte {
	t.Helper()
	copied := dir + "-copied"
	if err := db.Admin().Checkpoint(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	other := open(t, copied, opts)
	if _, err := other.Privacy().Erase(t.Context(), id("phone", phoneOf(1))); err != nil {
		t.Fatal(err)
	}
	ledger := ledgerOf(t, other)
	checkAndClose(t, other)
	return ledger
}

// While a list is uploaded people are erased, admitted again and named anew, each in commits
// of their own: the list holds nobody whom its identifiers do not name.
func TestUpload_while_people_come_back(t *testing.T) {
	seeds := seed(t)
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	c := clockAt(now)
	db := open(t, t.TempDir(), &portrait.Options{Clock: c.now, NoSync: true})
	apply(t, db, listModel)
	const people = 24
	var messages atomic.Int64
	see := func(i int) error {
		n := messages.Add(1)
		_, err := db.Ingest(t.Context(), profile.Event{
			Type: profile.Page, MessageID: fmt.Sprint(n), Time: c.now().Add(time.Minute),
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("user", i)), id("phone", phoneOf(i))},
		})
		return err
	}
	for i := range people {
		if err := see(i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Lists().Edit(t.Context(), "list", "phone", nil, nil); err != nil {
		t.Fatal(err)
	}
	apply(t, db, listModel+`  live: {rule: 'in_list("list") and count("$page") > 0'}`+"\n")
	for round := range rounds {
		portrait.SmallLists(db, 1+round%3, []int{0, 1 << 20}[round%2])
		var text strings.Builder
		for i := range people {
			if seeds.IntN(3) > 0 {
				fmt.Fprintln(&text, phoneOf(i))
			}
		}
		var writer sync.WaitGroup
		r := rand.New(rand.NewPCG(seeds.Uint64(), 1))
		writer.Go(func() {
			for range 12 {
				i := r.IntN(people)
				ids := []profile.Identifier{id("user_id", fmt.Sprint("user", i)), id("phone", phoneOf(i))}
				if _, err := db.Privacy().Erase(t.Context(), ids[1]); err != nil {
					t.Error(err)
				}
				if err := db.Privacy().Unsuppress(t.Context(), ids...); err != nil {
					t.Error(err)
				}
				if err := see(i); err != nil {
					t.Error(err)
				}
			}
		})
		_, err := db.Lists().Upload(t.Context(), "list", strings.NewReader(text.String()), segment.Upload{Namespace: "phone", Kind: "plain"})
		writer.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		c.set(c.now().Add(time.Hour))
	}
}
