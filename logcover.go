package portrait

import (
	"errors"
	"maps"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// coverage is what the event log holds: for each event name from when on, and for how
// long. The empty name stands for every name that is not there. It is immutable; the
// nil coverage is that of no log.
type coverage map[string]covered

// covered is what the log holds of the events of one name.
type covered struct {
	seconds uint32          // for which they are kept; 0: not at all
	since   profile.Instant // from which on every event went into the log
}

// moment is what has to be known of a store to tell what its log covers.
type moment struct {
	at profile.Instant
	// The times of the earliest and the latest event that were taken in; none was where
	// it is empty.
	earliest, latest profile.Instant
	empty            bool
}

func (c coverage) of(name string) covered {
	if w, ok := c[name]; ok {
		return w
	}
	return c[""]
}

// begin returns the instant from which on every event that was taken in is found; the
// least there is where that is every event.
func (w covered) begin(m moment) profile.Instant {
	from := m.latest + 1
	if w.seconds > 0 {
		from = max(w.since, before(m.at, int64(w.seconds)*microsPerSecond)+1)
	}
	if m.empty || from <= m.earliest {
		return firstInstant
	}
	return from
}

// under returns what the log covers once another policy is in force.
func (c coverage) under(p *LogPolicy, m moment) coverage {
	next := coverage{"": c.of("").under(seconds(p.covers("")), m)}
	for _, names := range [...]map[string]struct{}{keySet(c), keySet(p.Events)} {
		for name := range names {
			if name == "" {
				continue
			}
			next[name] = c.of(name).under(seconds(p.covers(name)), m)
		}
	}
	maps.DeleteFunc(next, func(name string, w covered) bool { return name != "" && w == next[""] })
	return next
}

func keySet[V any](m map[string]V) map[string]struct{} {
	set := make(map[string]struct{}, len(m))
	for k := range m {
		set[k] = struct{}{}
	}
	return set
}

// under returns what is covered once events are kept for another time. Those that came
// before keep the shorter of both, so that a longer one covers what is later than all
// of them.
func (w covered) under(seconds uint32, m moment) covered {
	switch {
	case seconds == 0:
		return covered{}
	case seconds <= w.seconds:
		return covered{seconds: seconds, since: w.since}
	case m.empty:
		return covered{seconds: seconds, since: firstInstant}
	}
	return covered{seconds: seconds, since: m.latest + 1}
}

// completeFrom returns the instant from which on a fold is complete that is brought in
// at a moment and folded from the log: the least there is where the log reaches back
// to the beginning of all that the fold keeps.
func (c coverage) completeFrom(f *profile.Fold, m moment) profile.Instant {
	from := firstInstant
	for i := range f.Filters {
		if name := f.Filters[i].Event; name != profile.AnyEvent {
			from = max(from, c.of(name).begin(m))
			continue
		}
		from = max(from, c.of("").begin(m))
		for name, w := range c {
			if name != eventlog.IdentifyName && name != eventlog.GroupName && name != eventlog.AliasName {
				from = max(from, w.begin(m))
			}
		}
	}
	if from <= max(f.Since, keptFrom(f, m.at)) {
		return firstInstant
	}
	return from
}

// keptFrom returns the beginning of the first bucket that a fold keeps at an instant,
// which is not after that of any later instant.
func keptFrom(f *profile.Fold, at profile.Instant) profile.Instant {
	if f.Keep == 0 || f.Form == profile.Spans { // what came before a span tells where it begins
		return firstInstant
	}
	first := f.Bucket(at) - int64(f.Keep) + 1
	switch f.Grain {
	case profile.ByMinute:
		return profile.Instant(first * 60 * microsPerSecond)
	case profile.ByHour:
		return profile.Instant(first * 3600 * microsPerSecond)
	case profile.ByDay:
		return profile.Instant(civil.Day(first).Start(f.Zone))
	case profile.ByHalfLife:
		return profile.Instant(first * f.HalfLife.Microseconds())
	default:
		return firstInstant
	}
}

// append writes the record of what the log covers.
func (c coverage) append() []byte {
	dst := []byte{recordVersion}
	dst = pack.AppendArray(dst, 3*len(c))
	for _, name := range sortedKeys(c) {
		w := c[name]
		dst = pack.AppendString(dst, name)
		dst = pack.AppendUint(dst, uint64(w.seconds))
		dst = pack.AppendInt(dst, int64(w.since))
	}
	return dst
}

func decodeCoverage(data []byte) (coverage, error) {
	r := openRecord(data)
	n := r.Array(1)
	if n%3 != 0 {
		r.Fail(errors.New("names without what is covered"))
	}
	c := coverage{}
	last := ""
	for i := 0; i < n && r.Err() == nil; i += 3 {
		name := r.String()
		if i > 0 && name <= last {
			r.Fail(errors.New("names are not ascending"))
		}
		last = name
		c[name] = covered{seconds: r.Uint32(), since: profile.Instant(r.Int())}
	}
	return c, closeRecord("log", &r)
}
