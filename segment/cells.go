package segment

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
)

// SortableCell maps an S2 leaf cell to the integer that a column keeps for it, so that
// the order of the integers is the order of the cells.
func SortableCell(leaf uint64) int64 { return int64(leaf ^ 1<<63) }

// LeafCell returns the S2 leaf cell that a column keeps as that integer: the inverse of
// SortableCell.
func LeafCell(v int64) uint64 { return uint64(v) ^ 1<<63 }

// A place is narrowed down to coveringMax ranges of cells: the more, the fewer profiles
// are near its border. All places of an expression together get coveringsMax, shared
// evenly, so that thousands of them are not thousands of times the work of one.
const (
	coveringMax  = 1 << 8
	coveringsMax = 1 << 16
	coveringMin  = 1 << 3
)

// rangesEach returns how many ranges each of n places gets: a power of two, so that what
// is kept of a declared place serves many expressions.
func rangesEach(n int) int {
	each := coveringMax
	for each > coveringMin && each*n > coveringsMax {
		each /= 2
	}
	return each
}

// rangesOf returns how many ranges an area gets that as one place would get each: more
// where it is a union of many, up to four for each of them.
func rangesOf(a syntax.Area, each int) int {
	union, ok := a.(interface{ Len() int })
	if !ok {
		return each
	}
	n := each
	for n < 4*union.Len() && n < 16*each {
		n *= 2
	}
	return n
}

// areas counts the conditions on places.
func areas(e syntax.Expr) int {
	n := 0
	if _, ok := e.(*syntax.Inside); ok {
		n++
	}
	for _, part := range syntax.Parts(e) {
		n += areas(part)
	}
	return n
}

// inside compiles a condition on a place: what lies in it for sure by the column of
// cells, and of what lies on its border those whose point does, exactly.
func (k *compiler) inside(e *syntax.Inside) (n Node, ok bool, err error) {
	f, ok := k.catalog.Cells(e.X)
	if !ok || e.Area == nil {
		return Node{}, false, nil
	}
	covering, err := e.Area.Covering(k.ctx, rangesOf(e.Area, k.ranges))
	if err != nil {
		return Node{}, false, err
	}
	sure, border := cellSpans(covering.Inside), cellSpans(covering.Border)
	label := placeLabel(e)
	if n = InSpans(f, sure...); n.n != nil {
		n.n.label = label
	}
	if len(border) == 0 {
		return n, true, nil
	}
	c := k.catalog
	among := InSpans(f, border...)
	refined := found(label, func(ctx context.Context) (*Set, error) { return c.Among(ctx, e, among) })
	refined.n.scan.among = among.n
	return n.Or(refined), true, nil
}

// placeLabel is the text of a condition; of a union it says so, and does not write it out.
func placeLabel(e *syntax.Inside) string {
	if all, ok := e.Area.(*geo.Places); ok {
		return fmt.Sprintf("%d areas around %s", all.Len(), syntax.PrintOperand(e.X))
	}
	return syntax.Print(e)
}

// united returns alternatives with those on areas that a text writes out, about one and
// the same point, joined into one: the union has an index of its own, and one column is
// read once. Declared places are left alone, since their coverings are kept.
func (k *compiler) united(es []syntax.Expr) ([]syntax.Expr, error) {
	unions := map[FieldID]*areaUnion{}
	rest := make([]syntax.Expr, 0, len(es))
	var order []*areaUnion
	for _, e := range es {
		in, ok := e.(*syntax.Inside)
		if !ok {
			rest = append(rest, e)
			continue
		}
		f, ok := k.catalog.Cells(in.X)
		u := unions[f]
		if ok && u == nil {
			u = &areaUnion{}
			unions[f] = u
			order = append(order, u)
		}
		if !ok || !u.add(in) {
			rest = append(rest, e)
		}
	}
	for _, u := range order {
		if len(u.of) < 2 {
			rest = append(rest, u.exprs()...)
			continue
		}
		all, err := geo.NewPlaces(k.ctx, u.circles, u.polygons)
		if err != nil {
			return nil, err
		}
		rest = append(rest, &syntax.Inside{X: u.of[0].X, Area: all, Pos: u.of[0].Pos})
	}
	return rest, nil
}

// areaUnion is what conditions on one point ask for.
type areaUnion struct {
	of       []*syntax.Inside
	circles  []geo.Circle
	polygons []*geo.Polygon
	parts    int
}

// add takes in a condition; it is false for one on a declared place, and once there are
// too many.
func (u *areaUnion) add(e *syntax.Inside) bool {
	switch a := e.Area.(type) {
	case geo.Circle:
		if len(u.circles) == geo.MaxPlaces {
			return false
		}
		u.circles = append(u.circles, a)
	case *geo.Polygon:
		if u.parts += a.Parts(); u.parts > geo.MaxPlaces {
			u.parts -= a.Parts()
			return false
		}
		u.polygons = append(u.polygons, a)
	default:
		return false
	}
	u.of = append(u.of, e)
	return true
}

func (u *areaUnion) exprs() []syntax.Expr {
	out := make([]syntax.Expr, len(u.of))
	for i, e := range u.of {
		out[i] = e
	}
	return out
}

func cellSpans(ranges []geo.Range) []Span {
	spans := make([]Span, 0, len(ranges))
	for _, r := range ranges {
		// 0 is no cell: that of a point which is none.
		if lo := max(r.Lo, 1); lo <= r.Hi {
			spans = append(spans, Span{SortableCell(lo), SortableCell(r.Hi)})
		}
	}
	return spans
}
