package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzDecodeState(f *testing.F) {
	for _, b := range []batch{{}, {few: []Event{*valid()}}, {few: []Event{*valid(), {Name: "Order Completed", Time: now, Properties: map[string]Value{"revenue": Number(1e18), "sku": String("x")}, Traits: map[string]Value{"points": Number(1e18), "apps": Number(1), "nick": String("n")}}}}} {
		s := fold(f, testSchema, b.events())
		f.Add(s.Append(nil))
		f.Add(s.Combine(fold(f, laterSchema, b.events()[:len(b.few)/2])).Append(nil))
	}
	for _, s := range seriesStates(f) {
		f.Add(s.Append(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeState(data)
		if err != nil {
			return
		}
		if again := s.Append(nil); !bytes.Equal(again, data) {
			t.Fatalf("%x is written again as %x", data, again)
		}
		if got := rewrite(t, data[1:]); !bytes.Equal(got, data[1:]) {
			t.Fatalf("msgpack v5 reads something else in %x", data)
		}
		twice := s.Combine(s.Clone())
		if _, err := DecodeState(twice.Append(nil)); err != nil && s.Events() < 1<<62 {
			t.Fatalf("%x combined with itself: %v", data, err)
		}
		for range s.Attributes() {
			_ = s.MemoryBytes()
		}
		for i := range s.series {
			readAll(s.series[i].Series)
		}
		twice.Expire(shopSchema(50, 0), 0)
		for c := range s.Counters() {
			for _, n := range c.Numbers {
				_ = n.Sum.String()
			}
		}
	})
}

// seriesStates are states with a series of every form and grain, empty, small and given
// up.
func seriesStates(f testing.TB) (states []*State) {
	f.Helper()
	var events []Event
	for i := range 3 {
		e := *benchEvent(i)
		e.Time = epoch0.Add(time.Duration(i*i*i) * 20 * time.Hour)
		e.Properties["sku"] = []Value{List(String("a"), Number(1e300), TimeAt(-1)), Point(31.2, 121.4), Bool(true)}[i]
		events = append(events, e)
	}
	crowded := append(past{crowd: true}.events(), past{crowd: true, from: 600}.events()...)
	for form := Tally; form <= FirstDay; form++ {
		for grain := WholeLife; grain <= ByHalfLife; grain++ {
			fold1 := Fold{ID: 1, Form: form, Grain: grain, Property: "sku", By: "revenue", K: 2, Level: 16, Gap: time.Hour, HalfLife: 40 * time.Hour}
			fold1.Filters = []FoldFilter{{Event: AnyEvent, Property: "sku", Weight: 1.5, By: "revenue"}}
			fold2 := fold1
			fold2.ID, fold2.Property = 300, "revenue"
			sc := &Schema{Folds: []Fold{fold1, fold2}}
			states = append(states, fold(f, sc, events[:1]), fold(f, sc, events))
			if grain == WholeLife {
				states = append(states, fold(f, sc, crowded))
			}
		}
	}
	return states
}

// readAll reads a series in every way.
func readAll(s Series) {
	const from, to = math.MinInt64, math.MaxInt64
	s.Count(from, to)
	s.Days(from, to)
	s.Times(from, to)
	s.Numbers(from, to)
	s.Ends(from, to)
	s.Keys(from, to)
	s.Seen(from, to, 5)
	s.Spans()
	s.Scores(from, to)
	s.Totals(from, to)
	s.Trace(from, to)
	s.Stays(from, to, nil)
	s.FirstDay()
	s.Overflowed(from, to)
	for b := range s.Buckets() {
		s.Next(b)
	}
}

func FuzzDecodeValue(f *testing.F) {
	for _, v := range []Value{{}, Bool(true), Number(0.1), Number(-300), Number(1e300), Time(now), TimeAt(-1), Point(31.2, 121.4), String("上海"), List(String("a"), List()), Set(Number(1), Number(2))} {
		f.Add(AppendValue(nil, v))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, rest, err := DecodeValue(data)
		if err != nil {
			if len(rest) != len(data) || !v.IsNull() {
				t.Fatalf("%x: %v and %x with %v", data, v, rest, err)
			}
			return
		}
		read := data[:len(data)-len(rest)]
		if again := AppendValue(nil, v); !bytes.Equal(again, read) {
			t.Fatalf("%x is written again as %x", read, again)
		}
		if !v.Equal(v) || v.Compare(Value{}) < 0 {
			t.Fatalf("%v is not ordered", v)
		}
		if f := v.check(0); f != nil && v.Kind() != KindPoint && f.reason != ReasonOutOfRange {
			t.Fatalf("%v: %v", v, f)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"type":"track","messageId":"m1","userId":"u1","event":"e","timestamp":"2026-03-01T10:00:00.5Z","properties":{"a":[1,{"b":"\u4e0a\n"}],"p":{"lat":1,"lng":-2e1}}}`))
	f.Add([]byte(`{"type":"identify","anonymousId":1,"context":{"externalIds":[{"type":"a","id":"b"}],"library":{"name":"x"},"traits":{"a":{"b":{}}}},"identifiers":{"email":["a","b"]}}`))
	f.Add([]byte(`{"type":"group","groupId":"g","traits":{"a":null},"userTraits":{"b":true},"originalTimestamp":"2026-03-01","sentAt":"2026-03-01","receivedAt":"2026-03-01"}`))
	f.Add([]byte(`{"type":"track","userId":"u","event":"Segment Consent Preference Updated","context":{"consent":{"categoryPreferences":{"a":true,"b":{"status":"withdrawn","policy":"2","expires":"2027-01-01","method":"m"}}}}}`))
	f.Add([]byte(`{"type":"page","userId":"u","context":{"consent":{"categoryPreferences":{}}}}`))
	f.Add([]byte(`{"type":"page","category":"\ud83d\ude00","properties":{"a":-0.0,"a":1e400}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEvent(data)
		if err != nil {
			fe, ok := errors.AsType[*FieldError](err)
			if !ok || fe.Reason == "" || !utf8.ValidString(fe.Field) {
				t.Fatalf("%T %v", err, err)
			}
			if fe.Reason == ReasonInvalidJSON && json.Valid(data) {
				t.Fatalf("%q is JSON, but refused: %v", data, err)
			}
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("%q is taken for JSON", data)
		}
		if err := e.Validate(Limits{}, now); err != nil {
			return
		}
		text, err := e.MarshalJSON()
		if err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		again, err := ParseEvent(text)
		if err != nil {
			if strings.Contains(err.Error(), "a name of") {
				return // The limits let longer names through than JSON does.
			}
			t.Fatalf("%s: %v", text, err)
		}
		if e.ContentHash() != again.ContentHash() || e.Stamp().At != again.Stamp().At {
			t.Fatalf("%+v comes back as %+v", e, again)
		}
		if s, err := new(Schema).Lift(&e); err == nil {
			if _, err := DecodeState(s.Append(nil)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecimalOf(f *testing.F) {
	for _, x := range amounts {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		d, ok := DecimalOf(x)
		if ok != (math.Abs(x) <= 1e18) {
			t.Fatalf("DecimalOf(%v) is %v", x, ok)
		}
		if ok && d.Big().Cmp(millionths(x)) != 0 {
			t.Fatalf("DecimalOf(%v) = %v", x, d)
		}
	})
}
