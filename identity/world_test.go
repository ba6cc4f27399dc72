package identity

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

var seedFlag = flag.Uint64("seed", 0, "first seed of the random tests; 0: a fixed one")

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

// change folds into one edge and returns its pair if Regroup has to hear of it.
func (w *world) change(p Pair, fold func(*Edge)) []Pair {
	e, ok := w.edges[p]
	if !ok {
		e.Pair = p
	}
	before := e
	fold(&e)
	w.edges[p] = e
	w.adjacent[p.Weak][p], w.adjacent[p.Strong][p] = true, true
	if Moved(before, e) {
		return []Pair{p}
	}
	return nil
}

// event folds one event in: each weaker identifier gets an edge to the strongest.
func (w *world) event(at profile.Stamp, ids ...profile.Identifier) (changed []Pair) {
	ids = slices.SortedFunc(slices.Values(ids), w.rules.Compare)
	w.id(ids[0])
	for _, weak := range slices.Compact(ids)[1:] {
		p := w.pair(weak, ids[0])
		moved := w.change(p, func(e *Edge) { e.See(at) })
		weak, strong := w.partner(p.Weak, p.Strong), w.partner(p.Strong, p.Weak)
		if weak || strong {
			moved = []Pair{p}
		}
		changed = append(changed, moved...)
	}
	return changed
}

// partner counts b as a partner of a, and reports whether that made a generic.
func (w *world) partner(a, b Token) bool {
	if w.partners[a] == nil {
		w.partners[a] = map[Token]bool{}
	}
	w.partners[a][b] = true
	n := w.nodes[a]
	before := w.rules.Generic(n)
	n.Partners = len(w.partners[a])
	w.nodes[a] = n
	return w.rules.Generic(n) != before
}

func (w *world) decide(d Decision, at profile.Stamp, a, b profile.Identifier) []Pair {
	return w.change(w.pair(a, b), func(e *Edge) { e.Decide(d, at) })
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

// erase takes all evidence about a node away.
func (w *world) erase(id profile.Identifier) []Pair {
	t := w.id(id)
	for p := range w.adjacent[t] {
		delete(w.edges, p)
		delete(w.adjacent[p.Weak], p)
		delete(w.adjacent[p.Strong], p)
	}
	return []Pair{{t, t}}
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

// naive is the partition by its definition: all live edges in order, over sets
// of identifiers. It shares nothing with Regroup.
func (w *world) naive() [][]string {
	rank := map[string]int{}
	limit := map[string]int{}
	partners := map[string]int{}
	for _, ns := range w.config.Namespaces {
		rank[ns.Name], limit[ns.Name] = ns.Priority, ns.Limit
		if ns.Unique {
			limit[ns.Name] = 1
		}
		partners[ns.Name] = cmp.Or(ns.MaxPartners, map[Kind]int{Contact: 100, Device: 20, Cookie: 20}[ns.Kind], 10_000)
	}
	type row struct {
		class, weakRank, strongRank int
		at, tie                     int64
		weak, strong                profile.Identifier
	}
	var rows []row
	for p, e := range w.edges {
		a, b := w.nodes[p.Weak].Identifier, w.nodes[p.Strong].Identifier
		if len(w.partners[p.Weak]) > partners[a.Namespace] || len(w.partners[p.Strong]) > partners[b.Namespace] {
			continue
		}
		r := row{weakRank: rank[a.Namespace], strongRank: rank[b.Namespace], weak: a, strong: b}
		switch {
		case e.Decision == Link:
			r.class, r.at, r.tie = 1, int64(e.Decided.At), int64(e.Decided.Tie)
		case e.Decision == None && e.Seen:
			r.class, r.at, r.tie = 2, int64(e.First.At), int64(e.First.Tie)
		default:
			continue
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(x, y row) int {
		for _, c := range []int{
			x.class - y.class, x.weakRank - y.weakRank, x.strongRank - y.strongRank,
			int(x.at - y.at), int(x.tie - y.tie),
			cmp.Compare(x.weak.Namespace, y.weak.Namespace), cmp.Compare(x.weak.Value, y.weak.Value),
			cmp.Compare(x.strong.Namespace, y.strong.Namespace), cmp.Compare(x.strong.Value, y.strong.Value),
		} {
			if c != 0 {
				return c
			}
		}
		return 0
	})
	sets := map[profile.Identifier]map[profile.Identifier]bool{}
	for _, n := range w.nodes {
		sets[n.Identifier] = map[profile.Identifier]bool{n.Identifier: true}
	}
	for _, r := range rows {
		union := maps.Clone(sets[r.weak])
		maps.Copy(union, sets[r.strong])
		if w.breaks(union, limit) {
			continue
		}
		for id := range union {
			sets[id] = union
		}
	}
	var out [][]string
	for id, set := range sets {
		var names []string
		for m := range set {
			names = append(names, m.String())
		}
		slices.Sort(names)
		if names[0] == id.String() {
			out = append(out, names)
		}
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// breaks reports whether a set of identifiers may not be one profile.
func (w *world) breaks(set map[profile.Identifier]bool, limit map[string]int) bool {
	values := map[string]int{}
	for a := range set {
		values[a.Namespace]++
		vetoes := w.vetoes[tokenOf(a)]
		for b := range set {
			if len(vetoes) > 0 && vetoes[tokenOf(b)] {
				return true
			}
		}
	}
	for ns, n := range values {
		if limit[ns] > 0 && n > limit[ns] {
			return true
		}
	}
	return len(set) > cmp.Or(w.config.MaxNodes, 200)
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
