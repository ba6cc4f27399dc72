package crowd

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// near fails unless a rate is what was asked, but for four standard errors.
func near(t *testing.T, what string, part, whole int, want float64) {
	t.Helper()
	got := float64(part) / float64(whole)
	if margin := 4 * math.Sqrt(want*(1-want)/float64(whole)); whole == 0 || math.Abs(got-want) > margin {
		t.Errorf("%s: %d of %d is %.4f, want %.4f ± %.4f", what, part, whole, got, want, margin)
	}
}

// The rates of belongings come out as asked.
func TestStream_belongings(t *testing.T) {
	for name, people := range sources(t, 5000) {
		t.Run(name, func(t *testing.T) {
			o := Options{Seed: 5}.withDefaults(len(people))
			b := settle(people, o)
			members, order := households(people)
			people := len(b.residents)
			near(t, "registered", count(people, func(i int) bool { return b.residents[i].user != "" }), people, o.Registered)
			near(t, "two addresses", count(people, func(i int) bool { return len(b.residents[i].emails) > 1 }), people, o.SecondEmail)
			near(t, "phones", count(people, func(i int) bool { return b.residents[i].hasPhone() }), people, o.Phone)
			mobiles := count(people, func(i int) bool { return b.residents[i].hasPhone() && b.residents[i].phones[0].value == mobile(i) })
			near(t, "recycled numbers", count(people, func(i int) bool { return len(b.residents[i].phones) > 1 }), mobiles, o.Recycled)

			owned := len(b.devices) - b.kiosks
			apps := count(owned, func(d int) bool { return b.devices[d].id != "" })
			near(t, "apps", apps, owned, o.Apps)
			near(t, "constant IDs", count(owned, func(d int) bool { return slices.Contains(constants[:], b.devices[d].id) }), apps, o.Constant)

			users := map[int][]int{} // of each device
			for i := range b.residents {
				for _, d := range b.residents[i].devices {
					users[d] = append(users[d], i)
				}
			}
			several := func(i int) bool { return len(members[b.people[i].Household]) > 1 }
			among := count(owned, func(d int) bool { return several(users[d][0]) })
			near(t, "shared devices", count(owned, func(d int) bool { return len(users[d]) > 1 }), among, o.Shared)

			homes := count(len(order), func(h int) bool { return len(members[order[h]]) > 1 })
			near(t, "family addresses", count(len(order), func(h int) bool {
				m := members[order[h]]
				return len(m) > 1 && b.residents[m[0]].emails[0] == b.residents[m[1]].emails[0]
			}), homes, o.FamilyEmail)
			// A landline shows only where somebody gives it.
			landlines := count(len(order), func(h int) bool {
				return slices.ContainsFunc(members[order[h]], func(m int) bool {
					return b.residents[m].hasPhone() && strings.HasPrefix(b.residents[m].phones[0].value, "+8621")
				})
			})
			if landlines == 0 || float64(landlines) > 1.5*o.Landline*float64(homes) {
				t.Errorf("%d landlines in %d homes", landlines, homes)
			}
		})
	}
}

// count counts the numbers below n of which something is true.
func count(n int, of func(int) bool) int {
	c := 0
	for i := range n {
		if of(i) {
			c++
		}
	}
	return c
}

// hasPhone reports whether a person had a phone number from the start.
func (p *resident) hasPhone() bool { return len(p.phones) > 0 && p.phones[0].from.IsZero() }

