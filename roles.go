package portrait

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/privacy"
)

// roleFile is the file form of a role.
type roleFile struct {
	Purposes   []string `yaml:"purposes,omitempty" json:"purposes,omitempty"`
	Traits     []string `yaml:"traits,omitempty" json:"traits,omitempty"`
	Tags       []string `yaml:"tags,omitempty" json:"tags,omitempty"`
	Namespaces []string `yaml:"namespaces,omitempty" json:"namespaces,omitempty"`
	Sensitive  bool     `yaml:"sensitive,omitempty" json:"sensitive,omitempty"`
}

func roles(files map[string]roleFile) map[string]privacy.Role {
	if len(files) == 0 {
		return nil
	}
	all := map[string]privacy.Role{}
	for name, f := range files {
		all[name] = privacy.Role(f)
	}
	return all
}

func roleFiles(all map[string]privacy.Role) map[string]roleFile {
	if len(all) == 0 {
		return nil
	}
	files := map[string]roleFile{}
	for name, r := range all {
		files[name] = roleFile(r)
	}
	return files
}

// cloneRoles returns roles that share nothing which can be changed.
func cloneRoles(all map[string]privacy.Role) map[string]privacy.Role {
	all = maps.Clone(all)
	for name, r := range all {
		for _, list := range []*[]string{&r.Purposes, &r.Traits, &r.Tags, &r.Namespaces} {
			*list = slices.Clone(*list)
		}
		all[name] = r
	}
	return all
}

// checkRoles holds roles against what else the model declares.
func (c *catalog) checkRoles() []error {
	var faults []error
	for _, name := range sortedKeys(c.model.Roles) {
		r := c.model.Roles[name]
		if err := r.Validate(name); err != nil {
			faults = append(faults, err)
			continue
		}
		for _, list := range []struct {
			kind  string
			names []string
		}{{"purpose", r.Purposes}, {"trait", r.Traits}, {"tag", r.Tags}, {"namespace", r.Namespaces}} {
			declared := c.Names(list.kind)
			for _, one := range list.names {
				if one != privacy.All && !slices.Contains(declared, one) {
					faults = append(faults, fmt.Errorf("role %q: unknown %s %q%s", name, list.kind, one, meant(one, declared)))
				}
			}
		}
	}
	return faults
}

// meant suggests the declared name that is nearest to one that is none.
func meant(name string, declared []string) string {
	if near := spelling.Nearest(name, declared); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// labelledAny returns what rules ask for by a name: a tag, a tracked segment or a query
// tag; nil where there is none.
func (c *catalog) labelledAny(name string) *tag {
	if t := c.tag(name); t != nil {
		return t
	}
	return c.query(name)
}

// role returns the role that an access names.
func (c *catalog) role(a privacy.Access) (privacy.Role, error) {
	if a.Role == "" {
		everything := []string{privacy.All}
		return privacy.Role{Purposes: everything, Traits: everything, Tags: everything, Namespaces: everything}, nil
	}
	r, ok := c.model.Roles[a.Role]
	if !ok {
		return r, fmt.Errorf("portrait: unknown role %q%s", a.Role, meant(a.Role, sortedKeys(c.model.Roles)))
	}
	if !permits(r.Purposes, a.Purpose) {
		return r, fmt.Errorf("%w: role %q may not ask for the purpose %q", privacy.ErrNotAllowed, a.Role, a.Purpose)
	}
	return r, nil
}

// permits reports whether a list of names has one, or stands for all.
func permits(list []string, name string) bool {
	return slices.Contains(list, name) || slices.Contains(list, privacy.All)
}

var errNoPurpose = errors.New("portrait: a view for no purpose: name one that the model declares")
