package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The chart's measures, in units of its view box.
const (
	chartWidth = 610.0
	chartLeft  = 130.0 // names of contenders stand before it
	chartRight = 370.0 // figures stand behind it
	chartRow   = 24.0
	barHeight  = 12.0
	chartTop   = 6.0
	chartFoot  = 24.0 // ticks
)

// mostLinear is how many times as long as the shortest the longest bar may be before
// a chart takes a logarithmic scale.
const mostLinear = 20

// chart is one figure of every contender in one case, as bars.
type chart struct {
	Caption string
	Height  float64
	Bottom  float64 // of the rows
	Rows    []chartRowOf
	Ticks   []chartTick
}

type chartRowOf struct {
	Name, Class   string
	Text, Beside  string  // the figure, and how it stands to Portrait's
	Y, Bar, Width float64 // of the name's base line, of the bar's upper edge, and its length
	Mid           float64 // of the bar
	Low, High     float64 // of the whisker; equal where there is no spread
	Spread        bool
}

type chartTick struct {
	X    float64
	Text string
}

// bar is a figure with its spread.
type bar struct {
	who           string
	v, least, top float64
	beside        string
	loses         bool // Portrait is worse
}

// timeChart draws the times of a case, Portrait's first and the others from the
// fastest on.
func timeChart(c *Case) chart {
	var bars []bar
	for _, who := range c.contenders() {
		b := bar{who: who, v: c.NsPerOp[who], least: c.NsPerOpMin[who], top: c.NsPerOpMax[who]}
		if r, ok := c.Ratio[who]; ok {
			b.beside, b.loses = "× "+brief(r), r < 1
			if lo, hi := c.RatioMin[who], c.RatioMax[who]; hi > lo {
				b.beside += fmt.Sprintf(" (%s–%s)", brief(lo), brief(hi))
			}
		}
		bars = append(bars, b)
	}
	slices.SortStableFunc(bars, func(a, b bar) int {
		if (a.who == subject) != (b.who == subject) {
			return subjectFirst(a.who, b.who)
		}
		return cmp.Compare(a.v, b.v)
	})
	return newChart("time of one operation", bars, duration)
}

// extraChart draws a figure that only this suite has.
func extraChart(c *Case, figure string) chart {
	var bars []bar
	for _, who := range slices.SortedFunc(maps.Keys(c.Extra[figure]), subjectFirst) {
		v := c.Extra[figure][who]
		bars = append(bars, bar{who: who, v: v, least: v, top: v})
	}
	if name, ok := strings.CutSuffix(figure, "_ns"); ok {
		return newChart(spaced(name), bars, duration)
	}
	return newChart(spaced(figure), bars, short)
}

// newChart lays bars out. It starts at zero, unless they are too far apart.
func newChart(caption string, bars []bar, text func(float64) string) chart {
	least, most := math.Inf(1), 0.0
	for _, b := range bars {
		least, most = min(least, b.least), max(most, b.top)
	}
	if most <= 0 {
		most = 1 // all are nothing
	}
	c := chart{Caption: caption, Bottom: chartTop + float64(len(bars))*chartRow}
	c.Height = c.Bottom + chartFoot
	at := func(v float64) float64 { return chartLeft + v/most*(chartRight-chartLeft) }
	ticks := linearTicks(most)
	if least > 0 && most/least > mostLinear {
		c.Caption += ", logarithmic scale: compare figures, not lengths"
		from, to := math.Floor(math.Log10(least*0.99)), math.Log10(most)
		at = func(v float64) float64 {
			return chartLeft + (math.Log10(v)-from)/(to-from)*(chartRight-chartLeft)
		}
		ticks = logTicks(from, to)
	}
	for _, v := range ticks {
		tick := chartTick{X: round(at(v)), Text: "0"}
		if v > 0 {
			tick.Text = text(v)
		}
		c.Ticks = append(c.Ticks, tick)
	}
	for i, b := range bars {
		top := chartTop + float64(i)*chartRow
		row := chartRowOf{
			Name: spaced(b.who), Class: "rival", Text: text(b.v), Beside: b.beside,
			Y: top + 16, Bar: top + (chartRow-barHeight)/2, Mid: top + chartRow/2,
			Width: round(max(1, at(b.v)-chartLeft)), Low: round(max(chartLeft, at(b.least))), High: round(at(b.top)), Spread: b.top > b.least,
		}
		switch {
		case b.who == subject:
			row.Class = "subject"
		case b.loses:
			row.Class = "rival ahead"
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// round is to a tenth of a unit of the view box.
func round(v float64) float64 { return math.Round(v*10) / 10 }

// linearTicks are three to six round numbers from zero on.
func linearTicks(most float64) []float64 {
	step := math.Pow(10, math.Floor(math.Log10(most)))
	switch {
	case most/step < 2:
		step /= 2
	case most/step >= 5:
		step *= 2
	}
	var out []float64
	for i := range 7 {
		if v := float64(i) * step; v <= most {
			out = append(out, v)
		}
	}
	return out
}

// logTicks are powers of ten, or of a hundred where there are many.
func logTicks(from, to float64) []float64 {
	step := 1.0
	if to-from > 4 {
		step = 2
	}
	var out []float64
	for e := from; e <= to; e += step {
		out = append(out, math.Pow(10, e))
	}
	return out
}

// duration writes nanoseconds in the unit that suits them.
func duration(ns float64) string {
	unit, per := "ns", 1.0
	switch {
	case ns >= 1e9:
		unit, per = "s", 1e9
	case ns >= 1e6:
		unit, per = "ms", 1e6
	case ns >= 1e3:
		unit, per = "µs", 1e3
	}
	return strconv.FormatFloat(ns/per, 'g', 3, 64) + " " + unit
}

// brief writes a ratio with two digits or more.
func brief(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// thousands writes a number with a comma at every thousand.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
