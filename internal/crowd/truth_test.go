package crowd

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// What the truth says is what the people of the stream own.
func TestTruth(t *testing.T) {
	for name, people := range sources(t, 3000) {
		t.Run(name, func(t *testing.T) {
			stream := Stream(people, Options{Seed: 4})
			truth := TruthOf(stream)
			b := settle(people, Options{Seed: 4}.withDefaults(len(people)))
			owners := map[profile.Identifier][]int{}
			for i, p := range b.residents {
				for _, e := range p.emails {
					owners[profile.Identifier{Namespace: "email", Value: e}] = append(owners[profile.Identifier{Namespace: "email", Value: e}], i)
				}
				for _, n := range p.phones {
					owners[profile.Identifier{Namespace: "phone", Value: n.value}] = append(owners[profile.Identifier{Namespace: "phone", Value: n.value}], i)
				}
				owners[profile.Identifier{Namespace: "user_id", Value: p.user}] = []int{i}
			}
			kinds := map[string]int{}
			for id, uses := range truth {
				kinds[id.Namespace]++
				if IsPlaceholder(id) {
					t.Errorf("%s is somebody's", id)
				}
				if len(uses) > 1 {
					kinds[id.Namespace+" shared"]++
				}
				if own, ok := owners[id]; ok {
					for _, p := range truth.Persons(id) {
						if !slices.Contains(own, p) {
							t.Errorf("%s is used by %d, it belongs to %v", id, p, own)
						}
					}
				} else if id.Namespace != "anonymous_id" && id.Namespace != "device_id" {
					t.Errorf("%s belongs to nobody", id)
				}
				if id.Namespace == "phone" && len(uses) == 2 && id.Value[:5] != "+8621" {
					kinds["recycled"]++
					slices.SortFunc(uses, func(a, b Use) int { return a.First.Compare(b.First) })
					if uses[1].First.Sub(uses[0].Last) < 25*24*time.Hour {
						t.Errorf("%s: two people within the gap: %+v", id, uses)
					}
				}
			}
			for _, kind := range []string{
				"user_id", "email", "phone", "device_id", "anonymous_id",
				"email shared", "phone shared", "device_id shared", "anonymous_id shared", "recycled",
			} {
				if kinds[kind] == 0 {
					t.Errorf("no %s: %v", kind, kinds)
				}
			}
		})
	}
}

func TestTruthOf(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC) }
	a, mail := profile.Identifier{Namespace: "anonymous_id", Value: "a"}, profile.Identifier{Namespace: "email", Value: "x@y.example"}
	page := func(hour int, ids ...profile.Identifier) profile.Event {
		return profile.Event{Type: profile.Page, Identifiers: ids, Time: at(hour)}
	}
	told := page(3, a)
	told.Type, told.Traits = profile.Identify, map[string]profile.Value{"email": profile.String(mail.Value)}
	ignored := page(3, a)
	ignored.Traits = told.Traits
	got := TruthOf([]Sighting{
		{page(5, a), 2, "browse"},
		{page(1, a), 2, "browse late"},
		{page(1, a), 2, "browse late again"},
		{told, 1, "guest"},
		{ignored, 2, "browse"},
		{page(9, a), nobody, "machine"},
		{page(9, profile.Identifier{Namespace: "user_id", Value: "null"}), 1, "browse placeholder"},
	})
	want := Truth{
		a:    {{Person: 1, First: at(3), Last: at(3), Events: 1}, {Person: 2, First: at(1), Last: at(5), Events: 3}},
		mail: {{Person: 1, First: at(3), Last: at(3), Events: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestIsPlaceholder(t *testing.T) {
	for id, want := range map[profile.Identifier]bool{
		{Namespace: "user_id", Value: "null"}: true, {Namespace: "phone", Value: "13800138000"}: true,
		{Namespace: "email", Value: "noreply@shop.example"}: true, {Namespace: "user_id", Value: "13800138000"}: false,
		{Namespace: "anonymous_id", Value: "cookie-1-0"}: false, {Namespace: "email", Value: ""}: false,
	} {
		if got := IsPlaceholder(id); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
}
