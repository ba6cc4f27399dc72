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
	titles   map[string]string // by language
	model    portrait.Model
	zone     *time.Location
	clock    *clock
	watched  bool // the clock goes with the events
	records  iter.Seq2[jsonl.Record, error]
	size     int64        // of the whole, in the unit of done
	done     func() int64 // how much was read
	segments []question
	sample   string // whom to show in full
	explain  string // what to explain of them
	months   bool   // the model tracks orderMonths
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
		return openOrders(f)
	case f.events != "":
		return openEvents(f)
	}
	seed := strconv.FormatUint(f.seed, 10)
	d, err := newDataset(map[string]string{"en": "a generated shop, seed " + seed, "zh": "生成的商店，种子 " + seed}, shopModel, shopEnd)
	if err != nil {
		return nil, err
	}
	d.watch(f, shopEnd.Add(-shopSpan))
	s := newShop(f.seed, f.customers)
	n := int64(0)
	d.size, d.done = int64(len(s.steps)), func() int64 { return n }
	d.records = func(yield func(jsonl.Record, error) bool) {
		defer d.clock.reach(shopEnd)
		for rec, err := range s.records() {
			d.clock.reach(time.Unix(s.steps[n].delivered, 0))
			n++
			if !yield(rec, err) {
				return
			}
		}
	}
	d.segments, d.sample, d.explain = shopSegments, shopSample, shopExplain
	return d, nil
}

// watch has the store follow the data from a time on where there are pages to write: its
// clock goes with the events, so that it sees who moves from stage to stage on which day,
// and it keeps the events. Else all of it happens at once.
func (d *dataset) watch(f flags, from time.Time) {
	if f.pages != "" {
		d.watched, d.clock = true, newClock(from)
		d.model.Log.Retain = 400 * 24 * time.Hour
	}
}

func newDataset(titles map[string]string, model []byte, at time.Time) (*dataset, error) {
	m, err := portrait.ParseModel(model)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, err
	}
	return &dataset{titles: titles, model: m, zone: zone, clock: newClock(at), close: func() error { return nil }}, nil
}

func openOrders(f flags) (*dataset, error) {
	file := filepath.Base(f.orders)
	d, err := newDataset(map[string]string{"en": "the orders of " + file, "zh": file + " 的订单"}, ordersModel, ordersEnd)
	if err != nil {
		return nil, err
	}
	d.watch(f, ordersBegin)
	r, err := d.read(f.orders)
	if err != nil {
		return nil, err
	}
	d.records = func(yield func(jsonl.Record, error) bool) {
		defer d.clock.reach(ordersEnd)
		for rec, err := range orders(r, d.zone) {
			d.clock.reach(rec.Event.Time)
			if !yield(rec, err) {
				return
			}
		}
	}
	d.months = true
	d.segments, d.sample, d.explain = orderSegments, orderSample, orderExplain
	return d, nil
}

// openEvents reads Segment-spec events. Its clock goes with their times: the
// answers are those of the moment of the latest event. Events more than a day
// after the program was started are left out of that, and refused.
func openEvents(f flags) (*dataset, error) {
	file := filepath.Base(f.events)
	d, err := newDataset(map[string]string{"en": "the events of " + file, "zh": file + " 的事件"}, shopModel, time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	d.watch(f, time.Unix(0, 0))
	r, err := d.read(f.events)
	if err != nil {
		return nil, err
	}
	latest := f.now.Add(24 * time.Hour)
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
