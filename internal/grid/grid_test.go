package grid_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/golang/geo/s2"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/grid"
)

// points are some all over the Earth, and many where faces of the cube meet, at the
// poles and at the antimeridian.
func points(n int) (at [][2]float64) {
	r := rand.New(rand.NewPCG(20261123, 1))
	near := [][2]float64{{0, 45}, {35.26438968, 45}, {-35.26438968, -135}, {90, 0}, {-90, 0}, {0, 180}, {31.2304, 121.4737}, {45, 90}, {-45, 0}}
	for range n {
		lat, lon := math.Asin(2*r.Float64()-1)*180/math.Pi, r.Float64()*360-180
		if r.IntN(3) > 0 {
			about := near[r.IntN(len(near))]
			spread := math.Pow(10, -float64(r.IntN(6)))
			lat = min(max(about[0]+spread*(r.Float64()-0.5), -90), 90)
			lon = math.Remainder(about[1]+spread*(r.Float64()-0.5), 360)
		}
		at = append(at, [2]float64{lat, lon})
	}
	return at
}

func cellOf(t *testing.T, l grid.Level, lat, lon float64) uint64 {
	t.Helper()
	c, ok := l.Cell(lat, lon)
	if !ok || c >= l.Cells() {
		t.Fatalf("%v,%v is in cell %d of %d, %v", lat, lon, c, l.Cells(), ok)
	}
	return c
}

// Points are in one cell here exactly if they are in one cell of S2.
func TestLevel_cells_are_those_of_S2(t *testing.T) {
	for _, l := range []grid.Level{0, 1, 3, 10, 16, 18, grid.MaxLevel} {
		theirs, ours := map[s2.CellID]uint64{}, map[uint64]s2.CellID{}
		for _, p := range points(20_000) {
			id := s2.CellIDFromLatLng(s2.LatLngFromDegrees(p[0], p[1])).Parent(int(l))
			c := cellOf(t, l, p[0], p[1])
			if other, known := theirs[id]; known && other != c {
				t.Fatalf("level %d: %v is in cell %d, others of %v in %d", l, p, c, id, other)
			}
			if other, known := ours[c]; known && other != id {
				t.Fatalf("level %d: %v is in %v, others of cell %d in %v", l, p, id, c, other)
			}
			theirs[id], ours[c] = c, id
		}
		if l == 0 && len(ours) != 6 {
			t.Errorf("%d faces", len(ours))
		}
	}
}

