package profile

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// foldSet is some folds, of forms and grains as they come.
type foldSet []Fold

// schema returns a schema that keeps the folds. It declares nothing.
func (f foldSet) schema() *Schema { return &Schema{Folds: slices.Clone(f)} }

var foldZones = []*time.Location{nil, mustZone("Asia/Shanghai"), mustZone("America/New_York"), mustZone("America/Sao_Paulo"), mustZone("Pacific/Apia"), mustZone("America/St_Johns")}

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func genFilter() *rapid.Generator[FoldFilter] {
	return rapid.Custom(func(t *rapid.T) FoldFilter {
		f := FoldFilter{
			Event:    rapid.SampledFrom([]string{"Order Completed", "Order Completed", "Login", PageEvent, AnyEvent}).Draw(t, "event"),
			Property: rapid.SampledFrom([]string{"sku", "revenue"}).Draw(t, "property"),
			Weight:   rapid.SampledFrom([]float64{1, -0.5, 1e6, 1e-12, 3.14159}).Draw(t, "weight"),
			By:       rapid.SampledFrom([]string{"", "", "revenue", "sku"}).Draw(t, "by"),
		}
		switch rapid.IntRange(0, 2).Draw(t, "where") {
		case 1:
			f.Match = func(e *Event) bool { return e.Source == "web" }
		case 2:
			f.Match = func(e *Event) bool { return e.Properties["revenue"].Number() >= 1 }
		}
		return f
	})
}

func genFold(id uint32) *rapid.Generator[Fold] {
	return rapid.Custom(func(t *rapid.T) Fold {
		f := Fold{
			ID:       id,
			Form:     Form(rapid.IntRange(0, int(FirstDay)).Draw(t, "form")),
			Grain:    Grain(rapid.IntRange(0, int(ByHalfLife)).Draw(t, "grain")),
			Zone:     rapid.SampledFrom(foldZones).Draw(t, "zone"),
			Property: rapid.SampledFrom([]string{"sku", "sku", "revenue", "never"}).Draw(t, "property"),
			By:       rapid.SampledFrom([]string{"revenue", "revenue", "revenue", "sku"}).Draw(t, "by"),
			K:        rapid.IntRange(1, 3).Draw(t, "K"),
			Gap:      rapid.SampledFrom([]time.Duration{0, time.Second, 30 * time.Minute, 36 * time.Hour}).Draw(t, "gap"),
			HalfLife: rapid.SampledFrom([]time.Duration{time.Microsecond, 7 * time.Microsecond, time.Hour, 30 * 24 * time.Hour}).Draw(t, "half-life"),
			Since:    rapid.SampledFrom([]Instant{-1 << 63, -1 << 63, 0, InstantOf(epoch0)}).Draw(t, "since"),
			Keep:     rapid.SampledFrom([]int{0, 1, 2, 40}).Draw(t, "keep"),
			Filters:  []FoldFilter{genFilter().Draw(t, "filter")},
		}
		if f.Form == FirstDay {
			f.Grain, f.Property = ByDay, rapid.SampledFrom([]string{"revenue", "revenue", "sku"}).Draw(t, "number")
		}
		if f.Form == Stays {
			f.Grain, f.Property = ByDay, rapid.SampledFrom([]string{"at", "at", "at", "sku"}).Draw(t, "place")
			f.Level = rapid.SampledFrom([]int{1, 12, 16, 30}).Draw(t, "level")
			f.Hours = rapid.SliceOfN(genHours(), 0, 3).Draw(t, "hours")
		}
		if f.Form == Scores || f.Form == Trace {
			f.Filters = append(f.Filters, rapid.SliceOfN(genFilter(), 0, 2).Draw(t, "filters")...)
		}
		return f
	})
}

func genHours() *rapid.Generator[Hours] {
	return rapid.Custom(func(t *rapid.T) Hours {
		return Hours{
			Days: rapid.SampledFrom([]uint8{0x7f, 0x3e, 0x41, 0x10}).Draw(t, "days"),
			From: rapid.SampledFrom([]int{0, 9, 18, 22, 23}).Draw(t, "from"), To: rapid.SampledFrom([]int{1, 7, 9, 18, 24}).Draw(t, "to"),
		}
	})
}

func genFolds() *rapid.Generator[foldSet] {
	return rapid.Custom(func(t *rapid.T) foldSet {
		var set foldSet
		id := uint32(0)
		for range rapid.IntRange(1, 12).Draw(t, "folds") {
			id += rapid.SampledFrom([]uint32{1, 2, 1 << 28}).Draw(t, "id")
			set = append(set, genFold(id).Draw(t, "fold"))
		}
		return set
	})
}

