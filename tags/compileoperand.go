package tags

import (
	"time"

	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/internal/grid"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

var numberOne = profile.Number(1)

// sized is a compiled operand with how many values and conditions it is made of,
// which stops above maxParts.
type sized struct {
	operand
	size int
}

// with returns the operand as a part of another.
func (c *compiler) with(whole *sized, x syntax.Operand) operand {
	o := c.operand(x)
	whole.size = min(whole.size+o.size, maxParts+1)
	return o.operand
}

func (c *compiler) all(whole *sized, xs []syntax.Operand) []operand {
	os := make([]operand, len(xs))
	for i, x := range xs {
		os[i] = c.with(whole, x)
	}
	return os
}

// operand compiles a checked operand and records what it reads.
func (c *compiler) operand(x syntax.Operand) sized {
	o := sized{size: 1}
	switch x := x.(type) {
	case *syntax.Literal:
		o.operand = &constant{value: x.Value}
	case *syntax.Trait:
		return c.trait(x)
	case *syntax.Aggregate:
		o.operand = c.aggregate(&o, x)
	case *syntax.Sequence:
		o.operand = c.sequence(x)
	case *syntax.Interest:
		a := &affinity{decay: c.decay(x, x.Name, x.Pos)}
		if x.Key != "" {
			a.key = profile.String(x.Key)
		}
		o.operand = a
	case *syntax.Interests:
		o.operand = &affinities{decay: c.decay(x, x.Name, x.Pos), n: x.N}
	case *syntax.Namespaces:
		o.operand = namespaces{}
	case *syntax.Draw:
		c.deps.Canonical = true
		o.operand = &lot{salt: draw.Salt(x.Salt), n: x.N}
	case *syntax.Standing:
		o.operand = &standing{x: c.with(&o, x.X), among: x.Among}
	case *syntax.Arith:
		o.operand = &arithmetic{op: x.Op, l: c.with(&o, x.L), r: c.with(&o, x.R)}
	case *syntax.Call:
		o.operand = c.call(&o, x)
	case *syntax.If:
		cond := c.part(x.Cond)
		o.size = min(o.size+cond.size, maxParts+1)
		o.operand = &choice{cond: cond.node, then: c.with(&o, x.Then), otherwise: c.with(&o, x.Else)}
	case *syntax.Now:
		c.deps.Timed = true
		o.operand = &ticking{&clock{offset: profile.Instant(x.Offset / time.Microsecond)}}
	case *syntax.Ago:
		c.deps.Timed = true
		o.operand = &ticking{&clock{ago: x, zone: c.scope.Zone()}}
	default:
		c.fault(-1, "a value is missing")
		o.operand = &constant{}
	}
	return o
}

// trait compiles what a name stands for; what is computed, once.
func (c *compiler) trait(x *syntax.Trait) sized {
	info, _ := c.scope.Trait(x.Name)
	if info.Compute == nil {
		c.deps.Attributes = append(c.deps.Attributes, x.Name)
		c.deps.Timed = c.deps.Timed || info.Retain > 0
		return sized{&attribute{name: x.Name, policy: info.Policy, kind: info.Kind, retain: info.Retain}, 1}
	}
	if o, ok := c.traits[x.Name]; ok {
		return o
	}
	checked, err := syntax.CheckOperand(info.Compute, c.scope)
	if err != nil {
		c.fault(x.Pos, "what trait %q computes is in error: %s", shorten(x.Name), oneLine(err))
		checked = &syntax.Literal{}
	}
	o := c.operand(checked)
	if kind, _, _ := syntax.OperandKind(checked, c.scope); kind == syntax.Any && info.Kind != profile.KindNull && info.Kind != syntax.Any {
		o.operand = &narrowed{x: o.operand, kind: info.Kind}
	}
	c.traits[x.Name] = o
	return o
}

// kept records that the program reads a fold and returns its number.
func (c *compiler) kept(f *syntax.Fold, x syntax.Operand, pos syntax.Pos) uint32 {
	id, ok := c.scope.Kept(f)
	if !ok {
		c.fault(pos, "profiles keep nothing for %s: a trait, a tag or a segment of the model must ask for it", shorten(syntax.PrintOperand(x)))
	}
	c.deps.Folds = append(c.deps.Folds, id)
	return id
}

func (c *compiler) aggregate(whole *sized, x *syntax.Aggregate) operand {
	c.deps.Events = append(c.deps.Events, x.Event)
	f := syntax.FoldOf(x, c.scope)
	if f == nil {
		c.deps.Counted = append(c.deps.Counted, x.Event)
		return &lifetime{fn: x.Fn, event: x.Event, property: x.Property}
	}
	id, w := c.kept(f, x, x.Pos), newWindow(x.Span(), f, c.scope)
	c.deps.Timed = c.deps.Timed || w.timed()
	switch f.Form {
	case profile.Presence:
		return &daysOf{id: id, fn: x.Fn, window: w}
	case profile.FirstDay:
		return &firstDay{id: id}
	case profile.Spans:
		return &sessions{id: id, window: w}
	case profile.Stays:
		return &dwell{id: id, level: grid.Level(x.Stay.Level), minDays: x.Stay.MinDays, except: c.all(whole, x.Stay.Except), window: w}
	}
	return &windowed{id: id, fn: x.Fn, n: x.N, by: x.By != "", window: w}
}

func (c *compiler) sequence(x *syntax.Sequence) operand {
	f := syntax.FoldOf(x, c.scope)
	for _, step := range f.Steps {
		c.deps.Events = append(c.deps.Events, step.Event)
	}
	c.deps.Timed = true
	return newSequence(x, f, c.kept(f, x, x.Pos), c.scope)
}

// decay compiles what scores of an interest are read by.
func (c *compiler) decay(x syntax.Operand, name string, pos syntax.Pos) decay {
	f := syntax.FoldOf(x, c.scope)
	if f == nil {
		c.fault(pos, "unknown interest %q", shorten(name))
		return decay{half: 1}
	}
	for _, source := range f.Sources {
		c.deps.Events = append(c.deps.Events, source.Event)
	}
	c.deps.Timed = true
	return decay{id: c.kept(f, x, pos), half: max(f.HalfLife.Microseconds(), 1)}
}

func (c *compiler) call(whole *sized, x *syntax.Call) operand {
	args := c.all(whole, x.Args)
	if len(args) == 0 {
		c.fault(x.Pos, "a function wants a value")
		return &constant{}
	}
	switch x.Fn {
	case syntax.DaysAt, syntax.DaysSeen, syntax.Confidence:
		if of, ok := args[0].(*dwell); ok {
			return &evidence{fn: x.Fn, of: of}
		}
		c.fault(x.Pos, "%s wants a place that dwell() gives", x.Fn)
		return &constant{}
	case syntax.Coalesce:
		return &coalesce{x: args}
	case syntax.Least:
		return &extreme{x: args, op: syntax.Lt}
	case syntax.Greatest:
		return &extreme{x: args, op: syntax.Gt}
	case syntax.DaysSince:
		c.deps.Timed = true
		return &daysPassed{from: args[0], to: &ticking{&clock{}}, today: true, zone: c.scope.Zone()}
	case syntax.DaysBetween:
		return &daysPassed{from: args[0], to: args[len(args)-1], zone: c.scope.Zone()}
	}
	return &rounding{fn: x.Fn, x: args[0], digits: digitsOf(x.Args)}
}
