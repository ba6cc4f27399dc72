package oracle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// Folding by the oracle and by profile, through the stored bytes, comes to the
// same person, and both read the same from it.
func TestCross_profile_folds(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 3))
	schemas := []*profile.Schema{testSchema(), {}}
	for round := range 400 {
		events := make([]profile.Event, 1+r.IntN(60))
		for i := range events {
			events[i] = randomEvent(r, i%7) // some stamps are equal
		}
		if round%50 == 0 { // beyond the bounds
			for i := range 900 + r.IntN(200) {
				events = append(events, widening(r, i))
			}
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
		// A schema that changes half way leaves entries of both kinds.
		half := len(events) / (1 + r.IntN(2))
		first, second := schemas[0], schemas[r.IntN(2)]
		slow := Merge(foldUnder(t, first, events[:half]), foldUnder(t, second, events[half:]))
		fast := combine(t, r, first, events[:half]).Combine(combine(t, r, second, events[half:]))
		got, err := Decode(fast.Append(nil))
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		if d := Diff(slow, got); len(d) > 0 {
			t.Fatalf("seed %d, round %d: oracle against profile:\n%s", seed, round, strings.Join(d, "\n"))
		}
		if d := readings(slow, fast); len(d) > 0 {
			t.Fatalf("seed %d, round %d: oracle against profile:\n%s", seed, round, strings.Join(d, "\n"))
		}
	}
}

// widening returns an event that adds a name or a value of its own.
func widening(r *rand.Rand, i int) profile.Event {
	switch r.IntN(4) {
	case 0:
		return identify(i, "apps", profile.String(fmt.Sprint(i)))
	case 1:
		return track(i, "Order", map[string]profile.Value{"sku": profile.Number(float64(i))})
	case 2:
		e := identify(i, "points", profile.Number(1e18))
		for j := range 5 {
			e.Traits[fmt.Sprint("a", i, j)] = profile.Bool(true)
		}
		return e
	}
	return track(i, fmt.Sprint("e", i), nil)
}

