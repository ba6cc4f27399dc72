package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// audited asks for one of everything that is audited, and returns the heads of receipts.
func audited(t *testing.T, db *portrait.DB) []privacy.Head {
	t.Helper()
	ctx := privacy.WithNote(t.Context(), privacy.Note{By: "clerk-7", Case: "DSR-2026/118"})
	rights := db.Privacy()
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	apply(t, db, canaryModel)
	mei, phone := id("user_id", "mei"), id("phone", "13777418829")
	for n, of := range [][]profile.Identifier{{mei, phone}, {phone}} { // the telephone has an event of its own, and stays
		takenIn(t, db, fmt.Sprint(n), profile.Event{Name: "Order Completed", Identifiers: of})
	}
	var err error
	var out bytes.Buffer
	v, err := db.View(ctx)
	try(err)
	try(v.Export(ctx, mei, &out))
	v.Close()
	try(only(db.Veto(t.Context(), mei, id("user_id", "bo"), portrait.Decision{Reason: "mei is not bo"})))
	try(only(db.Split(t.Context(), [][]profile.Identifier{{mei}, {phone}}, portrait.Decision{})))
	try(rights.Suppress(ctx, id("email", "gone@example.cn")))
	erased, err := rights.Erase(ctx, mei)
	try(err)
	try(rights.Unsuppress(ctx, mei))
	_, err = rights.Purge(ctx)
	try(err)
	_, err = rights.Preview(ctx, phone)
	try(err)
	_, err = db.Suggest(t.Context(), portrait.Suggestion{A: id("user_id", "bo"), B: id("phone", "13777418820"), Match: identity.Match{Model: 1, Weight: 9000}})
	try(err)
	try(db.Admin().Checkpoint(ctx, "copied"))
	_, err = db.Admin().Backup(ctx, targetOf(t))
	try(err)
	try(db.Admin().Rekey(t.Context()))
	return []privacy.Head{erased.Audit}
}

