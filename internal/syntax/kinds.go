package syntax

import "github.com/portraitdb/portrait/profile"

// OperandKind returns the kind of what an operand gives under a scope, and for a
// set or list that of its elements (null where any is allowed). ok is false for a
// trait that is not declared.
func OperandKind(x Operand, s Scope) (kind, elem profile.Kind, ok bool) {
	switch x := x.(type) {
	case *Trait:
		info, ok := s.Trait(x.Name)
		if ok && info.Aggregate != nil {
			return info.Aggregate.Fn.Kind(), profile.KindNull, true
		}
		return info.Kind, info.Elem, ok
	case *Aggregate:
		return x.Fn.Kind(), profile.KindNull, true
	case *Literal:
		return x.Value.Kind(), profile.KindNull, true
	case *Now, *Ago:
		return profile.KindTime, profile.KindNull, true
	}
	return profile.KindNull, profile.KindNull, false
}

// Kind returns the kind of what the function gives: a number or a time.
func (f Fn) Kind() profile.Kind {
	if f == FirstTime || f == LastTime {
		return profile.KindTime
	}
	return profile.KindNumber
}

// ordered reports whether < and > mean something among values of the kind.
func ordered(k profile.Kind) bool {
	return k == profile.KindNumber || k == profile.KindTime || k == profile.KindString
}

// scalar reports whether = means something among values of the kind.
func scalar(k profile.Kind) bool {
	return ordered(k) || k == profile.KindBool || k == profile.KindPoint
}

// a returns the kind with its article, for messages.
func a(k profile.Kind) string {
	switch k {
	case profile.KindString:
		return "a text"
	case profile.KindPoint:
		return "a point"
	case profile.KindNull:
		return "null"
	}
	return "a " + k.String()
}
