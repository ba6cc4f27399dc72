package syntax

// Parts returns the conditions that e combines, none for a condition on
// operands. The slice may be part of e: do not change it.
func Parts(e Expr) []Expr {
	switch e := e.(type) {
	case *And:
		return e.X
	case *Or:
		return e.X
	case *Xor:
		return e.X
	case *Minus:
		return e.X
	case *AtLeast:
		return e.X
	case *Not:
		return []Expr{e.X}
	}
	return nil
}

// operands returns the operands of a condition.
func operands(e Expr) []Operand {
	switch e := e.(type) {
	case *Compare:
		return []Operand{e.L, e.R}
	case *In:
		return []Operand{e.X}
	case *Has:
		return []Operand{e.X}
	case *Match:
		return []Operand{e.X}
	case *Exists:
		return []Operand{e.X}
	case *Each:
		return []Operand{e.X}
	case *Happened:
		if e.X == nil {
			return []Operand{nil}
		}
		return []Operand{e.X}
	}
	return nil
}

// arguments returns the operands that an operand is computed from.
func arguments(x Operand) []Operand {
	switch x := x.(type) {
	case *Arith:
		return []Operand{x.L, x.R}
	case *Call:
		return x.Args
	case *If:
		return []Operand{x.Then, x.Else}
	}
	return nil
}

// filters returns the filters of a sequence: the steps, then all that is forbidden.
func (x *Sequence) filters() []Filter {
	var steps, forbidden []Filter
	for _, s := range x.Steps {
		steps = append(steps, s.Filter)
		forbidden = append(forbidden, s.Without...)
	}
	return append(append(steps, forbidden...), x.Without...)
}

// wheres returns the conditions on events within an operand, or within an Each.
func wheres(node any) (on []Expr) {
	switch x := node.(type) {
	case *Aggregate:
		if x.Where != nil {
			on = append(on, x.Where)
		}
	case *Sequence:
		for _, f := range x.filters() {
			if f.Where != nil {
				on = append(on, f.Where)
			}
		}
	case *Each:
		on = append(on, x.Where)
	}
	return on
}

// visitor is called for every part of a tree, before what is within it. What it
// returns false for it is not led into. Either function may be nil.
type visitor struct {
	expr    func(Expr) bool
	operand func(Operand) bool
	// wheres leads it into the conditions on events too.
	wheres bool
}

func (v *visitor) visit(e Expr) {
	if v.expr != nil && !v.expr(e) {
		return
	}
	for _, x := range Parts(e) {
		v.visit(x)
	}
	for _, x := range operands(e) {
		v.visitOperand(x)
	}
	v.visitWheres(e)
}

func (v *visitor) visitOperand(x Operand) {
	if v.operand != nil && !v.operand(x) {
		return
	}
	if x, ok := x.(*If); ok {
		v.visit(x.Cond)
	}
	for _, y := range arguments(x) {
		v.visitOperand(y)
	}
	v.visitWheres(x)
}

func (v *visitor) visitWheres(node any) {
	if !v.wheres {
		return
	}
	for _, e := range wheres(node) {
		v.visit(e)
	}
}
