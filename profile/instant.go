package profile

import (
	"math"
	"time"
)

// Instant is a point in time: microseconds since 1970-01-01T00:00:00Z. Portrait
// keeps every time at this resolution; finer digits are cut off (towards the
// past) on entry.
type Instant int64

// Never is later than every instant: the deadline of what does not change by
// itself.
const Never Instant = math.MaxInt64

// InstantOf returns the instant of t, cut down to the microsecond. A time that is
// beyond what an Instant can say, 290,000 years and more from now, is the first
// or the last before Never.
func InstantOf(t time.Time) Instant {
	switch s := t.Unix(); {
	case s <= math.MinInt64/1_000_000:
		return math.MinInt64
	case s >= math.MaxInt64/1_000_000:
		return Never - 1
	}
	return Instant(t.UnixMicro())
}

// Time returns the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// String returns the instant in RFC 3339 form, or "never".
func (i Instant) String() string {
	if i == Never {
		return "never"
	}
	return i.Time().Format(time.RFC3339Nano)
}

// Stamp places one event in a total order that does not depend on arrival: by
// event time, then by a 64-bit hash of (source, message ID).
type Stamp struct {
	At  Instant
	Tie uint64
}

// Compare returns -1, 0 or +1 as s is before, equal to or after o.
func (s Stamp) Compare(o Stamp) int {
	switch {
	case s.At != o.At:
		if s.At < o.At {
			return -1
		}
		return 1
	case s.Tie != o.Tie:
		if s.Tie < o.Tie {
			return -1
		}
		return 1
	}
	return 0
}
