package portrait_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/portraitdb/portrait"
)

// TestShred_old_copies_being_filled opens a copy under a later key file that was made while
// tags were being filled: the feed tells that whoever was erased since left what they had.
func TestShred_old_copies_being_filled(t *testing.T) {
	for _, was := range []string{"tags:\n  of: {value: nick}\n", "tags:\n  of: {rule: 'exists(nick)'}\n", "segments:\n  of: {rule: 'exists(nick)'}\n"} {
		t.Run(fmt.Sprintf("%.12q", was), func(t *testing.T) {
			o := &portrait.Options{Clock: fixed(now), Shred: true, FillRate: 1}
			dir := t.TempDir()
			live, old := filepath.Join(dir, "live"), filepath.Join(dir, "old")
			db := open(t, live, o)
			apply(t, db, villagers+was)
			settled(t, db, "1", "bo", "Boville", "bo-nick")
			settled(t, db, "2", "her", "Canaryville", "canary-nick")
			after := villagers + "tags:\n  of: {value: 'if(exists(nick), village, nick)'}\n"
			if was[:3] == "seg" {
				after = villagers + "segments:\n  of: {rule: 'exists(village)'}\n"
			}
			if err := portrait.ApplyUnfilled(t.Context(), db, model(t, after)); err != nil {
				t.Fatal(err)
			}
			checkAndClose(t, db)
			if err := os.CopyFS(old, os.DirFS(live)); err != nil {
				t.Fatal(err)
			}
			db = open(t, live, o)
			if _, err := db.Privacy().Erase(t.Context(), id("user_id", "her")); err != nil {
				t.Fatal(err)
			}
			checkAndClose(t, db)
			putKeyFile(t, live, old)
			db = open(t, old, o)
			purged(t, db)
			checkAndClose(t, db)
		})
	}
}
