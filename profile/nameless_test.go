package profile

import (
	"bytes"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/civil"
)

// What stays of a person adds up as before, over a life and over any days, and is a state
// like any other.
func TestNameless_keeps_numbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		folds := genFolds().Draw(t, "folds").schema()
		s := fold(t, testSchema, genBatch().Draw(t, "events").events()).Combine(fold(t, folds, genPast().Draw(t, "past").events()))
		before := s.Append(nil)
		n := s.Nameless(testSchema, time.UTC)
		if !bytes.Equal(s.Append(nil), before) {
			t.Fatal("the state was changed")
		}
		data := n.Append(nil)
		again, err := DecodeState(data)
		if err != nil {
			t.Fatalf("%v: %x", err, data)
		}
		same(t, "read again", again, n)
		if n.Events() != s.Events() || n.Canonical() != nil {
			t.Fatalf("%d events, want %d", n.Events(), s.Events())
		}
		if v, ok := s.Attr("points", Sum); ok {
			if got, ok := n.Attr("points", Sum); !ok || !got.Equal(v) {
				t.Fatalf("a sum of %v reads as %v", v, got)
			}
		}
		for event, folds := range testSchema.Events {
			want, _ := s.Event(event)
			if got, _ := n.Event(event); got.Count != want.Count {
				t.Fatalf("%q: %d, want %d", event, got.Count, want.Count)
			}
			for _, prop := range folds.Numbers {
				want, had := s.Number(event, prop)
				got, has := n.Number(event, prop)
				if had != has || got.Count != want.Count || got.Sum != want.Sum || got.Min != want.Min || got.Max != want.Max || got.Last != want.Last {
					t.Fatalf("%q of %q: %+v, want %+v", prop, event, got, want)
				}
			}
			for _, prop := range folds.Uniques {
				if _, ok := n.Unique(event, prop); ok && s.declared(event) != nil && len(s.declared(event).uniques) > 0 && n.declared(event).uniques == nil {
					t.Fatalf("%q of %q: values that are gone are counted", prop, event)
				}
			}
		}
		keepsSeries(t, s, n, folds)
		keepsDays(t, n)
	})
}

// keepsSeries holds what is counted, added up and compared against what was.
func keepsSeries(t *rapid.T, s, n *State, sc *Schema) {
	const least, most = math.MinInt64, math.MaxInt64
	for i := range sc.Folds {
		f := &sc.Folds[i]
		from, to := int64(least), int64(most)
		if f.Grain == ByDay && f.Zone == nil {
			from = int64(civil.FromDate(2025, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 1))
			to = from + int64(rapid.IntRange(0, 400).Draw(t, "days"))
		}
		a, b := s.Series(f.ID), n.Series(f.ID)
		if want, got := a.Count(from, to), b.Count(from, to); want != got {
			t.Fatalf("fold %+v counts %d, want %d", f, got, want)
		}
		x, had := a.Numbers(from, to)
		if y, has := b.Numbers(from, to); had != has || x != y {
			t.Fatalf("fold %+v adds up to %+v, want %+v", f, y, x)
		}
		if f.Grain == ByDay && a.Days(from, to) != b.Days(from, to) && f.Form == Presence {
			t.Fatalf("fold %+v has %d days, want %d", f, b.Days(from, to), a.Days(from, to))
		}
		switch f.Form {
		case Keys, Sums:
			if keys, ok := b.Keys(least, most); len(keys) > 0 || ok && !a.Empty() {
				t.Fatalf("fold %+v has keys %v, %t", f, keys, ok)
			}
		case Recent, Oldest, Spans:
			if !b.Empty() {
				t.Fatalf("fold %+v has something left", f)
			}
		case Ends:
			for _, at := range []int64{least, 0} {
				_, last, ok := b.Ends(at, most)
				_, want, had := a.Ends(at, most)
				if ok && last.Kind() != KindNumber && last.Kind() != KindBool {
					t.Fatalf("fold %+v ends with %v", f, last)
				}
				if a.form == Ends && a.grain == WholeLife && had && want.Kind() == KindNumber && ok && !last.Equal(want) {
					t.Fatalf("fold %+v ends with %v, want %v", f, last, want)
				}
			}
		}
	}
}

