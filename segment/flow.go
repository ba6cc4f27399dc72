package segment

import "time"

// Flow is how many entered and left a tag or a tracked segment in one commit.
type Flow struct {
	// Epoch is the commit, and At when it happened; neither decreases from one to the
	// next.
	Epoch         uint64
	At            time.Time
	Entered, Left uint64
}
