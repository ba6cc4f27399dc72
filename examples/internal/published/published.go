// Package published finds the data that is published apart from the project, for
// the tests of the programs.
package published

import (
	"os"
	"path/filepath"
	"testing"
)

// File returns the path of a file of the data, in the folder that PORTRAIT_DATA
// names or else in shared/data beside the project, and skips the test where it is
// not there. It is for tests of packages two folders below the project's root.
func File(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("PORTRAIT_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs %s, which is not there; PORTRAIT_DATA names the folder of the data: %v", name, err)
	}
	return path
}
