package privacy

import "github.com/portraitdb/portrait/profile"

// Erasure tells what an erasure removed, or would remove. It names people: whoever
// keeps it keeps what was erased.
type Erasure struct {
	// Epoch is the commit; 0 of a Preview.
	Epoch uint64
	// Audit is the last record of the audit log about it; zero of a Preview.
	Audit Head
	// Verified says that after the commit every place was read where something of the
	// people would be, and that nothing was there; false of a Preview.
	Verified bool
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
	// Held counts the people under a legal hold, of a Preview: nobody is erased as long as
	// there is one among them.
	Held int
	// Nameless counts the profiles in which numbers stayed after an Anonymise; of a
	// Preview, those in which they would.
	Nameless int
}

// Purged tells what a Purge did beyond removing the bytes of what was deleted.
type Purged struct {
	// Identifiers counts the suppressed identifiers of which no file holds anything now.
	Identifiers int
	// Stripped counts kept events that still named one of them, beside a pair of
	// identifiers that left no evidence, and Values the indexed values that nobody has any more.
	Stripped, Values int
}

// Replayed tells what replaying a ledger of erasures did.
type Replayed struct {
	// Entries counts the identifiers that the ledger names, Suppressed those of which the
	// store knew less than the ledger, and Identifiers those of them that it still had, and
	// erased.
	Entries, Suppressed, Identifiers int
	// Nameless counts the profiles that were left of people who were anonymised.
	Nameless int
	// Held are the identifiers of people under a legal hold, in the order of the ledger:
	// nothing was done about them, until the ledger is replayed after the release.
	Held []profile.Identifier
	// Profiles are the IDs that went. People of whom something stays are not among them.
	Profiles []profile.ID
	// Epoch is the last commit; 0 if there was nothing to do.
	Epoch uint64
}

// Verification tells what Verify found.
type Verification struct {
	// Epoch is the commit that was read.
	Epoch uint64
	// Identifiers counts those that are suppressed, and Records what was read.
	Identifiers int
	Records     uint64
	// Keyed counts the records that are of one of them, or have its token: always 0 in a
	// store that is in order. Named counts kept events of others that name one, which Purge
	// takes out.
	Keyed, Named int
}
