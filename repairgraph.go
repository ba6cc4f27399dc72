package portrait

import (
	"bytes"
	"errors"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// repairGraph is what a repair knows of the nodes, by their place in the order of tokens.
type repairGraph struct {
	nodes []repairNode
	part  *identity.Partition
	owner map[uint32]int // which node an ordinal was given to
	// profiles are, by the place of the first node of each component, the ordinal of the
	// live profile that it is, and nobody, or unnumbered.
	profiles []int64
	// unknown are the ordinals of components of which a key was destroyed: see repairunknown.go.
	unknown ordinalSet
}

// repairNode is what is read of a node and counted of its edges.
type repairNode struct {
	token          identity.Token
	partners       uint32
	since          profile.Instant // of the earliest edge, if named
	named          bool
	linked, vetoed bool
	numbered       bool
	ordinal        uint32
	// lost says that its key was destroyed: there is its head, and its edges count. known says
	// that, or that it has an edge to such a node: see repairunknown.go.
	lost, known bool
}

func (g *repairGraph) find(t identity.Token) *repairNode {
	i, ok := slices.BinarySearchFunc(g.nodes, t, func(n repairNode, t identity.Token) int { return bytes.Compare(n.token[:], t[:]) })
	if !ok {
		return nil
	}
	return &g.nodes[i]
}

// lost reports whether there is only the head of a node.
func (g *repairGraph) lost(t identity.Token) bool {
	n := g.find(t)
	return n != nil && n.lost
}

// readNodes reads which nodes there are. One that cannot be read is lost: nothing else says
// who it is. One whose key was destroyed has its head: it is damage unless the key file is of a
// later time than the store, for then Open takes it out when the repair is done.
func (r *repair) readNodes() error {
	r.graph.owner = map[uint32]int{}
	return r.scan([]byte{keys.Node}, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			r.kind("nodes").Stray++
			r.lose("a node under a key of %d bytes", len(key))
			r.batch.Delete(key)
			return nil
		}
		n, err := decodeNode(token, value)
		if err != nil {
			r.lose("node %s: %v", token, err)
			return nil
		}
		switch {
		case n.lost && !r.db.store.Behind():
			r.lose("node %s: its key was destroyed", token)
		case !n.lost && r.db.tokens.Token(n.id) != token:
			r.lose("node %s: its token is not that of its identifier", token)
		}
		if n.numbered {
			if other, ok := r.graph.owner[n.ordinal]; ok {
				r.lose("nodes %s and %s: have both ordinal %d", r.graph.nodes[other].token, token, n.ordinal)
			}
			r.graph.owner[n.ordinal] = len(r.graph.nodes)
			if n.ordinal >= r.meta.nextOrdinal {
				r.kind("state").Wrong++
				r.meta.nextOrdinal = n.ordinal + 1
			}
		}
		r.graph.nodes = append(r.graph.nodes, repairNode{token: token, numbered: n.numbered, ordinal: n.ordinal, lost: n.lost, known: n.lost})
		return nil
	})
}

// edges makes sure that every edge is found from both of its ends, and counts them.
func (r *repair) edges() error {
	return r.scan([]byte{keys.Edge}, func(key, value []byte) error {
		a, b, ok := keys.Pair(key)
		if !ok {
			r.kind("edges").Stray++
			r.batch.Delete(key)
			return nil
		}
		back, there, err := r.snap.GetTo(nil, keys.AppendEdge(nil, b, a))
		if err != nil {
			return err
		}
		if len(value) == 0 {
			if !there || len(back) == 0 {
				r.lose("the evidence about a pair of nodes %s and %s", identity.Token(a), identity.Token(b))
			}
			return nil
		}
		x, y := r.graph.find(a), r.graph.find(b)
		e, err := decodeEdge(identity.Pair{Weak: a, Strong: b}, value)
		switch {
		case err != nil:
			r.lose("edge of nodes %s and %s: %v", identity.Token(a), identity.Token(b), err)
			return nil
		case x == nil || y == nil:
			r.lose("edge of nodes %s and %s: an end is not there", identity.Token(a), identity.Token(b))
			return nil
		}
		if !there {
			r.kind("edges").Missing++
			r.batch.Set(keys.AppendEdge(nil, b, a), nil)
		}
		for _, end := range [...]*repairNode{x, y} {
			end.linked = true
			end.known = end.known || x.lost || y.lost
			if !e.Seen {
				continue
			}
			end.partners++
		}
		if e.Seen && (!x.named || e.First.At < x.since) { // events name the weaker end beside the stronger
			x.named, x.since = true, e.First.At
		}
		return nil
	})
}

