package privacy

import "github.com/portraitdb/portrait/profile"

// Erasure tells what an erasure removed, or would remove. It names people: whoever
// keeps it keeps what was erased.
type Erasure struct {
	// Epoch is the commit; 0 of a Preview.
	Epoch uint64
	// Profiles are the IDs that went, ascending, and Identifiers everything that named
	// them, sorted.
	Profiles    []profile.ID
	Identifiers []profile.Identifier
	// Links counts the pairs of identifiers that went, with what was seen and decided of
	// them; Events the kept events of the people themselves, and Stripped those of others,
	// and the sets of attributes, that named them and now do not; Decisions the records of those about them; Refusals
	// the records that now say only what was refused, and not of whom; and Listed their
	// places in uploaded lists.
	Links, Events, Stripped, Decisions, Refusals, Listed int
}

// Purged tells what a Purge did beyond removing the bytes of what was deleted.
type Purged struct {
	// Identifiers counts the suppressed identifiers of which no file holds anything now.
	Identifiers int
	// Stripped counts kept events that still named one of them, beside a pair of
	// identifiers that left no evidence, and Values the indexed values that nobody has any more.
	Stripped, Values int
}
