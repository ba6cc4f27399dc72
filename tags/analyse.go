package tags

import (
	"cmp"
	"context"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
)

// Subject is a condition to be analysed: a tag, one value of it, or any other that
// has a name.
type Subject struct {
	// Tag names it; Value is the tag's value, or empty for the tag as such. Values of
	// one tag are not held against each other.
	Tag, Value string
	// Holds is the condition.
	Holds syntax.Expr
	// Own is the rule of a tier alone, where Holds says that no tier before it
	// does; nil for all else.
	Own syntax.Expr
}

// Subjects returns what there is to analyse of definitions: every tag, and every tier.
func Subjects(defs []Definition, s syntax.Scope) []Subject {
	var subjects []Subject
	for _, d := range defs {
		if e, ok := d.Holds("", s); ok && syntax.Relative(e, s) {
			continue // What holds of everybody else decides.
		} else if ok {
			subjects = append(subjects, Subject{Tag: d.Name, Holds: e})
		}
		for _, t := range d.Tiers {
			if e, ok := d.Holds(t.Value, s); ok {
				subjects = append(subjects, Subject{Tag: d.Name, Value: t.Value, Holds: e, Own: t.Rule.Tree()})
			}
		}
	}
	return subjects
}

// Analysis is what was found out of rules without looking at a profile.
type Analysis struct {
	// Findings are in the order of the subjects.
	Findings []Finding
	// Omitted is how many relations are not shown: of one subject at most 20 of a
	// kind are.
	Omitted int
	// Undecided is how many questions were given up as too long or too many.
	Undecided int
}

// The bounds of an analysis, in numbers rather than in time so that it says the same
// on every machine.
const (
	maxRelations = 20          // findings of one subject and kind
	maxAnalysis  = 4_000_000   // steps of reasoning
	maxBeside    = 64          // conditions side by side that are held against each other
	maxCompared  = 16_384      // subjects that are held against each other
	maxUnits     = 32_768      // what those are made of
	maxJoint     = 30_000      // questions to whole subjects
	maxWide      = 20_000      // questions to parts of subjects that are made of several facts
	maxCost      = 600_000_000 // small steps of each: comparing units, what lies across them, and subjects
)

// Analyse says what rules mean beside each other: which never hold or always, which
// are equal, contained in another or never hold together with it, which tiers nobody
// reaches, and which parts of a rule change nothing. Tags are followed. Whatever it
// finds is so for every profile at every instant of the years 1 to 9999; it does not
// find everything. Subjects with an error are left out.
//
// It is bounded: the first 16,384 subjects are held against each other, and what would
// take too long is given up and counted, at the same places on every machine. It
// returns the cause of ctx where that ends before.
func Analyse(ctx context.Context, subjects []Subject, s syntax.Scope) (Analysis, error) {
	a := analyser{reasoner: newReasoner(s, false), tiered: map[string]bool{}, tells: map[*formula][]int{}}
	if err := a.read(ctx, subjects); err != nil {
		return Analysis{}, err
	}
	for i := range a.rules {
		if ctx.Err() != nil {
			return Analysis{}, context.Cause(ctx)
		}
		a.constant(&a.rules[i])
		a.parts(&a.rules[i])
	}
	a.equals()
	p := newPairs(&a)
	if err := p.compare(ctx); err != nil {
		return Analysis{}, err
	}
	if err := p.report(ctx); err != nil {
		return Analysis{}, err
	}
	slices.SortStableFunc(a.findings, func(f, g Finding) int {
		return cmp.Or(f.number-g.number, int(f.Kind)-int(g.Kind), f.Pos-g.Pos)
	})
	return Analysis{Findings: a.findings, Omitted: a.omitted, Undecided: a.undecided}, nil
}

// analyser is an analysis under way.
type analyser struct {
	*reasoner
	rules     []analysed
	tiered    map[string]bool    // tags whose tiers are looked at one by one
	tells     map[*formula][]int // the families of formulas that were asked for them
	findings  []Finding
	omitted   int
	undecided int
}

// analysed is one subject.
type analysed struct {
	Subject
	number  int
	checked syntax.Expr // Holds
	form    *formula
	decided bool  // never or always, or equal to one before it
	units   []int // that it is made of
	implied []int // units that it implies as a whole

	checkedOwn syntax.Expr
	own        *formula // of a tier
}

// read checks the subjects and brings them into normal form.
func (a *analyser) read(ctx context.Context, subjects []Subject) error {
	for i, subject := range subjects {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		holds, err := syntax.Check(subject.Holds, a.scope)
		if err != nil {
			continue
		}
		rule := analysed{Subject: subject, number: i, checked: holds, form: a.formula(holds)}
		if subject.Own != nil {
			own, err := syntax.Check(subject.Own, a.scope)
			if err != nil {
				continue
			}
			rule.checkedOwn, rule.own = own, a.formula(own)
			a.tiered[subject.Tag] = true
		}
		a.rules = append(a.rules, rule)
	}
	a.grow()
	return nil
}

// familiesOf returns the families of all facts of a formula, ascending.
func (a *analyser) familiesOf(f *formula) []int {
	if known, ok := a.tells[f]; ok {
		return known
	}
	var families []int
	if f.op == opIs {
		families = slices.Clone(a.all[f.fact].families)
	}
	for _, x := range f.x {
		families = append(families, a.familiesOf(x)...)
	}
	slices.Sort(families)
	a.tells[f] = slices.Compact(families)
	return a.tells[f]
}

// decide asks a question and notes one that was given up.
func (a *analyser) decide(question func() bool) bool {
	if a.spent > maxAnalysis {
		a.undecided++
		return false
	}
	yes := question()
	if !yes && a.gaveUp {
		a.undecided++
	}
	return yes
}

func (a *analyser) never(fs ...*formula) bool {
	return a.decide(func() bool { return a.impossible(fs...) })
}

// refuted reports whether a formula cannot hold beside what is assumed and alternatives
// that are open.
func (a *analyser) refuted(open []*formula, f *formula) bool {
	return a.decide(func() bool {
		a.ask()
		return a.refute(open, f)
	})
}

func (a *analyser) find(kind FindingKind, rule *analysed, other *analysed) {
	f := Finding{Kind: kind, Tag: rule.Tag, Value: rule.Value, Pos: -1, number: rule.number}
	if other != nil {
		f.Other, f.OtherValue = other.Tag, other.Value
	}
	a.findings = append(a.findings, f)
}

// constant finds that a rule never or always holds.
func (a *analyser) constant(rule *analysed) {
	kind, found := AlwaysTrue, false
	switch {
	case rule.own != nil && a.never(rule.own):
		kind, found = AlwaysFalse, true
	case a.never(rule.form):
		kind, found = AlwaysFalse, true
		if rule.own != nil {
			kind = Unreachable
		}
	case a.never(a.not(rule.form)):
		found = true
	}
	if found {
		rule.decided = true
		a.find(kind, rule, nil)
	}
}

// equals finds rules of one normal form.
func (a *analyser) equals() {
	first := map[*formula]*analysed{}
	for i := range a.rules {
		rule := &a.rules[i]
		if rule.decided {
			continue
		}
		same := first[rule.form]
		switch {
		case same == nil:
			first[rule.form] = rule
		case same.Tag != rule.Tag:
			a.find(Equal, rule, same)
			rule.decided = true
		default:
			rule.decided = true // a tag of one tier
		}
	}
}
