package portrait_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// TestHold holds somebody: nobody erases them, alone or with others, nor after they have
// become one with somebody else or the store was opened again, until the release.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now)}
	db := open(t, dir, opts)
	mei, bo, li, phone := id("user_id", "mei"), id("user_id", "bo"), id("user_id", "li"), id("phone", "13777418829")
	see := func(n int, ids ...profile.Identifier) {
		t.Helper()
		res, err := db.Ingest(t.Context(), profile.Event{MessageID: fmt.Sprint(n), Name: "Order Completed", Time: epoch0, Identifiers: ids})
		if err != nil || res.Accepted != 1 {
			t.Fatal(res, err)
		}
	}
	see(1, mei, phone)
	see(2, bo)
	see(3, li)
	rights := db.Privacy()
	if err := rights.Hold(t.Context(), "case 7", mei); err == nil {
		t.Error("a reference with a space was taken")
	}
	if err := rights.Hold(t.Context(), "case-7", mei, id("user_id", "nobody")); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("somebody unknown is held: %v", err)
	}
	for _, ref := range []string{"case-7", "case-7", "case-8"} {
		if err := rights.Hold(t.Context(), ref, mei); err != nil {
			t.Fatal(err)
		}
	}
	held := func(want bool, ids ...profile.Identifier) {
		t.Helper()
		preview, err := db.Privacy().Preview(t.Context(), ids...)
		if err != nil || (preview.Held == 1) != want {
			t.Errorf("a preview says that %+v are held, %v", preview, err)
		}
		if !want {
			return
		}
		for name, erase := range map[string]eraser{"Erase": (*portrait.Privacy).Erase, "Anonymise": (*portrait.Privacy).Anonymise} {
			if _, err := erase(db.Privacy(), t.Context(), ids...); !errors.Is(err, privacy.ErrHeld) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	held(true, phone)
	held(true, li, mei)
	held(false, li)
	// Who is found to be one with them is held.
	if err := only(db.Link(t.Context(), phone, id("email", "bo@example.cn"), portrait.Decision{})); err != nil {
		t.Fatal(err)
	}
	held(true, id("email", "bo@example.cn"))
	// What was theirs stays so, should it turn out to be somebody else's.
	if err := only(db.Detach(t.Context(), phone, portrait.Decision{})); err != nil {
		t.Fatal(err)
	}
	held(true, phone)
	held(true, mei)
	checkAndClose(t, db)
	db = open(t, dir, opts)
	held(true, mei)
	if refs := exportedHolds(t, db, mei); !slices.Equal(refs, []string{"case-7", "case-8"}) {
		t.Errorf("exported %q", refs)
	}
	if err := db.Privacy().Release(t.Context(), "case-7", mei); err != nil {
		t.Fatal(err)
	}
	held(true, mei)
	if err := db.Privacy().ReleaseAll(t.Context(), "case-8"); err != nil {
		t.Fatal(err)
	}
	held(false, mei)
	held(true, phone) // under the other one
	if err := db.Privacy().Release(t.Context(), "case-8", phone); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("released twice: %v", err)
	}
	if _, err := db.Privacy().Erase(t.Context(), mei); err != nil {
		t.Error(err)
	}
}

// What names nobody, or no reference, is refused and changes nothing: a list of identifiers
// that came out empty releases nobody.
func TestHold_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	mei := id("user_id", "mei")
	take(t, db, profile.Event{MessageID: "1", Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{mei}})
	rights := db.Privacy()
	if err := rights.Hold(t.Context(), "case-7", mei); err != nil {
		t.Fatal(err)
	}
	epoch := db.Metrics().Epoch
	none := []profile.Identifier{}
	for _, call := range []struct {
		name string
		do   func() error
		want string
	}{
		{"hold nobody", func() error { return rights.Hold(t.Context(), "case-7") }, "portrait: hold: no identifier is given"},
		{"hold an empty list", func() error { return rights.Hold(t.Context(), "case-8", none...) }, "portrait: hold: no identifier is given"},
		{"release nobody", func() error { return rights.Release(t.Context(), "case-7") }, "portrait: release: no identifier is given"},
		{"release an empty list", func() error { return rights.Release(t.Context(), "case-7", none...) }, "portrait: release: no identifier is given"},
		{"hold under nothing", func() error { return rights.Hold(t.Context(), "", mei) }, "portrait: hold: the reference is empty"},
		{"release under nothing", func() error { return rights.Release(t.Context(), "", mei) }, "portrait: release: the reference is empty"},
		{"release all under nothing", func() error { return rights.ReleaseAll(t.Context(), "") }, "portrait: release: the reference is empty"},
	} {
		if err := call.do(); err == nil || err.Error() != call.want {
			t.Errorf("%s: %v", call.name, err)
		}
	}
	if err := rights.ReleaseAll(t.Context(), "case-9"); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("release all of a reference that nobody is held under: %v", err)
	}
	if e := db.Metrics().Epoch; e != epoch {
		t.Errorf("commit %d, and it was %d", e, epoch)
	}
	if refs := exportedHolds(t, db, mei); !slices.Equal(refs, []string{"case-7"}) {
		t.Errorf("held under %q", refs)
	}
}

