package tags

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What a definition may hold.
const (
	// MaxNameBytes is how long the name of a tag, and a value of it, may be.
	MaxNameBytes = 256
	// MaxTiers is how many tiers or choices a tag may have.
	MaxTiers = 1000
	// MaxGroupDepth is how many groups may lie within each other.
	MaxGroupDepth = 10
)

// Definition declares one tag. Exactly one of Rule, Tiers, Value and Told says
// who has it: [Definition.Kind] tells which. A Definition is a plain value; the
// slices are read only once it is handed over.
type Definition struct {
	// Name is how rules and segments call the tag. Required, valid UTF-8, at most
	// [MaxNameBytes] long.
	Name string `json:"name"`
	// Rule says which profiles have the tag.
	Rule Rule `json:"rule,omitzero"`
	// Tiers give the tag one of their values: that of the first tier whose rule
	// holds. At most [MaxTiers].
	Tiers []Tier `json:"tiers,omitempty"`
	// Else is the value of those in no tier. Empty: they do not have the tag.
	Else string `json:"else,omitempty"`
	// Value gives the tag its values: one, or those of a list or set. Whoever has
	// none does not have the tag.
	Value Formula `json:"value,omitzero"`
	// Told says that values are set from outside, by the events that [Assign] makes.
	Told Told `json:"told,omitempty"`
	// Choices are the values that may be told. None: all.
	Choices []string `json:"choices,omitempty"`

	// Query says that the tag is not kept live but answered when it is asked: it may
	// then say how a profile stands among all (percentile, rank, ntile). It is in no
	// profile and no feed. Not for what is told.
	Query bool `json:"query,omitempty"`

	// Family says what the tag is about: [FamilyBasic], [FamilyDevice],
	// [FamilyBehaviour], or a word of one's own, valid UTF-8 of at most [MaxNameBytes].
	// Empty: a catalogue derives it, see [Entry].
	Family string `json:"family,omitempty"`
	// Group is where the tag stands in the tree of tags, such as "会员/价值". Empty
	// is the root.
	Group string `json:"group,omitempty"`
	// Owner and Description are for people. May be empty.
	Owner       string `json:"owner,omitempty"`
	Description string `json:"description,omitempty"`
	// Version tells definitions of one name apart, for people: it changes nothing
	// else. Not negative.
	Version int `json:"version,omitempty"`

	// Since and Until bound when the tag is in effect: nobody has it before Since,
	// or from Until on. Each is empty or a time as the language writes it, civil
	// ("2026-05-01", in the model's zone) or absolute.
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
	// Expires is when the definition itself is at its end, a time like Until:
	// nobody has the tag from then on, and [Definition.Expired] says so.
	Expires string `json:"expires,omitempty"`
}

// Tier is one value of a tag and the rule for it.
type Tier struct {
	// Value is required, valid UTF-8, at most [MaxNameBytes] long.
	Value string `json:"value"`
	Rule  Rule   `json:"rule"`
}

// Validate returns an error that joins every fault of the definition by itself.
// Whether it fits a model is for [Definition.Check] to say.
func (d Definition) Validate() error {
	v := validator{name: d.Name}
	switch {
	case d.Name == "":
		v.faults = append(v.faults, errors.New("tag: the name is empty"))
	case len(d.Name) > MaxNameBytes:
		v.fault("the name is %d bytes long, %d are allowed", len(d.Name), MaxNameBytes)
	case !utf8.ValidString(d.Name):
		v.fault("the name is not valid UTF-8")
	}
	v.kind(&d)
	v.group(d.Group)
	if len(d.Family) > MaxNameBytes {
		v.fault("the family is %d bytes long, %d are allowed", len(d.Family), MaxNameBytes)
	}
	for _, text := range [...]struct{ what, text string }{{"description", d.Description}, {"owner", d.Owner}, {"family", d.Family}} {
		if !utf8.ValidString(text.text) {
			v.fault("the %s is not valid UTF-8", text.what)
		}
	}
	if d.Version < 0 {
		v.fault("the version is negative")
	}
	v.window(&d)
	return errors.Join(v.faults...)
}

// validator gathers the faults of a definition.
type validator struct {
	name   string
	faults []error
}

func (v *validator) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf("tag %q: "+format, append([]any{shorten(v.name)}, args...)...))
}

// kind refuses a definition of no kind or of several, and what does not belong to
// its kind.
func (v *validator) kind(d *Definition) {
	given := d.given()
	switch {
	case len(given) == 0:
		v.fault("the rule is missing: it wants a rule, tiers, a value, or to be told")
	case len(given) > 1:
		v.fault("it has %s: only one of them can say who has the tag", strings.Join(given, " and "))
	}
	if d.Else != "" && len(d.Tiers) == 0 {
		v.fault("else is of tiers, and it has none")
	}
	if len(d.Choices) > 0 && d.Told == "" {
		v.fault("choices are of what is told, and it is not")
	}
	if d.Told != "" && d.Told != Manual && d.Told != Imported {
		v.fault("told is %q: it is %q or %q", shorten(string(d.Told)), Manual, Imported)
	}
	if d.Told != "" && d.Query {
		v.fault("query is of rules, tiers and values, and it is told")
	}
	seen := map[string]bool{}
	v.count("tiers", len(d.Tiers))
	for i, t := range d.Tiers {
		v.value("tier", i, t.Value, seen)
		if t.Rule.IsZero() {
			v.fault("tier %d, %q: the rule is missing", i+1, shorten(t.Value))
		}
	}
	if d.Else != "" {
		v.value("else after tier", len(d.Tiers)-1, d.Else, seen)
	}
	clear(seen)
	v.count("choices", len(d.Choices))
	for i, c := range d.Choices {
		v.value("choice", i, c, seen)
	}
}

func (v *validator) count(what string, n int) {
	if n > MaxTiers {
		v.fault("it has %d %s, %d are allowed", n, what, MaxTiers)
	}
}

// value checks the i-th value of a list.
func (v *validator) value(what string, i int, value string, seen map[string]bool) {
	switch {
	case value == "":
		v.fault("%s %d: the value is empty", what, i+1)
	case len(value) > MaxNameBytes:
		v.fault("%s %d: the value is %d bytes long, %d are allowed", what, i+1, len(value), MaxNameBytes)
	case !utf8.ValidString(value):
		v.fault("%s %d: the value is not valid UTF-8", what, i+1)
	case seen[value]:
		v.fault("%s %d: the value %q is there twice", what, i+1, shorten(value))
	}
	seen[value] = true
}

func (v *validator) group(path string) {
	if path == "" {
		return
	}
	names := strings.Split(path, "/")
	if len(names) > MaxGroupDepth {
		v.fault("the group is %d levels deep, %d are allowed", len(names), MaxGroupDepth)
	}
	for _, name := range names {
		switch {
		case strings.TrimSpace(name) == "":
			v.fault("the group %q has a level without a name", shorten(path))
			return
		case len(name) > MaxNameBytes:
			v.fault("a level of the group is %d bytes long, %d are allowed", len(name), MaxNameBytes)
		case !utf8.ValidString(name):
			v.fault("the group is not valid UTF-8")
			return
		}
	}
}

// shorten cuts a name for a message.
func shorten(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}
