package oracle

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// Each identifier asked for the edges that it lets through, and each chain of live edges
// united by itself, come to the partition of everything at once.
func TestUnite_piece_by_piece(t *testing.T) {
	const seed = 20261123
	for round := range 100 {
		w, config := newTwins(t, seed, uint64(round))
		for op := range 60 {
			w.step(op)
		}
		w.bar()
		ev := w.store.evidence()
		want := Partition(ev.nodes, ev.edges, ev.vetoes, w.store.rules)
		if d := cmp.Diff(want, pieceByPiece(ev.nodes, ev.edges, ev.vetoes, w.store.rules)); d != "" {
			t.Fatalf("seed %d, round %d, under %+v:\nat once against piece by piece:\n%s", seed, round, config.Namespaces, d)
		}
	}
}

func pieceByPiece(nodes []Node, edges []Edge, vetoes [][2]profile.Identifier, rules Rules) [][]profile.Identifier {
	of := Incident(edges)
	passed := map[string]int{}
	piece := map[profile.Identifier]int{} // of each identifier, the least number that it is joined to
	for i, n := range nodes {
		piece[n.Identifier] = i
		for _, e := range rules.Passing(n, of[n.Identifier]) {
			passed[fmt.Sprint(e.A, e.B)]++
		}
	}
	live := slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return passed[fmt.Sprint(e.A, e.B)] < 2 })
	for range nodes {
		for _, e := range live {
			least := min(piece[e.A], piece[e.B])
			piece[e.A], piece[e.B] = least, least
		}
	}
	var groups [][]profile.Identifier
	for i := range nodes {
		var some []Node
		for _, n := range nodes {
			if piece[n.Identifier] == i {
				some = append(some, n)
			}
		}
		joined := slices.DeleteFunc(slices.Clone(live), func(e Edge) bool { return piece[e.A] != i })
		groups = append(groups, Unite(some, joined, vetoesAmong(some, vetoes), rules)...)
	}
	slices.SortFunc(groups, func(a, b []profile.Identifier) int { return a[0].Compare(b[0]) })
	return groups
}

func vetoesAmong(nodes []Node, vetoes [][2]profile.Identifier) (among [][2]profile.Identifier) {
	has := func(id profile.Identifier) bool {
		return slices.ContainsFunc(nodes, func(n Node) bool { return n.Identifier == id })
	}
	for _, v := range vetoes {
		if has(v[0]) && has(v[1]) {
			among = append(among, v)
		}
	}
	return among
}
