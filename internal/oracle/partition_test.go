package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

func id(t *testing.T, s string) profile.Identifier {
	t.Helper()
	i, err := profile.ParseIdentifier(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// rules of the tests: users are unique, a person has at most two phones, a
// browser is generic with more than two partners.
func testRules() Rules {
	return Rules{Namespaces: map[string]Namespace{
		"user":  {Rank: 1, Limit: 1},
		"email": {Rank: 2},
		"phone": {Rank: 3, Limit: 2},
		"anon":  {Rank: 4, MaxPartners: 2},
	}, MaxNodes: 5}
}

func TestPartition(t *testing.T) {
	seen := func(a, b string, at profile.Instant) Edge {
		return Edge{A: id(t, a), B: id(t, b), Seen: true, First: profile.Stamp{At: at}}
	}
	link := func(a, b string, at profile.Instant) Edge {
		return Edge{A: id(t, a), B: id(t, b), Decision: Linked, Decided: profile.Stamp{At: at}}
	}
	unlinked := func(e Edge) Edge {
		e.Decision = Unlinked
		return e
	}
	for _, tt := range []struct {
		name    string
		generic []string
		edges   []Edge
		vetoes  [][2]string
		want    [][]string
	}{
		{
			name: "nothing",
			want: nil,
		},
		{
			name:  "one chain is one person",
			edges: []Edge{seen("user:a", "email:x", 1), seen("email:x", "anon:1", 2)},
			want:  [][]string{{"anon:1", "email:x", "user:a"}},
		},
		{
			name: "a second user of the email stays apart, the first keeps it",
			edges: []Edge{
				seen("user:abc456", "email:jane", 2),
				seen("user:abc123", "email:jane", 1),
			},
			want: [][]string{{"email:jane", "user:abc123"}, {"user:abc456"}},
		},
		{
			name: "the stronger pair wins over the earlier",
			edges: []Edge{
				seen("user:a", "anon:1", 1), seen("anon:1", "email:x", 1),
				seen("user:b", "email:x", 9),
			},
			// user-email first, then user-anon, and the last would join two users.
			want: [][]string{{"anon:1", "user:a"}, {"email:x", "user:b"}},
		},
		{
			name:  "the tie breaks equal times",
			edges: []Edge{{A: id(t, "user:a"), B: id(t, "email:x"), Seen: true, First: profile.Stamp{At: 1, Tie: 2}}, {A: id(t, "user:b"), B: id(t, "email:x"), Seen: true, First: profile.Stamp{At: 1, Tie: 1}}},
			want:  [][]string{{"email:x", "user:b"}, {"user:a"}},
		},
		{
			name:  "the bytes break equal stamps",
			edges: []Edge{seen("email:x", "user:b", 1), seen("email:x", "user:a", 1)},
			want:  [][]string{{"email:x", "user:a"}, {"user:b"}},
		},
		{
			name:  "a decision goes first",
			edges: []Edge{seen("user:a", "email:x", 1), link("user:b", "email:x", 99)},
			want:  [][]string{{"email:x", "user:b"}, {"user:a"}},
		},
		{
			name:  "a decision does not join two of a unique namespace",
			edges: []Edge{link("user:a", "user:b", 1)},
			want:  [][]string{{"user:a"}, {"user:b"}},
		},
		{
			name:  "an unlinked pair falls apart",
			edges: []Edge{unlinked(seen("user:a", "email:x", 1)), seen("email:x", "anon:1", 2)},
			want:  [][]string{{"anon:1", "email:x"}, {"user:a"}},
		},
		{
			name:  "two phones at most",
			edges: []Edge{seen("user:a", "phone:1", 1), seen("user:a", "phone:2", 2), seen("user:a", "phone:3", 3)},
			want:  [][]string{{"phone:1", "phone:2", "user:a"}, {"phone:3"}},
		},
		{
			name: "five identifiers at most",
			edges: []Edge{
				seen("email:1", "email:2", 1), seen("email:2", "email:3", 2), seen("email:3", "email:4", 3),
				seen("email:4", "email:5", 4), seen("email:5", "email:6", 5),
			},
			want: [][]string{{"email:1", "email:2", "email:3", "email:4", "email:5"}, {"email:6"}},
		},
		{
			name:   "a veto keeps any path apart",
			edges:  []Edge{seen("user:a", "email:x", 1), seen("email:x", "anon:1", 2), link("anon:1", "user:a", 3)},
			vetoes: [][2]string{{"anon:1", "user:a"}},
			want:   [][]string{{"anon:1"}, {"email:x", "user:a"}},
		},
		{
			name:    "a generic identifier joins nobody, not even by decision",
			generic: []string{"anon:kiosk"},
			edges:   []Edge{seen("user:a", "anon:kiosk", 1), link("user:b", "anon:kiosk", 1)},
			want:    [][]string{{"anon:kiosk"}, {"user:a"}, {"user:b"}},
		},
		{
			name:  "nor does one of a namespace that is not declared",
			edges: []Edge{seen("user:a", "fax:1", 1), link("email:x", "fax:1", 1)},
			want:  [][]string{{"email:x"}, {"fax:1"}, {"user:a"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var nodes []Node
			for _, s := range tt.generic {
				nodes = append(nodes, Node{Identifier: id(t, s), Partners: 3})
			}
			var vetoes [][2]profile.Identifier
			for _, v := range tt.vetoes {
				vetoes = append(vetoes, [2]profile.Identifier{id(t, v[0]), id(t, v[1])})
			}
			var got [][]string
			for _, g := range Partition(nodes, tt.edges, vetoes, testRules()) {
				var names []string
				for _, i := range g {
					names = append(names, i.String())
				}
				got = append(got, names)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("partition (-want +got):\n%s", d)
			}
		})
	}
}

func TestPartition_bounds_are_exact(t *testing.T) {
	nodes := []Node{{Identifier: id(t, "anon:1"), Partners: 2}}
	edges := []Edge{{A: id(t, "user:a"), B: id(t, "anon:1"), Seen: true}}
	if got := Partition(nodes, edges, nil, testRules()); len(got) != 1 {
		t.Errorf("with as many partners as allowed: %v", got)
	}
	nodes[0].Partners++
	if got := Partition(nodes, edges, nil, testRules()); len(got) != 2 {
		t.Errorf("with one partner more than allowed: %v", got)
	}
}
