package tags

import (
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
	tally
	trace []profile.TraceFold
	ok    bool // false: a day of the window had too many events
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
	v.found, v.looks = o.matcher.find(v.trace)
	if len(v.found) == 0 {
		return v
	}
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
	v.link(o.overlap)
	return v
}

func (o *sequence) read(st *profile.State, now profile.Instant) reading {
	v := o.survey(st, now)
	if !v.ok {
		return missing(v.horizon)
	}
	n := v.count(v.at(now))
	return reading{value: profile.Number(float64(n)), ok: true, until: v.turn(now, v.horizon)}
}

// test implements tester.
func (o *sequence) test(p predicate, st *profile.State, now profile.Instant) answer {
	v := o.survey(st, now)
	return v.test(p, now)
}

func (v *survey) test(p predicate, now profile.Instant) answer {
	spans := v.at(now)
	holds := func(n int) bool { return p.holds(profile.Number(float64(n)), v.ok) }
	held := holds(v.count(spans))
	until := v.until(spans, now, v.horizon, func(n int) bool { return holds(n) != held })
	return answer{ok: held, until: until, exact: until < v.horizon || until == profile.Never}
}

// witnesses returns the stamps of the events of the match that ends last.
func (o *sequence) witnesses(st *profile.State, now profile.Instant) []profile.Stamp {
	v := o.survey(st, now)
	if !v.ok {
		return nil
	}
	last := v.last(v.at(now))
	if last < 0 {
		return nil
	}
	return o.matcher.events(v.trace, &v.found[last])
}
