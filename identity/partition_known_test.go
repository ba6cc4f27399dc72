package identity

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

func yieldAll[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// TestPartition_Known: groups that are known to be what the evidence comes to change nothing, nor
// what the rules make of any node; and one that the evidence would divide, or unite with others,
// is what it is said to be.
func TestPartition_Known(t *testing.T) {
	first := max(*seedFlag, 1)
	t.Logf("seeds %d to %d", first, first+99)
	for seed := first; seed < first+100; seed++ {
		rng := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(t, wild(rng))
		w.times = 1 + rng.IntN(30)
		for range 60 {
			mutate(w, rng, 2+rng.IntN(5), true)
		}
		w = w.under(t, wild(rng))
		e := w.evidence()
		p, err := w.rules.Partition(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		var groups, known [][]Token
		for g := range p.Groups() {
			if groups = append(groups, g); rng.IntN(3) == 0 {
				known = append(known, g)
			}
		}
		e.Known = yieldAll(known)
		again, err := w.rules.Partition(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.names(w), again.names(w)); diff != "" {
			t.Fatalf("seed %d: groups (-of the evidence +with some known):\n%s", seed, diff)
		}
		checkNodes(t, w, again)
		if len(groups) < 2 {
			continue
		}
		one := slices.Concat(groups[0], groups[1])
		e.Known = yieldAll([][]Token{one[1:]})
		if again, err = w.rules.Partition(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		i, _ := again.Find(one[1])
		if diff := cmp.Diff(w.names(sortedByName(w, one[1:])), w.names(again.Group(i))); diff != "" {
			t.Fatalf("seed %d: a group that is said to be (-want +got):\n%s", seed, diff)
		}
	}
}

func sortedByName(w *world, tokens []Token) []Token {
	return slices.SortedFunc(slices.Values(tokens), func(a, b Token) int {
		return w.nodes[a].Identifier.Compare(w.nodes[b].Identifier)
	})
}

func TestPartition_Known_faults(t *testing.T) {
	w := newWorld(t, plain())
	w.event(profile.Stamp{At: 1}, ident("user_id:u"), ident("email:a@x.com"))
	u := tokenOf(ident("user_id:u"))
	for says, known := range map[string][][]Token{
		"identity: known group 0: its node 00000000000000000000000000000001 was not given": {{u, {15: 1}}},
		"identity: known group 1: its node " + u.String() + " is known to be in another":   {{u}, {u}},
	} {
		e := w.evidence()
		e.Known = yieldAll(known)
		if _, err := w.rules.Partition(t.Context(), e); err == nil || err.Error() != says {
			t.Errorf("error %v, want %s", err, says)
		}
	}
}
