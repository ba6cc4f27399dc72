package insight

import (
	"cmp"
	"math"
	"slices"
)

// heat is a table whose cells are shaded.
type heat struct {
	Parts []heatPart
	Class string
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
	Small string // above the text
	Note  string // below it
	Blank bool   // there is no such cell
	Shade int    // 0 to 100
	Sum   bool
	Count uint64
	Shown bool
}

// hiddenCell stands for a figure that is not shown.
const hiddenCell = "—"

// hides reports whether a cell is hidden.
func (h *heat) hides() bool {
	for _, p := range h.Parts {
		for _, row := range p.Rows {
			if slices.ContainsFunc(row.Cells, func(c heatCell) bool { return !c.Shown }) {
				return true
			}
		}
	}
	return false
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
				cell.Text = hiddenCell
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
				c.Shade = shade(math.Sqrt(float64(c.Count) / float64(most)))
			}
		}
	}
	return p
}

// shade is how dark a cell is of which a share of the most is there: as dark as text is
// still read on it.
func shade(share float64) int {
	if !(share > 0) {
		return 0
	}
	return int(math.Round(56 * min(share, 1)))
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
