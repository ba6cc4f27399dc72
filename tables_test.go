package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// mergerName is that of the merge operator that the tables of a store name.
const mergerName = "portrait.shard.v1"

// inTable returns which of some forms are in any key or value of a table of an unencrypted
// store, whatever its compression hides: shadowed versions, tombstones, operands of merges
// and the bounds of deleted ranges too.
func inTable(t *testing.T, path string, forms map[string][]byte) (hits []string) {
	t.Helper()
	f, err := vfs.Default.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Pebble removed it.
	}
	if err != nil {
		t.Fatal(err)
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sstable.NewReader(t.Context(), readable, sstable.ReaderOptions{Mergers: sstable.Mergers{mergerName: {Name: mergerName}}})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer r.Close()
	look := func(parts ...[]byte) {
		for name, form := range forms {
			for _, part := range parts {
				if bytes.Contains(part, form) {
					hits = append(hits, filepath.Base(path)+": "+name)
				}
			}
		}
	}
	points, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for kv := points.First(); kv != nil; kv = points.Next() {
		value, _, err := kv.Value(nil)
		if err != nil {
			t.Fatal(err)
		}
		look(kv.K.UserKey, value)
		read++
	}
	if err := errors.Join(points.Error(), points.Close()); err != nil {
		t.Fatal(err)
	}
	ranges, err := r.NewRawRangeDelIter(t.Context(), sstable.NoFragmentTransforms, sstable.ReadEnv{})
	if err != nil {
		t.Fatal(err)
	}
	if ranges != nil {
		defer ranges.Close()
		span, err := ranges.First()
		for ; span != nil && err == nil; span, err = ranges.Next() {
			look(span.Start, span.End)
			read++
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if read == 0 {
		t.Errorf("%s: nothing was read", path)
	}
	return hits
}

// inTables is inTable of every table of a directory.
func inTables(t *testing.T, dir string, forms map[string][]byte) (hits []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(fmt.Errorf("tables: %w", err))
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".sst" {
			hits = append(hits, inTable(t, filepath.Join(dir, e.Name()), forms)...)
		}
	}
	return hits
}
