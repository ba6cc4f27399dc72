package tags

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxNameBytes is how long the name of a tag may be.
const MaxNameBytes = 256

// Definition declares one tag.
type Definition struct {
	// Name is how rules and segments call the tag. Required, valid UTF-8, at most
	// [MaxNameBytes] long.
	Name string `json:"name"`
	// Rule says which profiles have the tag. Required.
	Rule Rule `json:"rule"`
	// Description is for people. May be empty.
	Description string `json:"description,omitempty"`
	// Version tells definitions of one name apart, for people: it changes nothing
	// else. Not negative.
	Version int `json:"version,omitempty"`
}

// Validate returns an error that joins every fault of the definition by itself.
// Whether the rule fits a model is for [Compile] to say.
func (d Definition) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("tag %q: "+format, append([]any{shorten(d.Name)}, args...)...))
	}
	switch {
	case d.Name == "":
		faults = append(faults, errors.New("tag: the name is empty"))
	case len(d.Name) > MaxNameBytes:
		fault("the name is %d bytes long, %d are allowed", len(d.Name), MaxNameBytes)
	case !utf8.ValidString(d.Name):
		fault("the name is not valid UTF-8")
	}
	if d.Rule.IsZero() {
		fault("the rule is missing")
	}
	if !utf8.ValidString(d.Description) {
		fault("the description is not valid UTF-8")
	}
	if d.Version < 0 {
		fault("the version is negative")
	}
	return errors.Join(faults...)
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
