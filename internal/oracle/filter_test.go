package oracle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// policyRules have a namespace of every policy. People and cards are unique,
// cards by a limit; houses and badges are not, badges because of their window.
func policyRules() Rules {
	return Rules{Namespaces: map[string]Namespace{
		"user":   {Rank: 1, Unique: true, Personal: true},
		"card":   {Rank: 2, Limit: 1, Personal: true},
		"badge":  {Rank: 3, Limit: 1, Per: 100},
		"house":  {Rank: 4},
		"newest": {Rank: 5, Conflict: Newest},
		"shared": {Rank: 6, Conflict: Shared},
		"refuse": {Rank: 7, Conflict: Refuse},
		"never":  {Rank: 8, Conflict: Never},
		"few":    {Rank: 9, MaxEdges: map[string]int{"user": 2, "house": 1}},
		"lookup": {Rank: 10, Lookup: true},
		"both":   {Rank: 11, Conflict: Newest, MaxEdges: map[string]int{"user": 2, "house": 2}},
		"demote": {Rank: 12, MaxPartners: 3},
	}}
}

// edges reads evidence, one pair a line: the two identifiers, and any of
// seen=FIRST-LAST, link=TIME, unlink=TIME, withdraw=TIME, weak=WEIGHT and
// suggest=WEIGHT. FIRST-LAST may be one time only.
func edges(t *testing.T, text string) []Edge {
	t.Helper()
	number := func(s string) (n int64) {
		for _, c := range s {
			if c < '0' || c > '9' {
				t.Fatalf("%q is no number", s)
			}
			n = n*10 + int64(c-'0')
		}
		return n
	}
	stamp := func(s string) profile.Stamp { return profile.Stamp{At: profile.Instant(number(s))} }
	var out []Edge
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		e := Edge{A: id(t, words[0]), B: id(t, words[1])}
		for _, w := range words[2:] {
			what, value, _ := strings.Cut(w, "=")
			switch what {
			case "seen":
				from, to, several := strings.Cut(value, "-")
				if !several {
					to = from
				}
				e.Seen, e.First, e.Last = true, stamp(from), stamp(to)
			case "link":
				e.Decision, e.Decided = Linked, stamp(value)
			case "unlink":
				e.Decision, e.Decided = Unlinked, stamp(value)
			case "withdraw":
				e.Decision, e.Decided = Withdrawn, stamp(value)
			case "weak":
				e.Match = Match{Weak: true, Weight: int32(number(value))}
			case "suggest":
				e.Match = Match{Weight: int32(number(value))}
			default:
				t.Fatalf("%q is no evidence", w)
			}
		}
		out = append(out, e)
	}
	return out
}

