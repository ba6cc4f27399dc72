package tags

import (
	"math"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// window says which buckets of a series an operand looks at.
type window struct {
	syntax.Window
	grain profile.Grain
	zone  *time.Location
	week  time.Weekday
	// begun leaves out civil days to come, which a window without an end would have.
	begun bool
}

func newWindow(w syntax.Window, f *syntax.Fold, s syntax.Scope) window {
	return window{Window: w, grain: f.Grain, zone: s.Zone(), week: s.WeekStart(), begun: f.Form == profile.Presence || f.Form == profile.Stays}
}

// timed reports whether the window moves.
func (w *window) timed() bool {
	return w.begun || w.Kind != syntax.Lifetime && w.Kind != syntax.Since
}

// at returns the first and the last bucket that are in the window at now.
func (w *window) at(now profile.Instant) (from, to int64) {
	from, to = w.Range(now, w.grain, w.zone, w.week)
	if w.begun && to == math.MaxInt64 {
		to = w.today(now)
	}
	return from, to
}

func (w *window) today(now profile.Instant) int64 { return int64(civil.Today(int64(now), w.zone)) }

// enters returns the first instant at which a bucket is in the window.
func (w *window) enters(bucket int64) profile.Instant {
	if w.begun && (w.Kind == syntax.Lifetime || w.Kind == syntax.Since) {
		return dayStart(bucket, w.zone)
	}
	return w.Enters(bucket, w.grain, w.zone, w.week)
}

// leaves returns the first instant from that on at which it no longer is.
func (w *window) leaves(bucket int64) profile.Instant {
	return w.Leaves(bucket, w.grain, w.zone, w.week)
}

// change returns the first instant after now at which the window, which reaches from
// one bucket to another now, gains or loses one that is not empty.
func (w *window) change(s profile.Series, from, to int64) profile.Instant {
	if s.Empty() || !w.timed() {
		return profile.Never
	}
	return min(w.loss(s, from, to), w.gain(s, to))
}

// loss returns the instant at which the first bucket leaves that is in the window.
func (w *window) loss(s profile.Series, from, to int64) profile.Instant {
	if from == math.MinInt64 {
		return profile.Never
	}
	if b, ok := s.Next(from - 1); ok && b <= to {
		return w.leaves(b)
	}
	return profile.Never
}

// gain returns the instant at which the first bucket comes in that is yet to.
func (w *window) gain(s profile.Series, to int64) profile.Instant {
	if last, ok := s.Last(); !ok || last <= to {
		return profile.Never
	}
	if b, ok := s.Next(to); ok {
		return w.enters(b)
	}
	return profile.Never
}

// gone is the side of what is missing. No other is less.
const gone = -2

// decisive returns the instant at which the loss of buckets, were none to come in,
// changes the answer on a value that goes one way as they leave, or Never. side says
// how the value of what is in the window from a bucket on compares with the constant,
// times the way, so that it never grows from bucket to bucket.
func (w *window) decisive(t *threshold, from, to int64, side func(int64) int, way int) profile.Instant {
	holds := func(side int) bool { return side != gone && holds(t.op, way*side) }
	lo := from
	is := side(lo)
	held := holds(is)
	for {
		turns := false // on a side that is yet to come
		for less := is - 1; less >= gone; less-- {
			turns = turns || holds(less) != held
		}
		if !turns {
			return profile.Never
		}
		hi := to + 1
		for lo < hi { // the first bucket after whose loss the value is on a lesser side
			mid := lo + (hi-lo)/2
			if side(mid+1) < is {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		if lo > to {
			return profile.Never
		}
		// Others may leave with it.
		loss := w.leaves(lo)
		first, _ := w.at(loss)
		lo = max(lo+1, first)
		if is = side(lo); loss == profile.Never || holds(is) != held {
			return loss
		}
	}
}

// dayStart returns the first instant of a civil day.
func dayStart(day int64, zone *time.Location) profile.Instant {
	us := civil.Day(day).Start(zone)
	if us > civil.Last {
		return profile.Never
	}
	return profile.Instant(us)
}
