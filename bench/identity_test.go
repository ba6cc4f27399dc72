package main

import (
	"maps"
	"math/bits"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// TestIdentifiers holds that no identifier of the suite is dropped, respelt or
// another person's.
func TestIdentifiers(t *testing.T) {
	rules, err := identity.New(identity.Default())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[profile.Identifier]bool{}
	numbers := map[uint32]bool{}
	for _, person := range []uint32{0, 1, 11_111, 999_999, 99_999_999} {
		for space := range namespaces {
			id := identifier(person, space)
			if clean, err := rules.Clean(id); err != nil || clean != id || seen[id] {
				t.Errorf("%v becomes %v, error %v, seen before: %v", id, clean, err, seen[id])
			}
			seen[id] = true
			if number := nodeNumber(person, space); numbers[number] {
				t.Errorf("%v has the number of another, %d", id, number)
			} else {
				numbers[number] = true
			}
		}
	}
}

func TestVisits(t *testing.T) {
	for _, identifiers := range []int{1, 2} {
		a := visits(1_000, 50, identifiers, 3)
		if !slices.Equal(a, visits(1_000, 50, identifiers, 3)) {
			t.Errorf("%d identifiers: the same seed gives other visits", identifiers)
		}
		counts := map[int]int{}
		for _, v := range a {
			e := v.event(1)
			if v.person >= 50 || len(e.Identifiers) != bits.OnesCount8(v.named) || e.Identifiers[0] != identifier(v.person, v.strongest()) {
				t.Fatalf("%+v is the event %+v", v, e)
			}
			counts[len(e.Identifiers)]++
		}
		if identifiers == 1 && counts[1] != 1_000 || identifiers == 2 && (counts[2] < 400 || counts[3] < 400 || counts[2]+counts[3] != 1_000) {
			t.Errorf("%d identifiers: events by how many they have: %v", identifiers, counts)
		}
	}
}

func TestHotMarks(t *testing.T) {
	for _, tt := range []struct {
		share, events int
		want          []int
	}{
		{1, 1_000_000, []int{1_000, 10_000, 100_000, 1_000_000}},
		{100, 1_000_000, []int{1_000, 10_000}},
		{100, 500, []int{1, 10}},
	} {
		c := hotCase{share: tt.share}
		if got := c.marks(tt.events); !slices.Equal(got, tt.want) {
			t.Errorf("share %d of %d events: %v, want %v", tt.share, tt.events, got, tt.want)
		}
	}
}

// TestTying counts the edges of the events of the late case, and holds that no
// two are the same event.
func TestTying(t *testing.T) {
	events, err := tying(700)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := identity.New(identity.Default())
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[[2]profile.Identifier]bool{}
	seen := map[[16]byte]bool{}
	for i := range events {
		hash := events[i].ContentHash()
		if seen[hash] {
			t.Errorf("event %d comes twice", i)
		}
		seen[hash] = true
		if i > 0 && events[i].Time.Before(events[i-1].Time) {
			t.Errorf("event %d is before the one before", i)
		}
		ids := slices.Clone(events[i].Identifiers)
		for _, name := range []string{"email", "phone"} {
			if v, ok := events[i].Traits[name]; ok {
				ids = append(ids, profile.Identifier{Namespace: name, Value: v.Text()})
			}
		}
		kept, _ := rules.Select(ids)
		for _, weaker := range kept[1:] {
			pairs[[2]profile.Identifier{kept[0], weaker}] = true
		}
	}
	if len(pairs) < 700 || len(pairs) > 705 {
		t.Errorf("%d edges, want 700", len(pairs))
	}
}

// TestRegions holds that the same people come out in either order, and that no
// region is without nodes.
func TestRegions(t *testing.T) {
	events, err := tying(2_000)
	if err != nil {
		t.Fatal(err)
	}
	_, inOrder, err := regions(events)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(events)
	sizes, back, err := regions(events)
	if err != nil {
		t.Fatal(err)
	}
	if want, got := inOrder.sizes(), back.sizes(); !maps.Equal(want, got) {
		t.Errorf("components by size: %v backwards, %v in order", got, want)
	}
	if least, most := sizes.quantile(0), sizes.quantile(1); len(sizes) < 2_000 || least < 1 || most < 3 {
		t.Errorf("regions of %v to %v nodes", least, most)
	}
}
