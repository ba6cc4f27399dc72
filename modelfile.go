package portrait

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/yamlfile"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// modelFile is the file form of a Model.
type modelFile struct {
	Zone      string                  `yaml:"zone,omitempty" json:"zone,omitempty"`
	Week      string                  `yaml:"week,omitempty" json:"week,omitempty"`
	Identity  identityFile            `yaml:"identity,omitempty" json:"identity,omitzero"`
	Events    map[string]foldsFile    `yaml:"events,omitempty" json:"events,omitempty"`
	Traits    map[string]traitFile    `yaml:"traits,omitempty" json:"traits,omitempty"`
	Interests map[string]interestFile `yaml:"interests,omitempty" json:"interests,omitempty"`
	Places    map[string]placeFile    `yaml:"places,omitempty" json:"places,omitempty"`
	Tags      map[string]tagFile      `yaml:"tags,omitempty" json:"tags,omitempty"`
	Stages    []stageFile             `yaml:"stages,omitempty" json:"stages,omitempty"`
	Segments  map[string]tagFile      `yaml:"segments,omitempty" json:"segments,omitempty"`
	Purposes  map[string]purposeFile  `yaml:"purposes,omitempty" json:"purposes,omitempty"`
	Roles     map[string]roleFile     `yaml:"roles,omitempty" json:"roles,omitempty"`
	Log       logFile                 `yaml:"log,omitempty" json:"log,omitzero"`
}

type foldsFile struct {
	Numbers []string `yaml:"numbers,omitempty" json:"numbers,omitempty"`
	Unique  []string `yaml:"unique,omitempty" json:"unique,omitempty"`
}

type traitFile struct {
	Type    string `yaml:"type,omitempty" json:"type,omitempty"`
	Of      string `yaml:"of,omitempty" json:"of,omitempty"`
	Merge   string `yaml:"merge,omitempty" json:"merge,omitempty"`
	Retain  string `yaml:"retain,omitempty" json:"retain,omitempty"`
	Compute string `yaml:"compute,omitempty" json:"compute,omitempty"`
	Index   bool   `yaml:"index,omitempty" json:"index,omitempty"`
	// Sensitive is of both kinds of trait.
	Sensitive bool `yaml:"sensitive,omitempty" json:"sensitive,omitempty"`
}

type tagFile struct {
	Rule        string       `yaml:"rule,omitempty" json:"rule,omitempty"`
	Tiers       []tierFile   `yaml:"tiers,omitempty" json:"tiers,omitempty"`
	Else        string       `yaml:"else,omitempty" json:"else,omitempty"`
	Value       string       `yaml:"value,omitempty" json:"value,omitempty"`
	Told        string       `yaml:"told,omitempty" json:"told,omitempty"`
	Choices     []string     `yaml:"choices,omitempty" json:"choices,omitempty"`
	Query       bool         `yaml:"query,omitempty" json:"query,omitempty"`
	Family      string       `yaml:"family,omitempty" json:"family,omitempty"`
	Group       string       `yaml:"group,omitempty" json:"group,omitempty"`
	Owner       string       `yaml:"owner,omitempty" json:"owner,omitempty"`
	Description string       `yaml:"description,omitempty" json:"description,omitempty"`
	Version     yamlfile.Int `yaml:"version,omitempty" json:"version,omitempty"`
	Since       string       `yaml:"since,omitempty" json:"since,omitempty"`
	Until       string       `yaml:"until,omitempty" json:"until,omitempty"`
	Expires     string       `yaml:"expires,omitempty" json:"expires,omitempty"`
}

type tierFile struct {
	Value string `yaml:"value" json:"value"`
	Rule  string `yaml:"rule" json:"rule"`
}

type stageFile struct {
	Name string `yaml:"name" json:"name"`
	Rule string `yaml:"rule,omitempty" json:"rule,omitempty"`
}

type interestFile struct {
	HalfLife string       `yaml:"half_life" json:"half_life"`
	From     []sourceFile `yaml:"from" json:"from"`
}

type sourceFile struct {
	Event    string  `yaml:"event" json:"event"`
	Property string  `yaml:"property" json:"property"`
	Where    string  `yaml:"where,omitempty" json:"where,omitempty"`
	Weight   float64 `yaml:"weight,omitempty" json:"weight,omitempty"`
	By       string  `yaml:"by,omitempty" json:"by,omitempty"`
}

