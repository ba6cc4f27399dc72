package main

import (
	"strings"
	"time"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// frame is what a screen shows at one moment.
type frame struct {
	board    *board
	at       time.Time // of the shop, in its zone
	speed    time.Duration
	paused   bool
	profiles uint64
	events   int
	colour   bool
}

// The smallest screen that anything is shown on.
const (
	leastWidth  = 40
	leastHeight = 8
)

// The columns, in cells.
const (
	nameCells  = 8
	sizeCells  = 5
	whoCells   = 12
	causeCells = 10
	timeCells  = 8
)

// lines draws the frame: height lines of width cells.
func (f *frame) lines(width, height int) []string {
	if width < leastWidth || height < leastHeight {
		return f.fill([]string{f.text("", "The window is too small.", width)}, width, height)
	}
	rows := min(len(f.board.rows), height-6)
	lines := []string{f.header(width), f.titles(width)}
	for _, r := range f.board.rows[:rows] {
		lines = append(lines, f.row(r, width))
	}
	lines = append(lines, f.text(dim, strings.Repeat("─", width), width))
	recent := f.board.recent
	for i := len(recent) - 1; i >= 0 && len(lines) < height-1; i-- {
		lines = append(lines, f.happening(&recent[i], width))
	}
	lines = f.fill(lines, width, height-1)
	return append(lines, f.footer(width))
}

func (f *frame) fill(lines []string, width, height int) []string {
	for len(lines) < height {
		lines = append(lines, strings.Repeat(" ", width))
	}
	return lines
}

func (f *frame) header(width int) string {
	l := f.line(width)
	l.put(bold, " Portrait live", 16)
	l.put("", f.at.Format("Mon 2 Jan 15:04:05"), 20)
	style, state := cyan, spell(f.speed)+" a second"
	if f.paused {
		style, state = yellow, "paused"
	}
	l.put(style, state, 15)
	l.put("", table.Count(f.profiles)+" profiles, "+table.Count(uint64(f.events))+" events", width)
	return l.end()
}

func (f *frame) titles(width int) string {
	l := f.line(width)
	l.put(dim, " segment", nameCells+1)
	l.put(dim, strings.Repeat(" ", sizeCells-1)+"now", sizeCells+4)
	l.put(dim, "entered", trackCells+2)
	l.put(dim, "left", trackCells+2)
	l.put(dim, "who is in it", width)
	return l.end()
}

func (f *frame) row(r *row, width int) string {
	entered, left := r.entered[trackCells-1], r.left[trackCells-1]
	style := ""
	switch {
	case entered > left:
		style = green
	case left > entered:
		style = red
	}
	l := f.line(width)
	l.put("", " ", 1)
	l.put(style, r.title, nameCells+2)
	size := table.Count(uint64(max(r.size, 0)))
	l.put(join(bold, style), strings.Repeat(" ", max(0, sizeCells-len(size)))+size, sizeCells+2)
	l.put(green, spark(r.entered[:]), trackCells+2)
	l.put(red, spark(r.left[:]), trackCells+2)
	l.put(dim, r.note, width)
	return l.end()
}

func (f *frame) happening(h *happening, width int) string {
	style, sign := yellow, "= "
	switch h.Kind {
	case "entered":
		style, sign = green, "+ "
	case "left":
		style, sign = red, "- "
	}
	l := f.line(width)
	l.put(dim, " "+h.At.In(f.at.Location()).Format(time.TimeOnly), timeCells+3)
	l.put(style, sign+h.what(), nameCells+4)
	l.put("", h.who, whoCells+2)
	l.put(dim, h.Cause, causeCells+2)
	l.put("", h.why(), width)
	return l.end()
}

func (f *frame) footer(width int) string {
	l := f.line(width)
	for _, k := range [...][2]string{{" q ", "quit"}, {" space ", "pause"}, {" + ", "faster"}, {" - ", "slower"}} {
		l.put(bold, k[0], len(k[0]))
		l.put(dim, k[1], len(k[1])+2)
	}
	return l.end()
}

// spark draws numbers as bars, the greatest as high as a line.
func spark(ns []int) string {
	const bars = "▁▂▃▄▅▆▇█"
	levels := []rune(bars)
	most := 1
	for _, n := range ns {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range ns {
		// A single one is seen, and few do not look like many.
		level := (n*(len(levels)-1) + most - 1) / most
		if scale := len(levels) - 1; most < scale {
			level = n
		}
		b.WriteRune(levels[level])
	}
	return b.String()
}

// spell writes a time of the shop in a few letters.
func spell(d time.Duration) string {
	text := d.String() // such as 1h0m0s
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// The styles, as a terminal is told them.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + ";" + b
}

// line is built from left to right and never longer than the screen is wide.
type line struct {
	strings.Builder
	left   int
	colour bool
}

func (f *frame) line(width int) *line { return &line{left: width, colour: f.colour} }

// text draws a line of one piece.
func (f *frame) text(style, text string, width int) string {
	l := f.line(width)
	l.put(style, text, width)
	return l.end()
}

// put adds a text that takes so many cells.
func (l *line) put(style, text string, cells int) {
	cells = min(cells, l.left)
	l.left -= cells
	text = table.Fit(table.Clean(text), cells)
	if style != "" && l.colour {
		text = "\x1b[" + style + "m" + text + "\x1b[0m"
	}
	l.WriteString(text)
}

func (l *line) end() string { return l.String() + strings.Repeat(" ", l.left) }
