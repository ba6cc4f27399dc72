package backup_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/backup"
)

// TestWrite_nothing_that_cannot_be_restored: a manifest and a key file that are as long as can be
// read are put and read, and those that are longer are refused, with what was there kept.
func TestWrite_nothing_that_cannot_be_restored(t *testing.T) {
	ctx, b := t.Context(), newBucket()
	about := about(3)
	about.Keys = "ab"
	content := bytes.Repeat([]byte{7}, 100)
	longest := func() int {
		m, err := backup.Write(ctx, b, source(3), about)
		if err != nil {
			t.Fatal(err)
		}
		return len(b.MapFS["manifests/"+m.ID].Data)
	}()
	backup.Limit(t, longest, 32+len(content))
	if err := backup.WriteKeys(ctx, b, "ab", content); err != nil {
		t.Fatal(err)
	}
	m, err := backup.Write(ctx, b, source(3), about)
	if err != nil {
		t.Fatal(err)
	}
	if err := backup.Verify(ctx, b); err != nil {
		t.Error(err)
	}
	if _, err := backup.Restore(ctx, b, m.ID, filepath.Join(t.TempDir(), "db"), backup.RestoreOptions{NoLedger: true}); err != nil {
		t.Error(err)
	}
	before := maps.Clone(b.MapFS)
	if err := backup.WriteKeys(ctx, b, "ab", append(content, 7)); err == nil || !strings.Contains(err.Error(), "keys/ab: a key file of 101 bytes is too long") {
		t.Errorf("a key file of a byte more: %v", err)
	}
	about.Store = "0ab" // a byte more
	if _, err := backup.Write(ctx, b, source(3), about); err == nil || !strings.Contains(err.Error(), "is too long to be restored") {
		t.Errorf("a manifest of a byte more: %v", err)
	}
	if !maps.Equal(before, b.MapFS) {
		t.Error("something was put")
	}
	backup.Limit(t, longest, 31+len(content))
	if d, ok := errors.AsType[*backup.DamageError](backup.Verify(ctx, b)); !ok || d.Name != "keys/ab" || !strings.Contains(d.Error(), "more than 131 bytes") {
		t.Errorf("a key file of a byte more, in the target: %v", d)
	}
}

// TestVerify_until_the_target_fails: damage that was found before an error of the target is told
// with it, and Restore names its backup.
func TestVerify_until_the_target_fails(t *testing.T) {
	b := newBucket()
	m := write(t, b, 3)
	var names []string
	for name := range b.MapFS {
		if strings.HasPrefix(name, "objects/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	b.MapFS[names[0]].Data = []byte("damaged")
	for after := 3; ; after++ { // operations: the listing, the manifest, the damaged object
		b.after = after
		err := backup.Verify(t.Context(), b)
		if b.after > 0 {
			break
		}
		if d, ok := errors.AsType[*backup.DamageError](err); !ok || d.Name != names[0] || !slices.Equal(d.Backups, []string{m.ID}) {
			t.Errorf("after %d operations: %v", after, err)
		}
		if failed := errors.Is(err, errTarget); failed != (after < 2+len(names)) {
			t.Errorf("after %d operations: %v", after, err)
		}
	}
	b.after = -1
	_, err := backup.Restore(t.Context(), b, m.ID, filepath.Join(t.TempDir(), "db"), backup.RestoreOptions{NoLedger: true})
	if d, ok := errors.AsType[*backup.DamageError](err); !ok || !slices.Equal(d.Backups, []string{m.ID}) {
		t.Errorf("restore: %v", err)
	}
	b.MapFS["manifests/0"] = b.MapFS[names[0]] // a damaged manifest, and then a target that fails
	b.after = 3
	if _, err := backup.Write(t.Context(), b, source(3), about(3)); !errors.Is(err, errTarget) {
		t.Errorf("a backup beside a damaged manifest: %v", err)
	}
	b.after = 2
	_, err = backup.List(b)
	if d, ok := errors.AsType[*backup.DamageError](err); !ok || d.Name != "manifests/0" || !errors.Is(err, errTarget) {
		t.Errorf("a list: %v", err)
	}
}

func TestNil_target(t *testing.T) {
	ctx := t.Context()
	for name, err := range map[string]error{
		"List":      func() error { _, err := backup.List(nil); return err }(),
		"Verify":    backup.Verify(ctx, nil),
		"Verify 1":  backup.Verify(ctx, nil, "id"),
		"Restore":   func() error { _, err := backup.Restore(ctx, nil, "id", "", backup.RestoreOptions{}); return err }(),
		"Prune":     func() error { _, err := backup.Prune(ctx, nil, "id"); return err }(),
		"Write":     func() error { _, err := backup.Write(ctx, nil, source(1), about(1)); return err }(),
		"WriteKeys": backup.WriteKeys(ctx, nil, "ab", nil),
	} {
		if err == nil || err.Error() != "backup: the target is nil" || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
