package syntax

// placeOf returns where the first condition within e stands that has a place; -1 where
// none does. It does not recurse, so that e may be of any depth.
func placeOf(e Expr) Pos {
	for parts := Parts(e); len(parts) > 0; parts = Parts(e) {
		e = parts[0]
	}
	switch e := e.(type) {
	case *Compare:
		return e.Pos
	case *In:
		return e.Pos
	case *Has:
		return e.Pos
	case *Match:
		return e.Pos
	case *Exists:
		return e.Pos
	case *Inside:
		return e.Pos
	case *InList:
		return e.Pos
	case *Consent:
		return e.Pos
	case *TagRef:
		return e.Pos
	case *Each:
		return e.Pos
	case *Happened:
		if e.X != nil {
			return e.X.Pos
		}
	}
	return -1
}

// placeOfOperand is placeOf of an operand.
func placeOfOperand(x Operand) Pos {
	switch x := x.(type) {
	case *Trait:
		return x.Pos
	case *Aggregate:
		return x.Pos
	case *Sequence:
		return x.Pos
	case *Interest:
		return x.Pos
	case *Interests:
		return x.Pos
	case *Standing:
		return x.Pos
	case *Namespaces:
		return x.Pos
	case *Draw:
		return x.Pos
	case *Arith:
		return x.Pos
	case *Call:
		return x.Pos
	case *If:
		return x.Pos
	case *Literal:
		return x.Pos
	case *Now:
		return x.Pos
	case *Ago:
		return x.Pos
	}
	return -1
}
