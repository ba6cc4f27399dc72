package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"time"
)

// operand is a compiled value of a state.
type operand interface {
	// read returns what the value is at now.
	read(st *profile.State, now profile.Instant) reading
}

// reading is what an operand is at one instant.
type reading struct {
	value profile.Value
	ok    bool // false: missing
	// until is an instant after now before which nothing of this changes if nothing
	// happens, but for what clock says.
	until profile.Instant
	// clock, where it is set, is what the value goes on with until then.
	clock *clock
}

// still is a reading that does not change by itself.
func still(v profile.Value, ok bool) reading {
	return reading{value: v, ok: ok, until: profile.Never}
}

// missing is the reading of what has no value until an instant.
func missing(until profile.Instant) reading { return reading{until: until} }

// same reports whether two readings are of one value.
func (r *reading) same(o *reading) bool {
	return r.ok == o.ok && (!r.ok || r.value.Equal(o.value))
}

// change returns an instant after now before which the value stays as it is.
func (r *reading) change(now profile.Instant) profile.Instant {
	switch {
	case r.clock == nil:
		return r.until
	case r.clock.ago != nil:
		return min(r.until, r.clock.ago.Until(now, r.clock.zone))
	}
	return min(r.until, add(now, 1))
}

// constant is a value of the rule.
type constant struct{ value profile.Value }

func (o *constant) read(*profile.State, profile.Instant) reading {
	return still(o.value, !o.value.IsNull())
}

// attribute is a trait that is told.
type attribute struct {
	name   string
	policy profile.Policy
	kind   profile.Kind // as declared
	retain time.Duration
}

// A value of another kind than the declared one, told before the declaration
// changed, is missing.
func (o *attribute) read(st *profile.State, now profile.Instant) reading {
	v, ok, until := st.Kept(o.name, o.policy, o.retain, now)
	return reading{value: v, ok: ok && sameKind(v.Kind(), o.kind), until: until}
}

// narrowed is a computed trait of which only values of one kind count.
type narrowed struct {
	x    operand
	kind profile.Kind // as declared
}

func (o *narrowed) read(st *profile.State, now profile.Instant) reading {
	r := o.x.read(st, now)
	if r.ok && !sameKind(r.value.Kind(), o.kind) {
		return missing(r.change(now))
	}
	return r
}

// sameKind reports whether a value of kind k may stand where want is declared: a
// list is as good as a set, and null stands for any.
func sameKind(k, want profile.Kind) bool {
	return k == want || want == profile.KindNull || want == syntax.Any || many(k) && many(want)
}

func many(k profile.Kind) bool { return k == profile.KindSet || k == profile.KindList }

// ticking is now() or ago().
type ticking struct{ clock *clock }

func (o *ticking) read(_ *profile.State, now profile.Instant) reading {
	return reading{value: profile.TimeAt(o.clock.at(now)), ok: true, until: profile.Never, clock: o.clock}
}
