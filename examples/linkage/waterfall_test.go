package main

import (
	"encoding/xml"
	"errors"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// sample is a pair that has everything: for, against, nothing, missing values,
// long ones, Chinese ones and hostile ones.
func sample() *waterfall {
	f := &waterfall{
		A: "A-1", B: "<b>B-2", Model: "9f2c", Match: 6.6, Review: -1, Prior: -13.75,
		Steps: []step{
			{Field: "name", A: "李 伟", B: "李 维", Why: "surname exact, rare: 1 in 4,213", Weight: 9.5},
			{Field: "birthday", A: "1990-02-01", B: "1990-01-02", Why: "day and month swapped", Weight: 12.25},
			{Field: "phone", A: "1", B: "", Why: "missing"},
			{Field: strings.Repeat("地址", 40), A: `"></svg><script>alert(1)</script>`, Why: strings.Repeat("x", 500), Weight: -3},
		},
	}
	f.Total = f.Prior
	for _, s := range f.Steps {
		f.Total += s.Weight
	}
	return f
}

func written(t *testing.T, f *waterfall) string {
	t.Helper()
	var b strings.Builder
	if err := writePage(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPage_asks_for_nothing_and_runs_nothing(t *testing.T) {
	out := strings.ToLower(written(t, sample()))
	for _, forbidden := range []string{"<script", "<b>", "src=", "url(", "@import", "<iframe", "onload", "javascript:"} {
		if strings.Contains(out, forbidden) {
			t.Errorf("the page holds %s", forbidden)
		}
	}
	if n := strings.Count(out, "http"); n != strings.Count(out, "http-equiv")+strings.Count(out, "http://www.w3.org/2000/svg") {
		t.Errorf("the page has %d addresses too many", n)
	}
	if !strings.Contains(out, `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`) {
		t.Error("the page lets a browser fetch")
	}
	if !strings.Contains(out, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("a hostile value is not shown as text")
	}
}

// TestPage_picture reads the picture back: the bars lie end to end from the
// prior to the total, and the table has the figures of the picture.
func TestPage_picture(t *testing.T) {
	f := sample()
	out := written(t, f)
	bars := barsOf(t, out)
	if len(bars) != len(f.Steps)+2 {
		t.Fatalf("%d bars, want %d", len(bars), len(f.Steps)+2)
	}
	wantKinds := []string{"prior", "for", "for", "nothing", "against", "total"}
	for i, b := range bars {
		if b.kind != wantKinds[i] {
			t.Errorf("bar %d is %s, want %s", i, b.kind, wantKinds[i])
		}
		if b.x < 0 || b.x+b.width > 100 {
			t.Errorf("bar %d goes from %.2f to %.2f percent", i, b.x, b.x+b.width)
		}
	}
	perBit := bars[2].width / 12.25
	for _, w := range []struct {
		bar  int
		bits float64
	}{{0, 13.75}, {1, 9.5}, {4, 3}, {5, 5}} {
		if got := bars[w.bar].width / perBit; math.Abs(got-w.bits) > 0.02 {
			t.Errorf("bar %d is %.3f bits long, want %.2f", w.bar, got, w.bits)
		}
	}
	if near := func(a, b float64) bool { return math.Abs(a-b) < 0.02 }; !near(bars[0].x, bars[1].x) ||
		!near(bars[1].x+bars[1].width, bars[2].x) || !near(bars[4].x+bars[4].width, bars[2].x+bars[2].width) ||
		!near(bars[5].x, bars[0].x+bars[0].width) || !near(bars[4].x, bars[5].x+bars[5].width) {
		t.Errorf("the bars do not lie end to end: %v", bars)
	}
	for _, want := range []string{"−13.75", "+9.50", "+12.25", "−3", "+5", "match ≥ +6.60", "review ≥ −1", "day and month swapped", "李 维"} {
		if !strings.Contains(html.UnescapeString(out), want) {
			t.Errorf("the page does not say %s", want)
		}
	}
}

// TestPage_notes_by_width has a narrow picture cut what a wide one has room for.
func TestPage_notes_by_width(t *testing.T) {
	f := sample()
	f.Steps[0].Why = "given name the same, a surname missing, rare: 1 in 3,112"
	out := written(t, f)
	for _, want := range []string{
		`<text class="note narrow" x="0" y="133">given name the same, a surname missing, rare: 1…</text>` +
			`<text class="note wide" x="0" y="133">` + f.Steps[0].Why + `</text>`,
		`<text class="note" x="0" y="191">day and month swapped</text></g>`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
}

type drawnBar struct {
	kind     string
	x, width float64
}

// barsOf reads the bars of the picture, which must be well-formed XML.
func barsOf(t *testing.T, out string) []drawnBar {
	t.Helper()
	from, to := strings.Index(out, "<svg"), strings.Index(out, "</svg>")
	if from < 0 || to < from {
		t.Fatal("there is no picture")
	}
	var bars []drawnBar
	dec := xml.NewDecoder(strings.NewReader(out[from : to+len("</svg>")]))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return bars
		}
		if err != nil {
			t.Fatal(err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok || el.Name.Local != "rect" {
			continue
		}
		attr := map[string]string{}
		for _, a := range el.Attr {
			attr[a.Name.Local] = a.Value
		}
		if attr["class"] != "track" {
			bars = append(bars, drawnBar{attr["class"], share(t, attr["x"]), share(t, attr["width"])})
		}
	}
}

func share(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestBits(t *testing.T) {
	for w, want := range map[float64]string{0: "0", -0.001: "0", 6.6: "+6.60", -13.754: "−13.75", 12: "+12", 0.005: "+0.01"} {
		if got := bits(w); got != want {
			t.Errorf("bits(%v) = %s, want %s", w, got, want)
		}
	}
}

func TestOdds(t *testing.T) {
	for w, want := range map[float64]string{
		0: "1 error in 2.0", -1: "1 match in 3.0", 6.6: "1 error in 98", -13.75: "1 match in 13,778",
		20: "1 error in 1.05 million", -40: "1 match in 1.1 trillion", 2000: "1 error in more than 1,000 trillion",
		9.9657842846620869: "1 error in 1,001", 19.9315685: "1 error in 1 million",
	} {
		if got := odds(w); got != want {
			t.Errorf("odds(%v) = %s, want %s", w, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in    string
		cells int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"上海市区", 7, "上海市…"},
		{"上海市区", 8, "上海市区"},
		{"ab cdef", 4, "ab…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := fit(tt.in, tt.cells); got != tt.want {
			t.Errorf("fit(%q, %d) = %q, want %q", tt.in, tt.cells, got, tt.want)
		}
	}
}

// TestAxis_ticks_are_few asks for a picture that stays readable whatever the
// weights are.
func TestAxis_ticks_are_few(t *testing.T) {
	for _, span := range []float64{0.5, 3, 7, 19, 40, 63, 150, 1e4} {
		f := &waterfall{Prior: -span / 3, Total: span * 2 / 3, Match: 1, Review: 0}
		ticks := newAxis(f).ticks(0)
		if n := len(ticks); n < 2 || n > 9 {
			t.Errorf("a span of %v bits has %d ticks", span, n)
		}
	}
}
