package portrait_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
)

// TestApply_identity_disk_errors breaks the disk somewhere in a change of rules:
// readers, new ones too, see the people of before, whole, until the store is
// reopened, and then those of before or of after.
func TestApply_identity_disk_errors(t *testing.T) {
	r := seed(t)
	hits := 0
	for round := range int64(4 * *rounds) {
		mem := vfs.NewMem()
		f := &fault{kind: errorfs.OpFileWrite, file: ".log", nth: 1 << 40, err: syscall.EIO}
		db, err := portrait.Open("db", portrait.WithRecastBatch(small(errorfs.Wrap(mem, f)), 3))
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, drawLaxModel(r))
		play(t, db, history(r, 80, 10), 1)
		rules := model(t, drawLaxModel(r))
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := groupsOf(t, db)
		f.nth = f.seen.Load() + 1 + round%12
		_, err = db.Apply(t.Context(), rules)
		after := groupsOf(t, db)
		if err != nil {
			hits++
			if !errorIs(err, portrait.ErrFailed) {
				t.Errorf("Apply on a broken disk: %v", err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("who is who changed:\n%s", diff)
			}
			if _, err := db.Apply(t.Context(), rules); !errorIs(err, portrait.ErrFailed) {
				t.Errorf("Apply after a failure: %v", err)
			}
			if _, err := v.IdentityHealth(t.Context()); err != nil {
				t.Errorf("health after a failure: %v", err)
			}
			if err := db.Check(t.Context()); err != nil {
				t.Errorf("check after a failure: %v", err)
			}
		}
		v.Close()
		if cerr := db.Close(); err != nil && cerr == nil {
			t.Error("Close does not report the failure")
		}
		again := open(t, "db", small(mem))
		if _, err := again.Apply(t.Context(), rules); err != nil {
			t.Fatal(err)
		}
		if err == nil && !cmp.Equal(after, groupsOf(t, again)) {
			t.Errorf("once reopened (-before +now):\n%s", cmp.Diff(after, groupsOf(t, again)))
		}
		checkAndClose(t, again)
	}
	if hits == 0 {
		t.Error("no fault was injected: the test shows nothing")
	}
}

// An Apply with Background of other identity rules breaks off half way: the next Open
// finishes the rules and leaves what there is to fill to the background again.
func TestApply_identity_background_interrupted(t *testing.T) {
	rules := "identity:\n  namespaces:\n    - {name: user_id, priority: 1}\n    - {name: device_id, priority: 2, kind: device%s}\n"
	interrupted := 0
	for nth := int64(1); nth <= 6; nth++ {
		mem := vfs.NewMem()
		f := &fault{kind: errorfs.OpFileWrite, file: ".log", nth: 1 << 40, err: syscall.EIO}
		opts := func(fs vfs.FS) *portrait.Options {
			o := small(fs)
			o.FillRate = 1
			return portrait.WithRecastBatch(o, 3)
		}
		db, err := portrait.Open("db", opts(errorfs.Wrap(mem, f)))
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, fmt.Sprintf(rules, ""))
		for i := range 20 {
			seenOn(t, db, i, id("user_id", fmt.Sprint("u", i)), id("device_id", fmt.Sprint("d", i/2)))
		}
		before := groupsOf(t, db)
		m := model(t, fmt.Sprintf(rules, ", blocked: [d1, d2, d3, d4]")+"tags:\n  all: {rule: 'true'}\n")
		f.nth = f.seen.Load() + nth
		_, err = db.Apply(t.Context(), m, portrait.Background)
		_ = db.Close() // reports the failure
		again := open(t, "db", opts(mem))
		if err != nil && !cmp.Equal(before, groupsOf(t, again)) {
			interrupted++
			if _, err := again.Count(t.Context(), segment.Tag("all")); err == nil || !strings.Contains(err.Error(), "being filled") {
				t.Errorf("write %d: Open filled in the foreground: %v", nth, err)
			}
		}
		if _, err := again.Apply(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if n, err := again.Count(t.Context(), segment.Tag("all")); err != nil || n == 0 {
			t.Errorf("write %d: %d, %v", nth, n, err)
		}
		checkAndClose(t, again)
	}
	if interrupted == 0 {
		t.Error("no Apply was interrupted half way: the test shows nothing")
	}
}
