package portrait

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// A role may be given what follows from what it may not read: a tag, a computed trait. Then
// it is shown that, and not the rule, which holds values of what is hidden. What follows
// keeps rules out of all that is written for people.

// definition returns a definition as it may be shown; masked says that its rules are not.
func (a *access) definition(d tags.Definition) (shown tags.Definition, masked bool) {
	if a.text(mentioned(d)) {
		return d, false
	}
	d.Rule, d.Value = tags.Rule{}, tags.Formula{}
	d.Tiers = slices.Clone(d.Tiers)
	for i := range d.Tiers {
		d.Tiers[i].Rule = tags.Rule{}
	}
	return d, true
}

// entry takes out of an entry of the catalogue what may not be read.
func (a *access) entry(e *tags.Entry) {
	if e.Definition, e.Masked = a.definition(e.Definition); e.Masked {
		e.Traits, e.Events, e.Tags, e.Interests, e.Places, e.Lists = nil, nil, nil, nil, nil, nil
	}
}

// opaque reports whether the rule of a tag may not be read.
func (a *access) opaque(name string) bool {
	if a == nil {
		return false
	}
	t := a.cat.labelledAny(name)
	return t == nil || !a.text(mentioned(t.def))
}

// conceals reports whether an expression asks of a query tag, through others too, whose
// rule may not be read. To answer it that rule takes the place of the tag.
func (a *access) conceals(named []syntax.Mention) bool {
	return a != nil && slices.ContainsFunc(named, func(m syntax.Mention) bool {
		if m.Kind != syntax.MentionTag {
			return false
		}
		t := a.cat.query(m.Name)
		return t != nil && (a.opaque(m.Name) || a.conceals(mentioned(t.def)))
	})
}

// quote returns a part of a query as an error may tell of it.
func (a *access) quote(text string, named []syntax.Mention) string {
	if a.text(named) {
		return text
	}
	return "what a tag asks"
}

// veilPlan takes out of the plan of an expression what its query tags ask.
func (a *access) veilPlan(e segment.Expr, p *segment.Plan) {
	if !a.conceals(syntax.Mentions(e.Tree())) {
		return
	}
	cost := strings.TrimSuffix(p.Text, "\n")
	p.Text = e.String() + "\n" + cost[strings.LastIndexByte(cost, '\n')+1:] + "\n"
}

// veilError returns an error of answering an expression as it may be shown. Those of the
// language quote the rule that they are in.
func (a *access) veilError(e segment.Expr, err error) error {
	if _, quotes := errors.AsType[*syntax.Error](err); !quotes || !a.conceals(syntax.Mentions(e.Tree())) {
		return err
	}
	return fmt.Errorf("%w: %s cannot be answered, and why may not be read here", privacy.ErrNotAllowed, e)
}
