package tags

import (
	"cmp"
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
	// Undecided is how many questions were given up as too long.
	Undecided int
}

// The bounds of an analysis, in numbers rather than in time so that it says the same
// on every machine.
const (
	maxRelations = 20         // of one subject and kind
	maxAnalysis  = 30_000_000 // of all questions
	maxBeside    = 64         // conditions side by side that are held against each other
)

// Analyse says what rules mean beside each other: which never hold or always, which
// are equal, contained in another or never hold together with it, which tiers nobody
// reaches, and which parts of a rule change nothing. Tags are followed. Whatever it
// finds is so for every profile at every instant of the years 1 to 9999; it does not
// find everything. Subjects with an error are left out.
func Analyse(subjects []Subject, s syntax.Scope) Analysis {
	a := analyser{reasoner: newReasoner(s, false), tiered: map[string]bool{}}
	a.read(subjects)
	a.constants()
	for i := range a.rules {
		a.parts(&a.rules[i])
	}
	a.equals()
	p := pairs{analyser: &a, up: make([]map[int]bool, len(a.rules))}
	p.compare()
	p.report()
	slices.SortStableFunc(a.findings, func(f, g Finding) int {
		return cmp.Or(f.number-g.number, int(f.Kind)-int(g.Kind), f.Pos-g.Pos)
	})
	return Analysis{Findings: a.findings, Omitted: a.omitted, Undecided: a.undecided}
}

// analyser is an analysis under way.
type analyser struct {
	*reasoner
	rules     []analysed
	tiered    map[string]bool // tags whose tiers are looked at one by one
	findings  []Finding
	omitted   int
	undecided int
}

// analysed is one subject.
type analysed struct {
	Subject
	number   int
	checked  syntax.Expr // Holds
	form     *formula
	decided  bool  // never or always, or equal to one before it
	families []int // of all that it tells of, ascending
	required []int // the facts that must each be in some set, if it holds

	checkedOwn syntax.Expr
	own        *formula // of a tier
}

// read checks the subjects and brings them into normal form.
func (a *analyser) read(subjects []Subject) {
	for i, subject := range subjects {
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
	seen := map[*formula][]int{}
	for i := range a.rules {
		rule := &a.rules[i]
		rule.families = a.familiesOf(rule.form, seen)
		tops := []*formula{rule.form}
		if rule.form.op == opAll {
			tops = rule.form.x
		}
		for _, f := range tops {
			if f.op == opIs {
				rule.required = append(rule.required, f.fact)
			}
		}
	}
}

// familiesOf returns the families of all facts of a formula, ascending.
func (a *analyser) familiesOf(f *formula, seen map[*formula][]int) []int {
	if known, ok := seen[f]; ok {
		return known
	}
	var families []int
	if f.op == opIs {
		families = slices.Clone(a.all[f.fact].families)
	}
	for _, x := range f.x {
		families = append(families, a.familiesOf(x, seen)...)
	}
	slices.Sort(families)
	seen[f] = slices.Compact(families)
	return seen[f]
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

func (a *analyser) find(kind FindingKind, rule *analysed, other *analysed) {
	f := Finding{Kind: kind, Tag: rule.Tag, Value: rule.Value, Pos: -1, number: rule.number}
	if other != nil {
		f.Other, f.OtherValue = other.Tag, other.Value
	}
	a.findings = append(a.findings, f)
}

// constants finds what never or always holds.
func (a *analyser) constants() {
	for i := range a.rules {
		rule := &a.rules[i]
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
