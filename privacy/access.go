package privacy

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotAllowed is wrapped by the errors of what a view of a purpose does not answer: what
// its role may not read, and what cannot be bounded by consent.
var ErrNotAllowed = errors.New("portrait: not allowed")

// Access says on whose behalf a store is asked.
type Access struct {
	// Purpose is what the answers are for: one that the model declares. Required.
	Purpose string
	// Role is one that the model declares. Empty is nobody in particular, who may ask for
	// every purpose and read everything but sensitive traits.
	Role string
}

// All, in a list of a Role, stands for every name.
const All = "*"

// Role says what somebody may read. The zero Role reads nothing. What a role was given is
// shown though it follows from what it may not read; the rule by which it follows is not.
type Role struct {
	// Purposes are those that may be asked for, and of which it is told what people said; or
	// All.
	Purposes []string
	// Traits may be read and named in expressions; or All, which are all but those whose
	// values are identifiers that are not shown. With All goes what events say themselves:
	// counts, sums, sequences, interests, lists, timelines, how many there are and when.
	Traits []string
	// Tags, tracked segments among them, may be read and named in expressions; or All,
	// which are all but those that read what is sensitive and the role may not, and those of
	// other purposes. "stage" is that of the stages.
	Tags []string
	// Namespaces are those of the identifiers that are shown, and by which somebody may be
	// asked for; or All.
	Namespaces []string
	// Sensitive lets the traits be read that the model declares sensitive, as far as Traits
	// has them.
	Sensitive bool
}

// Validate returns what is wrong with the role, which goes by a name.
func (r Role) Validate(name string) error {
	if name == "" || len(name) > 256 {
		return fmt.Errorf("role %.20q: want a name of up to 256 bytes", name)
	}
	for _, list := range [][]string{r.Purposes, r.Traits, r.Tags, r.Namespaces} {
		if len(list) > 1 && slices.Contains(list, All) {
			return fmt.Errorf("role %q: %q stands for every name, and beside it %q is idle", name, All, list[slices.IndexFunc(list, func(s string) bool { return s != All })])
		}
	}
	return nil
}
