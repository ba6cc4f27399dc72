package tags

import (
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

func (b *formulas) exists(x syntax.Operand) *formula {
	return b.through(x, func(x syntax.Operand) *formula {
		switch x := x.(type) {
		case *syntax.Literal:
			return b.constant(!x.Value.IsNull())
		case *syntax.Now, *syntax.Ago:
			return b.constant(true)
		}
		n := b.operand(x)
		return b.is(n, b.all[n].domain.present())
	})
}

// compare is a comparison of two operands that are looked through.
func (b *formulas) compare(op syntax.Op, l, r syntax.Operand) *formula {
	left, isLeft := l.(*syntax.Literal)
	right, isRight := r.(*syntax.Literal)
	switch {
	case isLeft && isRight && left.Value.Kind() == right.Value.Kind():
		return b.constant(holds(op, left.Value.Compare(right.Value)))
	case isLeft && isRight:
		return b.opaque(&syntax.Compare{Op: op, L: l, R: r})
	case isLeft:
		return b.compareValue(op.Mirrored(), r, left.Value)
	case isRight:
		return b.compareValue(op, l, right.Value)
	case isClock(l) && isClock(r):
		return b.compareClocks(op, l, r)
	case isClock(l):
		l, r, op = r, l, op.Mirrored()
	case !isClock(r) && syntax.PrintOperand(l) > syntax.PrintOperand(r):
		l, r, op = r, l, op.Mirrored()
	}
	if b.events {
		return b.opaque(&syntax.Compare{Op: op, L: l, R: r})
	}
	if !isClock(r) && b.operand(l) == b.operand(r) {
		if !holds(op, 0) {
			return b.constant(false)
		}
		return b.exists(l)
	}
	return b.is(b.pair(l, r), satisfying(op, profile.Number(0)))
}

// compareValue compares an operand with a constant.
func (b *formulas) compareValue(op syntax.Op, x syntax.Operand, v profile.Value) *formula {
	kind := b.kind(x)
	if kind != v.Kind() && kind != syntax.Any || b.events && v.Kind() == profile.KindTime {
		return b.opaque(&syntax.Compare{Op: op, L: x, R: &syntax.Literal{Value: v}})
	}
	x, v, ok := steady(x, v)
	if !ok {
		return b.opaque(&syntax.Compare{Op: op, L: x, R: &syntax.Literal{Value: v}})
	}
	return b.is(b.operand(x), satisfying(op, v))
}

// steady returns now() and the time that it is compared with where now() is moved.
func steady(x syntax.Operand, v profile.Value) (syntax.Operand, profile.Value, bool) {
	now, ok := x.(*syntax.Now)
	if !ok || now.Offset == 0 || v.Kind() != profile.KindTime {
		return x, v, true
	}
	const most = 1 << 61
	at, offset := v.Instant(), profile.Instant(now.Offset/time.Microsecond)
	if at > most || at < -most {
		return x, v, false
	}
	return &syntax.Now{Pos: -1}, profile.TimeAt(at - offset), true
}

// compareClocks compares two clocks, of which one may always be behind the other.
func (b *formulas) compareClocks(op syntax.Op, l, r syntax.Operand) *formula {
	if syntax.PrintOperand(l) == syntax.PrintOperand(r) {
		return b.constant(holds(op, 0))
	}
	can := [3]bool{true, true, true} // before, equal, after
	if clockBefore(l, r) {
		can[2] = false
	}
	if clockBefore(r, l) {
		can[0] = false
	}
	var yes, no bool
	for i, possible := range can {
		if possible {
			yes = yes || holds(op, i-1)
			no = no || !holds(op, i-1)
		}
	}
	if yes != no {
		return b.constant(yes)
	}
	return b.opaque(&syntax.Compare{Op: op, L: l, R: r})
}

func (b *formulas) in(e *syntax.In, x syntax.Operand) *formula {
	if lit, ok := x.(*syntax.Literal); ok {
		return b.constant(slices.ContainsFunc(e.List, lit.Value.Equal) != e.Negated)
	}
	whole := &syntax.In{X: x, List: e.List, Negated: e.Negated}
	kind := b.kind(x)
	var values set
	for _, v := range e.List {
		if kind != v.Kind() && kind != syntax.Any || b.events && v.Kind() == profile.KindTime {
			return b.opaque(whole)
		}
		_, moved, ok := steady(x, v)
		if !ok {
			return b.opaque(whole)
		}
		values = values.or(point(moved))
	}
	if now, ok := x.(*syntax.Now); ok && now.Offset != 0 {
		x = &syntax.Now{Pos: -1}
	}
	n := b.operand(x)
	if e.Negated {
		if b.all[n].whole {
			values = values.whole()
		}
		values = b.all[n].domain.present().without(values.booleans())
	}
	return b.is(n, values)
}

func (b *formulas) has(e *syntax.Has, x syntax.Operand) *formula {
	if _, ok := x.(*syntax.Literal); ok {
		return b.opaque(&syntax.Has{Mode: e.Mode, X: x, List: e.List})
	}
	n := b.operand(x)
	exists := b.is(n, b.all[n].domain.present())
	elements := make([]*formula, len(e.List))
	for i, v := range e.List {
		if b.events && v.Kind() == profile.KindTime {
			return b.opaque(&syntax.Has{Mode: e.Mode, X: x, List: e.List})
		}
		m := b.element(n, v)
		elements[i] = b.is(m, b.all[m].domain.present())
		if e.Mode == syntax.NoneOf {
			elements[i] = b.not(elements[i])
		}
	}
	if b.events {
		// What is no list does not hold, whatever is asked.
		exists = b.opaque(&syntax.Has{Mode: syntax.AllOf, X: x})
	}
	if e.Mode == syntax.AnyOf {
		return b.and(exists, b.or(elements...))
	}
	return b.and(append(elements, exists)...)
}

func (b *formulas) match(e *syntax.Match, x syntax.Operand) *formula {
	if lit, ok := x.(*syntax.Literal); ok {
		p, err := newMatch(e)
		if err != nil {
			return b.opaque(&syntax.Match{Mode: e.Mode, X: x, Pattern: e.Pattern})
		}
		return b.constant(p.holds(lit.Value, true))
	}
	n := b.operand(x)
	switch {
	case e.Pattern == "" && e.Mode != syntax.Regex:
		return b.is(n, ofKind(profile.KindString))
	case e.Mode == syntax.StartsWith:
		return b.is(n, between(cut{profile.KindString, sideBefore, profile.String(e.Pattern)}, behind(e.Pattern)))
	}
	m := b.predicate(n, e)
	return b.is(m, b.all[m].domain.present())
}

// behind returns the cut behind all texts that start with a prefix.
func behind(prefix string) cut {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xFF {
			return cut{profile.KindString, sideBefore, profile.String(prefix[:i] + string([]byte{prefix[i] + 1}))}
		}
	}
	return cut{kind: profile.KindString, side: sideLast}
}
