package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/portraitdb/portrait"
)

// spot is a point, in degrees.
type spot struct{ lat, lon float64 }

// disc is the points within a radius, in metres.
type disc struct {
	spot
	radius float64
}

// city is where homes are close to each other.
type city struct {
	spot
	spread float64 // degrees of latitude
}

// The sizes of the places that are asked about.
const (
	worldCities   = 200
	worldStations = 1_000
	outerCorners  = 80
	holeCorners   = 10
	holes         = 2
)

// coastCorners is how many corners the coasts have.
var coastCorners = [...]int{1_000, 3_000, 20_000}

// world is homes, and places to ask about.
type world struct {
	cities   []city
	homes    []spot
	small    disc
	large    disc
	stations []disc // ascending by latitude
	district [][]spot
	// coasts are about the greatest city too, of ever more corners, and rough.
	coasts []area
}

// area is a polygon that is declared.
type area struct {
	name  string
	rings [][]spot // the outer one first
}

// drawWorld draws so many homes, the same on every run.
func drawWorld(profiles int) *world {
	r := rand.New(rand.NewPCG(31, 121))
	w := &world{}
	for i := range worldCities {
		w.cities = append(w.cities, city{
			spot:   spot{lat: 22 + r.Float64()*23, lon: 100 + r.Float64()*22},
			spread: 0.12 / math.Sqrt(float64(i+1)),
		})
	}
	w.homes = make([]spot, profiles)
	for i := range w.homes {
		w.homes[i] = w.home(r)
	}
	middle := w.cities[0].spot
	w.small, w.large = disc{middle, 3_000}, disc{middle, 100_000}
	for range worldStations {
		// As homes are, nearer to the middles of the cities.
		c := w.city(r)
		w.stations = append(w.stations, disc{c.around(r, c.spread/2), 500})
	}
	slices.SortFunc(w.stations, func(a, b disc) int { return cmp.Compare(a.lat, b.lat) })
	w.district = append(w.district, star(r, middle, 0.1, outerCorners))
	for i := range holes {
		w.district = append(w.district, star(r, spot{middle.lat, middle.lon + 0.03*float64(2*i-1)}, 0.015, holeCorners))
	}
	for _, n := range coastCorners {
		w.coasts = append(w.coasts, area{fmt.Sprintf("coast-%d", n), [][]spot{star(r, middle, 0.1, n)}})
	}
	return w
}

// city draws one, the first far more often than the last.
func (w *world) city(r *rand.Rand) city {
	return w.cities[int(float64(len(w.cities))*math.Pow(r.Float64(), 3))]
}

func (w *world) home(r *rand.Rand) spot {
	if r.IntN(10) == 0 {
		return rounded(spot{20 + r.Float64()*27, 98 + r.Float64()*26})
	}
	c := w.city(r)
	return c.around(r, c.spread)
}

// around draws a point near the middle of a city.
func (c city) around(r *rand.Rand, spread float64) spot {
	return rounded(spot{c.lat + r.NormFloat64()*spread, c.lon + r.NormFloat64()*spread/math.Cos(c.lat*math.Pi/180)})
}

// rounded is to a millionth of a degree, as devices tell places.
func rounded(s spot) spot {
	return spot{math.Round(s.lat*1e6) / 1e6, math.Round(s.lon*1e6) / 1e6}
}

// star draws a ring of corners about a middle, each at an angle of its own, so that it
// does not cross itself.
func star(r *rand.Rand, middle spot, radius float64, corners int) []spot {
	out := make([]spot, corners)
	for i := range out {
		far, angle := radius*(0.7+0.3*r.Float64()), 2*math.Pi*float64(i)/float64(corners)
		out[i] = rounded(spot{middle.lat + far*math.Sin(angle), middle.lon + far*math.Cos(angle)})
	}
	return out
}

func (w *world) corners() int {
	n := 0
	for _, ring := range w.district {
		n += len(ring)
	}
	return n
}

// model declares the homes and the places.
func (w *world) model() (portrait.Model, error) {
	points := make([][2]float64, len(w.stations))
	for i, s := range w.stations {
		points[i] = [2]float64{s.lat, s.lon}
	}
	circles, err := json.Marshal(points)
	if err != nil {
		return portrait.Model{}, err
	}
	lines := []string{
		"traits:", "  home: {type: point, index: true}",
		"places:", fmt.Sprintf("  stations: {radius: %vm, points: %s}", w.stations[0].radius, circles),
	}
	for _, a := range append([]area{{"district", w.district}}, w.coasts...) {
		text, err := geoJSON(a.rings)
		if err != nil {
			return portrait.Model{}, err
		}
		lines = append(lines, fmt.Sprintf("  %s: {area: %s}", a.name, text))
	}
	return portrait.ParseModel([]byte(strings.Join(append(lines, ""), "\n")))
}

// geoJSON writes a polygon.
func geoJSON(rings [][]spot) ([]byte, error) {
	closed := make([][][2]float64, len(rings))
	for i, ring := range rings {
		for _, s := range append(slices.Clone(ring), ring[0]) {
			closed[i] = append(closed[i], [2]float64{s.lon, s.lat})
		}
	}
	return json.Marshal(map[string]any{"type": "Polygon", "coordinates": closed})
}
