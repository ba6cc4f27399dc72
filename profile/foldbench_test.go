package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// windowFolds are n folds by the day as models declare them, on the events of a shop:
// half count, the others sum, list, rank or follow.
func windowFolds(n int, event string) []Fold {
	var folds []Fold
	for i := range n {
		f := Fold{
			ID: uint32(i + 1), Grain: ByDay, Keep: 90, Zone: mustZone("Asia/Shanghai"), Since: math.MinInt64, K: 5,
			Filters: []FoldFilter{{Event: event, Match: func(e *Event) bool { return e.Properties["quantity"].Number() > 0 }}},
		}
		switch i % 10 {
		case 0, 1, 2, 3, 4:
			f.Form = Tally
		case 5, 6:
			f.Form, f.Property = Numbers, "revenue"
		case 7:
			f.Form = Presence
		case 8:
			f.Form, f.Property = Keys, "category"
		case 9:
			f.Form, f.Property = Ends, "category"
		}
		folds = append(folds, f)
	}
	return folds
}

// shopSchema has selecting folds on orders and others on other events.
func shopSchema(selecting, others int) *Schema {
	sc := &Schema{Folds: windowFolds(selecting, "Order Completed")}
	for i := range others {
		f := windowFolds(1, fmt.Sprint("Other ", i))[0]
		f.ID = uint32(1000 + i)
		sc.Folds = append(sc.Folds, f)
	}
	return sc
}

// shopState is a customer with an order on each of 30 days.
func shopState(b testing.TB, sc *Schema) *State {
	b.Helper()
	var events []Event
	for i := range 30 {
		e := *benchEvent(i)
		e.Time = epoch0.Add(time.Duration(i)*24*time.Hour + time.Duration(i*i)*time.Second)
		e.Properties["revenue"] = Number(float64(1999+i*i*137) / 100)
		events = append(events, e)
	}
	return fold(b, sc, events)
}

func BenchmarkLiftFolds(b *testing.B) {
	for _, n := range []struct{ selecting, others int }{{0, 0}, {0, 2000}, {20, 0}, {20, 2000}, {50, 0}} {
		b.Run(fmt.Sprintf("selecting=%d/others=%d", n.selecting, n.others), func(b *testing.B) {
			sc, e := shopSchema(n.selecting, n.others), benchEvent(1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sc.Lift(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAbsorbFolds(b *testing.B) {
	for _, touched := range []int{0, 20, 50} {
		for name, at := range map[string]time.Time{"today": epoch0.Add(29 * 24 * time.Hour), "new": epoch0.Add(30 * 24 * time.Hour), "late": epoch0.Add(5 * 24 * time.Hour)} {
			b.Run(fmt.Sprintf("touched=%d/day=%s", touched, name), func(b *testing.B) {
				s := shopState(b, shopSchema(50, 0))
				sc := shopSchema(touched, 0)
				e := benchEvent(1)
				e.Time = at
				d, err := sc.Lift(e)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					// A commit owns the state anew, and absorbs an event or two.
					s.Clone().Absorb(d)
				}
			})
		}
	}
}

func BenchmarkStateFolds(b *testing.B) {
	sc := shopSchema(50, 0)
	s := shopState(b, sc)
	data := s.Append(nil)
	b.Run("op=clone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Clone()
		}
	})
	b.Run("op=append", func(b *testing.B) {
		buf := data
		b.ReportMetric(float64(len(data)), "bytes")
		b.ReportMetric(float64(s.MemoryBytes()), "bytes-in-memory")
		b.ReportAllocs()
		for b.Loop() {
			buf = s.Append(buf[:0])
		}
	})
	b.Run("op=decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeState(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("op=expire", func(b *testing.B) {
		own := s.Clone()
		now := InstantOf(epoch0.Add(30 * 24 * time.Hour))
		b.ReportAllocs()
		for b.Loop() {
			own.Expire(sc, now)
		}
	})
	b.Run("op=count", func(b *testing.B) {
		from := sc.Folds[0].Bucket(InstantOf(epoch0))
		b.ReportAllocs()
		for b.Loop() {
			if s.Series(1).Count(from, from+29) != 30 {
				b.Fatal("not 30")
			}
		}
	})
}

// The size of a state at 50 window traits, for customers who order by a rate that
// differs as it does in shops: most seldom, few daily.
func TestState_size_at_50_window_traits(t *testing.T) {
	sc := shopSchema(50, 0)
	r := rand.New(rand.NewPCG(4, 2026))
	var sizes, tallies []int
	for range 400 {
		perDay := math.Exp(r.NormFloat64()*1.2 - 3) // median one in 20 days
		var events []Event
		for day := range 90 {
			for range min(poisson(r, perDay), 8) {
				e := *benchEvent(len(events))
				e.Time = epoch0.Add(time.Duration(day)*24*time.Hour + time.Duration(r.IntN(86400))*time.Second)
				e.Properties = map[string]Value{
					"revenue": Number(float64(500+r.IntN(50000)) / 100), "quantity": Number(float64(1 + r.IntN(5))),
					"category": String([]string{"tea", "coffee", "运动", "books", "garden"}[r.IntN(5)]),
				}
				events = append(events, e)
			}
		}
		s := fold(t, sc, events)
		sizes = append(sizes, len(s.Append(nil)))
		tallies = append(tallies, len(s.Series(1).body))
	}
	slices.Sort(sizes)
	slices.Sort(tallies)
	at := func(list []int, p float64) int { return list[int(p*float64(len(list)-1))] }
	t.Logf("50 window traits of 90 days: %d bytes at the median, %d at p99; a tally %d and %d", at(sizes, 0.5), at(sizes, 0.99), at(tallies, 0.5), at(tallies, 0.99))
	if daily := len(shopState(t, sc).Series(1).body); daily > 90 {
		t.Errorf("a tally of 30 days takes %d bytes", daily)
	}
	if p99 := at(sizes, 0.99); p99 > 64<<10 {
		t.Errorf("%d bytes at p99", p99)
	}
}

// poisson draws a number of events at a rate.
func poisson(r *rand.Rand, rate float64) (n int) {
	for p := r.Float64(); p > math.Exp(-rate); n++ {
		p *= r.Float64()
	}
	return n
}
