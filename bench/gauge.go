package main

import (
	"runtime/metrics"
	"time"
)

// gauge looks at the heap again and again, without stopping anybody.
type gauge struct {
	samples     []metrics.Sample
	begin       int64 // bytes of spans in use at first
	inUse, held int64 // the most seen: bytes of spans in use, and got from the system
	stop, done  chan struct{}
}

// newGauge begins to look; peaks ends it.
func newGauge() *gauge {
	g := &gauge{stop: make(chan struct{}), done: make(chan struct{})}
	for _, class := range []string{"objects", "unused", "free", "released"} {
		g.samples = append(g.samples, metrics.Sample{Name: "/memory/classes/heap/" + class + ":bytes"})
	}
	g.look()
	g.begin = g.inUse
	go func() {
		defer close(g.done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				g.look()
			case <-g.stop:
				g.look()
				return
			}
		}
	}()
	return g
}

// look reads what runtime.MemStats calls HeapInuse and HeapSys.
func (g *gauge) look() {
	metrics.Read(g.samples)
	var sum int64
	for i, s := range g.samples {
		sum += int64(s.Value.Uint64())
		if i == 1 {
			g.inUse = max(g.inUse, sum)
		}
	}
	g.held = max(g.held, sum)
}

// peaks returns the most that was in use and held.
func (g *gauge) peaks() (inUse, held int64) {
	close(g.stop)
	<-g.done
	return g.inUse, g.held
}
