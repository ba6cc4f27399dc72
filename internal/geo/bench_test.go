package geo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/portraitdb/portrait/internal/geo"
)

// cityPoints are points around Shanghai, some degrees across.
func cityPoints(n int, spread float64) []geo.Point {
	rng := rand.New(rand.NewPCG(7, 8))
	list := make([]geo.Point, n)
	for i := range list {
		list[i] = geo.Point{Lat: 31.23 + spread*(rng.Float64()-0.5), Lon: 121.47 + spread*(rng.Float64()-0.5)}
	}
	return list
}

func stations(n int) []geo.Circle {
	var list []geo.Circle
	for _, p := range cityPoints(n, 4) {
		c, err := geo.NewCircle(p, 500)
		if err != nil {
			panic(err)
		}
		list = append(list, c)
	}
	return list
}

func benchmarkContains(b *testing.B, contains func(geo.Point) bool, points []geo.Point) {
	members := 0
	for _, p := range points {
		if contains(p) {
			members++
		}
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		contains(points[n%len(points)])
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "points/s")
	b.ReportMetric(float64(members)/float64(len(points)), "members/point")
}

func BenchmarkContains(b *testing.B) {
	city := geo.Point{Lat: 31.23, Lon: 121.47}
	circle, err := geo.NewCircle(city, 50_000)
	if err != nil {
		b.Fatal(err)
	}
	for _, spread := range []float64{1, 10} {
		points := cityPoints(1<<14, spread)
		b.Run(fmt.Sprintf("shape=circle/spread=%v", spread), func(b *testing.B) {
			benchmarkContains(b, circle.Contains, points)
		})
		for _, n := range []int{10, 1000, 100_000 - 1} {
			g, err := geo.NewPolygon(coast(n, city, 0.5))
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("shape=polygon/vertices=%d/spread=%v", n, spread), func(b *testing.B) {
				benchmarkContains(b, g.Contains, points)
			})
		}
		places, err := geo.NewPlaces(context.Background(), stations(5000), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("shape=places/circles=5000/spread=%v", spread), func(b *testing.B) {
			benchmarkContains(b, places.Contains, points)
		})
	}
}

func BenchmarkCellID(b *testing.B) {
	points := cityPoints(1<<14, 10)
	n := 0
	for b.Loop() {
		geo.CellID(points[n%len(points)])
		n++
	}
}

func BenchmarkMake(b *testing.B) {
	circles := stations(5000)
	ring := coast(1000, geo.Point{Lat: 31.23, Lon: 121.47}, 0.5)
	b.Run("shape=polygon/vertices=1000", func(b *testing.B) {
		for b.Loop() {
			if _, err := geo.NewPolygon(ring); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("shape=places/circles=5000", func(b *testing.B) {
		for b.Loop() {
			if _, err := geo.NewPlaces(context.Background(), circles, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCovering(b *testing.B) {
	city := geo.Point{Lat: 31.23, Lon: 121.47}
	circle, err := geo.NewCircle(city, 3000)
	if err != nil {
		b.Fatal(err)
	}
	polygon, err := geo.NewPolygon(coast(1000, city, 0.5))
	if err != nil {
		b.Fatal(err)
	}
	places, err := geo.NewPlaces(context.Background(), stations(5000), nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, a := range map[string]area{"circle": circle, "polygon": polygon, "places": places} {
		for _, limit := range []int{32, 1024} {
			b.Run(fmt.Sprintf("shape=%s/limit=%d", name, limit), func(b *testing.B) {
				for b.Loop() {
					if _, err := a.Covering(b.Context(), limit); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
