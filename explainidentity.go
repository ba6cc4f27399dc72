package portrait

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// Relation tells what two identifiers have to do with each other.
type Relation struct {
	// Together says that they lead to one profile.
	Together bool
	// Path leads from the first identifier to the second over what was seen and
	// decided. Where they are together it is the strongest such path, the one that
	// united them; where they are apart, one with the fewest steps that a rule
	// bars. It is empty where nothing joins them.
	Path []Step
	// Truncated says that there was more evidence than Explain reads, so that
	// there may be a path, or a better one.
	Truncated bool
}

// Step is one step of a Relation: a pair of identifiers, and what is known of
// them.
type Step struct {
	From, To profile.Identifier
	// First and Last are the times of the earliest and of the latest event that
	// named both, zero if none did.
	First, Last time.Time
	// Decision is what was decided last about the pair, "link" or "unlink", and
	// Decided when. Empty means nothing.
	Decision string
	Decided  time.Time
	// Match is what record linkage says of the pair.
	Match identity.Match
	// Rule is what keeps the pair apart, such as "unique", and Namespace the one
	// that it is about; see Refusal. Empty means that the step unites.
	Rule, Namespace string
	// Against are two identifiers that may not meet, where Rule is "unique",
	// "limit" or "veto": one on the side of From, then one on that of To.
	Against []profile.Identifier
}

// String tells the relation in words, a line a step. It holds identifiers.
func (r *Relation) String() string {
	var b strings.Builder
	switch {
	case r.Together:
		b.WriteString("one profile")
	case len(r.Path) == 0:
		b.WriteString("two profiles: nothing joins them")
	default:
		b.WriteString("two profiles")
	}
	for _, s := range r.Path {
		fmt.Fprintf(&b, "\n  %s", &s)
	}
	if r.Truncated {
		b.WriteString("\n  (not all evidence was read)")
	}
	return b.String()
}

// String tells the step in words. It holds identifiers.
func (s *Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s", s.From, s.To)
	const form = "2006-01-02 15:04"
	switch {
	case s.First.IsZero():
	case s.First.Equal(s.Last):
		fmt.Fprintf(&b, ", seen %s", s.First.Format(form))
	default:
		fmt.Fprintf(&b, ", seen %s to %s", s.First.Format(form), s.Last.Format(form))
	}
	if s.Decision != "" {
		fmt.Fprintf(&b, ", %sed %s", s.Decision, s.Decided.Format(form))
	}
	if s.Match.Model != 0 {
		fmt.Fprintf(&b, ", matched at %.1f bits", float64(s.Match.Weight)/1000)
	}
	if s.Rule == "" {
		return b.String()
	}
	fmt.Fprintf(&b, "; kept apart: %s", s.Rule)
	if s.Namespace != "" {
		fmt.Fprintf(&b, " of %s", s.Namespace)
	}
	if len(s.Against) == 2 {
		fmt.Fprintf(&b, ": %s, %s", s.Against[0], s.Against[1])
	}
	return b.String()
}

// ExplainIdentity tells why two identifiers lead to one profile: the path of what
// was seen and decided that joins them; or why not: the rule that keeps them
// apart. An identifier that was never named is ErrNotFound.
func (v *View) ExplainIdentity(ctx context.Context, a, b profile.Identifier) (*Relation, error) {
	return inside(v, func() (*Relation, error) { return v.explainIdentity(ctx, a, b) })
}

// ExplainIdentity is View.ExplainIdentity on a view of this moment.
func (db *DB) ExplainIdentity(ctx context.Context, a, b profile.Identifier) (*Relation, error) {
	return within(ctx, db, func(v *View) (*Relation, error) { return v.explainIdentity(ctx, a, b) })
}

func (v *View) explainIdentity(ctx context.Context, a, b profile.Identifier) (*Relation, error) {
	g := &graphView{ctx: ctx, epoch: v.epoch, nodes: map[identity.Token]*node{}}
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
	r := &Relation{Together: why.Together, Truncated: why.Truncated}
	for _, hop := range why.Path {
		s, err := g.step(hop)
		if err != nil {
			return nil, err
		}
		r.Path = append(r.Path, s)
	}
	return r, nil
}

// Evidence returns what was seen and decided of an identifier together with
// others, in the order of the others' strength: at most 1,000 steps, each with the
// rule that keeps the two apart, if one does. It is what to look at in a profile
// that should be two. An identifier that was never named is ErrNotFound.
func (v *View) Evidence(ctx context.Context, id profile.Identifier) ([]Step, error) {
	return inside(v, func() ([]Step, error) {
		g := &graphView{ctx: ctx, epoch: v.epoch, nodes: map[identity.Token]*node{}}
		token, err := v.known(g, id)
		if err != nil {
			return nil, err
		}
		hops, _, err := v.epoch.cat.rules.Around(g, token)
		if err != nil {
			return nil, err
		}
		steps := make([]Step, len(hops))
		for i, hop := range hops {
			if steps[i], err = g.step(hop); err != nil {
				return nil, err
			}
		}
		return steps, nil
	})
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
func (g *graphView) step(hop identity.Hop) (s Step, err error) {
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
	s = Step{From: ids[0], To: ids[1], Match: hop.Edge.Match, Namespace: hop.Namespace}
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
