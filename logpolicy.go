package portrait

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// What instants count, and the days of expiry.
const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// retention returns for how long events of a name are kept; 0 if they are not. See
// eventlog.NameOf for the name.
func (p LogPolicy) retention(name string) time.Duration {
	if d, ok := p.Events[name]; ok {
		return d
	}
	return p.Retain
}

// logs returns for how long an event of a name and a source goes into the log.
func (p LogPolicy) logs(name, source string) time.Duration {
	if d, ok := p.Sources[source]; ok {
		return min(d, p.retention(name))
	}
	return p.retention(name)
}

// covers returns for how long every event of a name is kept, wherever it comes from.
func (p LogPolicy) covers(name string) time.Duration {
	d := p.retention(name)
	for _, bound := range p.Sources {
		d = min(d, bound)
	}
	return d
}

// seconds returns a retention in whole seconds, rounded up: the form in which events
// carry it.
func seconds(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	return uint32((d-1)/time.Second) + 1
}

// longest returns the longest retention of all.
func (p LogPolicy) longest() time.Duration {
	longest := p.Retain
	for _, d := range p.Events {
		longest = max(longest, d)
	}
	return longest
}

// expires returns when an event stops to be kept: at the end of what it was logged
// for, or of what the policy allows its name now, whichever is earlier.
func (p LogPolicy) expires(at profile.Instant, name string, logged uint32) profile.Instant {
	allowed := p.retention(name)
	if allowed <= 0 {
		return firstInstant
	}
	return after(at, min(int64(logged)*microsPerSecond, allowed.Microseconds()))
}

// after returns the instant some microseconds, 0 or more, after another.
func after(at profile.Instant, us int64) profile.Instant {
	if int64(at) > int64(profile.Never)-us {
		return profile.Never
	}
	return at + profile.Instant(us)
}

// before returns the instant some microseconds, 0 or more, before another.
func before(at profile.Instant, us int64) profile.Instant {
	if int64(at) < int64(firstInstant)+us {
		return firstInstant
	}
	return at - profile.Instant(us)
}

// expiryDay returns the day (since 1970, in UTC) at whose beginning what expires at an
// instant is gone.
func expiryDay(end profile.Instant) int32 { return dayOf(end-1) + 1 }

// dayOf returns the day, since 1970 in UTC, of an instant.
func dayOf(at profile.Instant) int32 {
	d := int64(at) / microsPerDay
	if int64(at)%microsPerDay < 0 {
		d--
	}
	return int32(d)
}

// dayStart returns the instant at which a day begins.
func dayStart(day int32) profile.Instant { return profile.Instant(int64(day) * microsPerDay) }
