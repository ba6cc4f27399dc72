package main

import (
	"math"
	"sort"
)

// The loops that a programmer writes over an array of points, held against Portrait's
// answers. The distance is the haversine, as it stands in every textbook, of the
// sphere that Portrait measures on.
const earthRadius = 6_371_008.8

func radiansOf(degrees float64) float64 { return degrees * (math.Pi / 180) }

// metres is the distance of two points, given the cosines of their latitudes.
func metres(a, b spot, cosA, cosB float64) float64 {
	lat, lon := math.Sin(radiansOf(a.lat-b.lat)/2), math.Sin(radiansOf(a.lon-b.lon)/2)
	return 2 * earthRadius * math.Asin(math.Sqrt(lat*lat+cosA*cosB*lon*lon))
}

// box returns how far a circle reaches, in degrees of latitude and of longitude.
func (d disc) box() (lat, lon float64) {
	angle := d.radius / earthRadius
	lat = angle * 180 / math.Pi
	return lat + 1e-9, math.Asin(math.Sin(angle)/math.Cos(radiansOf(d.lat)))*180/math.Pi + 1e-9
}

// within counts the homes in a circle: those in its box are measured.
func (w *world) within(d disc) uint64 {
	lat, lon := d.box()
	cos := math.Cos(radiansOf(d.lat))
	n := uint64(0)
	for _, h := range w.homes {
		if math.Abs(h.lat-d.lat) > lat || math.Abs(h.lon-d.lon) > lon {
			continue
		}
		if metres(h, d.spot, math.Cos(radiansOf(h.lat)), cos) <= d.radius {
			n++
		}
	}
	return n
}

// nearStations counts the homes in any of the circles: of each home those are looked
// at whose latitude is near.
func (w *world) nearStations() uint64 {
	type reach struct{ lon, cos float64 }
	reaches := make([]reach, len(w.stations))
	most := 0.0
	for i, s := range w.stations {
		lat, lon := s.box()
		reaches[i], most = reach{lon, math.Cos(radiansOf(s.lat))}, max(most, lat)
	}
	n := uint64(0)
	for _, h := range w.homes {
		first := sort.Search(len(w.stations), func(i int) bool { return w.stations[i].lat >= h.lat-most })
		for i := first; i < len(w.stations) && w.stations[i].lat <= h.lat+most; i++ {
			s := &w.stations[i]
			if math.Abs(h.lon-s.lon) <= reaches[i].lon && metres(h, s.spot, math.Cos(radiansOf(h.lat)), reaches[i].cos) <= s.radius {
				n++
				break
			}
		}
	}
	return n
}

// inDistrict counts the homes in the polygon.
func (w *world) inDistrict() uint64 { return w.inPolygon(w.district) }

// inPolygon counts the homes in a polygon: those in its box are held against every edge.
func (w *world) inPolygon(rings [][]spot) uint64 {
	low, high := boxOf(rings[0])
	n := uint64(0)
	for _, h := range w.homes {
		if h.lat < low.lat || h.lat > high.lat || h.lon < low.lon || h.lon > high.lon || !inRing(rings[0], h) {
			continue
		}
		inHole := false
		for _, hole := range rings[1:] {
			inHole = inHole || inRing(hole, h)
		}
		if !inHole {
			n++
		}
	}
	return n
}

func boxOf(ring []spot) (low, high spot) {
	low, high = ring[0], ring[0]
	for _, s := range ring {
		low = spot{min(low.lat, s.lat), min(low.lon, s.lon)}
		high = spot{max(high.lat, s.lat), max(high.lon, s.lon)}
	}
	return low, high
}

// bandedScan returns a loop that holds the homes in a ring's box against the edges in their
// band of latitude alone, which it sorts beforehand.
func (w *world) bandedScan(ring []spot) func(*world) uint64 {
	low, high := boxOf(ring)
	bands := make([][][2]spot, len(ring))
	of := func(lat float64) int {
		return min(int((lat-low.lat)/(high.lat-low.lat)*float64(len(bands))), len(bands)-1)
	}
	last := ring[len(ring)-1]
	for _, s := range ring {
		for i := of(min(s.lat, last.lat)); i <= of(max(s.lat, last.lat)); i++ {
			bands[i] = append(bands[i], [2]spot{s, last})
		}
		last = s
	}
	return func(w *world) uint64 {
		n := uint64(0)
		for _, h := range w.homes {
			if h.lat < low.lat || h.lat > high.lat || h.lon < low.lon || h.lon > high.lon {
				continue
			}
			inside := false
			for _, e := range bands[of(h.lat)] {
				inside = inside != crosses(e[0], e[1], h)
			}
			if inside {
				n++
			}
		}
		return n
	}
}

// inRing counts the edges that a line to the east crosses.
func inRing(ring []spot, p spot) bool {
	inside := false
	last := ring[len(ring)-1]
	for _, s := range ring {
		inside = inside != crosses(s, last, p)
		last = s
	}
	return inside
}

// crosses reports whether a line to the east crosses an edge.
func crosses(s, last, p spot) bool {
	return (s.lat > p.lat) != (last.lat > p.lat) && p.lon < (last.lon-s.lon)*(p.lat-s.lat)/(last.lat-s.lat)+s.lon
}
