package identity

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/portraitdb/portrait/profile"
)

// evidence returns all that a world knows, in the order of the tokens. Every
// other edge stands the wrong way round.
func (w *world) evidence() Evidence {
	tokens := slices.SortedFunc(maps.Keys(w.nodes), compareTokens)
	return Evidence{
		Nodes: func(yield func(Node, error) bool) {
			for _, t := range tokens {
				n := w.nodes[t]
				n.Barred, n.Shared, n.Admitted, n.Vetoed = true, true, []Token{{9}}, true
				if !yield(n, nil) {
					return
				}
			}
		},
		Edges: func(yield func(Edge, error) bool) {
			for i, p := range sortedPairs(w.edges) {
				e := w.edges[p]
				if i%2 == 1 {
					e.Weak, e.Strong = e.Strong, e.Weak
				}
				if !yield(e, nil) {
					return
				}
			}
		},
		Vetoes: func(yield func(Pair, error) bool) {
			for _, t := range tokens {
				for _, u := range slices.SortedFunc(maps.Keys(w.vetoes[t]), compareTokens) {
					if !yield(Pair{t, u}, nil) {
						return
					}
				}
			}
		},
	}
}

// under returns what is known to a world under other rules.
func (w *world) under(t testing.TB, c Config) *world {
	t.Helper()
	v := newWorld(t, c)
	v.vetoes, v.partners, v.adjacent = w.vetoes, w.partners, map[Token]map[Pair]bool{}
	for tok, n := range w.nodes {
		_, err := v.rules.Clean(n.Identifier)
		n.Barred, n.Shared, n.Admitted = err != nil, false, nil
		v.nodes[tok] = n
		v.adjacent[tok] = map[Pair]bool{}
	}
	for p, e := range w.edges {
		p = v.rules.Pair(v.nodes[p.Weak], v.nodes[p.Strong])
		e.Pair = p
		v.edges[p] = e
		v.adjacent[p.Weak][p], v.adjacent[p.Strong][p] = true, true
	}
	for tok := range v.nodes {
		n, err := v.rules.Refilter(v, tok)
		if err != nil {
			t.Fatal(err)
		}
		v.nodes[tok] = n
	}
	return v
}

// wild makes random rules under which the values of random worlds are clean, but
// for one now and then, and whose ranks are shuffled.
func wild(rng *rand.Rand) Config {
	c := randomConfig(rng)
	for i := range c.Namespaces {
		a, b := &c.Namespaces[i], &c.Namespaces[rng.IntN(i+1)]
		a.Priority, b.Priority = b.Priority, a.Priority
		a.AllowDefaultBlocked = true
		if rng.IntN(6) == 0 {
			a.Blocked = []string{string(rune('0' + rng.IntN(3)))}
		}
	}
	return c
}