// vetoes makes sure that every veto is found from both of its ends. Where they differ the
// later decision holds, as it did when they were made.
func (r *repair) vetoes() error {
	return r.scan([]byte{keys.Veto}, func(key, value []byte) error {
		a, b, ok := keys.Pair(key)
		if !ok {
			r.kind("vetoes").Stray++
			r.batch.Delete(key)
			return nil
		}
		back, there, err := r.snap.GetTo(nil, keys.AppendVeto(nil, b, a))
		if err != nil {
			return err
		}
		mine, err := decodeVeto(value)
		theirs, otherErr := decodeVeto(back)
		if there = there && otherErr == nil; err != nil && !there {
			r.lose("veto of nodes %s and %s: %v", identity.Token(a), identity.Token(b), err)
			return nil
		}
		if err != nil || there && mine.at.Compare(theirs.at) < 0 {
			mine = theirs
		}
		r.put("vetoes", bytes.Clone(key), value, mine.append(nil), true)
		if !there {
			r.put("vetoes", keys.AppendVeto(nil, b, a), nil, mine.append(nil), false)
		}
		if mine.withdrawn {
			return nil
		}
		for _, token := range [...]identity.Token{a, b} {
			if n := r.graph.find(token); n != nil {
				n.vetoed = true
			} else {
				r.lose("veto of nodes %s and %s: an end is not there", identity.Token(a), identity.Token(b))
			}
		}
		return nil
	})
}

// soundPairs yields what is known about the pairs of one space, but for those that are lost.
func soundPairs[T any](r *repair, space byte, read func(p identity.Pair, value []byte) (T, bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := r.scan([]byte{space}, func(key, value []byte) error {
			a, b, ok := keys.Pair(key)
			if !ok || r.graph.find(a) == nil || r.graph.find(b) == nil {
				return nil
			}
			if v, ok := read(identity.Pair{Weak: a, Strong: b}, value); ok && !yield(v, nil) {
				return errBreak
			}
			return nil
		})
		if err != nil && err != errBreak { //nolint:errorlint // it is ours
			var none T
			yield(none, err)
		}
	}
}

func soundEdge(p identity.Pair, value []byte) (identity.Edge, bool) {
	if len(value) == 0 { // the other direction holds the edge
		return identity.Edge{}, false
	}
	e, err := decodeEdge(p, value)
	return e, err == nil
}

func soundVeto(p identity.Pair, value []byte) (identity.Pair, bool) {
	v, err := decodeVeto(value)
	return p, err == nil && !v.withdrawn
}

// evidence yields the nodes as their edges have them.
func (r *repair) evidence() iter.Seq2[identity.Node, error] {
	return func(yield func(identity.Node, error) bool) {
		i := 0
		err := r.scan([]byte{keys.Node}, func(key, value []byte) error {
			n, ok := r.node(key, value, &i)
			if ok && !yield(n.evidence(), nil) {
				return errBreak
			}
			return nil
		})
		if err != nil && err != errBreak { //nolint:errorlint // it is ours
			yield(identity.Node{}, err)
		}
	}
}

// node reads a node, the i-th of those that can be read, with what its edges say of it.
func (r *repair) node(key, value []byte, i *int) (*node, bool) {
	if *i == len(r.graph.nodes) || len(key) != 1+keys.TokenLen || identity.Token(key[1:]) != r.graph.nodes[*i].token {
		return nil, false
	}
	known := &r.graph.nodes[*i]
	*i++
	n, err := decodeNode(known.token, bytes.Clone(value))
	if err != nil {
		return nil, false
	}
	n.partners, n.vetoed, n.linked = known.partners, known.vetoed, known.linked || n.linked
	if first, _, ok := n.state.Span(); known.named && (!n.named || known.since < n.since) && (!ok || known.since < first.At || !n.named) {
		n.named, n.since = true, known.since
	}
	return n, true
}

