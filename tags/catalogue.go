package tags

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/portraitdb/portrait/profile"
)

// The families that tags are commonly divided into. A [Definition] may name others.
const (
	// FamilyBasic is what a person told or was found to be: age, city, member level.
	FamilyBasic = "basic"
	// FamilyDevice is what the person uses: brand, model, price class of the phone.
	FamilyDevice = "device"
	// FamilyBehaviour is what the person does.
	FamilyBehaviour = "behaviour"
)

// Entry is what a catalogue tells of one tag: a plain value, the caller's own but for
// the slices of the Definition, which are not to be changed.
type Entry struct {
	Definition Definition
	// Masked says that whoever asked may not read what the tag is made of: Definition is then
	// without rules and formula, its tiers have their values alone, and none of what the rule
	// names is listed.
	Masked bool
	// Family is that of the Definition, or where it has none: [FamilyBehaviour] where
	// the tag hangs on events, however indirectly, [FamilyBasic] where it hangs on
	// attributes alone, else empty. What is of devices has to be declared so.
	Family string
	// Complete is false while the tag is being filled: it cannot be asked yet.
	Complete bool
	// Counted says that Size, Coverage and the sizes of Values are known: not of a tag
	// that is not complete, and of query tags where [Search].Query asks for it.
	Counted bool
	// Size is how many live profiles have the tag, Coverage their share of all, from 0
	// to 1.
	Size     uint64
	Coverage float64
	// Values are the values of the tag, none for one without: those that it declares in
	// their order, then the others that anybody has, ascending. A profile may have
	// several, so that their sizes may add up to more than Size.
	Values []ValueSize
	// Since is the instant from which on all that the tag counts of events is complete;
	// zero: it is complete as it is.
	Since time.Time
	// Traits, Events, Tags, Interests, Places and Lists are what the rule itself names, each
	// sorted. Events has [profile.AnyEvent] for all.
	Traits, Events, Tags, Interests, Places, Lists []string
	// Revision counts the edits of the definition, from 1 on, the last of them at
	// Changed; zero where none is on record.
	Revision uint32
	Changed  time.Time
}

// ValueSize is one value of a tag.
type ValueSize struct {
	Value profile.Value
	// Size is how many live profiles have it.
	Size uint64
}

// Search says which tags of a catalogue are wanted: those that agree with every field
// that is set. The zero Search is all of them.
type Search struct {
	// Text is words of which each must be found in the name, the description, the group,
	// the owner or a value of the tag, in any order and within longer words. Case, width
	// and composition make no difference; words are what white space divides.
	Text string
	// Families are any of these families.
	Families []string
	// Groups are any of these groups, those within them included.
	Groups []string
	// Kinds are any of these kinds.
	Kinds []Kind
	// MinCoverage is the least share of the live profiles that have the tag, from 0 to 1.
	// Above 0 it leaves out what is not counted.
	MinCoverage float64
	// Query asks for the sizes of query tags too. These may have to read every profile.
	Query bool
}

// Matcher returns a function that reports whether an entry is wanted. Any number of
// goroutines may call it.
func (s Search) Matcher() func(*Entry) bool {
	words := strings.Fields(folded(s.Text))
	return func(e *Entry) bool {
		switch d := &e.Definition; {
		case len(s.Families) > 0 && !slices.Contains(s.Families, e.Family):
			return false
		case len(s.Kinds) > 0 && !slices.Contains(s.Kinds, d.Kind()):
			return false
		case len(s.Groups) > 0 && !slices.ContainsFunc(s.Groups, d.within):
			return false
		case s.MinCoverage > 0 && !(e.Counted && e.Coverage >= s.MinCoverage):
			return false
		}
		return len(words) == 0 || e.mentions(words)
	}
}

// within reports whether the tag stands in a group, or in one within it.
func (d *Definition) within(group string) bool {
	rest, ok := strings.CutPrefix(d.Group, group)
	return ok && (rest == "" || group == "" || rest[0] == '/')
}

// mentions reports whether each of some words, which are folded, is found.
func (e *Entry) mentions(words []string) bool {
	d := &e.Definition
	left := slices.Clone(words)
	look := func(text string) bool {
		text = folded(text)
		left = slices.DeleteFunc(left, func(w string) bool { return strings.Contains(text, w) })
		return len(left) == 0
	}
	if slices.ContainsFunc([]string{d.Name, d.Description, d.Group, d.Owner}, look) {
		return true
	}
	return slices.ContainsFunc(e.Values, func(v ValueSize) bool { return look(v.Value.String()) })
}

// folded brings a text to one case, width and composition.
func folded(text string) string {
	return cases.Fold().String(norm.NFKC.String(text)) // A Caser is not to be shared.
}
