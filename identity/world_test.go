package identity

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// world is evidence in maps with the partition that Regroup keeps up to date. It
// is the Graph of the tests.
type world struct {
	t      testing.TB
	rules  *Rules
	config Config

	nodes    map[Token]Node
	partners map[Token]map[Token]bool
	edges    map[Pair]Edge
	adjacent map[Token]map[Pair]bool
	vetoes   map[Token]map[Token]bool
	part     map[Token][]Token // of each node, its component
	refused  []Refusal         // by the last regroup
	times    int               // how many instants random stamps have
	rng      *rand.Rand        // shuffles the edges of a node; nil: they are sorted

	reads struct{ node, edge, edges, component int }
	fail  error // returned by every read when set
}

func newWorld(t testing.TB, c Config) *world {
	t.Helper()
	rules, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, rules: rules, config: c,
		nodes:    map[Token]Node{},
		partners: map[Token]map[Token]bool{},
		edges:    map[Pair]Edge{},
		adjacent: map[Token]map[Pair]bool{},
		vetoes:   map[Token]map[Token]bool{},
		part:     map[Token][]Token{},
	}
}

var testTokens = NewTokenizer([32]byte{1})

func (w *world) Node(t Token) (Node, error) {
	w.reads.node++
	n, ok := w.nodes[t]
	if !ok {
		return n, errors.New("no such node")
	}
	return n, w.fail
}

func (w *world) Edge(p Pair) (Edge, bool, error) {
	w.reads.edge++
	e, ok := w.edges[p]
	return e, ok, w.fail
}

func (w *world) Edges(t Token) iter.Seq2[Edge, error] {
	return func(yield func(Edge, error) bool) {
		pairs := sortedPairs(w.adjacent[t])
		if w.rng != nil {
			w.rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		}
		for _, p := range pairs {
			w.reads.edges++
			if !yield(w.edges[p], nil) {
				return
			}
		}
		if w.fail != nil {
			yield(Edge{}, w.fail)
		}
	}
}

func sortedPairs[V any](m map[Pair]V) []Pair {
	return slices.SortedFunc(maps.Keys(m), func(p, q Pair) int {
		return cmp.Or(bytes.Compare(p.Weak[:], q.Weak[:]), bytes.Compare(p.Strong[:], q.Strong[:]))
	})
}

func (w *world) Vetoed(t Token) ([]Token, error) {
	return slices.Collect(maps.Keys(w.vetoes[t])), w.fail
}

func (w *world) Component(t Token) ([]Token, error) {
	w.reads.component++
	return w.part[t], w.fail
}

var tokenCache sync.Map // profile.Identifier to Token: hashing would dominate the random tests

func tokenOf(i profile.Identifier) Token {
	if t, ok := tokenCache.Load(i); ok {
		return t.(Token)
	}
	t := testTokens.Token(i)
	tokenCache.Store(i, t)
	return t
}

// id makes sure that a node exists and returns its token.
func (w *world) id(i profile.Identifier) Token {
	t := tokenOf(i)
	if _, ok := w.nodes[t]; !ok {
		w.nodes[t] = Node{Token: t, Identifier: i}
		w.part[t] = []Token{t}
		w.adjacent[t] = map[Pair]bool{}
	}
	return t
}

func (w *world) pair(a, b profile.Identifier) Pair {
	return w.rules.Pair(w.nodes[w.id(a)], w.nodes[w.id(b)])
}

// change folds into one edge, has it judged, and returns the pairs that Regroup
// has to hear of.
func (w *world) change(p Pair, fold func(*Edge)) []Pair {
	e, ok := w.edges[p]
	if !ok {
		e.Pair = p
	}
	before := e
	fold(&e)
	w.edges[p] = e
	w.adjacent[p.Weak][p], w.adjacent[p.Strong][p] = true, true
	if !before.Seen && e.Seen {
		w.partner(p.Weak, p.Strong)
		w.partner(p.Strong, p.Weak)
	}
	return w.judge(p, before)
}

// judge calls Judge and stores the nodes that it returns.
func (w *world) judge(p Pair, before Edge) []Pair {
	w.t.Helper()
	nodes, changed, err := w.rules.Judge(w, p, before)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range nodes {
		if old := w.nodes[n.Token]; old.Shared == n.Shared && slices.Equal(old.Admitted, n.Admitted) {
			w.t.Fatalf("Judge returned %v, which has not changed", n.Identifier)
		}
		w.nodes[n.Token] = n
	}
	return changed
}

// event folds one event in: each weaker identifier gets an edge to the strongest.
func (w *world) event(at profile.Stamp, ids ...profile.Identifier) (changed []Pair) {
	ids = slices.SortedFunc(slices.Values(ids), w.rules.Compare)
	ids = slices.Compact(ids)
	for _, id := range ids {
		changed = append(changed, w.date(id, at.At)...)
	}
	for _, weak := range ids[1:] {
		changed = append(changed, w.change(w.pair(weak, ids[0]), func(e *Edge) { e.See(at) })...)
	}
	return changed
}

// date notes that an event named an identifier at some time.
func (w *world) date(id profile.Identifier, at profile.Instant) []Pair {
	_, known := w.nodes[tokenOf(id)]
	t := w.id(id)
	n := w.nodes[t]
	if n.Dated && n.Since <= at {
		return nil
	}
	n.Since, n.Dated = at, true
	w.nodes[t] = n
	if !known || !w.rules.Windowed(id.Namespace) {
		return nil
	}
	return []Pair{{t, t}}
}

