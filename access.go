package portrait

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// access is what bounds a view that was opened for a purpose; nil is that of the host's
// own, which nothing bounds.
type access struct {
	privacy.Access
	cat   *catalog
	role  privacy.Role
	field segment.FieldID // of who may be processed for the purpose
}

// For opens a view for a purpose. In all its answers, everybody is left out who may not be
// processed for it at the instant of the view: who has not consented, as consent() tells,
// who asked for restriction, and for an automated purpose who opted out of that. What
// stands among the answers stands so among those who consent: the complement of a segment,
// percentiles and ranks, cut-offs. To the view, who is left out is not there: identifiers
// and IDs of them are ErrNotFound. View.Withheld counts them.
//
// What the role may not read is not shown, and an expression that names it is refused, with
// its place. What cannot be bounded is refused too: records of identity, the digest. Both
// errors wrap [privacy.ErrNotAllowed]. [DB.View] is the host's own view, of everybody. See
// docs/privacy.md.
//
// The caller closes the view. It does not change when consents do: open one for each
// answer that is acted on.
func (db *DB) For(ctx context.Context, a privacy.Access) (*View, error) {
	v, err := db.View(ctx)
	if err != nil {
		return nil, err
	}
	if v.access, err = v.epoch.cat.access(a); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

// access works out what bounds the answers to somebody.
func (c *catalog) access(a privacy.Access) (*access, error) {
	if a.Purpose == "" {
		return nil, errNoPurpose
	}
	if _, ok := c.purposes[a.Purpose]; !ok {
		return nil, fmt.Errorf("portrait: unknown purpose %q%s", a.Purpose, meant(a.Purpose, sortedKeys(c.purposes)))
	}
	role, err := c.role(a)
	if err != nil {
		return nil, err
	}
	t := c.tag(syntax.ConsentTag(a.Purpose))
	if t == nil || t.filling {
		return nil, fmt.Errorf("portrait: who consents to %q is being worked out and cannot be asked yet", a.Purpose)
	}
	return &access{Access: a, cat: c, role: role, field: t.field}, nil
}

// Withheld returns how many profiles of a segment the view leaves out. A number may be so
// small that it tells of somebody: it is for those who answer for the store, and refused to
// a view for a role.
func (v *View) Withheld(ctx context.Context, e segment.Expr) (uint64, error) {
	return inside(v, func() (uint64, error) {
		if v.access == nil {
			return 0, nil
		}
		if err := v.allowed(e); err != nil {
			return 0, err
		}
		if role := v.access.Role; role != "" {
			return 0, fmt.Errorf("%w: role %q may not ask who is left out: ask a view without a role", privacy.ErrNotAllowed, role)
		}
		host := &View{db: v.db, epoch: v.epoch, at: v.at}
		all, err := host.count(ctx, e)
		if err != nil {
			return 0, err
		}
		within, err := host.count(ctx, segment.And(e, segment.Consent(v.access.Purpose)))
		return all - within, err
	})
}

// population is the field of those whom the view's answers are of.
func (v *View) population() segment.FieldID {
	if v.access == nil {
		return universe
	}
	return v.access.field
}

// query plans a node among those whom the view's answers are of. The source of the view
// runs no other query.
func (v *View) query(n segment.Node) *segment.Query {
	if v.access != nil {
		n = n.And(segment.Bits(v.access.field))
	}
	return segment.NewQuery(n, v.population())
}

// bounded bounds a condition to those whom the view's answers are of.
func (v *View) bounded(e syntax.Expr) syntax.Expr {
	if v.access == nil {
		return e
	}
	return &syntax.And{X: []syntax.Expr{e, &syntax.Consent{Purpose: v.access.Purpose, Pos: -1}}}
}

// admits reports whether the view's answers may be of a live profile.
func (v *View) admits(ordinal uint32) (bool, error) {
	if v.access == nil {
		return true, nil
	}
	return v.epoch.root.Contains(v.epoch, v.access.field, ordinal)
}

// byOrdinal returns the profile that an ordinal leads to today; nil where that is none, or
// none of the view's.
func (v *View) byOrdinal(ordinal uint32) (*member, error) {
	m, err := v.epoch.byOrdinal(ordinal)
	if m == nil || err != nil {
		return nil, err
	}
	if ok, err := v.admits(m.ordinal); !ok || err != nil {
		return nil, err
	}
	return m, nil
}

// shown reports whether what is recorded of a profile, by an ID of some time, may be told:
// of one that is the view's today.
func (v *View) shown(id profile.ID) (bool, error) {
	if v.access == nil {
		return true, nil
	}
	if ok, err := v.admits(id.Ordinal()); ok || err != nil {
		return ok, err
	}
	if live, err := v.epoch.root.Contains(v.epoch, universe, id.Ordinal()); live || err != nil {
		return false, err
	}
	m, err := v.byOrdinal(id.Ordinal())
	return m != nil, err
}

// tellable returns of how many of some ordinals what is recorded may be told.
func (v *View) tellable(ordinals []uint32) (n uint64, err error) {
	if v.access == nil {
		return uint64(len(ordinals)), nil
	}
	for _, o := range ordinals {
		ok, err := v.shown(profile.MakeID(0, o))
		if err != nil {
			return 0, err
		}
		if ok {
			n++
		}
	}
	return n, nil
}

// tellChange takes out of a change of the feed whom the view's answers are not of; ok is
// false where nothing is left, or what it tells of may not be read.
func (v *View) tellChange(c *Change) (ok bool, err error) {
	if v.access == nil {
		return true, nil
	}
	if name := cmp.Or(c.Tag, c.Segment); name != "" && !v.access.tag(name) {
		return false, nil
	}
	if ok, err := v.shown(c.Profile); !ok || err != nil {
		return false, err
	}
	some := len(c.Others) > 0
	c.Others = slices.DeleteFunc(slices.Clone(c.Others), func(id profile.ID) bool {
		ok, fault := v.shown(id)
		err = cmp.Or(err, fault)
		return !ok
	})
	return !some || len(c.Others) > 0, err
}

// named reports whether all of some identifiers lead to profiles of the view.
func (v *View) named(ids ...profile.Identifier) bool {
	return v.access == nil || !slices.ContainsFunc(ids, func(id profile.Identifier) bool {
		_, err := v.find(id)
		return err != nil
	})
}

// nameable returns an error where identifiers of a namespace may not be read: to be told
// whom one leads to would be to learn whose it is.
func (v *View) nameable(ids ...profile.Identifier) error {
	for _, id := range ids {
		if clean, err := v.epoch.cat.rules.Clean(id); err == nil && !v.access.namespace(clean.Namespace) {
			return fmt.Errorf("%w: identifiers of the namespace %q may not be read here", privacy.ErrNotAllowed, clean.Namespace)
		}
	}
	return nil
}

// unbounded returns an error where the view was opened for a purpose, of what cannot be
// bounded by that.
func (v *View) unbounded(what string) error {
	if v.access == nil {
		return nil
	}
	return fmt.Errorf("%w: %s cannot be bounded by consent: ask a view of the host's own", privacy.ErrNotAllowed, what)
}

// staged returns an error where the stages may not be read.
func (v *View) staged() error {
	if v.access == nil || v.access.cat.labelledAny(syntax.StageTag) == nil || v.access.tag(syntax.StageTag) {
		return nil
	}
	return fmt.Errorf("%w: %q may not be read here", privacy.ErrNotAllowed, syntax.StageTag)
}

// legible returns an error where a tag or a trait may not be read; of a name that both
// have, where either may not.
func (v *View) legible(name string) error {
	a := v.access
	if a == nil {
		return nil
	}
	_, trait := a.cat.traits[name]
	if tag := a.cat.labelledAny(name) != nil; (!tag || a.tag(name)) && (!trait || a.trait(name)) {
		return nil
	}
	return fmt.Errorf("%w: %q may not be read here", privacy.ErrNotAllowed, name)
}

// sizes returns how many of the view's profiles are in each of some bitmaps.
func (v *View) sizes(ctx context.Context, fields []segment.FieldID) ([]uint64, error) {
	if v.access == nil {
		return v.epoch.root.Sizes(ctx, v.epoch, fields)
	}
	sizes := make([]uint64, len(fields))
	for i, f := range fields {
		var err error
		if sizes[i], err = v.query(segment.Bits(f)).Count(ctx, v.sourceFor(ctx)); err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

// allowed returns an error where an expression names what the view may not read.
func (v *View) allowed(e segment.Expr) error {
	if v.access == nil {
		return nil
	}
	return v.access.refuse(syntax.Mentions(e.Tree()), e.Locate)
}

// allowedOperand is allowed of a formula.
func (v *View) allowedOperand(f tags.Formula) error {
	if v.access == nil {
		return nil
	}
	return v.access.refuse(syntax.MentionsOf(f.Tree()), f.Locate)
}

// refuse returns an error for the first of some names that may not be read.
func (a *access) refuse(named []syntax.Mention, locate func(error) error) error {
	for _, m := range named {
		if a.reads(m) {
			continue
		}
		what := m.Kind.String()
		if m.Name != "" {
			what += fmt.Sprintf(" %q", m.Name)
		}
		err := locate(&syntax.Error{Offset: int(m.Pos), Msg: what + " may not be read here"})
		return fmt.Errorf("%w: %w", privacy.ErrNotAllowed, err)
	}
	return nil
}
