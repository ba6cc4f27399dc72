package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// operand is a value of a state, a constant or the clock.
type operand struct {
	source source
	name   string // of the attribute
	policy profile.Policy
	kind   profile.Kind // of the attribute, as declared
	fold   *syntax.Aggregate
	value  profile.Value // of the constant
	clock  *clock
}

type source uint8

const (
	constant source = iota
	attribute
	aggregate
	ticking
)

// newOperand compiles an operand.
func newOperand(x syntax.Operand, s syntax.Scope) operand {
	switch x := x.(type) {
	case *syntax.Literal:
		return operand{source: constant, value: x.Value}
	case *syntax.Aggregate:
		return operand{source: aggregate, fold: x}
	case *syntax.Trait:
		info, _ := s.Trait(x.Name)
		if info.Aggregate != nil {
			return operand{source: aggregate, fold: info.Aggregate}
		}
		return operand{source: attribute, name: x.Name, policy: info.Policy, kind: info.Kind}
	}
	return operand{source: ticking, clock: newClock(x, s.Zone())}
}

// at returns the operand's value at now; ok is false when it is missing.
func (o *operand) at(st *profile.State, now profile.Instant) (v profile.Value, ok bool) {
	if o.source == ticking {
		return profile.TimeAt(o.clock.at(now)), true
	}
	return o.read(st)
}

// read returns the value of an operand that is not the clock; ok is false when it
// is missing. A value of another kind than the declared one, told before the
// declaration changed, is missing too.
func (o *operand) read(st *profile.State) (v profile.Value, ok bool) {
	switch o.source {
	case attribute:
		v, ok = st.Attr(o.name, o.policy)
		return v, ok && sameKind(v.Kind(), o.kind)
	case aggregate:
		return Aggregate(o.fold, st)
	}
	return o.value, !o.value.IsNull()
}

// sameKind reports whether a value of kind k may stand where want is declared: a
// list is as good as a set, and null stands for any.
func sameKind(k, want profile.Kind) bool {
	return k == want || want == profile.KindNull || many(k) && many(want)
}

func many(k profile.Kind) bool { return k == profile.KindSet || k == profile.KindList }

// Aggregate returns the value of a fold over a state; ok is false when it is
// missing. Count and unique of an event that never happened are 0, everything
// else of it is missing.
func Aggregate(a *syntax.Aggregate, st *profile.State) (v profile.Value, ok bool) {
	switch a.Fn {
	case syntax.Count, syntax.FirstTime, syntax.LastTime:
		stats, ok := st.Event(a.Event)
		switch a.Fn {
		case syntax.Count:
			return profile.Number(float64(stats.Count)), ok
		case syntax.FirstTime:
			return profile.TimeAt(stats.First), stats.Count > 0
		}
		return profile.TimeAt(stats.Last), stats.Count > 0
	case syntax.Unique:
		n, ok := st.Unique(a.Event, a.Property)
		return profile.Number(float64(n)), ok
	}
	n, ok := st.Number(a.Event, a.Property)
	if !ok || n.Count == 0 {
		return profile.Value{}, false
	}
	switch a.Fn {
	case syntax.SumOf:
		return profile.Number(n.Sum.Float64()), true
	case syntax.AvgOf:
		return profile.Number(n.Sum.Div(n.Count)), true
	case syntax.MinOf:
		return profile.Number(n.Min), true
	case syntax.MaxOf:
		return profile.Number(n.Max), true
	case syntax.FirstOf:
		return profile.Number(n.First), true
	case syntax.LastOf:
		return profile.Number(n.Last), true
	}
	return profile.Value{}, false
}
