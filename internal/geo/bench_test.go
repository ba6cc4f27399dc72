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

// borderPoints are points in the cells that a covering leaves to be decided one by one.
func borderPoints(tb testing.TB, a area, n int) []geo.Point {
	c, err := a.Covering(context.Background(), 256)
	if err != nil {
		tb.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	list := make([]geo.Point, 0, n)
	for len(list) < n {
		p := geo.Point{Lat: 31.23 + 0.22*(rng.Float64()-0.5), Lon: 121.47 + 0.22*(rng.Float64()-0.5)}
		if _, border := c.Find(geo.CellID(p)); border {
			list = append(list, p)
		}
	}
	return list
}

// What the engine asks of the profiles on the border of a polygon: of their cells first, and
// where a cell does not tell, of their points.
func BenchmarkLeaf(b *testing.B) {
	for _, n := range []int{100, 1000, 3000, 20_000, 99_999} {
		g, err := geo.NewPolygon(coast(n, geo.Point{Lat: 31.23, Lon: 121.47}, 0.1))
		if err != nil {
			b.Fatal(err)
		}
		places, err := geo.NewPlaces(context.Background(), nil, []*geo.Polygon{g})
		if err != nil {
			b.Fatal(err)
		}
		points := borderPoints(b, g, 1<<14)
		leaves := make([]uint64, len(points))
		for i, p := range points {
			leaves[i] = geo.CellID(p)
		}
		for name, a := range map[string]area{"polygon": g, "places": places} {
			b.Run(fmt.Sprintf("shape=%s/vertices=%d", name, n), func(b *testing.B) {
				doubts := 0
				for _, leaf := range leaves {
					if _, sure := a.Leaf(leaf); !sure {
						doubts++
					}
				}
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					a.Leaf(leaves[i%len(leaves)])
					i++
				}
				b.ReportMetric(float64(doubts)/float64(len(leaves)), "doubts/point")
			})
		}
		b.Run(fmt.Sprintf("of=covering/vertices=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Covering(b.Context(), 256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
