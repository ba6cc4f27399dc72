package profile

import (
	"fmt"
	"testing"
	"time"
)

// benchEvent is a usual order: a few properties, two of them folded.
func benchEvent(i int) *Event {
	return &Event{
		Source: "web", MessageID: fmt.Sprint("0190a3f2-7c41-7e55-9d1e-", i), Name: "Order Completed", Time: epoch0.Add(time.Duration(i) * time.Second),
		Identifiers: []Identifier{{"user_id", "u1"}, {"email", "a@b.cn"}},
		Properties:  map[string]Value{"revenue": Number(12.34), "quantity": Number(3), "sku": String("x"), "category": String("tea"), "coupon": Bool(true)},
	}
}

// benchState is a customer with some attributes, events and orders.
func benchState(b *testing.B) *State {
	b.Helper()
	events := []Event{{Type: Identify, Time: epoch0, Traits: map[string]Value{"city": String("上海"), "points": Number(5), "apps": List(Number(1), Number(2)), "email": String("a@b.cn")}}}
	for i := range 10 {
		events = append(events, *benchEvent(i), Event{Name: "Product Viewed", Time: epoch0}, Event{Name: "Login", Time: epoch0}, Event{Type: Page, Time: epoch0})
	}
	return fold(b, testSchema, events)
}

func BenchmarkLift(b *testing.B) {
	e := benchEvent(1)
	for name, sc := range map[string]*Schema{"declared": testSchema, "empty": {}} {
		b.Run("schema="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sc.Lift(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAbsorb(b *testing.B) {
	for name, e := range map[string]*Event{
		"order": benchEvent(11),
		"login": {Name: "Login", MessageID: "m", Time: epoch0.Add(time.Hour)},
		"trait": {Type: Identify, MessageID: "m", Time: epoch0.Add(time.Hour), Traits: map[string]Value{"city": String("x")}},
	} {
		b.Run("event="+name, func(b *testing.B) {
			s := benchState(b)
			d, err := testSchema.Lift(e)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Absorb(d)
			}
		})
	}
}

func BenchmarkClone(b *testing.B) {
	s := benchState(b)
	b.ReportAllocs()
	for b.Loop() {
		s.Clone()
	}
}

func BenchmarkAppend(b *testing.B) {
	s := benchState(b)
	buf := s.Append(nil)
	b.ReportMetric(float64(len(buf)), "bytes")
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Append(buf[:0])
	}
}

func BenchmarkDecodeState(b *testing.B) {
	data := benchState(b).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeState(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContentHash(b *testing.B) {
	e := benchEvent(1)
	b.ReportAllocs()
	for b.Loop() {
		e.ContentHash()
	}
}

func BenchmarkValidate(b *testing.B) {
	e := benchEvent(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Validate(Limits{}, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	text, err := benchEvent(1).MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("op=parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := ParseEvent(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("op=write", func(b *testing.B) {
		e := benchEvent(1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
