package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// pick returns one of several.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// happening makes random events around an instant, many near midnights and on one
// another.
type happening struct {
	r      *rand.Rand
	around profile.Instant
	span   time.Duration // how far around
	n      int
}

func (h *happening) time() time.Time {
	at := h.around.Time()
	switch h.r.IntN(4) {
	case 0: // about a full hour
		at = at.Truncate(time.Hour).Add(time.Duration(h.r.IntN(48)-24) * time.Hour)
		return at.Add(time.Duration(h.r.IntN(3)-1) * time.Microsecond)
	case 1:
		return at.Add(time.Duration(h.r.IntN(5)-2) * time.Minute)
	}
	return at.Add(time.Duration(h.r.Int64N(int64(2*h.span))) - h.span).Truncate(time.Microsecond)
}

func (h *happening) event() profile.Event {
	r := h.r
	h.n++
	text := func() profile.Value { return profile.String(pick(r, "a", "b", "c", "", "2026-11-23")) }
	number := func() profile.Value {
		return profile.Number(pick(r, 0, 1, 2, -2.5, 0.1, 1e18, 1.1e18, 1.0/3, 12345.678, 1e15))
	}
	scalar := func() profile.Value {
		return pick(r, text(), text(), number(), number(), profile.Bool(r.IntN(2) == 0), profile.Point(1, 2), profile.TimeAt(h.around), profile.Value{})
	}
	e := profile.Event{
		Type: pick(r, profile.Track, profile.Track, profile.Track, profile.Track, profile.Page, profile.Identify),
		Name: pick(r, "A", "A", "B", "C"), MessageID: fmt.Sprint(h.n / (1 + r.IntN(20)/19)), Source: pick(r, "web", "pos"),
		Time: h.time(), Properties: map[string]profile.Value{},
	}
	if r.IntN(4) > 0 {
		e.Properties["n"] = number()
	}
	if r.IntN(4) > 0 {
		e.Properties["s"] = text()
	}
	if r.IntN(3) == 0 {
		e.Properties["any"] = scalar()
	}
	if r.IntN(2) == 0 {
		where := h.where()
		e.Properties["at"] = pick(r, where, where, profile.List(where, h.where(), profile.Number(1)), profile.Point(91, 0))
	}
	if r.IntN(3) == 0 {
		e.Properties["id"] = pick(r, profile.String("x"), profile.String("y"), profile.Number(1), profile.List(profile.String("x")))
	}
	if r.IntN(3) == 0 {
		var list []profile.Value
		for range r.IntN(4) {
			list = append(list, pick(r, scalar(), profile.String(fmt.Sprintf(`{"price":%d,"maker":{"name":"%c"}}`, r.IntN(30), 'a'+r.IntN(3)))))
		}
		e.Properties["l"] = pick(r, profile.List(list...), profile.Set(list...))
	}
	return e
}

// where returns a place of few, some in one cell, some in neighbours, some at a corner of
// the cube, a pole and the antimeridian.
func (h *happening) where() profile.Value {
	lat, lon := 31.2304, 121.4737
	if h.r.IntN(3) == 0 {
		at := pick(h.r, [2]float64{35.26438968, 45}, [2]float64{90, 0}, [2]float64{10, 180}, [2]float64{0, 45})
		lat, lon = at[0], at[1]
	}
	lat = min(lat+float64(h.r.IntN(5)-2)/1000, 90)
	if lon += float64(h.r.IntN(5)-2) / 1000; lon > 180 {
		lon -= 360
	}
	return profile.Point(lat, lon)
}

func (h *happening) events(n int) []profile.Event {
	var events []profile.Event
	for range n {
		events = append(events, h.event())
	}
	return events
}

// crowd makes more events in an hour than a bucket may hold, or nearly.
func (h *happening) crowd() []profile.Event {
	narrow := *h
	narrow.span = time.Hour
	events := narrow.events(1400 + h.r.IntN(200))
	for i := range events {
		e := &events[i]
		e.Name, e.MessageID = "A", fmt.Sprint("crowd", i)
		e.Properties["s"], e.Properties["n"] = profile.String(fmt.Sprint(i)), profile.Number(float64(i))
		e.Properties["at"] = profile.Point(float64(i)/100, 0)
	}
	return events
}

// zones are those that tests of behaviour run in.
func zonesOf(t *testing.T) (zones []*time.Location) {
	t.Helper()
	for _, name := range []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	return zones
}

