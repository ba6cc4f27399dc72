package syntax

// StageTag is the tag that stages are kept as: each is a value of it.
const StageTag = "stage"

const stageHelp = `compare it with a stage: stage() = "loyal", stage() != "loyal", stage() in ["new", "active"]`

// stage reads a condition on the stage of a profile, which is short for one on the tag
// that has it: everybody has exactly one.
func (p *parser) stage(name token) (Expr, *Error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if op, ok := comparison(p.tok); ok {
		if op != Eq && op != Ne {
			return nil, faultAt(p.tok.pos, p.tok.end-p.tok.pos, stageHelp, "stages are not ordered")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		is, err := p.stageNamed(name)
		if err != nil || op == Eq {
			return is, err
		}
		return &Not{X: is}, nil
	}
	negated := p.is("not")
	if negated {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if !p.is("in") {
		err := p.unexpected("an operator (= != in)")
		err.Hint = stageHelp
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is("[") {
		return nil, p.unexpected("[")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	any := &Or{X: []Expr{}}
	for !p.is("]") {
		if len(any.X) > 0 {
			if err := p.expect(",", "or ] in the list"); err != nil {
				return nil, err
			}
		}
		is, err := p.stageNamed(name)
		if err != nil {
			return nil, err
		}
		any.X = append(any.X, is)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if negated {
		return &Not{X: any}, nil
	}
	return any, nil
}

// stageNamed reads the name of a stage.
func (p *parser) stageNamed(name token) (Expr, *Error) {
	t := p.tok
	switch {
	case t.kind != tokenString:
		err := p.unexpected("the name of a stage in quotes")
		err.Hint = stageHelp
		return nil, err
	case t.text == "":
		return nil, faultAt(t.pos, t.end-t.pos, "", "the name of the stage is empty")
	}
	return &TagRef{Name: StageTag, Value: t.text, Pos: Pos(name.pos)}, p.advance()
}
