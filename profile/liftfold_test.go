package profile

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/civil"
)

func TestSchema_Lift_selects_by_counted_name(t *testing.T) {
	tally := func(id uint32, events ...string) Fold {
		f := Fold{ID: id, Form: Trace, Since: math.MinInt64}
		for _, e := range events {
			f.Filters = append(f.Filters, FoldFilter{Event: e})
		}
		return f
	}
	sc := &Schema{Folds: []Fold{ // As nobody should hand them in: one ID twice, descending.
		tally(9, "Login"), tally(8, "never"), tally(7, AnyEvent), tally(6, PageEvent, AnyEvent), tally(5, "Login", "Order"), tally(5, "never"), tally(4, "Order", "Order"),
	}}
	tests := []struct {
		name  string
		event Event
		want  map[uint32]uint64 // ID to the filters that select
	}{
		{"a named event", Event{Name: "Login"}, map[uint32]uint64{5: 1, 6: 2, 7: 1, 9: 1}},
		{"two filters of one name", Event{Name: "Order"}, map[uint32]uint64{4: 3, 5: 2, 6: 2, 7: 1}},
		{"an event of no fold", Event{Name: "else"}, map[uint32]uint64{6: 2, 7: 1}},
		{"a page, whatever its name", Event{Type: Page, Name: "Login"}, map[uint32]uint64{6: 3, 7: 1}},
		{"what is not counted", Event{Type: Identify, Name: "Login"}, nil},
		{"an event that is called as any", Event{Name: AnyEvent}, map[uint32]uint64{6: 2, 7: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.event.Time = epoch0
			s := fold(t, sc, []Event{tt.event})
			for id := range uint32(10) {
				events, _ := s.Series(id).Trace(0, 0)
				var got uint64
				for _, e := range events {
					got |= e.Selects
				}
				if got != tt.want[id] {
					t.Errorf("fold %d: filters %b, want %b", id, got, tt.want[id])
				}
			}
		})
	}
}

