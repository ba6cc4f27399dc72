package insight_test

import (
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/portraitdb/portrait/segment/insight"
)

var aLine = regexp.MustCompile(`<path class="line c0" d="([^"]*)"`)

// What is hidden is a gap in the line, and the description tells of the points that are
// known.
func TestReport_Sizes_gap(t *testing.T) {
	r := &insight.Report{Title: "sizes"}
	n := func(n uint64) insight.Cell { return insight.Cell{Count: n} }
	hidden := insight.Cell{Hidden: true}
	var points []insight.SizePoint
	for i, size := range []insight.Cell{hidden, n(100), hidden, hidden, n(50), n(25)} {
		points = append(points, insight.SizePoint{At: on(1, i+1, 0), Size: size})
	}
	r.Sizes("vip", points)
	text := html(t, r)
	const want = "M20.00 0.00L40.00 0.00M80.00 50.00L100.00 50.00L100.00 75.00L100.00 75.00"
	if got := aLine.FindStringSubmatch(text); got == nil || got[1] != want {
		t.Errorf("line %q, want %q", got, want)
	}
	if desc := regexp.MustCompile(`<desc[^>]*>2026-01-02 [^<]*: 100; 2026-01-06 [^<]*: 25<`); !desc.MatchString(text) {
		t.Error("the picture is not described by its first and its last size")
	}
}

// A line of more points than are drawn ends where they end, and has all their gaps.
func TestReport_Series_long(t *testing.T) {
	points := make([]insight.Point, 8002)
	for i := range points {
		points[i] = insight.Point{At: on(1, 1, 0).Add(time.Duration(i) * time.Second), Value: 100}
	}
	points[4001].Value = math.NaN()
	points[8001].Value = 0
	r := &insight.Report{Title: "long"}
	r.Series("x", points)
	got := aLine.FindStringSubmatch(html(t, r))
	if got == nil || !regexp.MustCompile(`^M[^M]*M[^M]*L100.00 100.00L100.00 100.00$`).MatchString(got[1]) {
		t.Errorf("line %.200q", got)
	}
}
