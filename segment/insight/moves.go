package insight

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Moves is who moved between which stages from one date to another.
type Moves struct {
	// From and To name the dates.
	From, To string
	// Stages are their names in order; at least one, at most [MaxStages].
	Stages []string
	// Counts[i][j] is how many were in the i-th stage on the first date and in the j-th
	// on the other. It is as long as Stages, and so is each of it.
	Counts [][]uint64
}

// MaxStages is how many stages [Moves] may have.
const MaxStages = 20

// Moves adds who moved where: as ribbons from the stages of one date to those of the
// other, and as a table. An error says what is wrong with f, and adds nothing.
func (r *Report) Moves(heading string, f Moves) error {
	n := len(f.Stages)
	switch {
	case n == 0:
		return errors.New("insight: moves without stages")
	case n > MaxStages:
		return fmt.Errorf("insight: moves of %d stages, %d are allowed", n, MaxStages)
	case len(f.Counts) != n || slices.ContainsFunc(f.Counts, func(row []uint64) bool { return len(row) != n }):
		return fmt.Errorf("insight: the counts of moves are not %d by %d", n, n)
	}
	w := r.words()
	s := section{Heading: heading, Notes: []string{w.flowNote}, Heat: f.table(w)}
	s.Flow = f.draw(heading, w)
	if s.Flow == nil {
		s.Notes = append(s.Notes, w.empty)
	} else {
		s.Flow.ID = fmt.Sprintf("p%d-1", len(r.sections)+1)
	}
	s.vega = vegaHeat(heading, s.Heat)
	r.sections = append(r.sections, s)
	return nil
}

// sums are how many are in each stage on the first date and on the other.
func (f *Moves) sums() (from, to []uint64, all uint64) {
	from, to = make([]uint64, len(f.Stages)), make([]uint64, len(f.Stages))
	for i, row := range f.Counts {
		for j, n := range row {
			from[i] += n
			to[j] += n
			all += n
		}
	}
	return from, to, all
}

// table has a row for each stage of the first date.
func (f *Moves) table(w *words) *heat {
	from, to, all := f.sums()
	p := heatPart{Corner: f.From + " → " + f.To, Columns: append(slices.Clone(f.Stages), w.all)}
	cell := func(n uint64, of uint64) heatCell {
		return heatCell{Text: w.count(n), Count: n, Shown: true, Shade: shade(math.Sqrt(share(n, of)))}
	}
	most := uint64(0)
	for _, row := range f.Counts {
		most = max(most, slices.Max(row))
	}
	for i, row := range f.Counts {
		line := heatRow{Name: f.Stages[i]}
		for _, n := range row {
			line.Cells = append(line.Cells, cell(n, most))
		}
		line.Cells = append(line.Cells, heatCell{Text: w.count(from[i]), Shown: true, Sum: true})
		p.Rows = append(p.Rows, line)
	}
	last := heatRow{Name: w.all}
	for _, n := range append(to, all) {
		last.Cells = append(last.Cells, heatCell{Text: w.count(n), Shown: true, Sum: true})
	}
	p.Rows = append(p.Rows, last)
	return &heat{Parts: []heatPart{p}}
}

// flow is a picture of ribbons between two columns of stages, whose names are beside it.
// Places are in hundredths.
type flow struct {
	ID, Title, Desc string
	Heads           [2]string // the dates
	Height          int       // in lines of text
	Left, Right     []tick
	Shapes          []shape
}

// Room is how wide the names on one side are, in hundredths of their size.
func (p *flow) Room(side int) int {
	n := wide(p.Heads[side])
	for _, t := range [][]tick{p.Left, p.Right}[side] {
		n = max(n, wide(t.Text), wide(t.Class))
	}
	return n
}

const (
	nodeWidth = 2.5 // of a stage in the picture
	slotGap   = 1.2 // between two stages
)

// draw draws the moves, or nothing where nobody is.
func (f *Moves) draw(title string, w *words) *flow {
	from, to, all := f.sums()
	if all == 0 {
		return nil
	}
	p := &flow{Title: title, Heads: [2]string{clip(f.From, nameLength), clip(f.To, nameLength)}}
	here := 0 // stages in the fuller column
	for _, sums := range [][]uint64{from, to} {
		n := 0
		for _, c := range sums {
			if c > 0 {
				n++
			}
		}
		here = max(here, n)
	}
	p.Height = max(10, 3*here)
	left, unitL := column(from, all, p.Height)
	right, unitR := column(to, all, p.Height)
	unit := min(unitL, unitR) // so that a person is as high on both sides
	topL, topR := tops(left, from, unit), tops(right, to, unit)
	nodes := make([]path, len(f.Stages))
	stayed := uint64(0)
	for i := range f.Stages {
		if from[i] > 0 {
			p.Left = append(p.Left, tick{At: left[i], Text: clip(f.Stages[i], nameLength), Class: w.count(from[i])})
			nodes[i].box(0, topL[i], nodeWidth, unit*float64(from[i]))
		}
		if to[i] > 0 {
			p.Right = append(p.Right, tick{At: right[i], Text: clip(f.Stages[i], nameLength), Class: w.count(to[i])})
			nodes[i].box(100-nodeWidth, topR[i], nodeWidth, unit*float64(to[i]))
		}
		stayed += f.Counts[i][i]
	}
	for i, row := range f.Counts {
		for j, n := range row {
			if n == 0 {
				continue
			}
			h := unit * float64(n)
			var ribbon path
			ribbon.ribbon(nodeWidth, topL[i], 100-nodeWidth, topR[j], h)
			topL[i], topR[j] = topL[i]+h, topR[j]+h
			title := clip(f.Stages[i], nameLength) + " → " + clip(f.Stages[j], nameLength) + w.colon + w.count(n)
			p.Shapes = append(p.Shapes, shape{Class: "ribbon " + class(i), Path: ribbon.String(), Title: title})
		}
	}
	for i := range nodes {
		if nodes[i].Len() > 0 {
			p.Shapes = append(p.Shapes, shape{Class: "node " + class(i), Path: nodes[i].String()})
		}
	}
	p.Desc = fmt.Sprintf("%s → %s; %s%s%s; %s%s%s", p.Heads[0], p.Heads[1], w.people, w.colon, w.count(all), w.stayed, w.colon, w.percent(share(stayed, all)))
	return p
}

// column finds the middle of each stage in a column, and how high a person is there:
// every stage has room for its name at least.
func column(sums []uint64, all uint64, lines int) (middles []float64, unit float64) {
	least := 100 * 2.4 / float64(lines) // two lines of text
	middles = make([]float64, len(sums))
	// Who would have less than the least takes it from the others.
	room, people := 100.0, float64(all)
	for small := true; small; {
		small = false
		for i, n := range sums {
			if n > 0 && middles[i] == 0 && room*float64(n)/people < least {
				middles[i], small = least, true
				room -= least
				people -= float64(n)
			}
		}
		if people <= 0 {
			break
		}
	}
	unit = math.Inf(1)
	top := 0.0
	for i, n := range sums {
		if n == 0 {
			continue
		}
		height := middles[i]
		if height == 0 {
			height = room * float64(n) / people
			unit = min(unit, max(height-slotGap, 0.5)/float64(n))
		}
		middles[i] = top + height/2
		top += height
	}
	if math.IsInf(unit, 1) {
		unit = least / float64(slices.Max(sums))
	}
	return middles, unit
}

// tops are where stages begin that lie around their middles.
func tops(middles []float64, sums []uint64, unit float64) []float64 {
	out := slices.Clone(middles)
	for i, n := range sums {
		out[i] -= unit * float64(n) / 2
	}
	return out
}
