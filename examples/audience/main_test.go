package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/examples/internal/table"
)

var update = flag.Bool("update", false, "write the golden file anew")

func output(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, stderr.String())
	}
	return stdout.Bytes()
}

// What the tour prints is what it printed before, and no line is too wide for a terminal.
func TestTour(t *testing.T) {
	const golden = "testdata/tour.golden"
	got := output(t, "-people", "2000")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("go test -update accepts it (-want +got):\n%s", diff)
	}
	for line := range strings.Lines(string(got)) {
		if n := table.Width(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d cells: %s", n, line)
		}
	}
}

// The smallest cities are no error, and -json tells what a page of text does.
func TestTour_small(t *testing.T) {
	for _, people := range []string{"1", "2", "30"} {
		var r report
		if err := json.Unmarshal(output(t, "-people", people, "-json"), &r); err != nil {
			t.Fatal(err)
		}
		text := string(output(t, "-people", people))
		for _, s := range r.Sheets {
			if !strings.Contains(text, s.Title+"\n") {
				t.Errorf("%s people: no %q in the text", people, s.Title)
			}
		}
		if len(r.Sheets) < len(chapters)-2 { // of two chapters there is none
			t.Errorf("%s people: %d sheets", people, len(r.Sheets))
		}
	}
}

// A store that is there is left alone: the tour would tell of it too.
func TestTour_dir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	output(t, "-people", "1", "-dir", dir)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-people", "1", "-dir", dir}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "not empty") {
		t.Errorf("exit status %d: %s", code, stderr.String())
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"a and b", []string{"a and b"}},
		{"age < 30 and spent > 10", []string{"age < 30", "and spent > 10"}},
		{"  one two three four five", []string{"  one two three", "  four five"}},
		{"年轻人 或 所有其他 的人", []string{"年轻人 或", "所有其他 的人"}},
		{"andanextremelylongword or b", []string{"andanextremelylongword", "or b"}},
	} {
		if diff := cmp.Diff(tt.want, wrap(tt.text, 15)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestRun_usage(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"-people", "0"}, {"-people", "many"}, {"-nothing"}} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 || stdout.Len() > 0 {
			t.Errorf("%q: %d, %q", args, code, stderr.String())
		}
	}
}
