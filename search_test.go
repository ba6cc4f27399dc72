package portrait_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait/internal/atrest"
	"github.com/portraitdb/portrait/store"
)

// formsOf are texts of a person that must not be found, in any of the forms that a
// value may have in a file.
func formsOf(texts ...string) map[string][]byte {
	forms := map[string][]byte{}
	for _, text := range texts {
		for _, s := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
			forms["plain "+s] = []byte(s)
			forms["hex "+s] = []byte(hex.EncodeToString([]byte(s)))
			for cut := range 3 { // wherever it lies within what is encoded
				enc := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:cut] + s))
				forms[fmt.Sprint("base64 ", cut, s)] = []byte(enc[4 : len(enc)-4])
			}
			wide := utf16.Encode([]rune(s))
			le, be := make([]byte, 0, 2*len(wide)), make([]byte, 0, 2*len(wide))
			for _, c := range wide {
				le, be = append(le, byte(c), byte(c>>8)), append(be, byte(c>>8), byte(c))
			}
			forms["UTF-16 LE "+s], forms["UTF-16 BE "+s] = le, be
			for name, sum := range map[string][]byte{"MD5 ": sum(md5.New(), s), "SHA-1 ": sum(sha1.New(), s), "SHA-256 ": sum(sha256.New(), s)} {
				forms[name+s], forms[name+"hex "+s] = sum, []byte(hex.EncodeToString(sum))
			}
		}
	}
	return forms
}

func sum(h hash.Hash, s string) []byte {
	h.Write([]byte(s))
	return h.Sum(nil)
}

// contents returns what a file holds, decrypted if it is encrypted and there are keys.
// A file that is not there any more, because Pebble removed it, holds nothing.
func contents(t *testing.T, path string, keys store.Keys) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if keys == nil || !atrest.IsEncrypted(data) || len(data) <= atrest.HeaderLen {
		return data
	}
	head, err := atrest.Parse(data[:atrest.HeaderLen])
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	key, err := keys.Key(head.KeyID())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	wrapper, err := atrest.NewWrapper(head.KeyID(), key)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	cipher, err := wrapper.Open(head)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	plain := data[atrest.HeaderLen:]
	cipher.XOR(plain, plain, 0)
	return plain
}

// inFiles returns which of some forms are in the files of a directory, and where: as they
// are on the disk, and decrypted.
func inFiles(t *testing.T, dir string, keys store.Keys, forms map[string][]byte) (hits []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		looks := [][]byte{contents(t, path, nil)}
		if keys != nil {
			looks = append(looks, contents(t, path, keys))
		}
		for name, form := range forms {
			if slices.ContainsFunc(looks, func(data []byte) bool { return bytes.Contains(data, form) }) {
				hits = append(hits, filepath.Base(path)+": "+name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(hits)
	return hits
}

// mergerName is that of the merge operator that the tables of a store name.
const mergerName = "portrait.shard.v1"

// inTable returns which of some forms are in any key or value of a table, whatever its
// compression and its encryption hide: shadowed versions, tombstones, operands of merges
// and the bounds of deleted ranges too.
func inTable(t *testing.T, path string, keys store.Keys, forms map[string][]byte) (hits []string) {
	t.Helper()
	data := contents(t, path, keys)
	if data == nil {
		return nil
	}
	mem := vfs.NewMem()
	f, err := mem.Create("table", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if f, err = mem.Open("table"); err != nil {
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

// inTables is inTable of every table in a directory that no compaction is writing to.
func inTables(t *testing.T, dir string, keys store.Keys, forms map[string][]byte) (hits []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".sst" {
			hits = append(hits, inTable(t, filepath.Join(dir, e.Name()), keys, forms)...)
			tables++
		}
	}
	if tables == 0 {
		t.Errorf("%s: there is no table", dir)
	}
	slices.Sort(hits)
	return hits
}

// inClosed is inFiles and inTables of the directory of a store that is closed.
func inClosed(t *testing.T, dir string, keys store.Keys, forms map[string][]byte) []string {
	t.Helper()
	return append(inFiles(t, dir, keys, forms), inTables(t, dir, keys, forms)...)
}
