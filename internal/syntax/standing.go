package syntax

import (
	"strconv"

	"github.com/portraitdb/portrait/profile"
)

// Standing says how a profile stands among all that have a value: a number. It is
// answered when it is asked, because anybody's event may change everybody's, and so
// has no part in what is kept live.
type Standing struct {
	Fn StandingFn
	X  Operand // a number or a time
	N  int     // NTile: into how many parts
	// Among is everybody's values. With them the answer is one of the profile alone, and
	// may be anywhere; without, everything is missing.
	Among Ladder
	Pos   Pos
}

func (*Standing) operand() {}

// StandingFn is a way to tell how a profile stands.
type StandingFn uint8

// The ways. Equal values stand alike.
const (
	// Percentile is the share of those with a value whose value is less: from 0 for the
	// least, always below 1.
	Percentile StandingFn = iota
	// Rank is 1 for the greatest value, and for any other one more than there are
	// profiles with a greater one.
	Rank
	// NTile is from 1, for the least values, to N: 1 + floor(N * Percentile).
	NTile
)

// Ladder tells how a value stands among those that it was made of.
type Ladder interface {
	Level(v profile.Value) (level float64, ok bool)
}

const maxTiles = 1000

var standings = map[string]StandingFn{"percentile": Percentile, "rank": Rank, "ntile": NTile}

var standingTexts = [...]string{"percentile", "rank", "ntile"}

// String returns the way as it is written.
func (f StandingFn) String() string { return nameOf(standingTexts[:], int(f)) }

// Level returns how those stand of whose n values so many are less, and so many
// greater.
func (x *Standing) Level(less, greater, n int) float64 {
	switch x.Fn {
	case Rank:
		return float64(greater + 1)
	case NTile:
		return float64(1 + less*x.N/n)
	}
	return float64(less) / float64(n)
}

// standing reads the arguments of percentile(, rank( or ntile(.
func (p *parser) standing(name token, fn StandingFn) (Operand, *Error) {
	if p.is(")") {
		return nil, p.misused(name)
	}
	x := &Standing{Fn: fn, Pos: Pos(name.pos)}
	var err *Error
	if x.X, err = p.operand(); err != nil {
		return nil, err
	}
	if fn == NTile {
		if err := p.comma(name); err != nil {
			return nil, err
		}
		if x.N, err = p.wholeNumber(name, maxTiles); err != nil {
			return nil, err
		}
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return x, p.advance()
}

func (c *checker) standing(x *Standing) Operand {
	checked := &Standing{Fn: x.Fn, N: x.N, Among: x.Among, Pos: x.Pos}
	switch {
	case x.Fn > NTile:
		c.fault(x.Pos, "", "unknown function")
		return checked
	case x.Fn == NTile && (x.N < 1 || x.N > maxTiles):
		c.fault(x.Pos, "", "ntile makes 1 to %d parts", maxTiles)
	case c.place != ofProfile:
		c.fault(x.Pos, "", "%s() compares profiles, and cannot stand in where()", x.Fn)
		return checked
	case c.within:
		c.fault(x.Pos, "", "%s() cannot stand within another of percentile(), rank() and ntile()", x.Fn)
		return checked
	case !c.asked && x.Among == nil:
		c.fault(x.Pos, askedHelp, "%s() is answered when it is asked, and cannot be part of what is kept live", x.Fn)
	}
	c.within = true
	var kind profile.Kind
	var ok bool
	checked.X, kind, ok = c.operand(x.X, x.Pos)
	c.within = false
	if ok && kind != profile.KindNumber && kind != profile.KindTime && kind != Any {
		c.fault(x.Pos, "", "%s() wants a number or a time, %s is %s", x.Fn, shorten(PrintOperand(x.X)), a(kind))
	}
	return checked
}

const askedHelp = "declare a tag with query: true, or use frozen cut-offs (View.Cutoffs)"

// Relative reports whether a condition, or a rule that it asks for, is no matter of the
// profile alone: it says how a profile stands among all, or asks of a set at hand.
func Relative(e Expr, s Scope) bool { return relative(e, s, map[dependency]bool{}) }

// relative is Relative that keeps in known what it finds out about rules. Those that
// form a cycle are followed once.
func relative(e Expr, s Scope, known map[dependency]bool) (is bool) {
	v := visitor{
		expr: func(e Expr) bool {
			switch e := e.(type) {
			case *TagRef:
				is = is || relativeTag(e, s, known)
			case *Members:
				is = is || e.Known == nil
			}
			return !is
		},
		operand: func(x Operand) bool {
			if x, ok := x.(*Standing); ok && x.Among == nil {
				is = true
			}
			return !is
		},
	}
	v.visit(e)
	return is
}

func relativeTag(t *TagRef, s Scope, known map[dependency]bool) bool {
	d := dependency{name: t.Name, value: t.Value}
	if is, ok := known[d]; ok {
		return is
	}
	known[d] = false
	if rule, ok := s.Tag(t.Name, t.Value); ok {
		known[d] = relative(rule, s, known)
	}
	return known[d]
}

func (w *encoder) standing(x *Standing) {
	w.open(x.Fn.String())
	if x.Fn == NTile {
		w.raw(`{"of":`)
		w.operand(x.X)
		w.raw(`,"n":` + strconv.Itoa(x.N) + "}}")
		return
	}
	w.operand(x.X)
	w.raw("}")
}

func (d *decoder) standing(fn StandingFn) (Operand, *Error) {
	x := &Standing{Fn: fn, Pos: -1}
	var err *Error
	if fn != NTile {
		x.X, err = d.operand()
		return x, err
	}
	return x, d.fields([]string{"of", "n"}, func(key string) (err *Error) {
		if key == "of" {
			x.X, err = d.operand()
		} else {
			x.N, err = d.wholeNumber(maxTiles)
		}
		return err
	})
}
