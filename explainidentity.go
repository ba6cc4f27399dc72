package portrait

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// ExplainIdentity tells why two identifiers lead to one profile: the path of what
// was seen and decided that joins them; or why not: the rule that keeps them
// apart. An identifier that was never named is ErrNotFound.
func (v *View) ExplainIdentity(ctx context.Context, a, b profile.Identifier) (*identity.Relation, error) {
	return inside(v, func() (*identity.Relation, error) { return v.explainIdentity(ctx, a, b) })
}

func (v *View) explainIdentity(ctx context.Context, a, b profile.Identifier) (*identity.Relation, error) {
	g := &graphView{ctx: ctx, epoch: v.epoch, nodes: map[identity.Token]*node{}}
	if err := v.nameable(a, b); err != nil {
		return nil, err
	}
	if !v.named(a, b) {
		return nil, ErrNotFound
	}
	var ends [2]identity.Token
	for i, id := range [...]profile.Identifier{a, b} {
		var err error
		if ends[i], err = v.known(g, id); err != nil {
			return nil, err
		}
	}
	why, err := v.epoch.cat.rules.Explain(g, ends[0], ends[1])
	if err != nil {
		return nil, err
	}
	r := &identity.Relation{Together: why.Together, Truncated: why.Truncated}
	for _, hop := range why.Path {
		s, err := g.step(hop)
		if err != nil {
			return nil, err
		}
		if !v.tellsStep(&s) {
			r.Truncated = true
			continue
		}
		r.Path = append(r.Path, s)
	}
	return r, nil
}

// Evidence returns what was seen and decided of an identifier together with
// others, in the order of the others' strength: at most 1,000 steps, each with the
// rule that keeps the two apart, if one does. It is what to look at in a profile
// that should be two. An identifier that was never named is ErrNotFound.
func (v *View) Evidence(ctx context.Context, id profile.Identifier) ([]identity.Step, error) {
	return inside(v, func() ([]identity.Step, error) {
		if err := v.nameable(id); err != nil {
			return nil, err
		}
		if !v.named(id) {
			return nil, ErrNotFound
		}
		g := &graphView{ctx: ctx, epoch: v.epoch, nodes: map[identity.Token]*node{}}
		token, err := v.known(g, id)
		if err != nil {
			return nil, err
		}
		hops, _, err := v.epoch.cat.rules.Around(g, token)
		if err != nil {
			return nil, err
		}
		steps := make([]identity.Step, 0, len(hops))
		for _, hop := range hops {
			s, err := g.step(hop)
			if err != nil {
				return nil, err
			}
			if v.tellsStep(&s) {
				steps = append(steps, s)
			}
		}
		return steps, nil
	})
}

// tellsStep reports whether a step names nobody but those whom the view's answers are of,
// by identifiers that it may show, and takes out of it when events were where that may not
// be read.
func (v *View) tellsStep(s *identity.Step) bool {
	if !v.access.hears(profile.AnyEvent) {
		s.First, s.Last = time.Time{}, time.Time{}
	}
	ids := append([]profile.Identifier{s.From, s.To}, s.Against...)
	return v.named(ids...) && !slices.ContainsFunc(ids, func(id profile.Identifier) bool { return !v.access.namespace(id.Namespace) })
}

// known returns the token of an identifier that was named.
func (v *View) known(g *graphView, id profile.Identifier) (identity.Token, error) {
	clean, err := v.epoch.cat.clean(id)
	if err != nil {
		return identity.Token{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	token := v.db.tokens.Token(clean)
	n, err := v.epoch.node(token)
	if err == nil && n == nil {
		err = fmt.Errorf("%w: %s", ErrNotFound, id.Namespace)
	}
	g.nodes[token] = n
	return token, err
}

// step names the ends of a hop.
func (g *graphView) step(hop identity.Hop) (s identity.Step, err error) {
	names := []identity.Token{hop.From, hop.To}
	if hop.Against != [2]identity.Token{} {
		names = append(names, hop.Against[:]...)
	}
	ids := make([]profile.Identifier, len(names))
	for i, t := range names {
		n, err := g.must(t)
		if err != nil {
			return s, err
		}
		ids[i] = n.id
	}
	s = identity.Step{From: ids[0], To: ids[1], Match: hop.Edge.Match, Namespace: hop.Namespace}
	if len(ids) > 2 {
		s.Against = ids[2:]
	}
	if hop.Edge.Seen {
		s.First, s.Last = hop.Edge.First.At.Time(), hop.Edge.Last.At.Time()
	}
	if d := hop.Edge.Decision; d == identity.Link || d == identity.Unlink {
		s.Decision, s.Decided = d.String(), hop.Edge.Decided.At.Time()
	}
	if hop.Rule != 0 {
		s.Rule = hop.Rule.String()
	}
	return s, nil
}
