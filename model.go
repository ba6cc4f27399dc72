package portrait

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/yamlfile"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// Model is the whole declaration of a DB: a plain value. DB.Apply makes it
// real. docs/model.md has a commented example of its file form.
type Model struct {
	// Zone is the time zone (IANA name) that civil days are counted in. Empty
	// means UTC.
	Zone string
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
	// Tags are the live labels.
	Tags []tags.Definition
}

// Trait declares one trait: an attribute (Type, Merge) or a computed one
// (Compute).
type Trait struct {
	// Type is the kind of an attribute's value. The zero value is a string.
	Type profile.Kind
	// Of is the kind of a set's elements. The zero value is a string.
	Of profile.Kind
	// Merge says how the values told become one.
	Merge profile.Policy
	// Compute makes the trait the value of an aggregate, such as
	// `count("Order Completed")`; Type, Of and Merge are then unused.
	Compute string
	// Index keeps the trait in the segment index: a bitmap per value for
	// strings, booleans and sets, a column for numbers and times. Segments over
	// other traits read every profile.
	Index bool
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
		n.Normalize, n.Blocked, n.BlockedPatterns = slices.Clone(n.Normalize), slices.Clone(n.Blocked), slices.Clone(n.BlockedPatterns)
		n.BlockedBy, n.MaxEdges = slices.Clone(n.BlockedBy), maps.Clone(n.MaxEdges)
	}
	m.Events = maps.Clone(m.Events)
	for name, f := range m.Events {
		m.Events[name] = profile.Folds{Numbers: slices.Clone(f.Numbers), Uniques: slices.Clone(f.Uniques)}
	}
	m.Traits = maps.Clone(m.Traits)
	m.Tags = slices.Clone(m.Tags)
	return m
}

// modelFile is the file form of a Model.
type modelFile struct {
	Zone     string               `yaml:"zone,omitempty" json:"zone,omitempty"`
	Identity identityFile         `yaml:"identity,omitempty" json:"identity,omitzero"`
	Events   map[string]foldsFile `yaml:"events,omitempty" json:"events,omitempty"`
	Traits   map[string]traitFile `yaml:"traits,omitempty" json:"traits,omitempty"`
	Tags     map[string]tagFile   `yaml:"tags,omitempty" json:"tags,omitempty"`
}

type foldsFile struct {
	Numbers []string `yaml:"numbers,omitempty" json:"numbers,omitempty"`
	Unique  []string `yaml:"unique,omitempty" json:"unique,omitempty"`
}

type traitFile struct {
	Type    string `yaml:"type,omitempty" json:"type,omitempty"`
	Of      string `yaml:"of,omitempty" json:"of,omitempty"`
	Merge   string `yaml:"merge,omitempty" json:"merge,omitempty"`
	Compute string `yaml:"compute,omitempty" json:"compute,omitempty"`
	Index   bool   `yaml:"index,omitempty" json:"index,omitempty"`
}

type tagFile struct {
	Rule        string       `yaml:"rule" json:"rule"`
	Description string       `yaml:"description,omitempty" json:"description,omitempty"`
	Version     yamlfile.Int `yaml:"version,omitempty" json:"version,omitempty"`
}

func (f *modelFile) model() (Model, error) {
	m := Model{Zone: f.Zone}
	var faults []error
	m.Identity, faults = f.Identity.config()
	for name, e := range f.Events {
		if m.Events == nil {
			m.Events = map[string]profile.Folds{}
		}
		m.Events[name] = profile.Folds{Numbers: e.Numbers, Uniques: e.Unique}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Traits)) {
		t, err := f.Traits[name].trait(name)
		faults = append(faults, err)
		if m.Traits == nil {
			m.Traits = map[string]Trait{}
		}
		m.Traits[name] = t
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tags)) {
		t := f.Tags[name]
		rule, err := tags.Parse(t.Rule)
		if err != nil {
			faults = append(faults, fmt.Errorf("tag %q: %w", name, err))
			continue
		}
		m.Tags = append(m.Tags, tags.Definition{Name: name, Rule: rule, Description: t.Description, Version: int(t.Version)})
	}
	if err := errors.Join(faults...); err != nil {
		return Model{}, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return m, nil
}

func (f traitFile) trait(name string) (Trait, error) {
	t := Trait{Type: profile.KindString, Compute: f.Compute, Index: f.Index}
	var faults []error
	kind := func(field, text string, into *profile.Kind) {
		if text == "" {
			return
		}
		k, ok := profile.ParseKind(text)
		if !ok || k == profile.KindNull {
			faults = append(faults, fmt.Errorf("trait %q: unknown %s %q", name, field, text))
		}
		*into = k
	}
	kind("type", f.Type, &t.Type)
	kind("of", f.Of, &t.Of)
	if f.Merge != "" {
		p, ok := profile.ParsePolicy(f.Merge)
		if !ok {
			faults = append(faults, fmt.Errorf("trait %q: unknown merge policy %q", name, f.Merge))
		}
		t.Merge = p
	}
	if f.Compute != "" && (f.Type != "" || f.Of != "" || f.Merge != "") {
		faults = append(faults, fmt.Errorf("trait %q: a computed trait has no type, of or merge", name))
	}
	return t, errors.Join(faults...)
}

func fileOf(m Model) modelFile {
	f := modelFile{
		Zone:     m.Zone,
		Identity: identityFileOf(m.Identity),
	}
	if len(m.Events) > 0 {
		f.Events = map[string]foldsFile{}
		for name, e := range m.Events {
			f.Events[name] = foldsFile{Numbers: e.Numbers, Unique: e.Uniques}
		}
	}
	if len(m.Traits) > 0 {
		f.Traits = map[string]traitFile{}
		for name, t := range m.Traits {
			f.Traits[name] = t.file()
		}
	}
	if len(m.Tags) > 0 {
		f.Tags = map[string]tagFile{}
		for _, t := range m.Tags {
			f.Tags[t.Name] = tagFile{Rule: t.Rule.String(), Description: t.Description, Version: yamlfile.Int(t.Version)}
		}
	}
	return f
}

func (t Trait) file() traitFile {
	if t.Compute != "" {
		return traitFile{Compute: t.Compute, Index: t.Index}
	}
	f := traitFile{Type: t.kind().String(), Index: t.Index, Merge: t.Merge.String()}
	if f.Type == profile.KindSet.String() {
		f.Of = t.elem().String()
	}
	return f
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

// aggregate parses what a computed trait computes.
func (t Trait) aggregate(name string) (*syntax.Aggregate, error) {
	e, err := syntax.Parse("exists(" + t.Compute + ")")
	if err != nil {
		return nil, fmt.Errorf("trait %q: %w", name, err)
	}
	if x, ok := e.(*syntax.Exists); ok {
		if a, ok := x.X.(*syntax.Aggregate); ok {
			return a, nil
		}
	}
	return nil, fmt.Errorf("trait %q: %q is no aggregate, such as count(\"Order Completed\")", name, t.Compute)
}

func (m *Model) location() (*time.Location, error) {
	if m.Zone == "Local" {
		return nil, errors.New(`zone: "Local" is another zone on another machine: name it, such as "Asia/Shanghai"`)
	}
	loc, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	return loc, nil
}
