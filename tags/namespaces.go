package tags

import "github.com/portraitdb/portrait/profile"

// namespaces is the set of those that the person has identifiers of.
type namespaces struct{}

func (namespaces) read(st *profile.State, _ profile.Instant) reading {
	var list []profile.Value
	for name := range st.Namespaces() {
		list = append(list, profile.String(name))
	}
	return still(profile.Set(list...), true)
}
