package portrait

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// purposeFile is the file form of a purpose.
type purposeFile struct {
	Policy    string `yaml:"policy,omitempty" json:"policy,omitempty"`
	MaxAge    string `yaml:"max_age,omitempty" json:"max_age,omitempty"`
	Automated bool   `yaml:"automated,omitempty" json:"automated,omitempty"`
}

func (f purposeFile) purpose(name string) (privacy.Purpose, error) {
	p := privacy.Purpose{Policy: f.Policy, Automated: f.Automated}
	var err error
	if f.MaxAge != "" {
		p.MaxAge, err = parseSpan(fmt.Sprintf("purpose %q: max_age", name), f.MaxAge)
	}
	return p, err
}

// purposes reads the purposes of a model's file.
func purposes(files map[string]purposeFile) (map[string]privacy.Purpose, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var faults []error
	all := map[string]privacy.Purpose{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p, err := files[name].purpose(name)
		faults = append(faults, err)
		all[name] = p
	}
	return all, errors.Join(faults...)
}

// purposeFiles is the file form of purposes.
func purposeFiles(all map[string]privacy.Purpose) map[string]purposeFile {
	if len(all) == 0 {
		return nil
	}
	files := map[string]purposeFile{}
	for name, p := range all {
		f := purposeFile{Policy: p.Policy, Automated: p.Automated}
		if p.MaxAge != 0 {
			f.MaxAge = syntax.PrintSpan(p.MaxAge)
		}
		files[name] = f
	}
	return files
}

// addPurposes declares the purposes, and for each the tag that keeps live who may be
// processed for it.
func (c *catalog) addPurposes(all map[string]privacy.Purpose) []error {
	var faults []error
	for _, name := range sortedKeys(all) {
		p := all[name]
		if err := errors.Join(validName("purpose", name), p.Validate(name)); err != nil {
			faults = append(faults, err)
			continue
		}
		c.purposes[name] = syntax.Purpose{Terms: profile.Terms{Policy: p.Policy, MaxAge: p.MaxAge}, Automated: p.Automated}
		c.fold.Purposes = append(c.fold.Purposes, name)
	}
	return faults
}

// consentTags are the tags of who may be processed for each purpose.
func (m *Model) consentTags() ([]tags.Definition, error) {
	var defs []tags.Definition
	var faults []error
	for _, d := range m.Tags {
		if strings.HasPrefix(d.Name, syntax.ConsentPrefix) {
			faults = append(faults, fmt.Errorf("tag %q: names that begin with %q are of the tags that purposes have", d.Name, syntax.ConsentPrefix))
		}
	}
	for _, name := range sortedKeys(m.Purposes) {
		rule, err := tags.Parse(syntax.Print(&syntax.Consent{Purpose: name}))
		if err != nil {
			continue // The purpose has been refused.
		}
		defs = append(defs, tags.Definition{Name: syntax.ConsentTag(name), Rule: rule, Family: "consent"})
	}
	return defs, errors.Join(faults...)
}

// planPurposes says which purposes are new, changed or dropped.
func (c *catalog) planPurposes(next *catalog, say func(string, ...any)) {
	for _, name := range sortedKeys(next.purposes) {
		switch old, ok := c.purposes[name]; {
		case !ok:
			say("purpose %q: new", name)
		case old != next.purposes[name]:
			say("purpose %q: changed", name)
		}
	}
	for _, name := range sortedKeys(c.purposes) {
		if _, ok := next.purposes[name]; !ok {
			say("purpose %q: dropped", name)
		}
	}
}