// TestAudit asks for one of everything: each has one record, in its own commit, with
// whom it was about and nothing of them, and no refused call or preview has one.
func TestAudit(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	t.Chdir(t.TempDir()) // where the checkpoint goes
	heads := audited(t, db)
	if err := db.Privacy().Suppress(privacy.WithNote(t.Context(), privacy.Note{By: "林 mei@example.cn"}), id("email", "x@example.cn")); err == nil {
		t.Error("a note that could name somebody was taken")
	}
	pseudonym := func(of profile.Identifier) privacy.Pseudonym {
		t.Helper()
		p, err := db.Privacy().Pseudonym(of)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	name := map[privacy.Pseudonym]string{}
	for _, of := range []profile.Identifier{id("user_id", "mei"), id("phone", "137 7741 8829"), id("user_id", "bo"), id("email", "Gone@example.cn"), id("phone", "13777418820")} {
		name[pseudonym(of)] = of.Value
	}
	all, err := collect(db.Privacy().Audit(t.Context(), 0))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, rec := range all {
		if rec.Number != uint64(i+1) || rec.Epoch == 0 || !rec.At.Equal(now) {
			t.Errorf("record %d: %+v", i+1, rec)
		}
		var whom []string
		for _, s := range rec.Subjects {
			whom = append(whom, name[s])
		}
		slices.Sort(whom)
		detail, _, _ := strings.Cut(rec.Detail, ":")
		got = append(got, strings.TrimRight(strings.Join([]string{rec.What, strings.Join(whom, "+"), rec.By, rec.Case, detail}, " "), " "))
	}
	want := []string{
		"apply    model sha256", "export 137 7741 8829+mei clerk-7 DSR-2026/118", "veto bo+mei", "unlink 137 7741 8829+mei", "veto 137 7741 8829+mei",
		"suppress Gone@example.cn clerk-7 DSR-2026/118", "erase mei clerk-7 DSR-2026/118", "unsuppress mei clerk-7 DSR-2026/118", "purge  clerk-7 DSR-2026/118 begun", "purge mei clerk-7 DSR-2026/118",
		"suggest 13777418820+bo", "checkpoint  clerk-7 DSR-2026/118", "backup  clerk-7 DSR-2026/118", "rekey    begun", "rekey",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	head, err := db.Privacy().VerifyAudit(t.Context(), heads...)
	if err != nil || head != all[len(all)-1].Head {
		t.Errorf("head %v, %v", head, err)
	}
	if _, err := db.Privacy().VerifyAudit(t.Context(), privacy.Head{Number: 3, Hash: heads[0].Hash}); !errors.Is(err, portrait.ErrCorrupt) {
		t.Errorf("a head that is not in the log: %v", err)
	}
	late, err := collect(db.Privacy().Audit(t.Context(), head.Number))
	if err != nil || len(late) != 1 || late[0].What != "rekey" {
		t.Errorf("from the last on: %+v, %v", late, err)
	}
}

// TestAudit_tampered changes the log behind the store's back: VerifyAudit and Check tell.
func TestAudit_tampered(t *testing.T) {
	for name, damage := range map[string]func(s *store.Store, b *store.Batch, all [][2][]byte){
		"a record changed": func(_ *store.Store, b *store.Batch, all [][2][]byte) {
			b.Set(all[2][0], bytes.Replace(all[2][1], []byte("veto"), []byte("lift"), 1))
		},
		"a record gone":      func(_ *store.Store, b *store.Batch, all [][2][]byte) { b.Delete(all[3][0]) },
		"the first one gone": func(_ *store.Store, b *store.Batch, all [][2][]byte) { b.Delete(all[0][0]) },
		"the last one gone":  func(_ *store.Store, b *store.Batch, all [][2][]byte) { b.Delete(all[len(all)-1][0]) },
		"two swapped": func(_ *store.Store, b *store.Batch, all [][2][]byte) {
			b.Set(all[1][0], all[2][1])
			b.Set(all[2][0], all[1][1])
		},
		"one added": func(_ *store.Store, b *store.Batch, all [][2][]byte) {
			b.Set(keys.AppendChain(nil, uint64(len(all)+1)), all[0][1])
		},
		"all gone": func(_ *store.Store, b *store.Batch, _ [][2][]byte) {
			b.DeleteRange([]byte{keys.Chain}, keys.End([]byte{keys.Chain}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			audited(t, db)
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) {
				var all [][2][]byte
				for key, value := range pairs(t, s, keys.Chain) {
					all = append(all, [2][]byte{bytes.Clone(key), bytes.Clone(value)})
				}
				damage(s, b, all)
			})
			if db, err = portrait.Open("db", opts); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Privacy().VerifyAudit(t.Context()); !errors.Is(err, portrait.ErrCorrupt) || !strings.Contains(err.Error(), "record ") {
				t.Errorf("VerifyAudit: %v", err)
			}
			mustDiffer(t, db)
		})
	}
}

// TestAudit_rewritten rewrites the whole log, hashes and all, and cuts its tail off with
// the store's own record of it: the head of a receipt tells.
func TestAudit_rewritten(t *testing.T) {
	fs := vfs.NewMem()
	opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := db.Privacy().VerifyAudit(t.Context())
	if err != nil || empty != (privacy.Head{}) {
		t.Fatalf("the head of an empty log is %v, %v", empty, err)
	}
	heads := append(audited(t, db), empty)
	checkAndClose(t, db)
	tamper(t, fs, func(_ *store.Store, b *store.Batch) {
		b.DeleteRange([]byte{keys.Chain}, keys.End([]byte{keys.Chain}))
		b.Delete(keys.AppendMeta(nil, "audit"))
	})
	if db, err = portrait.Open("db", opts); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Privacy().VerifyAudit(t.Context()); err != nil {
		t.Errorf("of itself the log is whole: %v", err)
	}
	if _, err := db.Privacy().VerifyAudit(t.Context(), heads...); !errors.Is(err, portrait.ErrCorrupt) || !strings.Contains(err.Error(), "was kept, and is not there") {
		t.Errorf("with a kept head: %v", err)
	}
}
