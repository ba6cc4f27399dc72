package profile

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestSeries_fold_is_a_commutative_monoid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := genFolds().Draw(t, "folds").schema()
		state := func(name string) *State { return fold(t, sc, genPast().Draw(t, name).events()) }
		a, b, c := state("a"), state("b"), state("c")
		before := [3][]byte{a.Append(nil), b.Append(nil), c.Append(nil)}
		same(t, "identity on the right", a.Combine(&State{}), a)
		same(t, "identity on the left", (&State{}).Combine(a), a)
		same(t, "commutative", a.Combine(b), b.Combine(a))
		same(t, "associative", a.Combine(b).Combine(c), a.Combine(b.Combine(c)))
		own := a.Clone()
		own.Absorb(b)
		frozen := own.Clone()
		own.Absorb(c)
		same(t, "absorb is combine", own, a.Combine(b).Combine(c))
		same(t, "a clone stays as it was", frozen, a.Combine(b))
		for i, s := range []*State{a, b, c} {
			if !bytes.Equal(s.Append(nil), before[i]) {
				t.Fatalf("operand %d was changed", i)
			}
		}
	})
}

// One ID under two kinds of fold, which no schema should have, stays two series.
func TestSeries_of_one_ID_and_two_kinds_never_meet(t *testing.T) {
	events := []Event{orderEvent(1, 7, nil), orderEvent(2, 8, nil)}
	state := func(form Form) *State {
		return fold(t, &Schema{Folds: []Fold{{ID: 1, Form: form, Property: "revenue", K: 2, Filters: []FoldFilter{{Event: AnyEvent}}}}}, events)
	}
	a, b := state(Tally), state(Numbers)
	same(t, "commutative", a.Combine(b), b.Combine(a))
	twice := a.Combine(b).Combine(b)
	if _, err := DecodeState(twice.Append(nil)); err != nil || len(twice.series) != 2 {
		t.Errorf("%d series, %v", len(twice.series), err)
	}
}

func TestSeries_any_order_and_any_split_fold_to_one_state(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := genFolds().Draw(t, "folds").schema()
		events := append(genPast().Draw(t, "one").events(), genPast().Draw(t, "two").events()...)
		want := fold(t, sc, events)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		var parts []*State
		for rest := events; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			data := fold(t, sc, rest[:n]).Append(nil)
			s, err := DecodeState(data)
			if err != nil {
				t.Fatalf("%v\n%x", err, data)
			}
			if again := s.Append(nil); !bytes.Equal(again, data) {
				t.Fatalf("%x is written again as %x", data, again)
			}
			if s.MemoryBytes() < len(data)/2 {
				t.Fatalf("%d bytes of memory for %d stored", s.MemoryBytes(), len(data))
			}
			parts, rest = append(parts, s), rest[n:]
		}
		for len(parts) > 1 {
			i := r.IntN(len(parts) - 1)
			parts[i] = parts[i].Combine(parts[i+1])
			parts = slices.Delete(parts, i+1, i+2)
		}
		if len(parts) == 1 {
			same(t, "split, stored and combined", parts[0], want)
		}
	})
}

// expired returns a copy of a state, expired.
func expired(s *State, sc *Schema, now Instant) *State {
	c := s.Clone()
	c.Expire(sc, now)
	return c
}

func TestState_Expire_may_come_at_any_time(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := genFolds().Draw(t, "folds").schema()
		a, b := fold(t, sc, genPast().Draw(t, "a").events()), fold(t, sc, genPast().Draw(t, "b").events())
		sooner := InstantOf(rapid.SampledFrom(pastTimes).Draw(t, "now").Add(time.Duration(rapid.IntRange(-50, 50).Draw(t, "hours")) * time.Hour))
		later := sooner + Instant(rapid.Int64Range(0, 3*microsPerDay).Draw(t, "later"))

		want := expired(a.Combine(b), sc, later)
		same(t, "again", expired(want, sc, later), want)
		same(t, "one part before", expired(expired(a, sc, sooner).Combine(b), sc, later), want)
		same(t, "both parts before", expired(expired(a, sc, sooner).Combine(expired(b, sc, later)), sc, later), want)
		same(t, "before it was combined, and after", expired(expired(expired(a, sc, sooner).Combine(b), sc, sooner), sc, later), want)
		whole := a.Combine(b)
		for i := range sc.Folds {
			compareKept(t, &sc.Folds[i], whole, want, later)
		}
	})
}

