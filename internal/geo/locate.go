package geo

import (
	"cmp"
	"slices"
)

// locator finds out where a point lies among segments that do not cross, exactly, in
// O(log² n). It is a segment tree: the longitudes of all vertices divide the map into
// slabs, the leaves of a binary tree. A segment lies at the O(log n) highest nodes
// whose slabs it spans whole. The segments of a node are in order from south to north
// all over its slabs, so a binary search finds how many of them are north of a point.
type locator struct {
	xs       []float64 // of all vertices between -180 and 180, ascending
	leaves   int       // a power of two, at least len(xs)
	segments []segment
	// The segments of node n are list[start[n]:start[n+1]].
	start []int32
	list  []int32
	// The vertices and the meridional segments at xs[i] cover the latitudes of
	// columns[columnStart[i]:columnStart[i+1]], disjoint and ascending.
	columnStart []int32
	columns     []span
}

// span is a closed interval of latitudes.
type span struct{ lo, hi float64 }

func newLocator(segments []segment) *locator {
	l := &locator{segments: segments}
	for i := range segments {
		for _, v := range [...]vertex{segments[i].a, segments[i].b} {
			// A segment from beyond the antimeridian lies over the map's first slab.
			if l.xs = append(l.xs, v.x); v.turn != 0 {
				l.xs[len(l.xs)-1] = -180
			}
		}
	}
	slices.Sort(l.xs)
	l.xs = slices.Compact(l.xs)
	for l.leaves = 1; l.leaves < len(l.xs); l.leaves *= 2 {
	}
	l.fillColumns()
	l.fillNodes()
	return l
}

func (l *locator) fillColumns() {
	type entry struct {
		column int
		span
	}
	var entries []entry
	for i := range l.segments {
		a, b := l.segments[i].a, l.segments[i].b
		if compareX(a, b) == 0 {
			if a.turn == 0 {
				entries = append(entries, entry{l.rank(a), span{a.y, b.y}})
			}
			continue
		}
		for _, v := range [...]vertex{a, b} {
			if v.turn == 0 {
				entries = append(entries, entry{l.rank(v), span{v.y, v.y}})
			}
		}
	}
	slices.SortFunc(entries, func(e, f entry) int {
		return cmp.Or(cmp.Compare(e.column, f.column), cmp.Compare(e.lo, f.lo), cmp.Compare(f.hi, e.hi))
	})
	l.columnStart = make([]int32, len(l.xs)+1)
	for i, e := range entries {
		if n := len(l.columns); i > 0 && entries[i-1].column == e.column && e.lo <= l.columns[n-1].hi {
			l.columns[n-1].hi = max(l.columns[n-1].hi, e.hi)
			continue
		}
		l.columns = append(l.columns, e.span)
		l.columnStart[e.column+1]++
	}
	for i := range l.xs {
		l.columnStart[i+1] += l.columnStart[i]
	}
}

// rank returns the slab that begins at a vertex: 0 for one to the west of all, and the
// number of longitudes for one to the east.
func (l *locator) rank(v vertex) int {
	switch {
	case v.turn < 0:
		return 0
	case v.turn > 0:
		return len(l.xs)
	}
	i, _ := slices.BinarySearch(l.xs, v.x)
	return i
}

func (l *locator) fillNodes() {
	l.start = make([]int32, 2*l.leaves+1)
	for i := range l.segments {
		l.eachNode(&l.segments[i], func(n int) { l.start[n+1]++ })
	}
	for n := range 2 * l.leaves {
		l.start[n+1] += l.start[n]
	}
	l.list = make([]int32, l.start[2*l.leaves])
	fill := slices.Clone(l.start)
	for i := range l.segments {
		l.eachNode(&l.segments[i], func(n int) {
			l.list[fill[n]] = int32(i)
			fill[n]++
		})
	}
	for n := range 2 * l.leaves {
		slices.SortFunc(l.list[l.start[n]:l.start[n+1]], l.compareHeight)
	}
}

// eachNode calls f for the nodes that the segment spans.
func (l *locator) eachNode(s *segment, f func(node int)) {
	if compareX(s.a, s.b) == 0 {
		return
	}
	for lo, hi := l.rank(s.a)+l.leaves, l.rank(s.b)+l.leaves; lo < hi; lo, hi = lo/2, hi/2 {
		if lo%2 == 1 {
			f(lo)
			lo++
		}
		if hi%2 == 1 {
			hi--
			f(hi)
		}
	}
}

// compareHeight orders segments with longitudes in common from south to north. They
// may touch at one end, so the other decides.
func (l *locator) compareHeight(i, j int32) int {
	if i == j {
		return 0
	}
	e, f := &l.segments[i], &l.segments[j]
	if compareX(e.a, f.a) <= 0 {
		if o := orient(e.a, e.b, f.a); o != 0 {
			return -o
		}
	} else if o := orient(f.a, f.b, e.a); o != 0 {
		return o
	}
	if compareX(f.b, e.b) <= 0 {
		return -orient(e.a, e.b, f.b)
	}
	return orient(f.a, f.b, e.b)
}

// locate returns whether a point with -180 <= x <= 180 and turn 0 is on a segment, and
// if not, whether an odd number of segments is straight north of it.
func (l *locator) locate(p vertex) (on, odd bool) {
	i, found := slices.BinarySearch(l.xs, p.x)
	if found {
		column := l.columns[l.columnStart[i]:l.columnStart[i+1]]
		if k, _ := slices.BinarySearchFunc(column, p.y, func(s span, y float64) int {
			return cmp.Compare(s.hi, y)
		}); k < len(column) && column[k].lo <= p.y {
			return true, false
		}
	} else {
		i-- // the slab begins at the longitude before
	}
	if i < 0 {
		return false, false
	}
	north := 0
	for n := i + l.leaves; n > 0; n /= 2 {
		lo, hi := l.start[n], l.start[n+1]
		end := hi
		for lo < hi {
			mid := (lo + hi) / 2
			s := &l.segments[l.list[mid]]
			switch orient(s.a, s.b, p) {
			case 0:
				return true, false
			case 1:
				lo = mid + 1
			default:
				hi = mid
			}
		}
		north += int(end - lo)
	}
	return false, north%2 == 1
}
