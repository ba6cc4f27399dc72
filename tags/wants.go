package tags

import (
	"math"
	"strconv"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// wants says how far a number is from the other side of the constant that it is
// compared with, "" where no number is.
func (n *ask) wants(st *profile.State, now profile.Instant) string {
	t, ok := n.is.(*threshold)
	r := n.x.read(st, now)
	if !ok || !r.ok || t.value.Kind() != profile.KindNumber || r.value.Kind() != profile.KindNumber {
		return ""
	}
	if _, isSequence := n.x.(*sequence); isSequence && t.value.Equal(numberOne) && t.op == syntax.Ge {
		return "" // It happened or did not.
	}
	held := holds(t.op, r.value.Compare(t.value))
	if t.op == syntax.Eq && held || t.op == syntax.Ne && !held {
		return "" // Any other number will do.
	}
	g := gap{by: t.value.Number() - r.value.Number(), whole: whole(n.x)}
	if held {
		return "ends if it " + g.ends(t.op)
	}
	return "needs " + g.needs(t.op)
}

// whole reports whether an operand moves by whole numbers alone.
func whole(x operand) bool {
	switch x := x.(type) {
	case *lifetime:
		return x.fn == syntax.Count || x.fn == syntax.Unique
	case *windowed:
		return x.fn == syntax.Count || x.fn == syntax.Unique
	case *evidence:
		return x.fn != syntax.Confidence
	case *daysOf:
		return x.fn != syntax.ShareOfDays
	case *sessions, *sequence, *daysPassed:
		return true
	}
	return false
}

// gap is what a number lacks of a constant; negative where it is beyond it.
type gap struct {
	by    float64
	whole bool
}

// needs says what makes a comparison hold that does not.
func (g gap) needs(op syntax.Op) string {
	by, way := g.reached(), "more"
	switch op {
	case syntax.Eq:
		by = amount(math.Abs(g.by))
	case syntax.Gt, syntax.Lt:
		by = g.past()
	}
	if op == syntax.Lt || op != syntax.Gt && g.by < 0 {
		way = "less"
	}
	if by == "" {
		return "to be " + way
	}
	return by + " " + way
}

// ends says what makes a comparison fail that holds.
func (g gap) ends(op syntax.Op) string {
	by, way := g.reached(), "rises"
	switch op {
	case syntax.Ne:
		by = "exactly " + amount(math.Abs(g.by))
	case syntax.Ge, syntax.Le:
		by = g.past()
	}
	if op == syntax.Ge || op != syntax.Le && g.by < 0 {
		way = "falls"
	}
	if by == "" {
		return way
	}
	return way + " by " + by
}

// reached says by how much it is to the constant or, of whole numbers, to the first
// behind it.
func (g gap) reached() string {
	by := math.Abs(g.by)
	if g.whole {
		by = math.Ceil(by)
	}
	return amount(by)
}

// past says by how much it is beyond the constant; "" for any amount.
func (g gap) past() string {
	switch {
	case g.whole:
		return amount(math.Floor(math.Abs(g.by)) + 1)
	case g.by == 0:
		return ""
	}
	return "more than " + amount(math.Abs(g.by))
}

// amount writes a number to six decimals.
func amount(f float64) string { return strconv.FormatFloat(round(f, 6), 'f', -1, 64) }
