package tags

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Kind is how a tag comes about.
type Kind uint8

// The kinds of tags.
const (
	Undefined Kind = iota // neither a rule nor anything else is given
	ByRule                // a condition
	ByTiers               // the value of the first of several conditions that holds
	ByValue               // the values that a formula gives
	ByTelling             // values told from outside
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"undefined", "rule", "tiers", "value", "told"}[min(k, ByTelling)]
}

// Kind returns how the tag comes about.
func (d Definition) Kind() Kind {
	switch {
	case !d.Rule.IsZero():
		return ByRule
	case len(d.Tiers) > 0:
		return ByTiers
	case !d.Value.IsZero():
		return ByValue
	case d.Told != "":
		return ByTelling
	}
	return Undefined
}

// given names what says who has the tag.
func (d *Definition) given() (names []string) {
	for _, g := range [...]struct {
		name string
		is   bool
	}{{"a rule", !d.Rule.IsZero()}, {"tiers", len(d.Tiers) > 0}, {"a value", !d.Value.IsZero()}, {"told", d.Told != ""}} {
		if g.is {
			names = append(names, g.name)
		}
	}
	return names
}

// Holds returns the condition under which a profile has the tag, or with a value
// other than "" the one under which it has the tag with that value. ok is false
// where the tag cannot have that value. The tree is not checked; of s only the
// kind of what Value gives is asked.
func (d Definition) Holds(value string, s syntax.Scope) (e syntax.Expr, ok bool) {
	switch d.Kind() {
	case ByRule:
		e, ok = d.Rule.Tree(), value == ""
	case ByTiers:
		e, ok = d.tier(value)
	case ByValue:
		e, ok = gives(d.Value.Tree(), value, s)
	case ByTelling:
		e, ok = d.told(value)
	}
	if !ok {
		return nil, false
	}
	if when := d.effect(); len(when) > 0 {
		e = &syntax.And{X: append(when, e)}
	}
	return e, true
}

// Values returns the values that the tag may have, where it declares them: those
// of the tiers in their order, then Else, or the Choices. The slice is the caller's.
func (d Definition) Values() []string {
	values := slices.Clone(d.Choices)
	for i := range d.Tiers {
		values = append(values, d.Tiers[i].Value)
	}
	if d.Else != "" {
		values = append(values, d.Else)
	}
	return values
}

// Operand returns what gives the tag its values: of a profile that has the tag
// they are this operand's value, or the elements of the list or set that it is. Of
// one that has not the operand says nothing. It is nil for a tag without values.
func (d Definition) Operand() syntax.Operand {
	switch d.Kind() {
	case ByTiers:
		return d.tiers()
	case ByValue:
		return d.Value.Tree()
	case ByTelling:
		return told(d.Name, toldValue)
	}
	return nil
}

// Check holds every rule and formula of the definition against a model. The error
// joins every fault and names the part, line and column.
func (d Definition) Check(s syntax.Scope) error {
	if err := d.Validate(); err != nil {
		return err
	}
	var faults []error
	hold := syntax.Check
	if d.Query {
		hold = syntax.CheckAsked
	}
	check := func(part string, e syntax.Expr, locate func(error) error) {
		if _, err := hold(e, s); err != nil {
			faults = append(faults, fmt.Errorf("tag %q%s: %w", shorten(d.Name), part, locate(err)))
		}
	}
	switch d.Kind() {
	case ByRule:
		check("", d.Rule.Tree(), d.Rule.Locate)
	case ByTiers:
		for _, t := range d.Tiers {
			check(fmt.Sprintf(", tier %q", shorten(t.Value)), t.Rule.Tree(), t.Rule.Locate)
		}
	case ByValue:
		check(", value", &syntax.Exists{X: d.Value.Tree(), Pos: -1}, d.Value.Locate)
	}
	if len(faults) == 0 {
		// Each part may be within the limits, and the whole not.
		if e, ok := d.Holds("", s); ok {
			check("", e, func(err error) error { return err })
		}
		if x := d.Operand(); x != nil {
			check(", its values", &syntax.Exists{X: x, Pos: -1}, func(err error) error { return err })
		}
	}
	return errors.Join(faults...)
}

