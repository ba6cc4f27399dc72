package lifecycle

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Move is one profile's step from one stage to another, as the store observed it.
type Move struct {
	// Profile is who moved.
	Profile profile.ID `json:"profile"`
	// At is when, as the store's feed has it: of a deadline the instant that the store
	// moved to. Along the ledger it never decreases.
	At time.Time `json:"at"`
	// Epoch is the commit that made the move. A commit makes at most one of a profile,
	// but where it changes the definitions as well.
	Epoch uint64 `json:"epoch"`
	// From and To are the stages. From is "" for who was not there before, as a profile
	// that is new or split off from another; To is "" for who is no more, as one that
	// merged into another.
	From string `json:"from"`
	To   string `json:"to"`
	// Cause is that of the feed: "event", "deadline", "definition", "merge" or "list".
	Cause string `json:"cause"`
}

// Stay is the time that a profile was in one stage without a break.
type Stay struct {
	Stage string `json:"stage"`
	// Entered and Left are when; Left is the zero time while it lasts.
	Entered time.Time `json:"entered"`
	Left    time.Time `json:"left,omitzero"`
}

// Lasts reports whether the profile is still there.
func (s Stay) Lasts() bool { return s.Left.IsZero() }

// Time returns how long the stay lasted, or has lasted by now.
func (s Stay) Time(now time.Time) time.Duration {
	if s.Lasts() {
		return now.Sub(s.Entered)
	}
	return s.Left.Sub(s.Entered)
}

// Path is a profile's stays in stages, the first first.
type Path []Stay

// Follow appends a move to the path: it ends the stay that lasts and begins another.
// The moves of a path are those of one profile, in their order.
func (p Path) Follow(m Move) Path {
	if n := len(p); n > 0 && p[n-1].Lasts() {
		p[n-1].Left = m.At
	}
	if m.To != "" {
		p = append(p, Stay{Stage: m.To, Entered: m.At})
	}
	return p
}

// Stage returns the stage that the path ends in, "" where the profile is no more.
func (p Path) Stage() string {
	if n := len(p); n > 0 && p[n-1].Lasts() {
		return p[n-1].Stage
	}
	return ""
}

// TimeIn returns how long all stays in a stage lasted together, by now.
func (p Path) TimeIn(stage string, now time.Time) (sum time.Duration) {
	for _, s := range p {
		if s.Stage == stage {
			sum += s.Time(now)
		}
	}
	return sum
}
