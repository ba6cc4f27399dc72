package geo

import (
	"cmp"
	"context"
	"math/bits"
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
	// bucket[i] is the first cell that ends at the leaf cell first + i<<shift or later, so
	// that a search looks at few of them.
	first  uint64
	shift  int
	bucket []int32
}

const (
	cellsPerCircle, cellsPerPart = 16, 64
	maxIndexCells                = 1 << 20
)

func newCellIndex(ctx context.Context, shapes []shape) (*cellIndex, error) {
	limit := 0
	for _, s := range shapes {
		if _, ok := s.(partShape); ok {
			limit += cellsPerPart
		} else {
			limit += cellsPerCircle
		}
	}
	x := &cellIndex{shapes: shapes, start: []int32{0}}
	pieces, err := divide(ctx, shapes, min(limit, maxIndexCells))
	if err != nil {
		return nil, err
	}
	for _, p := range pieces {
		x.ranges = append(x.ranges, Range{uint64(p.id.RangeMin()), uint64(p.id.RangeMax())})
		for _, k := range p.shapes {
			x.candidates = append(x.candidates, k.index)
		}
		x.start = append(x.start, int32(len(x.candidates)))
	}
	x.fillBuckets()
	return x, nil
}

func (x *cellIndex) fillBuckets() {
	n := len(x.ranges)
	if n == 0 {
		return
	}
	x.first = x.ranges[0].Lo
	length := x.ranges[n-1].Hi - x.first
	x.shift = max(0, bits.Len64(length)-bits.Len(uint(n))-1)
	x.bucket = make([]int32, length>>x.shift+2)
	cell := 0
	for i := range x.bucket {
		begin := x.first + uint64(i)<<x.shift
		for cell < n && x.ranges[cell].Hi < begin {
			cell++
		}
		x.bucket[i] = int32(cell)
	}
}

// find returns the cell of a leaf cell.
func (x *cellIndex) find(leaf uint64) (cell int, ok bool) {
	n := len(x.ranges)
	if n == 0 || leaf < x.first || leaf > x.ranges[n-1].Hi {
		return 0, false
	}
	i := (leaf - x.first) >> x.shift
	lo, hi := int(x.bucket[i]), min(int(x.bucket[i+1])+1, n)
	k, _ := slices.BinarySearchFunc(x.ranges[lo:hi], leaf, func(r Range, leaf uint64) int {
		return cmp.Compare(r.Hi, leaf)
	})
	cell = lo + k
	return cell, cell < hi && x.ranges[cell].Lo <= leaf
}

// contains reports whether any of the shapes contains a valid point.
func (x *cellIndex) contains(p Point) bool {
	i, ok := x.find(CellID(p))
	if !ok {
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
