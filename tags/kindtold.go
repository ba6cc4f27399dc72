package tags

import (
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Told says who tells the values of a tag. Both are kept alike.
type Told string

// Who tells.
const (
	Manual   Told = "manual"   // people
	Imported Told = "imported" // other systems
)

// The attributes that keep what is told of a tag: the value, until when it holds
// and who told it. One event tells all three, so that they change together. Each
// prefix is that of no other: the name of a tag may end in anything.
const (
	toldValue = "$tag."
	toldUntil = "$tag_until."
	toldBy    = "$tag_by."
)

// Assign returns the traits of an Identify event that gives a profile a told tag. A
// store refuses the event where its model declares no such tag, or the value is none of
// the tag's choices.
// Value may be empty for a tag without values. Without an until, the zero time, it
// holds until it is taken away. By says who tells it and may be empty. What is told
// last holds, of several profiles that become one too.
func Assign(tag, value string, until time.Time, by string) map[string]profile.Value {
	traits := map[string]profile.Value{toldValue + tag: profile.String(value), toldUntil + tag: {}, toldBy + tag: {}}
	if !until.IsZero() {
		traits[toldUntil+tag] = profile.Time(until)
	}
	if by != "" {
		traits[toldBy+tag] = profile.String(by)
	}
	return traits
}

// Unassign returns the traits of an Identify event that takes a told tag away.
func Unassign(tag, by string) map[string]profile.Value {
	traits := Assign(tag, "", time.Time{}, by)
	traits[toldValue+tag] = profile.Value{}
	return traits
}

// Assignment is what was told last of a tag.
type Assignment struct {
	// Value is empty for a tag without values.
	Value string
	// Until is when it ends; the zero time where it does not end by itself.
	Until time.Time
	// By says who told it, or is empty.
	By string
}

// Assigned returns what a state was told of a tag; ok is false where it was told
// nothing, or that the tag was taken away. It does not ask whether Until has passed.
func Assigned(st *profile.State, tag string) (a Assignment, ok bool) {
	v, ok := st.Attr(toldValue+tag, profile.Latest)
	if !ok || v.Kind() != profile.KindString {
		return Assignment{}, false
	}
	a.Value = v.Text()
	if until, ok := st.Attr(toldUntil+tag, profile.Latest); ok && until.Kind() == profile.KindTime {
		a.Until = until.Instant().Time()
	}
	if by, ok := st.Attr(toldBy+tag, profile.Latest); ok {
		a.By = by.Text()
	}
	return a, true
}

// ToldTag returns the tag that a trait of an event tells of, as those of Assign
// and Unassign do, or "". IsValue says that the trait is the tag's value.
func ToldTag(trait string) (tag string, isValue bool) {
	if !strings.HasPrefix(trait, "$tag") {
		return "", false
	}
	for _, prefix := range [...]string{toldValue, toldUntil, toldBy} {
		if tag, ok := strings.CutPrefix(trait, prefix); ok {
			return tag, prefix == toldValue
		}
	}
	return "", false
}

// Attributes returns the attributes that a told tag keeps, which a model must
// declare for it; nil for a tag of another kind.
func (d Definition) Attributes() map[string]profile.Attribute {
	if d.Kind() != ByTelling {
		return nil
	}
	return map[string]profile.Attribute{
		toldValue + d.Name: {Kind: profile.KindString, Policy: profile.Latest},
		toldUntil + d.Name: {Kind: profile.KindTime, Policy: profile.Latest},
		toldBy + d.Name:    {Kind: profile.KindString, Policy: profile.Latest},
	}
}

// told returns the condition under which the tag, or a value of it, was told and
// still holds.
func (d *Definition) told(value string) (syntax.Expr, bool) {
	x := told(d.Name, toldValue)
	is := syntax.Expr(&syntax.Exists{X: x, Pos: -1})
	switch {
	case value != "" && len(d.Choices) > 0 && !slices.Contains(d.Choices, value):
		return nil, false
	case value != "":
		is = &syntax.Compare{Op: syntax.Eq, L: x, R: textLiteral(value), Pos: -1}
	case len(d.Choices) > 0:
		list := make([]profile.Value, len(d.Choices))
		for i, c := range d.Choices {
			list[i] = profile.String(c)
		}
		is = &syntax.In{X: x, List: list, Pos: -1}
	}
	until := told(d.Name, toldUntil)
	return &syntax.And{X: []syntax.Expr{is, &syntax.Or{X: []syntax.Expr{
		&syntax.Exists{X: until, Missing: true, Pos: -1},
		&syntax.Compare{Op: syntax.Lt, L: &syntax.Now{Pos: -1}, R: until, Pos: -1},
	}}}}, true
}

func told(tag, what string) *syntax.Trait { return &syntax.Trait{Name: what + tag, Pos: -1} }
