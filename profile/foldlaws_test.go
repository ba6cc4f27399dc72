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
	if f.Keep > 0 {
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
