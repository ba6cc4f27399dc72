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

// inDistrict counts the homes in the polygon: those in its box are held against every edge.
func (w *world) inDistrict() uint64 {
	low, high := w.district[0][0], w.district[0][0]
	for _, s := range w.district[0] {
		low = spot{min(low.lat, s.lat), min(low.lon, s.lon)}
		high = spot{max(high.lat, s.lat), max(high.lon, s.lon)}
	}
	n := uint64(0)
	for _, h := range w.homes {
		if h.lat < low.lat || h.lat > high.lat || h.lon < low.lon || h.lon > high.lon || !inRing(w.district[0], h) {
			continue
		}
		inHole := false
		for _, hole := range w.district[1:] {
			inHole = inHole || inRing(hole, h)
		}
		if !inHole {
			n++
		}
	}
	return n
}

// inRing counts the edges that a line to the east crosses.
func inRing(ring []spot, p spot) bool {
	inside := false
	last := ring[len(ring)-1]
	for _, s := range ring {
		if (s.lat > p.lat) != (last.lat > p.lat) && p.lon < (last.lon-s.lon)*(p.lat-s.lat)/(last.lat-s.lat)+s.lon {
			inside = !inside
		}
		last = s
	}
	return inside
}