// nearChange returns an instant, mostly within two days of a change of the clock,
// of the end of a month or of a leap day.
func nearChange(r *rand.Rand, zone *time.Location) profile.Instant {
	at := time.Date(2009+r.IntN(20), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, zone)
	switch r.IntN(3) {
	case 0:
		if _, change := at.ZoneBounds(); !change.IsZero() {
			at = change
		}
	case 1:
		at = time.Date(2012+4*r.IntN(5), 2, 29, 0, 0, 0, 0, zone)
	}
	return profile.InstantOf(at.Add(time.Duration(r.Int64N(int64(96*time.Hour))) - 48*time.Hour))
}

func randomFolds(r *rand.Rand, zone *time.Location, around profile.Instant) (folds []profile.Fold) {
	hasText := func(e *profile.Event) bool { return e.Properties["s"].Kind() == profile.KindString }
	id := uint32(0)
	for range 1 + r.IntN(12) {
		id += uint32(1 + r.IntN(3))
		f := profile.Fold{
			ID: id, Form: profile.Form(r.IntN(14)), Level: pick(r, 10, 16, 18), Grain: profile.Grain(r.IntN(4)), Zone: zone,
			Property: pick(r, "n", "s", "any", "l", "id"), By: pick(r, "n", "any"), K: 1 + r.IntN(3),
			Gap: time.Duration(r.IntN(3*3600)) * time.Second, Since: around - profile.Instant(72*time.Hour/time.Microsecond),
		}
		if r.IntN(2) == 0 {
			f.Since = -1 << 63
		}
		filters := 1
		switch f.Form {
		case profile.Scores:
			f.Grain, f.HalfLife = profile.ByHalfLife, time.Duration(1+r.IntN(1e6))*time.Second
			filters = 1 + r.IntN(3)
		case profile.Trace:
			f.Grain = profile.ByDay
			filters = 1 + r.IntN(4)
		case profile.Presence:
			f.Grain = profile.ByDay
		case profile.Spans:
			f.Grain = profile.ByDay
		case profile.Stays:
			f.Property = pick(r, "at", "at", "any")
			for range r.IntN(3) {
				f.Hours = append(f.Hours, profile.Hours{Days: uint8(1 + r.IntN(127)), From: r.IntN(24), To: 1 + r.IntN(24)})
			}
		}
		for range filters {
			filter := profile.FoldFilter{Event: pick(r, "A", "B", profile.AnyEvent, "$page")}
			if r.IntN(2) == 0 {
				filter.Match = hasText
			}
			if f.Form == profile.Scores {
				filter.Property, filter.Weight, filter.By = pick(r, "s", "l", "id"), pick(r, 1.0, 2.5, -1, 1e6, 1e-9), pick(r, "", "n")
			}
			f.Filters = append(f.Filters, filter)
		}
		folds = append(folds, f)
	}
	return folds
}

// Series by the oracle and by profile, through the stored bytes, are the same: in
// whatever order and parts the events come.
func TestCross_series(t *testing.T) {
	const seed = 20261123
	r := rand.New(rand.NewPCG(seed, 5))
	zones := zonesOf(t)
	forms := map[profile.Form]int{}
	lost := 0
	for round := range 300 {
		zone := zones[r.IntN(len(zones))]
		h := &happening{r: r, around: nearChange(r, zone), span: time.Duration(1+r.IntN(200)) * time.Hour}
		sc := &profile.Schema{Folds: randomFolds(r, zone, h.around)}
		events := h.events(r.IntN(30))
		if round%50 == 0 { // beyond the bounds
			wide := profile.Fold{ID: 1000, Form: pick(r, profile.Keys, profile.Sums, profile.Trace), Property: "s", By: "n", Filters: []profile.FoldFilter{{Event: "A"}}}
			if round%100 == 0 {
				wide.Form, wide.Property, wide.Level, wide.Zone = profile.Stays, "at", 16, zone
			}
			sc.Folds = append(sc.Folds, wide)
			events = append(events, h.crowd()...)
		}
		slow := foldUnder(t, sc, events)
		got, err := Decode(combine(t, r, sc, events).Append(nil))
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		if d := Diff(slow, got); len(d) > 0 {
			t.Fatalf("seed %d, round %d: oracle against profile, of %+v:\n%s", seed, round, sc.Folds, strings.Join(d[:min(len(d), 20)], "\n"))
		}
		for _, s := range slow.Series {
			forms[s.Form]++
			if s.lost(-1<<63, 1<<63-1) {
				lost++
			}
		}
	}
	for form := range profile.Form(14) {
		if forms[form] < 25 {
			t.Errorf("form %d in %d series only: the test is one-sided", form, forms[form])
		}
	}
	if lost < 3 {
		t.Errorf("%d series beyond their bounds: the test is one-sided", lost)
	}
}
