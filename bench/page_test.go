package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pageReport is a report with what a page has to cope with: names that would break
// markup, a contender that is far off, one that is faster, figures of one alone.
func pageReport() *Report {
	turn := func(ns ...float64) []sample {
		out := make([]sample, len(ns))
		for i, n := range ns {
			out[i] = sample{ops: 1, elapsed: time.Duration(n)}
		}
		return out
	}
	near := newCase("near", 1_234_567, map[string][]sample{subject: turn(1000, 1100, 900), "rival": turn(3000, 2000, 4000), "quick": turn(500, 500, 500)})
	far := newCase(`<b>"far"</b>`, 100, map[string][]sample{subject: turn(1000), "slow": turn(5e6)})
	far.tell("weight", subject, 12)
	far.tell("nothing", subject, 0)
	return &Report{Suite: "made-up", Setting: map[string]string{"a_key": "<i>"}, Summary: map[string]float64{"sum_of": 3}, Cases: []Case{near, far}, plots: []string{"weight", "nothing"}}
}

// TestPage reads the page as a browser offline does: it is well formed, it asks for
// nothing else, runs nothing, and says what the report says.
func TestPage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.html")
	if err := pageReport().saveHTML(name); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, bad := range []string{"<script", "http:", "https:", "src=", "href=", "url(", "@import", "<b>", "<i>", "NaN", "Inf", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"made-up", "a key", "1,234,567 profiles", "logarithmic", "× 3 (1.8–4.4)", `class="rival ahead"`, "prefers-color-scheme: dark", "weight", "sum of"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	drawings := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1)
	if len(drawings) != 4 {
		t.Errorf("%d drawings, want 4", len(drawings))
	}
	for _, d := range drawings {
		for tokens := xml.NewDecoder(strings.NewReader(d)); ; {
			if _, err := tokens.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, d)
			}
		}
	}
}

// TestChart holds bars and whiskers to their figures.
func TestChart(t *testing.T) {
	r := pageReport()
	c := timeChart(&r.Cases[0])
	scale := (chartRight - chartLeft) / 4000
	for i, want := range []struct {
		name           string
		bar, low, high float64
	}{{"portrait", 1000, 900, 1100}, {"quick", 500, 500, 500}, {"rival", 3000, 2000, 4000}} {
		row := c.Rows[i]
		if row.Name != want.name || row.Width != round(want.bar*scale) || row.Low != round(chartLeft+want.low*scale) || row.High != round(chartLeft+want.high*scale) {
			t.Errorf("row %+v, want %+v", row, want)
		}
	}
	far := timeChart(&r.Cases[1])
	if a, b := far.Rows[0], far.Rows[1]; a.Width >= b.Width || b.High > chartRight || a.Width < 1 {
		t.Errorf("on a logarithmic scale: %+v and %+v", a, b)
	}
	for _, c := range []chart{c, far} {
		for i, tick := range c.Ticks {
			if tick.X < chartLeft || tick.X > chartRight || i > 0 && tick.X <= c.Ticks[i-1].X {
				t.Errorf("ticks %+v", c.Ticks)
			}
		}
		if len(c.Ticks) < 2 || len(c.Ticks) > 7 {
			t.Errorf("%d ticks", len(c.Ticks))
		}
	}
}

func TestFigures(t *testing.T) {
	for ns, want := range map[float64]string{0: "0 ns", 12.34: "12.3 ns", 1500: "1.5 µs", 2.5e6: "2.5 ms", 3e9: "3 s"} {
		if got := duration(ns); got != want {
			t.Errorf("duration(%v) is %q, want %q", ns, got, want)
		}
	}
	for n, want := range map[int]string{7: "7", 999: "999", 1000: "1,000", 10_000_000: "10,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) is %q, want %q", n, got, want)
		}
	}
}
