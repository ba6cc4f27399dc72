package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// started is the day on which the tests say the program was started.
var started = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestRun_exit_status(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		args []string
		code int
		text string // on stderr
	}{
		{"help", t.Context(), []string{"-h"}, 0, "-customers number"},
		{"unknown flag", t.Context(), []string{"-nonsense"}, 2, "not defined"},
		{"argument", t.Context(), []string{"x"}, 2, `unexpected argument "x"`},
		{"two sources", t.Context(), []string{"-orders", "a", "-events", "b"}, 2, "exclude each other"},
		{"no customers", t.Context(), []string{"-customers", "0"}, 2, "-customers must be"},
		{"unknown language", t.Context(), []string{"-language", "fr"}, 2, "there are en and zh"},
		{"empty batch", t.Context(), []string{"-batch", "0"}, 2, "-batch must be"},
		{"no such file", t.Context(), []string{"-orders", "no-such-file"}, 1, "no-such-file"},
		{"no such directory", t.Context(), []string{"-customers", "1", "-dir", "main.go"}, 1, "main.go"},
		{"interrupted", canceled, []string{"-customers", "10"}, 1, "canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(tt.ctx, started, tt.args, &stdout, &stderr); code != tt.code {
				t.Errorf("exit status %d, want %d", code, tt.code)
			}
			if !strings.Contains(stderr.String(), tt.text) {
				t.Errorf("stderr is %q, want %q in it", stderr.String(), tt.text)
			}
		})
	}
}

func TestRun_json_is_one_object_of_known_keys(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), started, []string{"-customers", "40", "-json"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("exit status %d, %s", code, stderr.String())
	}
	var got map[string]any
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	shape := map[string]string{}
	for k, v := range got {
		switch v := v.(type) {
		case map[string]any:
			shape[k] = "object"
			for inner, x := range v {
				if k == "events" || k == "check" {
					_, isNumber := x.(float64)
					_, isObject := x.(map[string]any)
					shape[k+"."+inner] = map[bool]string{isNumber: "number", isObject: "object"}[true]
				}
			}
		case float64:
			shape[k] = "number"
		case string:
			shape[k] = "text"
		}
	}
	want := map[string]string{
		"events": "object", "events.accepted": "number", "events.duplicate": "number", "events.rejected": "object",
		"profiles": "number", "merges": "number", "tags": "object", "segments": "object",
		"digest": "text", "check": "object", "check.differences": "number", "seconds": "number",
	}
	if diff := cmp.Diff(want, shape); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRun_report holds what a person sees against a golden file, times left out.
func TestRun_report(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), started, []string{"-customers", "400"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("exit status %d, %s", code, stderr.String())
	}
	text := regexp.MustCompile(`[0-9.]+ s\b`).ReplaceAllString(stdout.String(), "T s")
	text = regexp.MustCompile(`[0-9,]+ a second`).ReplaceAllString(text, "N a second")
	path := filepath.Join("testdata", "report.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("the report changed (-want +got); -update writes the new one:\n%s", diff)
	}
}

// TestEvents_reads_a_file writes the shop's events as Segment-spec JSON lines,
// among them bad ones, and compares with the shop itself.
func TestEvents_reads_a_file(t *testing.T) {
	s := newShop(2, 200)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	enc := json.NewEncoder(w)
	want := tally{Rejected: map[string]int{}}
	seen := map[string]bool{}
	var latest time.Time
	for i, st := range s.steps {
		if st.fault == fastClock || st.fault == noFault {
			e := s.event(st)
			if err := enc.Encode(e); err != nil {
				t.Fatal(err)
			}
			switch {
			case st.fault == fastClock:
				want.Rejected[profile.ReasonTimeInFuture]++
			case seen[e.MessageID]:
				want.Duplicate++
			default:
				seen[e.MessageID] = true
				want.Accepted++
			}
			if st.fault == noFault && e.Time.After(latest) {
				latest = e.Time
			}
		}
		if i == 1 { // The bad line is among the first.
			if _, err := w.Write([]byte("{\"type\": \"dance\"}\n{]\n")); err != nil {
				t.Fatal(err)
			}
			want.Rejected[profile.ReasonUnknownType]++
			want.Rejected[profile.ReasonInvalidJSON]++
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events") // Known as gzip by its first bytes, not by its name.
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	got, shop := runJSON(t, "-events", path), runJSON(t, "-customers", "200", "-seed", "2")
	if diff := cmp.Diff(want, got.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got.Profiles != shop.Profiles || got.Tags["高价值"] != shop.Tags["高价值"] || got.Check.Differences != 0 {
		t.Errorf("%d profiles, %d of 高价值; the shop has %d and %d", got.Profiles, got.Tags["高价值"], shop.Profiles, shop.Tags["高价值"])
	}
	// The clock stands at the latest event that was accepted.
	d, err := openEvents(flags{events: path, now: started})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for range d.records {
		continue
	}
	if !d.clock.now().Equal(latest) {
		t.Errorf("the clock stands at %s, the latest event is of %s", d.clock.now(), latest)
	}
}
