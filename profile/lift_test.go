package profile

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
)

func TestSchema_Lift_coerces_traits(t *testing.T) {
	day := time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		decl Attribute
		told Value
		want Value // null: no value
	}{
		{"a string", Attribute{Kind: KindString}, String("x"), String("x")},
		{"a date", Attribute{Kind: KindTime}, String("2000-02-29"), Time(day)},
		{"a time as text", Attribute{Kind: KindTime}, String("2000-02-29T08:00:00+08:00"), Time(day)},
		{"a time without a colon in its offset", Attribute{Kind: KindTime}, String("2000-02-29T08:00:00.000+0800"), Time(day)},
		{"a time", Attribute{Kind: KindTime}, Time(day), Time(day)},
		{"a point", Attribute{Kind: KindPoint}, Point(1, 2), Point(1, 2)},
		{"any kind", Attribute{}, List(String("x")), List(String("x"))},
		{"a list as a set", Attribute{Kind: KindSet, Elem: KindString}, List(String("b"), String("a"), Value{}, String("b")), Set(String("a"), String("b"))},
		{"an element as a set", Attribute{Kind: KindSet, Elem: KindString}, String("a"), Set(String("a"))},
		{"dates as a set of times", Attribute{Kind: KindSet, Elem: KindTime}, List(String("2000-02-29")), Set(Time(day))},
		{"a set as a list", Attribute{Kind: KindList}, Set(Number(2), Number(1)), List(Number(1), Number(2))},
		{"an empty list in a union", Attribute{Kind: KindSet, Policy: Union}, List(), Set()},
		{"a union whatever the kind", Attribute{Policy: Union}, Number(1), Set(Number(1))},
		{"a null under latest", Attribute{Kind: KindString}, Value{}, Value{}},
		{"a null under first", Attribute{Kind: KindString, Policy: First}, Value{}, Value{}},
		{"a null under sum", Attribute{Kind: KindNumber, Policy: Sum}, Value{}, Value{}},
		{"a null under union", Attribute{Kind: KindSet, Policy: Union}, Value{}, Value{}},
		{"a sum", Attribute{Kind: KindNumber, Policy: Sum}, Number(0.1 + 0.2), Number(0.3)},
		{"an empty text under nonEmpty", Attribute{Kind: KindString, Policy: NonEmpty}, String(""), Value{}},
		{"an empty list under nonEmpty", Attribute{Kind: KindList, Policy: NonEmpty}, List(), Value{}},
		{"an empty set under nonEmpty", Attribute{Kind: KindSet, Policy: NonEmpty}, List(Value{}), Value{}},
		{"an empty text under latest", Attribute{Kind: KindString}, String(""), String("")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sc := &Schema{Attributes: map[string]Attribute{"x": tt.decl}}
			s, err := sc.Lift(&Event{Type: Identify, Time: now, Traits: map[string]Value{"x": tt.told}})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := s.Attr("x", tt.decl.Policy)
			if ok == tt.want.IsNull() || !got.Equal(tt.want) || got.Kind() != tt.want.Kind() {
				t.Errorf("got %v %v, %v, want %v %v", got.Kind(), got, ok, tt.want.Kind(), tt.want)
			}
		})
	}
}

