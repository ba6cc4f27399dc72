package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
)

// do runs the program and returns what it prints as the answer.
func do(t *testing.T, want int, stdin string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr); code != want {
		t.Fatalf("%s: exit status %d, want %d: %s", args, code, want, stderr.String())
	}
	return stdout.String()
}

// newStore makes a store with the model of the story, whose clock is pinned at a
// time when the story's events are past.
func newStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	do(t, exitOK, model, "--dir", dir, "apply", "-")
	do(t, exitOK, "", "--dir", dir, "advance", "2026-06-10")
	return dir
}

func TestHelp(t *testing.T) {
	out := do(t, exitOK, "", "--help")
	for _, verb := range []string{
		"apply", "ingest", "count", "members", "profile", "explain", "tags", "dry-run",
		"traits", "timeline", "watch", "flips", "history", "rollback",
		"related", "health", "refusals", "decisions", "merges",
		"link", "unlink", "veto", "detach", "split", "withdraw",
		"advance", "check", "digest", "stats",
	} {
		if !strings.Contains(out, "\n  "+verb+" ") {
			t.Errorf("%s is not in the help", verb)
		}
	}
	if out := do(t, exitOK, "", "explain", "--help"); !strings.Contains(out, "<EXPR> <NS:VALUE>") {
		t.Errorf("the help of explain is %s", out)
	}
}

func TestStats_has_every_figure(t *testing.T) {
	dir := newStore(t)
	do(t, exitOK, events, "--dir", dir, "ingest", "-")
	var got map[string]any
	if err := json.Unmarshal([]byte(do(t, exitOK, "", "--dir", dir, "stats", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"accepted", "cache_bytes", "compaction_debt_bytes", "disk_bytes", "epoch", "filled", "index_bytes", "instant",
		"log_bytes", "memtable_bytes", "merges", "next_due", "ordinals", "splits", "to_fill",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got["accepted"] != 4.0 || got["ordinals"] != 2.0 {
		t.Errorf("%v accepted, %v ordinals; want 4 and 2", got["accepted"], got["ordinals"])
	}
	if out := do(t, exitOK, "", "--dir", dir, "stats"); !strings.Contains(out, "events accepted         4\n") {
		t.Errorf("the figures are\n%s", out)
	}
}

// TestIngest_lists_the_first_rejections has bad lines of two kinds, those that
// are no events and those that the store refuses, take turns over batches.
func TestIngest_lists_the_first_rejections(t *testing.T) {
	var file strings.Builder
	for i := range 2500 {
		switch {
		case i%2 == 0:
			fmt.Fprintf(&file, "{\"type\":\"track\",\"event\":\"E\",\"userId\":\"u\",\"messageId\":\"%d\"}\n", i)
		case i%4 == 1:
			file.WriteString("{}]\n")
		default:
			file.WriteString("{\"type\":\"track\",\"event\":\"E\"}\n")
		}
	}
	var got ingested
	out := do(t, exitOK, file.String(), "--dir", t.TempDir(), "ingest", "-", "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Accepted != 1250 || got.Rejected["invalid_json"] != 625 || got.Rejected["no_identifier"] != 625 {
		t.Errorf("%d accepted, rejected %v", got.Accepted, got.Rejected)
	}
	if len(got.Rejections) != maxRejections {
		t.Fatalf("%d rejections are listed, want %d", len(got.Rejections), maxRejections)
	}
	for i, r := range got.Rejections {
		reason := "invalid_json"
		if i%2 == 1 {
			reason = "no_identifier"
		}
		if r.Line != 2*i+2 || r.Reason != reason {
			t.Fatalf("rejection %d is of line %d, %s; want line %d, %s", i, r.Line, r.Reason, 2*i+2, reason)
		}
	}
}

func TestIngest_keeps_what_came_before_a_broken_file(t *testing.T) {
	dir := newStore(t)
	packed := zipped(t, events)
	do(t, exitNo, packed[:len(packed)-4], "--dir", dir, "ingest", "-")
	if out := do(t, exitOK, "", "--dir", dir, "count", "true"); out != "2\n" {
		t.Errorf("%s profiles, want 2", out)
	}
}

func TestAdvance_now_lets_the_clock_go(t *testing.T) {
	dir := t.TempDir()
	do(t, exitOK, model, "--dir", dir, "apply", "-")
	do(t, exitOK, "", "--dir", dir, "advance", "2020-01-01T00:00:00Z")
	if p, err := readPin(dir); err != nil || !p.set || p.at.Year() != 2020 {
		t.Fatalf("the pin is %v, %v", p, err)
	}
	before := time.Now().Truncate(time.Microsecond)
	var got struct {
		AsOf   time.Time `json:"as_of"`
		Pinned bool      `json:"pinned"`
	}
	if err := json.Unmarshal([]byte(do(t, exitOK, "", "--dir", dir, "advance", "now", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Pinned || got.AsOf.Before(before) {
		t.Errorf("pinned: %t, the store stands at %s, want %s or later", got.Pinned, got.AsOf, before)
	}
	if p, err := readPin(dir); err != nil || p.set {
		t.Errorf("the pin is %v, %v", p, err)
	}
}

func TestAdvance_beyond_the_clock_stays(t *testing.T) {
	dir := t.TempDir()
	do(t, exitOK, model, "--dir", dir, "apply", "-")
	do(t, exitOK, "", "--dir", dir, "advance", "9000-01-01T00:00:00Z")
	if out := do(t, exitOK, "", "--dir", dir, "advance", "now"); out != "9000-01-01T00:00:00Z\n" {
		t.Errorf("after now the store stands at %s", out)
	}
}

func TestPin_that_cannot_be_read(t *testing.T) {
	dir := t.TempDir()
	do(t, exitOK, model, "--dir", dir, "apply", "-")
	if err := os.WriteFile(filepath.Join(dir, pinFile), []byte("noon"), 0o644); err != nil {
		t.Fatal(err)
	}
	do(t, exitNo, "", "--dir", dir, "tags")
}

func TestLocked_directory(t *testing.T) {
	dir := t.TempDir()
	db, err := portrait.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do(t, exitNo, "", "--dir", dir, "tags")
}
