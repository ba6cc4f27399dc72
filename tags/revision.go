package tags

import "time"

// Revision is one edit of the definition of a tag or a tracked segment, as a store
// keeps it.
type Revision struct {
	// Number counts the edits of one name from 1 on.
	Number uint32
	Epoch  uint64    // of the commit that brought it in
	At     time.Time // by the store's clock, UTC
	// Definition is what the tag became: to define it so again is to roll back.
	Definition Definition
	// Masked says that whoever asked may not read what the tag was made of: Definition is then
	// without rules and formula, and its tiers have their values alone.
	Masked bool
	// Dropped says that the tag was dropped; Definition is then what it was.
	Dropped bool
}
