package profile

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// valid returns an event that nothing is wrong with.
func valid() *Event {
	return &Event{
		MessageID: "m1", Source: "web", Name: "Order Completed", Time: now, Received: now,
		Identifiers: []Identifier{{"user_id", "u1"}, {"email", ""}},
		Properties:  map[string]Value{"a": Number(1), "b": List(List(List(List(String("x")))))},
		Traits:      map[string]Value{"home": Point(90, -180), "born": Time(time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC))},
	}
}

func nested(depth int) Value {
	v := Number(1)
	for range depth {
		v = List(v)
	}
	return v
}

func many(n int) map[string]Value {
	m := make(map[string]Value, n)
	for i := range n {
		m[fmt.Sprint("p", i)] = Number(1)
	}
	return m
}

func TestEvent_Validate(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	huge := strings.Repeat("x", 2<<20)
	tests := []struct {
		name          string
		change        func(*Event)
		field, reason string // an empty reason: the event is valid
	}{
		{"as it is", func(e *Event) {}, "", ""},
		{"no time, message ID, source, properties or traits", func(e *Event) {
			*e = Event{Name: "e", Identifiers: e.Identifiers}
		}, "", ""},
		{"no identifier", func(e *Event) { e.Identifiers = nil }, "identifiers", ReasonNoIdentifier},
		{"identifiers without a value", func(e *Event) { e.Identifiers = []Identifier{{"email", ""}, {"", "x"}} }, "identifiers", ReasonNoIdentifier},
		{"too many identifiers", func(e *Event) { e.Identifiers = make([]Identifier, 1001) }, "identifiers", ReasonTooManyIDs},
		{"a NUL in an identifier", func(e *Event) { e.Identifiers[0].Value = "a\x00b" }, "identifiers[0].value", ReasonInvalidCharacter},
		{"a NUL in a namespace", func(e *Event) { e.Identifiers[1].Namespace = "\x00" }, "identifiers[1].namespace", ReasonInvalidCharacter},
		{"a NUL in the source", func(e *Event) { e.Source = "\x00" }, "source", ReasonInvalidCharacter},
		{"a NUL in the message ID", func(e *Event) { e.MessageID = "\x00" }, "messageId", ReasonInvalidCharacter},
		{"a NUL in a property", func(e *Event) { e.Properties["a"] = String("\x00") }, "", ""},
		{"an unknown type", func(e *Event) { e.Type = 6 }, "type", ReasonUnknownType},
		{"a track without a name", func(e *Event) { e.Name = "" }, "event", ReasonMissingName},
		{"a page without a name", func(e *Event) { e.Type, e.Name = Page, "" }, "", ""},
		{"the zero time in another zone", func(e *Event) { e.Time = time.Time{}.In(time.FixedZone("", 3600)) }, "", ""},
		{"the year 1", func(e *Event) { e.Time = year(1).Add(time.Second) }, "timestamp", ReasonTimeOutOfRange},
		{"the year 1899", func(e *Event) { e.Time = year(1900).Add(-1) }, "timestamp", ReasonTimeOutOfRange},
		{"the year 1900", func(e *Event) { e.Time = year(1900) }, "", ""},
		{"the year 9999", func(e *Event) { e.Time = year(9999) }, "timestamp", ReasonTimeInFuture},
		{"the year 300,000", func(e *Event) { e.Time = year(300000) }, "timestamp", ReasonTimeInFuture},
		{"24 hours ahead", func(e *Event) { e.Time = now.Add(24 * time.Hour) }, "", ""},
		{"more than 24 hours ahead", func(e *Event) { e.Time = now.Add(24*time.Hour + 1) }, "timestamp", ReasonTimeInFuture},
		{"an original time out of range", func(e *Event) { e.Original = year(2) }, "originalTimestamp", ReasonTimeOutOfRange},
		{"an original time by a clock that runs years ahead", func(e *Event) { e.Original = year(2035) }, "", ""},
		{"an original time in the year 1899", func(e *Event) { e.Original = year(1900).Add(-1) }, "originalTimestamp", ReasonTimeOutOfRange},
		{"an original time in the year 10000", func(e *Event) { e.Original = year(10000) }, "originalTimestamp", ReasonTimeOutOfRange},
		{"a received time out of range", func(e *Event) { e.Received = year(2) }, "receivedAt", ReasonTimeOutOfRange},
		{"NaN", func(e *Event) { e.Properties["a"] = Number(math.NaN()) }, "properties.a", ReasonNotFinite},
		{"an infinity in a list", func(e *Event) { e.Traits["a"] = List(Number(math.Inf(-1))) }, "traits.a", ReasonNotFinite},
		{"a point off the globe", func(e *Event) { e.Traits["home"] = Point(90.1, 0) }, "traits.home", ReasonOutOfRange},
		{"a point of NaN", func(e *Event) { e.Traits["home"] = Point(0, math.NaN()) }, "traits.home", ReasonOutOfRange},
		{"a time value out of range", func(e *Event) { e.Traits["born"] = TimeAt(Never) }, "traits.born", ReasonTimeOutOfRange},
		{"a time value of the year 584,600", func(e *Event) { e.Traits["born"] = Time(year(584600)) }, "traits.born", ReasonTimeOutOfRange},
		{"a time value of the year -584,600", func(e *Event) { e.Traits["born"] = Time(year(-584600)) }, "traits.born", ReasonTimeOutOfRange},
		{"a text of 2 MiB", func(e *Event) { e.Properties["a"] = String(huge) }, "properties.a", ReasonTooLong},
		{"a text of 2 MiB in a list", func(e *Event) { e.Properties["a"] = List(Number(1), String(huge)) }, "properties.a[1]", ReasonTooLong},
		{"a name of 2 MiB", func(e *Event) { e.Name = huge }, "event", ReasonTooLong},
		{"a property name of 2 MiB", func(e *Event) { e.Properties[huge] = Number(1) }, "properties", ReasonTooLong},
		{"an identifier of 2 MiB", func(e *Event) { e.Identifiers[0].Value = huge }, "identifiers[0].value", ReasonTooLong},
		{"invalid UTF-8 in the name", func(e *Event) { e.Name = "\xff" }, "event", ReasonInvalidUTF8},
		{"invalid UTF-8 in an identifier", func(e *Event) { e.Identifiers[0].Value = "\xff" }, "identifiers[0].value", ReasonInvalidUTF8},
		{"invalid UTF-8 in the message ID", func(e *Event) { e.MessageID = "\xff" }, "messageId", ReasonInvalidUTF8},
		{"invalid UTF-8 in a property", func(e *Event) { e.Properties["a"] = Set(String("\xff")) }, "properties.a[0]", ReasonInvalidUTF8},
		{"invalid UTF-8 in a property's name", func(e *Event) { e.Properties["\xff"] = Number(1) }, "properties", ReasonInvalidUTF8},
		{"invalid UTF-8 in a trait", func(e *Event) { e.Traits["a"] = String("\xff") }, "traits.a", ReasonInvalidUTF8},
		{"10,000 properties", func(e *Event) { e.Properties = many(10000) }, "properties", ReasonTooManyProperties},
		{"501 traits", func(e *Event) { e.Traits = many(501) }, "traits", ReasonTooManyProperties},
		{"498 properties and 2 traits", func(e *Event) { e.Properties = many(498) }, "", ""},
		{"499 properties and 2 traits", func(e *Event) { e.Properties = many(499) }, "properties", ReasonTooManyProperties},
		{"a list 5 deep", func(e *Event) { e.Properties["a"] = nested(5) }, "properties.a", ReasonTooDeep},
		{"a list 1,000 deep", func(e *Event) { e.Properties["a"] = nested(1000) }, "properties.a", ReasonTooDeep},
		{"a list of 1,000", func(e *Event) { e.Properties["a"] = List(make([]Value, 1000)...) }, "", ""},
		{"a list of 1,001", func(e *Event) { e.Properties["a"] = List(make([]Value, 1001)...) }, "properties.a", ReasonTooLong},
		{"too large as a whole", func(e *Event) {
			for i := range 3 {
				e.Properties[fmt.Sprint(i)] = String(huge[:30<<10])
			}
		}, "", ReasonTooLarge},
		{"the first of several by name", func(e *Event) {
			for _, n := range []string{"z", "m", "c", "q"} {
				e.Properties[n] = Number(math.NaN())
			}
		}, "properties.c", ReasonNotFinite},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := valid()
			tt.change(e)
			err := e.Validate(Limits{}, now)
			if tt.reason == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			fe, ok := errors.AsType[*FieldError](err)
			if !ok || fe.Reason != tt.reason || strings.TrimSuffix(fe.Field, "…") != tt.field {
				t.Fatalf("got %v, want %q for %q", err, tt.field, tt.reason)
			}
			if len(fe.Error()) > 500 {
				t.Errorf("a message of %d bytes", len(fe.Error()))
			}
		})
	}
}

