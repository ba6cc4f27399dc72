package profile

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model answers every question about a set of events by looking at all of them.
type model struct{ events []Event }

// told is one value told for an attribute.
type told struct {
	at Stamp
	v  Value
}

func (m model) told(name string) (list []told) {
	for _, e := range m.events {
		if v, ok := e.Traits[name]; ok {
			list = append(list, told{e.Stamp(), v})
		}
	}
	return list
}

// undeclared returns whether the names that the schema does not declare are
// within their bound.
func (m model) undeclared(names func(Event) []string, declared func(string) bool) bool {
	seen := map[string]bool{}
	for _, e := range m.events {
		for _, n := range names(e) {
			if !declared(n) {
				seen[n] = true
			}
		}
	}
	return len(seen) <= 1000
}

func (m model) attributesFit() bool {
	return m.undeclared(func(e Event) (names []string) {
		for n := range e.Traits {
			names = append(names, n)
		}
		return names
	}, func(n string) bool {
		_, ok := testSchema.Attributes[n]
		return ok || n == GroupsTrait
	})
}

func countedName(e Event) string {
	switch e.Type {
	case Track:
		return e.Name
	case Page:
		return "$page"
	case Screen:
		return "$screen"
	}
	return ""
}

func (m model) eventsFit() bool {
	return m.undeclared(func(e Event) []string { return []string{countedName(e)} }, func(n string) bool {
		_, ok := testSchema.Events[n]
		return ok || n == ""
	})
}

// attr folds one attribute by the words of its policy.
func (m model) attr(name string) (Value, bool) {
	decl, declared := testSchema.Attributes[name]
	if name == GroupsTrait {
		decl, declared = Attribute{Kind: KindSet, Policy: Union}, true
	}
	if !declared && !m.attributesFit() {
		return Value{}, false
	}
	list := m.told(name)
	if decl.Policy != Latest {
		list = slices.DeleteFunc(list, func(t told) bool { return t.v.IsNull() })
	}
	if decl.Policy == NonEmpty {
		list = slices.DeleteFunc(list, func(t told) bool { return t.v.Equal(String("")) })
	}
	if len(list) == 0 {
		return Value{}, false
	}
	for i := range list {
		if s := list[i].v.Text(); decl.Kind == KindTime && s != "" {
			layout := time.RFC3339
			if len(s) == len(time.DateOnly) {
				layout = time.DateOnly
			}
			at, err := time.Parse(layout, s)
			if err != nil {
				panic(err)
			}
			list[i].v = Time(at)
		}
	}
	switch decl.Policy {
	case Sum:
		sum := new(big.Int)
		for _, t := range list {
			sum.Add(sum, millionths(t.v.Number()))
		}
		f, _ := new(big.Rat).SetFrac(sum, big.NewInt(1e6)).Float64()
		return Number(f), true
	case Union:
		return unionOf(list)
	case Max, Min:
		slices.SortFunc(list, func(a, b told) int { return a.v.Compare(b.v) })
	default:
		slices.SortFunc(list, func(a, b told) int {
			if c := a.at.Compare(b.at); c != 0 {
				return c
			}
			return a.v.Compare(b.v)
		})
	}
	v := list[len(list)-1].v
	if decl.Policy == First || decl.Policy == Min {
		v = list[0].v
	}
	return v, !v.IsNull()
}

func unionOf(list []told) (Value, bool) {
	var all []Value
	for _, t := range list {
		if t.v.Kind() == KindList || t.v.Kind() == KindSet {
			for _, e := range t.v.Elements() {
				if !e.IsNull() {
					all = append(all, e)
				}
			}
			continue
		}
		all = append(all, t.v)
	}
	set := Set(all...)
	if len(set.Elements()) > 1000 {
		return Value{}, false
	}
	return set, true
}

// millionths rounds the shortest decimal of f, by rational arithmetic.
func millionths(f float64) *big.Int {
	r, ok := new(big.Rat).SetString(Number(f).String())
	if !ok {
		panic("no number")
	}
	r.Mul(r, big.NewRat(1e6, 1))
	quo, rem := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int)) // towards -inf, rem >= 0
	half := new(big.Rat).SetFrac(new(big.Int).Mul(rem, big.NewInt(2)), r.Denom()).Cmp(big.NewRat(1, 1))
	if half > 0 || half == 0 && quo.Bit(0) == 1 {
		quo.Add(quo, big.NewInt(1))
	}
	return quo
}

// having returns the events of a name that have a property, by time.
func (m model) having(event, prop string) []Event {
	var list []Event
	for _, e := range m.events {
		if v := e.Properties[prop]; countedName(e) == event && !v.IsNull() {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b Event) int {
		if c := a.Stamp().Compare(b.Stamp()); c != 0 {
			return c
		}
		return a.Properties[prop].Compare(b.Properties[prop])
	})
	return list
}

