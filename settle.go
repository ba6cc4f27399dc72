package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/internal/syntax"
)

// settler turns an expression that is asked into one that a profile answers by itself:
// it puts the rules of query tags in their place, and tells how everybody stands.
type settler struct {
	ctx  context.Context
	view *View
	// explain, where it is set, is whom the answer is explained of. Tags and comparisons
	// then stay as they are, for people to read: the rules are in rules, every standing
	// has its ladder, and every list its answer.
	explain *member
	rules   map[syntax.TagRef]syntax.Expr

	populations map[string]population // by the operand
	gathered    map[string]*gathered
	sizes       map[syntax.TagRef]int // of rules: how many conditions each comes to
	size        int                   // what the expression comes to so far
	err         error                 // the first
}

// settle checks an expression and settles it, for everybody or to explain the answer of
// one; then the scope is what its tags mean.
func (v *View) settle(ctx context.Context, e syntax.Expr, explain *member) (syntax.Expr, syntax.Scope, error) {
	cat := v.epoch.cat
	checked, err := syntax.CheckAsked(e, cat)
	if err != nil || len(cat.asked) == 0 && !syntax.Relative(checked, cat) {
		return checked, cat, err
	}
	s := &settler{ctx: ctx, view: v, explain: explain, rules: map[syntax.TagRef]syntax.Expr{}, sizes: map[syntax.TagRef]int{}, populations: map[string]population{}, gathered: map[string]*gathered{}}
	settled := s.expr(checked)
	return settled, askedScope{cat, s.rules}, s.err
}

// askedScope is a catalog under which query tags mean what was settled.
type askedScope struct {
	*catalog
	rules map[syntax.TagRef]syntax.Expr
}

// Tag implements syntax.Scope.
func (s askedScope) Tag(name, value string) (syntax.Expr, bool) {
	if rule, ok := s.rules[syntax.TagRef{Name: name, Value: value}]; ok {
		return rule, true
	}
	return s.catalog.Tag(name, value)
}

// maxSettled bounds an expression with the rules of query tags in their place, counted
// as often as they are named.
const maxSettled = 100_000

// grow counts conditions, and reports whether there may be as many.
func (s *settler) grow(n int) bool {
	if s.size += n; s.size > maxSettled && s.err == nil {
		s.err = &syntax.Error{Offset: -1, Msg: fmt.Sprintf("with the rules of its query tags the expression has more than %d conditions", maxSettled)}
	}
	return s.err == nil
}

func (s *settler) expr(e syntax.Expr) syntax.Expr {
	if !s.grow(1) {
		return e
	}
	switch e := e.(type) {
	case *syntax.TagRef:
		return s.tag(e)
	case *syntax.InList:
		return s.list(e)
	case *syntax.Compare:
		if l, k, op := beside(e); l != nil && s.indexed(l) {
			return s.compare(l, op, k)
		}
	case *syntax.In:
		if x, ok := e.X.(*syntax.Standing); ok && s.indexed(x) {
			return s.among(x, e)
		}
	}
	return syntax.WithParts(e, s.expr, s.operand)
}

// indexed reports whether a comparison is settled by comparing the value itself, which
// an index answers; to explain it, and where every profile is read anyway, it is not.
func (s *settler) indexed(x *syntax.Standing) bool {
	_, _, ok := operands{s.view}.Column(x.X)
	return ok && s.explain == nil
}

// beside returns the standing and the number that a condition compares.
func beside(e *syntax.Compare) (*syntax.Standing, float64, syntax.Op) {
	if x, ok := e.L.(*syntax.Standing); ok {
		if k, ok := e.R.(*syntax.Literal); ok {
			return x, k.Value.Number(), e.Op
		}
	}
	if x, ok := e.R.(*syntax.Standing); ok {
		if k, ok := e.L.(*syntax.Literal); ok {
			return x, k.Value.Number(), e.Op.Mirrored()
		}
	}
	return nil, 0, 0
}

func (s *settler) compare(x *syntax.Standing, op syntax.Op, level float64) syntax.Expr {
	p := s.population(x.X)
	if s.err != nil {
		return &syntax.Const{}
	}
	var e syntax.Expr
	e, s.err = ladder{p, x}.compare(s.ctx, op, level)
	return e
}

