package portrait_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// label is a tag or a tracked segment of the model in force, as the naive store is asked
// for it.
type label struct {
	name    string
	segment bool
	rule    syntax.Expr // of a tag that is told: nil
	choices []string    // of a tag that is told: none is all
	// The tag is in effect from since on, and before until; 0: without a bound.
	since, until profile.Instant
	// What says which value: tiers in their order, the last of which may hold of
	// everybody, or an operand. A label without values has neither.
	tiers   []labelTier
	operand syntax.Operand
}

type labelTier struct {
	value profile.Value
	rule  syntax.Expr
}

// labelsOf returns the tags of the model in force and then the tracked segments, each
// by name.
func labelsOf(t *testing.T, db *portrait.DB) []label {
	t.Helper()
	scope, m := portrait.ScopeOf(db), db.Model()
	checked := func(e syntax.Expr) syntax.Expr {
		e, err := syntax.Check(e, scope)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	start := func(date string) profile.Instant {
		if date == "" {
			return 0
		}
		at, err := time.ParseInLocation(time.DateOnly, date, scope.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return profile.InstantOf(at)
	}
	var labels []label
	if n := len(m.Stages) - 1; n > 0 {
		m.Tags = append(m.Tags, tags.Definition{Name: "stage", Tiers: m.Stages[:n], Else: m.Stages[n].Value})
	}
	for name := range m.Purposes {
		m.Tags = append(m.Tags, tags.Definition{Name: "consent:" + name, Rule: tags.MustParse("consent(" + strconv.Quote(name) + ")")})
	}
	slices.SortFunc(m.Tags, func(a, b tags.Definition) int { return cmp.Compare(a.Name, b.Name) })
	for i, defs := range [][]tags.Definition{m.Tags, m.Segments} {
		for _, d := range defs {
			if d.Query {
				continue // it is in no profile
			}
			l := label{name: d.Name, segment: i == 1, choices: d.Choices, since: start(d.Since), until: start(cmp.Or(d.Until, d.Expires))}
			switch {
			case !d.Rule.IsZero():
				l.rule = checked(d.Rule.Tree())
			case !d.Value.IsZero():
				exists := checked(&syntax.Exists{X: d.Value.Tree(), Pos: -1})
				l.rule, l.operand = exists, exists.(*syntax.Exists).X
			case d.Told != "":
				l.operand = &syntax.Trait{Name: "$tag." + d.Name}
			default:
				l.rule = &syntax.Const{Value: false}
			}
			for _, tier := range d.Tiers {
				l.tiers = append(l.tiers, labelTier{profile.String(tier.Value), checked(tier.Rule.Tree())})
			}
			if d.Else != "" {
				l.tiers = append(l.tiers, labelTier{profile.String(d.Else), &syntax.Const{Value: true}})
			}
			labels = append(labels, l)
		}
	}
	return labels
}

// whole names who has the tag, whatever the value, by a name that the feed has not.
func (l *label) whole() string { return anythingOf + l.name }

const anythingOf = "anything of "

// heldBy names what somebody is in: the whole, and what the feed tells apart.
func (l *label) heldBy(p *oracle.Person, scope syntax.Scope, at profile.Instant) []string {
	switch {
	case !l.holds(p, scope, at):
		return nil
	case l.segment:
		return []string{l.whole(), inWhat(portrait.Change{Segment: l.name})}
	case l.tiers == nil && l.operand == nil:
		return []string{l.whole(), inWhat(portrait.Change{Tag: l.name})}
	}
	names := []string{l.whole()}
	for _, text := range textsOf(l.value(p, scope, at)) {
		names = append(names, inWhat(portrait.Change{Tag: l.name, Value: text}))
	}
	return names
}

// holds reports whether somebody has the tag.
func (l *label) holds(p *oracle.Person, scope syntax.Scope, at profile.Instant) bool {
	switch {
	case at < l.since || l.until != 0 && at >= l.until:
		return false
	case l.tiers != nil:
		return !l.value(p, scope, at).IsNull()
	case l.rule != nil:
		return oracle.Eval(l.rule, p, scope, at)
	}
	told := l.value(p, scope, at)
	until, ends := oracle.ValueAt(&syntax.Trait{Name: "$tag_until." + l.name}, p, scope, at)
	return !told.IsNull() && (l.choices == nil || slices.Contains(l.choices, told.Text())) && (!ends || at < until.Instant())
}

// value returns which value, or list of values, somebody who has the tag has of it; null
// where it has none.
func (l *label) value(p *oracle.Person, scope syntax.Scope, at profile.Instant) profile.Value {
	for _, tier := range l.tiers {
		if oracle.Eval(tier.rule, p, scope, at) {
			return tier.value
		}
	}
	if l.operand == nil {
		return profile.Value{}
	}
	v, _ := oracle.ValueAt(l.operand, p, scope, at)
	return v
}

// textsOf returns the values of a tag as the feed writes them.
func textsOf(v profile.Value) (texts []string) {
	switch {
	case v.IsNull():
	case v.Kind() >= profile.KindList:
		for _, x := range v.Elements() {
			texts = append(texts, textsOf(x)...)
		}
	case v.Kind() == profile.KindString:
		texts = append(texts, v.Text())
	default:
		texts = append(texts, v.String())
	}
	return texts
}
