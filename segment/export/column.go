package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// Column is one column of an export, made by [ParseColumns].
type Column struct {
	source source
	name   string // of the namespace, trait, tag or event
	header string
	kind   profile.Kind
}

// source says where a column has its values from.
type source uint8

const (
	sourceID source = iota
	sourceIdentifier
	sourceIdentifiers
	sourceTrait
	sourceTag
	sourceTagValue
	sourceTags
	sourceCount
	sourceFirst
	sourceLast
)

// spec is how the columns of a source are written.
type spec struct {
	word   string
	source source
	alone  bool // the word is a column by itself
	named  bool // the word is a column with a name after it
	kind   profile.Kind
}

// specs is read only.
var specs = [...]spec{
	{"id", sourceID, true, false, profile.KindNumber},
	{"identifier", sourceIdentifier, false, true, profile.KindString},
	{"identifiers", sourceIdentifiers, true, true, profile.KindList},
	{"trait", sourceTrait, false, true, profile.KindNull},
	{"tag", sourceTag, false, true, profile.KindBool},
	{"value", sourceTagValue, false, true, profile.KindNull},
	{"tags", sourceTags, true, false, profile.KindList},
	{"count", sourceCount, true, true, profile.KindNumber},
	{"first", sourceFirst, true, true, profile.KindTime},
	{"last", sourceLast, true, true, profile.KindTime},
}

// ParseColumns reads the columns of an export, in order:
//
//	id                   the profile's ID
//	identifier:email     its strongest identifier of a namespace
//	identifiers:email    all of them, a list
//	identifiers          those of all namespaces, a list of "namespace:value"
//	trait:city           a trait
//	tag:VIP              whether it has a tag
//	value:level          the value, or values, of a tag
//	tags                 the names of all its tags, a list
//	count                how many events it has
//	count:Order Placed   how many of that name
//	first, last          when the earliest and the latest event happened
//	first:Order Placed   when the earliest of that name did; so with last
//
// A column is headed by its own text, or by what stands before an equals sign and
// holds no colon: "city=trait:home_city". Headers must differ.
//
// A nil schema checks no names. The error joins one for each fault, which names
// the column and, where one is near, the name that was probably meant.
func ParseColumns(schema *Schema, texts ...string) ([]Column, error) {
	if len(texts) == 0 {
		return nil, errors.New("export: no columns")
	}
	columns := make([]Column, len(texts))
	headers := make(map[string]int, len(texts))
	var faults []error
	for i, text := range texts {
		c, err := parseColumn(schema, text)
		if err == nil {
			if other, taken := headers[c.header]; taken {
				err = fmt.Errorf("column %d is headed %q too", other, c.header)
			}
			headers[c.header] = i + 1
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("export: column %d, %q: %w", i+1, text, err))
		}
		columns[i] = c
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return columns, nil
}

func parseColumn(schema *Schema, text string) (Column, error) {
	c := Column{header: text}
	if !utf8.ValidString(text) {
		return c, errNotUTF8
	}
	if end := strings.IndexAny(text, ":="); end >= 0 && text[end] == '=' {
		if c.header = text[:end]; c.header == "" {
			return c, errors.New("the header is empty")
		}
		text = text[end+1:]
	}
	word, name, named := strings.Cut(text, ":")
	i := slices.IndexFunc(specs[:], func(s spec) bool { return s.word == word })
	if i < 0 {
		return c, unknown("column", word, names(specs[:], func(s spec) string { return s.word }))
	}
	spec := specs[i]
	switch {
	case named && !spec.named:
		return c, fmt.Errorf("%s takes no name", word)
	case !named && !spec.alone, named && name == "":
		return c, fmt.Errorf("want a name after %s, as in %s:NAME", word, word)
	}
	c.source, c.name, c.kind = spec.source, name, spec.kind
	var err error
	switch c.source {
	case sourceIdentifier, sourceIdentifiers:
		if named {
			err = schema.namespace(name)
		}
	case sourceTrait:
		c.kind, err = schema.trait(name)
	case sourceTag:
		_, err = schema.tag(name)
	case sourceTagValue:
		c.kind, err = schema.tag(name)
	}
	return c, err
}

// Header is what the column is called in the file.
func (c Column) Header() string { return c.header }

// String returns the text that ParseColumns reads the column from.
func (c Column) String() string {
	i := slices.IndexFunc(specs[:], func(s spec) bool { return s.source == c.source })
	text := specs[i].word
	if c.name != "" {
		text += ":" + c.name
	}
	if c.header != text {
		text = c.header + "=" + text
	}
	return text
}

// Kind is that of the column's values, other than null. It is KindNull for a trait,
// or values of a tag, whose kind no schema told.
func (c Column) Kind() profile.Kind { return c.kind }

// Whole reports whether the values are whole numbers that are never missing:
// Column.Integer has them exactly, beyond 2^53 too.
func (c Column) Whole() bool { return c.source == sourceID || c.source == sourceCount }

// Integer returns the value of a column that is Whole, or 0 for another.
func (c Column) Integer(p *profile.Profile) uint64 {
	switch {
	case c.source == sourceID:
		return uint64(p.ID)
	case c.source != sourceCount:
		return 0
	case c.name == "":
		return p.Events
	}
	stats, _ := c.counter(p)
	return stats.Count
}

// Value returns the column's value for a profile, null where it has none. The
// memory is shared with the profile.
func (c Column) Value(p *profile.Profile) profile.Value {
	switch c.source {
	case sourceID, sourceCount:
		return profile.Number(float64(c.Integer(p)))
	case sourceIdentifier:
		for _, id := range p.Identifiers {
			if id.Namespace == c.name {
				return profile.String(id.Value)
			}
		}
	case sourceIdentifiers:
		return c.identifiers(p)
	case sourceTrait:
		v, _ := p.Trait(c.name)
		return v
	case sourceTag:
		_, has := slices.BinarySearch(p.Tags, c.name)
		return profile.Bool(has)
	case sourceTagValue:
		return p.TagValues[c.name]
	case sourceTags:
		return list(p.Tags, func(tag string) (string, bool) { return tag, true })
	case sourceFirst, sourceLast:
		return c.time(p)
	}
	return profile.Value{}
}

func (c Column) identifiers(p *profile.Profile) profile.Value {
	return list(p.Identifiers, func(id profile.Identifier) (string, bool) {
		if c.name == "" {
			return id.String(), true
		}
		return id.Value, id.Namespace == c.name
	})
}

// time returns when the earliest or the latest event happened.
func (c Column) time(p *profile.Profile) profile.Value {
	if c.name != "" {
		stats, ok := c.counter(p)
		switch {
		case !ok:
			return profile.Value{}
		case c.source == sourceFirst:
			return profile.TimeAt(stats.First)
		}
		return profile.TimeAt(stats.Last)
	}
	at := p.Last
	if c.source == sourceFirst {
		at = p.First
	}
	if at.Equal(time.Time{}) {
		return profile.Value{}
	}
	return profile.Time(at)
}

// counter returns what is kept of the event that the column names.
func (c Column) counter(p *profile.Profile) (profile.EventStats, bool) {
	i, ok := slices.BinarySearchFunc(p.Counters, c.name, func(n profile.Counter, name string) int { return strings.Compare(n.Event, name) })
	if !ok {
		return profile.EventStats{}, false
	}
	return p.Counters[i].EventStats, true
}

// list makes a list of texts.
func list[T any](from []T, text func(T) (string, bool)) profile.Value {
	var vs []profile.Value
	for _, f := range from {
		if s, ok := text(f); ok {
			vs = append(vs, profile.String(s))
		}
	}
	return profile.List(vs...)
}
