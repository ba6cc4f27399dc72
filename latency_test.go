package portrait

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/metrics"
)

// Every time is counted up to the least bound that it does not exceed.
func TestLatency(t *testing.T) {
	bound := func(i int) time.Duration { return time.Microsecond << i }
	var l latency
	want := make([]uint64, latencyBounds+1)
	note := func(d time.Duration, bucket int) {
		l.note(d)
		want[bucket]++
	}
	note(-time.Second, 0)
	note(0, 0)
	for i := range latencyBounds {
		note(bound(i), i)
		note(bound(i)+1, i+1)
		note(bound(i)-1, i)
	}
	note(math.MaxInt64/4, latencyBounds)
	d := l.distribution()
	if diff := cmp.Diff(want, d.Counts); diff != "" {
		t.Error(diff)
	}
	if d.Bounds[0] != 1e-6 || d.Bounds[latencyBounds-1] != 67.108864 || len(d.Bounds) != latencyBounds {
		t.Errorf("bounds %v", d.Bounds)
	}
}

func TestLatency_sum(t *testing.T) {
	var l latency
	for range 3 {
		l.note(1500 * time.Microsecond)
	}
	if d := l.distribution(); d.Sum != 0.0045 || d.Count() != 3 {
		t.Errorf("%+v", d)
	}
	if n := testing.AllocsPerRun(10, func() { l.note(time.Second) }); n != 0 {
		t.Errorf("a note allocates %v times", n)
	}
}

func TestDistribution_quantile(t *testing.T) {
	d := metrics.Distribution{Bounds: []float64{1, 2, 4}, Counts: []uint64{5, 3, 0, 2}}
	for q, want := range map[float64]float64{0: 1, 0.5: 1, 0.51: 2, 0.8: 2, 0.81: math.Inf(1), 1: math.Inf(1)} {
		if got := d.Quantile(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := (&metrics.Distribution{Bounds: []float64{1}, Counts: []uint64{0, 0}}).Quantile(1); got != 0 {
		t.Errorf("of none: %v", got)
	}
}

// BenchmarkLatency is what every call is told its time for: two readings of the clock and two
// additions.
func BenchmarkLatency(b *testing.B) {
	db := &DB{opened: time.Now()}
	for b.Loop() {
		began := db.sinceOpen()
		db.calls.times[callCount].note(db.sinceOpen() - began)
	}
}
