package portrait_test

import (
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
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
