package identity

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// bulk is a Partition in the making. It is the Graph of what was given, for the
// parts of the resolver that read one.
type bulk struct {
	*roll
	rules   *Rules
	spaceOf map[string]uint16
	values  strings.Builder // the newest piece of the memory for values
	edges   []strand
	lasts   []profile.Stamp // see strand.last
	edgesOf lists           // of each node under a policy, its edges
	pairs   [][2]int32      // the vetoes, while they come
	vetoes  lists
	known   map[int32]int32 // of each node of a known group, a node of it
	leader  []int32
	groups  lists
	health  Health
}

// strand is an edge that counts, as far as its class makes use of it.
type strand struct {
	at           profile.Stamp // as in place; of an edge by linkage At is the weight
	weak, strong int32
	last         int32 // where in lasts its latest event is; none: nobody asks
	class        class
	live         bool
}

func newBulk(r *Rules) *bulk {
	return &bulk{
		roll:    &roll{index: map[Token]int32{}},
		rules:   r,
		spaceOf: map[string]uint16{},
		known:   map[int32]int32{},
		health:  Health{Sizes: map[int]int{}, Refused: map[Cause]int{}, Respelt: map[string]Respelling{}},
	}
}

// poll is how many items pass between two looks at a context.
const poll = 1 << 12

// load takes all items of a sequence in.
func load[T any](ctx context.Context, what string, items iter.Seq2[T, error], add func(T) error) error {
	if items == nil {
		return nil
	}
	i := 0
	for item, err := range items {
		if err != nil {
			return fmt.Errorf("identity: %s %d: %w", what, i, err)
		}
		if i == math.MaxInt32 {
			return fmt.Errorf("identity: more than %d of kind %s", i, what)
		}
		if i%poll == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := add(item); err != nil {
			return fmt.Errorf("identity: %s %d: %w", what, i, err)
		}
		i++
	}
	return ctx.Err()
}

func (b *bulk) addNode(n Node) error {
	if _, twice := b.index[n.Token]; twice {
		return fmt.Errorf("%v was given twice", n.Token)
	}
	space, err := b.space(n.Identifier.Namespace)
	if err != nil {
		return err
	}
	e := entry{
		token:    n.Token,
		value:    b.value(n.Identifier.Value),
		since:    n.Since,
		partners: int32(min(n.Partners, math.MaxInt32)),
		space:    space,
	}
	if n.Dated {
		e.flags |= isDated
	}
	v := int32(len(b.entries))
	b.index[n.Token] = v
	b.entries = append(b.entries, e)
	clean, err := b.rules.Kept(n.Identifier)
	switch {
	case err != nil:
		b.entries[v].flags |= isBarred
	case clean != n.Identifier:
		b.respell(v)
	}
	return nil
}

// space numbers the namespaces.
func (b *bulk) space(name string) (uint16, error) {
	s, known := b.spaceOf[name]
	if known {
		return s, nil
	}
	if len(b.spaces) > math.MaxUint16 {
		return 0, fmt.Errorf("more than %d namespaces", len(b.spaces))
	}
	s = uint16(len(b.spaces))
	b.spaces = append(b.spaces, strings.Clone(name))
	b.spaceOf[b.spaces[s]] = s
	return s, nil
}

// value keeps a copy of a value, close to the others.
func (b *bulk) value(v string) string {
	const piece = 1 << 20
	if b.values.Cap()-b.values.Len() < len(v) {
		b.values = strings.Builder{}
		b.values.Grow(max(piece, len(v)))
	}
	start := b.values.Len()
	b.values.WriteString(v)
	return b.values.String()[start:]
}

func (b *bulk) respell(v int32) {
	id := b.identifier(v)
	r := b.health.Respelt[id.Namespace]
	r.Count++
	if len(r.Examples) < maxExamples {
		r.Examples = append(r.Examples, id)
	}
	b.health.Respelt[id.Namespace] = r
}

