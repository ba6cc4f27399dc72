// Package grid numbers the cells of the Earth that sightings are gathered in: those of
// S2 at one level, each face of a cube cut into rows and columns. The numbers are not
// those of S2, which follow a curve: here the cell beside another is found by counting.
// Everything in it is safe for concurrent use.
package grid

import (
	"math"
	"slices"
)

// Level says how small cells are: each cell of a level is cut into four of the next.
// At 10 they are some 9 km wide, at 16 some 150 m, at 18 some 40 m.
type Level int

// MaxLevel is the greatest level, at which cells are a centimetre wide.
const MaxLevel Level = 30

// A cell's number is its face above its column above its row, of as many bits as the
// level says.

// Cells returns how many cells there are: their numbers are those below it.
func (l Level) Cells() uint64 { return 6 << (2 * l) }

// Cell returns the number of the cell that a point is in, in degrees, the same for all
// spellings of a place; ok is false for what is no point.
func (l Level) Cell(lat, lon float64) (cell uint64, ok bool) {
	if !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) {
		return 0, false
	}
	switch {
	case lat == 90 || lat == -90:
		lon = 0
	case lon == 180:
		lon = -180
	}
	face, u, v := vectorOf(lat, lon).project()
	return l.number(face, l.step(curved(u)), l.step(curved(v))), true
}

// step returns which of the rows of a face a coordinate from 0 to 1 lies in.
func (l Level) step(s float64) int64 {
	n := int64(1) << l
	return min(max(int64(math.Floor(float64(s*float64(n)))), 0), n-1)
}

func (l Level) number(face int, i, j int64) uint64 {
	return uint64(face)<<(2*l) | uint64(i)<<l | uint64(j)
}

func (l Level) split(cell uint64) (face int, i, j int64) {
	last := uint64(1)<<l - 1
	return int(cell >> (2 * l)), int64(cell >> l & last), int64(cell & last)
}

// Around appends the cells that touch a cell along a side or in a corner, ascending:
// eight, and seven where three faces of the cube meet.
func (l Level) Around(dst []uint64, cell uint64) []uint64 {
	begin := len(dst)
	face, i, j := l.split(cell)
	last := int64(1)<<l - 1
	if i > 0 && i < last && j > 0 && j < last {
		for x := i - 1; x <= i+1; x++ {
			for y := j - 1; y <= j+1; y++ {
				if x != i || y != j {
					dst = append(dst, l.number(face, x, y))
				}
			}
		}
		return dst
	}
	for x := i - 1; x <= i+1; x++ {
		for y := j - 1; y <= j+1; y++ {
			if near := l.wrapped(face, x, y); near != cell {
				dst = append(dst, near)
			}
		}
	}
	slices.Sort(dst[begin:])
	return dst[:begin+len(slices.Compact(dst[begin:]))]
}

// wrapped returns the cell at a column and row that may be one beyond the face. There
// it takes rows to be of one width, which they are not, but the same across an edge.
func (l Level) wrapped(face int, i, j int64) uint64 {
	n := int64(1) << l
	if i >= 0 && i < n && j >= 0 && j < n {
		return l.number(face, i, j)
	}
	const beyond = 1 + 1e-15 // just over the edge
	across := func(k int64) float64 {
		return min(max(float64(2*k+1-n)/float64(n), -beyond), beyond)
	}
	face, u, v := unproject(face, across(i), across(j)).project()
	return l.number(face, l.step((u+1)/2), l.step((v+1)/2))
}

// decimals is to how many parts of a degree a middle is rounded: some 11 m, so that it
// does not wander as the weights change a little.
const decimals = 10_000

// Middle returns the mean of the middles of cells, each counted as often as its weight
// says, in degrees rounded to four decimals. The cells ascend; there is at least one,
// and they lie within a hemisphere.
func (l Level) Middle(cells []uint64, weights []int) (lat, lon float64) {
	var sum vector
	for k, cell := range cells {
		face, i, j := l.split(cell)
		n := float64(int64(1) << l)
		m := unproject(face, straight((float64(i)+0.5)/n), straight((float64(j)+0.5)/n)).scaled(1)
		w := float64(weights[k])
		sum = vector{sum.x + float64(m.x*w), sum.y + float64(m.y*w), sum.z + float64(m.z*w)}
	}
	round := func(angle float64) float64 {
		// + 0: no negative zero.
		return math.Round(angle*(180/math.Pi)*decimals)/decimals + 0
	}
	lat = round(math.Atan2(sum.z, math.Hypot(sum.x, sum.y)))
	lon = round(math.Atan2(sum.y, sum.x))
	switch {
	case lat == 90 || lat == -90:
		lon = 0
	case lon == 180:
		lon = -180
	}
	return lat, lon
}

// vector is a direction from the middle of the Earth: x to latitude and longitude 0, z
// to the north pole.
type vector struct{ x, y, z float64 }

func vectorOf(lat, lon float64) vector {
	sinLat, cosLat := math.Sincos(lat * (math.Pi / 180))
	sinLon, cosLon := math.Sincos(lon * (math.Pi / 180))
	return vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}

// scaled returns the vector at a length.
func (a vector) scaled(length float64) vector {
	f := length / math.Sqrt(float64(a.x*a.x)+float64(a.y*a.y)+float64(a.z*a.z))
	return vector{a.x * f, a.y * f, a.z * f}
}

// project returns the face of the cube that a direction goes through, and where, from -1
// to 1.
func (a vector) project() (face int, u, v float64) {
	x, y, z := math.Abs(a.x), math.Abs(a.y), math.Abs(a.z)
	switch {
	case x >= y && x >= z:
		if a.x > 0 {
			return 0, a.y / a.x, a.z / a.x
		}
		return 3, a.z / a.x, a.y / a.x
	case y >= z:
		if a.y > 0 {
			return 1, -a.x / a.y, a.z / a.y
		}
		return 4, a.z / a.y, -a.x / a.y
	case a.z > 0:
		return 2, -a.x / a.z, -a.y / a.z
	}
	return 5, -a.y / a.z, -a.x / a.z
}

// unproject returns a direction through a place on a face.
func unproject(face int, u, v float64) vector {
	switch face {
	case 0:
		return vector{1, u, v}
	case 1:
		return vector{-u, 1, v}
	case 2:
		return vector{-u, -v, 1}
	case 3:
		return vector{-1, -v, -u}
	case 4:
		return vector{v, -1, -u}
	}
	return vector{v, u, -1}
}

// curved maps a place on a face, from -1 to 1, to one from 0 to 1 that makes cells of
// more even size, as S2 does.
func curved(u float64) float64 {
	if u >= 0 {
		return 0.5 * math.Sqrt(1+float64(3*u))
	}
	return 1 - 0.5*math.Sqrt(1-float64(3*u))
}

// straight undoes curved.
func straight(s float64) float64 {
	if s >= 0.5 {
		return (float64(4*s*s) - 1) / 3
	}
	return (1 - float64(4*(1-s)*(1-s))) / 3
}
