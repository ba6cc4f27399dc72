package tags

import (
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// fact is something that conditions say of a profile: what an operand is, how two
// operands compare (-1, 0 or 1, missing where they do not), or whether a condition
// that is not looked into holds (a boolean, missing where it does not).
type fact struct {
	text   string
	domain set // all that it may be
	whole  bool
	// families are what it tells of. Facts without one in common are independent.
	families []int
	// needs says what others are where this one is not missing.
	needs []need
	// total says that it is missing only where one of needs is.
	total bool
	// as is where the fact stands among those of its families; one of them at most.
	aggregate *aggregateFact
	against   syntax.Operand // the clock that the operand needs[0] is compared with
	sides     [2]int         // of a comparison of two operands; -1 for none
	match     *matchFact
}

type need struct {
	fact int
	is   set
}

// matchFact is a predicate on the text of the operand needs[0].
type matchFact struct {
	mode    syntax.MatchMode
	pattern string
	holds   *match
}

// facts numbers what the conditions of many rules say.
type facts struct {
	scope    syntax.Scope
	events   bool // the traits are properties of one event, of which no kind is declared
	all      []fact
	numbers  map[string]int
	families map[string]int
	wheres   *wheres
}

func newFacts(s syntax.Scope, events bool) *facts {
	return &facts{scope: s, events: events, numbers: map[string]int{}, families: map[string]int{}, wheres: &wheres{scope: s, known: map[[2]string]bool{}}}
}

func (f *facts) family(name string) int {
	n, ok := f.families[name]
	if !ok {
		n = len(f.families)
		f.families[name] = n
	}
	return n
}

// number returns the number of a fact, which is made where it is new.
func (f *facts) number(text string, build func() fact) int {
	if n, ok := f.numbers[text]; ok {
		return n
	}
	made := build()
	made.text = text
	n := len(f.all)
	f.all = append(f.all, made)
	f.numbers[text] = n
	return n
}

// flag returns a fact that is a condition not looked into: missing or true.
func (f *facts) flag(text string, build func(*fact)) int {
	return f.number("? "+text, func() fact {
		made := fact{domain: set{missing: true, cuts: ofKind(profile.KindBool).cuts}, sides: [2]int{-1, -1}}
		if build != nil {
			build(&made)
		}
		if len(made.families) == 0 {
			made.families = []int{f.family("? " + text)}
		}
		return made
	})
}

// operand returns the fact of what an operand is that is neither a constant nor made
// of others by a condition.
func (f *facts) operand(x syntax.Operand) int {
	a, isAggregate := x.(*syntax.Aggregate)
	if isAggregate {
		plain := *a
		plain.Window = plainWindow(a.Window)
		a, x = &plain, &plain
	}
	text := syntax.PrintOperand(x)
	return f.number(text, func() fact {
		made := fact{domain: set{missing: true, cuts: ofKind(f.kind(x)).cuts}, sides: [2]int{-1, -1}}
		family := text
		switch {
		case isAggregate:
			f.describe(&made, a)
			family = "event " + a.Event
		case isClock(x):
			made.domain.missing = false
			family = "clock"
		}
		if s, ok := x.(*syntax.Sequence); ok && s != nil {
			made.domain = set{missing: true, cuts: satisfying(syntax.Ge, profile.Number(0)).cuts}
			made.whole = true
		}
		if f.kind(x) == profile.KindBool {
			made.domain = made.domain.booleans()
		}
		if made.whole {
			made.domain = made.domain.whole()
		}
		if isAggregate {
			made.aggregate.some = made.aggregate.happened(made.domain)
		}
		made.families = []int{f.family(family)}
		return made
	})
}

func isClock(x syntax.Operand) bool {
	switch x.(type) {
	case *syntax.Now, *syntax.Ago:
		return true
	}
	return false
}

// kind returns what an operand gives; [syntax.Any] where that is not known.
func (f *facts) kind(x syntax.Operand) profile.Kind {
	if f.events {
		return syntax.Any
	}
	kind, _, ok := syntax.OperandKind(x, f.scope)
	switch {
	case !ok || kind == profile.KindNull:
		return syntax.Any
	case kind == profile.KindList:
		return profile.KindSet
	}
	return kind
}

// pair returns the fact of how two operands compare, l being the one whose text comes
// first.
func (f *facts) pair(l, r syntax.Operand) int {
	left, right := f.operand(l), -1
	text := f.all[left].text + " <> " + syntax.PrintOperand(r)
	if !isClock(r) {
		right = f.operand(r)
		text = f.all[left].text + " <> " + f.all[right].text
	}
	return f.number(text, func() fact {
		made := fact{whole: true, sides: [2]int{-1, -1}}
		made.domain = set{missing: true, cuts: satisfying(syntax.Ge, profile.Number(-1)).and(satisfying(syntax.Le, profile.Number(1))).cuts}.whole()
		made.needs = []need{{left, f.all[left].domain.present()}}
		made.families = slices.Clone(f.all[left].families)
		lk, rk := f.kind(l), f.kind(r)
		made.total = lk == rk && lk != syntax.Any
		if right < 0 {
			made.against = r
			return made
		}
		made.sides = [2]int{left, right}
		made.needs = append(made.needs, need{right, f.all[right].domain.present()})
		made.families = append(made.families, f.all[right].families...)
		return made
	})
}

// predicate returns the fact that a text predicate holds of an operand.
func (f *facts) predicate(x int, e *syntax.Match) int {
	return f.flag(e.Mode.String()+"("+f.all[x].text+", "+e.Pattern, func(made *fact) {
		made.families = f.all[x].families
		made.needs = []need{{x, ofKind(profile.KindString).and(f.all[x].domain)}}
		if p, err := newMatch(e); err == nil {
			made.match = &matchFact{e.Mode, e.Pattern, p}
		}
	})
}

// element returns the fact that a set has an element.
func (f *facts) element(x int, v profile.Value) int {
	b := append([]byte(f.all[x].text), " has "...)
	return f.flag(string(point(v).appendText(b)), func(made *fact) {
		made.families = f.all[x].families
		made.needs = []need{{x, f.all[x].domain.present()}}
	})
}
