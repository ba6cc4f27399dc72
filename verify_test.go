package portrait_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// TestVerify erases somebody, and puts each of their records back behind the store's
// back: Verify finds it.
func TestVerify(t *testing.T) {
	fs := vfs.NewMem()
	opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, canaryModel)
	mei, mail, phone := id("user_id", "mei"), id("email", "mei@example.cn"), id("phone", "13777418829")
	for i := range 4 {
		if _, err := db.Ingest(t.Context(), profile.Event{
			MessageID: fmt.Sprint(i), Name: "Order Completed", Time: epoch0.Add(time.Duration(i) * time.Hour), Identifiers: []profile.Identifier{mei, mail, phone}[:1+i%3],
		}); err != nil {
			t.Fatal(err)
		}
	}
	bo := profile.Event{MessageID: "bo", Name: "Gift Sent", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", "bo")}, Properties: map[string]profile.Value{"to": profile.String("mei@example.cn")}}
	if _, err := db.Ingest(t.Context(), bo); err != nil {
		t.Fatal(err)
	}
	// Who else uses her telephone is another person: that is refused, and on record.
	takenIn(t, db, "an", profile.Event{Name: "Order Completed", Time: epoch0.Add(24 * time.Hour), Identifiers: []profile.Identifier{id("user_id", "an"), phone}})
	if err := only(db.Veto(t.Context(), mei, id("user_id", "li"), portrait.Decision{})); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lists().Edit(t.Context(), "vip", "phone", []string{"13777418829"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Privacy().Hold(t.Context(), "case-7", mei); err != nil {
		t.Fatal(err)
	}
	reopen := func() {
		t.Helper()
		if db, err = portrait.Open("db", opts); err != nil {
			t.Fatal(err)
		}
	}
	spaces := []byte{
		keys.Node, keys.Edge, keys.Veto, keys.Component, keys.Ordinal, keys.Event, keys.Expiry, keys.Audit, keys.Refusal, keys.ListPart, keys.Match, keys.Hold,
	}
	before := map[byte][][2][]byte{}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, fs, func(s *store.Store, b *store.Batch) {
		for _, space := range spaces {
			for key, value := range pairs(t, s, space) {
				before[space] = append(before[space], [2][]byte{bytes.Clone(key), bytes.Clone(value)})
			}
		}
		b.Delete([]byte{keys.Meta, 'x'})
	})
	reopen()
	if err := db.Privacy().ReleaseAll(t.Context(), "case-7"); err != nil {
		t.Fatal(err)
	}
	erased, err := db.Privacy().Erase(t.Context(), phone)
	if err != nil || !erased.Verified {
		t.Fatalf("%+v, %v", erased, err)
	}
	// She is named again, by a message that has her address as its ID.
	for _, message := range []string{"later", "MEI@example.cn"} {
		if res := takenIn(t, db, message, profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", "an"), mail, phone, {Namespace: "device_id", Value: "null"}}}); res.Dropped != 3 {
			t.Errorf("her event: %+v", res)
		}
	}
	refusalsNameNobody(t, db, "MEI@example.cn")
	found := func() privacy.Verification {
		t.Helper()
		v, err := db.Privacy().Verify(t.Context())
		if err != nil || v.Identifiers != 3 {
			t.Fatal(v, err)
		}
		return v
	}
	if v := found(); v.Keyed != 0 || v.Named != 1 {
		t.Errorf("after an erasure: %+v", v)
	}
	for _, space := range spaces {
		if len(before[space]) == 0 {
			t.Fatalf("there was nothing under %q", space)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		tamper(t, fs, func(_ *store.Store, b *store.Batch) {
			for _, kv := range before[space] {
				b.Set(kv[0], kv[1])
			}
		})
		reopen()
		if v := found(); v.Keyed == 0 {
			t.Errorf("records under %q are not found", space)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		tamper(t, fs, func(_ *store.Store, b *store.Batch) { b.DeleteRange([]byte{space}, []byte{space + 1}) })
		reopen()
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// refusalsNameNobody makes sure that the records of suppressed identifiers tell nothing of
// whose they are, and that none is of a message of that name.
func refusalsNameNobody(t *testing.T, db *portrait.DB, message string) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	suppressed := 0
	for rec, err := range v.Refusals(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.MessageID == message {
			t.Errorf("a record has her address: %+v", rec)
		}
		if rec.Rule == "suppressed" {
			suppressed++
			if rec.Hash != "" || rec.A != (profile.Identifier{}) {
				t.Errorf("a record leads to her: %+v", rec)
			}
		}
	}
	if suppressed != 4 {
		t.Errorf("%d records of suppressed identifiers, want 4", suppressed)
	}
}
