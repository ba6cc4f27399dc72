package tags

import (
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// arithmetic is an operator on two numbers.
type arithmetic struct {
	op   syntax.ArithOp
	l, r operand
}

func (o *arithmetic) read(st *profile.State, now profile.Instant) reading {
	l, r := o.l.read(st, now), o.r.read(st, now)
	out := reading{until: min(l.until, r.until)}
	if l.ok && r.ok {
		out.value, out.ok = calculate(o.op, l.value, r.value)
	}
	return out
}

// rounding is a function of one number.
type rounding struct {
	fn     syntax.CallFn
	x      operand
	digits int
}

func (o *rounding) read(st *profile.State, now profile.Instant) reading {
	r := o.x.read(st, now)
	if r.ok {
		r.value, r.ok = reckon(o.fn, r.value, o.digits)
	}
	r.clock = nil
	return r
}

// coalesce is the first of its arguments that is not missing.
type coalesce struct{ x []operand }

func (o *coalesce) read(st *profile.State, now profile.Instant) reading {
	until := profile.Never
	for _, x := range o.x {
		r := x.read(st, now)
		until = min(until, r.until)
		if r.ok {
			r.until = until
			return r
		}
	}
	return missing(until)
}

// extreme is the least or the greatest of its arguments.
type extreme struct {
	x  []operand
	op syntax.Op // Lt for the least, Gt for the greatest
}

func (o *extreme) read(st *profile.State, now profile.Instant) reading {
	best := o.x[0].read(st, now)
	until, all := best.until, best.ok && extremes(best.value.Kind())
	for _, x := range o.x[1:] {
		r := x.read(st, now)
		until = min(until, r.until)
		all = all && r.ok && r.value.Kind() == best.value.Kind()
		if !all {
			continue
		}
		a := compared(o.op, &r, &best, now)
		until = min(until, a.until)
		if a.ok {
			best = r
		}
	}
	if !all {
		return missing(until)
	}
	best.until = until
	return best
}

// choice is one operand where a condition holds and another where it does not.
type choice struct {
	cond            node
	then, otherwise operand
}

func (o *choice) read(st *profile.State, now profile.Instant) reading {
	a := o.cond.eval(st, now)
	x := o.otherwise
	if a.ok {
		x = o.then
	}
	r := x.read(st, now)
	r.until = min(r.until, a.until)
	return r
}

// daysPassed is the civil days from one time to another, or to today.
type daysPassed struct {
	from, to operand
	today    bool // to is now()
	zone     *time.Location
}

func (o *daysPassed) read(st *profile.State, now profile.Instant) reading {
	from, to := o.from.read(st, now), o.to.read(st, now)
	out := reading{until: min(from.until, to.until)}
	if !from.ok || !to.ok {
		return out
	}
	out.value, out.ok = daysBetween(from.value, to.value, o.zone)
	for _, r := range [...]*reading{&from, &to} {
		if r.clock == nil {
			continue
		}
		if next := dayStart(dayOf(r.value, o.zone)+1, o.zone); next < profile.Never {
			out.until = min(out.until, r.clock.reach(next))
		}
	}
	return out
}

// test implements tester: the days from a time that stands still to today go up by
// one each midnight, so that the midnight which decides is known.
func (o *daysPassed) test(p predicate, st *profile.State, now profile.Instant) answer {
	r := o.read(st, now)
	a := answer{ok: p.holds(r.value, r.ok), until: r.until, exact: r.until == profile.Never}
	t, isThreshold := p.(*threshold)
	if a.exact || !r.ok || !o.today || !isThreshold || t.value.Kind() != profile.KindNumber {
		return a
	}
	from := o.from.read(st, now)
	if from.until != profile.Never || from.clock != nil {
		return a
	}
	const beyond = 1e8 // days: no calendar has more
	limit := t.value.Number()
	if limit > beyond {
		return answer{ok: a.ok, until: profile.Never, exact: true}
	}
	day, today := dayOf(from.value, o.zone), int64(civil.Today(int64(now), o.zone))
	// It passes the limit by reaching it, if it is whole, and by leaving it.
	whole := int64(max(limit, -beyond))
	for _, n := range [...]int64{whole - 1, whole, whole + 1, whole + 2} {
		if day+n <= today || p.holds(profile.Number(float64(n)), true) == a.ok {
			continue
		}
		return answer{ok: a.ok, until: dayStart(day+n, o.zone), exact: true}
	}
	return answer{ok: a.ok, until: profile.Never, exact: true}
}