// The cells around are those that share a corner with it, and each has it around.
func TestLevel_around(t *testing.T) {
	ofS2 := func(l grid.Level, p [2]float64) []uint64 {
		id := s2.CellIDFromLatLng(s2.LatLngFromDegrees(p[0], p[1])).Parent(int(l))
		var all []uint64
		for _, near := range id.AllNeighbors(int(l)) {
			at := s2.LatLngFromPoint(near.Point())
			if c := cellOf(t, l, at.Lat.Degrees(), at.Lng.Degrees()); near != id {
				all = append(all, c)
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for _, l := range []grid.Level{2, 4, 10, 16, 18} {
		most := map[int]int{}
		for _, p := range points(2_000) {
			cell := cellOf(t, l, p[0], p[1])
			around := l.Around(nil, cell)
			most[len(around)]++
			if diff := cmp.Diff(ofS2(l, p), around); diff != "" {
				t.Fatalf("level %d, around %v (-S2 +grid):\n%s", l, p, diff)
			}
			for _, near := range around {
				if !slices.Contains(l.Around(nil, near), cell) {
					t.Fatalf("level %d: %d is around %d, which is not around it", l, near, cell)
				}
			}
		}
		if most[7] == 0 || most[8] == 0 || len(most) != 2 {
			t.Errorf("level %d: how many are around: %v", l, most)
		}
	}
	kept := []uint64{7}
	if got := grid.Level(10).Around(kept, 0); got[0] != 7 || len(got) != 8 {
		t.Errorf("appended to %v: %v", kept, got)
	}
}

func TestLevel_one_place_has_one_cell(t *testing.T) {
	for _, same := range [][][2]float64{
		{{10, 180}, {10, -180}},
		{{90, 0}, {90, 121}, {90, -180}},
		{{-90, 0}, {-90, 77}, {-90, 180}},
		{{0, 0}, {math.Copysign(0, -1), math.Copysign(0, -1)}},
	} {
		for _, p := range same {
			if got, want := cellOf(t, 18, p[0], p[1]), cellOf(t, 18, same[0][0], same[0][1]); got != want {
				t.Errorf("%v is in %d, %v in %d", p, got, same[0], want)
			}
		}
	}
	for _, p := range [][2]float64{{90.1, 0}, {0, 180.1}, {math.NaN(), 0}, {0, math.NaN()}, {math.Inf(1), 0}} {
		if c, ok := grid.Level(16).Cell(p[0], p[1]); ok {
			t.Errorf("%v is in cell %d", p, c)
		}
	}
}

func TestLevel_middle(t *testing.T) {
	for _, p := range points(5_000) {
		cell := cellOf(t, 16, p[0], p[1])
		at := s2.LatLngFromPoint(s2.CellIDFromLatLng(s2.LatLngFromDegrees(p[0], p[1])).Parent(16).Point())
		lat, lon := grid.Level(16).Middle([]uint64{cell}, []int{3})
		off := s2.LatLngFromDegrees(lat, lon).Distance(at).Radians() * 6_371_008.8
		if off > 8 { // half of what four decimals say, both ways
			t.Fatalf("the middle of %v is %v,%v: %.1f m from %v", p, lat, lon, off, at)
		}
		if lat != math.Round(lat*1e4)/1e4 || lon != math.Round(lon*1e4)/1e4 || lon < -180 || lon >= 180 || math.Signbit(lat) && lat == 0 {
			t.Fatalf("the middle of %v is %v,%v", p, lat, lon)
		}
	}
}

func TestLevel_middle_of_several(t *testing.T) {
	const l = grid.Level(16)
	for _, tt := range []struct {
		name     string
		at       [][2]float64
		weights  []int
		lat, lon float64
	}{
		{"weighted", [][2]float64{{31.2300, 121.4700}, {31.2360, 121.4700}}, []int{3, 1}, 31.2315, 121.47},
		{"across the antimeridian", [][2]float64{{0.5, 179.999}, {0.5, -179.999}}, []int{1, 1}, 0.5, -180},
		{"around the pole", [][2]float64{{89.999, 45}, {89.999, 135}, {89.999, -45}, {89.999, -135}}, []int{1, 1, 1, 1}, 90, 0},
		{"at the other pole", [][2]float64{{-89.999, 45}, {-89.999, -135}}, []int{2, 2}, -90, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			type weighed struct {
				cell   uint64
				weight int
			}
			var all []weighed
			for i, p := range tt.at {
				all = append(all, weighed{cellOf(t, l, p[0], p[1]), tt.weights[i]})
			}
			slices.SortFunc(all, func(a, b weighed) int { return int(a.cell) - int(b.cell) })
			var cells []uint64
			var weights []int
			for _, w := range all {
				cells, weights = append(cells, w.cell), append(weights, w.weight)
			}
			lat, lon := l.Middle(cells, weights)
			far := s2.LatLngFromDegrees(lat, lon).Distance(s2.LatLngFromDegrees(tt.lat, tt.lon)).Radians() * 6_371_008.8
			if far > 120 { // less than a cell
				t.Errorf("%v,%v is %.0f m off", lat, lon, far)
			}
		})
	}
}

func BenchmarkLevel_Cell(b *testing.B) {
	for b.Loop() {
		if _, ok := grid.Level(16).Cell(31.2304, 121.4737); !ok {
			b.Fatal("no cell")
		}
	}
}
