package insight_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

var pages = flag.String("pages", "", "a directory to write the pages of the tests to, to be looked at")

// everySection is a report with a section of every kind.
func everySection(t *testing.T, language string) *insight.Report {
	t.Helper()
	p := crowd(rand.New(rand.NewPCG(19, 20)), 2000)
	for i := range p { // so that something tells buyers apart
		if _, ok := p[i]["buyer"]; ok && i%2 == 0 {
			p[i]["level"] = []string{"high"}
		}
	}
	ctx := t.Context()
	city, level, interest := insight.Tag("city", cities...), insight.Tag("level", levels...), insight.Tag("interest", interests...)
	c, err := insight.Compare(ctx, p, insight.Question{Audience: segment.Tag("buyer"), Dimensions: []insight.Dimension{city, level, interest}, LeastCell: 5})
	if err != nil {
		t.Fatal(err)
	}
	two, err := insight.CrossTab(ctx, p, segment.Expr{}, 20, city, level)
	if err != nil {
		t.Fatal(err)
	}
	three, err := insight.CrossTab(ctx, p, segment.Expr{}, 20, insight.Tag("buyer"), city, level)
	if err != nil {
		t.Fatal(err)
	}
	one, err := insight.CrossTab(ctx, p, segment.Expr{}, 0, interest)
	if err != nil {
		t.Fatal(err)
	}
	overlap, err := insight.Overlap(ctx, p, segment.Expr{}, 0,
		insight.Segment{Name: "buyers", Expr: segment.Tag("buyer")}, insight.Segment{Name: "上海", Expr: segment.TagValue("city", "上海")},
		insight.Segment{Name: "tea", Expr: segment.TagValue("interest", "tea")})
	if err != nil {
		t.Fatal(err)
	}
	funnel, err := insight.Funnel(ctx, p, segment.Expr{}, 0,
		insight.Segment{Name: "everybody", Expr: segment.And()}, insight.Segment{Name: "city is known", Expr: segment.Tag("city")},
		insight.Segment{Name: "buyers", Expr: segment.Tag("buyer")}, insight.Segment{Name: "of level high", Expr: segment.TagValue("level", "high")})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 8, 30, 0, 0, time.FixedZone("", 8*3600))
	r := &insight.Report{Title: "Buyers <who came back> & 高价值人群", Lead: "What tells them apart from everybody.", Language: language, AsOf: at}
	r.Facts("", insight.Fact{Name: "People", Value: "659"}, insight.Fact{Name: "Of everybody", Value: "33.0 %", Note: "of 2,000"}, insight.Fact{Name: "E-mail", Value: "81 %"})
	r.Audience("What tells them apart", c, 10)
	r.Distribution("City", c, "city")
	r.CrossTab("City by level", two)
	r.CrossTab("Buyers, city, level", three)
	r.CrossTab("Interests", one)
	r.Overlap("Overlap", overlap, 0)
	r.Funnel("Funnel", funnel)
	var points []insight.Point
	for i := range 30 {
		points = append(points, insight.Point{At: at.AddDate(0, 0, i), Value: float64(600 + i*i%37 + 2*i)})
	}
	r.Series("Size", points)
	if err := r.Bins("Orders", []string{"0", "1", "2 – 4", "5 and more"}, []uint64{1200, 500, 280, 20}); err != nil {
		t.Fatal(err)
	}
	r.Table("Timeline", []string{"time", "event", "what"}, [][]string{{"2026-11-01", "Order Completed", `<script>alert("x")</script>`}, {"2026-11-02"}})
	return r
}