// names returns the groups of a partition in a form to compare.
func (p *Partition) names(w *world) (out [][]string) {
	for g := range p.Groups() {
		out = append(out, w.names(g))
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// TestPartition_EqualsNaive replays random evidence under other rules than those
// it came about under.
func TestPartition_EqualsNaive(t *testing.T) {
	worlds := uint64(400)
	if testing.Short() {
		worlds = 300
	}
	first := max(*seedFlag, 1)
	t.Logf("seeds %d to %d", first, first+worlds-1)
	met := map[Rule]int{}
	for seed := first; seed < first+worlds; seed++ {
		rng := rand.New(rand.NewPCG(seed, 8))
		w := newWorld(t, wild(rng))
		w.times = 1 + rng.IntN(30)
		values := 2 + rng.IntN(5)
		for range 60 {
			mutate(w, rng, values, true)
		}
		w = w.under(t, wild(rng))
		p, err := w.rules.Partition(t.Context(), w.evidence())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w.naive(), p.names(w)); diff != "" {
			t.Fatalf("seed %d: groups (-naive +got):\n%s", seed, diff)
		}
		checkNodes(t, w, p)
		checkHealth(t, w, p, met)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Log(met)
	for r := RuleNodes; r < RuleAuth; r++ {
		if met[r] < int(worlds)/20 {
			t.Errorf("%v was met only %d times", r, met[r])
		}
	}
}

// checkNodes holds every node against the world's, and its group against the
// groups.
func checkNodes(t *testing.T, w *world, p *Partition) {
	t.Helper()
	if p.Len() != len(w.nodes) {
		t.Errorf("%d nodes, want %d", p.Len(), len(w.nodes))
	}
	view := w.naiveView()
	seen := map[Token][]Token{}
	for g := range p.Groups() {
		for _, tok := range g {
			seen[tok] = g
		}
	}
	for i := range p.Len() {
		n := p.Node(i)
		if n.Shared != view.bare[n.Identifier] || !maps.Equal(idSet(w, n.Admitted), view.admit[n.Identifier]) {
			t.Errorf("%v: shared %v, admitted %v", n.Identifier, n.Shared, w.names(n.Admitted))
		}
		if diff := cmp.Diff(w.nodes[n.Token], n, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("node (-want +got):\n%s", diff)
		}
		if at, ok := p.Find(n.Token); !ok || at != i {
			t.Errorf("node %d is found at %d, %v", i, at, ok)
		}
		if diff := cmp.Diff(seen[n.Token], p.Group(i)); diff != "" {
			t.Errorf("group of node %d (-one of all +its own):\n%s", i, diff)
		}
		if lead := p.Leader(i); lead > i || p.Leader(lead) != lead || !slices.Contains(p.Group(i), p.Node(lead).Token) {
			t.Errorf("node %d is led by %d", i, lead)
		}
		if !slices.IsSortedFunc(p.Group(i), w.byName) {
			t.Errorf("group %v is not in order", w.names(p.Group(i)))
		}
	}
	if _, ok := p.Find(Token{1, 2, 3}); ok {
		t.Error("an unknown node is found")
	}
}

func idSet(w *world, ts []Token) map[profile.Identifier]bool {
	out := map[profile.Identifier]bool{}
	for _, t := range ts {
		out[w.nodes[t].Identifier] = true
	}
	return out
}

// checkHealth counts everything again.
func checkHealth(t *testing.T, w *world, p *Partition, met map[Rule]int) {
	t.Helper()
	g := newGreedy(w)
	want := Health{Nodes: len(w.nodes), Edges: len(g.facts), Sizes: map[int]int{}, Refused: map[Cause]int{}, Respelt: map[string]Respelling{}}
	for _, d := range g.dead {
		want.Refused[d.causes[0]]++
	}
	for _, names := range g.partition() {
		want.Sizes[len(names)]++
	}
	for id, n := range g.nodes {
		if g.generic(id) {
			want.Generic++
		}
		if n.Barred {
			want.Barred++
		}
		if g.bare[id] {
			want.Shared++
		}
	}
	if diff := cmp.Diff(want, p.Health()); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
	for c, n := range want.Refused {
		met[c.Rule] += n
	}
}

func TestPartition_Respelt(t *testing.T) {
	w := newWorld(t, Config{Namespaces: []Namespace{
		{Name: "email", Priority: 1, Normalize: []string{}}, {Name: "user_id", Priority: 2}, {Name: "gone", Priority: 3},
	}})
	for i := range 12 {
		w.event(at(i), ident(fmt.Sprintf("email:A%d@x.com", i)), ident("user_id:u"), ident("gone:g"))
	}
	w.event(at(20), ident("email:null"), ident("user_id:v"))
	w.event(at(21), ident("email:fine@x.com"), ident("user_id:v"))
	rules, err := New(Config{Namespaces: []Namespace{{Name: "email", Priority: 1}, {Name: "user_id", Priority: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := rules.Partition(t.Context(), w.evidence())
	if err != nil {
		t.Fatal(err)
	}
	h := p.Health()
	if r := h.Respelt["email"]; len(h.Respelt) != 1 || r.Count != 12 || len(r.Examples) != 10 || !strings.HasPrefix(r.Examples[0].Value, "A") {
		t.Errorf("respelt: %v", h.Respelt)
	}
	if h.Barred != 2 || h.Generic != 1 { // null, and what is not declared any more
		t.Errorf("%d barred and %d generic, want 2 and 1", h.Barred, h.Generic)
	}
	want := map[Cause]int{{RuleGeneric, "gone"}: 12, {RuleBarred, "email"}: 1}
	if diff := cmp.Diff(want, h.Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	h.Respelt["email"].Examples[0].Value = "changed"
	clear(h.Refused)
	if again := p.Health(); again.Respelt["email"].Examples[0].Value == "changed" || len(again.Refused) == 0 {
		t.Error("the caller's figures are the partition's own")
	}
}

func TestPartition_Faults(t *testing.T) {
	w := newWorld(t, plain())
	w.event(at(1), ident("user_id:u"), ident("email:a@x.com"))
	w.veto(ident("user_id:u"), ident("user_id:v"), true)
	wrong := errors.New("disk on fire")
	tests := map[string]struct {
		change func(*Evidence)
		says   string
	}{
		"a read of nodes that fails":  {func(e *Evidence) { e.Nodes = yieldThenFail(e.Nodes, wrong) }, "identity: node 3: disk on fire"},
		"a read of edges that fails":  {func(e *Evidence) { e.Edges = yieldThenFail(e.Edges, wrong) }, "identity: edge 1: disk on fire"},
		"a read of vetoes that fails": {func(e *Evidence) { e.Vetoes = yieldThenFail(e.Vetoes, wrong) }, "identity: veto 2: disk on fire"},
		"a node given twice":          {func(e *Evidence) { e.Nodes = yieldTwice(e.Nodes) }, "was given twice"},
		"an edge with an unknown end": {func(e *Evidence) { e.Edges = yieldOne(Edge{Pair: Pair{Strong: tokenOf(ident("user_id:u"))}}) }, "identity: edge 0: its end 00000000000000000000000000000000 was not given"},
		"a veto with an unknown end":  {func(e *Evidence) { e.Vetoes = yieldOne(Pair{tokenOf(ident("user_id:u")), Token{15: 1}}) }, "identity: veto 0: its end 00000000000000000000000000000001 was not given"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := w.evidence()
			tt.change(&e)
			_, err := w.rules.Partition(t.Context(), e)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %s", err, tt.says)
			}
			if strings.Contains(tt.says, wrong.Error()) && !errors.Is(err, wrong) {
				t.Error("the error does not wrap its cause")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.rules.Partition(ctx, w.evidence()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	late := w.evidence()
	late.Edges = func(func(Edge, error) bool) { cancel() }
	if _, err := w.rules.Partition(ctx, late); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled on the way: %v", err)
	}
	p, err := w.rules.Partition(t.Context(), Evidence{})
	if err != nil || p.Len() != 0 {
		t.Errorf("no evidence: %v", err)
	}
	for range p.Groups() {
		t.Error("a group of nothing")
	}
}

func yieldThenFail[T any](items iter.Seq2[T, error], err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item := range items {
			if !yield(item, nil) {
				return
			}
		}
		var zero T
		yield(zero, err)
	}
}

func yieldTwice[T any](items iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item := range items {
			for range 2 {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

func yieldOne[T any](item T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { yield(item, nil) }
}
