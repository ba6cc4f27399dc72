package geo

import (
	"cmp"
	"slices"
)

// cellIndex finds the shapes that a point may be in by the point's cell.
type cellIndex struct {
	shapes []shape
	// Cell i is the leaf cells of ranges[i]. The shapes that have a border in it are
	// candidates[start[i]:start[i+1]]. Without any, all of its points are members.
	ranges     []Range
	start      []int32
	candidates []int32
}

const (
	cellsPerCircle, cellsPerPart = 16, 64
	maxIndexCells                = 1 << 20
)

func newCellIndex(shapes []shape) *cellIndex {
	limit := 0
	for _, s := range shapes {
		if _, ok := s.(partShape); ok {
			limit += cellsPerPart
		} else {
			limit += cellsPerCircle
		}
	}
	x := &cellIndex{shapes: shapes, start: []int32{0}}
	for _, p := range divide(shapes, min(limit, maxIndexCells)) {
		x.ranges = append(x.ranges, Range{uint64(p.id.RangeMin()), uint64(p.id.RangeMax())})
		for _, k := range p.shapes {
			x.candidates = append(x.candidates, k.index)
		}
		x.start = append(x.start, int32(len(x.candidates)))
	}
	return x
}

// contains reports whether any of the shapes contains a valid point.
func (x *cellIndex) contains(p Point) bool {
	leaf := CellID(p)
	i, _ := slices.BinarySearchFunc(x.ranges, leaf, func(r Range, leaf uint64) int {
		return cmp.Compare(r.Hi, leaf)
	})
	if i == len(x.ranges) || x.ranges[i].Lo > leaf {
		return false
	}
	lo, hi := x.start[i], x.start[i+1]
	if lo == hi {
		return true
	}
	p = p.canonical()
	for _, k := range x.candidates[lo:hi] {
		if x.shapes[k].contains(p) {
			return true
		}
	}
	return false
}
