package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// Restrict keeps the data of the people whom the identifiers name and uses it no more:
// they are in no view of [DB.For], whatever they consented to, and consent() does not hold
// of them. The host's own views show them. Each identifier that a person has now holds the
// restriction, so that it follows into every part of a split, and a merge with somebody
// restricted restricts. It takes at most 10,000 identifiers, in one commit; one that is not
// known is ErrNotFound, and nothing is done then.
func (p *Privacy) Restrict(ctx context.Context, ids ...profile.Identifier) error {
	return p.object(ctx, didRestrict, profile.Restricted, true, ids)
}

// Unrestrict ends a restriction, at every identifier that the people have now.
func (p *Privacy) Unrestrict(ctx context.Context, ids ...profile.Identifier) error {
	return p.object(ctx, didUnrestrict, profile.Restricted, false, ids)
}

// OptOut leaves people out of what is decided by machines alone: they are in no view for a
// purpose that the model declares automated. All else is as with Restrict.
func (p *Privacy) OptOut(ctx context.Context, ids ...profile.Identifier) error {
	return p.object(ctx, didOptOut, profile.NoAutomation, true, ids)
}

// OptIn takes an OptOut back, at every identifier that the people have now.
func (p *Privacy) OptIn(ctx context.Context, ids ...profile.Identifier) error {
	return p.object(ctx, didOptIn, profile.NoAutomation, false, ids)
}

// object notes what people have asked for, or do not any more.
func (p *Privacy) object(ctx context.Context, what string, o profile.Objection, stands bool, ids []profile.Identifier) error {
	if len(ids) > maxErased {
		return fmt.Errorf("portrait: %s: %d identifiers at once, the most is %d", what, len(ids), maxErased)
	}
	if len(ids) == 0 {
		return p.db.whileOpen()
	}
	return p.db.transact(ctx, func(t *txn) error {
		tokens := make([]identity.Token, len(ids))
		for i, id := range ids {
			n, err := t.known(id)
			if err != nil {
				return err
			}
			tokens[i] = n.token
			if err := t.object(n, o, stands); err != nil {
				return err
			}
		}
		t.attest(what, "", tokens...)
		return nil
	}, func(*txn) {})
}

// object tells every identifier of a person of an objection. Each word comes after all
// that the identifier heard before.
func (t *txn) object(n *node, o profile.Objection, stands bool) error {
	c, err := t.component(n)
	if err != nil {
		return err
	}
	for _, token := range c.members {
		one, err := t.must(token)
		if err != nil {
			return err
		}
		if err := t.absorb(one, one.state.Objected(o, stands, t.now(), t.note.Case), []string{string(o)}, ""); err != nil {
			return err
		}
	}
	return nil
}
