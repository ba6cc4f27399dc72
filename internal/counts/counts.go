// Package counts lets tests say how much they tried, for the table that the gate
// prints at its end.
package counts

import (
	"fmt"
	"os"
	"testing"
)

// Env names the variable that holds the name of the file that counts are appended to.
// Without it nothing is written.
const Env = "PORTRAIT_COUNTS"

// Add says that so many of something were counted: one line of a name, a tab and a
// number. Several tests, and processes, may add to one name.
func Add(t testing.TB, name string, n int) {
	t.Helper()
	file := os.Getenv(Env)
	if file == "" {
		return
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "%s\t%d\n", name, n); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
