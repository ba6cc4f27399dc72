package insight

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/segment"
)

// Counter counts segments, all as of one instant. *portrait.View is one.
type Counter interface {
	// Counts returns how many profiles are in each segment.
	Counts(ctx context.Context, es ...segment.Expr) ([]uint64, error)
}

// Crosser is a [Counter] that counts a table in one go, which is several times faster
// than cell by cell. *portrait.View is one. A Counter that is none is asked for every cell.
type Crosser interface {
	Counter
	// Cross returns how many profiles of base are in each combination of one segment of
	// each dimension, the last dimension running fastest. The last place along a
	// dimension, after its segments, is everybody, whether or not in any of them.
	Cross(ctx context.Context, base segment.Expr, dims ...[]segment.Expr) ([]uint64, error)
}

// cross is Cross of c, or the same by Counts.
func cross(ctx context.Context, c Counter, base segment.Expr, dims ...[]segment.Expr) ([]uint64, error) {
	if x, ok := c.(Crosser); ok {
		return x.Cross(ctx, base, dims...)
	}
	cells := [][]segment.Expr{{base}}
	for _, d := range dims {
		var next [][]segment.Expr
		for _, cell := range cells {
			for _, e := range d {
				next = append(next, append(slices.Clone(cell), e))
			}
			next = append(next, cell)
		}
		cells = next
	}
	es := make([]segment.Expr, len(cells))
	for i, cell := range cells {
		es[i] = segment.And(cell...)
	}
	return c.Counts(ctx, es...)
}

// Dimension is one way to tell people apart: a tag with its values, the parts of a
// number, the steps of a lifecycle. Values may overlap, and need not take in
// everybody.
type Dimension struct {
	// Name is what reports call it. Required; no two dimensions of one question
	// have the same.
	Name   string
	Values []Value
}

// Value is one value of a dimension.
type Value struct {
	// Name is what reports call it. May be empty where the dimension has only one.
	Name string
	// Expr says who has it. Required.
	Expr segment.Expr
}

// Tag is a tag as a dimension: with the values given, or, of none, whether people
// have the tag.
func Tag(name string, values ...string) Dimension {
	d := Dimension{Name: name}
	if len(values) == 0 {
		d.Values = []Value{{Expr: segment.Tag(name)}}
	}
	for _, v := range values {
		d.Values = append(d.Values, Value{Name: v, Expr: segment.TagValue(name, v)})
	}
	return d
}

// exprs returns who has each value.
func (d *Dimension) exprs() []segment.Expr {
	out := make([]segment.Expr, len(d.Values))
	for i, v := range d.Values {
		out[i] = v.Expr
	}
	return out
}

// The most that one question may hold.
const (
	// MaxValues is how many values the dimensions of a [Question] may have in all.
	MaxValues = 100_000
	// MaxCells is how many cells a table may have, rests and totals included.
	MaxCells = 20_000
	// MaxSegments is how many segments may be held against each other in [Overlap].
	MaxSegments = 12
	// MaxSteps is how many steps a funnel may have.
	MaxSteps = 100
)

// checkDimensions returns an error that names the first fault.
func checkDimensions(dims []Dimension) error {
	if len(dims) == 0 {
		return errors.New("insight: there is no dimension")
	}
	seen := map[string]bool{}
	for i, d := range dims {
		switch {
		case d.Name == "":
			return fmt.Errorf("insight: dimension %d has no name", i+1)
		case seen[d.Name]:
			return fmt.Errorf("insight: dimension %q is there twice", d.Name)
		case len(d.Values) == 0:
			return fmt.Errorf("insight: dimension %q has no values", d.Name)
		}
		seen[d.Name] = true
		values := map[string]bool{}
		for j, v := range d.Values {
			switch {
			case v.Name == "" && len(d.Values) > 1:
				return fmt.Errorf("insight: dimension %q: value %d has no name", d.Name, j+1)
			case values[v.Name]:
				return fmt.Errorf("insight: dimension %q: value %q is there twice", d.Name, v.Name)
			case v.Expr.IsZero():
				return fmt.Errorf("insight: dimension %q: value %q has no expression", d.Name, v.Name)
			}
			values[v.Name] = true
		}
	}
	return nil
}

// orEveryone is e, or everybody where it is zero.
func orEveryone(e segment.Expr) segment.Expr {
	if e.IsZero() {
		return segment.And()
	}
	return e
}
