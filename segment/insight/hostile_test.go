package insight_test

import (
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/segment/insight"
)

// hostile are names that a page must survive.
var hostile = []string{
	`<script>alert("x")</script>`, `"><svg onload=alert(1)>`, `</style><b>`, `{{.}}`, `javascript:alert(1)`, `url(http://evil)`,
	strings.Repeat("very long ", 1000), strings.Repeat("长", 5000), "שלום עולם", "\u202eright to left", "👩‍👩‍👧‍👦 🇨🇳", "", " ", "\x00\x01", "a\nb", "é́́́",
}

// Names of every kind stay text, in every place that a name can be in.
func TestReport_hostile_names(t *testing.T) {
	for _, name := range hostile {
		for _, language := range []string{"en", "zh"} {
			r := &insight.Report{Title: name, Lead: name, Language: language}
			r.Facts(name, insight.Fact{Name: name, Value: name, Note: name})
			r.Table(name, []string{name, name}, [][]string{{name, name}})
			r.Note(name)
			layers := []insight.Layer{{Name: name, Values: []float64{1}}, {Name: name, Values: []float64{2}}}
			for kind := range insight.Beside + 1 {
				if err := r.Chart(name, insight.Chart{Kind: kind, Axis: name, Names: []string{name}, Layers: layers}); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Moves(name, insight.Moves{From: name, To: name, Stages: []string{name}, Counts: [][]uint64{{3}}}); err != nil {
				t.Fatal(err)
			}
			if err := r.Growth(name, []insight.GrowthPeriod{{Name: name, New: 1}}); err != nil {
				t.Fatal(err)
			}
			r.Grid(name, insight.Grid{Across: name, Down: name, Columns: []string{name}, Rows: []string{name}, Cells: [][]insight.GridCell{{{Name: name, Count: 2}}}})
			at := on(3, 3, 3)
			r.Person(&insight.Person{
				Identities: []insight.PersonIdentity{{Name: name}, {Name: name, First: at, Rule: name}},
				Apart:      []insight.PersonIdentity{{Name: name, Rule: name}},
				Traits:     []insight.PersonTrait{{Name: name, Value: name, Compute: name}, {Name: name, Source: name}},
				Tags:       []insight.PersonTag{{Name: name, Value: name, Why: []insight.Reason{{Text: name, Note: name, Depth: 99}}, Flips: []time.Time{at}}},
				Stages:     []insight.PersonStage{{Stage: name, From: at}}, Order: []string{name},
				Events: []insight.PersonEvent{{At: at, Name: name, Source: name, Detail: name}},
			})
			text := html(t, r)
			wellFormed(t, strings.NewReplacer("\x00", "", "\x01", "").Replace(text))
			for _, bad := range []string{"<script", "<b>\n", "onload=alert(1)>\n", "ZgotmplZ", "</style><b>"} {
				if strings.Contains(text, bad) {
					t.Errorf("%.40q: the page holds %q", name, bad)
				}
			}
			if strings.Count(text, "<style>") != 1 || strings.Count(text, "</style>") != 1 {
				t.Errorf("%.40q breaks out of the style", name)
			}
			if err := r.WriteVega(io.Discard); err != nil {
				t.Errorf("%.40q: %v", name, err)
			}
		}
	}
}

// Figures of every kind are drawn within the picture, or not at all.
func TestReport_hostile_figures(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, values := range [][]float64{
		{}, {0}, {7}, {0, 0, 0}, {-1, -2, -3}, {-5, 5}, {nan, nan}, {nan, 1, nan, 2, 3, nan}, {inf, -inf, 1}, {1e308, 1e308, -1e308}, {5e-324, 1e-300}, {1e15, 1e16}, {0.001, 0.0012},
	} {
		r := &insight.Report{Title: "figures"}
		names := make([]string, len(values))
		var points []insight.Point
		for i, v := range values {
			names[i] = "n"
			points = append(points, insight.Point{At: on(1, i+1, 0), Value: v})
		}
		for kind := range insight.Beside + 1 {
			for _, shares := range []bool{false, true} {
				if err := r.Chart("x", insight.Chart{Kind: kind, Names: names, Shares: shares, Layers: []insight.Layer{{Name: "a", Values: values}, {Name: "b", Values: values}}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		r.Series("x", points)
		text := html(t, r)
		wellFormed(t, text)
		if err := r.WriteVega(io.Discard); err != nil {
			t.Errorf("%v: %v", values, err)
		}
		for _, path := range regexp.MustCompile(` d="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			for _, figure := range regexp.MustCompile(`[^MLCHVZ ]+`).FindAllString(path[1], -1) {
				if !regexp.MustCompile(`^(100|\d\d?)\.\d\d$`).MatchString(figure) {
					t.Fatalf("%v: a path goes to %q", values, figure)
				}
			}
		}
	}
}

// Much of everything still makes a page of reasonable size, and soon.
func TestReport_huge(t *testing.T) {
	c := insight.Chart{Names: make([]string, insight.MaxNames)}
	for range insight.MaxLayers {
		c.Layers = append(c.Layers, insight.Layer{Values: make([]float64, insight.MaxNames)})
	}
	r := &insight.Report{}
	if err := r.Chart("chart", c); err != nil {
		t.Fatal(err)
	}
	p := &insight.Person{}
	var points []insight.Point
	for i := range 100_000 {
		at := on(1, 1, 0).Add(time.Duration(i) * time.Minute)
		p.Events = append(p.Events, insight.PersonEvent{At: at, Name: string(rune('a' + i%100))})
		points = append(points, insight.Point{At: at, Value: float64(i)})
	}
	for i := range 200 {
		p.Identities = append(p.Identities, insight.PersonIdentity{Name: "x", Through: i - 1})
	}
	r.Person(p)
	r.Series("series", points[:20_000])
	if n := len(html(t, r)); n > 8<<20 {
		t.Errorf("the page has %d bytes", n)
	}
}

// What makes no picture is refused, and leaves the page as it was.
func TestReport_refuses(t *testing.T) {
	r := &insight.Report{}
	one := []insight.Layer{{Values: []float64{1}}}
	for _, c := range []insight.Chart{
		{}, {Layers: one}, {Kind: 9, Names: []string{"a"}, Layers: one}, {Names: make([]string, insight.MaxNames+1), Layers: one},
		{Names: []string{"a"}, Layers: make([]insight.Layer, insight.MaxLayers+1)},
	} {
		if err := r.Chart("x", c); err == nil {
			t.Errorf("a chart of %d names and %d layers was taken", len(c.Names), len(c.Layers))
		}
	}
	for _, m := range []insight.Moves{{}, {Stages: []string{"a"}}, {Stages: []string{"a", "b"}, Counts: [][]uint64{{1, 2}, {1}}}, {Stages: make([]string, insight.MaxStages+1)}} {
		if err := r.Moves("x", m); err == nil {
			t.Errorf("moves of %d stages were taken", len(m.Stages))
		}
	}
	r.Note("of nothing")
	if text := html(t, r); strings.Contains(text, "<section") || strings.Contains(text, "of nothing") {
		t.Error("what was refused is on the page")
	}
}

// Identifiers that were joined through each other, or through what there is not, are
// shown once each.
func TestReport_person_rings(t *testing.T) {
	r := &insight.Report{}
	r.Person(&insight.Person{Identities: []insight.PersonIdentity{{Name: "i0"}, {Name: "i1", Through: 2}, {Name: "i2", Through: 1}, {Name: "i3", Through: 99}, {Name: "i4", Through: -1}, {Name: "i5", Through: 5}}})
	text := html(t, r)
	sound(t, text)
	for _, name := range []string{"i0", "i1", "i2", "i3", "i4", "i5"} {
		if n := strings.Count(text, "<bdi>"+name+"</bdi>"); n != 1 {
			t.Errorf("%s is shown %d times", name, n)
		}
	}
}

// A page in Chinese has no English of its own.
func TestReport_Chinese_alone(t *testing.T) {
	r := &insight.Report{Title: "顾客", Language: "zh", AsOf: on(7, 1, 0)}
	addLifecycle(t, r)
	p := samplePerson()
	for i := range p.Events {
		p.Events[i].Name, p.Events[i].Source = "事件", "门店"
	}
	for i := range p.Identities {
		p.Identities[i].Name = "标识"
	}
	p.Apart[0].Name, p.Apart[1].Name = "标识", "标识"
	p.Traits = []insight.PersonTrait{{Name: "城市", Value: "深圳", Source: "门店", At: on(1, 1, 1)}}
	for i := range p.Tags {
		p.Tags[i].Why = []insight.Reason{{Text: "条件", Holds: i%2 == 0}, {Text: "条件", Unknown: true}}
	}
	r.Person(p)
	r.Audience("人群", &insight.Comparison{Rows: sampleNumbers.Distribution.Rows[:2]}, 5)
	r.Funnel("漏斗", []insight.FunnelStep{{Name: "一", Count: 3, OfFirst: 1, OfPrevious: 1}, {Name: "二", Hidden: true}})
	r.Overlap("重叠", &insight.Intersections{Names: []string{"甲"}, Within: []insight.Cell{{Count: 3}, {Count: 2}}, Exactly: []insight.Cell{{Count: 1}, {Hidden: true}}}, 0)
	text := html(t, r)
	sound(t, text)
	text = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(text, "")
	for _, label := range regexp.MustCompile(`(?:aria-label|data-of)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		text += label[1] + "\n"
	}
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, "\n")
	text = strings.NewReplacer("TGI", "", "email", "", "unionid", "", "revenue", "", "&#43;", "", "&lt;", "").Replace(text)
	if m := regexp.MustCompile(`.*[A-Za-z]{2,}.*`).FindAllString(text, 5); m != nil {
		t.Errorf("English on a page in Chinese: %q", m)
	}
}
