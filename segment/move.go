package segment

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Move is how another model changes who has one tag or is in one tracked segment.
type Move struct {
	Name    string
	Segment bool // a tracked segment; else a tag
	// Value is the value of the tag that it is about; empty for the tag as such.
	Value string
	// Entered and Left are the profiles that gain and lose it, as of the epoch of the
	// plan.
	Entered, Left *Set
	Stayed        uint64 // how many have it before and after
}

// Flip is one change that time alone will make, if nothing else happens.
type Flip struct {
	At      time.Time  // UTC
	Profile profile.ID // whose answer changes
	Enters  bool       // into the segment; else it leaves
}
