package tags

import (
	"math"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// clock is now() or ago(): a time that depends on the instant of the answer alone
// and never goes back.
type clock struct {
	offset profile.Instant // of now()
	ago    *syntax.Ago     // nil for now()
	zone   *time.Location
}

// at returns the clock's value at now.
func (c *clock) at(now profile.Instant) profile.Instant {
	if c.ago != nil {
		return c.ago.At(now, c.zone)
	}
	return add(now, c.offset)
}

// reach returns the first instant at which the clock's value is x or later.
func (c *clock) reach(x profile.Instant) profile.Instant {
	if c.ago != nil {
		return c.ago.Reach(x, c.zone)
	}
	return add(x, -c.offset)
}

// flip returns the first instant after now at which the answer to "the clock's
// value op t" changes, or Never.
func (c *clock) flip(op syntax.Op, t, now profile.Instant) profile.Instant {
	// The clock is before t until meets, equal to t until passes, then after it.
	meets, passes := c.reach(t), c.reach(add(t, 1))
	before, equal, after := holds(op, -1), holds(op, 0), holds(op, 1)
	if now < meets {
		if meets < passes && equal != before {
			return meets
		}
		equal = before
	}
	if now < passes && after != equal {
		return passes
	}
	return profile.Never
}

// flipClocks returns an instant after now before which the answer to "l op r"
// does not change, and whether it does change then.
func flipClocks(op syntax.Op, l, r *clock, now profile.Instant) (until profile.Instant, exact bool) {
	// Until the next step of an ago() it stands still.
	var step profile.Instant
	flip := profile.Never
	switch {
	case l.ago == nil && r.ago == nil: // both move alike
		return profile.Never, true
	case l.ago == nil:
		step, flip = r.ago.Until(now, r.zone), l.flip(op, r.at(now), now)
	case r.ago == nil:
		step, flip = l.ago.Until(now, l.zone), r.flip(op.Mirrored(), l.at(now), now)
	default:
		step = min(l.ago.Until(now, l.zone), r.ago.Until(now, r.zone))
	}
	if flip < step {
		return flip, true
	}
	return step, step == profile.Never
}

// holds reports whether the operator holds between two values that compare as c.
func holds(op syntax.Op, c int) bool {
	switch op {
	case syntax.Eq:
		return c == 0
	case syntax.Ne:
		return c != 0
	case syntax.Lt:
		return c < 0
	case syntax.Le:
		return c <= 0
	case syntax.Gt:
		return c > 0
	}
	return c >= 0
}

// add adds without overflow.
func add(a, b profile.Instant) profile.Instant {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