func TestRules_Filtered(t *testing.T) {
	for _, tt := range []struct {
		name     string
		of       string
		edges    string
		shared   bool
		admitted string
	}{
		{"no edges", "newest:1", ``, false, ""},
		{"no policy", "demote:1", "demote:1 user:a seen=1\n demote:1 user:b seen=2", false, ""},
		{"refuse is no filter", "refuse:1", "refuse:1 user:a seen=1\n refuse:1 user:b seen=2", false, ""},
		{"never admits by kind, not by list", "never:1", "never:1 user:a seen=1\n never:1 house:x seen=2", false, ""},
		{"of no declared namespace", "fax:1", "fax:1 user:a seen=1\n fax:1 user:b seen=2", false, ""},

		{"shared: one user", "shared:1", "shared:1 user:a seen=1-9", false, ""},
		{"shared: two users", "shared:1", "shared:1 user:a seen=1\n user:b shared:1 seen=2", true, ""},
		{"shared: edges of others are not its own", "shared:1", "shared:1 user:a seen=1\n user:b shared:2 seen=2", false, ""},
		{"shared: two of a limit of one", "shared:1", "shared:1 card:a seen=1\n shared:1 card:b seen=2", true, ""},
		{"shared: one each of two unique namespaces", "shared:1", "shared:1 card:a seen=1\n shared:1 user:b seen=2", false, ""},
		{"shared: two of a limit with a window", "shared:1", "shared:1 badge:a seen=1\n shared:1 badge:b seen=2", false, ""},
		{"shared: two of a namespace that is not unique", "shared:1", "shared:1 house:a seen=1\n shared:1 house:b seen=2", false, ""},
		{"shared: a link counts", "shared:1", "shared:1 user:a seen=1\n shared:1 user:b link=2", true, ""},
		{"shared: what is unlinked does not", "shared:1", "shared:1 user:a seen=1\n shared:1 user:b seen=2 unlink=3", false, ""},
		{"shared: an unlink taken back is none", "shared:1", "shared:1 user:a seen=1\n shared:1 user:b seen=2 withdraw=3", true, ""},
		{"shared: a link taken back is none", "shared:1", "shared:1 user:a seen=1\n shared:1 user:b withdraw=3", false, ""},
		{"shared: a weak match does not count", "shared:1", "shared:1 user:a seen=1\n shared:1 user:b weak=9", false, ""},
		{"shared: a match of what was seen changes nothing", "shared:1", "shared:1 user:a seen=1\n shared:1 user:b seen=2 weak=9", true, ""},

		{"newest: the last time counts, not the first", "newest:1", "newest:1 user:a seen=1-9\n newest:1 user:b seen=2-8", false, "user:a"},
		{"newest: the greater bytes at one time", "newest:1", "newest:1 user:a seen=1-9\n newest:1 user:b seen=1-9", false, "user:b"},
		{"newest: per unique namespace", "newest:1", "newest:1 user:a seen=1\n newest:1 user:b seen=2\n newest:1 card:c seen=1\n newest:1 card:d seen=0", false, "card:c user:b"},
		{"newest: other namespaces have no quota", "newest:1", "newest:1 house:a seen=1\n newest:1 badge:b seen=2", false, ""},
		{"newest: a link goes before", "newest:1", "newest:1 user:a link=1\n newest:1 user:b seen=2", false, "user:a"},
		{"newest: of two links the last decided", "newest:1", "newest:1 user:a link=2 seen=3\n newest:1 user:b link=1 seen=4", false, "user:a"},
		{"newest: what is unlinked goes away", "newest:1", "newest:1 user:a seen=1\n newest:1 user:b seen=2 unlink=1", false, "user:a"},
		{"newest: a match goes behind", "newest:1", "newest:1 user:a seen=1\n newest:1 user:b weak=99", false, "user:a"},
		{"newest: the heavier match where nothing was seen", "newest:1", "newest:1 user:a weak=7\n newest:1 user:b weak=9\n newest:1 user:c weak=8", false, "user:b"},
		{"newest: a suggestion is no edge", "newest:1", "newest:1 user:a weak=7\n newest:1 user:b suggest=9", false, "user:a"},

		{"max edges: the first two", "few:1", "few:1 user:c seen=1-9\n few:1 user:a seen=3\n few:1 user:b seen=2", false, "user:b user:c"},
		{"max edges: the lesser bytes at one time", "few:1", "few:1 house:b seen=1\n few:1 house:a seen=1-2", false, "house:a"},
		{"max edges: a link goes before", "few:1", "few:1 user:c link=9\n few:1 user:a seen=3\n few:1 user:b seen=2", false, "user:b user:c"},
		{"max edges: three links", "few:1", "few:1 user:c link=9\n few:1 user:a link=8\n few:1 user:b link=7", false, "user:a user:b"},
		{"max edges: matches go behind, the heavier first", "few:1", "few:1 user:c seen=9\n few:1 user:a weak=3\n few:1 user:b weak=4", false, "user:b user:c"},
		{"max edges: no bound for others", "few:1", "few:1 card:a seen=1\n few:1 card:b seen=1", false, ""},

		{"lookup: the strongest namespace", "lookup:1", "lookup:1 house:a seen=1\n lookup:1 user:b seen=9", false, "user:b"},
		{"lookup: the first of one namespace", "lookup:1", "lookup:1 user:a seen=2\n lookup:1 user:b seen=1-9", false, "user:b"},
		{"lookup: from a weaker one, the stronger of the two weaker", "lookup:1", "lookup:1 demote:b seen=1\n lookup:1 house:a seen=9", false, "house:a"},
		{"lookup: a link of a weaker namespace goes before", "lookup:1", "lookup:1 house:a link=1\n lookup:1 user:b seen=9", false, "house:a"},
		{"lookup: what was seen goes before a match", "lookup:1", "lookup:1 house:a seen=1\n lookup:1 user:b weak=9", false, "house:a"},
		{"lookup: one that is not declared is the weakest", "lookup:1", "lookup:1 fax:a seen=1\n lookup:1 demote:b seen=9", false, "demote:b"},

		{"newest outranks max edges", "both:1", "both:1 user:a seen=1\n both:1 user:b seen=2\n both:1 house:a seen=1\n both:1 house:b seen=2\n both:1 house:c seen=3", false, "house:a house:b user:b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			shared, admitted := policyRules().Filtered(Node{Identifier: id(t, tt.of)}, edges(t, tt.edges))
			if shared != tt.shared {
				t.Errorf("shared = %t, want %t", shared, tt.shared)
			}
			var names []string
			for _, i := range admitted {
				names = append(names, i.String())
			}
			if got := strings.Join(names, " "); got != tt.admitted {
				t.Errorf("admitted = %q, want %q", got, tt.admitted)
			}
		})
	}
}

