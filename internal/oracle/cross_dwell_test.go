package oracle

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// sightings makes those of a person over some weeks: mostly about a few places, of which
// some are neighbours, at hours that differ from place to place.
func (h *happening) sightings(n int) (events []profile.Event) {
	places := make([]profile.Value, 2+h.r.IntN(4))
	for i := range places {
		places[i] = h.where()
	}
	for i := range n {
		e := profile.Event{Name: pick(h.r, "A", "A", "A", "B"), MessageID: fmt.Sprint("at", i), Time: h.time()}
		at := pick(h.r, places...)
		if h.r.IntN(10) == 0 {
			at = h.where()
		}
		e.Properties = map[string]profile.Value{"at": at, "n": profile.Number(float64(h.r.IntN(3)))}
		events = append(events, e)
	}
	return events
}

// Of people who were often seen, what dwell finds and how sure it says it is are the
// same from the events, from the stored bytes and by the fast path, now and for as long
// as that says.
func TestCross_dwell(t *testing.T) {
	const seed = 20261128
	r := rand.New(rand.NewPCG(seed, 13))
	zones := zonesOf(t)
	found, several, excepted := 0, 0, 0
	const rounds = 300
	for round := range rounds {
		zone := zones[r.IntN(len(zones))]
		d := &deeds{r: r, now: nearChange(r, zone), zone: zone}
		s := d.model()
		dwell := d.dwell()
		dwell.Event = pick(r, "A", syntax.AnyEvent)
		if r.IntN(2) == 0 {
			dwell.Where, dwell.Stay.Hours = nil, nil
		}
		x := pick[syntax.Operand](r, dwell, &syntax.Call{Fn: pick(r, syntax.DaysAt, syntax.DaysSeen, syntax.Confidence), Args: []syntax.Operand{dwell}})
		exists := &syntax.Exists{X: x}
		program, err := tags.Compile(exists, s)
		if err != nil {
			t.Fatalf("seed %d, round %d: %s: %v", seed, round, syntax.PrintOperand(x), err)
		}
		h := &happening{r: r, around: d.now, span: time.Duration(24+r.IntN(500)) * time.Hour}
		w := threeWaysOf(t, r, s, exists, d.now, h.sightings(20+r.IntN(150)))
		why := program.Explain(w.state, d.now).Values[0]
		value, ok := ValueAt(x, w.past, s, d.now)
		where := fmt.Sprintf("seed %d, round %d: %s at %v in %v", seed, round, syntax.PrintOperand(x), d.now, zone)
		if got, had := ValueAt(x, w.stored, s, d.now); had != ok || !got.Equal(value) && ok {
			t.Fatalf("%s: from the events %v %t, from the state %v %t", where, value, ok, got, had)
		}
		if had := !why.Value.IsNull(); had != ok || !why.Value.Equal(value) && ok {
			t.Fatalf("%s: from the events %v %t, tags %v", where, value, ok, why.Value)
		}
		last := why.Until - 1
		if why.Until == profile.Never {
			last = d.now + profile.Instant(3*365*24*time.Hour/time.Microsecond)
		}
		for _, at := range []profile.Instant{last, d.now + profile.Instant(r.Int64N(int64(last-d.now)+1))} {
			if got, had := ValueAt(x, w.past, s, at); had != ok || !got.Equal(value) && ok {
				t.Fatalf("%s: %v %t until %v, but %v %t at %v", where, value, ok, why.Until, got, had, at)
			}
		}
		see := &world{person: w.past, scope: s, now: d.now}
		if best, ok := see.haunt(dwell); ok {
			found++
			if best.hours > best.own {
				several++
			}
			if len(dwell.Stay.Except) > 0 {
				excepted++
			}
		}
	}
	t.Logf("found %d, of several cells %d, with something left out %d", found, several, excepted)
	if found < rounds/2 || several < rounds/8 || excepted < rounds/8 || found == rounds {
		t.Errorf("found %d, of several cells %d, with something left out %d of %d: the test is one-sided", found, several, excepted, rounds)
	}
}
