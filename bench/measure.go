package main

import (
	"runtime"
	"slices"
	"time"
)

// sample is what one contender did in one turn.
type sample struct {
	ops           int
	elapsed       time.Duration
	cpu           time.Duration // of the whole process
	allocs, bytes float64       // of the heap
}

func (s sample) nsPerOp() float64 { return float64(s.elapsed.Nanoseconds()) / float64(s.ops) }

// meter adds up time and allocations over the parts of a turn that count.
type meter struct {
	sample
	began  time.Time
	cpuAt  time.Duration
	before runtime.MemStats
}

func (m *meter) start() {
	runtime.ReadMemStats(&m.before)
	m.cpuAt = cpuTime()
	m.began = time.Now()
}

func (m *meter) stop(ops int) {
	m.elapsed += time.Since(m.began)
	m.cpu += cpuTime() - m.cpuAt
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	m.ops += ops
	m.allocs += float64(after.Mallocs - m.before.Mallocs)
	m.bytes += float64(after.TotalAlloc - m.before.TotalAlloc)
}

func gather(samples []sample, figure func(sample) float64) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = figure(s)
	}
	return out
}

// median returns the middle of values, or the mean of the two in the middle.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// beside returns how many times as long as b a took in a turn: the median over the
// rounds, within each of which both had the same machine.
func beside(a, b []sample) float64 { return median(ratios(a, b)) }

// ratios returns how many times as long as b a took, turn by turn.
func ratios(a, b []sample) []float64 {
	times := make([]float64, min(len(a), len(b)))
	for i := range times {
		times[i] = a[i].nsPerOp() / b[i].nsPerOp()
	}
	return times
}