// partner counts b as a partner of a.
func (w *world) partner(a, b Token) {
	if w.partners[a] == nil {
		w.partners[a] = map[Token]bool{}
	}
	w.partners[a][b] = true
	n := w.nodes[a]
	n.Partners = len(w.partners[a])
	w.nodes[a] = n
}

func (w *world) decide(d Decision, at profile.Stamp, a, b profile.Identifier) []Pair {
	return w.change(w.pair(a, b), func(e *Edge) { e.Decide(d, at) })
}

func (w *world) match(m Match, a, b profile.Identifier) []Pair {
	return w.change(w.pair(a, b), func(e *Edge) { e.Match = m })
}

// bar takes an identifier out, or back in.
func (w *world) bar(id profile.Identifier, on bool) []Pair {
	t := w.id(id)
	n := w.nodes[t]
	n.Barred = on
	w.nodes[t] = n
	return []Pair{{t, t}}
}

func (w *world) veto(a, b profile.Identifier, on bool) []Pair {
	p := w.pair(a, b)
	for x, y := range map[Token]Token{p.Weak: p.Strong, p.Strong: p.Weak} {
		if w.vetoes[x] == nil {
			w.vetoes[x] = map[Token]bool{}
		}
		if on {
			w.vetoes[x][y] = true
		} else {
			delete(w.vetoes[x], y)
		}
		n := w.nodes[x]
		n.Vetoed = len(w.vetoes[x]) > 0
		w.nodes[x] = n
	}
	if on {
		return []Pair{p}
	}
	return []Pair{{p.Weak, p.Weak}, {p.Strong, p.Strong}}
}

// erase takes all evidence about a node away, and has all edges judged or their
// ends filtered anew.
func (w *world) erase(id profile.Identifier) []Pair {
	t := w.id(id)
	changed := []Pair{{t, t}}
	gone := map[Pair]Edge{}
	for _, p := range sortedPairs(w.adjacent[t]) {
		gone[p] = w.edges[p]
		delete(w.edges, p)
		delete(w.adjacent[p.Weak], p)
		delete(w.adjacent[p.Strong], p)
	}
	n := w.nodes[t]
	n.Since, n.Dated = 0, false
	w.nodes[t] = n
	if w.rng == nil || w.rng.IntN(2) == 0 {
		for _, p := range sortedPairs(gone) {
			changed = append(changed, w.judge(p, gone[p])...)
		}
		return changed
	}
	for _, p := range sortedPairs(gone) {
		far := p.Weak
		if far == t {
			far = p.Strong
		}
		n, err := w.rules.Refilter(w, far)
		if err != nil {
			w.t.Fatal(err)
		}
		w.nodes[far] = n
		changed = append(changed, Pair{far, far})
	}
	n, err := w.rules.Refilter(w, t)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes[t] = n
	return changed
}

// regroup calls Regroup, checks what it says against what it was told, and makes
// it so.
func (w *world) regroup(changed ...Pair) Change {
	w.t.Helper()
	ch, err := w.rules.Regroup(w, changed...)
	if err != nil {
		w.t.Fatal(err)
	}
	covered := map[Token]bool{}
	for _, c := range ch.Old {
		for _, t := range c {
			covered[t] = true
		}
		if !slices.Equal(w.names(c), w.names(w.part[c[0]])) {
			w.t.Fatalf("old component %v, want %v", w.names(c), w.names(w.part[c[0]]))
		}
	}
	for _, c := range ch.New {
		if !slices.IsSortedFunc(c, w.byName) {
			w.t.Fatalf("component %v is not in order", w.names(c))
		}
		for _, t := range c {
			if !covered[t] {
				w.t.Fatalf("new component %v has a node that no old one has, or twice", w.names(c))
			}
			delete(covered, t)
			if len(w.part[t]) == len(c) && slices.Equal(w.names(w.part[t]), w.names(c)) {
				w.t.Fatalf("component %v has not changed", w.names(c))
			}
		}
	}
	if len(covered) > 0 {
		w.t.Fatalf("%d nodes are in no new component", len(covered))
	}
	for _, cs := range [][][]Token{ch.Old, ch.New} {
		if !slices.IsSortedFunc(cs, func(a, b []Token) int { return w.byName(a[0], b[0]) }) {
			w.t.Fatal("components are not in order")
		}
	}
	for _, c := range ch.New {
		for _, t := range c {
			w.part[t] = c
		}
	}
	w.refused = ch.Refused
	return ch
}

func (w *world) byName(a, b Token) int {
	return w.nodes[a].Identifier.Compare(w.nodes[b].Identifier)
}

// names returns the identifiers of some nodes in order.
func (w *world) names(ts []Token) []string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = w.nodes[t].Identifier.String()
	}
	slices.Sort(out)
	return out
}

// partition returns the whole partition in a form to compare.
func (w *world) partition() [][]string {
	var out [][]string
	for t, c := range w.part {
		if names := w.names(c); names[0] == w.nodes[t].Identifier.String() {
			out = append(out, names)
		}
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// plain returns the default namespaces without any policy.
func plain() Config {
	c := Default()
	for i := range c.Namespaces {
		c.Namespaces[i].Conflict, c.Namespaces[i].Lookup, c.Namespaces[i].Normalize = Demote, false, nil
	}
	return c
}

// ident reads "namespace:value" and fails loudly on anything else.
func ident(s string) profile.Identifier {
	i, err := profile.ParseIdentifier(s)
	if err != nil {
		panic(err)
	}
	return i
}

func at(n int) profile.Stamp { return profile.Stamp{At: profile.Instant(n)} }

func (w *world) String() string { return fmt.Sprint(w.partition()) }
