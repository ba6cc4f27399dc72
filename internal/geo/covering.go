package geo

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"github.com/golang/geo/s2"
)

// Range is the S2 leaf cells from Lo to Hi, both included.
type Range struct{ Lo, Hi uint64 }

// Covering narrows a shape down to ranges of leaf cells. Each list is ascending, and no
// two ranges overlap.
type Covering struct {
	// Inside holds cells whose points are all members.
	Inside []Range
	// Border holds cells whose points may be members: the exact shape decides.
	Border []Range
}

// minCells is the least limit of a covering: it leaves room for the six faces of the
// cube that S2 projects the Earth on.
const minCells = 8

// Covering returns at most limit ranges in all for the circle; a limit below 8 is 8.
// More of them leave less to decide one by one. The error is the cause of ctx, soon after
// that ends.
func (c Circle) Covering(ctx context.Context, limit int) (Covering, error) {
	if c.radius == 0 {
		return Covering{}, nil
	}
	return cover(ctx, []shape{newCircleShape(c)}, limit)
}

// Covering is [Circle.Covering] of the polygon.
func (g *Polygon) Covering(ctx context.Context, limit int) (Covering, error) {
	return cover(ctx, appendShapes(nil, g.parts), limit)
}

// Find returns what the covering says of the points of a leaf cell. If both are false,
// none of them is a member.
func (c Covering) Find(leaf uint64) (inside, border bool) {
	if inRanges(c.Inside, leaf) {
		return true, false
	}
	return false, inRanges(c.Border, leaf)
}

func inRanges(ranges []Range, leaf uint64) bool {
	i, _ := slices.BinarySearchFunc(ranges, leaf, func(r Range, leaf uint64) int {
		return cmp.Compare(r.Hi, leaf)
	})
	return i < len(ranges) && ranges[i].Lo <= leaf
}

func cover(ctx context.Context, shapes []shape, limit int) (Covering, error) {
	var c Covering
	pieces, err := divide(ctx, shapes, limit)
	if err != nil {
		return Covering{}, err
	}
	for _, p := range pieces {
		list := &c.Border
		if p.shapes == nil {
			list = &c.Inside
		}
		r := Range{uint64(p.id.RangeMin()), uint64(p.id.RangeMax())}
		// Leaf cells have odd numbers.
		if n := len(*list); n > 0 && (*list)[n-1].Hi+2 == r.Lo {
			(*list)[n-1].Hi = r.Hi
			continue
		}
		*list = append(*list, r)
	}
	return c, nil
}

// piece is a cell in which some shapes have points: all of the cell's if there are no
// shapes, else the exact shapes decide.
type piece struct {
	id     s2.CellID
	shapes []candidate
}

// candidate is what matters of a shape, by its index, within a piece.
type candidate struct {
	index int32
	shape shape
}

// Shapes whose borders run close together could stay together in ever smaller pieces, so
// no more than this many comparisons of a shape with a cell are made, and some more for
// each shape.
const (
	maxComparisons   = 2_000_000
	comparisonsShape = 64
)

// effortTurn is the effort between two looks at the context: some tenths of a millisecond.
const effortTurn = 1024

// division is the work of [divide].
type division struct {
	ctx  context.Context //nolint:containedctx // It lives as long as the call.
	turn int             // effort until the next look at ctx
	err  error           // the cause of ctx, once that has ended
}

// spend counts the effort of a comparison, and reports whether to go on.
func (d *division) spend(effort int) bool {
	if d.turn -= effort; d.turn < 0 {
		d.turn = effortTurn
		if d.ctx.Err() != nil {
			d.err = context.Cause(d.ctx)
		}
	}
	return d.err == nil
}

// divide returns at most limit pieces that hold all points of the shapes, ascending. Of
// the pieces to be decided it always divides the one that costs most: the largest, times
// the shapes to compare with.
func divide(ctx context.Context, shapes []shape, limit int) ([]piece, error) {
	d := &division{ctx: ctx}
	limit = max(limit, minCells)
	all := make([]candidate, len(shapes))
	for i, s := range shapes {
		all[i] = candidate{int32(i), s}
	}
	var done []piece
	var open pieces
	comparisons := maxComparisons + comparisonsShape*len(shapes)
	add := func(id s2.CellID, candidates []candidate) {
		comparisons -= len(candidates)
		switch p, rel := d.newPiece(id, candidates); rel {
		case within:
			done = append(done, p)
		case undecided:
			heap.Push(&open, p)
		}
	}
	for face := range 6 {
		add(s2.CellIDFromFace(face), all)
	}
	for len(open) > 0 && len(done)+len(open)+3 <= limit && comparisons > 0 && d.err == nil {
		p := heap.Pop(&open).(piece)
		if p.id.IsLeaf() {
			done = append(done, p)
			continue
		}
		for _, child := range p.id.Children() {
			add(child, p.shapes)
		}
	}
	done = append(done, open...)
	slices.SortFunc(done, func(a, b piece) int { return cmp.Compare(a.id, b.id) })
	if d.err != nil {
		return nil, d.err
	}
	return done, nil
}

// newPiece is not to be used once d.err is set.
func (d *division) newPiece(id s2.CellID, candidates []candidate) (piece, relation) {
	p, c := piece{id: id}, newCell(id)
	for _, k := range candidates {
		if !d.spend(k.shape.effort()) {
			break
		}
		switch rel, rest := k.shape.relate(c); rel {
		case within:
			return piece{id: id}, within
		case undecided:
			p.shapes = append(p.shapes, candidate{k.index, rest})
		}
	}
	if p.shapes == nil {
		return p, without
	}
	return p, undecided
}

// pieces is a heap with the piece that costs most on top.
type pieces []piece

func (h pieces) Len() int      { return len(h) }
func (h pieces) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h pieces) Less(i, j int) bool {
	return cmp.Or(-cmp.Compare(h[i].cost(), h[j].cost()), cmp.Compare(h[i].id, h[j].id)) < 0
}

// cost is the share of the Earth times the shapes to compare a point with.
func (p *piece) cost() float64 {
	return float64(len(p.shapes)) * float64(p.id&-p.id)
}

// Push is for package heap.
func (h *pieces) Push(x any) { *h = append(*h, x.(piece)) }

// Pop is for package heap.
func (h *pieces) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
