package main

import (
	"context"
	"math"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// racer does the same work as the others, in its own way.
type racer struct {
	name string
	// batch is how many operations it does at once.
	batch int
	// ready prepares the work of one turn, which is not timed, and returns how much
	// there is and what does the operations from one up to another.
	ready func(round int) (ops int, do func(from, to int) error)
}

// laps are how long the calls of a contender took, per operation, in nanoseconds.
type laps []float64

// quantile returns the value that a share q of the laps does not exceed.
func (l laps) quantile(q float64) float64 {
	sorted := slices.Sorted(slices.Values(l))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func (l laps) mean() float64 {
	sum := 0.0
	for _, v := range l {
		sum += v
	}
	return sum / float64(len(l))
}

// finish is what a race found, by contender.
type finish struct {
	samples map[string][]sample
	laps    map[string]laps
}

// race gives the racers their turns, one after the other, again and again. Each
// turn begins with a garbage collection, so that nobody pays for another's.
func race(ctx context.Context, rounds int, name string, racers []racer) (finish, error) {
	f := finish{samples: map[string][]sample{}, laps: map[string]laps{}}
	for round := range rounds {
		for _, r := range racers {
			ops, do := r.ready(round)
			runtime.GC()
			var failure error
			var m meter
			pprof.Do(ctx, pprof.Labels("contender", r.name, "case", name), func(ctx context.Context) {
				failure = f.turn(ctx, &m, r, ops, do)
			})
			if failure != nil {
				return f, failure
			}
			f.samples[r.name] = append(f.samples[r.name], m.sample)
		}
	}
	return f, nil
}

func (f *finish) turn(ctx context.Context, m *meter, r racer, ops int, do func(from, to int) error) error {
	took := slices.Grow(f.laps[r.name], ops/r.batch+1)
	m.start()
	for from := 0; from < ops; from += r.batch {
		to := min(from+r.batch, ops)
		began := time.Now()
		if err := do(from, to); err != nil {
			return err
		}
		took = append(took, float64(time.Since(began).Nanoseconds())/float64(to-from))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	m.stop(ops)
	f.laps[r.name] = took
	return nil
}

// quantiles reports the laps: at the median and at the 99th of a hundred, and how
// many times as long as the unit, one of the contenders, that is.
func (f *finish) quantiles(unit string) map[string]map[string]float64 {
	out := map[string]map[string]float64{"p50_ns": {}, "p99_ns": {}, "p50_times_" + unit: {}, "p99_times_" + unit: {}}
	for who, l := range f.laps {
		p50, p99 := l.quantile(0.5), l.quantile(0.99)
		out["p50_ns"][who], out["p99_ns"][who] = p50, p99
		if who != unit {
			out["p50_times_"+unit][who] = p50 / f.laps[unit].quantile(0.5)
			out["p99_times_"+unit][who] = p99 / f.laps[unit].quantile(0.99)
		}
	}
	return out
}
