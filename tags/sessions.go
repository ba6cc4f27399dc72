package tags

import (
	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

// sessions counts runs of events in the window that the civil day of their first
// event is in; over the whole life, those to come too.
type sessions struct {
	id     uint32
	window window
}

func (o *sessions) read(st *profile.State, now profile.Instant) reading {
	w := &o.window
	from, to := w.at(now)
	n, until := 0, profile.Never
	for _, span := range st.Series(o.id).Spans() {
		day := int64(civil.Today(int64(span.First), w.zone))
		switch {
		case day < from:
		case day > to:
			until = min(until, w.enters(day))
		default:
			n++
			until = min(until, w.leaves(day))
		}
	}
	return reading{value: profile.Number(float64(n)), ok: true, until: until}
}

// test implements tester: the steps are days with sessions.
func (o *sessions) test(p predicate, st *profile.State, now profile.Instant) answer {
	r := o.read(st, now)
	return answer{ok: p.holds(r.value, r.ok), until: r.until, exact: r.until == profile.Never}
}
