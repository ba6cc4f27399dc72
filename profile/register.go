package profile

import (
	"iter"
	"slices"
	"strings"
)

// A consent is kept as an attribute under a policy of its own. What one identifier holds
// of a purpose is a register, a list of what follows: the latest event wins. What a person
// holds is the set of the registers of all identifiers, so that reading can let a no win,
// whichever came last.
const (
	regAt      = iota // time of the event
	regRefused        // 0 granted, 1 withdrawn, 2 denied: of equals the stricter is the greater
	regSource
	regMessage
	regPolicy
	regExpires // a time, or null
	regMethod
	regFields
)

// register returns the form of one consent.
func register(at Instant, source, message string, c Consent) Value {
	var expires Value
	if !c.Expires.IsZero() {
		expires = Time(c.Expires)
	}
	return List(TimeAt(at), Number(float64(ConsentGranted-c.Status)), String(source), String(message), String(c.Policy), expires, String(c.Method))
}

func statusOf(register Value) ConsentStatus {
	return ConsentGranted - ConsentStatus(register.list[regRefused].Number())
}

func recordOf(purpose string, v Value) ConsentRecord {
	r := ConsentRecord{
		Consent: Consent{Purpose: purpose, Status: statusOf(v), Policy: v.list[regPolicy].str, Method: v.list[regMethod].str},
		At:      v.list[regAt].Instant().Time(), Source: v.list[regSource].str, MessageID: v.list[regMessage].str,
	}
	if expires := v.list[regExpires]; !expires.IsNull() {
		r.Expires = expires.Instant().Time()
	}
	return r
}

// isRegister reports whether a value has the form of one.
func isRegister(v Value) bool {
	if v.kind != KindList || len(v.list) != regFields {
		return false
	}
	for i, kind := range [regFields]Kind{KindTime, KindNumber, KindString, KindString, KindString, KindTime, KindString} {
		if got := v.list[i].kind; got != kind && !(i == regExpires && got == KindNull) {
			return false
		}
	}
	n := v.list[regRefused].Number()
	return n == 0 || n == 1 || n == 2
}

// registers yields what is held of a purpose, ascending by time.
func (s *State) registers(purpose string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		i := find(len(s.attrs), func(i int) int {
			a := &s.attrs[i]
			if c := strings.Compare(a.name, purpose); c != 0 {
				return c
			}
			return int(a.policy) - int(consents)
		})
		if i < 0 {
			return
		}
		v := s.attrs[i].value
		if v.kind == KindList {
			yield(v)
			return
		}
		for _, one := range v.list {
			if !yield(one) {
				return
			}
		}
	}
}

// unite is join of what two identifiers of a person hold: both registers stay.
func (a *attr) unite(b *attr) {
	if a.policy != consents {
		a.join(b)
		return
	}
	if a.stamp.Compare(b.stamp) < 0 {
		a.stamp = b.stamp
	}
	of := func(v Value) []Value {
		if v.kind == KindList {
			return []Value{v}
		}
		return v.list
	}
	all := Set(slices.Concat(of(a.value), of(b.value))...)
	if len(all.list) == 1 {
		a.value = all.list[0]
		return
	}
	a.value = all
}

// trimConsents gives up where there are more purposes than a state holds: all but the
// objections are then dropped, and nothing counts as granted.
func (s *State) trimConsents(across bool) {
	purposes := count(s.attrs, func(a *attr) bool { return a.policy == consents && !reserved(a.name) })
	if purposes > maxConsents && !across {
		s.overflow |= overflowConsents
	}
	if purposes > 0 && s.overflow&overflowConsents != 0 {
		s.attrs = slices.DeleteFunc(s.attrs, func(a attr) bool { return a.policy == consents && !reserved(a.name) })
	}
}

// liftConsents turns what an event says of purposes into attributes, ascending.
func (sc *Schema) liftConsents(e *Event, at Stamp) []attr {
	list := make([]attr, 0, len(e.Consent))
	add := func(purpose string, c Consent) {
		list = append(list, attr{
			name: purpose, policy: consents, declared: true, stamp: at,
			value: register(at.At, e.Source, e.MessageID, c),
		})
	}
	var all *Consent
	for i := range e.Consent {
		if c := &e.Consent[i]; c.Purpose != AllPurposes {
			add(c.Purpose, *c)
		} else {
			all = c
		}
	}
	if all != nil {
		for _, purpose := range sc.Purposes {
			if !slices.ContainsFunc(e.Consent, func(c Consent) bool { return c.Purpose == purpose }) {
				add(purpose, *all)
			}
		}
	}
	slices.SortFunc(list, func(a, b attr) int { return strings.Compare(a.name, b.name) })
	return list
}