func (m model) number(event, prop string) (st NumberStats, sum *big.Int) {
	list := m.having(event, prop)
	sum = new(big.Int)
	st.Count = uint64(len(list))
	for i, e := range list {
		v, at := e.Properties[prop].Number(), e.Stamp().At
		sum.Add(sum, millionths(v))
		if i == 0 {
			st.Min, st.MinAt, st.Max, st.MaxAt, st.First, st.FirstAt = v, at, v, at, v, at
		}
		if v < st.Min {
			st.Min, st.MinAt = v, at
		}
		if v > st.Max {
			st.Max, st.MaxAt = v, at
		}
		st.Last, st.LastAt = v, at
	}
	return st, sum
}

func TestState_agrees_with_a_naive_model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := append(genBatch().Draw(t, "one").events(), genBatch().Draw(t, "two").events()...)
		s, m := fold(t, testSchema, events), model{events}

		if s.Events() != uint64(len(events)) {
			t.Fatalf("%d events, want %d", s.Events(), len(events))
		}
		for name := range testSchema.Attributes {
			m.compareAttr(t, s, name, testSchema.Attributes[name].Policy)
		}
		for _, name := range []string{"color", "extra0", "extra700", "never"} {
			m.compareAttr(t, s, name, Latest)
		}
		m.compareAttr(t, s, GroupsTrait, Union)
		for _, name := range []string{"Order Completed", "Login", "Searched", "浏览", PageEvent, ScreenEvent, "Extra 0", "never"} {
			m.compareEvent(t, s, name)
		}
		m.compareSpan(t, s)
		over := strings.Join(s.Overflowed(), ", ")
		if strings.Contains(over, "undeclared attributes") == m.attributesFit() || strings.Contains(over, "undeclared events") == m.eventsFit() {
			t.Fatalf("overflow %q, attributes fit %v, events fit %v", over, m.attributesFit(), m.eventsFit())
		}
	})
}

func (m model) compareAttr(t *rapid.T, s *State, name string, p Policy) {
	t.Helper()
	got, ok := s.Attr(name, p)
	want, wantOK := m.attr(name)
	if ok != wantOK || !got.Equal(want) {
		t.Fatalf("attribute %q under %v: %v, %v, want %v, %v", name, p, got, ok, want, wantOK)
	}
	listed := false
	for tr, policy := range s.Attributes() {
		if tr.Name == name && policy == p {
			listed = true
			if !tr.Value.Equal(want) {
				t.Fatalf("attribute %q lists as %v, want %v", name, tr.Value, want)
			}
		}
	}
	if listed != wantOK {
		t.Fatalf("attribute %q listed: %v, want %v", name, listed, wantOK)
	}
}

func (m model) compareEvent(t *rapid.T, s *State, name string) {
	t.Helper()
	_, declared := testSchema.Events[name]
	got, ok := s.Event(name)
	var want EventStats
	for _, e := range m.events {
		if at := e.Stamp().At; countedName(e) == name {
			if want.Count == 0 || at < want.First {
				want.First = at
			}
			if want.Count == 0 || at > want.Last {
				want.Last = at
			}
			want.Count++
		}
	}
	wantOK := true
	if !m.eventsFit() && (!declared || want.Count == 0) {
		want, wantOK = EventStats{}, false
	}
	if ok != wantOK || got != want {
		t.Fatalf("event %q: %+v, %v, want %+v, %v", name, got, ok, want, wantOK)
	}
	for _, p := range testSchema.Events[name].Numbers {
		got, ok := s.Number(name, p)
		want, sum := m.number(name, p)
		if got.Sum.Big().Cmp(sum) != 0 {
			t.Fatalf("sum of %q of %q: %v millionths, want %v", p, name, got.Sum.Big(), sum)
		}
		got.Sum = Decimal{}
		if ok != (want.Count > 0) || got != want {
			t.Fatalf("number %q of %q (-want +got):\n%s", p, name, cmp.Diff(want, got, cmp.AllowUnexported(Decimal{})))
		}
	}
	for _, p := range testSchema.Events[name].Uniques {
		n, ok := s.Unique(name, p)
		var all []Value
		for _, e := range m.having(name, p) {
			all = append(all, e.Properties[p])
		}
		want := len(Set(all...).Elements())
		if want > 1000 {
			if ok {
				t.Fatalf("unique %q of %q: %d, want an overflow", p, name, n)
			}
		} else if !ok || n != want {
			t.Fatalf("unique %q of %q: %d, %v, want %d", p, name, n, ok, want)
		}
	}
}

func (m model) compareSpan(t *rapid.T, s *State) {
	t.Helper()
	first, last, ok := s.Span()
	if ok != (len(m.events) > 0) {
		t.Fatalf("span: %v of %d events", ok, len(m.events))
	}
	if !ok {
		return
	}
	stamps := make([]Stamp, len(m.events))
	for i := range m.events {
		stamps[i] = m.events[i].Stamp()
	}
	if first != slices.MinFunc(stamps, Stamp.Compare) || last != slices.MaxFunc(stamps, Stamp.Compare) {
		t.Fatalf("span %v to %v of %v", first, last, stamps)
	}
}