func TestSchema_Lift_refuses(t *testing.T) {
	trait := func(a Attribute, v Value) (*Schema, *Event) {
		return &Schema{Attributes: map[string]Attribute{"x": a}}, &Event{Type: Identify, Time: now, Traits: map[string]Value{"x": v}}
	}
	number := func(v Value) (*Schema, *Event) {
		return &Schema{Events: map[string]Folds{"e": {Numbers: []string{"x"}}}}, &Event{Name: "e", Time: now, Properties: map[string]Value{"x": v}}
	}
	unique := func(v Value) (*Schema, *Event) {
		return &Schema{Events: map[string]Folds{"e": {Uniques: []string{"x"}}}}, &Event{Name: "e", Time: now, Properties: map[string]Value{"x": v}}
	}
	type in struct {
		sc *Schema
		e  *Event
	}
	with := func(sc *Schema, e *Event) in { return in{sc, e} }
	tests := []struct {
		name string
		in   in
		want string
	}{
		{"text for a number", with(trait(Attribute{Kind: KindNumber}, String("30"))), "traits.x: trait type: want number, got string"},
		{"a number for text", with(trait(Attribute{Kind: KindString}, Number(1))), "traits.x: trait type: want string, got number"},
		{"text for a time", with(trait(Attribute{Kind: KindTime}, String("30.2.2000"))), `traits.x: trait type: want time, got text "30.2.2000"`},
		{"a list for a point", with(trait(Attribute{Kind: KindPoint}, List(Number(1), Number(2)))), "traits.x: trait type: want point, got list"},
		{"text for a list", with(trait(Attribute{Kind: KindList}, String("a"))), "traits.x: trait type: want list, got string"},
		{"a wrong element", with(trait(Attribute{Kind: KindSet, Elem: KindString}, List(String("a"), Number(1)))), "traits.x: trait type: want string, got number"},
		{"a list in a set", with(trait(Attribute{Policy: Union}, List(List()))), "traits.x: trait type: want a scalar, got list"},
		{"text for a sum", with(trait(Attribute{Policy: Sum}, String("1"))), "traits.x: trait type: want number, got string"},
		{"NaN for a sum", with(trait(Attribute{Policy: Sum}, Number(math.NaN()))), "traits.x: not a number: got NaN"},
		{"a sum beyond its range", with(trait(Attribute{Policy: Sum}, Number(1e19))), "traits.x: out of range: beyond 1e18"},
		{"NaN", with(trait(Attribute{}, Number(math.NaN()))), "traits.x: not finite: got NaN"},
		{"lists too deep", with(trait(Attribute{}, nested(5))), "traits.x: too deep: more than 4 lists within each other"},
		{"a set too long", with(trait(Attribute{Policy: Union}, List(make([]Value, 1001)...))), "traits.x: too long: 1001 elements, at most 1000"},
		{"text for a numeric property", with(number(String("12"))), "properties.x: not a number: got string"},
		{"an infinite property", with(number(Number(math.Inf(1)))), "properties.x: not a number: got +Inf"},
		{"a property beyond its range", with(number(Number(-1.1e18))), "properties.x: out of range: beyond 1e18"},
		{"a list of distinct values", with(unique(List(Number(1)))), "properties.x: not a scalar: got list"},
		{"NaN among distinct values", with(unique(Number(math.NaN()))), "properties.x: not finite: got NaN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := tt.in.sc.Lift(tt.in.e)
			if _, ok := errors.AsType[*FieldError](err); !ok || s != nil || err.Error() != tt.want {
				t.Errorf("got %v, %v, want %q", s, err, tt.want)
			}
		})
	}
}

func TestSchema_Lift_reports_the_first_fault_by_name(t *testing.T) {
	sc := &Schema{Attributes: map[string]Attribute{}}
	e := &Event{Type: Identify, Time: now, Traits: map[string]Value{}}
	for i := range 20 {
		name := fmt.Sprintf("t%02d", i)
		sc.Attributes[name] = Attribute{Kind: KindNumber}
		e.Traits[name] = String("x")
	}
	for range 10 {
		if _, err := sc.Lift(e); !strings.HasPrefix(err.Error(), "traits.t00: ") {
			t.Fatal(err)
		}
	}
}

func TestSchema_Lift_counts_by_type(t *testing.T) {
	for typ, want := range map[Type]string{Track: "name", Identify: "", Page: "$page", Screen: "$screen", Group: "", Alias: ""} {
		e := &Event{Type: typ, Name: "name", Time: now, Traits: map[string]Value{"a": {}, GroupsTrait: String("g")}}
		s, err := new(Schema).Lift(e)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Collect(s.EventNames())
		if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%v counts as %q, want %q", typ, got, want)
		}
		if got := slices.Collect(s.AttributeNames()); !slices.Equal(got, []string{"a", GroupsTrait}) {
			t.Errorf("%v tells %q", typ, got)
		}
		if v, ok := s.Attr(GroupsTrait, Union); !ok || !v.Equal(Set(String("g"))) {
			t.Errorf("%v: groups %v, %v", typ, v, ok)
		}
		if first, last, ok := s.Span(); s.Events() != 1 || !ok || first != last || first.At != InstantOf(now) {
			t.Errorf("%v: %d events from %v to %v", typ, s.Events(), first, last)
		}
	}
}

