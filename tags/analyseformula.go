package tags

import (
	"slices"
	"strconv"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// formula is a condition in normal form: negations are in the sets of its facts, and
// equal formulas are one.
type formula struct {
	id   int
	op   operation
	x    []*formula // of opAll and opSome: ascending by id, distinct, at least two
	fact int        // of opIs: the fact, and what it is
	set  set
	not  *formula // where it has been asked for
}

type operation uint8

const (
	opNever operation = iota
	opEver
	opIs  // a fact is in a set
	opAll // of x
	opSome
)

// formulas makes formulas of conditions.
type formulas struct {
	*facts
	made  []*formula
	known map[string]*formula
	tags  map[[2]string]*formula
	depth int // of tags, computed traits and operands within each other
}

// maxFormulaDepth bounds the recursion; what is deeper is not looked into.
const maxFormulaDepth = 600

func newFormulas(f *facts) *formulas {
	return &formulas{facts: f, known: map[string]*formula{}, tags: map[[2]string]*formula{}}
}

// intern returns the one formula that is equal to f.
func (b *formulas) intern(f formula) *formula {
	text := []byte{'0' + byte(f.op), ' '}
	if f.op == opIs {
		text = f.set.appendText(append(strconv.AppendInt(text, int64(f.fact), 10), ' '))
	}
	for _, x := range f.x {
		text = append(strconv.AppendInt(text, int64(x.id), 10), ' ')
	}
	if known, ok := b.known[string(text)]; ok {
		return known
	}
	f.id = len(b.made)
	made := &f
	b.made = append(b.made, made)
	b.known[string(text)] = made
	return made
}

func (b *formulas) constant(holds bool) *formula {
	if holds {
		return b.intern(formula{op: opEver})
	}
	return b.intern(formula{op: opNever})
}

// is returns the formula that a fact is in a set.
func (b *formulas) is(number int, s set) *formula {
	f := &b.all[number]
	if f.whole {
		s = s.whole()
	}
	s = s.booleans().and(f.domain)
	switch {
	case s.empty():
		return b.constant(false)
	case f.domain.within(s):
		return b.constant(true)
	}
	return b.intern(formula{op: opIs, fact: number, set: s})
}

// not returns the complement.
func (b *formulas) not(f *formula) *formula {
	if f.not != nil {
		return f.not
	}
	var n *formula
	switch f.op {
	case opNever, opEver:
		n = b.constant(f.op == opNever)
	case opIs:
		n = b.is(f.fact, b.all[f.fact].domain.without(f.set))
	default:
		xs := make([]*formula, len(f.x))
		for i, x := range f.x {
			xs[i] = b.not(x)
		}
		n = b.join(opAll+opSome-f.op, xs)
	}
	f.not, n.not = n, f
	return n
}

// join returns the conjunction (opAll) or disjunction (opSome) of formulas: flat, without
// repetitions, with one set for each fact.
func (b *formulas) join(op operation, xs []*formula) *formula {
	absorbing, neutral := opNever, opEver
	if op == opSome {
		absorbing, neutral = opEver, opNever
	}
	sets := map[int]set{}
	var order []int
	var parts []*formula
	var add func(x *formula) bool
	add = func(x *formula) bool {
		switch x.op {
		case absorbing:
			return false
		case neutral:
		case opIs:
			known, ok := sets[x.fact]
			switch {
			case !ok:
				order = append(order, x.fact)
				sets[x.fact] = x.set
			case op == opAll:
				sets[x.fact] = known.and(x.set)
			default:
				sets[x.fact] = known.or(x.set)
			}
		case op:
			for _, y := range x.x {
				if !add(y) {
					return false
				}
			}
		default:
			parts = append(parts, x)
		}
		return true
	}
	for _, x := range xs {
		if !add(x) {
			return b.constant(op == opSome)
		}
	}
	for _, n := range order {
		f := b.is(n, sets[n])
		if f.op == absorbing {
			return f
		}
		if f.op != neutral {
			parts = append(parts, f)
		}
	}
	slices.SortFunc(parts, func(x, y *formula) int { return x.id - y.id })
	parts = slices.Compact(parts)
	switch len(parts) {
	case 0:
		return b.constant(op == opAll)
	case 1:
		return parts[0]
	}
	return b.intern(formula{op: op, x: parts})
}

func (b *formulas) and(xs ...*formula) *formula { return b.join(opAll, xs) }
func (b *formulas) or(xs ...*formula) *formula  { return b.join(opSome, xs) }

func (b *formulas) each(xs []syntax.Expr) []*formula {
	fs := make([]*formula, len(xs))
	for i, x := range xs {
		fs[i] = b.formula(x)
	}
	return fs
}

// formula returns the normal form of a checked condition.
func (b *formulas) formula(e syntax.Expr) *formula {
	if b.depth++; b.depth > maxFormulaDepth {
		b.depth--
		return b.opaque(e)
	}
	defer func() { b.depth-- }()
	switch e := e.(type) {
	case *syntax.And:
		return b.and(b.each(e.X)...)
	case *syntax.Or:
		return b.or(b.each(e.X)...)
	case *syntax.Not:
		return b.not(b.formula(e.X))
	case *syntax.Minus:
		xs := b.each(e.X)
		for i, x := range xs[1:] {
			xs[i+1] = b.not(x)
		}
		return b.and(xs...)
	case *syntax.Xor:
		return b.xor(e)
	case *syntax.AtLeast:
		return b.atLeast(e)
	case *syntax.Const:
		return b.constant(e.Value)
	case *syntax.TagRef:
		return b.tag(e)
	case *syntax.Compare:
		return b.through(e.L, func(l syntax.Operand) *formula {
			return b.through(e.R, func(r syntax.Operand) *formula { return b.compare(e.Op, l, r) })
		})
	case *syntax.In:
		return b.through(e.X, func(x syntax.Operand) *formula { return b.in(e, x) })
	case *syntax.Has:
		return b.through(e.X, func(x syntax.Operand) *formula { return b.has(e, x) })
	case *syntax.Match:
		return b.through(e.X, func(x syntax.Operand) *formula { return b.match(e, x) })
	case *syntax.Exists:
		f := b.exists(e.X)
		if e.Missing {
			return b.not(f)
		}
		return f
	case *syntax.Happened:
		return b.is(b.operand(e.X), satisfying(syntax.Ge, profile.Number(1)))
	}
	return b.opaque(e)
}

// opaque is a condition that is not looked into.
func (b *formulas) opaque(e syntax.Expr) *formula {
	n := b.flag(syntax.Print(e), nil)
	return b.is(n, b.all[n].domain.present())
}

func (b *formulas) xor(e *syntax.Xor) *formula {
	const most = 8
	if len(e.X) > most {
		return b.opaque(e)
	}
	odd := b.constant(false)
	for _, x := range b.each(e.X) {
		odd = b.or(b.and(odd, b.not(x)), b.and(b.not(odd), x))
	}
	return odd
}

// atLeast counts on through the conditions: with k of them left to hold.
func (b *formulas) atLeast(e *syntax.AtLeast) *formula {
	const most = 8
	if len(e.X) > most {
		return b.opaque(e)
	}
	xs := b.each(e.X)
	var from func(i, k int) *formula
	from = func(i, k int) *formula {
		switch {
		case k <= 0:
			return b.constant(true)
		case k > len(xs)-i:
			return b.constant(false)
		}
		return b.or(b.and(xs[i], from(i+1, k-1)), from(i+1, k))
	}
	return from(0, e.K)
}

func (b *formulas) tag(e *syntax.TagRef) *formula {
	name := [2]string{e.Name, e.Value}
	if f, ok := b.tags[name]; ok {
		return f
	}
	b.tags[name] = b.opaque(e) // while it is looked into: tags that form a cycle
	if rule, ok := b.scope.Tag(e.Name, e.Value); ok {
		if checked, err := syntax.Check(rule, b.scope); err == nil {
			b.tags[name] = b.formula(checked)
		}
	}
	return b.tags[name]
}

// through looks through computed traits and operands that a condition makes: what
// is asked of one of them is asked of what it is made of.
func (b *formulas) through(x syntax.Operand, ask func(syntax.Operand) *formula) *formula {
	if b.depth++; b.depth > maxFormulaDepth {
		b.depth--
		return ask(x)
	}
	defer func() { b.depth-- }()
	switch x := x.(type) {
	case *syntax.Trait:
		if made, ok := b.computed(x); ok {
			return b.through(made, ask)
		}
	case *syntax.If:
		if b.sameKind(x.Then, x.Else) {
			cond := b.formula(x.Cond)
			return b.or(b.and(cond, b.through(x.Then, ask)), b.and(b.not(cond), b.through(x.Else, ask)))
		}
	case *syntax.Call:
		if x.Fn == syntax.Coalesce && len(x.Args) > 0 && b.sameKind(x.Args...) {
			f := b.through(x.Args[len(x.Args)-1], ask)
			for _, arg := range slices.Backward(x.Args[:len(x.Args)-1]) {
				exists := b.exists(arg)
				f = b.or(b.and(exists, b.through(arg, ask)), b.and(b.not(exists), f))
			}
			return f
		}
	}
	return ask(x)
}

// computed returns what a trait is computed by, checked.
func (b *formulas) computed(x *syntax.Trait) (syntax.Operand, bool) {
	if b.events {
		return nil, false
	}
	info, ok := b.scope.Trait(x.Name)
	if !ok || info.Compute == nil {
		return nil, false
	}
	e, err := syntax.Check(&syntax.Exists{X: info.Compute, Pos: -1}, b.scope)
	if err != nil {
		return nil, false
	}
	checked, ok := e.(*syntax.Exists)
	if ok && info.Kind != profile.KindNull && b.kind(checked.X) != info.Kind {
		return nil, false // Only some of its values count.
	}
	return checked.X, ok
}

func (b *formulas) sameKind(xs ...syntax.Operand) bool {
	kind := b.kind(xs[0])
	return !slices.ContainsFunc(xs, func(x syntax.Operand) bool { return b.kind(x) != kind })
}
