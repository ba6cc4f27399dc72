package profile

import (
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/grid"
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
	switch f.grain() {
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

// grain returns how long buckets are.
func (f *Fold) grain() Grain {
	if f.Form == Stays || f.Form == FirstDay {
		return ByDay
	}
	return f.Grain
}

// halfLife returns the half-life in microseconds.
func (f *Fold) halfLife() int64 { return max(f.HalfLife.Microseconds(), 1) }

// kind is what two series must have in common to be joined. The fold that a series
// is kept for has one kind, for ever.
type kind struct {
	form  Form
	grain Grain
	param uint64 // Recent, Oldest: K; Spans: Gap, in microseconds; Stays: Level
}

// kind returns the kind of the fold's series.
func (f *Fold) kind() kind {
	k := kind{form: f.Form, grain: f.grain()}
	switch f.Form {
	case Recent, Oldest:
		k.param = uint64(min(max(f.K, 1), maxElements))
	case Spans:
		k.grain, k.param = WholeLife, uint64(max(f.Gap.Microseconds(), 0))
	case Stays:
		k.param = uint64(min(max(f.Level, 1), int(grid.MaxLevel)))
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

// dayCache knows a stretch of time in which a zone's clock does not change.
type dayCache struct {
	zone     *time.Location
	from, to int64 // instants; from is after to where it knows none
	offset   int64 // of the clock from UTC, in microseconds
}

// day returns the civil day of an instant.
func (d *dayCache) day(at Instant, zone *time.Location) int64 {
	us := int64(at)
	if d.zone != zone || us < d.from || us >= d.to {
		d.learn(us, zone)
		if us < d.from || us >= d.to {
			return int64(civil.Today(us, zone))
		}
	}
	return civil.FloorDiv(us+d.offset, microsPerDay)
}

// learn looks up the stretch that an instant is in. It leaves two days at both ends
// to civil.Today, where a day that has begun may not be the one that the clock shows.
func (d *dayCache) learn(us int64, zone *time.Location) {
	const margin = 2 * microsPerDay
	*d = dayCache{zone: zone, from: civil.First + margin, to: civil.Last - margin}
	if zone == nil || us < d.from || us >= d.to {
		return
	}
	t := time.UnixMicro(us).In(zone)
	_, offset := t.Zone()
	begin, end := t.ZoneBounds()
	d.offset = int64(offset) * 1_000_000
	if !begin.IsZero() {
		d.from = max(d.from, begin.UnixMicro()+margin)
	}
	if !end.IsZero() {
		d.to = min(d.to, end.UnixMicro()-margin)
	}
}

// bucket is Bucket with a memory of the day.
func (f *Fold) bucket(at Instant, days *dayCache) int64 {
	if f.grain() == ByDay {
		return days.day(at, f.Zone)
	}
	return f.Bucket(at)
}
