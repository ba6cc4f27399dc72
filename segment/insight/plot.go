package insight

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plot is a picture with an axis on the left and one below. It is as wide as there is
// place for, so the shapes are stretched and the labels are beside them: places are in
// hundredths of the width and of the height, from the top.
type plot struct {
	ID      string
	Title   string // what the picture is of, for those who do not see it
	Desc    string // what there is to see in it
	Legend  []legend
	Shapes  []shape
	Y, X    []tick
	Low     bool   // half as high as others
	Caption string // above it. May be empty
}

// shape is part of a plot.
type shape struct {
	Class string
	Path  string
	Title string // shown where somebody points at it
}

// Gutter is the room that the labels on the left take, in hundredths of their size.
func (p *plot) Gutter() int {
	n := 0
	for _, t := range p.Y {
		n = max(n, wide(t.Text))
	}
	return n + 60
}

// path draws shapes in hundredths of the width and the height.
type path struct{ strings.Builder }

func (p *path) point(command byte, x, y float64) {
	p.WriteByte(command)
	p.WriteString(strconv.FormatFloat(x, 'f', 2, 64))
	p.WriteByte(' ')
	p.WriteString(strconv.FormatFloat(y, 'f', 2, 64))
}

// box draws a rectangle.
func (p *path) box(x, y, w, h float64) {
	if h < 0 {
		y, h = y+h, -h
	}
	p.point('M', x, y)
	p.point('L', x+w, y)
	p.point('L', x+w, y+h)
	p.point('L', x, y+h)
	p.WriteByte('Z')
}

// ribbon draws a band from one height at x0 to another at x1.
func (p *path) ribbon(x0, y0, x1, y1, h float64) {
	mid := (x0 + x1) / 2
	curve := func(fromX, fromY, toX, toY float64, command byte) {
		p.point(command, fromX, fromY)
		p.point('C', mid, fromY)
		p.point(' ', mid, toY)
		p.point(' ', toX, toY)
	}
	curve(x0, y0, x1, y1, 'M')
	curve(x1, y1+h, x0, y0+h, 'L')
	p.WriteByte('Z')
}

// heights maps figures to heights of a plot.
type heights struct{ low, high float64 }

// newHeights is a scale that has the figures and 0 in it, and ends at round figures;
// ticks are these. Figures that are no numbers do not count.
func newHeights(figures []float64) (s heights, ticks []float64) {
	for _, v := range figures {
		if finite(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
	if s.low == s.high {
		s.high = 1
	}
	step := niceStep(s.high/4 - s.low/4)
	s.low, s.high = step*math.Floor(s.low/step), step*math.Ceil(s.high/step)
	for i := math.Round(s.low / step); i <= math.Round(s.high/step); i++ {
		ticks = append(ticks, i*step)
	}
	return s, ticks
}

// niceStep is the least of 1, 2 and 5 times a power of ten that is at least v.
func niceStep(v float64) float64 {
	if v < 1e-300 || !finite(v) {
		return 1e-300
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*unit*(1+1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}

// at is the height of a figure, from the top.
func (s heights) at(v float64) float64 {
	// Halves, as the difference of two great figures may have no number.
	return min(max(100-100*(v/2-s.low/2)/(s.high/2-s.low/2), 0), 100)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// axis labels the figures on the left.
func (s heights) axis(ticks []float64, label func(float64) string) []tick {
	out := make([]tick, 0, len(ticks))
	for _, v := range ticks {
		t := tick{At: s.at(v), Text: label(v)}
		if v == 0 {
			t.Class = "zero"
		}
		out = append(out, t)
	}
	return out
}

// The room for labels along a plot, in hundredths of their size: on a desk, and on a
// phone.
const (
	roomDesk  = 5600
	roomPhone = 2000
)

// names labels columns below a plot: as many as there is room for.
func names(all []string) []tick {
	out := make([]tick, len(all))
	longest := 0
	for i, name := range all {
		out[i] = tick{At: 100 * (float64(i) + 0.5) / float64(len(all)), Text: clip(name, 14)}
		longest = max(longest, wide(out[i].Text)+60)
	}
	// Every second, or third, rather than any that fit.
	stride := func(room int) int { return max(1, (len(all)*longest+room-1)/room) }
	desk := stride(roomDesk)
	phone := (stride(roomPhone) + desk - 1) / desk * desk
	var kept []tick
	for i := 0; i < len(out); i += desk {
		if i%phone != 0 {
			out[i].Class = "wide"
		}
		kept = append(kept, out[i])
	}
	return fitted(kept)
}

// fitted keeps labels near the ends within the picture, leaves out those that would
// lie on others, and has those of class wide where that is so on a phone.
func fitted(ticks []tick) []tick {
	var out []tick
	desk, phone := math.Inf(-1), math.Inf(-1) // where the label before ends
	for _, t := range ticks {
		// begins and ends are where a label does in a room, in hundredths of it.
		begins := func(room float64) (from, to float64) {
			width := 100 * float64(wide(t.Text)) / room
			from = t.At - width/2
			switch {
			case t.At < 4:
				from = t.At
			case t.At > 96:
				from = t.At - width
			}
			return from, from + width + 100*60/room
		}
		from, to := begins(roomDesk)
		if from < desk {
			continue
		}
		desk = to
		classes := []string{}
		if t.At < 4 {
			classes = append(classes, "start")
		} else if t.At > 96 {
			classes = append(classes, "end")
		}
		if from, to = begins(roomPhone); from < phone || t.Class == "wide" {
			classes = append(classes, "wide")
		} else {
			phone = to
		}
		t.Class = strings.Join(classes, " ")
		out = append(out, t)
	}
	return out
}

// times labels instants along an axis from one to another, at round ones: at most six.
func times(from, to time.Time) []tick {
	length := to.Sub(from)
	if length <= 0 {
		return []tick{{At: 50, Text: minute(from)}}
	}
	at := func(t time.Time) float64 { return 100 * float64(t.Sub(from)) / float64(length) }
	const most = 6
	var out []tick
	add := func(t time.Time, form string) {
		if x := at(t); x >= 0 && x <= 100 {
			out = append(out, tick{At: x, Text: t.Format(form)})
		}
	}
	y, m, d := from.Date()
	start := time.Date(y, m, d, 0, 0, 0, 0, from.Location())
	switch days := length.Hours() / 24; {
	case days < 2:
		hours := []int{1, 3, 6, 12}
		step := hours[min(len(hours)-1, slices.IndexFunc(append(hours, math.MaxInt32), func(h int) bool { return length.Hours() <= float64(most*h) }))]
		for t := start; !t.After(to); t = t.Add(time.Duration(step) * time.Hour) {
			add(t, "15:04")
		}
	case days < 60:
		step := int(math.Ceil(days / most))
		for i := 0; i <= int(days)+1; i += step {
			add(start.AddDate(0, 0, i), "01-02")
		}
	case days < 365*4:
		step := 1
		for _, s := range []int{1, 2, 3, 6, 12} {
			if step = s; days/30.4 <= float64(most*s) {
				break
			}
		}
		for t := time.Date(y, m, 1, 0, 0, 0, 0, from.Location()); !t.After(to); t = t.AddDate(0, step, 0) {
			add(t, "2006-01")
		}
	default:
		step := max(1, int(niceStep(days/365.25/most)))
		for t := time.Date(y-y%step, 1, 1, 0, 0, 0, 0, from.Location()); !t.After(to); t = t.AddDate(step, 0, 0) {
			add(t, "2006")
		}
	}
	if len(out) == 0 {
		out = []tick{{0, minute(from), ""}, {100, minute(to), ""}}
	}
	return fitted(out)
}
