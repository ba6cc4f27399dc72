package identity

import "github.com/portraitdb/portrait/profile"

// IdentifierState is what the rules make of one identifier.
type IdentifierState struct {
	Identifier profile.Identifier
	// Partners is with how many others events ever named it.
	Partners int
	// Generic says that it has too many partners, Shared that it was seen with several
	// people under the policy shared, Barred that the rules do not allow it any more.
	Generic, Shared, Barred bool
}

// LargeProfile is a profile with how many identifiers it holds and how many events
// were folded into it.
type LargeProfile struct {
	ID          profile.ID
	Identifiers int
	Events      uint64
}

// RefusalCount is how many refusals there were of one kind.
type RefusalCount struct {
	Rule      string // such as "unique"
	Namespace string // of the weaker identifier, or of the one that was dropped
	Count     uint64
}
