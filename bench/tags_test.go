package main

import (
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait/tags"
)

// TestWidthModel holds that an event touches 20 tags, however many there are.
func TestWidthModel(t *testing.T) {
	for _, c := range widthCases {
		m, err := widthModel(c.tags)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Tags) != c.tags || len(m.Events) != c.tags/20 {
			t.Errorf("%s: %d tags of %d events", c.name(), len(m.Tags), len(m.Events))
		}
		for _, kind := range c.kinds() {
			n := 0
			for _, tag := range m.Tags {
				if strings.Contains(tag.Rule.String(), kind) {
					n++
				}
			}
			if n != 20 {
				t.Errorf("%s: %q touches %d tags", c.name(), kind, n)
			}
		}
	}
}

// TestLayers holds that a layering leaves out its layer and nothing else.
func TestLayers(t *testing.T) {
	for _, l := range layerings {
		m, err := l.model()
		if err != nil {
			t.Fatal(err)
		}
		timed := slices.ContainsFunc(m.Tags, func(d tags.Definition) bool { return strings.Contains(d.Rule.String(), "last(") })
		if len(m.Tags) != 20 || timed != l.deadlines || (len(m.Segments) == 8) != l.segments || (m.Log.Retain > 0) != l.log {
			t.Errorf("%s: %d tags, with windows: %v; %d segments; log of %s", l.name, len(m.Tags), timed, len(m.Segments), m.Log.Retain)
		}
	}
}

func TestWindowModel(t *testing.T) {
	m, err := windowModel(len(windowTraits) * len(traitWindows))
	if err != nil {
		t.Fatal(err)
	}
	computed := map[string]bool{}
	for _, trait := range m.Traits {
		computed[trait.Compute] = true
	}
	if len(computed) != 50 {
		t.Errorf("%d different window traits, want 50", len(computed))
	}
	if m, err = windowModel(0); err != nil || len(m.Traits) != 1 {
		t.Errorf("without window traits: %v, error %v", m.Traits, err)
	}
}

// TestWatcher holds that an answer between the old and the new one is a failure.
func TestWatcher(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		answers []uint64
		err     error
		fails   bool
	}{
		"old, then new": {answers: []uint64{7, 7, 0}},
		"half":          {answers: []uint64{7, 3, 0}, fails: true},
		"an error":      {answers: []uint64{7}, err: broken, fails: true},
	} {
		w := watcher{everyone: 7}
		w.count = func() (uint64, error) {
			if len(tt.answers) == 0 {
				return 0, tt.err
			}
			n := tt.answers[0]
			tt.answers = tt.answers[1:]
			return n, nil
		}
		for range 4 {
			if _, took := w.look(); took < 0 {
				t.Errorf("%s: took %v ns", name, took)
			}
		}
		w.begin()
		if err := w.end(); (err != nil) != tt.fails {
			t.Errorf("%s: error %v", name, err)
		}
		if w.none == 0 || w.all > 0 || len(w.busy) != w.none {
			t.Errorf("%s: %d and %d answers in the background, %d times", name, w.all, w.none, len(w.busy))
		}
	}
}

// TestDueRecords fires the deadlines of a loop by hand, once too early.
func TestDueRecords(t *testing.T) {
	const people = 10_000
	dir := filepath.Join(t.TempDir(), "raw")
	raw, err := newRawSide(dir, bounded, people)
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		if err := raw.db.Set(appendRawKey(nil, uint32(i)), make([]byte, 100), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.close(); err != nil {
		t.Fatal(err)
	}
	due := day.AddDate(0, 0, 1)
	d, err := newDueRecords(dir, bounded, people, due)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	for night := range 2 {
		at := due.AddDate(0, 0, night)
		if err := d.fire(at.Add(-1_000), at); err != nil {
			t.Fatal(err)
		}
		if err := d.check(); err == nil {
			t.Errorf("night %d: fired a microsecond before the deadline", night)
		}
		if err := d.fire(at, at.AddDate(0, 0, 1)); err != nil {
			t.Fatal(err)
		}
		if err := d.check(); err != nil {
			t.Errorf("night %d: %v", night, err)
		}
	}
	if want := uint64(2 * 100 * people); d.read != want {
		t.Errorf("read %d bytes of records, want %d", d.read, want)
	}
}

func TestPurchases(t *testing.T) {
	a := makePurchases(2_000)
	if !slices.Equal(a, makePurchases(2_000)) {
		t.Error("other purchases at the second time")
	}
	orders, ids := map[string]float64{}, map[string]bool{}
	for i := range a {
		orders[a[i].customer]++
		ids[a[i].id] = true
		if i > 0 && a[i].at.Before(a[i-1].at) || a[i].at.After(day) || a[i].amount < 0 {
			t.Fatalf("purchase %d is %+v", i, a[i])
		}
	}
	if len(ids) != len(a) {
		t.Errorf("%d purchases have %d IDs", len(a), len(ids))
	}
	var each laps
	for _, n := range orders {
		each = append(each, n)
	}
	if p50, p99 := each.quantile(0.5), each.quantile(0.99); p50 < 10 || p50 > 15 || p99 < 100 || p99 > 400 {
		t.Errorf("%v orders at the median and %v at p99, want about 12 and 200", p50, p99)
	}
}

// TestBeside holds that a round in which everybody is slow counts as any other.
func TestBeside(t *testing.T) {
	turn := func(ns ...int) (out []sample) {
		for _, n := range ns {
			out = append(out, sample{ops: 2, elapsed: time.Duration(2 * n)})
		}
		return out
	}
	if got := beside(turn(20, 400, 60), turn(10, 200, 20)); got != 2 {
		t.Errorf("%v times as long, want 2", got)
	}
}

func TestSpending(t *testing.T) {
	for _, people := range []int{0, 99, 100, 101, 250, 1_000} {
		for _, least := range []int{0, 1, 30, 99} {
			want := uint64(0)
			for i := range people {
				if amountOf(uint32(i)) >= least {
					want++
				}
			}
			if got := spending(people, least); got != want {
				t.Errorf("%d of %d people spend %d, want %d", got, people, least, want)
			}
		}
	}
}

// TestGauge holds that the gauge sees what is in use at its last look.
func TestGauge(t *testing.T) {
	const size = 64 << 20
	g := newGauge()
	before := g.begin
	data := make([]byte, size)
	inUse, held := g.peaks()
	runtime.KeepAlive(data)
	if before <= 0 || inUse < size || held < inUse {
		t.Errorf("%d bytes in use and %d held at most, %d of them at first", inUse, held, before)
	}
}