func TestSchema_Lift_asks_each_filter_once(t *testing.T) {
	asked := 0
	match := func(*Event) bool { asked++; return true }
	sc := &Schema{Folds: []Fold{{ID: 1, Form: Trace, Filters: []FoldFilter{{Event: "Order", Match: match}, {Event: AnyEvent, Match: match}, {Event: "Login", Match: match}}}}}
	fold(t, sc, []Event{{Name: "Order", Time: epoch0}})
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

// What a fold cannot take in is passed over: it never refuses an event.
func TestSchema_Lift_passes_over_what_does_not_fold(t *testing.T) {
	filters := []FoldFilter{{Event: AnyEvent, Property: "p", Weight: 1, By: "by"}}
	sc := &Schema{}
	for form := Numbers; form <= FirstDay; form++ {
		if form != Spans {
			sc.Folds = append(sc.Folds, Fold{ID: uint32(form), Form: form, Property: "p", By: "by", K: 1, HalfLife: time.Hour, Filters: filters})
		}
	}
	tests := []struct {
		name  string
		p, by Value
		want  []Form
	}{
		{"a number", Number(1), Number(2), []Form{Numbers, Ends, Keys, Sums, Recent, Oldest, Scores, Trace, FirstDay}},
		{"text", String("x"), String("y"), []Form{Ends, Keys, Recent, Oldest, Trace, FirstDay}},
		{"beyond 1e18", Number(1.1e18), Number(-1.1e18), []Form{Ends, Keys, Recent, Oldest, Trace, FirstDay}},
		{"nothing", Value{}, Number(1), []Form{Trace, FirstDay}},
		{"a point", Point(31, 121), Number(1), []Form{Ends, Keys, Sums, Recent, Oldest, Scores, Trace, Stays, FirstDay}},
		{"not finite", Number(math.NaN()), Number(math.Inf(1)), []Form{Trace, FirstDay}},
		{"off the globe", Point(91, 0), Number(1), []Form{Trace, FirstDay}},
		{"a list of nothing", List(Value{}, List(), Number(math.Inf(-1))), Number(1), []Form{Trace, FirstDay}},
		{"a list by a list", List(String("x"), Number(1)), List(Number(1)), []Form{Numbers, Ends, Keys, Recent, Oldest, Trace, FirstDay}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fold(t, sc, []Event{{Name: "Order", Time: epoch0, Properties: map[string]Value{"p": tt.p, "by": tt.by}}})
			var got []Form
			for _, one := range s.series {
				got = append(got, one.form)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("forms %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSchema_Lift_is_safe_for_concurrent_use(t *testing.T) {
	sc := shopSchema(20, 10)
	want := fold(t, shopSchema(20, 10), []Event{*benchEvent(1)})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				s, err := sc.Lift(benchEvent(1))
				if err != nil || string(s.Append(nil)) != string(want.Append(nil)) {
					t.Error("another state, or", err)
				}
			}
		})
	}
	wg.Wait()
}

// An event that no fold selects costs nothing for all that there are.
func TestSchema_Lift_allocates_nothing_for_folds_of_others(t *testing.T) {
	none, many := &Schema{}, shopSchema(0, 2000)
	e := benchEvent(1)
	allocs := func(sc *Schema) float64 {
		return testing.AllocsPerRun(100, func() {
			if _, err := sc.Lift(e); err != nil {
				t.Fatal(err)
			}
		})
	}
	if a, b := allocs(none), allocs(many); a != b {
		t.Errorf("%v allocations, with 2,000 other folds %v", a, b)
	}
}

func TestSeries_reading_allocates_nothing(t *testing.T) {
	s := shopState(t, shopSchema(10, 0))
	const from, to = math.MinInt64, math.MaxInt64
	if n := testing.AllocsPerRun(10, func() {
		for id := range uint32(11) {
			one := s.Series(id)
			_ = one.Empty()
			_, _ = one.First()
			one.Last()
			one.Next(from)
			one.Count(from, to)
			one.Days(from, to)
			one.Times(from, to)
			one.Numbers(from, to)
			one.Ends(from, to)
			one.FirstDay()
			one.Overflowed(from, to)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What a lifter remembers of a zone's clock agrees with the calendar everywhere.
func TestFold_Bucket_remembers_the_day(t *testing.T) {
	var days dayCache
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(foldZones).Draw(t, "zone")
		at := rapid.SampledFrom(pastTimes).Draw(t, "time").UnixMicro()
		switch rapid.IntRange(0, 3).Draw(t, "where") {
		case 0:
			at += rapid.Int64Range(-3*microsPerDay, 3*microsPerDay).Draw(t, "near")
		case 1:
			at += rapid.Int64Range(-40_000*microsPerDay, 40_000*microsPerDay).Draw(t, "far")
		case 2:
			at = rapid.Int64().Draw(t, "anywhere")
		}
		f := Fold{Grain: ByDay, Zone: zone}
		want := int64(civil.Today(at, zone))
		if got := days.day(Instant(at), zone); got != want || f.Bucket(Instant(at)) != want {
			t.Fatalf("%v in %v is day %d, want %d", Instant(at), zone, got, want)
		}
	})
}

func TestState_Overflowed_names_folds(t *testing.T) {
	sc := &Schema{}
	for form := Tally; form <= FirstDay; form++ {
		sc.Folds = append(sc.Folds, Fold{ID: uint32(form) + 1, Form: form, Property: "sku", By: "revenue", K: 9, HalfLife: time.Hour, Filters: []FoldFilter{{Event: AnyEvent, Property: "sku", Weight: 1}}})
	}
	s := fold(t, sc, append(past{crowd: true}.events(), past{crowd: true, from: 600}.events()...))
	want := []string{"fold 6", "fold 7", "fold 11", "fold 12"}
	if got := s.Overflowed(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !s.SameBounds(&State{}) {
		t.Error("series changed the bounds of names")
	}
	half := fold(t, sc, past{crowd: true}.events())
	if got := half.Overflowed(); got != nil {
		t.Errorf("%q of 600 keys", got)
	}
	if got := half.Combine(half).Overflowed(); !slices.Equal(got, []string{"fold 12"}) {
		t.Errorf("%q of twice the same keys, want the trace alone", got)
	}
}
