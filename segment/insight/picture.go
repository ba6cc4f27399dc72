package insight

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// bars is a picture of rows: a name, one or two bars, and what they say in figures.
// Lengths are in hundredths of the room that there is.
type bars struct {
	Label  string // of the whole, for those who do not see it
	Legend []legend
	Rows   []barRow
	Dots   []string // names of the segments that the dots of rows stand for
}

type legend struct{ Class, Text string }

type barRow struct {
	Name    string
	Text    string // the figure at the end
	Spoken  string // all of the row in words
	Bars    []span
	Whisker *span
	Mark    float64 // a line across; negative for none
	Dots    []bool
}

// span is a part of the room, from X on.
type span struct {
	Class string
	X, W  float64
}

// hundredths of a share of the most.
func part(v, most float64) float64 {
	if most <= 0 {
		return 0
	}
	return 100 * v / most
}

// indexBars draws indexes on a scale of logarithms around 100, which reaches as far
// as the furthest index.
func indexBars(rows []Row, w *words) *bars {
	reach := math.Log(2)
	for _, r := range rows {
		if r.TGI.Index > 0 {
			reach = max(reach, math.Abs(math.Log(r.TGI.Index/100))*1.15)
		}
	}
	reach = min(reach, math.Log(100))
	at := func(index float64) float64 {
		if index <= 0 {
			return 0
		}
		return min(max(50+50*math.Log(index/100)/reach, 0), 100)
	}
	b := &bars{Label: "TGI"}
	for _, r := range rows {
		x := at(r.TGI.Index)
		bar := span{Class: "more", X: 50, W: x - 50}
		if x < 50 {
			bar = span{Class: "less", X: x, W: 50 - x}
		}
		low, high := at(r.TGI.Low), at(r.TGI.High)
		row := barRow{Name: w.label(&r), Text: index(r.TGI.Index), Bars: []span{bar}, Whisker: &span{X: low, W: high - low}, Mark: 50}
		row.Spoken = fmt.Sprintf("%s: TGI %s (%s – %s)", row.Name, index(r.TGI.Index), index(r.TGI.Low), index(r.TGI.High))
		b.Rows = append(b.Rows, row)
	}
	return b
}

