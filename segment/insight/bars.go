package insight

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// bars is a picture of rows: a name, bars in the room beside it, and what they say in
// figures. The room is as wide as there is place for, so lengths are in hundredths of
// it; it is 20 high.
type bars struct {
	Title  string // what the picture is of, for those who do not see it
	Legend []legend
	Rows   []barRow
	Dots   []string // names of the segments that the dots of rows stand for
	Axis   []tick   // along the room
	Class  string
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
	Class      string
	X, W, Y, H float64
}

// End is where the span ends.
func (s span) End() float64 { return s.X + s.W }

// tick is a label at a place along an axis, in hundredths of it. Those of class wide
// are left out where there is little room.
type tick struct {
	At    float64
	Text  string
	Class string
}

// whole is a bar that fills its row.
func whole(class string, x, w float64) span { return span{class, x, w, 4, 12} }

// part is v in hundredths of the most.
func part(v, most float64) float64 {
	if !(most > 0) || !(v > 0) {
		return 0
	}
	return min(100*v/most, 100)
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
	b := &bars{Title: "TGI"}
	for _, v := range []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000} {
		x, last := at(v), len(b.Axis)-1
		switch {
		case math.Abs(math.Log(v/100)) > reach*(1+1e-9):
		case v == 100 && last >= 0 && x-b.Axis[last].At < 10: // which is always there
			b.Axis[last] = tick{At: x, Text: w.number(v)}
		case last < 0 || x-b.Axis[last].At >= 10:
			b.Axis = append(b.Axis, tick{At: x, Text: w.number(v)})
		}
	}
	b.Axis = fitted(b.Axis)
	for _, r := range rows {
		x := at(r.TGI.Index)
		bar := whole("more", 50, x-50)
		if x < 50 {
			bar = whole("less", x, 50-x)
		}
		low, high := at(r.TGI.Low), at(r.TGI.High)
		row := barRow{Name: w.label(&r), Text: w.index(r.TGI.Index), Bars: []span{bar}, Mark: 50}
		if high > low { // where it is within the picture
			row.Whisker = &span{X: low, W: high - low}
		}
		row.Spoken = fmt.Sprintf("%s: TGI %s (%s – %s)", row.Name, w.index(r.TGI.Index), w.index(r.TGI.Low), w.index(r.TGI.High))
		b.Rows = append(b.Rows, row)
	}
	return b.done()
}

// done cuts names to what a picture has room for.
func (b *bars) done() *bars {
	for i := range b.Rows {
		b.Rows[i].Name, b.Rows[i].Spoken = clip(b.Rows[i].Name, nameLength), clip(b.Rows[i].Spoken, 4*nameLength)
	}
	for i := range b.Dots {
		b.Dots[i] = clip(b.Dots[i], nameLength)
	}
	return b
}

// shareBars draws the shares of the audience above those of the base.
func shareBars(rows []Row, w *words) *bars {
	most := 0.0
	for _, r := range rows {
		most = max(most, r.AudienceShare, r.BaseShare)
	}
	b := &bars{Title: w.audienceShare, Legend: []legend{{"more", w.audience}, {"base", w.base}}, Class: "two"}
	for _, r := range rows {
		row := barRow{Name: cmp.Or(r.Value, r.Dimension), Mark: -1}
		if r.Hidden {
			row.Text = w.hidden
			row.Spoken = row.Name + w.colon + row.Text
		} else {
			row.Text = w.percent(r.AudienceShare)
			row.Bars = []span{{"more", 0, part(r.AudienceShare, most), 1, 11}, {"base", 0, part(r.BaseShare, most), 13, 5}}
			row.Spoken = fmt.Sprintf("%s: %s %s, %s %s", row.Name, w.audience, row.Text, w.base, w.percent(r.BaseShare))
		}
		b.Rows = append(b.Rows, row)
	}
	return b.done()
}

func funnelBars(steps []FunnelStep, w *words) *bars {
	b := &bars{Title: w.step}
	for _, s := range steps {
		row := barRow{Name: s.Name, Text: hiddenCell, Spoken: s.Name + w.colon + w.hidden, Mark: -1}
		if !s.Hidden {
			row.Text = w.count(s.Count) + " · " + w.percent(s.OfFirst)
			row.Spoken = row.Name + w.colon + row.Text
			row.Bars = []span{whole("more", 0, part(s.OfFirst, 1))}
		}
		b.Rows = append(b.Rows, row)
	}
	return b.done()
}

func countBars(names []string, counts []uint64, w *words) *bars {
	most := slices.Max(append([]uint64{0}, counts...))
	b := &bars{Title: w.people}
	for i, name := range names {
		row := barRow{Name: name, Text: w.count(counts[i]), Bars: []span{whole("more", 0, part(float64(counts[i]), float64(most)))}, Mark: -1}
		row.Spoken = name + w.colon + row.Text
		b.Rows = append(b.Rows, row)
	}
	return b.done()
}

// largest returns the combinations that have people, the largest first and what is
// hidden last; those of no segment are left out.
func (s *Intersections) largest(n int) []int {
	var masks []int
	for mask, c := range s.Exactly {
		if mask > 0 && (c.Count > 0 || c.Hidden) {
			masks = append(masks, mask)
		}
	}
	slices.SortStableFunc(masks, func(a, b int) int { return cmp.Compare(s.Exactly[b].Count, s.Exactly[a].Count) })
	if n > 0 && len(masks) > n {
		masks = masks[:n]
	}
	return masks
}

func overlapBars(in *Intersections, masks []int, w *words) *bars {
	b := &bars{Title: w.overlapNote, Dots: slices.Clone(in.Names)}
	var most uint64
	for _, mask := range masks {
		most = max(most, in.Exactly[mask].Count)
	}
	for _, mask := range masks {
		c := in.Exactly[mask]
		row := barRow{Name: in.combination(mask), Text: w.cell(c), Mark: -1}
		if c.Hidden {
			row.Spoken = row.Name + w.colon + w.hidden
		} else {
			row.Spoken = row.Name + w.colon + row.Text
			row.Bars = []span{whole("more", 0, part(float64(c.Count), float64(most)))}
		}
		for i := range in.Names {
			row.Dots = append(row.Dots, mask>>i&1 == 1)
		}
		b.Rows = append(b.Rows, row)
	}
	return b.done()
}

// combination names the segments of a mask.
func (s *Intersections) combination(mask int) string {
	var names []string
	for i, name := range s.Names {
		if mask>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ∩ ")
}

// Letter is what the picture calls the i-th segment.
func (b *bars) Letter(i int) string { return string(rune('A' + i)) }

// DotAt is the middle of the i-th dot, in pixels.
func (b *bars) DotAt(i int) int { return 16*i + 8 }

// DotsWidth is how wide the dots are drawn, in pixels.
func (b *bars) DotsWidth() int { return 16 * len(b.Dots) }

// Ends are the middles of the first and the last dot of a row, in pixels.
func (b *bars) Ends(row barRow) (ends [2]int) {
	first := slices.Index(row.Dots, true)
	if first < 0 {
		return ends
	}
	last := first
	for i, on := range row.Dots {
		if on {
			last = i
		}
	}
	return [2]int{b.DotAt(first), b.DotAt(last)}
}
