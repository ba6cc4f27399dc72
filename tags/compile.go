package tags

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
)

// maxParts bounds a program: the conditions of the rule and of every tag that it
// names, counted as often as they are named.
const maxParts = 100_000

// Compile checks an expression against what a model declares and compiles it,
// the rules of the tags that it names in their place. The error joins one
// *syntax.Error for every fault; see [Rule.Locate].
func Compile(e syntax.Expr, s syntax.Scope) (*Program, error) {
	checked, err := syntax.Check(e, s)
	if err != nil {
		return nil, err
	}
	c := &compiler{scope: s, tags: map[string]*part{}}
	c.depend(checked)
	root := c.part(checked)
	if len(c.faults) > 0 {
		return nil, errors.Join(c.faults...)
	}
	if root.size > maxParts {
		return nil, &syntax.Error{Offset: -1, Msg: fmt.Sprintf("with the rules of its tags the rule has more than %d conditions", maxParts)}
	}
	for _, names := range []*[]string{&c.deps.Attributes, &c.deps.Events} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return &Program{root: root, deps: c.deps}, nil
}

// part is one condition of a program: compiled, and as it is explained.
type part struct {
	node
	expr     syntax.Expr
	parts    []*part
	operands []syntax.Operand
	values   []operand // the operands, compiled
	size     int       // conditions, with those of the parts; stops above maxParts
}

type compiler struct {
	scope  syntax.Scope
	tags   map[string]*part
	deps   Deps
	faults []error
}

// depend records what a checked expression reads.
func (c *compiler) depend(e syntax.Expr) {
	reads := syntax.Read(e)
	c.deps.Timed = c.deps.Timed || reads.Timed
	c.deps.Events = append(c.deps.Events, reads.Events...)
	for _, name := range reads.Traits {
		if info, _ := c.scope.Trait(name); info.Aggregate != nil {
			c.deps.Events = append(c.deps.Events, info.Aggregate.Event)
		} else {
			c.deps.Attributes = append(c.deps.Attributes, name)
		}
	}
}

// part compiles a checked expression.
func (c *compiler) part(e syntax.Expr) *part {
	p := &part{expr: e, size: 1}
	var nodes []node
	for _, x := range syntax.Parts(e) {
		sub := c.part(x)
		p.parts = append(p.parts, sub)
		p.size = min(p.size+sub.size, maxParts+1)
		nodes = append(nodes, sub.node)
	}
	switch e := e.(type) {
	case *syntax.And:
		p.node = &junction{x: nodes, decides: false}
	case *syntax.Or:
		p.node = &junction{x: nodes, decides: true}
	case *syntax.Not:
		p.node = &negation{x: nodes[0]}
	case *syntax.Xor:
		p.node = &parity{x: nodes}
	case *syntax.Minus:
		for i := range nodes[1:] {
			nodes[i+1] = &negation{x: nodes[i+1]}
		}
		p.node = &junction{x: nodes, decides: false}
	case *syntax.AtLeast:
		p.node = &quorum{k: e.K, x: nodes}
	case *syntax.Const:
		p.node = fixed(e.Value)
	case *syntax.TagRef:
		rule := c.tag(e)
		p.node, p.parts = rule.node, []*part{rule}
		p.size = min(p.size+rule.size, maxParts+1)
	default:
		c.condition(p)
		for _, x := range p.operands {
			p.values = append(p.values, newOperand(x, c.scope))
		}
	}
	return p
}

// tag compiles the rule of a tag, once.
func (c *compiler) tag(ref *syntax.TagRef) *part {
	if p, ok := c.tags[ref.Name]; ok {
		return p
	}
	rule, _ := c.scope.Tag(ref.Name)
	checked, err := syntax.Check(rule, c.scope)
	if err != nil {
		c.faults = append(c.faults, &syntax.Error{
			Offset: int(ref.Pos),
			Msg:    fmt.Sprintf("the rule of tag %q is in error: %s", shorten(ref.Name), strings.ReplaceAll(err.Error(), "\n", " ")),
		})
		checked = &syntax.Const{}
	}
	c.depend(checked)
	p := c.part(checked)
	c.tags[ref.Name] = p
	return p
}

// condition compiles a condition on operands.
func (c *compiler) condition(p *part) {
	switch e := p.expr.(type) {
	case *syntax.Compare:
		p.operands = []syntax.Operand{e.L, e.R}
		p.node = c.compare(e.Op, e.L, e.R)
	case *syntax.In:
		p.operands = []syntax.Operand{e.X}
		p.node = c.in(e)
	case *syntax.Has:
		p.operands = []syntax.Operand{e.X}
		p.node = &overlap{mode: e.Mode, x: newOperand(e.X, c.scope), list: newList(e.List)}
	case *syntax.Match:
		p.operands = []syntax.Operand{e.X}
		m := &match{mode: e.Mode, x: newOperand(e.X, c.scope), text: e.Pattern}
		if e.Mode == syntax.Regex {
			pattern, err := regexp.Compile(e.Pattern)
			if err != nil { // Check has refused it.
				c.faults = append(c.faults, err)
			}
			m.pattern = pattern
		}
		p.node = m
	case *syntax.Exists:
		p.operands = []syntax.Operand{e.X}
		if newClock(e.X, nil) != nil {
			p.node = fixed(!e.Missing)
			return
		}
		p.node = &existence{x: newOperand(e.X, c.scope), missing: e.Missing}
	}
}

func (c *compiler) compare(op syntax.Op, left, right syntax.Operand) node {
	zone := c.scope.Zone()
	l, r := newClock(left, zone), newClock(right, zone)
	switch {
	case l != nil && r != nil:
		return &twoClocks{op: op, l: l, r: r}
	case l != nil:
		return &clockComparison{op: op, clock: l, x: newOperand(right, c.scope)}
	case r != nil:
		return &clockComparison{op: mirrored(op), clock: r, x: newOperand(left, c.scope)}
	}
	return &comparison{op: op, l: newOperand(left, c.scope), r: newOperand(right, c.scope)}
}

// in compiles in and not in; of the clock, into one comparison for each time.
func (c *compiler) in(e *syntax.In) node {
	if newClock(e.X, nil) == nil {
		return &membership{x: newOperand(e.X, c.scope), list: newList(e.List), negated: e.Negated}
	}
	whole := &junction{decides: !e.Negated}
	op := syntax.Eq
	if e.Negated {
		op = syntax.Ne
	}
	for _, v := range e.List {
		whole.x = append(whole.x, c.compare(op, e.X, &syntax.Literal{Value: v}))
	}
	return whole
}
