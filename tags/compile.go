package tags

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
)

// maxParts bounds a program: the conditions and values of the rule and of every tag
// and computed trait that it names, counted as often as they are named.
const maxParts = 100_000

// Compile checks an expression against what a model declares and compiles it,
// the rules of the tags that it names in their place. The error joins one
// *syntax.Error for every fault; see [Rule.Locate].
func Compile(e syntax.Expr, s syntax.Scope) (*Program, error) {
	return compile(e, newCompiler(s))
}

// CompileAsked is [Compile] of the rule of a query tag, to learn what it reads. How a
// profile stands among all is missing, until a [syntax.Ladder] tells it.
func CompileAsked(e syntax.Expr, s syntax.Scope) (*Program, error) {
	c := newCompiler(s)
	c.check = syntax.CheckAsked
	return compile(e, c)
}

func compile(e syntax.Expr, c *compiler) (*Program, error) {
	checked, err := c.check(e, c.scope)
	if err != nil {
		return nil, err
	}
	root := c.part(checked)
	if err := c.finish(root.size); err != nil {
		return nil, err
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
	size     int       // conditions and values, with those of the parts; stops above maxParts
}

// grow adds to the part's size.
func (p *part) grow(size int) { p.size = min(p.size+size, maxParts+1) }

type compiler struct {
	scope  syntax.Scope
	check  func(syntax.Expr, syntax.Scope) (syntax.Expr, error)
	tags   map[syntax.TagRef]*part // by name and value
	traits map[string]sized        // that are computed
	deps   Deps
	faults []error
}

func newCompiler(s syntax.Scope) *compiler {
	return &compiler{scope: s, check: syntax.Check, tags: map[syntax.TagRef]*part{}, traits: map[string]sized{}}
}

// finish returns the error that joins all faults, and puts the lists in order.
func (c *compiler) finish(size int) error {
	if len(c.faults) > 0 {
		return errors.Join(c.faults...)
	}
	if size > maxParts {
		return &syntax.Error{Offset: -1, Msg: fmt.Sprintf("with the rules of its tags and what its traits compute the rule has more than %d conditions", maxParts)}
	}
	for _, names := range []*[]string{&c.deps.Attributes, &c.deps.Events, &c.deps.Counted, &c.deps.Lists} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	slices.Sort(c.deps.Folds)
	c.deps.Folds = slices.Compact(c.deps.Folds)
	return nil
}

// fault adds an error about a place in the text.
func (c *compiler) fault(pos syntax.Pos, format string, args ...any) {
	c.faults = append(c.faults, &syntax.Error{Offset: int(max(pos, -1)), Msg: fmt.Sprintf(format, args...)})
}

// part compiles a checked expression.
func (c *compiler) part(e syntax.Expr) *part {
	p := &part{expr: e, size: 1}
	var nodes []node
	for _, x := range syntax.Parts(e) {
		sub := c.part(x)
		p.parts = append(p.parts, sub)
		p.grow(sub.size)
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
	case *syntax.InList:
		p.node = c.inList(e)
	case *syntax.Consent:
		p.node = c.consent(e)
	case *syntax.Members:
		p.node = fixed(e.Known != nil && *e.Known)
	case *syntax.TagRef:
		rule := c.tag(e)
		p.node, p.parts = rule.node, []*part{rule}
		p.grow(rule.size)
	default:
		c.condition(p)
	}
	return p
}

// tag compiles the rule of a tag, or of one with a value, once.
func (c *compiler) tag(ref *syntax.TagRef) *part {
	key := syntax.TagRef{Name: ref.Name, Value: ref.Value}
	if p, ok := c.tags[key]; ok {
		return p
	}
	rule, _ := c.scope.Tag(ref.Name, ref.Value)
	checked, err := c.check(rule, c.scope)
	if err != nil {
		c.fault(ref.Pos, "the rule of tag %q is in error: %s", shorten(ref.Name), oneLine(err))
		checked = &syntax.Const{}
	}
	p := c.part(checked)
	c.tags[key] = p
	return p
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

// condition compiles a condition on operands.
func (c *compiler) condition(p *part) {
	one := func(x syntax.Operand, is predicate) {
		p.node = newAsk(c.value(p, x), is)
	}
	switch e := p.expr.(type) {
	case *syntax.Compare:
		c.compare(p, e)
	case *syntax.In:
		one(e.X, &membership{list: newList(e.List), negated: e.Negated})
	case *syntax.Has:
		one(e.X, &overlap{mode: e.Mode, list: newList(e.List)})
	case *syntax.Match:
		is, err := newMatch(e)
		if err != nil { // Check has refused it.
			c.faults = append(c.faults, err)
		}
		one(e.X, is)
	case *syntax.Inside:
		one(e.X, &insideOf{area: e.Area})
	case *syntax.Exists:
		one(e.X, &existence{missing: e.Missing})
	case *syntax.Happened:
		one(e.X, &threshold{op: syntax.Ge, value: numberOne})
	default:
		c.fault(-1, "%s stands in a where() alone", syntax.Print(e))
		p.node = fixed(false)
	}
}

// value compiles an operand of a condition.
func (c *compiler) value(p *part, x syntax.Operand) operand {
	o := c.operand(x)
	p.operands, p.values = append(p.operands, x), append(p.values, o.operand)
	p.grow(o.size)
	return o.operand
}

// compare compiles a comparison; one with a constant is a condition on the other
// side.
func (c *compiler) compare(p *part, e *syntax.Compare) {
	l, r := c.value(p, e.L), c.value(p, e.R)
	if k, ok := r.(*constant); ok {
		p.node = newAsk(l, &threshold{op: e.Op, value: k.value})
		return
	}
	if k, ok := l.(*constant); ok {
		p.node = newAsk(r, &threshold{op: e.Op.Mirrored(), value: k.value})
		return
	}
	p.node = &comparison{op: e.Op, l: l, r: r}
}
