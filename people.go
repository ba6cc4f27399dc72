package portrait

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// member is one live profile as an epoch shows it.
type member struct {
	ordinal uint32
	nodes   []*node
	lists   []string // that enlist has found the profile in
}

// state combines the evidence; it is not to be changed.
func (m *member) state() *profile.State {
	p := person{states: make([]*profile.State, len(m.nodes)), lists: m.lists}
	for i, n := range m.nodes {
		p.states[i] = n.state
	}
	return p.state()
}

// node reads one node; nil if it is not there.
func (e *epoch) node(token identity.Token) (*node, error) {
	data, ok, err := e.snap.GetTo(nil, keys.AppendNode(nil, token))
	if err != nil || !ok {
		return nil, err
	}
	return decodeNode(token, data)
}

// component reads the nodes of a node's component.
func (e *epoch) component(n *node) ([]*node, error) {
	tokens, err := e.tokens(n)
	if err != nil {
		return nil, err
	}
	nodes := make([]*node, len(tokens))
	for i, t := range tokens {
		if t == n.token {
			nodes[i] = n
			continue
		}
		if nodes[i], err = e.node(t); err != nil {
			return nil, err
		}
		if nodes[i] == nil {
			return nil, errMember
		}
	}
	return nodes, nil
}

var errMember = fmt.Errorf("%w: a component names a node that is not there", ErrCorrupt)

// tokens returns who is in a node's component, ascending.
func (e *epoch) tokens(n *node) ([]identity.Token, error) {
	if n.alone() && !n.linked {
		return []identity.Token{n.token}, nil
	}
	data, ok, err := e.snap.GetTo(nil, keys.AppendComponent(nil, n.root))
	switch {
	case err != nil:
		return nil, err
	case ok:
		return decodeComponent(data)
	case n.alone():
		return []identity.Token{n.token}, nil
	}
	return nil, fmt.Errorf("%w: a node's component is not there", ErrCorrupt)
}

// member returns the live profile that a node belongs to; nil if it is none.
func (e *epoch) member(n *node) (*member, error) {
	nodes, err := e.component(n)
	if err != nil {
		return nil, err
	}
	var l living
	for _, n := range nodes {
		l.add(n, n.state.Events() > 0 && e.cat.rules.Names(n.evidence()))
	}
	if live, err := l.ok(); !live || err != nil {
		return nil, err
	}
	return &member{ordinal: l.ordinal, nodes: nodes}, nil
}

// living says whether the nodes of a component are a live profile, and which.
type living struct {
	ordinal        uint32
	live, numbered bool
}

// add adds a node; live says that it makes them one.
func (l *living) add(n *node, live bool) {
	l.live = l.live || live
	if n.numbered && (!l.numbered || n.ordinal < l.ordinal) {
		l.numbered, l.ordinal = true, n.ordinal
	}
}

// ok reports whether they are one.
func (l *living) ok() (live bool, err error) {
	if l.live && !l.numbered {
		return false, fmt.Errorf("%w: a live profile has no ordinal", ErrCorrupt)
	}
	return l.live, nil
}

// byOrdinal returns the profile that an ordinal leads to today; nil if none.
func (e *epoch) byOrdinal(ordinal uint32) (*member, error) {
	data, ok, err := e.snap.GetTo(nil, keys.AppendOrdinal(nil, ordinal))
	if err != nil || !ok {
		return nil, err
	}
	if len(data) != keys.TokenLen {
		return nil, fmt.Errorf("%w: ordinal record of %d bytes", ErrCorrupt, len(data))
	}
	n, err := e.node(keys.Token(data))
	if err != nil || n == nil {
		return nil, err
	}
	return e.member(n)
}