func exportedHolds(t *testing.T, db *portrait.DB, of profile.Identifier) (refs []string) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var out bytes.Buffer
	if err := v.Export(t.Context(), of, &out); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Holds []struct {
			Reference string    `json:"reference"`
			Since     time.Time `json:"since"`
		} `json:"legal_holds"`
	}
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	for _, h := range d.Holds {
		if !h.Since.Equal(now) {
			t.Errorf("held since %v", h.Since)
		}
		refs = append(refs, h.Reference)
	}
	return refs
}

// TestHold_events keeps the expired events of whoever is held on disk, and shows none of
// them; after the release they go as others do.
func TestHold_events(t *testing.T) {
	at := now
	dir := t.TempDir()
	db := open(t, dir, &portrait.Options{Clock: func() time.Time { return at }, NoSync: true})
	apply(t, db, "log: {retain: 10d}")
	who := []profile.Identifier{id("user_id", "held"), id("user_id", "free"), id("device_id", "theirs")}
	for i, of := range who {
		for n := range 5 {
			e := profile.Event{MessageID: fmt.Sprint(i, n), Name: "Order Completed", Time: now.Add(time.Duration(n) * 24 * time.Hour), Identifiers: []profile.Identifier{of}}
			if i == 2 && n == 0 {
				e.Identifiers = []profile.Identifier{who[0], of}
			}
			if at = e.Time; at.Before(now) {
				at = now
			}
			if _, err := db.Ingest(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Privacy().Hold(t.Context(), "case-7", who[0]); err != nil {
		t.Fatal(err)
	}
	at = now.Add(90 * 24 * time.Hour)
	left := func() (events int) {
		t.Helper()
		if err := db.Advance(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		for _, of := range who {
			v, err := db.View(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if shown, err := collect(v.Timeline(t.Context(), of, time.Time{}, time.Time{})); err != nil || len(shown) > 0 {
				t.Errorf("%d expired events of %v are shown, %v", len(shown), of, err)
			}
			v.Close()
		}
		return portrait.LoggedEvents(db)
	}
	if n := left(); n != 10 {
		t.Errorf("%d events are kept, want the 10 of who is held", n)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if done, err := db.Admin().Repair(t.Context()); err != nil || len(done.Mended) > 0 {
		t.Errorf("repaired %+v, %v", done, err)
	}
	if err := db.Privacy().ReleaseAll(t.Context(), "case-7"); err != nil {
		t.Fatal(err)
	}
	at = at.Add(24 * time.Hour)
	if n := left(); n != 0 {
		t.Errorf("%d events are kept after the release", n)
	}
}

// TestHold_ledger replays ledgers of erasures over somebody who is held: in an open store and
// in a copy that is opened, they stay, and go once they are released.
func TestHold_ledger(t *testing.T) {
	dir, opts := t.TempDir(), &portrait.Options{Clock: fixed(now)}
	db := open(t, filepath.Join(dir, "a"), opts)
	mei, phone, bo := id("user_id", "mei"), id("phone", "13777418829"), id("user_id", "bo")
	takenIn(t, db, "1", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{mei, phone}})
	takenIn(t, db, "2", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{bo}})
	if err := db.Privacy().Hold(t.Context(), "case-7", mei); err != nil {
		t.Fatal(err)
	}
	target := targetOf(t)
	m, err := db.Admin().Backup(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Privacy().Release(t.Context(), "case-7", mei); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Privacy().Erase(t.Context(), mei, bo); err != nil {
		t.Fatal(err)
	}
	ledger := ledgerOf(t, db)
	for name, how := range map[string]backup.RestoreOptions{"opened": {Ledger: bytes.NewReader(ledger)}, "replayed": {NoLedger: true}} {
		t.Run(name, func(t *testing.T) {
			at := filepath.Join(dir, name)
			if _, err := backup.Restore(t.Context(), target, m.ID, at, how); err != nil {
				t.Fatal(err)
			}
			copied := open(t, at, opts)
			want := []profile.Identifier{mei, phone}
			for range 2 {
				done, err := copied.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledger))
				if slices.SortFunc(done.Held, profile.Identifier.Compare); err != nil || !slices.Equal(done.Held, []profile.Identifier{phone, mei}) {
					t.Fatalf("replayed %+v, %v", done, err)
				}
				if _, err := copied.Profile(t.Context(), bo); !errors.Is(err, portrait.ErrNotFound) {
					t.Errorf("who is not held: %v", err)
				}
				for _, id := range want {
					if p, err := copied.Profile(t.Context(), id); err != nil || p.Events != 1 {
						t.Errorf("%v is held, and is %+v, %v", id, p, err)
					}
				}
			}
			if err := copied.Privacy().Release(t.Context(), "case-7", mei); err != nil {
				t.Fatal(err)
			}
			done, err := copied.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledger))
			if err != nil || done.Identifiers != 2 || len(done.Held) > 0 {
				t.Fatalf("after the release: %+v, %v", done, err)
			}
			if left := identifiersIn(t, copied); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
			checkAndClose(t, copied)
		})
	}
}
