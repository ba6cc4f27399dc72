package main

import (
	_ "embed"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/jsonl"
)

//go:embed model.yaml
var shopModel []byte

//go:embed orders.yaml
var ordersModel []byte

// dataset is where the events of a run come from, and what is asked of them.
type dataset struct {
	title    string
	model    portrait.Model
	zone     *time.Location
	clock    *clock
	records  iter.Seq2[jsonl.Record, error]
	size     int64        // of the whole, in the unit of done
	done     func() int64 // how much was read
	segments []question
	sample   string // whom to show in full
	explain  string // what to explain of them
	close    func() error
}

// clock is a clock that stands still: the moment at which the data is looked at.
// It keeps answers about time the same on any day.
type clock struct{ nanos atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.nanos.Store(t.UnixNano())
	return c
}

func (c *clock) now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

// reach moves the clock on to t, never back.
func (c *clock) reach(t time.Time) {
	if t.After(c.now()) {
		c.nanos.Store(t.UnixNano())
	}
}

// open chooses the dataset that the flags ask for. The caller closes it.
func open(f flags) (*dataset, error) {
	switch {
	case f.orders != "":
		return openOrders(f.orders)
	case f.events != "":
		return openEvents(f.events, f.now)
	}
	d, err := newDataset("a generated shop, seed "+strconv.FormatUint(f.seed, 10), shopModel, shopEnd)
	if err != nil {
		return nil, err
	}
	s := newShop(f.seed, f.customers)
	n := int64(0)
	d.size, d.done = int64(len(s.steps)), func() int64 { return n }
	d.records = func(yield func(jsonl.Record, error) bool) {
		for rec, err := range s.records() {
			n++
			if !yield(rec, err) {
				return
			}
		}
	}
	d.segments, d.sample, d.explain = shopSegments, shopSample, shopExplain
	return d, nil
}

func newDataset(title string, model []byte, at time.Time) (*dataset, error) {
	m, err := portrait.ParseModel(model)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, err
	}
	return &dataset{title: title, model: m, zone: zone, clock: newClock(at), close: func() error { return nil }}, nil
}

func openOrders(path string) (*dataset, error) {
	d, err := newDataset("the orders of "+filepath.Base(path), ordersModel, ordersEnd)
	if err != nil {
		return nil, err
	}
	r, err := d.read(path)
	if err != nil {
		return nil, err
	}
	d.records = orders(r, d.zone)
	d.segments, d.sample, d.explain = orderSegments, orderSample, orderExplain
	return d, nil
}

// openEvents reads Segment-spec events. Its clock goes with their times: the
// answers are those of the moment of the latest event. Events more than a day
// after now are left out of that, and refused.
func openEvents(path string, now time.Time) (*dataset, error) {
	d, err := newDataset("the events of "+filepath.Base(path), shopModel, time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	r, err := d.read(path)
	if err != nil {
		return nil, err
	}
	latest := now.Add(24 * time.Hour)
	d.records = func(yield func(jsonl.Record, error) bool) {
		for rec, err := range jsonl.Records(r) {
			e := &rec.Event
			if e.Time.IsZero() {
				e.Time = e.Received
			}
			e.Received = time.Time{} // When it came in says nothing about the customer.
			if !e.Time.After(latest) {
				d.clock.reach(e.Time)
			}
			if !yield(rec, err) {
				return
			}
		}
	}
	d.segments, d.sample, d.explain = shopSegments, shopSample, shopExplain
	return d, nil
}

// read opens a file, packed or not, and measures how far it was read.
func (d *dataset) read(path string) (io.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	meter := &meter{r: f}
	r, err := jsonl.Decompress(meter)
	if err != nil {
		_ = f.Close() // It was only read.
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if info, err := f.Stat(); err == nil {
		d.size = info.Size()
	}
	d.done, d.close = func() int64 { return meter.n }, f.Close
	return r, nil
}

// meter counts what is read through it.
type meter struct {
	r io.Reader
	n int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	return n, err
}