func (b *bulk) addEdge(e Edge) error {
	weak, strong, err := b.ends(e.Pair)
	if err != nil || weak == strong || !e.counts() {
		return err
	}
	if b.rules.Compare(b.identifier(weak), b.identifier(strong)) < 0 {
		weak, strong = strong, weak
	}
	at := e.place()
	s := strand{at: at.at, weak: weak, strong: strong, last: none, class: at.class}
	if at.class == byLinkage {
		s.at.At = profile.Instant(at.weight)
	}
	if at.class == byEvent && (b.newest(weak) || b.newest(strong)) {
		s.last = int32(len(b.lasts))
		b.lasts = append(b.lasts, e.Last)
	}
	b.edges = append(b.edges, s)
	return nil
}

func (b *bulk) ends(p Pair) (weak, strong int32, err error) {
	weak, ok := b.index[p.Weak]
	if !ok {
		return none, none, fmt.Errorf("its end %v was not given", p.Weak)
	}
	strong, ok = b.index[p.Strong]
	if !ok {
		return none, none, fmt.Errorf("its end %v was not given", p.Strong)
	}
	return weak, strong, nil
}

// namespace returns what the rules say of a node's namespace; nil if nothing.
func (b *bulk) namespace(v int32) *namespace {
	return b.rules.byName[b.spaces[b.entries[v].space]]
}

func (b *bulk) newest(v int32) bool {
	ns := b.namespace(v)
	return ns != nil && ns.conflict == Newest
}

func (b *bulk) addVeto(p Pair) error {
	x, y, err := b.ends(p)
	if err != nil {
		return err
	}
	b.entries[x].flags |= isVetoed
	b.entries[y].flags |= isVetoed
	b.pairs = append(b.pairs, [2]int32{x, y})
	return nil
}

func (b *bulk) addKnown(group []Token) error {
	first := int32(none)
	for _, t := range group {
		v, ok := b.index[t]
		if !ok {
			return fmt.Errorf("its node %v was not given", t)
		}
		if _, twice := b.known[v]; twice {
			return fmt.Errorf("its node %v is known to be in another", t)
		}
		if first == none {
			first = v
		}
		b.known[v] = first
	}
	return nil
}

// isKnown reports whether an end of an edge is in a known group.
func (b *bulk) isKnown(s *strand) bool {
	_, weak := b.known[s.weak]
	_, strong := b.known[s.strong]
	return weak || strong
}

// edge returns an edge as far as it is kept.
func (b *bulk) edge(i int32) Edge {
	s := &b.edges[i]
	e := Edge{Pair: Pair{Weak: b.entries[s.weak].token, Strong: b.entries[s.strong].token}}
	switch s.class {
	case byHand:
		e.Decision, e.Decided = Link, s.at
	case byEvent:
		e.Seen, e.First, e.Last = true, s.at, s.at
		if s.last != none {
			e.Last = b.lasts[s.last]
		}
	case byLinkage:
		e.Match = Match{Weak: true, Weight: int32(s.at.At), Model: 1}
	}
	return e
}

// Node implements Graph.
func (b *bulk) Node(t Token) (Node, error) {
	v, ok := b.index[t]
	if !ok {
		return Node{}, errors.New("no such node")
	}
	return b.node(v), nil
}

// Edge implements Graph.
func (b *bulk) Edge(p Pair) (e Edge, ok bool, err error) {
	for e, err := range b.Edges(p.Weak) {
		if err != nil || e.Pair == p {
			return e, err == nil, err
		}
	}
	return Edge{}, false, nil
}

// Edges implements Graph, for the nodes under a policy.
func (b *bulk) Edges(t Token) iter.Seq2[Edge, error] {
	return func(yield func(Edge, error) bool) {
		for _, i := range b.edgesOf.of(b.index[t]) {
			if !yield(b.edge(i), nil) {
				return
			}
		}
	}
}

// Vetoed implements Graph.
func (b *bulk) Vetoed(t Token) ([]Token, error) {
	var out []Token
	for _, v := range b.vetoes.of(b.index[t]) {
		out = append(out, b.entries[v].token)
	}
	return out, nil
}

// Component implements Graph: nothing is united yet.
func (b *bulk) Component(t Token) ([]Token, error) { return []Token{t}, nil }
