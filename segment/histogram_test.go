package segment

import (
	"cmp"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

func TestQuery_Histogram_equals_comparing(t *testing.T) {
	worlds(t, 25, func(t *testing.T, w *world) {
		q, members, m := w.drawQuestion()
		values := numbersOf(w.valuesOf(m.Field, members))
		var bounds []int64
		for range w.rng.IntN([]int{1, 5, 60}[w.rng.IntN(3)] + 1) {
			bounds = append(bounds, w.draw(w.rng.IntN(4)))
			if len(values) > 0 && w.rng.IntN(2) == 0 {
				bounds = append(bounds, values[w.rng.IntN(len(values))])
			}
		}
		bounds = append(bounds, []int64{math.MinInt64, 0, math.MaxInt64}[w.rng.IntN(3)])
		slices.Sort(bounds)
		bounds = slices.Compact(bounds)
		want := make([]uint64, len(bounds)+1)
		for _, v := range values {
			i := 0
			for i < len(bounds) && bounds[i] <= v {
				i++
			}
			want[i]++
		}
		got, err := q.Histogram(t.Context(), w.asked(), m, bounds)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("between %v: %v, %v; want %v", bounds, got, err, want)
		}
		at := bounds[w.rng.IntN(len(bounds))]
		if len(values) > 0 {
			at = values[w.rng.IntN(len(values))]
		}
		checkRank(t, w, q, m, values, at)
		checkRank(t, w, q, m, values, math.MaxInt64)
	})
}

func checkRank(t *testing.T, w *world, q *Query, m Measure, values []int64, at int64) {
	t.Helper()
	var want Rank
	for _, v := range values {
		switch cmp.Compare(v, at) {
		case -1:
			want.Below++
		case 0:
			want.Equal++
		case 1:
			want.Above++
		}
	}
	if got, err := q.Rank(t.Context(), w.asked(), m, at); got != want || err != nil {
		t.Errorf("%d stands at %+v, %v; want %+v", at, got, err, want)
	}
}

func TestQuery_Histogram_refuses_bounds_that_do_not_ascend(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 1, 0)
	for _, bounds := range [][]int64{{1, 1}, {2, 1}, {1, 3, 2}} {
		if _, err := NewQuery(All(), 0).Histogram(t.Context(), w.source(), Measure{2, profile.KindNumber}, bounds); err == nil {
			t.Errorf("counted between %v", bounds)
		}
	}
}

func TestMeasure_Bounds(t *testing.T) {
	number := Measure{1, profile.KindNumber}
	instant := Measure{1, profile.KindTime}
	read := func(bounds []int64) []float64 {
		out := make([]float64, len(bounds))
		for i, v := range bounds {
			out[i] = number.number(v)
		}
		return out
	}
	hour := int64(3600 * million)
	tests := map[string]struct {
		got  []float64
		want []float64
	}{
		"quarters": {
			read(number.Bounds(SortableNumber(0), SortableNumber(10), 4)),
			[]float64{0, 2.5, 5, 7.5, math.Nextafter(10, 11)},
		},
		"one value":     {read(number.Bounds(SortableNumber(3), SortableNumber(3), 5)), []float64{3, math.Nextafter(3, 4)}},
		"round numbers": {read(number.Bounds(SortableNumber(-0.3), SortableNumber(1.05), 0))[:4], []float64{-0.3, -0.2, -0.1, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := gocmp.Diff(tt.want, tt.got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	if d := gocmp.Diff([]int64{0, hour, 2 * hour, 3 * hour}, instant.Bounds(hour/2, 23*hour, 0)[:4]); d != "" {
		t.Errorf("hours of a day (-want +got):\n%s", d)
	}
	if d := gocmp.Diff([]int64{0, 5, 11}, instant.Bounds(0, 10, 2)); d != "" {
		t.Errorf("two halves of microseconds (-want +got):\n%s", d)
	}
}

func TestMeasure_Bounds_hold_every_value(t *testing.T) {
	rng := newRand(t)
	w := &world{rng: rng}
	for range 2000 {
		m := Measure{1, []profile.Kind{profile.KindNumber, profile.KindTime}[rng.IntN(2)]}
		lo, hi := w.draw(rng.IntN(4)), w.draw(rng.IntN(4))
		if rng.IntN(4) == 0 {
			lo, hi = SortableNumber(math.Ldexp(rng.NormFloat64(), rng.IntN(1000))), SortableNumber(-math.Ldexp(1, rng.IntN(1000)))
		}
		if rng.IntN(4) == 0 { // beside 0, on a scale that it is lost on
			lo = SortableNumber(-math.Float64frombits(rng.Uint64N(1 << rng.IntN(60))))
		}
		if rng.IntN(8) == 0 {
			hi = SortableNumber(math.Float64frombits(rng.Uint64N(200)))
		}
		n := max(0, rng.IntN(40)-10)
		bounds := m.Bounds(lo, hi, n)
		lo, hi = min(lo, hi), max(lo, hi)
		if len(bounds) == 0 || bounds[0] > lo || bounds[len(bounds)-1] <= hi {
			t.Fatalf("%d parts from %d to %d: %v", n, lo, hi, bounds)
		}
		if len(bounds) > max(n+1, partsMax+3) {
			t.Fatalf("%d bounds from %v to %v", len(bounds), m.number(lo), m.number(hi))
		}
		for i := range bounds[1:] {
			if bounds[i] >= bounds[i+1] {
				t.Fatalf("bounds %v do not ascend", bounds)
			}
		}
	}
}