// everyone yields the live profiles in the order of their tokens, from a token
// on. It reads the nodes in one sweep, and apart only those of components.
func (e *epoch) everyone(ctx context.Context, from identity.Token) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		lower := keys.AppendNode(nil, from)
		n := 0
		for kv, err := range e.snap.Scan(lower, keys.End([]byte{keys.Node})) {
			if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(kv.Key) != 1+keys.TokenLen {
				yield(nil, fmt.Errorf("%w: node key of %d bytes", ErrCorrupt, len(kv.Key)))
				return
			}
			head, state, err := splitNode(identity.Token(kv.Key[1:]), kv.Value)
			if err == nil && !head.alone() {
				continue // it is met with its component's root
			}
			var m *member
			if err == nil {
				n := new(head)
				if err = n.readState(state); err == nil {
					m, err = e.member(n)
				}
			}
			if m == nil && err == nil {
				continue
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// Profile returns the profile that an identifier leads to now, or ErrNotFound. To a view for
// a role identifiers of namespaces that it may not read lead nowhere: they are refused, here
// and wherever somebody is named by them.
func (v *View) Profile(ctx context.Context, id profile.Identifier) (*profile.Profile, error) {
	return insideAs(v, callProfile, func() (*profile.Profile, error) { return v.profile(ctx, id) })
}

// Profile is View.Profile on a view of this moment.
func (db *DB) Profile(ctx context.Context, id profile.Identifier) (*profile.Profile, error) {
	return timed(db, callProfile, func() (*profile.Profile, error) {
		return within(ctx, db, func(v *View) (*profile.Profile, error) { return v.profile(ctx, id) })
	})
}

func (v *View) profile(_ context.Context, id profile.Identifier) (*profile.Profile, error) {
	m, err := v.find(id)
	if err != nil {
		return nil, err
	}
	return v.describe(m)
}

// Resolve returns the profile that an ID leads to now, or ErrNotFound. An ID is
// that of one identifier, and leads to the profile that holds it: so it does after
// a merge that made the ID disappear, and after a split it leads to one of the
// parts. While the identifier names nobody, having become generic or blocked, the
// ID is not found.
func (v *View) Resolve(ctx context.Context, id profile.ID) (*profile.Profile, error) {
	return inside(v, func() (*profile.Profile, error) { return v.resolve(ctx, id) })
}

func (v *View) resolve(_ context.Context, id profile.ID) (*profile.Profile, error) {
	if id.Partition() != 0 {
		return nil, fmt.Errorf("%w: partition %d", ErrNotFound, id.Partition())
	}
	m, err := v.byOrdinal(id.Ordinal())
	if err == nil && m == nil {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return v.describe(m)
}

// find returns the live profile of an identifier.
func (v *View) find(id profile.Identifier) (*member, error) {
	clean, err := v.epoch.cat.clean(id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err := v.nameable(clean); err != nil {
		return nil, err
	}
	n, err := v.epoch.node(v.db.tokens.Token(clean))
	if err != nil {
		return nil, err
	}
	if n == nil {
		return nil, ErrNotFound
	}
	m, err := v.epoch.member(n)
	if err == nil && m != nil {
		var ok bool
		if ok, err = v.admits(m.ordinal); !ok {
			m = nil
		}
	}
	if err == nil && m == nil {
		err = ErrNotFound
	}
	return m, err
}

// clean brings an identifier that a caller gave to its one spelling. Where the model
// declares no such namespace the error says which was probably meant.
func (c *catalog) clean(id profile.Identifier) (profile.Identifier, error) {
	clean, err := c.rules.Clean(id)
	drop, ok := errors.AsType[*identity.DropError](err)
	if !ok || drop.Reason != identity.UnknownNamespace {
		return clean, err
	}
	var names []string
	for _, n := range c.identity().Namespaces {
		names = append(names, n.Name)
	}
	if near := spelling.Nearest(id.Namespace, names); near != "" {
		err = fmt.Errorf("%w, did you mean %q?", err, near)
	}
	return clean, err
}

// Profiles yields the profiles of a set, in ascending order of ID; an ID of a set of
// another epoch that leads to another profile by now yields that, out of order and, where
// several do, more than once. A nil set means everybody, in
// no particular order. Profiles are read as they are asked for, those of a set some
// hundred ahead by several goroutines, which end with the loop. An error comes at most once, last, with a nil Profile; breaking off releases everything; the
// sequence may be ranged over again.
func (v *View) Profiles(ctx context.Context, set *segment.Set) iter.Seq2[*profile.Profile, error] {
	return func(yield func(*profile.Profile, error) bool) {
		if err := v.enter(); err != nil {
			yield(nil, err)
			return
		}
		defer v.leave()
		v.profiles(ctx, set, yield)
	}
}

func (v *View) profiles(ctx context.Context, set *segment.Set, yield func(*profile.Profile, error) bool) {
	if set != nil {
		ofSet(ctx, v, set, v.describe)(yield)
		return
	}
	for m, err := range v.everyone(ctx) {
		var p *profile.Profile
		if err == nil {
			p, err = v.describe(m)
		}
		if !yield(p, err) || err != nil {
			return
		}
	}
}

// everyone yields the live profiles of the view, in no particular order.
func (v *View) everyone(ctx context.Context) iter.Seq2[*member, error] {
	all := v.epoch.everyone(ctx, identity.Token{})
	if v.access == nil {
		return all
	}
	return func(yield func(*member, error) bool) {
		for m, err := range all {
			ok := true
			if err == nil {
				if ok, err = v.admits(m.ordinal); err != nil {
					m = nil
				}
			}
			if (ok || err != nil) && !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// members yields the live profiles of a set, or everybody for a nil one, each with those
// of some lists that it is in.
func (v *View) members(ctx context.Context, set *segment.Set, lists []string) iter.Seq2[*member, error] {
	if set != nil {
		return ofSet(ctx, v, set, func(m *member) (*member, error) { return m, v.epoch.enlist(m, lists) })
	}
	if len(lists) == 0 {
		return v.everyone(ctx)
	}
	return func(yield func(*member, error) bool) {
		for m, err := range v.everyone(ctx) {
			if err == nil {
				if err = v.epoch.enlist(m, lists); err != nil {
					m = nil
				}
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// ofSet yields what make gives of each live profile that a member of a set leads to, in
// the order of the members. Several goroutines call make ahead.
func ofSet[T any](ctx context.Context, v *View, set *segment.Set, make func(*member) (T, error)) iter.Seq2[T, error] {
	if err := ownPartition(set); err != nil {
		return func(yield func(T, error) bool) {
			var none T
			yield(none, err)
		}
	}
	return readAhead(ctx, &v.db.crew, set.Members(), func(id profile.ID) (t T, ok bool, err error) {
		m, err := v.byOrdinal(id.Ordinal())
		if err != nil || m == nil {
			return t, false, err
		}
		t, err = make(m)
		return t, err == nil, err
	})
}

// describe makes the public picture of a profile.
func (v *View) describe(m *member) (*profile.Profile, error) {
	cat := v.epoch.cat
	if err := v.epoch.enlist(m, cat.lists); err != nil {
		return nil, err
	}
	st := m.state()
	p := &profile.Profile{
		ID: profile.MakeID(0, m.ordinal), Events: st.Events(), Traits: cat.traitsOf(st, v.at),
		Counters: slices.Collect(st.Counters()),
	}
	if first, last, ok := st.Span(); ok {
		p.First, p.Last = first.At.Time(), last.At.Time()
	}
	for _, n := range m.nodes {
		p.Identifiers = append(p.Identifiers, n.id)
	}
	slices.SortFunc(p.Identifiers, cat.rules.Compare)
	for _, t := range cat.tags {
		if t.filling || t.segment {
			continue
		}
		if ok, _ := t.program.Eval(st, v.at); !ok {
			continue
		}
		p.Tags = append(p.Tags, t.def.Name)
		if t.values == nil {
			continue
		}
		if value, ok, _ := t.value(st, v.at); ok {
			if p.TagValues == nil {
				p.TagValues = map[string]profile.Value{}
			}
			p.TagValues[t.def.Name] = value
		}
	}
	v.access.hide(p)
	return p, nil
}

// traitsOf lists the declared traits that have a value at an instant, and the
// attributes told but not declared, by name.
func (c *catalog) traitsOf(st *profile.State, at profile.Instant) []profile.Trait {
	var traits []profile.Trait
	for t, policy := range st.Attributes() {
		info, declared := c.traits[t.Name]
		if declared && (info.Compute != nil || info.Policy != policy || !sameKind(t.Value.Kind(), info.Kind)) {
			continue
		}
		if info.Retain > 0 {
			if _, ok, _ := st.Kept(t.Name, policy, info.Retain, at); !ok {
				continue
			}
		}
		if _, told := c.told[t.Name]; told {
			continue // It is shown as a tag.
		}
		traits = append(traits, t)
	}
	for name, value := range c.computed {
		if c.lags(value.Deps()) {
			continue
		}
		if v, ok, _ := value.Eval(st, at); ok && fits(v, c.traits[name]) {
			traits = append(traits, profile.Trait{Name: name, Value: v})
		}
	}
	slices.SortFunc(traits, func(a, b profile.Trait) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(traits, func(a, b profile.Trait) bool { return a.Name == b.Name })
}
