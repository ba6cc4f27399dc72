// Package published finds the data that is published apart from the project, for
// tests.
package published

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Root returns the folder of the data: the one that PORTRAIT_DATA names, or else
// shared/data beside the project. It need not be there.
func Root(t testing.TB) string {
	t.Helper()
	if root := os.Getenv("PORTRAIT_DATA"); root != "" {
		return root
	}
	dir, err := os.Getwd() // of a test it is the folder of its package
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "..", "shared", "data")
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("the test runs outside of the module")
		}
		dir = above
	}
}

// File returns the path of a file of the data, and skips the test where it is not
// there.
func File(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs %s, which is not there; PORTRAIT_DATA names the folder of the data: %v", name, err)
	}
	return path
}

// Open opens a file of the data, unpacked where it is gzipped, until the end of the
// test; it skips the test where the file is not there.
func Open(t testing.TB, name string) io.Reader {
	t.Helper()
	f, err := os.Open(File(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if !strings.HasSuffix(name, ".gz") {
		return f
	}
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return unpacked
}