func TestPartition_filters(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edges string
		want  string // groups of two and more
	}{
		{"demote keeps the first", "demote:1 user:a seen=1\n demote:1 user:b seen=2", "demote:1 user:a"},
		{"refuse keeps the first", "refuse:1 user:a seen=1\n refuse:1 user:b seen=2", "refuse:1 user:a"},
		{"newest goes to the last", "newest:1 user:a seen=1\n newest:1 user:b seen=2", "newest:1 user:b"},
		{"newest lets other namespaces through", "newest:1 user:a seen=1\n newest:1 user:b seen=2\n newest:1 house:x seen=1\n newest:1 house:y seen=2", "house:x house:y newest:1 user:b"},
		{"newest stays with whom it is linked to", "newest:1 user:a link=1\n newest:1 user:b seen=2", "newest:1 user:a"},
		{"newest cannot go to the last where a link ties it to another", "newest:1 house:x link=1\n house:x user:c seen=0\n newest:1 user:b seen=2", "house:x newest:1 user:c"},
		{"shared goes to nobody", "shared:1 user:a seen=1\n shared:1 user:b seen=2\n shared:1 house:x seen=3", ""},
		{"shared by one only is that one's", "shared:1 user:a seen=1\n shared:1 house:x seen=3", "house:x shared:1 user:a"},
		{"shared stays with whom it is linked to", "shared:1 user:a link=9\n shared:1 user:b seen=2\n shared:1 house:x seen=3", "shared:1 user:a"},
		{"shared admits no match", "shared:1 user:a seen=1\n shared:1 user:b seen=2\n shared:1 house:x weak=3", ""},
		{"a match does not make shared, and is demoted", "shared:1 user:a seen=1\n shared:1 user:b weak=2", "shared:1 user:a"},
		{"never goes to no person", "never:1 user:a seen=1\n never:1 house:x seen=1\n never:1 card:c weak=9", "house:x never:1"},
		{"never goes where it is linked to", "never:1 user:a link=1", "never:1 user:a"},
		{"max edges", "few:1 house:x seen=1\n few:1 house:y seen=2\n few:1 card:c seen=3", "card:c few:1 house:x"},
		{"max edges counts what is then skipped", "few:1 user:a seen=1\n few:1 user:b seen=2\n few:1 user:c seen=0 unlink=1", "few:1 user:a"},
		{"max edges do not bind a link", "few:1 house:x link=1\n few:1 house:y link=2\n few:1 house:z seen=0", "few:1 house:x house:y"},
		{"lookup unites with one", "lookup:1 house:x seen=1\n lookup:1 house:y seen=2\n lookup:1 newest:1 seen=0", "house:x lookup:1"},
		{"lookup does not bind a link", "lookup:1 house:x link=1\n lookup:1 house:y link=2", "house:x house:y lookup:1"},
		{"both ends have a say", "newest:1 few:1 seen=1\n newest:1 lookup:1 seen=2\n lookup:1 user:a seen=3", "few:1 newest:1;lookup:1 user:a"},

		{"the lesser bytes of the stronger end first", "user:b demote:1 seen=1\n user:a demote:1 seen=1", "demote:1 user:a"},
		{"the lesser bytes of the weaker end before", "user:a card:2 seen=1\n user:a card:1 seen=1", "card:1 user:a"},

		{"a weak match unites", "user:a house:x weak=1", "house:x user:a"},
		{"a suggestion does not", "user:a house:x suggest=1", ""},
		{"an unlink holds against a match", "user:a house:x weak=1 unlink=1", ""},
		{"an unlink taken back leaves the match", "user:a house:x weak=1 unlink=1 withdraw=2", "house:x user:a"},
		{"matches come last", "user:a house:x weak=99\n house:x demote:1 seen=1\n demote:1 user:b seen=1", "demote:1 house:x user:b"},
		{"the heavier match comes first", "user:a house:x weak=1\n user:b house:x weak=2", "house:x user:b"},
		{"of two as heavy, the lesser bytes", "user:b house:x weak=1\n user:a house:x weak=1", "house:x user:a"},
		{"the ranks come before the weight", "user:a demote:1 weak=9\n user:b house:x weak=1\n house:x demote:1 weak=99", "demote:1 user:a;house:x user:b"},
		{"a match of what was seen has the place of the event", "user:a house:x seen=5 weak=1\n user:b house:x seen=4", "house:x user:b"},
		{"a link taken back leaves what was seen", "user:a house:x seen=5 withdraw=1\n user:b house:x seen=6", "house:x user:a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, g := range Partition(nil, edges(t, tt.edges), nil, policyRules()) {
				var names []string
				for _, i := range g {
					names = append(names, i.String())
				}
				if len(g) > 1 {
					got = append(got, strings.Join(names, " "))
				}
			}
			if d := cmp.Diff(tt.want, strings.Join(got, ";")); d != "" {
				t.Errorf("groups (-want +got):\n%s", d)
			}
		})
	}
}