// nodes works out who is one person, and makes the records of nodes say so.
func (r *repair) nodes() error {
	// What the edges of before lacked is there now.
	if err := r.turn(); err != nil {
		return err
	}
	var err error
	if r.graph.part, err = r.cat.rules.Partition(r.ctx, identity.Evidence{
		Nodes: r.evidence(), Edges: soundPairs(r, keys.Edge, soundEdge), Vetoes: soundPairs(r, keys.Veto, soundVeto), Known: r.knownGroups(),
	}); err != nil {
		return err
	}
	g := &r.graph
	g.profiles = make([]int64, len(g.nodes))
	for i := range g.profiles {
		g.profiles[i] = nobody
	}
	lives, lost := make([]bool, len(g.nodes)), map[int]bool{}
	var record []byte
	i := 0
	if err := r.scan([]byte{keys.Node}, func(key, value []byte) error {
		n, ok := r.node(key, value, &i)
		if !ok {
			return nil
		}
		v := r.graph.part.Node(i - 1)
		if !r.graph.nodes[i-1].known {
			n.barred, n.shared, n.admitted = v.Barred, v.Shared, v.Admitted
		}
		n.root = r.graph.nodes[r.graph.part.Leader(i-1)].token
		if record = appendNode(record[:0], n); !bytes.Equal(record, value) {
			r.kind("nodes").Wrong++
			r.setNode(n)
		}
		first := g.part.Leader(i - 1)
		lives[first] = lives[first] || r.db.holds(r.cat, n)
		if n.lost {
			lost[first] = true
		}
		if n.numbered && (g.profiles[first] < 0 || int64(n.ordinal) < g.profiles[first]) {
			g.profiles[first] = int64(n.ordinal)
		}
		return nil
	}); err != nil {
		return err
	}
	g.unknown = ordinalSet{}
	for first, live := range lives {
		if lost[first] && g.profiles[first] != nobody {
			g.unknown.add(uint32(g.profiles[first]))
		}
		switch {
		case !live:
			g.profiles[first] = nobody
		case g.profiles[first] == nobody:
			if err := r.number(first); err != nil {
				return err
			}
		}
	}
	return nil
}

// setNode writes the record of a node, sealed as it was.
func (r *repair) setNode(n *node) {
	r.batch.SetSealed(keys.AppendNode(nil, n.token), n.seal, appendNodeHead(nil, n), appendNodeBody(nil, n))
}

// nobody stands for the ordinal of a component that is no live profile.
const nobody = -1

// number gives a live profile without an ordinal a new one: which it had nothing tells.
func (r *repair) number(first int) error {
	var best *node
	for _, token := range r.graph.part.Group(first) {
		data, ok, err := r.snap.GetTo(nil, keys.AppendNode(nil, token))
		if err != nil || !ok {
			return err
		}
		i := slices.IndexFunc(r.graph.nodes, func(n repairNode) bool { return n.token == token })
		n, ok := r.node(keys.AppendNode(nil, token), data, &i)
		if ok && r.db.holds(r.cat, n) && (best == nil || r.cat.rules.Compare(n.id, best.id) < 0) {
			best = n
			v := r.graph.part.Node(i - 1)
			n.barred, n.shared, n.admitted, n.root = v.Barred, v.Shared, v.Admitted, r.graph.nodes[first].token
		}
	}
	if best == nil {
		return nil
	}
	r.lose("node %s: which ordinal its profile had", best.token)
	r.kind("ordinals").Missing++
	best.ordinal, best.numbered = r.meta.nextOrdinal, true
	r.meta.nextOrdinal++
	r.keepState()
	r.graph.profiles[first] = int64(best.ordinal)
	r.setNode(best)
	r.batch.Set(keys.AppendOrdinal(nil, best.ordinal), best.token[:])
	r.graph.owner[best.ordinal] = slices.IndexFunc(r.graph.nodes, func(n repairNode) bool { return n.token == best.token })
	return nil
}

// components makes sure that the nodes of each are listed.
func (r *repair) components() error {
	want := map[identity.Token]bool{}
	for group := range r.graph.part.Groups() {
		if len(group) < 2 {
			continue
		}
		slices.SortFunc(group, func(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) })
		want[group[0]] = true
		key := keys.AppendComponent(nil, group[0])
		have, ok, err := r.snap.GetTo(nil, key)
		if err != nil {
			return err
		}
		r.put("components", key, have, appendComponent(nil, group), ok)
		if err := r.spill(); err != nil {
			return err
		}
	}
	return r.scan([]byte{keys.Component}, func(key, _ []byte) error {
		if root, err := tokenOf(key); err != nil || !want[root] {
			r.kind("components").Stray++
			r.batch.Delete(key)
		}
		return nil
	})
}

// ordinals makes sure that each leads to the node that it was given to.
func (r *repair) ordinals() error {
	for ordinal, i := range r.graph.owner {
		key := keys.AppendOrdinal(nil, ordinal)
		have, ok, err := r.snap.GetTo(nil, key)
		if err != nil {
			return err
		}
		r.put("ordinals", key, have, r.graph.nodes[i].token[:], ok)
		if err := r.spill(); err != nil {
			return err
		}
	}
	return r.scan([]byte{keys.Ordinal}, func(key, _ []byte) error {
		ordinal, ok := keys.ReadOrdinal(key)
		if _, given := r.graph.owner[ordinal]; !ok || !given {
			r.kind("ordinals").Stray++
			r.batch.Delete(key)
		}
		return nil
	})
}

// epoch shows what the repair reads as commits do what they made.
func (r *repair) epoch() *epoch {
	return &epoch{number: r.meta.epoch, instant: r.meta.instant, snap: r.snap, cat: r.cat, meta: r.meta, lists: r.lists}
}

// errBreak ends a scan early.
var errBreak = errors.New("broken off")
