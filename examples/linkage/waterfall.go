package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
)

//go:embed waterfall.html
var pageSource string

// page is the picture of one pair's weight: from the prior, field by field, to
// the total. Everything that it shows it holds itself: no script, no request.
var page = template.Must(template.New("waterfall").Funcs(template.FuncMap{"bits": bits}).Parse(pageSource))

// A waterfall is why two records are taken for one person, or not. Weights are
// in bits: one bit more doubles the odds.
type waterfall struct {
	A      string  `json:"a"` // what the records are called
	B      string  `json:"b"`
	Prior  float64 `json:"prior"`
	Steps  []step  `json:"fields"` // in the order in which they are compared
	Total  float64 `json:"weight"`
	Match  float64 `json:"match"` // the thresholds
	Review float64 `json:"review"`
	Model  string  `json:"model"` // its version
	Note   string  `json:"note"`  // what else is to be said of the pair
}

// A step is one field's part of the weight.
type step struct {
	Field  string  `json:"field"`
	A      string  `json:"a"` // the values, empty where missing
	B      string  `json:"b"`
	Why    string  `json:"why"` // the level of agreement in words
	Weight float64 `json:"weight"`
}

// writePage draws the waterfall as one HTML file.
func writePage(w io.Writer, f *waterfall) error { return page.Execute(w, draw(f)) }

// drawing is a waterfall laid out. Places along the axis are shares of the
// width in percent, so that the picture narrows without its letters shrinking;
// places down the page are in pixels.
type drawing struct {
	*waterfall
	Head, Foot, Height int
	Bars               []bar
	Ticks, Limits      []mark
	Verdict, Odds      string
}

// bar is a row of the picture.
type bar struct {
	Kind        string // the class: prior, for, against, nothing or total
	Label, Note string // as much of them as fits into a narrow picture
	WideNote    string // as much as fits into a wide one, empty where Note is all
	Figure      string
	Tip         string // all of them

	Text, Second int // where the two lines of text stand
	Top, Foot    int
	X, Width     string
	Link         string // where the next bar takes over, empty behind the last
	LinkFoot     int
}

// mark is a vertical line with a label.
type mark struct {
	X, Label, Anchor string
	Y                int
	Class            string
}

// The measures of the picture, in pixels, and the cells that a narrow one and a
// wide one have room for.
const (
	headHeight = 44
	rowHeight  = 58
	barTop     = 36
	barHeight  = 14
	axisHeight = 30

	labelCells    = 30
	noteCells     = 48
	wideNoteCells = 88
)

func draw(f *waterfall) *drawing {
	d := &drawing{waterfall: f, Head: headHeight, Verdict: verdict(f), Odds: odds(f.Total)}
	ax := newAxis(f)
	at := f.Prior
	d.add(ax, bar{Kind: "prior", Label: "prior", Note: "before anything is compared: " + odds(f.Prior)}, 0, at)
	for i := range f.Steps {
		s := &f.Steps[i]
		kind := "nothing"
		switch {
		case s.Weight > 0:
			kind = "for"
		case s.Weight < 0:
			kind = "against"
		}
		d.add(ax, bar{Kind: kind, Label: s.Field, Note: s.Why}, at, at+s.Weight)
		at += s.Weight
	}
	d.add(ax, bar{Kind: "total", Label: "total", Note: d.Odds + ": " + d.Verdict}, 0, f.Total)
	d.Bars[len(d.Bars)-1].Link = ""
	d.Foot = headHeight + len(d.Bars)*rowHeight
	d.Height = d.Foot + axisHeight
	d.Ticks = ax.ticks(d.Foot)
	d.Limits = ax.limits(f)
	return d
}

// Thick is the height of a bar.
func (d *drawing) Thick() int { return barHeight }

func (d *drawing) add(ax axis, b bar, from, to float64) {
	top := headHeight + len(d.Bars)*rowHeight
	b.Text, b.Second = top+16, top+31
	b.Top, b.Foot, b.LinkFoot = top+barTop, top+barTop+barHeight, top+rowHeight+barTop
	weight := to - from
	b.Figure = bits(weight)
	b.Tip = fmt.Sprintf("%s: %s bits, %s", b.Label, b.Figure, b.Note)
	wide := fit(b.Note, wideNoteCells)
	b.Label, b.Note = fit(b.Label, labelCells), fit(b.Note, noteCells)
	if wide != b.Note {
		b.WideNote = wide
	}
	left, right := ax.place(min(from, to)), ax.place(max(from, to))
	b.X, b.Width = percent(left), percent(max(right-left, 0.4))
	b.Link = percent(ax.place(to))
	d.Bars = append(d.Bars, b)
}

