package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/tags"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// do runs the program without a terminal and returns what it prints.
func do(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != want {
		t.Fatalf("%s: exit status %d, want %d: %s", args, code, want, errs.String())
	}
	return out.String(), errs.String()
}

// holdGolden holds a text against a golden file.
func holdGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("it changed (-want +got); -update writes the new one:\n%s", diff)
	}
}

func TestPlain_prints_the_same_for_the_same_seed(t *testing.T) {
	out, _ := do(t, exitOK, "--plain", "--events", "120", "--seed", "7", "--people", "150", "--days", "1")
	holdGolden(t, "plain.golden", out)
	other, _ := do(t, exitOK, "--plain", "--events", "120", "--seed", "8", "--people", "150", "--days", "1")
	if other == out {
		t.Error("another seed printed the same")
	}
}

// TestDirectory_goes_on_where_it_was runs a shop in two goes.
func TestDirectory_goes_on_where_it_was(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--dir", dir, "--events", "40", "--people", "100", "--days", "1"}
	first, _ := do(t, exitOK, args...)
	second, _ := do(t, exitOK, args...)
	end, begin := lastTime(t, first), second[:len("2006-01-02 15:04:05")]
	if begin < end {
		t.Errorf("the second go begins at %s, the first ended at %s", begin, end)
	}
}

// TestDirectory_of_something_else is left as it is.
func TestDirectory_of_something_else(t *testing.T) {
	dir := t.TempDir()
	db, err := portrait.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.DefineTag(t.Context(), tags.Definition{Name: "mine", Rule: tags.MustParse(`count("E") > 0`)}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, errs := do(t, exitError, "--dir", dir, "--events", "1"); !strings.Contains(errs, "another model") {
		t.Errorf("told %q", errs)
	}
	if db, err = portrait.Open(dir, nil); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if list := db.Model().Tags; len(list) != 1 || list[0].Name != "mine" {
		t.Errorf("the tags are now %v", list)
	}
}

// lastTime finds the time that a plain run ended at.
func lastTime(t *testing.T, out string) string {
	t.Helper()
	_, sum, ok := strings.Cut(out, "\n\n")
	at, _, found := strings.Cut(sum, ",")
	if !ok || !found {
		t.Fatalf("no end in\n%s", out)
	}
	return at
}

func TestInterrupt_sums_up(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &interruptAfter{lines: 20, interrupt: interrupt}
	var errs bytes.Buffer
	code := run(ctx, []string{"--plain", "--people", "100", "--days", "1", "--speed", "4h"}, strings.NewReader(""), out, &errs)
	if code != exitOK {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	if !strings.Contains(out.String(), " events\n") {
		t.Errorf("it does not sum up:\n%s", out.String())
	}
}

// interruptAfter interrupts what writes to it after so many lines.
type interruptAfter struct {
	bytes.Buffer
	lines     int
	interrupt func()
}

func (w *interruptAfter) Write(data []byte) (int, error) {
	if w.lines -= bytes.Count(data, []byte("\n")); w.lines <= 0 {
		w.interrupt()
	}
	return w.Buffer.Write(data)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--people", "0"}, {"--speed", "1s"}, {"--speed", "48h"}, {"--days=-1"}, {"--events=-1"}, {"--colour"}, {"now"},
	} {
		if _, errs := do(t, exitUsage, args...); !strings.HasPrefix(errs, "live: ") {
			t.Errorf("%s: told %q", args, errs)
		}
	}
	if out, _ := do(t, exitOK, "--help"); !strings.Contains(out, "--speed") {
		t.Errorf("the help is %s", out)
	}
}
