package profile

import "time"

// Schema says what a model folds out of events. It must not change once the
// first event was folded under it, nor be copied; it is then safe for concurrent use. The zero
// Schema declares nothing: every attribute folds as Latest, with the kind it
// comes in, and every event name is counted.
type Schema struct {
	// Attributes are the declared attributes by name.
	Attributes map[string]Attribute
	// Events are the declared event names, with what is folded of each. A
	// declared name is kept for ever; of the others a State holds at most 1,000.
	Events map[string]Folds
	// Folds say what is kept in series, ascending by ID, each of which occurs once.
	Folds []Fold
	// Purposes are those that AllPurposes stands for.
	Purposes []string

	index foldIndex // of Folds, made when the first event is folded
}

// Attribute is the declaration of one attribute.
type Attribute struct {
	// Kind is the kind that every value must have. KindNull accepts any.
	Kind Kind
	// Elem is the kind of the elements of a list or set. KindNull accepts any
	// scalar.
	Elem Kind
	// Policy says how several values become one. Sum wants numbers; Union makes
	// a set, whatever Kind says.
	Policy Policy
	// Retain is for how long after its event a value is kept, see Policy.Retains; zero is
	// for ever. See State.Kept.
	Retain time.Duration
}

// Folds are the properties of one event name that are folded over all its
// events. The order of the names does not matter.
type Folds struct {
	// Numbers are folded into count, sum, min, max, first and last.
	Numbers []string
	// Uniques are folded into the set of their distinct values, up to 1,000.
	Uniques []string
}

// GroupsTrait is the attribute that collects the groups of a person. Where a
// Schema does not declare it, it is a set of any scalars under Union.
const GroupsTrait = "groups"

// The bounds of a State. They are part of the stored form: what exceeds them is
// not evicted, since that would depend on the order of arrival, but given up.
const (
	maxUndeclared = 1000 // undeclared attributes, and undeclared event names
	maxElements   = 1000 // elements of a list or set, and of a unique property
	maxDepth      = 4    // lists within lists
)

// attribute returns the declaration of an attribute, and whether there is one.
func (sc *Schema) attribute(name string) (Attribute, bool) {
	a, ok := sc.Attributes[name]
	if !ok && name == GroupsTrait {
		return Attribute{Kind: KindSet, Policy: Union}, true
	}
	return a, ok
}