// axis maps weights to percents of the width.
type axis struct{ low, high float64 }

func newAxis(f *waterfall) axis {
	low, high := min(0, f.Prior, f.Total, f.Review, f.Match), max(0, f.Prior, f.Total, f.Review, f.Match)
	at := f.Prior
	for _, s := range f.Steps {
		at += s.Weight
		low, high = min(low, at), max(high, at)
	}
	span := max(high-low, 1)
	return axis{low - 0.03*span, high + 0.2*span} // The figures stand to the right.
}

func (a axis) place(weight float64) float64 { return 100 * (weight - a.low) / (a.high - a.low) }

// ticks are round weights, few enough for a narrow picture.
func (a axis) ticks(y int) []mark {
	gap := 1.0
	for i, factor := 0, []float64{2, 2.5, 2}; (a.high-a.low)/gap > 7; i++ {
		gap *= factor[i%3] // 1, 2, 5, 10, 20, 50 and so on.
	}
	var list []mark
	for i := math.Ceil(a.low / gap); i*gap <= a.high; i++ {
		m := mark{X: percent(a.place(i * gap)), Label: bits(i * gap), Anchor: "middle", Y: y + 18}
		if i == 0 {
			m.Label, m.Class = "0", "zero"
		}
		list = append(list, m)
	}
	return list
}

// limits are the two thresholds, the lower with its label to the left and the
// upper to the right, unless there is no room on that side.
func (a axis) limits(f *waterfall) []mark {
	review := mark{X: percent(a.place(f.Review)), Label: "review ≥ " + bits(f.Review), Anchor: "end", Y: 16}
	match := mark{X: percent(a.place(f.Match)), Label: "match ≥ " + bits(f.Match), Anchor: "start", Y: 16}
	if a.place(f.Match) > 70 {
		match.Anchor, match.Y = "end", 32
	}
	if a.place(f.Review) < 30 {
		review.Anchor = "start"
		if match.Anchor == "start" {
			match.Y = 32
		}
	}
	return []mark{review, match}
}

func percent(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) + "%" }

// bits writes a weight with its sign, which is no hyphen.
func bits(w float64) string {
	text := strconv.FormatFloat(math.Abs(w), 'f', 2, 64)
	text = strings.TrimSuffix(text, ".00")
	switch {
	case text == "0":
		return "0"
	case w < 0:
		return "−" + text
	}
	return "+" + text
}

// odds writes how likely a weight is. A share near one would round to one, so
// the odds against are told instead.
func odds(w float64) string {
	if w < 0 {
		return "1 match in " + rounded(1+math.Exp2(-w))
	}
	return "1 error in " + rounded(1+math.Exp2(w))
}

// rounded writes a number of at least one with three digits and a word.
func rounded(n float64) string {
	for _, scale := range []struct {
		unit float64
		word string
	}{{1e12, " trillion"}, {1e9, " billion"}, {1e6, " million"}} {
		if n >= 1e15 {
			return "more than 1,000 trillion"
		}
		if n >= scale.unit {
			return strconv.FormatFloat(n/scale.unit, 'g', 3, 64) + scale.word
		}
	}
	if n < 10 {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	whole := strconv.FormatFloat(n, 'f', 0, 64)
	if len(whole) > 3 {
		whole = whole[:len(whole)-3] + "," + whole[len(whole)-3:]
	}
	return whole
}

func verdict(f *waterfall) string {
	switch {
	case f.Total >= f.Match:
		return "a match"
	case f.Total >= f.Review:
		return "to be reviewed"
	}
	return "no match"
}

// fit cuts a text to so many cells of width, a Chinese character taking two.
func fit(s string, cells int) string {
	if uniseg.StringWidth(s) <= cells {
		return s
	}
	var b strings.Builder
	width := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if width += g.Width(); width > cells-1 {
			break
		}
		b.WriteString(g.Str())
	}
	return strings.TrimRight(b.String(), " ") + "…"
}
