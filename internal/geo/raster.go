package geo

import "math"

// relation is how all points of a piece of the map lie to an area.
type relation uint8

const (
	undecided relation = iota // some may be members, some not
	within                    // all are members
	without                   // none is
)

// raster divides the bounds of a part into equal pixels and says of each that no
// segment comes near how it lies. It decides most points in a few nanoseconds.
type raster struct {
	west, south    float64
	perLon, perLat float64 // pixels per degree
	width, height  int
	pixels         []relation
}

const (
	minRaster, maxRaster = 32, 512
	// A segment comes near a pixel within these, a share of the pixel plus degrees:
	// far more than the arithmetic below is off by.
	nearPixel, nearDegrees = 1e-6, 1e-12
	// Smaller maps than this are not divided.
	minRasterDegrees = 1e-6
)

func newRaster(t *part) *raster {
	dLon, dLat := t.east-t.west, t.top-t.south
	if dLon < minRasterDegrees || dLat < minRasterDegrees {
		return nil
	}
	side := min(max(int(4*math.Sqrt(float64(len(t.segments)))), minRaster), maxRaster)
	r := &raster{
		west: t.west, south: t.south,
		perLon: float64(side) / dLon, perLat: float64(side) / dLat,
		width: side, height: side,
		pixels: make([]relation, side*side),
	}
	for i := range r.pixels {
		r.pixels[i] = without
	}
	for i := range t.segments {
		r.mark(&t.segments[i])
	}
	for i, rel := range r.pixels {
		if rel == undecided {
			continue
		}
		if i%side > 0 && r.pixels[i-1] != undecided {
			r.pixels[i] = r.pixels[i-1] // no segment is between
			continue
		}
		lon := r.west + (float64(i%side)+0.5)/r.perLon
		lat := r.south + (float64(i/side)+0.5)/r.perLat
		if t.locate(lon, lat) {
			r.pixels[i] = within
		}
	}
	return r
}

// mark makes the pixels that a segment comes near undecided.
func (r *raster) mark(s *segment) {
	ax, bx := s.a.x+360*float64(s.a.turn), s.b.x+360*float64(s.b.turn)
	slope := 0.0
	if bx > ax {
		slope = (s.b.y - s.a.y) / (bx - ax)
	}
	low, high := min(s.a.y, s.b.y), max(s.a.y, s.b.y)
	first, last := r.pixelRange(ax, bx, r.west, r.perLon, r.width)
	for x := first; x <= last; x++ {
		y0, y1 := low, high
		if margin := nearPixel/r.perLon + nearDegrees; bx-ax > margin {
			// The piece of the segment over this column, and a little more.
			lo := max(ax, r.west+float64(x)/r.perLon-margin)
			hi := min(bx, r.west+float64(x+1)/r.perLon+margin)
			ya, yb := s.a.y+(lo-ax)*slope, s.a.y+(hi-ax)*slope
			y0, y1 = max(low, min(ya, yb)-nearDegrees), min(high, max(ya, yb)+nearDegrees)
		}
		bottom, top := r.pixelRange(y0, y1, r.south, r.perLat, r.height)
		for y := bottom; y <= top; y++ {
			r.pixels[y*r.width+x] = undecided
		}
	}
}

// pixelRange returns the pixels on one axis that lo..hi comes near.
func (r *raster) pixelRange(lo, hi, origin, per float64, n int) (first, last int) {
	// Bounded before they are integers, which may have 32 bits.
	return int(min(float64(n), max(0, math.Floor((lo-origin-nearDegrees)*per-nearPixel)))),
		int(max(-1, min(float64(n-1), math.Floor((hi-origin+nearDegrees)*per+nearPixel))))
}

// at returns what is known of a point within the bounds.
func (r *raster) at(lon, lat float64) relation {
	if r == nil {
		return undecided
	}
	x, y := r.pixel(lon, lat)
	return r.pixels[y*r.width+x]
}

func (r *raster) pixel(lon, lat float64) (x, y int) {
	return min(int((lon-r.west)*r.perLon), r.width-1), min(int((lat-r.south)*r.perLat), r.height-1)
}

// of returns what is known of all points of a box within the bounds, if that lies in one
// pixel or some that meet in a corner.
func (r *raster) of(b box) relation {
	if r == nil {
		return undecided
	}
	x, y := r.pixel(b.lons.lo, b.lats.lo)
	right, top := r.pixel(b.lons.hi, b.lats.hi)
	if right > x+1 || top > y+1 {
		return undecided
	}
	rel := r.pixels[y*r.width+x]
	if r.pixels[y*r.width+right] != rel || r.pixels[top*r.width+x] != rel || r.pixels[top*r.width+right] != rel {
		return undecided
	}
	return rel
}
