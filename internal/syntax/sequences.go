package syntax

import (
	"strings"
	"time"
)

// sequence reads the arguments of a sequence, up to the closing bracket.
func (p *parser) sequence(name token) (*Sequence, *Error) {
	r := sequenceReader{parser: p, name: name, x: &Sequence{Pos: Pos(name.pos)}, seen: map[string]bool{}}
	for {
		if err := r.part(); err != nil {
			return nil, err
		}
		if !p.is(",") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if !p.is(")") || len(r.x.Steps) == 0 {
		return nil, p.misused(name)
	}
	r.x.Without = r.forbidden
	return r.x, nil
}

// sequenceReader reads the parts of a sequence: steps and what is forbidden between
// them, then options.
type sequenceReader struct {
	*parser
	name      token
	x         *Sequence
	forbidden []Filter // since the last step
	seen      map[string]bool
}

func (r *sequenceReader) part() *Error {
	start := r.tok
	if start.kind == tokenString {
		if err := r.inOrder(start); err != nil {
			return err
		}
		f, err := r.event()
		r.step(Step{Filter: f})
		return err
	}
	clause, err := r.clause(r.name)
	if err != nil {
		return err
	}
	switch clause.text {
	case "step", "without":
		if err := r.inOrder(start); err != nil {
			return err
		}
		err = r.filter(clause)
	default:
		if r.seen[clause.text] {
			return faultAt(clause.pos, len(clause.text), "", "%s(...) comes twice", clause.text)
		}
		r.seen[clause.text] = true
		err = r.option(clause)
	}
	if err != nil {
		return err
	}
	return r.expect(")", "to close "+clause.text+"(")
}

// inOrder refuses a step behind an option.
func (r *sequenceReader) inOrder(t token) *Error {
	if len(r.seen) == 0 {
		return nil
	}
	return faultAt(t.pos, t.end-t.pos, `a bound on one step is written step("event", within("1h"))`, "the steps come first, then within, same, last and overlapping")
}

func (r *sequenceReader) step(s Step) {
	s.Without, r.forbidden = r.forbidden, nil
	r.x.Steps = append(r.x.Steps, s)
}

// event reads an event's name.
func (r *sequenceReader) event() (Filter, *Error) {
	t := r.tok
	f := Filter{Event: t.text, Pos: Pos(t.pos)}
	if t.text == "" {
		return f, faultAt(t.pos, t.end-t.pos, "", "the event's name is empty")
	}
	return f, r.advance()
}

// filter reads the arguments of step( or without(.
func (r *sequenceReader) filter(clause token) *Error {
	if r.tok.kind != tokenString {
		return r.misused(clause)
	}
	f, err := r.event()
	if err != nil {
		return err
	}
	var within time.Duration
	for r.is(",") {
		if err := r.advance(); err != nil {
			return err
		}
		inner, err := r.clause(clause)
		if err != nil {
			return err
		}
		switch {
		case inner.text == "where" && f.Where == nil:
			f.Where, err = r.where()
		case inner.text == "within" && clause.text == "step" && within == 0:
			if len(r.x.Steps) == 0 {
				return faultAt(inner.pos, len(inner.text), "write it in a later step, or behind the steps for all of them", "nothing comes before the first step that it could be within")
			}
			within, err = r.length(inner)
		case inner.text == "where" || inner.text == "within" && clause.text == "step":
			err = faultAt(inner.pos, len(inner.text), "", "%s(...) comes twice", inner.text)
		default:
			err = faultAt(inner.pos, len(inner.text), clause.text+" is written as in "+clauses[clause.text], "%s(...) means nothing in %s", inner.text, clause.text)
		}
		if err != nil {
			return err
		}
		if err := r.expect(")", "to close "+inner.text+"("); err != nil {
			return err
		}
	}
	if clause.text == "without" {
		if len(r.x.Steps) == 0 {
			return faultAt(clause.pos, len(clause.text), "write the step that it comes after first", "nothing can be forbidden before the first step")
		}
		r.forbidden = append(r.forbidden, f)
		return nil
	}
	r.step(Step{Filter: f, Within: within})
	return nil
}

// length reads a length of time that is not zero.
func (r *sequenceReader) length(clause token) (time.Duration, *Error) {
	t := r.tok
	if _, err := r.strings(clause, 1); err != nil {
		return 0, err
	}
	return r.span(t)
}

func (r *sequenceReader) option(clause token) (err *Error) {
	switch clause.text {
	case "within":
		r.x.Within, err = r.length(clause)
		return err
	case "same":
		t := r.tok
		if _, err := r.strings(clause, 1); err != nil {
			return err
		}
		if r.x.Same = t.text; t.text == "" {
			return faultAt(t.pos, t.end-t.pos, "", "the property's name is empty")
		}
		return nil
	case "last":
		r.x.Window, err = r.window(clause)
		return err
	case "overlapping":
		r.x.Overlap = true
		_, err := r.strings(clause, 0)
		return err
	case "where":
		return faultAt(clause.pos, len(clause.text), `write step("event", where(...))`, "where(...) belongs to one step")
	}
	return faultAt(clause.pos, len(clause.text), `the window of a sequence is last("30d")`, "%s(...) means nothing in %s", clause.text, r.name.text)
}

// span reads the length of time that a string says. It is more than nothing.
func (p *parser) span(t token) (time.Duration, *Error) {
	d, msg, hint := parseLength(t.text)
	if msg != "" {
		return 0, faultAt(t.pos, t.end-t.pos, hint, "%s", msg)
	}
	return d, nil
}

// parseLength is parseSpan of a length that is more than nothing.
func parseLength(s string) (d time.Duration, msg, hint string) {
	d, msg, hint = parseSpan(s)
	switch {
	case msg == "" && d == 0:
		return 0, "a length of time is more than nothing", ""
	case strings.HasSuffix(s, "mo") || strings.HasSuffix(s, "y"):
		hint = "write it in days"
	}
	return d, msg, hint
}