// tier returns the condition of one tier: its own, and none of those before it.
func (d *Definition) tier(value string) (syntax.Expr, bool) {
	rules := make([]syntax.Expr, len(d.Tiers))
	for i := range d.Tiers {
		rules[i] = d.Tiers[i].Rule.Tree()
	}
	i := slices.IndexFunc(d.Tiers, func(t Tier) bool { return t.Value == value })
	switch {
	case value == "" && d.Else != "":
		return &syntax.Const{Value: true}, true
	case value == "":
		return either(rules), true
	case i == 0:
		return rules[0], true
	case i > 0:
		return &syntax.And{X: []syntax.Expr{rules[i], &syntax.Not{X: either(rules[:i])}}}, true
	case value == d.Else:
		return &syntax.Not{X: either(rules)}, true
	}
	return nil, false
}

// either returns the disjunction of conditions, of one that one.
func either(rules []syntax.Expr) syntax.Expr {
	if len(rules) == 1 {
		return rules[0]
	}
	return &syntax.Or{X: rules}
}

// tierBlock is how many tiers are asked one after the other. An operand for many
// tiers asks first in which block the tier is, so that it stays flat.
const tierBlock = 32

// tiers returns the value of the first tier that holds, for profiles that have the
// tag: where there is no Else it is the value of the last tier that is in no other.
func (d *Definition) tiers() syntax.Operand {
	tiers, last := d.Tiers, d.Else
	if last == "" {
		tiers, last = tiers[:len(tiers)-1], tiers[len(tiers)-1].Value
	}
	whole := syntax.Operand(textLiteral(last))
	if len(tiers) <= 2*tierBlock {
		return firstOf(tiers, whole)
	}
	for end := len(tiers); end > 0; {
		from := (end - 1) / tierBlock * tierBlock
		block := tiers[from:end]
		rules := make([]syntax.Expr, len(block))
		for i := range block {
			rules[i] = block[i].Rule.Tree()
		}
		final := textLiteral(block[len(block)-1].Value)
		whole = &syntax.If{Cond: either(rules), Then: firstOf(block[:len(block)-1], final), Else: whole, Pos: -1}
		end = from
	}
	return whole
}

func firstOf(tiers []Tier, last syntax.Operand) syntax.Operand {
	for _, t := range slices.Backward(tiers) {
		last = &syntax.If{Cond: t.Rule.Tree(), Then: textLiteral(t.Value), Else: last, Pos: -1}
	}
	return last
}

// gives returns the condition under which an operand has a value, or is or holds
// the one that a text writes.
func gives(x syntax.Operand, value string, s syntax.Scope) (syntax.Expr, bool) {
	if value == "" {
		return &syntax.Exists{X: x, Pos: -1}, true
	}
	kind, elem, _ := syntax.OperandKind(x, s)
	if !many(kind) {
		list := readings(value, kind)
		return &syntax.In{X: x, List: list, Pos: -1}, len(list) > 0
	}
	list := readings(value, elem)
	return &syntax.Has{Mode: syntax.AnyOf, X: x, List: list, Pos: -1}, len(list) > 0
}

// readings returns the values of a kind that a text writes; of a kind that is not
// known, all that it may write.
func readings(text string, kind profile.Kind) (values []profile.Value) {
	unknown := kind == syntax.Any || kind == profile.KindNull
	if unknown || kind == profile.KindString {
		values = append(values, profile.String(text))
	}
	if kind == profile.KindTime {
		values = append(values, profile.String(text)) // Check reads it as a time.
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) && (unknown || kind == profile.KindNumber) {
		values = append(values, profile.Number(n))
	}
	if (text == "true" || text == "false") && (unknown || kind == profile.KindBool) {
		values = append(values, profile.Bool(text == "true"))
	}
	if lat, lon, ok := strings.Cut(text, ","); ok && kind == profile.KindPoint {
		x, xerr := strconv.ParseFloat(lat, 64)
		y, yerr := strconv.ParseFloat(lon, 64)
		if xerr == nil && yerr == nil {
			values = append(values, profile.Point(x, y))
		}
	}
	return values
}

func textLiteral(text string) *syntax.Literal {
	return &syntax.Literal{Value: profile.String(text), Pos: -1}
}