func TestReport_page(t *testing.T) {
	for _, language := range []string{"en", "zh-CN"} {
		for name, r := range samples(t, language) {
			t.Run(language+"/"+name, func(t *testing.T) {
				text := html(t, r)
				if *pages != "" {
					if err := os.WriteFile(filepath.Join(*pages, name+"-"+language+".html"), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				sound(t, text)
				if want := `lang="` + language[:2] + `"`; !strings.Contains(text, want) {
					t.Errorf("the page lacks %q", want)
				}
			})
		}
	}
	text := html(t, everySection(t, "en"))
	for _, want := range []string{"Buyers &lt;who came back&gt; &amp; 高价值人群", "2026-11-01 08:30 &#43;08:00", "&lt;script&gt;alert(", "none of these"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// html writes a page.
func html(t *testing.T, r *insight.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	anSVG   = regexp.MustCompile(`<svg[^>]*>`)
	aLabel  = regexp.MustCompile(`aria-label="[^"]+"`)
	labelBy = regexp.MustCompile(`aria-labelledby="(\S+) (\S+)"`)
	anID    = regexp.MustCompile(` id="([^"]*)"`)
	aHead   = regexp.MustCompile(`<h([1-6])>`)
)

// sound checks what is true of every page: it asks nobody for anything, is well formed,
// and every picture says what it shows and has its figures behind it.
func sound(t *testing.T, text string) {
	t.Helper()
	for _, bad := range []string{"<script", "src=", "href=", "@import", "url(", "ZgotmplZ", "NaN", "%!", "Inf ", "e+", "<nil>"} {
		if i := strings.Index(text, bad); i >= 0 {
			t.Errorf("the page holds %q: %.80q", bad, text[max(0, i-40):])
		}
	}
	wellFormed(t, text)
	ids := map[string]bool{}
	for _, m := range anID.FindAllStringSubmatch(text, -1) {
		if ids[m[1]] {
			t.Errorf("the id %q is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, svg := range anSVG.FindAllString(text, -1) {
		by := labelBy.FindStringSubmatch(svg)
		switch {
		case strings.Contains(svg, `aria-hidden="true"`):
		case !strings.Contains(svg, `role="img"`), by == nil && !aLabel.MatchString(svg), by != nil && (!ids[by[1]] || !ids[by[2]]):
			t.Errorf("a picture without words: %s", svg)
		}
	}
	for _, s := range strings.Split(text, "<section>")[1:] {
		if strings.Contains(s, "<svg") && !strings.Contains(s, "<table") {
			t.Errorf("a picture without figures: %.80s", s)
		}
	}
	level := 0
	for _, m := range aHead.FindAllStringSubmatch(text, -1) {
		now := int(m[1][0] - '0')
		if now > level+1 || level > 0 && now == 1 {
			t.Errorf("a heading of level %d after one of level %d", now, level)
		}
		level = now
	}
}

// wellFormed checks that what is opened is closed, in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	page = strings.TrimPrefix(page, "<!doctype html>")
	page = regexp.MustCompile(`(<meta[^>]*)>`).ReplaceAllString(page, "$1/>")
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("the page: %v", err)
		}
	}
}

func TestReport_vega(t *testing.T) {
	var out bytes.Buffer
	if err := everySection(t, "").WriteVega(&out); err != nil {
		t.Fatal(err)
	}
	var specs []struct {
		Schema string `json:"$schema"`
		Title  string
		Data   struct{ Values []map[string]any }
		Mark   any
		Layer  []any
	}
	if err := json.Unmarshal(out.Bytes(), &specs); err != nil {
		t.Fatal(err)
	}
	if len(specs) != 9 {
		t.Errorf("%d pictures, want 9", len(specs))
	}
	for _, s := range specs {
		if s.Schema == "" || s.Title == "" || len(s.Data.Values) == 0 || (s.Mark == nil) == (s.Layer == nil) {
			t.Errorf("%+v", s)
		}
	}
}

func TestReport_empty(t *testing.T) {
	var zero insight.Report
	zero.Audience("nobody", &insight.Comparison{}, 5)
	zero.Distribution("nothing", &insight.Comparison{}, "x")
	zero.Funnel("no steps", nil)
	zero.Series("no points", nil)
	zero.Series("one point", []insight.Point{{Value: 0}})
	zero.Overlap("none", &insight.Intersections{Within: make([]insight.Cell, 1), Exactly: make([]insight.Cell, 1)}, 3)
	if err := zero.Bins("none", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := zero.Bins("odd", []string{"a"}, nil); err == nil {
		t.Error("a histogram with a name too many was taken")
	}
	var out bytes.Buffer
	if err := errors.Join(zero.WriteHTML(&out), zero.WriteVega(io.Discard)); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "NaN") || !strings.Contains(text, "Nothing tells this audience apart") {
		t.Errorf("got %s", text)
	}
	if err := everySection(t, "").WriteHTML(broken{}); !errors.Is(err, errBroken) {
		t.Errorf("a failing writer: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
