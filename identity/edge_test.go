package identity

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
	"pgregory.net/rapid"
)

// Any order of sightings and decisions, repeated or not, gives one edge.
func TestEdge_FoldsInAnyOrder(t *testing.T) {
	stamp := rapid.Custom(func(t *rapid.T) profile.Stamp {
		return profile.Stamp{At: profile.Instant(rapid.IntRange(0, 3).Draw(t, "at")), Tie: rapid.Uint64Range(0, 1).Draw(t, "tie")}
	})
	type fold struct {
		D  Decision
		At profile.Stamp
	}
	folds := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fold {
		return fold{Decision(rapid.IntRange(0, 3).Draw(t, "decision")), stamp.Draw(t, "stamp")}
	}), 0, 8)
	build := func(fs []fold) (e Edge) {
		for _, f := range fs {
			before := e
			var changed bool
			if f.D == None {
				changed = e.See(f.At)
			} else {
				changed = e.Decide(f.D, f.At)
			}
			if changed != (e != before) {
				t.Fatalf("folding %v into %+v: reported %v", f, before, changed)
			}
		}
		return e
	}
	rapid.Check(t, func(t *rapid.T) {
		fs := folds.Draw(t, "folds")
		want := build(fs)
		shuffled := append(rapid.Permutation(fs).Draw(t, "order"), fs...)
		if diff := cmp.Diff(want, build(shuffled)); diff != "" {
			t.Fatalf("edge (-first order +other order):\n%s", diff)
		}
	})
}

// TestEdge_Moves tries which changes of an edge may change the partition, and so
// are to be regrouped: where it begins or ceases to count, or takes another place
// in the order.
func TestEdge_Moves(t *testing.T) {
	seen := Edge{Seen: true, First: at(5), Last: at(5)}
	linked := Edge{Decision: Link, Decided: at(5)}
	tests := []struct {
		name   string
		before Edge
		fold   func(*Edge)
		want   bool
	}{
		{"first sighting", Edge{}, func(e *Edge) { e.See(at(1)) }, true},
		{"later sighting", seen, func(e *Edge) { e.See(at(6)) }, false},
		{"earlier sighting", seen, func(e *Edge) { e.See(at(4)) }, true},
		{"link of a seen pair", seen, func(e *Edge) { e.Decide(Link, at(1)) }, true},
		{"unlink", seen, func(e *Edge) { e.Decide(Unlink, at(1)) }, true},
		{"unlink of nothing", Edge{}, func(e *Edge) { e.Decide(Unlink, at(1)) }, false},
		{"second unlink", Edge{Decision: Unlink, Decided: at(1)}, func(e *Edge) { e.Decide(Unlink, at(2)) }, false},
		{"sighting of an unlinked pair", Edge{Decision: Unlink}, func(e *Edge) { e.See(at(1)) }, false},
		{"sighting of a linked pair", linked, func(e *Edge) { e.See(at(1)) }, false},
		{"later link", linked, func(e *Edge) { e.Decide(Link, at(6)) }, true},
		{"older decision", linked, func(e *Edge) { e.Decide(Unlink, at(4)) }, false},
		{"unlink at the same time", linked, func(e *Edge) { e.Decide(Unlink, at(5)) }, true},
		{"withdrawal of a link", linked, func(e *Edge) { e.Decide(Withdraw, at(6)) }, true},
		{"withdrawal at the time of the link", linked, func(e *Edge) { e.Decide(Withdraw, at(5)) }, false},
		{"link at the time of the withdrawal", Edge{Decision: Withdraw, Decided: at(5)}, func(e *Edge) { e.Decide(Link, at(5)) }, true},
		{"withdrawal of an unlink of a seen pair", Edge{Seen: true, Decision: Unlink}, func(e *Edge) { e.Decide(Withdraw, at(1)) }, true},
		{"withdrawal of nothing", seen, func(e *Edge) { e.Decide(Withdraw, at(9)) }, false},
		{"weak match", Edge{}, func(e *Edge) { e.Match = Match{Weak: true} }, true},
		{"suggestion", Edge{}, func(e *Edge) { e.Match = Match{Weight: 9, Model: 1} }, false},
		{"heavier match", Edge{Match: Match{Weak: true}}, func(e *Edge) { e.Match.Weight = 1 }, true},
		{"newer model", Edge{Match: Match{Weak: true}}, func(e *Edge) { e.Match.Model = 1 }, false},
		{"weak match of a seen pair", seen, func(e *Edge) { e.Match = Match{Weak: true, Weight: 9} }, false},
		{"weak match of an unlinked pair", Edge{Decision: Unlink}, func(e *Edge) { e.Match = Match{Weak: true} }, false},
		{"sighting of a matched pair", Edge{Match: Match{Weak: true}}, func(e *Edge) { e.See(at(1)) }, true},
		{"no decision", linked, func(e *Edge) { e.Decide(None, at(9)) }, false},
		{"unknown decision", linked, func(e *Edge) { e.Decide(9, at(9)) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, plain())
			p := w.pair(ident("user_id:a"), ident("email:a"))
			tt.before.Pair = p
			w.edges[p] = tt.before
			if got := w.change(p, tt.fold); (len(got) > 0) != tt.want {
				t.Errorf("changed %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRules_Pair(t *testing.T) {
	r, err := New(plain())
	if err != nil {
		t.Fatal(err)
	}
	node := func(s string) Node {
		id := ident(s)
		return Node{Token: testTokens.Token(id), Identifier: id}
	}
	for _, tt := range []struct{ strong, weak string }{
		{"user_id:z", "email:a@x.com"},
		{"email:a@x.com", "anonymous_id:a"},
		{"email:a@x.com", "email:b@x.com"},
	} {
		a, b := node(tt.strong), node(tt.weak)
		want := Pair{Weak: b.Token, Strong: a.Token}
		if r.Pair(a, b) != want || r.Pair(b, a) != want {
			t.Errorf("pair of %s and %s: the stronger must be %s", tt.strong, tt.weak, tt.strong)
		}
	}
}
