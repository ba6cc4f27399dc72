package portrait_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
)

// No copy goes into the directory of the store, whatever name leads there, and the refusal
// leaves nothing behind: no file, no record.
func TestBackup_into_the_store(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "objects") // which is a folder of a target in top
	db := open(t, dir, &portrait.Options{Clock: fixed(now)})
	take(t, db, callOf(0)...)
	below := filepath.Join(dir, "below")
	for _, name := range []string{below, filepath.Join(top, "beside")} {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": dir, "into": below, "astray": filepath.Join(dir, "nothing")} {
		if err := os.Symlink(to, filepath.Join(top, link)); err != nil {
			t.Skipf("this system makes no symbolic links here: %v", err)
		}
	}
	t.Chdir(top)
	before, epoch := filesOf(t, dir), db.Metrics().Epoch
	for _, name := range []string{
		"", dir, filepath.Join(dir, "copy"), filepath.Join(dir, "a", "b"), filepath.Join(below, "copy"),
		"objects/copy", "./beside/../objects/copy", "beside/new/../../objects/copy",
		"link", "link/copy", filepath.Join(top, "link", "a", "b"), "into/copy", "link/below/copy", "astray", "astray/copy",
		"beside", // which is there
	} {
		if err := db.Admin().Checkpoint(t.Context(), name); err == nil || !strings.HasPrefix(err.Error(), "portrait: checkpoint: ") {
			t.Errorf("a checkpoint in %q: %v", name, err)
		}
	}
	for _, name := range []string{"objects", "link", "into", "objects/below", "beside/../link/below", "."} {
		target, err := backup.OpenDir(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Admin().Backup(t.Context(), embedded{target}); err == nil || !strings.Contains(err.Error(), "is the directory of the store, or lies in it") {
			t.Errorf("a backup in %q: %v", name, err)
		}
		if err := db.Admin().BackupKeys(t.Context(), target); err == nil {
			t.Errorf("keys of a backup in %q", name)
		}
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := filesOf(t, dir); !slices.Equal(after, before) {
		t.Errorf("the directory has %q, and had %q", after, before)
	}
	if e := db.Metrics().Epoch; e != epoch {
		t.Errorf("commit %d, and it was %d", e, epoch)
	}

	// What is beside the store is not in it.
	for _, name := range []string{"objects2", "beside/copy"} {
		if err := db.Admin().Checkpoint(t.Context(), name); err != nil {
			t.Errorf("a checkpoint in %q: %v", name, err)
		}
	}
	target, err := backup.OpenDir("beside")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Admin().Backup(t.Context(), target); err != nil {
		t.Error(err)
	}
	if err := target.Close(); err != nil {
		t.Error(err)
	}
}

// embedded is a target of a host's own around a directory.
type embedded struct{ *backup.Dir }

// filesOf lists all below a directory.
func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// On another file system the store's directory is known by its name.
func TestCheckpoint_into_the_store_by_name(t *testing.T) {
	db := open(t, "a/db", small(vfs.NewMem()))
	for _, name := range []string{"a/db", "a/db/copy", "a/x/../db/copy", "a//db/./b/c"} {
		if err := db.Admin().Checkpoint(t.Context(), name); err == nil || !strings.Contains(err.Error(), "is the directory of the store") {
			t.Errorf("a checkpoint in %q: %v", name, err)
		}
	}
	for _, name := range []string{"a/db2", "b/db", "a/copy"} {
		if err := db.Admin().Checkpoint(t.Context(), name); err != nil {
			t.Errorf("a checkpoint in %q: %v", name, err)
		}
	}
	epoch := db.Metrics().Epoch
	if err := db.Admin().Checkpoint(t.Context(), "b/../b/db"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a checkpoint in what is there: %v", err)
	}
	if e := db.Metrics().Epoch; e != epoch {
		t.Errorf("what was refused is on record: commit %d, and it was %d", e, epoch)
	}
}
