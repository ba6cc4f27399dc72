package oracle

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/grid"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Stayed is in which hours of a day a person was seen in a cell. How the Earth is cut
// into cells is geometry, which package grid holds against S2.
type Stayed struct {
	Cell  uint64
	Hours []int // ascending, each once
}

func (s Stayed) equal(o Stayed) bool { return s.Cell == o.Cell && slices.Equal(s.Hours, o.Hours) }

// unitedStays returns each cell once, ascending, with all its hours.
func unitedStays(stays []Stayed) (united []Stayed) {
	hours := map[uint64][]int{}
	for _, s := range stays {
		hours[s.Cell] = append(hours[s.Cell], s.Hours...)
	}
	for cell, of := range hours {
		slices.Sort(of)
		united = append(united, Stayed{Cell: cell, Hours: slices.Compact(of)})
	}
	slices.SortFunc(united, func(a, b Stayed) int { return cmp.Compare(a.Cell, b.Cell) })
	return united
}

// night returns the day that a sighting counts to: each of the hours that the gathering
// takes is tried, those of today and then those that began yesterday.
func (g gathering) night(at profile.Instant) (day int64, counts bool) {
	t := at.Time().In(g.zone)
	today := dayOf(t.Date())
	if len(g.hours) == 0 {
		return today, true
	}
	for _, h := range g.hours {
		for _, began := range []int64{today, today - 1} {
			year, month, date := dateOf(began)
			weekday := time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Weekday()
			length := h.To - h.From
			if length <= 0 {
				length += 24
			}
			since := int(today-began)*24 + t.Hour() - h.From // hours
			if h.Days>>weekday%2 == 1 && since >= 0 && since < length {
				return began, true
			}
		}
	}
	return 0, false
}

// stayed returns what one sighting says.
func (g gathering) stayed(v profile.Value, at profile.Instant) Stayed {
	cell, _ := grid.Level(g.level).Cell(v.Point())
	return Stayed{Cell: cell, Hours: []int{at.Time().In(g.zone).Hour()}}
}

// haunt is a cell with those that touch it.
type haunt struct {
	cell       uint64
	hours, own int // different hours in all of it, and in the cell
	days       int
	seen       int // days on which the person was seen anywhere
	middle     profile.Value
}

// slot is one hour of one day.
type slot struct {
	day  int64
	hour int
}

// stays returns in which hours a person was seen in which cell, as a dwell() looks at
// them; ok is false where too much was seen, or it is not kept.
func (w *world) stays(a *syntax.Aggregate, stay syntax.Stay) (slots map[uint64]map[slot]bool, ok bool) {
	window := a.Window
	if window.Kind == syntax.Lifetime {
		window = syntax.Window{Kind: syntax.Last, N: 90, Unit: syntax.Day}
	}
	level := grid.Level(stay.Level)
	s, kept := w.series(a, gathering{
		form: profile.Stays, grain: profile.ByDay, level: stay.Level, hours: stay.Hours, property: a.Property, since: w.since(window),
		choices: w.choices(syntax.Filter{Event: a.Event, Where: a.Where}),
	})
	from, to := w.reach(window, profile.ByDay)
	if !kept || s.lost(from, to) {
		return nil, false
	}
	var out []uint64
	for _, x := range stay.Except {
		if v, ok := w.value(x); ok && v.Kind() == profile.KindPoint {
			cell, _ := level.Cell(v.Point())
			out = append(level.Around(out, cell), cell)
		}
	}
	slots = map[uint64]map[slot]bool{}
	for day, b := range s.Buckets {
		for _, s := range b.Stays {
			if day < from || day > to || slices.Contains(out, s.Cell) {
				continue
			}
			if slots[s.Cell] == nil {
				slots[s.Cell] = map[slot]bool{}
			}
			for _, hour := range s.Hours {
				slots[s.Cell][slot{day, hour}] = true
			}
		}
	}
	return slots, true
}

// haunt returns where most hours were spent in the window of a dwell().
func (w *world) haunt(a *syntax.Aggregate) (best haunt, ok bool) {
	stay := syntax.Stay{Level: 16, MinDays: 3}
	if a.Stay != nil {
		stay = *a.Stay
	}
	slots, known := w.stays(a, stay)
	if !known {
		return best, false
	}
	everywhere := map[int64]bool{}
	for _, of := range slots {
		for s := range of {
			everywhere[s.day] = true
		}
	}
	level := grid.Level(stay.Level)
	for cell := range slots {
		around := level.Around(nil, cell)
		h := haunt{cell: cell, own: len(slots[cell]), seen: len(everywhere)}
		in, days := map[slot]bool{}, map[int64]bool{}
		var cells []uint64
		var weights []int
		for other, of := range slots {
			if other != cell && !slices.Contains(around, other) {
				continue
			}
			cells = append(cells, other)
			for s := range of {
				in[s], days[s.day] = true, true
			}
		}
		slices.Sort(cells)
		for _, c := range cells {
			weights = append(weights, len(slots[c]))
		}
		h.hours, h.days = len(in), len(days)
		better := cmp.Or(cmp.Compare(h.hours, best.hours), cmp.Compare(h.own, best.own), cmp.Compare(h.days, best.days), cmp.Compare(best.cell, cell))
		if h.days >= stay.MinDays && (!ok || better > 0) {
			h.middle = profile.Point(level.Middle(cells, weights))
			best, ok = h, true
		}
	}
	return best, ok
}

// evidence evaluates what is asked of a place that a dwell() gives.
func (w *world) evidence(c *syntax.Call) (v profile.Value, ok bool) {
	x := c.Args[0]
	for range 100 { // no more traits stand for each other
		if t, named := x.(*syntax.Trait); named {
			info, _ := w.scope.Trait(t.Name)
			x = info.Compute
		}
	}
	a, isAggregate := x.(*syntax.Aggregate)
	if !isAggregate {
		return profile.Value{}, false
	}
	h, ok := w.haunt(a)
	if !ok {
		return profile.Value{}, false
	}
	switch c.Fn {
	case syntax.DaysAt:
		return profile.Number(float64(h.days)), true
	case syntax.DaysSeen:
		return profile.Number(float64(h.seen)), true
	}
	share, _ := big.NewRat(int64(h.days), int64(h.seen)).Float64()
	return profile.Number(share), true
}
