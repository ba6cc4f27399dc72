package profile

import (
	"github.com/portraitdb/portrait/internal/civil"
)

const (
	microsPerMinute = 60_000_000
	microsPerHour   = 60 * microsPerMinute
	microsPerDay    = 24 * microsPerHour
)

// Bucket returns the bucket that an instant lies in: minutes, hours or half-lives
// since 1970 in UTC, rounded towards the past; the civil day of the Zone, in days
// since 1970-01-01; or 0, of WholeLife. A half-life below a microsecond counts as
// one.
func (f *Fold) Bucket(at Instant) int64 {
	switch f.Grain {
	case ByMinute:
		return civil.FloorDiv(int64(at), microsPerMinute)
	case ByHour:
		return civil.FloorDiv(int64(at), microsPerHour)
	case ByDay:
		return int64(civil.Today(int64(at), f.Zone))
	case ByHalfLife:
		return civil.FloorDiv(int64(at), f.halfLife())
	}
	return 0
}

// halfLife returns the half-life in microseconds.
func (f *Fold) halfLife() int64 { return max(f.HalfLife.Microseconds(), 1) }

// kind is what two series must have in common to be joined. The fold that a series
// is kept for has one kind, for ever.
type kind struct {
	form  Form
	grain Grain
	param uint64 // Recent, Oldest: K; Spans: Gap, in microseconds
}

// kind returns the kind of the fold's series.
func (f *Fold) kind() kind {
	k := kind{form: f.Form, grain: f.Grain}
	switch f.Form {
	case Recent, Oldest:
		k.param = uint64(min(max(f.K, 1), maxElements))
	case Spans:
		k.grain, k.param = WholeLife, uint64(max(f.Gap.Microseconds(), 0))
	}
	return k
}

// base returns an instant near those in the bucket, to write them by. Of a bucket
// that no instant lies in it is some instant.
func (k kind) base(bucket int64) int64 {
	switch k.grain {
	case ByMinute:
		return bucket * microsPerMinute
	case ByHour:
		return bucket * microsPerHour
	case ByDay:
		return bucket * microsPerDay
	}
	return 0
}
