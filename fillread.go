package portrait

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// glance is a node as a filling sees it: who it is, and of its state what the rules read
// that are filled. It is no node, and so nothing that is kept in the cache or written
// back, which would lose the rest of the state.
type glance struct {
	head    node // without a state
	excerpt *profile.Excerpt
}

// live reports whether the node makes its component a live profile.
func (g *glance) live(rules *identity.Rules) bool {
	n := g.head
	n.state = g.excerpt.State()
	return n.state.Events() > 0 && rules.Names(n.evidence())
}

// fillReader reads components for one goroutine. What it returns is no more once it reads
// the next.
type fillReader struct {
	e        *epoch
	wants    *profile.Wants
	lists    []string // that the rules ask of
	nodes    []glance
	excerpts []profile.Excerpt // of the nodes
	key      []byte
	data     []byte
}

// whose returns who a component is, of which a node is the root, given with the bytes of
// its state: no state where it is no live profile.
func (r *fillReader) whose(root *node, state []byte) (ordinal uint32, st *profile.State, err error) {
	if err := r.read(root, state); err != nil {
		return 0, nil, err
	}
	var l living
	for i := range r.nodes {
		l.add(&r.nodes[i].head, r.nodes[i].live(r.e.cat.rules))
	}
	if live, err := l.ok(); !live || err != nil {
		return 0, nil, err
	}
	in, err := r.e.listed(l.ordinal, r.lists)
	if err != nil {
		return 0, nil, err
	}
	st, ok := profile.CombineExcerpts(r.excerpts)
	if ok {
		return l.ordinal, st.InLists(in), nil
	}
	n := new(*root)
	if err := n.readState(state); err != nil {
		return 0, nil, err
	}
	m, err := r.e.member(n)
	if m == nil || err != nil {
		return 0, nil, err
	}
	m.lists = in
	return m.ordinal, m.state(), nil
}

// read reads the nodes of a component.
func (r *fillReader) read(root *node, state []byte) error {
	if root.alone() && !root.linked {
		r.room(1)
		return r.glance(0, root, state)
	}
	tokens, err := r.e.tokens(root)
	if err != nil {
		return err
	}
	r.room(len(tokens))
	for i, token := range tokens {
		if token == root.token {
			if err := r.glance(i, root, state); err != nil {
				return err
			}
			continue
		}
		r.key = keys.AppendNode(r.key[:0], token)
		var ok bool
		if r.data, ok, err = r.e.snap.GetTo(r.data[:0], r.key); err != nil {
			return err
		}
		if !ok {
			return errMember
		}
		head, state, err := splitNode(token, r.data)
		if err == nil {
			err = r.glance(i, &head, state)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// room makes room for n nodes.
func (r *fillReader) room(n int) {
	r.nodes = slices.Grow(r.nodes[:0], n)[:n]
	r.excerpts = slices.Grow(r.excerpts[:0], n)[:n]
}

// glance reads what is wanted of one node.
func (r *fillReader) glance(i int, head *node, state []byte) error {
	g := &r.nodes[i]
	g.head, g.excerpt = *head, &r.excerpts[i]
	if err := r.wants.Decode(g.excerpt, state); err != nil {
		return fmt.Errorf("%w: state of a node: %w", ErrCorrupt, err)
	}
	g.excerpt.Name(&g.head.id)
	return nil
}

// wants returns what the rules read.
func (f *filling) wants(c *catalog) *profile.Wants {
	w := &profile.Wants{}
	add := func(deps tags.Deps) {
		w.Attributes = append(w.Attributes, deps.Attributes...)
		w.Events = append(w.Events, deps.Counted...)
		w.Series = append(w.Series, deps.Folds...)
	}
	index := func(ix *traitIndex) {
		if ix.computed != nil {
			add(ix.computed.Deps())
		} else {
			w.Attributes = append(w.Attributes, ix.name)
		}
	}
	for _, i := range f.tags {
		add(c.tags[i].program.Deps())
		if values := c.tags[i].values; values != nil {
			index(values)
		}
	}
	for _, ix := range f.indexes {
		index(ix)
	}
	slices.Sort(w.Attributes)
	slices.Sort(w.Events)
	slices.Sort(w.Series)
	w.Attributes, w.Events, w.Series = slices.Compact(w.Attributes), slices.Compact(w.Events), slices.Compact(w.Series)
	return w
}