// pastTimes are around changes of clocks, a date that a zone left out, ends of
// months and of half-lives, and before 1970.
var pastTimes = []time.Time{
	epoch0, epoch0.Add(time.Microsecond), epoch0.Add(30 * time.Minute), epoch0.Add(-time.Microsecond), epoch0.Add(24 * time.Hour),
	time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC),
	time.Date(2018, 2, 18, 1, 59, 0, 0, time.UTC), time.Date(2018, 2, 18, 2, 30, 0, 0, time.UTC), time.Date(2018, 2, 18, 3, 0, 0, 0, time.UTC),
	// Clocks of St. John's went from 00:01 back to 23:01.
	time.Date(2010, 11, 7, 2, 30, 30, 0, time.UTC), time.Date(2010, 11, 7, 2, 31, 0, 0, time.UTC), time.Date(2010, 11, 7, 3, 0, 0, 0, time.UTC),
	time.Date(2011, 12, 30, 9, 59, 59, 0, time.UTC), time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
}

// genPastEvent draws an event of few names, times and values, so that they meet.
func genPastEvent() *rapid.Generator[Event] {
	return rapid.Custom(func(t *rapid.T) Event {
		e := Event{
			Type:      rapid.SampledFrom([]Type{Track, Track, Track, Page, Identify}).Draw(t, "type"),
			MessageID: rapid.SampledFrom([]string{"m1", "m2", ""}).Draw(t, "message"),
			Source:    rapid.SampledFrom([]string{"web", ""}).Draw(t, "source"),
			Name:      rapid.SampledFrom([]string{"Order Completed", "Order Completed", "Login"}).Draw(t, "name"),
			Time:      rapid.SampledFrom(pastTimes).Draw(t, "time"),
		}
		if rapid.IntRange(0, 3).Draw(t, "moved") == 0 {
			e.Time = e.Time.Add(time.Duration(rapid.IntRange(-40*24, 40*24).Draw(t, "hours")) * time.Hour)
		}
		e.Properties = map[string]Value{}
		if rapid.IntRange(0, 3).Draw(t, "has") > 0 {
			e.Properties["revenue"] = genNumber().Draw(t, "revenue")
		}
		place := func(name string) Value {
			return rapid.SampledFrom([]Value{Point(31.2304, 121.4737), Point(31.2305, 121.4737), Point(31.24, 121.48), Point(-90, 5), Point(0, 180), Point(0, -180)}).Draw(t, name)
		}
		switch rapid.IntRange(0, 3).Draw(t, "at") {
		case 0:
			e.Properties["at"] = List(place("one"), Number(1), place("two"), String("x"))
		case 1, 2:
			e.Properties["at"] = place("place")
		}
		switch rapid.IntRange(0, 7).Draw(t, "sku") {
		case 0:
			e.Properties["sku"] = genValue(2).Draw(t, "any")
		case 1:
			e.Properties["sku"] = List(String("b"), Number(2), String("a"), Value{}, String("b"), List(String("c")))
		case 2, 3, 4:
			e.Properties["sku"] = String(rapid.SampledFrom([]string{"a", "b", "c", "d", ""}).Draw(t, "text"))
		case 5:
			e.Properties["sku"] = Number(float64(rapid.IntRange(0, 3).Draw(t, "number")))
		}
		return e
	})
}

// past is some events, and a crowd of 600 in one hour with values from a number on: two
// that differ go over the bounds of a bucket.
type past struct {
	few   []Event
	crowd bool
	from  int
}

func genPast() *rapid.Generator[past] {
	return rapid.Custom(func(t *rapid.T) past {
		p := past{few: rapid.SliceOfN(genPastEvent(), 0, 24).Draw(t, "few")}
		if rapid.IntRange(0, 9).Draw(t, "crowd") == 0 {
			p.crowd, p.from = true, rapid.SampledFrom([]int{0, 1, 600}).Draw(t, "from")
		}
		return p
	})
}

func (p past) events() []Event {
	events := slices.Clone(p.few)
	if p.crowd {
		for i := range 600 {
			events = append(events, Event{
				MessageID: fmt.Sprint("m", p.from, i), Source: "web", Name: "Order Completed", Time: epoch0.Add(time.Duration(i) * time.Second),
				Properties: map[string]Value{"sku": Number(float64(p.from + i)), "revenue": Number(1.25), "at": Point(float64(p.from+i)/100, 7)},
			})
		}
	}
	return events
}