// shareBars draws the shares of the audience above those of the base.
func shareBars(rows []Row, w *words) *bars {
	most := 0.0
	for _, r := range rows {
		most = max(most, r.AudienceShare, r.BaseShare)
	}
	b := &bars{Label: w.audienceShare, Legend: []legend{{"more", w.audience}, {"base", w.base}}}
	for _, r := range rows {
		row := barRow{Name: cmp.Or(r.Value, r.Dimension), Mark: -1}
		if r.Hidden {
			row.Text = w.hidden
		} else {
			row.Text = w.percent(r.AudienceShare)
			row.Bars = []span{{"more", 0, part(r.AudienceShare, most)}, {"base", 0, part(r.BaseShare, most)}}
			row.Spoken = fmt.Sprintf("%s: %s %s, %s %s", row.Name, w.audience, row.Text, w.base, w.percent(r.BaseShare))
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

func funnelBars(steps []FunnelStep, w *words) *bars {
	b := &bars{Label: w.step}
	for _, s := range steps {
		row := barRow{Name: s.Name, Text: w.count(s.Count) + " · " + w.percent(s.OfFirst), Bars: []span{{"more", 0, 100 * s.OfFirst}}, Mark: -1}
		row.Spoken = row.Name + ": " + row.Text
		b.Rows = append(b.Rows, row)
	}
	return b
}

func countBars(names []string, counts []uint64, w *words) *bars {
	most := slices.Max(append([]uint64{0}, counts...))
	b := &bars{Label: w.people}
	for i, name := range names {
		row := barRow{Name: name, Text: w.count(counts[i]), Bars: []span{{"more", 0, part(float64(counts[i]), float64(most))}}, Mark: -1}
		row.Spoken = name + ": " + row.Text
		b.Rows = append(b.Rows, row)
	}
	return b
}

// largest returns the combinations that have people, the largest first; those of no
// segment are left out.
func (s *Intersections) largest(n int) []int {
	var masks []int
	for mask, people := range s.Exactly {
		if mask > 0 && people > 0 {
			masks = append(masks, mask)
		}
	}
	slices.SortStableFunc(masks, func(a, b int) int { return cmp.Compare(s.Exactly[b], s.Exactly[a]) })
	if n > 0 && len(masks) > n {
		masks = masks[:n]
	}
	return masks
}

func overlapBars(in *Intersections, masks []int, w *words) *bars {
	b := &bars{Label: w.overlapNote, Dots: in.Names}
	var most uint64
	for _, mask := range masks {
		most = max(most, in.Exactly[mask])
	}
	for _, mask := range masks {
		row := barRow{Text: w.count(in.Exactly[mask]), Mark: -1, Bars: []span{{"more", 0, part(float64(in.Exactly[mask]), float64(most))}}}
		var names []string
		for i, name := range in.Names {
			row.Dots = append(row.Dots, mask>>i&1 == 1)
			if mask>>i&1 == 1 {
				names = append(names, name)
			}
		}
		row.Name = strings.Join(names, " ∩ ")
		row.Spoken = row.Name + ": " + row.Text
		b.Rows = append(b.Rows, row)
	}
	return b
}

// End is where the span ends.
func (s span) End() float64 { return s.X + s.W }

// Letter is what the picture calls the i-th segment.
func (b *bars) Letter(i int) string { return string(rune('A' + i)) }

// DotAt is the middle of the i-th dot, in pixels.
func (b *bars) DotAt(i int) int { return 16*i + 8 }

// DotsWidth is how wide the dots are drawn, in pixels.
func (b *bars) DotsWidth() int { return 16 * len(b.Dots) }

// heat is a table whose cells are shaded.
type heat struct {
	Parts []heatPart
}

type heatPart struct {
	Caption string
	Corner  string
	Columns []string
	Rows    []heatRow
}

type heatRow struct {
	Name  string
	Cells []heatCell
}

type heatCell struct {
	Text  string
	Shade int // 0 to 100
	Sum   bool
	Count uint64
	Shown bool
}

func newHeat(t *Table, w *words) *heat {
	h := &heat{}
	dims := t.Dimensions
	if len(dims) < 3 {
		h.Parts = append(h.Parts, newHeatPart(t, nil, w))
		return h
	}
	for _, i := range t.places(0) {
		part := newHeatPart(t, []int{i}, w)
		part.Caption = dims[0].Name + w.colon + w.place(&dims[0], i)
		h.Parts = append(h.Parts, part)
	}
	return h
}

// places are those along a dimension that are worth showing: all, but for a rest
// of nobody.
func (t *Table) places(dimension int) []int {
	axis := &t.Dimensions[dimension]
	at := make([]int, len(t.Dimensions))
	for d := range at {
		at[d] = t.Dimensions[d].All()
	}
	at[dimension] = axis.Rest()
	rest := t.At(at...)
	var places []int
	for i := range axis.length() {
		if i != axis.Rest() || rest.Hidden || rest.Count > 0 {
			places = append(places, i)
		}
	}
	return places
}

// newHeatPart draws the last two dimensions at fixed places of those before them.
func newHeatPart(t *Table, fixed []int, w *words) heatPart {
	dims := t.Dimensions[len(fixed):]
	rows, columns := &dims[0], (*Axis)(nil)
	p := heatPart{Corner: rows.Name}
	across := []int{0}
	if len(dims) == 2 {
		columns = &dims[1]
		across = t.places(len(fixed) + 1)
		p.Corner += " × " + columns.Name
		for _, j := range across {
			p.Columns = append(p.Columns, w.place(columns, j))
		}
	} else {
		p.Columns = []string{w.people}
	}
	var most uint64
	for _, i := range t.places(len(fixed)) {
		row := heatRow{Name: w.place(rows, i)}
		for _, j := range across {
			place := append(slices.Clone(fixed), i)
			sum := i == rows.All()
			if columns != nil {
				place = append(place, j)
				sum = sum || j == columns.All()
			}
			c := t.At(place...)
			cell := heatCell{Text: w.count(c.Count), Sum: sum, Count: c.Count, Shown: !c.Hidden}
			if c.Hidden {
				cell.Text = "—"
			}
			if !sum {
				most = max(most, c.Count)
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
	for i := range p.Rows {
		for j := range p.Rows[i].Cells {
			if c := &p.Rows[i].Cells[j]; !c.Sum && most > 0 {
				c.Shade = int(math.Round(60 * math.Sqrt(float64(c.Count)/float64(most))))
			}
		}
	}
	return p
}

// place names a place along an axis.
func (w *words) place(a *Axis, i int) string {
	switch i {
	case a.Rest():
		return w.rest
	case a.All():
		return w.all
	}
	return cmp.Or(a.Values[i], a.Name)
}

// curve is a picture of figures over time.
type curve struct {
	Path      string // in a box of 1000 by 300
	Area      string
	Low, High string
	From, To  string
	Label     string
}

// newLine draws the points as steps, from the least to the greatest; from 0 where
// that is not far.
func newLine(points []Point, w *words) *curve {
	if len(points) == 0 {
		return nil
	}
	low, high := points[0].Value, points[0].Value
	for _, p := range points {
		low, high = min(low, p.Value), max(high, p.Value)
	}
	if low > 0 && low < high/2 || low == high {
		low = min(low, 0)
	}
	first, last := points[0].At, points[len(points)-1].At
	length := last.Sub(first).Seconds()
	var b strings.Builder
	for i, p := range points {
		x := 0.0
		if length > 0 {
			x = 1000 * p.At.Sub(first).Seconds() / length
		}
		y := 150.0
		if high > low {
			y = 295 - 290*(p.Value-low)/(high-low)
		}
		if i == 0 {
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		} else {
			fmt.Fprintf(&b, "H%.1fV%.1f", x, y)
		}
	}
	b.WriteString("H1000")
	l := &curve{Path: b.String(), Low: w.number(low), High: w.number(high), From: instant(first), To: instant(last)}
	l.Area = l.Path + "V300H0Z"
	l.Label = fmt.Sprintf("%s: %s; %s: %s", l.From, w.number(points[0].Value), l.To, w.number(points[len(points)-1].Value))
	return l
}
