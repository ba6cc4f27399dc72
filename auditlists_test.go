package portrait_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// What changes a list is on record in its own commit, without the list's name or anybody in
// it; what is refused is not.
func TestAudit_lists(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	for _, who := range []string{"mei", "bo", "li"} {
		take(t, db, profile.Event{MessageID: who, Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", who)}})
	}
	ctx := privacy.WithNote(t.Context(), privacy.Note{By: "clerk-7", Case: "DSR-7"})
	bad := privacy.WithNote(t.Context(), privacy.Note{By: "mei@example.cn"})
	lists := db.Lists()
	const name = "mei's friends"
	var epochs []uint64
	done := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		epochs = append(epochs, db.Metrics().Epoch)
	}
	refused := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	done(list(lists.Edit(ctx, name, "user_id", []string{"mei", "bo", "nobody"}, []string{"li"})))
	refused("a namespace that is not there", list(lists.Edit(ctx, name, "shoe", []string{"mei"}, nil)))
	done(list(lists.Upload(ctx, name, strings.NewReader("li\n"), segment.Upload{Namespace: "user_id"})))
	refused("an empty upload", list(lists.Upload(ctx, name, strings.NewReader(""), segment.Upload{Namespace: "user_id"})))
	before := db.Metrics().Epoch
	refused("a note that could name somebody", list(lists.Upload(bad, name, strings.NewReader("li\n"), segment.Upload{Namespace: "user_id"})))
	refused("a note that could name somebody", list(lists.Edit(bad, name, "", []string{"mei"}, nil)))
	refused("a note that could name somebody", lists.Drop(bad, name))
	if e := db.Metrics().Epoch; e != before {
		t.Errorf("commit %d, and it was %d", e, before)
	}
	done(lists.Drop(ctx, name))
	refused("a list that is gone", lists.Drop(ctx, name))

	all, err := collect(db.Privacy().Audit(t.Context(), 0))
	if err != nil {
		t.Fatal(err)
	}
	var whom []privacy.Pseudonym
	for _, who := range []string{"mei", "bo", "li"} {
		p, err := db.Privacy().Pseudonym(id("user_id", who))
		if err != nil {
			t.Fatal(err)
		}
		whom = append(whom, p)
	}
	slices.SortFunc(whom, func(a, b privacy.Pseudonym) int { return strings.Compare(string(a[:]), string(b[:])) })
	want := []privacy.Record{
		{What: "edit list", Detail: listDetail(name, 2), Subjects: whom},
		{What: "upload list", Detail: listDetail(name, 1)},
		{What: "drop list", Detail: listDetail(name, 0)},
	}
	if len(all) != len(want) {
		t.Fatalf("%d records: %+v", len(all), all)
	}
	for i, rec := range all {
		want[i].Epoch, want[i].At, want[i].Note = epochs[i], rec.At, privacy.Note{By: "clerk-7", Case: "DSR-7"}
		want[i].Head = rec.Head
		if d := cmp.Diff(want[i], rec); d != "" {
			t.Error(d)
		}
	}
}

func listDetail(name string, n int) string {
	return fmt.Sprintf("list sha256:%x: %d identifiers", sha256.Sum256([]byte(name)), n)
}

// Keys that are taken out are on record; where there are none there is nothing to record.
func TestAudit_backup_keys(t *testing.T) {
	for shred, want := range map[bool]int{true: 1, false: 0} {
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), Shred: shred})
		ctx := privacy.WithNote(t.Context(), privacy.Note{By: "clerk-7"})
		if err := db.Admin().BackupKeys(ctx, targetOf(t)); err != nil {
			t.Fatal(err)
		}
		all, err := collect(db.Privacy().Audit(t.Context(), 0))
		if err != nil || len(all) != want || want > 0 && (all[0].What != "backup keys" || all[0].By != "clerk-7") {
			t.Errorf("with keys %t: %+v, %v", shred, all, err)
		}
	}
}

// list leaves the report of an upload or an edit away.
func list(_ segment.Uploaded, err error) error { return err }