// The rates of events come out as asked.
func TestStream_events(t *testing.T) {
	for name, people := range sources(t, 4000) {
		t.Run(name, func(t *testing.T) {
			o := Options{Seed: 6}.withDefaults(len(people))
			stream := Stream(people, Options{Seed: 6})
			n, all := map[string]int{}, 0
			for i := range stream {
				s := &stream[i]
				if s.Is("again") {
					n["again"]++
					continue
				}
				all++
				for _, word := range []string{"late", "doubled", "placeholder", "machine", "mistake", "login", "alias", "kiosk", "guest", "shop", "logout"} {
					if s.Is(word) {
						n[word]++
					}
				}
				if s.Event.Received.Sub(s.Event.Time) > time.Hour != s.Is("late") {
					t.Errorf("%s: happened at %v, arrived at %v", s.Note, s.Event.Time, s.Event.Received)
				}
			}
			persons := all - n["machine"]
			near(t, "late", n["late"], all, o.Late)
			near(t, "doubled", n["doubled"], all, o.Double)
			near(t, "placeholders", n["placeholder"], persons-n["mistake"], o.Placeholder)
			near(t, "aliases", n["alias"], n["login"], o.Alias)
			near(t, "machines", n["machine"], persons, o.Machine)
			near(t, "mistakes", n["mistake"], len(people), o.Mistake)
			if n["again"] != n["doubled"] {
				t.Errorf("%d doubled, %d came again", n["doubled"], n["again"])
			}
			if got := len(Mistakes(stream)); got != n["mistake"] {
				t.Errorf("%d pairs of %d mistakes", got, n["mistake"])
			}
			for _, word := range []string{"kiosk", "guest", "shop", "logout"} {
				if n[word] < 100 {
					t.Errorf("%d events %s", n[word], word)
				}
			}
		})
	}
}

// A negative rate is none at all.
func TestStream_nothing_goes_wrong(t *testing.T) {
	people := Make(2, 300)
	stream := Stream(people, Options{
		Registered: 1, Shared: -1, Constant: -1, Kiosks: -1, Guest: -1, Shop: -1, KeepCookie: -1, Placeholder: -1, Machine: -1,
		Late: -1, Double: -1, Mistake: -1, Recycled: -1, FamilyEmail: -1, Landline: -1, Alias: -1, SecondEmail: -1,
	})
	for i := range stream {
		s := &stream[i]
		for _, word := range []string{"late", "doubled", "again", "placeholder", "machine", "mistake", "alias", "kiosk", "guest", "shop"} {
			if s.Is(word) {
				t.Errorf("%s: %+v", s.Note, s.Event)
			}
		}
	}
	for id, uses := range TruthOf(stream) {
		if len(uses) != 1 {
			t.Errorf("%s is used by %d people", id, len(uses))
		}
	}
}

func TestStream_deterministic(t *testing.T) {
	people := Make(1, 200)
	a, b := Stream(people, Options{Seed: 9}), Stream(people, Options{Seed: 9})
	if !cmp.Equal(a, b) {
		t.Error("one seed, two streams")
	}
	if cmp.Equal(a, Stream(people, Options{Seed: 10})) {
		t.Error("two seeds, one stream")
	}
	if got := Stream(nil, Options{}); got != nil {
		t.Errorf("nobody: %d events", len(got))
	}
}

// Events are what a store takes in, in the order of arrival.
func TestStream_valid(t *testing.T) {
	for name, people := range sources(t, 1000) {
		stream := Stream(people, Options{Seed: 8})
		content, inOrder := map[string][16]byte{}, 0
		for i := range stream {
			s := &stream[i]
			if err := s.Event.Validate(profile.Limits{}, s.Event.Received); err != nil {
				t.Fatalf("%s: %v: %+v", name, err, s.Event)
			}
			if i > 0 && s.Event.Received.Before(stream[i-1].Event.Received) {
				t.Fatalf("%s: event %d arrived before the one before", name, i)
			}
			if i > 0 && !s.Event.Time.Before(stream[i-1].Event.Time) {
				inOrder++
			}
			hash, seen := content[s.Event.MessageID]
			if seen && (!s.Is("doubled") || hash != s.Event.ContentHash()) {
				t.Errorf("%s: message %s has two contents", name, s.Event.MessageID)
			}
			content[s.Event.MessageID] = s.Event.ContentHash()
		}
		if inOrder == len(stream)-1 {
			t.Errorf("%s: event times do not differ from the order of arrival", name)
		}
	}
}
