package portrait

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/yamlfile"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// Model is the whole declaration of a DB: a plain value. DB.Apply makes it
// real. docs/model.md has a commented example of its file form.
type Model struct {
	// Zone is the time zone (IANA name) that civil days are counted in. Empty
	// means UTC.
	Zone string
	// Week is the day that weeks begin on, in English and lower case. Empty means
	// monday.
	Week string
	// Identity declares the namespaces. Without any, those of identity.Default are
	// used.
	Identity identity.Config
	// Events declares, by event name, which properties are folded. The count
	// and the times of every event name are kept without a declaration.
	Events map[string]profile.Folds
	// Traits declares attributes and computed traits by name. Attributes that
	// are told but not declared are kept as "latest" and shown, but no rule can
	// read them.
	Traits map[string]Trait
	// Interests are scores that fade.
	Interests []tags.Interest
	// Places are parts of the Earth that rules call by name.
	Places []tags.Place
	// Tags are the live labels.
	Tags []tags.Definition
	// Stages are where a profile stands in its life, in order: it is in the first whose
	// rule holds. The last has no rule and takes in everybody else, so that everybody is in
	// exactly one. They are kept live as the values of a tag called "stage", which rules
	// and segments ask for with stage() = "name".
	Stages []tags.Tier
	// Segments are tracked: their members are kept live, as those of tags are, and
	// who enters and leaves is in the feed. Rules ask for them as for tags, so that a tag
	// and a segment cannot have the same name; a profile does not show them.
	Segments []tags.Definition
	// Purposes are what data is used for, by name. Who may be processed for each is kept live
	// as a tag of the family "consent", which is called "consent:" and the name; rules and
	// segments ask consent("name").
	Purposes map[string]privacy.Purpose
	// Roles say who may read what through a view of DB.For, by name.
	Roles map[string]privacy.Role
	// Log says which events are kept, and for how long.
	Log LogPolicy
}

// Trait declares one trait: an attribute (Type, Merge) or a computed one
// (Compute).
type Trait struct {
	// Type is the kind of an attribute's value. The zero value is a string. Of a
	// computed trait whose kind does not follow from what it computes, such as the
	// most frequent value of a property, it is the kind that counts: other values are
	// missing. The zero value is then any.
	Type profile.Kind
	// Of is the kind of a set's elements. The zero value is a string.
	Of profile.Kind
	// Merge says how the values told become one.
	Merge profile.Policy
	// Retain is for how long after the time of its event a value that was told is kept,
	// from an hour to 200 years: from then on the trait is missing, exactly. Under profile.Latest
	// and profile.NonEmpty what was told before does not come back; under profile.First what
	// was told after it does not take its place. No other policy has it. Zero is for ever. The
	// bytes go with the next Purge.
	Retain time.Duration
	// Compute makes the trait what an operand of the language gives, such as
	// `count("Order Completed", last("30d"))` or `spent / orders`; Of and Merge are
	// then unused.
	Compute string
	// Index keeps the trait in the segment index: a bitmap per value for
	// strings, booleans and sets, a column for numbers and times. Segments over
	// other traits read every profile. A computed trait that changes with time costs
	// a deadline each time it does.
	Index bool
	// Sensitive hides the trait, and what is computed of it, from the views of [DB.For], but
	// from those of roles that may read it. The host's own views show it. In a store with
	// Options.Shred it cannot be indexed.
	Sensitive bool
}

// LogPolicy says for how long the events of each name are kept beside what was
// folded from them. The zero LogPolicy keeps none.
type LogPolicy struct {
	// Retain is for how long events are kept that Events does not name. Zero keeps
	// none of them; other values are at least an hour.
	Retain time.Duration
	// Events says it by the name of the event; see [profile.Event.CountedName]. Events
	// without such a name go by "$identify", "$group" and "$alias".
	Events map[string]time.Duration
	// Sources bounds it by the source of the event: those of a source that is here are
	// kept no longer than it says, whatever their name; zero keeps none of them. A change
	// governs what comes after it. What is folded from the log of before, and may then
	// be missing some, counts as complete for the shortest time only.
	Sources map[string]time.Duration
}

// The bounds of the time for which an event is kept.
const (
	minRetain = time.Hour
	maxRetain = 73_050 * 24 * time.Hour
)

// validate returns an error for each fault.
func (p LogPolicy) validate() []error {
	var faults []error
	check := func(what string, d time.Duration) {
		if d != 0 && (d < minRetain || d > maxRetain) {
			faults = append(faults, fmt.Errorf("log: %s: %s: want an hour to 200 years, or 0 to keep none", what, d))
		}
	}
	check("retain", p.Retain)
	for _, name := range sortedKeys(p.Events) {
		if err := validName("log: event", name); err != nil {
			faults = append(faults, err)
		}
		check(fmt.Sprintf("event %q", name), p.Events[name])
	}
	for _, name := range sortedKeys(p.Sources) {
		if err := validName("log: source", name); err != nil {
			faults = append(faults, err)
		}
		check(fmt.Sprintf("source %q", name), p.Sources[name])
	}
	return faults
}

