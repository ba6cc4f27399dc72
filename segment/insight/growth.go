package insight

import "math"

// GrowthPeriod accounts for the people of one period.
type GrowthPeriod struct {
	Name string
	// New were never active before, Retained were in the period before as well,
	// Resurrected before that only. Churned were active in the period before and are not
	// in this one.
	New, Retained, Resurrected, Churned uint64
}

// Growth adds a growth account: who is active in each period, above the line, and who
// is no more, below it, with the quick ratio.
func (r *Report) Growth(heading string, periods []GrowthPeriod) error {
	w := r.words()
	c := Chart{Names: make([]string, len(periods)), Layers: []Layer{{Name: w.retained}, {Name: w.fresh}, {Name: w.resurrected}, {Name: w.churned}}}
	quick := Chart{Kind: Lines, Names: c.Names, Layers: []Layer{{Name: w.quick}}}
	s := section{Heading: heading, Notes: []string{w.growthNote}, Columns: []string{w.period, w.active, w.fresh, w.retained, w.resurrected, w.churned, w.quick}}
	for i, p := range periods {
		c.Names[i] = p.Name
		for l, v := range []float64{float64(p.Retained), float64(p.New), float64(p.Resurrected), -float64(p.Churned)} {
			c.Layers[l].Values = append(c.Layers[l].Values, v)
		}
		ratio := math.NaN()
		if p.Churned > 0 {
			ratio = float64(p.New+p.Resurrected) / float64(p.Churned)
		}
		quick.Layers[0].Values = append(quick.Layers[0].Values, ratio)
		row := []string{p.Name}
		for _, n := range []uint64{p.New + p.Retained + p.Resurrected, p.New, p.Retained, p.Resurrected, p.Churned} {
			row = append(row, w.count(n))
		}
		s.Rows = append(s.Rows, append(row, w.number(math.Round(100*ratio)/100)))
	}
	if err := c.check(); err != nil {
		return err
	}
	r.picture(&s, c.draw(heading, w))
	if p := quick.draw(w.quick, w); p != nil {
		p.Low, p.Caption = true, w.quickNote
		r.picture(&s, p)
	}
	s.vega = vegaChart(heading, &c)
	r.sections = append(r.sections, s)
	return nil
}

// Grid is people by two scores, such as recency and frequency.
type Grid struct {
	// Across and Down are what the scores are called.
	Across, Down string
	// Columns and Rows are the scores, in the order of reading.
	Columns, Rows []string
	// Cells has a list for each row, with one for each column; what is missing is nobody.
	Cells [][]GridCell
}

// GridCell is people with the same two scores.
type GridCell struct {
	// Name is what such people are called. May be empty.
	Name  string
	Count uint64
}

// Grid adds people by two scores, shaded by how many there are.
func (r *Report) Grid(heading string, g Grid) {
	w := r.words()
	part := heatPart{Corner: g.Down + " × " + g.Across, Columns: g.Columns}
	var most, all uint64
	at := func(i, j int) (c GridCell) {
		if i < len(g.Cells) && j < len(g.Cells[i]) {
			c = g.Cells[i][j]
		}
		return c
	}
	for i := range g.Rows {
		for j := range g.Columns {
			n := at(i, j).Count
			most, all = max(most, n), all+n
		}
	}
	for i, name := range g.Rows {
		row := heatRow{Name: name}
		for j := range g.Columns {
			c := at(i, j)
			cell := heatCell{Text: w.count(c.Count), Count: c.Count, Shown: true, Shade: shade(math.Sqrt(share(c.Count, most)))}
			cell.Small = clip(c.Name, nameLength)
			if all > 0 {
				cell.Note = w.percent(share(c.Count, all))
			}
			row.Cells = append(row.Cells, cell)
		}
		part.Rows = append(part.Rows, row)
	}
	s := section{Heading: heading}
	if len(g.Rows) == 0 || len(g.Columns) == 0 {
		s.Notes = []string{w.empty}
	} else {
		s.Heat = &heat{Parts: []heatPart{part}, Class: "matrix"}
		s.vega = vegaHeat(heading, s.Heat)
	}
	r.sections = append(r.sections, s)
}