func foldUnder(t *testing.T, sc *profile.Schema, events []profile.Event) *Person {
	t.Helper()
	p, err := Fold(events, sc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// combine folds events by profile, in another order, in parts.
func combine(t *testing.T, r *rand.Rand, sc *profile.Schema, events []profile.Event) *profile.State {
	t.Helper()
	whole := &profile.State{}
	part := &profile.State{}
	for _, i := range r.Perm(len(events)) {
		one, err := sc.Lift(&events[i])
		if err != nil {
			t.Fatal(err)
		}
		part = part.Clone()
		part.Absorb(one)
		if r.IntN(8) == 0 {
			whole, part = part.Combine(whole), &profile.State{}
		}
	}
	return whole.Combine(part)
}

// readings lists what the two read differently.
func readings(p *Person, s *profile.State) (differ []string) {
	say := func(same bool, format string, args ...any) {
		if !same {
			differ = append(differ, fmt.Sprintf(format, args...))
		}
	}
	names := []string{"city", "origin", "level", "born", "points", "apps", "name", "path", "any", "groups", "unheard", "absent"}
	for _, name := range names {
		for policy := profile.Latest; policy <= profile.NonEmpty; policy++ {
			a, aok := p.attribute(name, policy)
			b, bok := s.Attr(name, policy)
			say(aok == bok && a.Equal(b), "%s (%v): %v %v, against %v %v", name, policy, a, aok, b, bok)
		}
	}
	for _, name := range []string{"Order", "Visit", "$page", "$screen", "Refund"} {
		c, had := p.counter(name)
		st, ok := s.Event(name)
		say(c.Count == st.Count && c.First.At == st.First && c.Last.At == st.Last && ok == (had || !p.LostEvents), "event %s: %v %v, against %v %v", name, c, had, st, ok)
		for _, property := range []string{"price", "sku", "note"} {
			n, had := c.Numbers[property]
			st, ok := s.Number(name, property)
			say(had == ok, "number %s of %s: %v, against %v", property, name, had, ok)
			if had && ok {
				say(n.Count == st.Count && n.Sum.Cmp(st.Sum.Big()) == 0 && nearest(n.Sum, 1) == st.Sum.Float64() && nearest(n.Sum, n.Count) == st.Sum.Div(n.Count), "number %s of %s: %v, against %v", property, name, n, st)
				say(n.Min == st.Min && n.MinAt == st.MinAt && n.Max == st.Max && n.MaxAt == st.MaxAt, "number %s of %s: %v, against %v", property, name, n, st)
				say(n.First == st.First && n.FirstAt.At == st.FirstAt && n.Last == st.Last && n.LastAt.At == st.LastAt, "number %s of %s: %v, against %v", property, name, n, st)
			}
			u := c.Uniques[property]
			count, ok := s.Unique(name, property)
			say(count == len(u.Values) && ok == !u.Lost, "unique %s of %s: %v, against %v %v", property, name, u, count, ok)
		}
	}
	return differ
}

// Both refuse the same events.
func TestCross_profile_refuses(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 4))
	sc := testSchema()
	names := []string{"city", "origin", "level", "born", "points", "apps", "name", "path", "any", "groups", "unheard"}
	refused := 0
	for round := range 20_000 {
		e := randomEvent(r, round)
		e.Traits[names[r.IntN(len(names))]] = strange(r, 0)
		e.Properties[[]string{"price", "sku", "note"}[r.IntN(3)]] = strange(r, 0)
		_, slow := Fold([]profile.Event{e}, sc)
		s, fast := sc.Lift(&e)
		if (slow == nil) != (fast == nil) {
			t.Fatalf("seed %d, round %d: oracle says %v, profile %v, of %v", seed, round, slow, fast, e)
		}
		if fast != nil {
			refused++
			continue
		}
		if _, err := profile.DecodeState(s.Append(nil)); err != nil {
			t.Fatalf("seed %d, round %d: what was lifted cannot be read: %v", seed, round, err)
		}
	}
	if refused < 1000 || refused > 19_000 {
		t.Errorf("%d of 20,000 refused: the test is one-sided", refused)
	}
}

// strange returns any value, sound or not.
func strange(r *rand.Rand, depth int) profile.Value {
	number := []float64{0, -1, 0.5, 1e18, 1.1e18, math.NaN(), math.Inf(-1), math.SmallestNonzeroFloat64, 1 << 60}
	instant := []profile.Instant{0, math.MaxInt64, math.MinInt64, -62_135_596_800_000_000, -62_135_596_800_000_001, 253_402_300_800_000_000, 253_402_300_799_999_999}
	words := []string{"", "x", "2001-02-03", "2001-02-30", "2001-02-03T04:05:06Z", "2001-02-03T04:05:06.7+0800", "0000-01-01", "9999-12-31T23:59:59-01:00"}
	coordinate := []float64{0, 90, -90.5, 180, -180, 181, math.NaN()}
	switch profile.Kind(r.IntN(8)) {
	case profile.KindBool:
		return profile.Bool(true)
	case profile.KindNumber:
		return profile.Number(number[r.IntN(len(number))])
	case profile.KindTime:
		return profile.TimeAt(instant[r.IntN(len(instant))])
	case profile.KindPoint:
		return profile.Point(coordinate[r.IntN(len(coordinate))], coordinate[r.IntN(len(coordinate))])
	case profile.KindString:
		return profile.String(words[r.IntN(len(words))])
	case profile.KindList, profile.KindSet:
		n := r.IntN(4)
		if depth == 0 && r.IntN(20) == 0 {
			n = maxElements + r.IntN(2)
			return profile.List(slices.Repeat([]profile.Value{profile.Bool(true)}, n)...)
		}
		if depth < maxDepth+1 && r.IntN(2) == 0 {
			n = 1
		}
		var list []profile.Value
		for range n {
			list = append(list, strange(r, depth+1))
		}
		if r.IntN(2) == 0 {
			return profile.Set(list...)
		}
		return profile.List(list...)
	}
	return profile.Value{}
}
