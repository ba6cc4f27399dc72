package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/store"
)

// suppressDaily leaves one record a day in the audit log, from a day on, and returns the
// heads after each.
func suppressDaily(t *testing.T, db *portrait.DB, clock *time.Time, days int) []privacy.Head {
	t.Helper()
	var heads []privacy.Head
	for i := range days {
		*clock = clock.AddDate(0, 0, 1)
		if err := db.Privacy().Suppress(t.Context(), id("email", fmt.Sprintf("%d-%s@example.cn", i, clock.Format(time.DateOnly)))); err != nil {
			t.Fatal(err)
		}
		head, err := db.Privacy().VerifyAudit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, head)
	}
	return heads
}

// TestAudit_pruned prunes the audit log by age and by number: what is left verifies, also
// after reopening and against heads that were kept, and goes on from there.
func TestAudit_pruned(t *testing.T) {
	fs, clock := vfs.NewMem(), now
	opts := portrait.WithFS(portrait.Options{Clock: func() time.Time { return clock }}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	prune := func(old privacy.OldRecords) privacy.Head {
		t.Helper()
		head, err := db.Privacy().PruneAudit(t.Context(), old)
		if err != nil {
			t.Fatal(err)
		}
		return head
	}
	heads := suppressDaily(t, db, &clock, 10)
	if _, err := db.Privacy().PruneAudit(t.Context(), privacy.OldRecords{}); err == nil {
		t.Error("all was pruned")
	}
	if got := prune(privacy.OldRecords{Before: now}); got != (privacy.Head{}) {
		t.Errorf("nothing is as old: %v", got)
	}
	for _, step := range []struct {
		old  privacy.OldRecords
		want privacy.Head
	}{
		{privacy.OldRecords{Before: now.AddDate(0, 0, 4)}, heads[2]},
		{privacy.OldRecords{UpTo: 2}, heads[2]}, // gone before
		{privacy.OldRecords{UpTo: 5}, heads[4]},
		{privacy.OldRecords{UpTo: 9, Before: now.AddDate(0, 0, 7)}, heads[5]},
	} {
		if got := prune(step.old); got != step.want {
			t.Errorf("%+v: %v, want %v", step.old, got, step.want)
		}
		all, err := collect(db.Privacy().Audit(t.Context(), 0))
		if err != nil || all[0].Number != step.want.Number+1 {
			t.Errorf("the log begins with %+v, %v", all[0], err)
		}
		if last := all[len(all)-1]; last.What != "prune" || last.Detail != step.want.String() && step.old.UpTo != 2 {
			t.Errorf("the last record is %+v", last)
		}
		if _, err := db.Privacy().VerifyAudit(t.Context(), append(heads, privacy.Head{})...); err != nil {
			t.Error(err)
		}
	}
	checkAndClose(t, db)
	if db, err = portrait.Open("db", opts); err != nil {
		t.Fatal(err)
	}
	heads = append(heads, suppressDaily(t, db, &clock, 3)...)
	// Everything up to now goes, and the record of that is all there is.
	last := prune(privacy.OldRecords{Before: clock.Add(time.Second)})
	if all, err := collect(db.Privacy().Audit(t.Context(), 0)); err != nil || len(all) != 1 || all[0].Detail != last.String() {
		t.Errorf("%+v, %v", all, err)
	}
	if last != heads[len(heads)-1] {
		t.Errorf("the last that went is %v", last)
	}
	forged := privacy.Head{Number: last.Number, Hash: heads[0].Hash}
	if _, err := db.Privacy().VerifyAudit(t.Context(), forged); !errors.Is(err, portrait.ErrCorrupt) {
		t.Errorf("another head of the last that was pruned: %v", err)
	}
	checkAndClose(t, db)
}

// TestAudit_pruned_tampered changes a pruned log behind the store's back: VerifyAudit and
// Check tell, and nothing is pruned of what is not as it was written.
func TestAudit_pruned_tampered(t *testing.T) {
	set := func(b *store.Batch, anchor privacy.Head) {
		value := append([]byte{1, 0x92, byte(anchor.Number), 0xc4, 32}, anchor.Hash[:]...)
		b.Set(keys.AppendMeta(nil, "anchor"), value)
	}
	for name, damage := range map[string]func(b *store.Batch, heads []privacy.Head, all [][2][]byte){
		"the next record gone": func(b *store.Batch, _ []privacy.Head, all [][2][]byte) { b.Delete(all[0][0]) },
		"the anchor gone":      func(b *store.Batch, _ []privacy.Head, _ [][2][]byte) { b.Delete(keys.AppendMeta(nil, "anchor")) },
		"another anchor": func(b *store.Batch, heads []privacy.Head, _ [][2][]byte) {
			set(b, privacy.Head{Number: 4, Hash: heads[2].Hash})
		},
		"more cut off, anchor and all": func(b *store.Batch, heads []privacy.Head, all [][2][]byte) {
			b.Delete(all[0][0])
			set(b, heads[4])
		},
		"a record changed": func(b *store.Batch, _ []privacy.Head, all [][2][]byte) {
			b.Set(all[1][0], bytes.Replace(all[1][1], []byte("suppress"), []byte("suppresS"), 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs, clock := vfs.NewMem(), now
			opts := portrait.WithFS(portrait.Options{Clock: func() time.Time { return clock }}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			heads := suppressDaily(t, db, &clock, 8)
			if got, err := db.Privacy().PruneAudit(t.Context(), privacy.OldRecords{UpTo: 4}); err != nil || got != heads[3] {
				t.Fatal(got, err)
			}
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) {
				var all [][2][]byte
				for key, value := range pairs(t, s, keys.Chain) {
					all = append(all, [2][]byte{bytes.Clone(key), bytes.Clone(value)})
				}
				damage(b, heads, all)
			})
			if db, err = portrait.Open("db", opts); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Privacy().VerifyAudit(t.Context()); !errors.Is(err, portrait.ErrCorrupt) || !strings.Contains(err.Error(), "audit log: ") {
				t.Errorf("VerifyAudit: %v", err)
			}
			if _, err = db.Privacy().PruneAudit(t.Context(), privacy.OldRecords{UpTo: 7}); !errors.Is(err, portrait.ErrCorrupt) {
				t.Errorf("pruned: %v", err)
			}
			mustDiffer(t, db)
		})
	}
}
