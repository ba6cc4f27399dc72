package portrait_test

import (
	"os"
	"strings"
	"testing"
)

// What docs/feed.md shows is in a program that runs.
func TestDocs_feed(t *testing.T) {
	text, err := os.ReadFile("docs/feed.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_watch_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```go\n")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed || !strings.Contains(string(program), code) {
		t.Errorf("docs/feed.md has code that example_watch_test.go has not:\n%s", code)
	}
}
