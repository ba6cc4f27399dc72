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
	case *Inside:
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
	case *Aggregate:
		if x.Stay != nil {
			return x.Stay.Except
		}
	case *Arith:
		return []Operand{x.L, x.R}
	case *Call:
		return x.Args
	case *If:
		return []Operand{x.Then, x.Else}
	case *Standing:
		return []Operand{x.X}
	}
	return nil
}

// WithParts returns a copy of e with its parts and operands replaced by what the
// functions make of them; conditions on events stay as they are.
func WithParts(e Expr, part func(Expr) Expr, operand func(Operand) Operand) Expr {
	parts := func(xs []Expr) []Expr {
		made := make([]Expr, len(xs))
		for i, x := range xs {
			made[i] = part(x)
		}
		return made
	}
	switch e := e.(type) {
	case *And:
		return &And{X: parts(e.X)}
	case *Or:
		return &Or{X: parts(e.X)}
	case *Xor:
		return &Xor{X: parts(e.X)}
	case *Minus:
		return &Minus{X: parts(e.X)}
	case *AtLeast:
		return &AtLeast{K: e.K, X: parts(e.X)}
	case *Not:
		return &Not{X: part(e.X)}
	case *Compare:
		return &Compare{Op: e.Op, L: operand(e.L), R: operand(e.R), Pos: e.Pos}
	case *In:
		return &In{X: operand(e.X), List: e.List, Negated: e.Negated, Pos: e.Pos}
	case *Has:
		return &Has{Mode: e.Mode, X: operand(e.X), List: e.List, Pos: e.Pos}
	case *Match:
		return &Match{Mode: e.Mode, X: operand(e.X), Pattern: e.Pattern, Pos: e.Pos}
	case *Exists:
		return &Exists{X: operand(e.X), Missing: e.Missing, Pos: e.Pos}
	case *Inside:
		return &Inside{X: operand(e.X), Area: e.Area, Place: e.Place, Pos: e.Pos}
	}
	return e
}

// WithArguments is [WithParts] of an operand.
func WithArguments(x Operand, part func(Expr) Expr, operand func(Operand) Operand) Operand {
	switch x := x.(type) {
	case *Aggregate:
		if x.Stay == nil || len(x.Stay.Except) == 0 {
			return x
		}
		made, stay := *x, *x.Stay
		stay.Except = make([]Operand, len(x.Stay.Except))
		for i, y := range x.Stay.Except {
			stay.Except[i] = operand(y)
		}
		made.Stay = &stay
		return &made
	case *Arith:
		return &Arith{Op: x.Op, L: operand(x.L), R: operand(x.R), Pos: x.Pos}
	case *Call:
		args := make([]Operand, len(x.Args))
		for i, arg := range x.Args {
			args[i] = operand(arg)
		}
		return &Call{Fn: x.Fn, Args: args, Pos: x.Pos}
	case *If:
		return &If{Cond: part(x.Cond), Then: operand(x.Then), Else: operand(x.Else), Pos: x.Pos}
	case *Standing:
		return &Standing{Fn: x.Fn, X: operand(x.X), N: x.N, Among: x.Among, Pos: x.Pos}
	}
	return x
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
