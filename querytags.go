package portrait

import (
	"context"
	"fmt"

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

	columns  map[string]*indexed // by the operand; nil for one without
	gathered map[string]*gathered
	sizes    map[syntax.TagRef]int // of rules: how many conditions each comes to
	size     int                   // what the expression comes to so far
	out      *settlement
	err      error // the first
}

// settlement is an expression that a profile answers by itself.
type settlement struct {
	tree  syntax.Expr
	scope syntax.Scope // what its tags mean
	// fault is what went wrong while somebody was explained by it.
	fault error
}

// settle checks an expression and settles it, for everybody or to explain the answer of
// one.
func (v *View) settle(ctx context.Context, e syntax.Expr, explain *member) (*settlement, error) {
	cat := v.epoch.cat
	checked, err := syntax.CheckAsked(e, cat)
	if err != nil {
		return nil, err
	}
	if len(cat.asked) == 0 && !syntax.Relative(checked, cat) && len(syntax.Read(checked).Lists) == 0 {
		return &settlement{tree: checked, scope: cat}, nil
	}
	s := &settler{
		ctx: ctx, view: v, explain: explain, rules: map[syntax.TagRef]syntax.Expr{}, sizes: map[syntax.TagRef]int{},
		columns: map[string]*indexed{}, gathered: map[string]*gathered{}, out: &settlement{},
	}
	s.out.tree, s.out.scope = s.expr(checked), askedScope{cat, s.rules}
	return s.out, s.err
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
	case *syntax.Members:
		return s.members(e)
	case *syntax.Compare:
		if x, k, op := beside(e); x != nil && s.explain == nil {
			if p := s.column(x.X); p != nil {
				return s.levels(p, x, p.compared(x, op, k))
			}
		}
	case *syntax.In:
		if x, ok := e.X.(*syntax.Standing); ok && s.explain == nil {
			if p := s.column(x.X); p != nil {
				return s.among(p, x, e)
			}
		}
	}
	return syntax.WithParts(e, s.expr, s.operand)
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

// levels settles how somebody stands by comparing the value itself, which the column
// answers.
func (s *settler) levels(p *indexed, x *syntax.Standing, l levels) syntax.Expr {
	if !s.grow(len(l.bands)) {
		return &syntax.Const{}
	}
	var e syntax.Expr
	e, s.err = p.condition(s.ctx, x, l)
	return e
}

// among settles whether a standing is one of some numbers, or, negated, none.
func (s *settler) among(p *indexed, x *syntax.Standing, e *syntax.In) syntax.Expr {
	if len(e.List) == 0 && e.Negated {
		return &syntax.Exists{X: s.operand(x.X), Pos: e.Pos}
	}
	list := make([]float64, len(e.List))
	for i, v := range e.List {
		list[i] = v.Number()
	}
	l := p.listed(x, list)
	l.negated = e.Negated
	return s.levels(p, x, l)
}

// list refuses a list that is not there, and to explain somebody looks them up in it.
func (s *settler) list(e *syntax.InList) syntax.Expr {
	l := findList(s.view.epoch.lists, e.Name)
	if l == nil {
		s.err = s.view.epoch.unknownList(e.Name, e)
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
	p := s.column(x.X)
	switch {
	case p != nil && s.explain != nil:
		return ranker{p, s.ctx, x, &s.out.fault}
	case p != nil && x.Fn == syntax.NTile:
		t, err := p.tiles(s.ctx, x.N)
		if err != nil {
			s.err = err
			return nil
		}
		return t
	}
	if all := s.gather(x.X); all != nil {
		return ladder{all, x}
	}
	return nil
}

// column returns the column of an operand; nil where it has none, and after an error.
func (s *settler) column(x syntax.Operand) *indexed {
	key := syntax.PrintOperand(x)
	p, ok := s.columns[key]
	if !ok && s.err == nil {
		p, s.err = s.view.indexed(s.ctx, x)
		s.columns[key] = p
	}
	return p
}

// gather reads everybody's values of an operand; nil after an error.
func (s *settler) gather(x syntax.Operand) *gathered {
	key := syntax.PrintOperand(x)
	p := s.gathered[key]
	if p == nil && s.err == nil {
		p, s.err = s.view.gather(s.ctx, x)
		s.gathered[key] = p
	}
	return p
}