func TestSchema_Lift_ignores_repeated_folds(t *testing.T) {
	sc := &Schema{Events: map[string]Folds{"e": {Numbers: []string{"b", "a", "b"}, Uniques: []string{"b", "a", "b"}}}}
	s, err := sc.Lift(&Event{Name: "e", Time: now, Properties: map[string]Value{"a": Number(1), "b": Number(2), "c": Number(3)}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for c := range s.Counters() {
		for _, n := range c.Numbers {
			got = append(got, fmt.Sprint(n.Property, " ", n.Count, " ", n.Sum))
		}
		for _, u := range c.Uniques {
			got = append(got, fmt.Sprint(u.Property, " ", u.Count))
		}
	}
	if diff := cmp.Diff([]string{"a 1 1", "b 1 2", "a 1", "b 1"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEvent_Stamp(t *testing.T) {
	e := Event{Source: "web", MessageID: "m1", Received: time.Unix(1, 999)}
	want := Stamp{At: 1e6, Tie: xxhash.Sum64String("web\x00m1")}
	if got := e.Stamp(); got != want {
		t.Errorf("without a time: %v, want %v", got, want)
	}
	e.Time = time.Unix(2, 1999)
	want.At = 2e6 + 1
	if got := e.Stamp(); got != want {
		t.Errorf("with a time: %v, want %v", got, want)
	}
	if want.Tie != 0xb878778188fdece9 {
		t.Errorf("the tie of a message ID has changed: %#x", want.Tie)
	}
	e.MessageID = strings.Repeat("long", 100)
	if got := e.Stamp(); got.Tie != xxhash.Sum64String("web\x00"+e.MessageID) {
		t.Errorf("a long message ID: %v", got)
	}
	e.MessageID = ""
	h := e.ContentHash()
	if got := e.Stamp(); got.Tie != uint64(h[0])|uint64(h[1])<<8|uint64(h[2])<<16|uint64(h[3])<<24|uint64(h[4])<<32|uint64(h[5])<<40|uint64(h[6])<<48|uint64(h[7])<<56 {
		t.Errorf("without a message ID: %#x of %x", got.Tie, h)
	}
}

func TestEvent_ContentHash(t *testing.T) {
	base := func() *Event {
		e := valid()
		e.Identifiers = []Identifier{{"b", "2"}, {"a", "1"}}
		return e
	}
	want := base().ContentHash()
	if got := fmt.Sprintf("%x", want); got != "3594de1c26a2e704540fb6b47f0bc635" {
		t.Errorf("the content hash has changed: %s", got)
	}
	differs := map[string]func(*Event){
		"type":           func(e *Event) { e.Type = Page },
		"source":         func(e *Event) { e.Source = "pos" },
		"message ID":     func(e *Event) { e.MessageID = "m2" },
		"name":           func(e *Event) { e.Name = "x" },
		"identifier":     func(e *Event) { e.Identifiers[0].Value = "3" },
		"time":           func(e *Event) { e.Time = e.Time.Add(time.Microsecond) },
		"no time":        func(e *Event) { e.Time = time.Time{} },
		"original time":  func(e *Event) { e.Original = e.Time.Add(time.Second) },
		"property":       func(e *Event) { e.Properties["a"] = Number(2) },
		"property moved": func(e *Event) { e.Traits["a"] = e.Properties["a"]; delete(e.Properties, "a") },
		"property added": func(e *Event) { e.Properties["z"] = Value{} },
		"trait":          func(e *Event) { e.Traits["home"] = Value{} },
		"kind":           func(e *Event) { e.Properties["a"] = String("1") },
		"authentication": func(e *Event) { e.Auth = 1 },
		"list as a set":  func(e *Event) { e.Properties["b"] = Set(e.Properties["b"].Elements()...) },
	}
	seen := map[[16]byte]string{want: "base"}
	for name, change := range differs {
		e := base()
		change(e)
		h := e.ContentHash()
		if other, ok := seen[h]; ok {
			t.Errorf("another %s hashes as %s", name, other)
		}
		seen[h] = name
	}
	same := map[string]func(*Event){
		"received":             func(e *Event) { e.Received = e.Received.Add(time.Hour) },
		"zone":                 func(e *Event) { e.Time = e.Time.In(time.FixedZone("", 3600)) },
		"nanoseconds":          func(e *Event) { e.Time = e.Time.Add(999) },
		"order of identifiers": func(e *Event) { e.Identifiers = []Identifier{{"a", "1"}, {"b", "2"}} },
		"repeated identifier":  func(e *Event) { e.Identifiers = append(e.Identifiers, e.Identifiers[0]) },
		"corrected time":       func(e *Event) { e.Original = e.Time; e.Time = e.Time.Add(time.Minute) },
	}
	for name, change := range same {
		e := base()
		change(e)
		ids := slices.Clone(e.Identifiers)
		if e.ContentHash() != want {
			t.Errorf("%s changes the hash", name)
		}
		if !slices.Equal(ids, e.Identifiers) {
			t.Errorf("%s: the identifiers were changed", name)
		}
	}
}

// Which of too many names came first must not matter, so all go.
func TestState_gives_up_what_overflows(t *testing.T) {
	sc := &Schema{
		Attributes: map[string]Attribute{"city": {Kind: KindString}, "apps": {Policy: Union}},
		Events:     map[string]Folds{"Order": {Uniques: []string{"sku"}}},
	}
	s := &State{}
	add := func(e Event) {
		t.Helper()
		e.Time = now
		d, err := sc.Lift(&e)
		if err != nil {
			t.Fatal(err)
		}
		s.Absorb(d)
	}
	add(Event{Type: Identify, Traits: map[string]Value{"city": String("x")}})
	for i := range 1000 {
		name := fmt.Sprint("n", i)
		add(Event{Name: name})
		add(Event{Name: "Order", Properties: map[string]Value{"sku": String(name)}})
		add(Event{Type: Identify, Traits: map[string]Value{name: Number(1), "apps": String(name)}})
	}
	if over := s.Overflowed(); over != nil {
		t.Fatalf("overflowed at the bound: %q", over)
	}
	if n, ok := s.Unique("Order", "sku"); n != 1000 || !ok {
		t.Fatalf("%d distinct values, %v", n, ok)
	}
	for range 2 { // It absorbs what comes after.
		add(Event{Name: "n1000"})
		add(Event{Name: "Order", Properties: map[string]Value{"sku": String("n1000")}})
		add(Event{Type: Identify, Traits: map[string]Value{"n1000": Number(1), "apps": String("n1000")}})
	}
	want := []string{"undeclared attributes", "undeclared events", `attribute "apps"`, `unique "sku" of event "Order"`}
	if diff := cmp.Diff(want, s.Overflowed()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := slices.Collect(s.EventNames()); !slices.Equal(got, []string{"Order"}) {
		t.Errorf("events %q", got)
	}
	if got := slices.Collect(s.AttributeNames()); !slices.Equal(got, []string{"apps", "city"}) {
		t.Errorf("attributes %q", got)
	}
	if st, ok := s.Event("n1"); ok {
		t.Errorf("an event that was given up counts %v", st)
	}
	if st, ok := s.Event("Order"); !ok || st.Count != 1002 {
		t.Errorf("a declared event counts %v, %v", st, ok)
	}
	if s.Events() != 3007 {
		t.Errorf("%d events", s.Events())
	}
}

// A name that is declared later keeps what was folded before.
func TestState_unites_what_was_folded_before_a_declaration(t *testing.T) {
	tell := func(sc *Schema, minute int, city string, revenue float64) *State {
		t.Helper()
		s, err := sc.Lift(&Event{
			Name: "Order", Time: now.Add(time.Duration(minute) * time.Minute),
			Properties: map[string]Value{"revenue": Number(revenue)}, Traits: map[string]Value{"city": String(city)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	declared := &Schema{
		Attributes: map[string]Attribute{"city": {Kind: KindString}},
		Events:     map[string]Folds{"Order": {Numbers: []string{"revenue"}}},
	}
	s := tell(new(Schema), 3, "late", 1).Combine(tell(declared, 1, "early", 2))
	if v, ok := s.Attr("city", Latest); !ok || v.Text() != "late" {
		t.Errorf("city %v, %v", v, ok)
	}
	want := EventStats{Count: 2, First: InstantOf(now.Add(time.Minute)), Last: InstantOf(now.Add(3 * time.Minute))}
	if got, ok := s.Event("Order"); !ok || got != want {
		t.Errorf("event %v, %v, want %v", got, ok, want)
	}
	if n, ok := s.Number("Order", "revenue"); !ok || n.Count != 1 || n.Sum.String() != "2" {
		t.Errorf("number %v, %v", n, ok)
	}
	swapped := tell(declared, 3, "late", 1).Combine(tell(new(Schema), 1, "early", 2))
	if v, ok := swapped.Attr("city", Latest); !ok || v.Text() != "late" {
		t.Errorf("city %v, %v when the declared one is later", v, ok)
	}
	listed := 0
	for c := range s.Counters() {
		listed++
		if c.EventStats != want || len(c.Numbers) != 1 {
			t.Errorf("counter %+v", c)
		}
	}
	for tr := range s.Attributes() {
		listed++
		if tr.Value.Text() != "late" {
			t.Errorf("attribute %v", tr)
		}
	}
	if listed != 2 {
		t.Errorf("%d entries listed", listed)
	}
}

func TestProfile_Trait(t *testing.T) {
	p := Profile{Traits: []Trait{{"age", Number(3)}, {"city", String("x")}}}
	if v, ok := p.Trait("city"); !ok || v.Text() != "x" {
		t.Errorf("city %v, %v", v, ok)
	}
	if v, ok := p.Trait("b"); ok || !v.IsNull() {
		t.Errorf("b %v, %v", v, ok)
	}
}
