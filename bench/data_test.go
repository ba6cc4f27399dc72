package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawnAs is how the bitmaps are drawn that a --data asks for.
func drawnAs(t *testing.T, text string) func(*rand.Rand, int, int) []uint32 {
	t.Helper()
	var d dataFlag
	if err := d.Set(text); err != nil {
		t.Fatal(err)
	}
	return d[0].draw
}

func TestData_refused(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "want a name",
		"density":                 "want a name",
		"density=much":            `"density=much"`,
		"density=NaN":             "between 0 and 1",
		"density=1":               "between 0 and 1",
		"density=0":               "between 0 and 1",
		"runs=20":                 "no density",
		"density=0.1,runs=0":      "from 1",
		"density=0.1,skew=-1":     "from 0",
		"density=0.1,clusters=20": "density, runs or skew",
	} {
		var d dataFlag
		if err := d.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := run(t.Context(), []string{"geo", "--smoke", "--data", "density=0.1"}, io.Discard, io.Discard); err == nil {
		t.Error("places are drawn as bitmaps are")
	}
}

// What is asked for is measured, and nothing else.
func TestData_suites(t *testing.T) {
	for suite, want := range map[string]int{"algebra": 2 * len(shapes), "memory": 2 * 2} {
		var out bytes.Buffer
		args := []string{suite, "--smoke", "--json", "--data", "density=0.2,runs=30,skew=1", "--data", "density=0.01"}
		if err := run(t.Context(), args, &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		var report Report
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Cases) != want {
			t.Errorf("%s: %d cases, want %d", suite, len(report.Cases), want)
		}
		for _, c := range report.Cases {
			if !strings.Contains(c.Name, "data/density=0.") {
				t.Errorf("%s: a case %s", suite, c.Name)
			}
		}
	}
}
