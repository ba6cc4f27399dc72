package export

import (
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/profile"
)

// Schema says what there is to export, so that a misspelt column is refused instead
// of being empty in every row. A field that is nil is not checked against.
type Schema struct {
	// Namespaces are those of the identifiers.
	Namespaces []string
	// Traits are the names of the traits, each with its kind; KindNull where that is
	// not known.
	Traits map[string]profile.Kind
	// Tags are the names of the tags, each with the kind of its values; KindNull where
	// it has none, or the kind is not known.
	Tags map[string]profile.Kind
}

// namespace checks the name of a namespace.
func (s *Schema) namespace(name string) error {
	if s == nil || s.Namespaces == nil || slices.Contains(s.Namespaces, name) {
		return nil
	}
	return unknown("namespace", name, s.Namespaces)
}

// trait returns the kind of a trait.
func (s *Schema) trait(name string) (profile.Kind, error) {
	if s == nil {
		return profile.KindNull, nil
	}
	return look("trait", name, s.Traits)
}

// tag returns the kind of a tag's values.
func (s *Schema) tag(name string) (profile.Kind, error) {
	if s == nil {
		return profile.KindNull, nil
	}
	return look("tag", name, s.Tags)
}

func look(what, name string, known map[string]profile.Kind) (profile.Kind, error) {
	kind, ok := known[name]
	if !ok && known != nil {
		return kind, unknown(what, name, slices.Collect(maps.Keys(known)))
	}
	return kind, nil
}

// unknown is the error about a name that is not there.
func unknown(what, name string, known []string) error {
	if near := spelling.Nearest(name, known); near != "" {
		return fmt.Errorf("unknown %s %q, did you mean %q?", what, name, near)
	}
	return fmt.Errorf("unknown %s %q", what, name)
}

// names lists the names of things, for messages.
func names[T any](of []T, name func(T) string) []string {
	list := make([]string, len(of))
	for i := range of {
		list[i] = name(of[i])
	}
	return list
}
