package oracle

import "github.com/portraitdb/portrait/profile"

// namespaces returns the set of those that the person has identifiers of.
func (w *world) namespaces() profile.Value {
	var list []profile.Value
	for name := range w.person.Namespaces {
		list = append(list, profile.String(name))
	}
	return profile.Set(list...)
}

// Named returns what is known of an identifier by itself as what is known of a person who
// goes by it.
func (p *Person) Named(id profile.Identifier) *Person {
	named := *p
	named.Canonical, named.Namespaces = id, map[string]bool{id.Namespace: true}
	return &named
}
