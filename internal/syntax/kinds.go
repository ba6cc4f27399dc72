package syntax

import "github.com/portraitdb/portrait/profile"

// Any is the kind of a value that is known when it is read and no sooner: of a
// property that the model does not declare, say. It may be compared with every kind;
// values of different kinds do not compare.
const Any profile.Kind = 0xFF

// OperandKind returns the kind of what an operand gives under a scope, and for a
// set or list that of its elements (null where any is allowed). ok is false for a
// trait that is not declared, and for an operand that has no kind: one with parts that
// do not fit together.
func OperandKind(x Operand, s Scope) (kind, elem profile.Kind, ok bool) {
	k := kinds{scope: s}
	got := k.operand(x)
	return got.kind, got.elem, got.ok
}

// kinds tells the kinds of operands, each computed trait once.
type kinds struct {
	scope      Scope
	properties bool // names are the properties of an event
	traits     map[string]kinded
}

type kinded struct {
	kind, elem profile.Kind
	ok         bool
}

func (k *kinds) operand(x Operand) kinded {
	switch x := x.(type) {
	case *Trait:
		if k.properties {
			return kinded{kind: Any, ok: true}
		}
		return k.trait(x.Name)
	case *Aggregate:
		return k.aggregate(x)
	case *Sequence, *Interest, *Standing, *Draw, *Arith:
		return kinded{kind: profile.KindNumber, ok: true}
	case *Namespaces:
		return kinded{profile.KindSet, profile.KindString, true}
	case *Interests:
		return kinded{kind: profile.KindList, ok: true}
	case *Call:
		return k.call(x)
	case *If:
		return k.common(x.Then, x.Else)
	case *Literal:
		return kinded{kind: x.Value.Kind(), ok: true}
	case *Now, *Ago:
		return kinded{kind: profile.KindTime, ok: true}
	}
	return kinded{}
}

func (k *kinds) trait(name string) kinded {
	if known, ok := k.traits[name]; ok {
		return known
	}
	info, ok := k.scope.Trait(name)
	if !ok || info.Compute == nil {
		return kinded{info.Kind, info.Elem, ok}
	}
	if k.traits == nil {
		k.traits = map[string]kinded{}
	}
	k.traits[name] = kinded{kind: Any, ok: true} // while it is looked at: traits that form a cycle
	known := k.operand(info.Compute)
	if known.kind == Any && info.Kind != profile.KindNull {
		known.kind = info.Kind // which alone counts
	}
	k.traits[name] = known
	return known
}

func (k *kinds) aggregate(x *Aggregate) kinded {
	switch x.Fn {
	case FirstTime, LastTime:
		return kinded{kind: profile.KindTime, ok: true}
	case Dwell:
		return kinded{kind: profile.KindPoint, ok: true}
	case FirstOf, LastOf:
		if keptWithoutFold(x, k.scope) {
			return kinded{kind: profile.KindNumber, ok: true}
		}
		return kinded{kind: Any, ok: true}
	case MostFrequent:
		return kinded{kind: Any, ok: true}
	case Top, Latest, Earliest:
		return kinded{kind: profile.KindList, ok: true}
	}
	return kinded{kind: profile.KindNumber, ok: true}
}

func (k *kinds) call(x *Call) kinded {
	switch x.Fn {
	case Coalesce, Least, Greatest:
		return k.common(x.Args...)
	}
	return kinded{kind: profile.KindNumber, ok: true}
}

// common returns the kind that all of xs have: a text beside times is one of them.
func (k *kinds) common(xs ...Operand) kinded {
	var got kinded
	for _, x := range xs {
		next := k.operand(x)
		switch {
		case !next.ok:
			return kinded{}
		case !got.ok, got.kind == Any, isText(got.kind) && next.kind == profile.KindTime:
			got = next
		case next.kind == Any, got.kind == profile.KindTime && isText(next.kind):
		case isCollection(got.kind) && isCollection(next.kind):
			if got.elem != next.elem {
				got.elem = profile.KindNull
			}
		case got.kind != next.kind:
			return kinded{}
		}
	}
	return got
}

func isText(k profile.Kind) bool { return k == profile.KindString }

func isCollection(k profile.Kind) bool { return k == profile.KindSet || k == profile.KindList }

// ordered reports whether < and > mean something among values of the kind.
func ordered(k profile.Kind) bool {
	return k == profile.KindNumber || k == profile.KindTime || k == profile.KindString || k == Any
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
	case Any:
		return "any value"
	}
	return "a " + k.String()
}