type logFile struct {
	Retain string            `yaml:"retain,omitempty" json:"retain,omitempty"`
	Events map[string]string `yaml:"events,omitempty" json:"events,omitempty"`
	// Sources is by source.
	Sources map[string]string `yaml:"sources,omitempty" json:"sources,omitempty"`
}

func (f *modelFile) model() (Model, error) {
	m := Model{Zone: f.Zone, Week: f.Week}
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
	for _, name := range slices.Sorted(maps.Keys(f.Interests)) {
		interest, err := f.Interests[name].interest(name)
		faults = append(faults, err)
		m.Interests = append(m.Interests, interest)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Places)) {
		place, err := f.Places[name].place(name)
		faults = append(faults, err)
		m.Places = append(m.Places, place)
	}
	var err error
	m.Tags, err = definitions("tag", f.Tags)
	faults = append(faults, err)
	m.Stages, err = stages(f.Stages)
	faults = append(faults, err)
	m.Segments, err = definitions("segment", f.Segments)
	faults = append(faults, err)
	m.Roles = roles(f.Roles)
	m.Purposes, err = purposes(f.Purposes)
	faults = append(faults, err)
	m.Log, err = f.Log.policy()
	faults = append(faults, err)
	if err := errors.Join(faults...); err != nil {
		return Model{}, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return m, nil
}

func definitions(what string, files map[string]tagFile) ([]tags.Definition, error) {
	var defs []tags.Definition
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		t := files[name]
		def, err := t.definition(name)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", what, name, err))
			continue
		}
		defs = append(defs, def)
	}
	return defs, errors.Join(faults...)
}

func (f tagFile) definition(name string) (tags.Definition, error) {
	d := tags.Definition{
		Name: name, Else: f.Else, Told: tags.Told(f.Told), Choices: f.Choices, Query: f.Query, Family: f.Family, Group: f.Group, Owner: f.Owner, Description: f.Description,
		Version: int(f.Version), Since: f.Since, Until: f.Until, Expires: f.Expires,
	}
	var faults []error
	rule := func(part, text string) (r tags.Rule) {
		if text == "" {
			return r
		}
		r, err := tags.Parse(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s%w", part, err))
		}
		return r
	}
	d.Rule = rule("", f.Rule)
	for i, t := range f.Tiers {
		d.Tiers = append(d.Tiers, tags.Tier{Value: t.Value, Rule: rule(fmt.Sprintf("tier %d: ", i+1), t.Rule)})
	}
	if f.Value != "" {
		var err error
		if d.Value, err = tags.ParseFormula(f.Value); err != nil {
			faults = append(faults, fmt.Errorf("value: %w", err))
		}
	}
	return d, errors.Join(faults...)
}

func definitionFile(d tags.Definition) tagFile {
	f := tagFile{
		Rule: d.Rule.String(), Else: d.Else, Value: d.Value.String(), Told: string(d.Told), Choices: d.Choices, Query: d.Query, Family: d.Family, Group: d.Group,
		Owner: d.Owner, Description: d.Description, Version: yamlfile.Int(d.Version), Since: d.Since, Until: d.Until,
		Expires: d.Expires,
	}
	for _, t := range d.Tiers {
		f.Tiers = append(f.Tiers, tierFile{Value: t.Value, Rule: t.Rule.String()})
	}
	return f
}

func (f interestFile) interest(name string) (tags.Interest, error) {
	i := tags.Interest{Name: name}
	var faults []error
	fault := func(err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("interest %q: %w", name, err))
		}
	}
	var err error
	i.HalfLife, err = parseSpan("half_life", f.HalfLife)
	fault(err)
	for _, s := range f.From {
		source := tags.InterestSource{Event: s.Event, Property: s.Property, Weight: s.Weight, By: s.By}
		if s.Where != "" {
			source.Where, err = tags.Parse(s.Where)
			fault(err)
		}
		i.Sources = append(i.Sources, source)
	}
	return i, errors.Join(faults...)
}

func (f logFile) policy() (LogPolicy, error) {
	var p LogPolicy
	var faults []error
	read := func(field, text string) time.Duration {
		d, err := parseSpan("log: "+field, text)
		faults = append(faults, err)
		return d
	}
	if f.Retain != "" {
		p.Retain = read("retain", f.Retain)
	}
	all := func(what string, texts map[string]string) (spans map[string]time.Duration) {
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			if spans == nil {
				spans = map[string]time.Duration{}
			}
			spans[name] = read(what+" "+strconv.Quote(name), texts[name])
		}
		return spans
	}
	p.Events, p.Sources = all("event", f.Events), all("source", f.Sources)
	return p, errors.Join(faults...)
}

