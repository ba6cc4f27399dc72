package tags

import (
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
)

// parts finds the parts of a rule that change nothing.
func (a *analyser) parts(rule *analysed) {
	switch {
	case rule.decided:
	case rule.Own != nil:
		a.partsOf(rule, rule.Own, rule.checkedOwn)
	case !a.tiered[rule.Tag]:
		a.partsOf(rule, rule.Holds, rule.checked)
	}
}

// partsOf looks at the parts of a condition as it is written and as it was checked.
func (a *analyser) partsOf(rule *analysed, written, e syntax.Expr) {
	xs, texts := syntax.Parts(e), syntax.Parts(written)
	if len(texts) != len(xs) {
		return
	}
	op := opAll
	switch e.(type) {
	case *syntax.And:
	case *syntax.Or:
		op = opSome
	default:
		for i := range xs {
			a.partsOf(rule, texts[i], xs[i])
		}
		return
	}
	if len(xs) > maxBeside {
		return
	}
	// What is left out is not held against the rest again: of two parts that say the
	// same the later one is told of.
	kept := a.each(xs)
	a.grow()
	for i, x := range slices.Backward(xs) {
		rest := a.join(op, slices.Delete(slices.Clone(kept), i, i+1))
		f := kept[i]
		kind, found := a.partKind(op, f, rest)
		if !found {
			a.partsOf(rule, texts[i], x)
			continue
		}
		kept = slices.Delete(kept, i, i+1)
		a.findings = append(a.findings, Finding{
			Kind: kind, Tag: rule.Tag, Value: rule.Value, Part: syntax.Print(texts[i]), Pos: position(texts[i]), number: rule.number,
		})
	}
}

// partKind says what is idle about a part beside the rest of what op joins.
func (a *analyser) partKind(op operation, f, rest *formula) (kind FindingKind, found bool) {
	switch {
	case op == opAll && a.never(a.not(f)):
		return PartAlways, true
	case op == opSome && a.never(f):
		return PartNever, true
	case op == opAll && a.never(rest, a.not(f)), op == opSome && a.never(f, a.not(rest)):
		return PartIdle, true
	}
	return 0, false
}

// position returns the first place in a condition, or -1.
func position(e syntax.Expr) int {
	pos := syntax.Pos(-1)
	switch e := e.(type) {
	case *syntax.Compare:
		pos = e.Pos
	case *syntax.In:
		pos = e.Pos
	case *syntax.Has:
		pos = e.Pos
	case *syntax.Match:
		pos = e.Pos
	case *syntax.Exists:
		pos = e.Pos
	case *syntax.TagRef:
		pos = e.Pos
	case *syntax.InList:
		pos = e.Pos
	case *syntax.Consent:
		pos = e.Pos
	case *syntax.Happened:
		if e.X != nil {
			pos = e.X.Pos
		}
	default:
		for _, x := range syntax.Parts(e) {
			if at := position(x); at >= 0 {
				return at
			}
		}
	}
	return int(max(pos, -1))
}
