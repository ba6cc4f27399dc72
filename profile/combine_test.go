package profile

import (
	"bytes"
	"testing"
	"time"
)

// orderEvent is an order of one customer with the same stamp at every call for
// one second.
func orderEvent(second int, revenue float64, traits map[string]Value) Event {
	return Event{
		Name: "Order Completed", MessageID: "m", Time: epoch0.Add(time.Duration(second) * time.Second),
		Properties: map[string]Value{"revenue": Number(revenue)}, Traits: traits,
	}
}

// Two events of one stamp, or of one extreme value, still have an order.
func TestState_breaks_every_tie(t *testing.T) {
	at := func(second int) Instant { return InstantOf(epoch0) + Instant(second)*1e6 }
	trait := func(name string, v Value) map[string]Value { return map[string]Value{name: v} }
	tests := []struct {
		name string
		a, b Event
		want func(s *State) bool
	}{
		{"latest takes the greater value", orderEvent(0, 1, trait("city", String("a"))), orderEvent(0, 1, trait("city", String("b"))), func(s *State) bool {
			v, _ := s.Attr("city", Latest)
			return v.Text() == "b"
		}},
		{"latest takes a value before a tombstone", orderEvent(0, 1, trait("city", String("a"))), orderEvent(0, 1, trait("city", Value{})), func(s *State) bool {
			v, ok := s.Attr("city", Latest)
			return ok && v.Text() == "a"
		}},
		{"a later tombstone unsets", orderEvent(0, 1, trait("city", String("a"))), orderEvent(1, 1, trait("city", Value{})), func(s *State) bool {
			_, ok := s.Attr("city", Latest)
			return !ok
		}},
		{"first takes the smaller value", orderEvent(0, 1, trait("source", String("a"))), orderEvent(0, 1, trait("source", String("b"))), func(s *State) bool {
			v, _ := s.Attr("source", First)
			return v.Text() == "a"
		}},
		{"max keeps the earlier stamp", orderEvent(2, 1, trait("best", Number(7))), orderEvent(1, 1, trait("best", Number(7))), func(s *State) bool {
			return s.attrs[0].stamp.At == at(1)
		}},
		{"min keeps the earlier stamp", orderEvent(2, 1, trait("least", Number(7))), orderEvent(1, 1, trait("least", Number(7))), func(s *State) bool {
			return s.attrs[0].stamp.At == at(1)
		}},
		{"the extremes keep the earlier instant", orderEvent(2, 7, nil), orderEvent(1, 7, nil), func(s *State) bool {
			n, _ := s.Number("Order Completed", "revenue")
			return n.MinAt == at(1) && n.MaxAt == at(1)
		}},
		{"the first number is the smaller, the last the greater", orderEvent(1, 8, nil), orderEvent(1, 7, nil), func(s *State) bool {
			n, _ := s.Number("Order Completed", "revenue")
			return n.First == 7 && n.Last == 8
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			forth, back := fold(t, testSchema, []Event{tt.a, tt.b}), fold(t, testSchema, []Event{tt.b, tt.a})
			same(t, "the other way round", back, forth)
			if !tt.want(forth) {
				t.Errorf("not so: %x", forth.Append(nil))
			}
		})
	}
}

// What grows in a clone must not grow over its neighbour's entries.
func TestState_Clone_grows_apart(t *testing.T) {
	sc := &Schema{Events: map[string]Folds{
		"a": {Numbers: []string{"p", "q"}, Uniques: []string{"p", "q"}},
		"b": {Numbers: []string{"p"}, Uniques: []string{"p"}},
	}}
	event := func(name, prop string, v float64) Event {
		return Event{Name: name, MessageID: name + prop, Time: epoch0, Properties: map[string]Value{prop: Number(v)}}
	}
	events := []Event{event("a", "p", 1), event("b", "p", 2), event("a", "q", 3)}
	s := fold(t, sc, events[:2]).Clone()
	d, err := sc.Lift(&events[2])
	if err != nil {
		t.Fatal(err)
	}
	s.Absorb(d)
	same(t, "absorbed into a clone", s, fold(t, sc, events))
}

func TestState_Absorb_of_one_event_does_not_allocate(t *testing.T) {
	e := orderEvent(1, 7, map[string]Value{"city": String("x"), "apps": Number(1)})
	d := fold(t, testSchema, []Event{e})
	s := d.Clone()
	if n := testing.AllocsPerRun(100, func() { s.Absorb(d) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestState_Combine_with_nothing_is_itself(t *testing.T) {
	s := fold(t, testSchema, []Event{orderEvent(1, 7, nil)})
	if s.Combine(&State{}) != s || (&State{}).Combine(s) != s {
		t.Error("the identity was combined by copying")
	}
	if got := (&State{}).Combine(&State{}); !bytes.Equal(got.Append(nil), (&State{}).Append(nil)) {
		t.Errorf("nothing and nothing is %x", got.Append(nil))
	}
}