// compareKept compares what a state says before and after it expired.
func compareKept(t *rapid.T, f *Fold, before, after *State, now Instant) {
	t.Helper()
	least := int64(math.MinInt64)
	if f.Keep > 0 && f.Form != FirstDay {
		days := *f
		if f.Form == Spans {
			days.Grain = ByDay
		}
		if days.Grain != WholeLife {
			least = days.Bucket(now) - int64(f.Keep) + 1
		}
	}
	if f.Form == Spans {
		begun := func(s *State) []SpanFold {
			days := *f
			days.Grain = ByDay
			return slices.DeleteFunc(s.Series(f.ID).Spans(), func(v SpanFold) bool { return days.Bucket(v.First) < least })
		}
		if diff := cmp.Diff(begun(before), begun(after), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%+v: spans (-before +after):\n%s", f, diff)
		}
		return
	}
	all := readSeries(f, before.Series(f.ID), least, math.MaxInt64, 9)
	if diff := cmp.Diff(all, readSeries(f, after.Series(f.ID), math.MinInt64, math.MaxInt64, 9), cmp.AllowUnexported(Value{}, Decimal{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%+v: (-before +after):\n%s", f, diff)
	}
}

func TestState_Expire_drops_what_the_schema_does_not_have(t *testing.T) {
	one := Fold{ID: 7, Form: Tally, Filters: []FoldFilter{{Event: AnyEvent}}}
	s := fold(t, &Schema{Folds: []Fold{one}}, []Event{orderEvent(1, 1, nil)})
	other := one
	other.Grain = ByDay
	for name, sc := range map[string]*Schema{"no folds": {}, "another ID": {Folds: []Fold{{ID: 8}}}, "another kind": {Folds: []Fold{other}}} {
		if c := expired(s, sc, Never-1); !c.Series(7).Empty() || len(c.series) > 0 {
			t.Errorf("%s: still there", name)
		}
	}
	if c := expired(s, &Schema{Folds: []Fold{one}}, Never-1); c.Series(7).Count(0, 0) != 1 {
		t.Error("dropped what is kept for ever")
	}
}

// Runs of events around the first day that is kept, where they are dropped and cut.
func TestState_Expire_of_spans_may_come_at_any_time(t *testing.T) {
	sc := &Schema{Folds: []Fold{{ID: 1, Form: Spans, Gap: 30 * time.Minute, Keep: 2, Filters: []FoldFilter{{Event: AnyEvent}}}}}
	begin := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	now := InstantOf(begin.Add(40 * time.Hour))
	genTimes := rapid.Map(rapid.SliceOfN(rapid.IntRange(-10, 6), 0, 8), func(tens []int) (events []Event) {
		for _, n := range tens {
			e := Event{Name: "Login", Time: begin.Add(time.Duration(n) * 10 * time.Minute)}
			if n == 6 {
				e.Time = begin.Add(-time.Microsecond)
			}
			events = append(events, e)
		}
		return events
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := fold(t, sc, genTimes.Draw(t, "a")), fold(t, sc, genTimes.Draw(t, "b"))
		want := expired(a.Combine(b), sc, now)
		same(t, "one part before", expired(expired(a, sc, now).Combine(b), sc, now), want)
		sooner := now - Instant(rapid.Int64Range(0, microsPerDay).Draw(t, "sooner"))
		same(t, "one part sooner", expired(expired(a, sc, sooner).Combine(b), sc, now), want)
		compareKept(t, &sc.Folds[0], a.Combine(b), want, now)
	})
}

func TestState_Expire_cuts_runs(t *testing.T) {
	sc := &Schema{Folds: []Fold{{ID: 1, Form: Spans, Gap: 30 * time.Minute, Keep: 1, Filters: []FoldFilter{{Event: AnyEvent}}}}}
	midnight := InstantOf(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC))
	minutes := func(n int) Instant { return midnight + Instant(n)*microsPerMinute }
	tests := []struct {
		name   string
		events []int // minutes from midnight
		want   []SpanFold
	}{
		{"over before", []int{-60, -31}, nil},
		{"just within the gap", []int{-60, -30}, []SpanFold{{minutes(-30), minutes(-30), 0}}},
		{"over midnight", []int{-50, -20, 5}, []SpanFold{{midnight - 1, minutes(5), 0}}},
		{"from midnight", []int{0, 5}, []SpanFold{{midnight, minutes(5), 2}}},
		{"one before, one after", []int{-30, 1, 2}, []SpanFold{{minutes(-30), minutes(-30), 0}, {minutes(1), minutes(2), 2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var events []Event
			for _, n := range tt.events {
				events = append(events, Event{Name: "Login", Time: minutes(n).Time()})
			}
			s := fold(t, sc, events)
			s.Expire(sc, midnight)
			if diff := cmp.Diff(tt.want, s.Series(1).Spans()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A bucket holds 1,000 keys, and events of a trace, and gives up at one more.
func TestSeries_bounds(t *testing.T) {
	sc := &Schema{Folds: []Fold{{ID: 1, Form: Keys}, {ID: 2, Form: Trace}, {ID: 3, Form: Scores, HalfLife: time.Hour}, {ID: 4, Form: Sums, By: "sku"}, {ID: 5, Form: Stays, Level: 16}}}
	for i := range sc.Folds {
		sc.Folds[i].Property, sc.Folds[i].Filters = "sku", []FoldFilter{{Event: AnyEvent, Property: "sku", Weight: 1}}
	}
	sc.Folds[4].Property = "at"
	state := func(from, n int) *State {
		var events []Event
		for i := range n {
			events = append(events, Event{Name: "Order", MessageID: "m", Time: epoch0.Add(time.Duration(from+i) * time.Second), Properties: map[string]Value{"sku": Number(float64(from + i)), "at": Point(float64(from+i)/100, 7)}})
		}
		return fold(t, sc, events)
	}
	full := state(0, 500).Combine(state(500, 500))
	for id, n := range map[uint32]int{1: 1000, 4: 1000} {
		if keys, ok := full.Series(id).Keys(0, 0); !ok || len(keys) != n {
			t.Errorf("fold %d: %d keys, %v", id, len(keys), ok)
		}
	}
	if events, ok := full.Series(2).Trace(0, 0); !ok || len(events) != 1000 {
		t.Errorf("%d events, %v", len(events), ok)
	}
	if scores, ok := full.Series(3).Scores(0, 0); !ok || len(scores) != 1000 {
		t.Errorf("%d scores, %v", len(scores), ok)
	}
	if stays, ok := full.Series(5).Stays(math.MinInt64, math.MaxInt64, nil); !ok || len(stays) != 1000 {
		t.Errorf("%d stays, %v", len(stays), ok)
	}
	for _, over := range []*State{full.Combine(state(1000, 1)), state(1000, 1).Combine(full)} {
		if got := over.Overflowed(); len(got) != 5 {
			t.Errorf("over are %q", got)
		}
	}
	same(t, "given up for good", full.Combine(state(1000, 1)).Combine(state(0, 1)), state(0, 1).Combine(state(1000, 1).Combine(full)))
	if over := full.Combine(state(1000, 1)).Series(4).Overflowed(1, 9); over {
		t.Error("other buckets gave up")
	}
	// One event with more than it may have.
	list := make([]Value, 1001)
	for i := range list {
		list[i] = Number(float64(i))
	}
	one := fold(t, sc, []Event{{Name: "Order", Time: epoch0, Properties: map[string]Value{"sku": List(list...)}}})
	if got := one.Overflowed(); len(got) != 2 {
		t.Errorf("of one event are over %q", got)
	}
}

func TestSeries_of_several_buckets_read_as_one(t *testing.T) {
	f := Fold{ID: 1, Form: Sums, Grain: ByDay, Property: "sku", By: "revenue", Filters: []FoldFilter{{Event: AnyEvent}}}
	scores := Fold{ID: 2, Form: Scores, Grain: ByHalfLife, HalfLife: 24 * time.Hour, Filters: []FoldFilter{{Event: AnyEvent, Property: "sku", Weight: 2}}}
	var events []Event
	for day, sku := range []string{"a", "b", "a"} {
		for _, extra := range []string{"", "c"} {
			events = append(events, Event{Name: "Order", Time: epoch0.Add(time.Duration(day) * 24 * time.Hour), MessageID: extra, Properties: map[string]Value{"sku": String(sku + extra), "revenue": Number(1.25)}})
		}
	}
	s := fold(t, &Schema{Folds: []Fold{f, scores}}, events)
	first := f.Bucket(InstantOf(epoch0))
	keys, ok := s.Series(1).Keys(first, first+2)
	sum := func(f float64) Decimal { d, _ := DecimalOf(f); return d }
	want := []KeyFold{{Value: String("a"), Sum: sum(2.5)}, {Value: String("ac"), Sum: sum(2.5)}, {Value: String("b"), Sum: sum(1.25)}, {Value: String("bc"), Sum: sum(1.25)}}
	if diff := cmp.Diff(want, keys, cmp.AllowUnexported(Value{}, Decimal{})); !ok || diff != "" {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
	totals, ok := s.Series(2).Totals(first, first+1)
	if diff := cmp.Diff([]ScoreFold{{Bucket: first, Score: 4}, {Bucket: first + 1, Score: 4}}, totals, cmp.AllowUnexported(Value{})); !ok || diff != "" {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
}