// keepsDays makes sure that no time is finer than a day.
func keepsDays(t *rapid.T, n *State) {
	day := func(at Instant) {
		if int64(at)%microsPerDay != 0 {
			t.Fatalf("the time %v is left", at)
		}
	}
	for _, at := range []Stamp{n.first, n.last} {
		if day(at.At); at.Tie != 0 {
			t.Fatal("a message can be told")
		}
	}
	for _, c := range n.counters {
		for _, at := range []Stamp{c.first, c.last} {
			if day(at.At); at.Tie != 0 {
				t.Fatal("a message can be told")
			}
		}
		for _, m := range c.numbers {
			for _, at := range []Instant{m.minAt, m.maxAt, m.firstAt.At, m.lastAt.At} {
				day(at)
			}
			if m.firstAt.Tie+m.lastAt.Tie != 0 {
				t.Fatal("a message can be told")
			}
		}
	}
	for _, one := range n.series {
		for b := range one.Buckets() {
			if one.grain == ByMinute || one.grain == ByHour {
				day(Instant(one.base(b)))
			}
		}
		if first, last, ok := one.Times(math.MinInt64, math.MaxInt64); ok {
			day(first)
			day(last)
		}
	}
}

// No text, place or list of a person is left, whatever it was folded into.
func TestNameless_has_no_values(t *testing.T) {
	const canary = "canary"
	sc := &Schema{
		Attributes: map[string]Attribute{"nick": {Kind: KindString, Policy: NonEmpty}, "apps": {Kind: KindSet, Policy: Union}, "points": {Kind: KindNumber, Policy: Sum}},
		Events:     map[string]Folds{"Order": {Numbers: []string{"revenue"}, Uniques: []string{"sku"}}},
	}
	for form := Tally; form <= FirstDay; form++ {
		for _, grain := range []Grain{WholeLife, ByHour, ByDay} {
			sc.Folds = append(sc.Folds, Fold{
				ID: uint32(len(sc.Folds) + 1), Form: form, Grain: grain, Property: "sku", By: "revenue", K: 3, Level: 12, Gap: time.Hour, HalfLife: time.Hour,
				Filters: []FoldFilter{{Event: "Order", Property: "sku", Weight: 1}},
			})
		}
	}
	var events []Event
	for i := range 9 {
		at := time.Date(2026, 3, 1, 3*i, 17, 5, 0, time.UTC)
		events = append(events, Event{
			MessageID: canary, Source: canary, Name: "Order", Time: at,
			Properties: map[string]Value{"sku": String(canary), "revenue": Number(12.5)},
		}, Event{
			MessageID: canary, Name: canary, Time: at, Properties: map[string]Value{"sku": String(canary)},
		}, Event{
			MessageID: canary, Type: Identify, Time: at,
			Traits: map[string]Value{"nick": String(canary), "apps": Set(String(canary)), "points": Number(2), canary: Bool(true), "age": Number(7041)},
		})
	}
	s := fold(t, sc, events)
	if !bytes.Contains(s.Append(nil), []byte(canary)) {
		t.Fatal("the search is blind")
	}
	n := s.Nameless(sc, time.UTC)
	if data := n.Append(nil); bytes.Contains(data, []byte(canary)) || bytes.Contains(data, AppendValue(nil, Number(7041))) {
		t.Errorf("%q is left in %q", canary, data)
	}
	if v, ok := n.Attr("points", Sum); !ok || v.Number() != 18 {
		t.Errorf("points %v, %t", v, ok)
	}
	if st, _ := n.Event(canary); st.Count > 0 {
		t.Errorf("an event that nobody declared: %+v", st)
	}
	if _, ok := n.Unique("Order", "sku"); ok {
		t.Error("values that are gone are counted")
	}
}
