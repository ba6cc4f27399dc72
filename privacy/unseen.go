package privacy

import "time"

// Unseen says who goes because nothing was heard of them for long.
type Unseen struct {
	// For is how long ago their last event is, from a day to 200 years.
	For time.Duration
	// Anonymise keeps the numbers of each, in profiles without a name. Else nothing stays.
	Anonymise bool
	// Preview only tells who would go.
	Preview bool
}
