package tags

import (
	"slices"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// sequence is the number of matches of a sequence.
type sequence struct {
	id      uint32
	matcher matcher
	overlap bool
	window  window
}

// newSequence returns the operand; f is what is kept for it or for longer.
func newSequence(x *syntax.Sequence, f *syntax.Fold, id uint32, s syntax.Scope) *sequence {
	o := &sequence{id: id, overlap: x.Overlap, window: newWindow(x.Span(), f, s)}
	bits := func(filters []syntax.Filter) (mask uint64) {
		for _, filter := range filters {
			if bit := f.Bit(filter); bit >= 0 {
				mask |= 1 << bit
			}
		}
		return mask
	}
	o.matcher = matcher{total: x.Within.Microseconds(), after: bits(x.Without), linked: x.Same != ""}
	for _, step := range x.Steps {
		o.matcher.steps = append(o.matcher.steps, pace{
			is: bits([]syntax.Filter{step.Filter}), within: step.Within.Microseconds(), bars: bits(step.Without),
		})
	}
	return o
}

// survey is what is known of a sequence at one instant.
type survey struct {
	trace []profile.TraceFold
	found []found
	left  []profile.Instant // by found: when the day of its first event leaves the window
	ok    bool              // false: a day of the window had too many events
	// horizon is the first instant after now from which on more has to be known.
	horizon profile.Instant
}

func (o *sequence) survey(st *profile.State, now profile.Instant) survey {
	s := st.Series(o.id)
	from, to := o.window.at(now)
	v := survey{horizon: o.window.gain(s, to)}
	if v.trace, v.ok = s.Trace(from, to); !v.ok {
		v.horizon = min(v.horizon, o.window.loss(s, from, to))
		return v
	}
	v.found = o.matcher.find(v.trace)
	v.left = make([]profile.Instant, len(v.found))
	days := map[int64]profile.Instant{}
	for i := range v.found {
		day := int64(civil.Today(int64(v.found[i].first.At), o.window.zone))
		left, ok := days[day]
		if !ok {
			left = o.window.leaves(day)
			days[day] = left
		}
		v.left[i] = left
	}
	return v
}

// count returns how many matches there are at an instant before the horizon, and the
// place of the one that ends last, or -1. Where matches may not overlap they are taken
// as they end.
func (o *sequence) count(v *survey, at profile.Instant) (n, last int) {
	last = -1
	taken := -1 // the last one taken of the group
	for i := range v.found {
		f := &v.found[i]
		if f.done > at || v.left[i] <= at {
			continue
		}
		if last < 0 || f.last.Compare(v.found[last].last) > 0 {
			last = i
		}
		if o.overlap {
			n += f.starts
			continue
		}
		if taken < 0 || v.found[taken].group != f.group || f.first.Compare(v.found[taken].last) > 0 {
			n++
			taken = i
		}
	}
	return n, last
}

// turns returns the instants after now, before the horizon, at which there may be
// more matches or fewer, ascending; the horizon itself is the last.
func (v *survey) turns(now profile.Instant) []profile.Instant {
	var at []profile.Instant
	for i := range v.found {
		for _, t := range [...]profile.Instant{v.found[i].done, v.left[i]} {
			if t > now && t < v.horizon && v.found[i].done < v.left[i] {
				at = append(at, t)
			}
		}
	}
	slices.Sort(at)
	return append(slices.Compact(at), v.horizon)
}

func (o *sequence) read(st *profile.State, now profile.Instant) reading {
	v := o.survey(st, now)
	if !v.ok {
		return missing(v.horizon)
	}
	n, _ := o.count(&v, now)
	return reading{value: profile.Number(float64(n)), ok: true, until: v.turns(now)[0]}
}

// test implements tester.
func (o *sequence) test(p predicate, st *profile.State, now profile.Instant) answer {
	v := o.survey(st, now)
	n, _ := o.count(&v, now)
	held := p.holds(profile.Number(float64(n)), v.ok)
	if v.ok {
		for _, at := range v.turns(now) {
			if at == v.horizon {
				break
			}
			if n, _ := o.count(&v, at); p.holds(profile.Number(float64(n)), true) != held {
				return answer{ok: held, until: at, exact: true}
			}
		}
	}
	return answer{ok: held, until: v.horizon, exact: v.horizon == profile.Never}
}

// witnesses returns the stamps of the events of the match that ends last.
func (o *sequence) witnesses(st *profile.State, now profile.Instant) []profile.Stamp {
	v := o.survey(st, now)
	if !v.ok {
		return nil
	}
	_, last := o.count(&v, now)
	if last < 0 {
		return nil
	}
	return o.matcher.events(v.trace, &v.found[last])
}
