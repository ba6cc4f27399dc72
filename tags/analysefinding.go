package tags

import "fmt"

// FindingKind is what is found of a rule.
type FindingKind uint8

// The kinds of findings.
const (
	AlwaysFalse   FindingKind = iota // no profile ever has it
	AlwaysTrue                       // every profile always has it
	Unreachable                      // a tier before it always holds where this one does
	Equal                            // it is the same as another, which comes before it
	Contained                        // whoever has it has another too
	Contradictory                    // nobody has it and another at once
	PartNever                        // an alternative that never holds
	PartAlways                       // a requirement that always holds
	PartIdle                         // a part that the rest of the rule says already
)

// Finding is one thing that was found of a rule.
type Finding struct {
	Kind FindingKind
	// Tag and Value are of the subject; Other and OtherValue of the one that it is
	// held against, where Kind is of two.
	Tag, Value        string
	Other, OtherValue string
	// Part is the canonical text of the part that a finding of a part is about, and Pos
	// its offset in the rule's text, or -1.
	Part string
	Pos  int

	number int // of the subject
}

// String says it in words.
func (f Finding) String() string {
	this, other := subjectName(f.Tag, f.Value), subjectName(f.Other, f.OtherValue)
	switch f.Kind {
	case AlwaysFalse:
		return this + " never holds"
	case AlwaysTrue:
		return this + " always holds"
	case Unreachable:
		return this + " is never reached: wherever its rule holds, one before it does"
	case Equal:
		return this + " is equal to " + other
	case Contained:
		return this + " is contained in " + other
	case Contradictory:
		return this + " and " + other + " never hold together"
	case PartNever:
		return fmt.Sprintf("%s: %s never holds and may be left out", this, f.Part)
	case PartAlways:
		return fmt.Sprintf("%s: %s always holds and may be left out", this, f.Part)
	}
	return fmt.Sprintf("%s: %s changes nothing beside the rest and may be left out", this, f.Part)
}

func subjectName(tag, value string) string {
	if value == "" {
		return fmt.Sprintf("tag %q", tag)
	}
	return fmt.Sprintf("tag %q with value %q", tag, value)
}
