package geo

import (
	"cmp"
	"slices"
)

// box is the points of the map within two ranges, their ends included.
type box struct{ lons, lats span }

// maxBoxSlabs is the most slabs that free looks through. No more than that many vertices
// are in the way of a leaf cell, unless they are closer together than points can be told
// apart by cells.
const maxBoxSlabs = 1024

// free reports whether the box is sure to hold no point of a segment. If so, it also tells
// whether an odd number of segments is straight north of its points, which is then the
// same for all of them. It goes the way of [locator.locate], for the box as for a point.
func (l *locator) free(b box) (free, odd bool) {
	first, found := slices.BinarySearch(l.xs, b.lons.lo)
	last := first // the first longitude of a vertex that is east of the box
	for ; last < len(l.xs) && l.xs[last] <= b.lons.hi; last++ {
		if last-first == maxBoxSlabs || l.columnMeets(last, b.lats) {
			return false, false
		}
	}
	if last--; last < 0 {
		return true, false // it is west of all
	}
	if !found {
		first = max(first-1, 0) // the slab begins at the longitude before
	}
	north := 0
	for lo, hi, leaves := first+l.leaves, last+l.leaves, 1; lo > 0; lo, hi, leaves = lo/2, hi/2, 2*leaves {
		for n := lo; n <= hi; n++ {
			above, met := l.nodeMeets(n, n*leaves-l.leaves, leaves, b)
			if met {
				return false, false
			}
			if n == lo {
				north += above
			}
		}
	}
	return true, north%2 == 1
}

// columnMeets reports whether a vertex or a meridional segment at xs[i] meets the latitudes.
func (l *locator) columnMeets(i int, lats span) bool {
	column := l.columns[l.columnStart[i]:l.columnStart[i+1]]
	k, _ := slices.BinarySearchFunc(column, lats.lo, func(s span, y float64) int {
		return cmp.Compare(s.hi, y)
	})
	return k < len(column) && column[k].lo <= lats.hi
}

// nodeMeets reports whether a segment of the node, whose slabs begin at xs[slab], meets the
// box there, and if none does, how many are north of it. Those south of the box come
// first, those north of it last.
func (l *locator) nodeMeets(node, slab, slabs int, b box) (above int, met bool) {
	lo, hi := l.start[node], l.start[node+1]
	if lo == hi {
		return 0, false
	}
	// Beyond the node's slabs the segments are in no order.
	b.lons.lo = max(b.lons.lo, l.xs[slab])
	if slab+slabs < len(l.xs) {
		b.lons.hi = min(b.lons.hi, l.xs[slab+slabs])
	}
	end := hi
	for lo < hi {
		mid := (lo + hi) / 2
		if l.segments[l.list[mid]].southOf(b) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < end && !l.segments[l.list[lo]].northOf(b) {
		return 0, true
	}
	return int(end - lo), false
}

// southOf reports whether a segment over all longitudes of the box is south of it: at the
// end towards which it rises.
func (s *segment) southOf(b box) bool {
	x := b.lons.hi
	if s.b.y < s.a.y {
		x = b.lons.lo
	}
	return orient(s.a, s.b, vertex{x: x, y: b.lats.lo}) > 0
}

// northOf is southOf, north of it.
func (s *segment) northOf(b box) bool {
	x := b.lons.lo
	if s.b.y < s.a.y {
		x = b.lons.hi
	}
	return orient(s.a, s.b, vertex{x: x, y: b.lats.hi}) < 0
}
