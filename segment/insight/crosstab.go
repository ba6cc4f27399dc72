package insight

import (
	"context"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/segment"
)

// MaxDimensions is how many dimensions a table may have.
const MaxDimensions = 3

// Table is a cross-tabulation. Along each dimension a table has, after its values,
// the rest, which is who has none of them, and all.
type Table struct {
	Dimensions []Axis
	// Cells has every combination, the last dimension running fastest: len(Values)+2
	// along each.
	Cells []Cell
}

// Axis is a dimension of a table.
type Axis struct {
	Name   string
	Values []string
	// Exclusive says that nobody has two of the values, so that the values and the
	// rest add up to all.
	Exclusive bool
}

// Rest is the place along the axis of those who have none of its values.
func (a *Axis) Rest() int { return len(a.Values) }

// All is the place along the axis of everybody.
func (a *Axis) All() int { return len(a.Values) + 1 }

// Cell is one combination of values.
type Cell struct {
	// Count is how many people have it; 0 where it is hidden.
	Count uint64
	// Hidden says that the cell is left out: it is smaller than the least that may be
	// shown, or would betray one that is.
	Hidden bool `json:",omitempty"`
}

// At returns the cell at a place along each dimension: a value by its number, or
// [Axis.Rest] or [Axis.All]. It panics where there is no such place, as an index does.
func (t *Table) At(place ...int) Cell {
	if len(place) != len(t.Dimensions) {
		panic(fmt.Sprintf("insight: %d places in a table of %d dimensions", len(place), len(t.Dimensions)))
	}
	at := 0
	for d, p := range place {
		if n := t.Dimensions[d].length(); p < 0 || p >= n {
			panic(fmt.Sprintf("insight: place %d along a dimension of %d", p, n))
		}
		at = at*t.Dimensions[d].length() + p
	}
	return t.Cells[at]
}

func (a *Axis) length() int { return len(a.Values) + 2 }

// CrossTab counts every combination of up to three dimensions among the people of
// base, everybody where it is zero. Groups of fewer than leastCell people are hidden,
// and as many others as it takes that nobody finds them by adding and subtracting what
// is shown; 0 and 1 hide nothing. Who knows more than the table, or bounds what is
// hidden from below and above, may still narrow it down.
func CrossTab(ctx context.Context, c Counter, base segment.Expr, leastCell uint64, dims ...Dimension) (*Table, error) {
	if err := checkDimensions(dims); err != nil {
		return nil, err
	}
	if len(dims) > MaxDimensions {
		return nil, fmt.Errorf("insight: a table of %d dimensions, %d are allowed", len(dims), MaxDimensions)
	}
	t := &Table{}
	cells := 1
	for _, d := range dims {
		axis := Axis{Name: d.Name}
		for _, v := range d.Values {
			axis.Values = append(axis.Values, v.Name)
		}
		t.Dimensions = append(t.Dimensions, axis)
		if cells *= axis.length(); cells > MaxCells {
			return nil, fmt.Errorf("insight: a table of more than %d cells", MaxCells)
		}
	}
	along := make([][]segment.Expr, len(dims))
	for i, d := range dims {
		along[i] = d.exprs()
		along[i] = append(along[i], segment.Not(segment.Or(along[i]...)))
	}
	counts, err := cross(ctx, c, orEveryone(base), along...)
	if err != nil {
		return nil, err
	}
	t.Cells = make([]Cell, len(counts))
	for i, n := range counts {
		t.Cells[i].Count = n
	}
	t.exclude()
	if err := t.hide(leastCell); err != nil {
		return nil, err
	}
	return t, nil
}

// exclude finds out along which dimensions nobody has two values: the values and the
// rest take in everybody, so they add up to all only then.
func (t *Table) exclude() {
	for d := range t.Dimensions {
		axis := &t.Dimensions[d]
		place := make([]int, len(t.Dimensions))
		for i := range place {
			place[i] = t.Dimensions[i].All()
		}
		var sum uint64
		for place[d] = range axis.All() {
			sum += t.At(place...).Count
		}
		place[d] = axis.All()
		axis.Exclusive = sum == t.At(place...).Count
	}
}

// errHidden is what becomes of tables in which too much would have to be hidden.
var errHidden = errors.New("more groups are too small than can be hidden safely: ask for fewer values or dimensions")
