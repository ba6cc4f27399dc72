package syntax

// calls are the functions of values.
var calls = map[string]CallFn{
	"coalesce": Coalesce, "least": Least, "greatest": Greatest, "round": Round, "floor": Floor, "ceil": Ceil, "abs": Abs,
	"days_since": DaysSince, "days_between": DaysBetween,
	"days_at": DaysAt, "days_seen": DaysSeen, "confidence": Confidence,
}

// arity returns how many arguments a function of values takes; most is 0 for no bound.
func (f CallFn) arity() (least, most int) {
	switch f {
	case Coalesce, Least, Greatest:
		return 2, 0
	case Round:
		return 1, 2
	case DaysBetween:
		return 2, 2
	}
	return 1, 1
}

// valueCall reads the arguments of a function of values.
func (p *parser) valueCall(name token, fn CallFn) (Operand, *Error) {
	x := &Call{Fn: fn, Pos: Pos(name.pos)}
	for !p.is(")") {
		if len(x.Args) > 0 {
			if err := p.comma(name); err != nil {
				return nil, err
			}
		}
		arg, err := p.operand()
		if err != nil {
			return nil, err
		}
		x.Args = append(x.Args, arg)
	}
	if least, most := fn.arity(); len(x.Args) < least || most > 0 && len(x.Args) > most {
		return nil, p.misused(name)
	}
	return x, p.advance()
}

// choice reads the arguments of if(.
func (p *parser) choice(name token) (Operand, *Error) {
	if p.is(")") {
		return nil, p.misused(name)
	}
	x := &If{Pos: Pos(name.pos)}
	var err *Error
	if x.Cond, err = p.expr(precOr); err != nil {
		return nil, err
	}
	for _, to := range []*Operand{&x.Then, &x.Else} {
		if err := p.comma(name); err != nil {
			return nil, err
		}
		if *to, err = p.operand(); err != nil {
			return nil, err
		}
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return x, p.advance()
}

// interest reads the arguments of interest( or interests(.
func (p *parser) interest(name token) (Operand, *Error) {
	interest, err := p.string(name)
	if err != nil {
		return nil, err
	}
	var x Operand
	switch {
	case name.text == "interests":
		if err := p.comma(name); err != nil {
			return nil, err
		}
		n, err := p.wholeNumber(name, maxValues)
		if err != nil {
			return nil, err
		}
		x = &Interests{Name: interest, N: n, Pos: Pos(name.pos)}
	case p.is(","):
		key := ""
		err := p.second(name, func(t token) *Error {
			if key = t.text; key == "" {
				return faultAt(t.pos, t.end-t.pos, "the sum over all keys is written without a key", "the key is empty")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		x = &Interest{Name: interest, Key: key, Pos: Pos(name.pos)}
	default:
		x = &Interest{Name: interest, Pos: Pos(name.pos)}
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return x, p.advance()
}
