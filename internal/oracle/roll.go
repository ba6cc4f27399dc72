package oracle

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Model is what is asked of everybody.
type Model struct {
	Scope    syntax.Scope
	Traits   []string               // names
	Tags     map[string][]string    // names, each with the values that the tag may have
	Segments map[string]syntax.Expr // by name
}

// Answer is what there is to say of one live person at an instant.
type Answer struct {
	Profile
	Traits   map[string]profile.Value // those that are not missing
	Tags     map[string][]string      // the tags they have, each with its values
	Segments []string                 // those they are in, ascending
}

// Answers returns what a model says of every live person at an instant, in the
// order of People.
func (s *Store) Answers(m Model, now profile.Instant) []Answer {
	var answers []Answer
	for _, p := range s.People() {
		a := Answer{Profile: p, Traits: map[string]profile.Value{}, Tags: map[string][]string{}}
		for _, name := range m.Traits {
			if v, ok := ValueAt(&syntax.Trait{Name: name}, p.Person, m.Scope, now); ok {
				a.Traits[name] = v
			}
		}
		for name, values := range m.Tags {
			if !Eval(&syntax.TagRef{Name: name}, p.Person, m.Scope, now) {
				continue
			}
			a.Tags[name] = nil
			for _, value := range values {
				if Eval(&syntax.TagRef{Name: name, Value: value}, p.Person, m.Scope, now) {
					a.Tags[name] = append(a.Tags[name], value)
				}
			}
		}
		for name, e := range m.Segments {
			if Eval(e, p.Person, m.Scope, now) {
				a.Segments = append(a.Segments, name)
			}
		}
		slices.Sort(a.Segments)
		answers = append(answers, a)
	}
	return answers
}

// Place is one person in one tag or segment. Who is the name that NewRoll was told.
type Place struct {
	Kind string // "tag", "value" or "segment"
	Name string // of the tag or segment
	Of   string // the value, of kind "value"
	Who  string
}

// compare orders places by what, then who.
func (p Place) compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Kind, o.Kind), cmp.Compare(p.Name, o.Name), cmp.Compare(p.Of, o.Of), cmp.Compare(p.Who, o.Who))
}

// Roll is who is where at an instant.
type Roll map[Place]bool

// NewRoll enters everybody by the name that who gives a person, such as their number
// at that time.
func NewRoll(answers []Answer, who func(Profile) string) Roll {
	roll := Roll{}
	for _, a := range answers {
		name := who(a.Profile)
		for tag, values := range a.Tags {
			roll[Place{Kind: "tag", Name: tag, Who: name}] = true
			for _, value := range values {
				roll[Place{Kind: "value", Name: tag, Of: value, Who: name}] = true
			}
		}
		for _, segment := range a.Segments {
			roll[Place{Kind: "segment", Name: segment, Who: name}] = true
		}
	}
	return roll
}

// Changes returns who entered and who left from one roll to a later one, each in
// order: what a feed has to say of the commits between the two, taken together.
func (r Roll) Changes(later Roll) (entered, left []Place) {
	for p := range later {
		if !r[p] {
			entered = append(entered, p)
		}
	}
	for p := range r {
		if !later[p] {
			left = append(left, p)
		}
	}
	slices.SortFunc(entered, Place.compare)
	slices.SortFunc(left, Place.compare)
	return entered, left
}