// Whoever is generic or barred ties nothing, by link neither, whichever end it is.
func TestPartition_of_nobody(t *testing.T) {
	for _, evidence := range []string{"user:a demote:1 seen=1", "demote:1 user:a link=1", "user:a demote:1 weak=1"} {
		for _, tt := range []struct {
			node Node
			want int
		}{
			{Node{Identifier: id(t, "demote:1"), Partners: 3}, 1},
			{Node{Identifier: id(t, "demote:1"), Partners: 4}, 2},
			{Node{Identifier: id(t, "demote:1"), Barred: true}, 2},
			{Node{Identifier: id(t, "user:a"), Barred: true}, 2},
		} {
			if got := Partition([]Node{tt.node}, edges(t, evidence), nil, policyRules()); len(got) != tt.want {
				t.Errorf("%s with %+v: %v, want %d groups", evidence, tt.node, got, tt.want)
			}
		}
	}
}

// A barred or generic partner takes its place in a quota all the same.
func TestPartition_filters_do_not_see_filters(t *testing.T) {
	ev := edges(t, "newest:1 user:a seen=1\n newest:1 user:b seen=2")
	if got := Partition([]Node{{Identifier: id(t, "user:b"), Barred: true}}, ev, nil, policyRules()); len(got) != 3 {
		t.Errorf("newest, the last user barred: %v, want three groups", got)
	}
}

func TestPartition_windows(t *testing.T) {
	badge := func(name string, since profile.Instant) Node {
		return Node{Identifier: profile.Identifier{Namespace: "badge", Value: name}, Since: since, Dated: true}
	}
	rules := policyRules()
	for _, tt := range []struct {
		name  string
		limit int
		nodes []Node
		want  int // groups
	}{
		{"at one instant", 1, []Node{badge("a", 50), badge("b", 50)}, 2},
		{"just within", 1, []Node{badge("a", 50), badge("b", 149)}, 2},
		{"just beyond", 1, []Node{badge("a", 50), badge("b", 150)}, 1},
		{"either way round", 1, []Node{badge("a", 150), badge("b", 50)}, 1},
		{"before 1970", 1, []Node{badge("a", -99), badge("b", 0)}, 2},
		{"the third within", 2, []Node{badge("a", 0), badge("b", 60), badge("c", 99)}, 2},
		{"the third beyond the first", 2, []Node{badge("a", 0), badge("b", 60), badge("c", 100)}, 1},
		{"three in a later stretch", 2, []Node{badge("a", 0), badge("b", 200), badge("c", 250), badge("d", 299)}, 2},
		{"one that was never seen", 1, []Node{badge("a", 50), {Identifier: badge("b", 0).Identifier, Since: 50}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ns := rules.Namespaces["badge"]
			ns.Limit = tt.limit
			rules.Namespaces["badge"] = ns
			var ev []Edge
			for _, n := range tt.nodes {
				ev = append(ev, Edge{A: n.Identifier, B: id(t, "user:a"), Seen: true})
			}
			if got := Partition(tt.nodes, ev, nil, rules); len(got) != tt.want {
				t.Errorf("%v, want %d groups", got, tt.want)
			}
		})
	}
}
