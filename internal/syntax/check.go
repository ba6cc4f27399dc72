package syntax

import (
	"errors"
	"fmt"
	"slices"
)

// Check holds e against what a model declares. It returns the tree with its
// constants in the kind that they are compared with: a text beside a time is
// read as a time, a civil one in the scope's zone. The error joins an *[Error]
// for every fault, of more than 100 for the first of them and their number, in
// the order of the text; [Locate] adds lines and columns.
//
// The conditions are kept live: how a profile stands among all, which is a matter of
// everybody, has no place in them. [CheckAsked] allows it.
func Check(e Expr, s Scope) (Expr, error) { return check(e, s, false) }

// CheckAsked is [Check] of an expression that is not kept live but asked, and may
// have a [Standing].
func CheckAsked(e Expr, s Scope) (Expr, error) { return check(e, s, true) }

func check(e Expr, s Scope, asked bool) (Expr, error) {
	if e == nil {
		return nil, &Error{Offset: -1, Msg: "the expression is the zero Expr, which is no condition", Hint: "everybody is And() of nothing, nobody Or()"}
	}
	if err := withinLimits(e); err != nil {
		return nil, err
	}
	c := newChecker(s, func() string { return Print(e) })
	c.asked = asked
	checked := c.expr(e)
	if err := c.fail(); err != nil {
		return nil, err
	}
	return checked, nil
}

// CheckOperand is [Check] of an operand: of what a trait computes.
func CheckOperand(x Operand, s Scope) (Operand, error) {
	if err := operandWithinLimits(x); err != nil {
		return nil, err
	}
	c := newChecker(s, func() string { return PrintOperand(x) })
	checked, _, _ := c.operand(x, -1)
	if err := c.fail(); err != nil {
		return nil, err
	}
	return checked, nil
}

// CheckWhere is [Check] of a condition on events: of what a source of an interest takes
// in. A nil condition takes in all.
func CheckWhere(e Expr, s Scope) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	if err := withinLimits(e); err != nil {
		return nil, err
	}
	c := newChecker(s, func() string { return Print(e) })
	checked := c.where(e, ofEvent)
	if err := c.fail(); err != nil {
		return nil, err
	}
	return checked, nil
}

type checker struct {
	scope  Scope
	root   func() string // what is checked
	now    Expr          // the condition that is being checked; nil outside of all
	faults []error       // at most maxFaults
	found  int           // faults, with those that are not kept
	place  place
	asked  bool // what is checked is asked once, and not kept live
	within bool // a Standing
	valued bool // within a value
	// relative is of what rules of tags is known whether they say how a profile stands.
	relative map[dependency]bool
	kinds    kinds
	heights  map[dependency]int // of what is known to lead to no cycle: how many are in the longest chain from each
}

// place is where a condition stands: names mean something else within where().
type place uint8

const (
	ofProfile place = iota // names are traits
	ofEvent                // names are properties
	ofElement              // names are the fields of an element
)

func newChecker(s Scope, root func() string) *checker {
	return &checker{scope: s, root: root, kinds: kinds{scope: s}, heights: map[dependency]int{}, relative: map[dependency]bool{}}
}

// fail returns the faults that were found.
func (c *checker) fail() error {
	if len(c.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(c.faults, func(a, b error) int { return offset(a) - offset(b) })
	if c.found > maxFaults {
		c.faults = slices.Insert(c.faults, 0, error(&Error{Offset: -1, Msg: fmt.Sprintf("%d faults, of which %d are shown", c.found, maxFaults)}))
	}
	return errors.Join(c.faults...)
}

// maxFaults is how many faults are shown. Each quotes its condition, so that those
// of a long list would take the square of its length.
const maxFaults = 100

// full reports whether a fault would not be shown any more.
func (c *checker) full() bool { return c.found > maxFaults }

// suggest returns the declared name that was probably meant, as a hint, or "".
func (c *checker) suggest(name, kind string) string {
	if c.found >= maxFaults {
		return "" // It would not be shown.
	}
	return suggest(name, c.scope.Names(kind))
}

// fault adds an error about a place in the condition at hand.
func (c *checker) fault(pos Pos, hint, format string, args ...any) {
	if c.found++; c.full() {
		return
	}
	text := ""
	if c.now != nil {
		text = Print(c.now)
	} else {
		text = c.root()
	}
	c.faults = append(c.faults, &Error{Offset: int(max(pos, -1)), Msg: fmt.Sprintf(format, args...), Hint: hint, Text: shorten(text)})
}

func (c *checker) exprs(xs []Expr) []Expr {
	checked := make([]Expr, len(xs))
	for i, x := range xs {
		checked[i] = c.expr(x)
	}
	return checked
}

func (c *checker) expr(e Expr) Expr {
	outer := c.now
	defer func() { c.now = outer }()
	c.now = e
	switch e := e.(type) {
	case *And:
		return &And{X: c.exprs(e.X)}
	case *Or:
		return &Or{X: c.exprs(e.X)}
	case *Not:
		return &Not{X: c.expr(e.X)}
	case *Xor:
		return &Xor{X: c.exprs(e.X)}
	case *Minus:
		if len(e.X) == 0 {
			c.fault(-1, "", "minus wants at least one condition")
		}
		return &Minus{X: c.exprs(e.X)}
	case *AtLeast:
		if e.K < 1 || e.K > len(e.X) {
			c.fault(-1, "", "at_least wants a number from 1 to that of its conditions, here %d", len(e.X))
		}
		return &AtLeast{K: e.K, X: c.exprs(e.X)}
	case *Const:
		return e
	case *Compare:
		return c.compare(e)
	case *In:
		return c.in(e)
	case *Has:
		return c.has(e)
	case *Match:
		return c.match(e)
	case *Exists:
		x, _, _ := c.operand(e.X, e.Pos)
		return &Exists{X: x, Missing: e.Missing, Pos: e.Pos}
	case *Inside:
		return c.inside(e)
	case *InList:
		c.inList(e)
		return e
	case *Consent:
		c.consent(e)
		return e
	case *Members:
		c.members(e)
		return e
	case *TagRef:
		c.tag(e)
		return e
	case *Happened:
		return c.happened(e)
	case *Each:
		return c.each(e)
	}
	c.fault(-1, "", "a condition is missing")
	return e
}
