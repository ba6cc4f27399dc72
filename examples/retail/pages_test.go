package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// The page of the audience says what the program says, and its pictures are there for
// Vega-Lite too.
func TestRun_pages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), started, []string{"-customers", "1500", "-json", "-pages", dir}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, &stderr)
	}
	var r result
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "audience.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<dd>" + table.Count(r.Tags[audience]) + "<small>of " + table.Count(r.Profiles), "What tells them apart", "上海", "too few to show"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	pictures, err := os.ReadFile(filepath.Join(dir, "audience.vega.json"))
	if err != nil {
		t.Fatal(err)
	}
	var specs []map[string]any
	if err := json.Unmarshal(pictures, &specs); err != nil || len(specs) != 5 {
		t.Errorf("%d pictures, want 5: %v", len(specs), err)
	}

	stderr.Reset()
	if code := run(t.Context(), started, []string{"-customers", "1", "-json", "-pages", dir}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "too few people") {
		t.Errorf("one customer: exit status %d: %s", code, &stderr)
	}
}
