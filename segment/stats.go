package segment

import "github.com/portraitdb/portrait/profile"

// Stats is what a number or a time comes to over those of a segment that have one.
type Stats struct {
	// Count is how many have one. Where it is 0 the values are null.
	Count uint64
	// Sum is that of numbers, exact but for one rounding at the end; 0 for times.
	Sum float64
	// Min, Max and Avg are numbers, or times.
	Min, Max, Avg profile.Value
}

// GroupStats is what there is of one group.
type GroupStats struct {
	// Values are those that the members have, as many as it was grouped by.
	Values []profile.Value
	// Count is how many members there are, with or without a number.
	Count uint64
	// Stats is of those who have the number; zero where it was asked for none.
	Stats Stats
}

// Score is a profile and its value.
type Score struct {
	ID    profile.ID
	Value profile.Value
}

// Bin is one part of a histogram: the values from From on and below To. To of the last one
// may be the number after the greatest value. Where a value is the greatest number that
// there is, it is that number, and the part includes it.
type Bin struct {
	From, To profile.Value
	Count    uint64
}

// Value returns what an integer of the column stands for.
func (m Measure) Value(key int64) profile.Value {
	if m.isNumber() {
		return profile.Number(Number(key))
	}
	return profile.TimeAt(profile.Instant(key))
}

// Stats returns the summary in the values of the measure.
func (s Summary) Stats(m Measure) Stats {
	if s.Count == 0 {
		return Stats{}
	}
	stats := Stats{Count: s.Count, Min: m.Value(s.Min), Max: m.Value(s.Max), Avg: m.Value(s.Avg)}
	if m.isNumber() {
		stats.Sum = s.Sum
	}
	return stats
}