// ParseModel reads a model in its YAML or JSON form. Errors name line and column.
func ParseModel(data []byte) (Model, error) {
	var f modelFile
	if err := yamlfile.Decode(data, &f); err != nil {
		return Model{}, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return f.model()
}

// MarshalJSON returns the model in its JSON form, which ParseModel reads: the
// same model gives the same bytes.
func (m Model) MarshalJSON() ([]byte, error) { return json.Marshal(fileOf(m)) }

// stored returns the JSON form, once it is sure that it reads back as the same
// model.
func (m Model) stored() ([]byte, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	back, err := ParseModel(data)
	if err != nil {
		return nil, err
	}
	if again, err := json.Marshal(back); err != nil || !bytes.Equal(data, again) {
		return nil, fmt.Errorf("%w: it holds text that is not valid UTF-8", ErrModel)
	}
	return data, nil
}

// clone returns a model that shares nothing which can be changed.
func (m Model) clone() Model {
	m.Identity.Namespaces = slices.Clone(m.Identity.Namespaces)
	for i := range m.Identity.Namespaces {
		n := &m.Identity.Namespaces[i]
		n.Normalize, n.Match, n.Blocked, n.BlockedPatterns = slices.Clone(n.Normalize), slices.Clone(n.Match), slices.Clone(n.Blocked), slices.Clone(n.BlockedPatterns)
		n.BlockedBy, n.MaxEdges = slices.Clone(n.BlockedBy), maps.Clone(n.MaxEdges)
	}
	m.Events = maps.Clone(m.Events)
	for name, f := range m.Events {
		m.Events[name] = profile.Folds{Numbers: slices.Clone(f.Numbers), Uniques: slices.Clone(f.Uniques)}
	}
	m.Traits = maps.Clone(m.Traits)
	m.Tags, m.Segments, m.Stages = slices.Clone(m.Tags), slices.Clone(m.Segments), slices.Clone(m.Stages)
	for i := range m.Tags {
		m.Tags[i].Tiers, m.Tags[i].Choices = slices.Clone(m.Tags[i].Tiers), slices.Clone(m.Tags[i].Choices)
	}
	m.Interests = slices.Clone(m.Interests)
	for i := range m.Interests {
		m.Interests[i].Sources = slices.Clone(m.Interests[i].Sources)
	}
	m.Places = slices.Clone(m.Places)
	for i := range m.Places {
		m.Places[i].Points, m.Places[i].Area = slices.Clone(m.Places[i].Points), slices.Clone(m.Places[i].Area)
	}
	m.Log.Events, m.Log.Sources = maps.Clone(m.Log.Events), maps.Clone(m.Log.Sources)
	m.Purposes, m.Roles = maps.Clone(m.Purposes), cloneRoles(m.Roles)
	return m
}

// kind returns the declared kind with its default: a union is a set, all else a
// string.
func (t Trait) kind() profile.Kind {
	switch {
	case t.Type == profile.KindList || t.Merge == profile.Union:
		return profile.KindSet
	case t.Type == profile.KindNull:
		return profile.KindString
	}
	return t.Type
}

func (t Trait) elem() profile.Kind {
	if t.Of != profile.KindNull {
		return t.Of
	}
	if t.Merge == profile.Union && t.Type != profile.KindNull && t.Type != profile.KindSet && t.Type != profile.KindList {
		return t.Type
	}
	return profile.KindString
}

// operand parses what a computed trait computes.
func (t Trait) operand(name string) (syntax.Operand, error) {
	x, err := syntax.ParseOperand(t.Compute)
	if err != nil {
		return nil, fmt.Errorf("trait %q: %w", name, err)
	}
	return x, nil
}

func (m *Model) location() (*time.Location, error) {
	if m.Zone == "Local" {
		return nil, errors.New(`zone: "Local" is another zone on another machine: name it, such as "Asia/Shanghai"`)
	}
	loc, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w: want an IANA name, such as \"Asia/Shanghai\"", err)
	}
	return loc, nil
}

// weekdays are the names of the days, sunday first.
var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (m *Model) weekStart() (time.Weekday, error) {
	if m.Week == "" {
		return time.Monday, nil
	}
	i := slices.Index(weekdays[:], m.Week)
	if i < 0 {
		return 0, fmt.Errorf("week: %q is no day: want one of %s", m.Week, strings.Join(weekdays[:], ", "))
	}
	return time.Weekday(i), nil
}