func TestEvent_Validate_with_limits(t *testing.T) {
	e := valid()
	if err := e.Validate(Limits{MaxEventBytes: -1, MaxProperties: -1, MaxStringBytes: -1, MaxIdentifiers: 5000, MaxFuture: -1}, now); err != nil {
		t.Errorf("limits below zero are not the defaults: %v", err)
	}
	for _, tt := range []struct {
		limits Limits
		reason string
	}{
		{Limits{MaxEventBytes: 50}, ReasonTooLarge},
		{Limits{MaxProperties: 3}, ReasonTooManyProperties},
		{Limits{MaxStringBytes: 5}, ReasonTooLong},
		{Limits{MaxIdentifiers: 1}, ReasonTooManyIDs},
	} {
		fe, ok := errors.AsType[*FieldError](e.Validate(tt.limits, now))
		if !ok || fe.Reason != tt.reason {
			t.Errorf("%+v: %v, want %s", tt.limits, fe, tt.reason)
		}
	}
	e.Identifiers = make([]Identifier, 1001)
	if err := e.Validate(Limits{MaxIdentifiers: 5000}, now); err == nil {
		t.Error("more than 1,000 identifiers were allowed")
	}
	e = valid()
	e.Time = now.Add(2 * time.Minute)
	if err := e.Validate(Limits{MaxFuture: time.Minute}, now); err == nil {
		t.Error("MaxFuture has no effect")
	}
}

func TestFieldError_Error(t *testing.T) {
	tests := []struct {
		err  FieldError
		want string
	}{
		{FieldError{"traits.age", ReasonNotANumber, "got string"}, "traits.age: not a number: got string"},
		{FieldError{"identifiers", ReasonNoIdentifier, ""}, "identifiers: no identifier"},
		{FieldError{"", ReasonTooLarge, "9 bytes, at most 8"}, "too large: 9 bytes, at most 8"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