// parseSpan reads an exact length of time, such as "36h" or "90d".
func parseSpan(field, text string) (time.Duration, error) {
	d, err := syntax.ParseSpan(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", field, err)
	}
	return d, nil
}

func (f traitFile) trait(name string) (Trait, error) {
	t := Trait{Type: profile.KindString, Compute: f.Compute, Index: f.Index, Sensitive: f.Sensitive}
	if f.Compute != "" {
		t.Type = profile.KindNull
	}
	var faults []error
	kind := func(field, text string, into *profile.Kind) {
		if text == "" {
			return
		}
		k, ok := profile.ParseKind(text)
		if !ok || k == profile.KindNull {
			faults = append(faults, fmt.Errorf("trait %q: unknown %s %q: want string, number, bool, time, point or set", name, field, text))
		}
		*into = k
	}
	kind("type", f.Type, &t.Type)
	kind("of", f.Of, &t.Of)
	if f.Merge != "" {
		p, ok := profile.ParsePolicy(f.Merge)
		if !ok {
			faults = append(faults, fmt.Errorf("trait %q: unknown merge policy %q: want latest, first, max, min, sum, union or nonEmpty", name, f.Merge))
		}
		t.Merge = p
	}
	if f.Retain != "" {
		d, err := parseSpan(fmt.Sprintf("trait %q: retain", name), f.Retain)
		if err == nil && d == 0 {
			err = fmt.Errorf("trait %q: retain %s: want an hour to 200 years", name, f.Retain)
		}
		faults = append(faults, err)
		t.Retain = d
	}
	if f.Compute != "" && (f.Of != "" || f.Merge != "") {
		faults = append(faults, fmt.Errorf("trait %q: a computed trait has no of or merge", name))
	}
	return t, errors.Join(faults...)
}

func fileOf(m Model) modelFile {
	f := modelFile{
		Zone:     m.Zone,
		Week:     m.Week,
		Identity: identityFileOf(m.Identity),
		Tags:     definitionFiles(m.Tags),
		Stages:   stageFiles(m.Stages),
		Segments: definitionFiles(m.Segments),
		Purposes: purposeFiles(m.Purposes),
		Roles:    roleFiles(m.Roles),
		Log:      m.Log.file(),
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
	if len(m.Interests) > 0 {
		f.Interests = map[string]interestFile{}
		for _, i := range m.Interests {
			f.Interests[i.Name] = interestFileOf(i)
		}
	}
	if len(m.Places) > 0 {
		f.Places = map[string]placeFile{}
		for _, p := range m.Places {
			f.Places[p.Name] = placeFileOf(p)
		}
	}
	return f
}

func definitionFiles(defs []tags.Definition) map[string]tagFile {
	if len(defs) == 0 {
		return nil
	}
	files := map[string]tagFile{}
	for _, t := range defs {
		files[t.Name] = definitionFile(t)
	}
	return files
}

func interestFileOf(i tags.Interest) interestFile {
	f := interestFile{HalfLife: syntax.PrintSpan(i.HalfLife)}
	for _, s := range i.Sources {
		f.From = append(f.From, sourceFile{Event: s.Event, Property: s.Property, Where: s.Where.String(), Weight: s.Weight, By: s.By})
	}
	return f
}

func (p LogPolicy) file() logFile {
	var f logFile
	if p.Retain != 0 {
		f.Retain = syntax.PrintSpan(p.Retain)
	}
	all := func(spans map[string]time.Duration) (texts map[string]string) {
		for name, d := range spans {
			if texts == nil {
				texts = map[string]string{}
			}
			texts[name] = syntax.PrintSpan(d)
		}
		return texts
	}
	f.Events, f.Sources = all(p.Events), all(p.Sources)
	return f
}

func (t Trait) file() traitFile {
	if t.Compute != "" {
		f := traitFile{Compute: t.Compute, Index: t.Index, Sensitive: t.Sensitive}
		if t.Type != profile.KindNull {
			f.Type = t.Type.String()
		}
		return f
	}
	f := traitFile{Type: t.kind().String(), Index: t.Index, Merge: t.Merge.String(), Sensitive: t.Sensitive}
	if f.Type == profile.KindSet.String() {
		f.Of = t.elem().String()
	}
	if t.Retain != 0 {
		f.Retain = syntax.PrintSpan(t.Retain)
	}
	return f
}