// among settles whether a standing is one of some numbers, or, negated, none.
func (s *settler) among(x *syntax.Standing, e *syntax.In) syntax.Expr {
	op, parts := syntax.Eq, make([]syntax.Expr, len(e.List))
	if e.Negated {
		op = syntax.Ne
	}
	for i, v := range e.List {
		parts[i] = s.compare(x, op, v.Number())
	}
	switch {
	case !e.Negated:
		return &syntax.Or{X: parts}
	case len(parts) == 0:
		return &syntax.Exists{X: s.operand(x.X), Pos: e.Pos}
	}
	return &syntax.And{X: parts}
}

// list refuses a list that is not there, and to explain somebody looks them up in it.
func (s *settler) list(e *syntax.InList) syntax.Expr {
	l := findList(s.view.epoch.lists, e.Name)
	if l == nil {
		fault := &syntax.Error{Offset: int(e.Pos), Msg: fmt.Sprintf("unknown list %q", e.Name), Text: syntax.Print(e), Hint: "DB.Lists uploads one"}
		var names []string
		for _, about := range s.view.Lists() {
			names = append(names, about.Name)
		}
		if near := spelling.Nearest(e.Name, names); near != "" {
			fault.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		s.err = fault
		return e
	}
	if s.explain == nil {
		return e
	}
	is, err := s.view.epoch.root.Contains(s.view.epoch, l.field, s.explain.ordinal)
	if err != nil {
		s.err = err
	}
	return &syntax.InList{Name: e.Name, Known: &is, Pos: e.Pos}
}

func (s *settler) tag(ref *syntax.TagRef) syntax.Expr {
	cat, key := s.view.epoch.cat, syntax.TagRef{Name: ref.Name, Value: ref.Value}
	if cat.query(ref.Name) == nil {
		return ref // What is kept live says nothing of how anybody stands.
	}
	rule, ok := s.rules[key]
	if ok && !s.grow(s.sizes[key]) {
		return ref
	}
	if !ok {
		unchecked, _ := cat.Tag(ref.Name, ref.Value)
		checked, err := syntax.CheckAsked(unchecked, cat)
		if err != nil { // Check has refused it.
			s.err = err
			return ref
		}
		before := s.size
		rule = s.expr(checked)
		s.rules[key], s.sizes[key] = rule, s.size-before
	}
	if s.explain != nil {
		return ref
	}
	return rule
}

func (s *settler) operand(x syntax.Operand) syntax.Operand {
	x = syntax.WithArguments(x, s.expr, s.operand)
	if standing, ok := x.(*syntax.Standing); ok && s.err == nil {
		standing.Among = s.ladder(standing)
	}
	return x
}

// ladder returns how everybody stands: to be asked of one profile to explain it, else of
// all of them. It is nil after an error.
func (s *settler) ladder(x *syntax.Standing) syntax.Ladder {
	p := s.population(x.X)
	if s.err != nil {
		return nil
	}
	if in, ok := p.(*indexed); ok && s.explain == nil {
		if x.Fn == syntax.NTile {
			var t *tiles
			t, s.err = in.tiles(s.ctx, x.N)
			return t
		}
		p = s.gather(x.X)
	}
	return ladder{p, x}
}

// population returns everybody's values of an operand, by its index where it has one.
func (s *settler) population(x syntax.Operand) population {
	key := syntax.PrintOperand(x)
	if p := s.populations[key]; p != nil || s.err != nil {
		return p
	}
	var p population
	if in, err := s.view.indexedPopulation(s.ctx, x); err != nil {
		s.err = err
	} else if in != nil {
		p = in
	} else {
		p = s.gather(x)
	}
	s.populations[key] = p
	return p
}

func (s *settler) gather(x syntax.Operand) *gathered {
	key := syntax.PrintOperand(x)
	p := s.gathered[key]
	if p == nil && s.err == nil {
		if p, s.err = s.view.gather(s.ctx, x); s.err == nil {
			s.gathered[key] = p
		}
	}
	return p
}
