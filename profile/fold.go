package profile

import "time"

// Fold says how events fold into one series of buckets of a State: the ground of a
// computed trait, a window, a sequence or an interest. Which buckets a reader looks
// at is its own affair.
type Fold struct {
	// ID is the number that the series is kept under. It is given once: a Fold that
	// means something else has another.
	ID    uint32
	Form  Form
	Grain Grain
	// Zone is where civil days are counted, for ByDay. Nil means UTC.
	Zone *time.Location
	// Filters say which events fold. All forms but Scores and Trace have one. At most 64
	// count.
	Filters []FoldFilter
	// Property is what Numbers, Ends, Keys, Sums, Recent, Oldest, Stays and FirstDay fold,
	// and whose value a Trace keeps; By is the number that Sums adds up.
	Property, By string
	// K is how many values Recent and Oldest keep, from 1 to 1,000.
	K int
	// Level is that of the S2 cells of Stays, from 1 to 30, and Hours are those in which a
	// sighting counts; none are all. Its Grain is ByDay, as that of FirstDay is.
	Level int
	Hours []Hours
	// Gap is the longest pause within one of the Spans; HalfLife, that of Scores.
	Gap, HalfLife time.Duration
	// Since is the time before which events do not fold: the zero Instant is 1970, the
	// least one takes all.
	Since Instant
	// Keep is for how many grains a bucket is kept, the running one included; of Spans,
	// for how many civil days; a FirstDay never goes. Zero keeps all. It alone may change
	// under an ID: grow, and what was dropped is missing.
	Keep int
}

// FoldFilter selects events.
type FoldFilter struct {
	// Event is the name that they are counted under, or AnyEvent.
	Event string
	// Match says which of them; nil means all. It must depend on the event alone.
	Match func(*Event) bool
	// Property, Weight and By are of Scores: the values of Property are the keys, and
	// each event adds Weight, times the number By where that is set. A product beyond
	// 1e24 does not fold.
	Property string
	Weight   float64
	By       string
}

// AnyEvent stands for the events of every name that are counted.
const AnyEvent = "*"

// Form is what a bucket holds. The numbers are part of the stored form.
type Form uint8

// The forms of a bucket. Values are scalars; of a list or set every element counts by
// itself, once an event. What has no such property, or one that is no number where a
// number is wanted or is beyond 1e18, does not fold.
const (
	Tally    Form = iota // how many events
	Times                // the time of the earliest event and of the latest
	Presence             // that there was an event
	Numbers              // of a property: how many events had it, sum, least, greatest
	Ends                 // the property in the earliest and in the latest event that had it
	Keys                 // for each value of a property: how many events
	Sums                 // for each value of a property: the sum of By
	Recent               // the K values seen last, each with the stamp of its last event
	Oldest               // the K values seen first, each with the stamp of its first event
	Spans                // runs of events without a pause longer than Gap: no buckets, no grain
	Scores               // for each key the sum of an interest
	Trace                // the events: stamp, which filters select them, the property's value
	Stays                // for each S2 cell that a point of a property lies in: the hours of the clock
	FirstDay             // the earliest bucket alone, whatever the event had: the sum of a property
)

// Grain is how long a bucket is. The numbers are part of the stored form.
type Grain uint8

// The grains. Minutes, hours and half-lives are counted from 1970 in UTC; days are
// civil days of the zone, counted from 1970-01-01.
const (
	WholeLife Grain = iota // one bucket, 0
	ByMinute
	ByHour
	ByDay
	ByHalfLife
)
