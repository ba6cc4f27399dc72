package insight

import (
	"math"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// cell is a count in a table.
func (w *words) cell(c Cell) string {
	if c.Hidden {
		return hiddenCell
	}
	return w.count(c.Count)
}

// Retention adds a table of who comes back: of each cohort, which share was active in
// each period after that in which it began, shaded; and of all cohorts together.
func (r *Report) Retention(heading string, x *Retention) {
	w := r.words()
	s := section{Heading: heading, Notes: []string{w.cohortNote}}
	first, longest := 1, 0 // everybody is active in the period in which they began, as a rule
	for _, c := range x.Cohorts {
		longest = max(longest, len(c.Active))
		if len(c.Active) > 0 && c.Active[0] != c.Size {
			first = 0
		}
	}
	p := heatPart{Corner: w.cohort, Columns: []string{w.size}}
	for k := first; k < longest; k++ {
		p.Columns = append(p.Columns, "+"+w.count(uint64(k)))
	}
	all := heatRow{Name: w.together, Cells: []heatCell{{Shown: true, Sum: true}}}
	for _, c := range x.Cohorts {
		row := heatRow{Name: c.Name, Cells: []heatCell{{Text: w.cell(c.Size), Count: c.Size.Count, Shown: !c.Size.Hidden, Sum: true}}}
		for k := first; k < longest; k++ {
			cell := heatCell{Blank: k >= len(c.Active), Shown: true}
			if !cell.Blank {
				of, known := c.Retained(k)
				cell = shareCell(of, known, w)
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
	for k := first; k < longest; k++ {
		of, known := x.Retained(k)
		cell := shareCell(of, known, w)
		cell.Sum, cell.Shade = true, 0
		all.Cells = append(all.Cells, cell)
	}
	p.Rows = append(p.Rows, all)
	if longest == 0 {
		s.Notes = []string{w.empty}
	} else {
		s.Heat = &heat{Parts: []heatPart{p}, Class: "cohorts"}
		if s.Heat.hides() {
			s.Notes = append(s.Notes, w.hiddenNote)
		}
		s.vega = vegaRetention(heading, x)
	}
	r.sections = append(r.sections, s)
}

// shareCell is a share, shaded by how great it is.
func shareCell(of float64, known bool, w *words) heatCell {
	if !known {
		return heatCell{Text: hiddenCell}
	}
	return heatCell{Text: w.percent(of), Shade: shade(math.Sqrt(of)), Shown: true}
}

// Reach adds by which identifiers the people of an audience are known, and whom each
// channel reaches.
func (r *Report) Reach(heading string, x *Reachability) {
	w := r.words()
	s := section{Heading: heading, Columns: []string{w.channel, w.identified, w.reachable, w.share, w.alone}}
	b := &bars{Title: w.identified}
	identifier := func(x float64) span { return whole("more", 0, x) }
	if len(x.Channels) > 0 {
		b = &bars{Title: w.reachable, Legend: []legend{{"more", w.reachable}, {"base", w.identified}}, Class: "two"}
		identifier = func(x float64) span { return span{"base", 0, x, 13, 5} }
	}
	add := func(name string, identified Cell, reachable *Cell, of float64) {
		row := barRow{Name: name, Mark: -1, Text: w.cell(identified)}
		if !identified.Hidden {
			row.Bars = append(row.Bars, identifier(part(share(identified.Count, x.Audience), 1)))
		}
		if reachable != nil {
			row.Text = w.cell(*reachable)
			if !reachable.Hidden {
				row.Bars = append(row.Bars, span{"more", 0, part(of, 1), 1, 11})
			}
		}
		if row.Text == hiddenCell {
			row.Text = w.hidden
		} else {
			row.Text += " · " + w.percent(of)
		}
		row.Spoken = name + w.colon + row.Text
		b.Rows = append(b.Rows, row)
	}
	for _, c := range x.Identifiers {
		add(c.Namespace, c.People, nil, c.Share)
		s.Rows = append(s.Rows, []string{c.Namespace, w.cell(c.People), "", w.percentOf(c.Share, c.People), ""})
	}
	for _, c := range x.Channels {
		add(c.Name, c.Identified, &c.Reachable, c.Share)
		s.Rows = append(s.Rows, []string{c.Name, w.cell(c.Identified), w.cell(c.Reachable), w.percentOf(c.Share, c.Reachable), w.cell(c.Alone)})
	}
	if len(x.Channels) > 0 {
		s.Rows = append(s.Rows, []string{w.all, "", w.cell(x.Reachable), w.percentOf(share(x.Reachable.Count, x.Audience), x.Reachable), ""},
			[]string{w.unreachable, "", w.cell(x.Unreachable), w.percentOf(share(x.Unreachable.Count, x.Audience), x.Unreachable), ""})
	}
	s.Bars = b.done()
	s.vega = vegaReach(heading, x)
	r.sections = append(r.sections, s)
}

// percentOf is a share of a count that may be hidden.
func (w *words) percentOf(of float64, c Cell) string {
	if c.Hidden {
		return ""
	}
	return w.percent(of)
}

// Sizes adds how the size of a segment changed, as a line; see [Series]. What is hidden
// is a gap.
func (r *Report) Sizes(heading string, sizes []SizePoint) {
	w := r.words()
	s := section{Heading: heading, Columns: []string{w.time, w.people, w.entered, w.left}}
	points := make([]Point, len(sizes))
	for i, p := range sizes {
		points[i] = Point{At: p.At, Value: float64(p.Size.Count)}
		if p.Size.Hidden {
			points[i].Value = math.NaN()
		}
		s.Rows = append(s.Rows, []string{minute(p.At), w.cell(p.Size), w.cell(p.Entered), w.cell(p.Left)})
	}
	r.picture(&s, steps(heading, points, w))
	s.vega = vegaSeries(heading, points)
	r.sections = append(r.sections, s)
}

// Numbers adds what a number or a time comes to over an audience, beside a base, and how
// it is distributed over both; see [Measure].
func (r *Report) Numbers(heading string, m *Measured) {
	w := r.words()
	r.Distribution(heading, m.Distribution, m.Of)
	s := &r.sections[len(r.sections)-1]
	fact := func(name, value, base string) {
		if value != "" {
			s.Facts = append(s.Facts, Fact{Name: name, Value: value, Note: w.base + w.colon + base})
		}
	}
	zone := time.UTC
	if !r.AsOf.IsZero() {
		zone = r.AsOf.Location()
	}
	a, b := &m.Audience, &m.Base
	fact(w.known, w.cell(a.Count), w.cell(b.Count))
	fact(w.average, w.reading(a.Avg, zone), w.reading(b.Avg, zone))
	for i, q := range a.Quantiles {
		base := ""
		if i < len(b.Quantiles) {
			base = w.reading(b.Quantiles[i].Value, zone)
		}
		fact(w.percent(q.Share)+w.quantile, w.reading(q.Value, zone), base)
	}
}

// reading is a number or a time to be read; empty where it is neither.
func (w *words) reading(v profile.Value, zone *time.Location) string {
	switch v.Kind() {
	case profile.KindNumber:
		return w.number(v.Number())
	case profile.KindTime:
		return minute(v.Instant().Time().In(zone))
	}
	return ""
}
