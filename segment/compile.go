package segment

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Catalog tells the compiler which field answers which condition, as of one
// epoch. Its methods must agree with that epoch's Root.
type Catalog interface {
	// Universe is the bitmap of the live profiles.
	Universe() FieldID
	// Tag returns the bitmap of a tag; ok is false where it is not complete.
	Tag(name string) (f FieldID, ok bool)
	// TagValues returns the bitmaps of a tag that has one for each of its values.
	TagValues(name string) (v Values, ok bool)
	// Column returns the column of a number (see SortableNumber) or time
	// (microseconds) operand: it has a value for each profile for which the
	// operand is not missing.
	Column(op syntax.Operand) (f FieldID, kind profile.Kind, ok bool)
	// Values returns the bitmaps of an operand that has one for each value: of
	// text, a truth value, or a set.
	Values(op syntax.Operand) (v Values, ok bool)
	// Cells returns the column of a point operand: of each profile's S2 leaf cell, see
	// SortableCell.
	Cells(op syntax.Operand) (f FieldID, ok bool)
	// List returns the bitmap of an uploaded list.
	List(name string) (f FieldID, ok bool)
	// Lots returns the column of everybody's lot before it is salted.
	Lots() (f FieldID, ok bool)
	// Among is Scan of a condition on a place, of the profiles of a node alone.
	Among(ctx context.Context, place *syntax.Inside, n Node) (*Set, error)
	// Scan returns the live profiles for which a condition that no field answers
	// holds, by evaluating it for each.
	Scan(ctx context.Context, leaf syntax.Expr) (*Set, error)
	// Zone is the model's time zone.
	Zone() *time.Location
}

// Values is the bitmaps of one operand: for each value the profiles that have
// it, or for a set-valued operand have it among theirs.
type Values interface {
	// Field returns the bitmap of a value; ok is false where no one has it.
	Field(v profile.Value) (f FieldID, ok bool)
	// Exists is the bitmap of the profiles for which the operand is not missing.
	Exists() FieldID
	// All yields every value with its bitmap.
	All() iter.Seq2[profile.Value, FieldID]
}

// Compile turns an expression into a query. The expression must have been
// checked against the model of the catalog's epoch. Now stands for the instant
// in now() and ago(). To cover places with cells takes up to some milliseconds each: the
// error is the cause of ctx soon after that ends. A budget of ctx that allows nothing is
// refused before.
func Compile(ctx context.Context, e syntax.Expr, c Catalog, now profile.Instant) (*Query, error) {
	if err := MeterOf(ctx).check(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	k := &compiler{ctx: ctx, catalog: c, now: now, ranges: rangesEach(areas(e))}
	n, err := k.expr(e)
	if err != nil {
		return nil, err
	}
	return NewQuery(n, c.Universe()), nil
}

var errNoExpr = errors.New("segment: an expression is missing")

type compiler struct {
	ctx     context.Context //nolint:containedctx // It lives as long as the call.
	catalog Catalog
	now     profile.Instant
	ranges  int // of cells that a place is narrowed down to, at most
}

// expr compiles the operators that combine conditions.
func (k *compiler) expr(e syntax.Expr) (Node, error) {
	switch e := e.(type) {
	case nil:
		return Node{}, errNoExpr
	case *syntax.Const:
		return constant(e.Value), nil
	case *syntax.And:
		return k.fold(e.X, All(), Node.And)
	case *syntax.Or:
		xs, err := k.united(e.X)
		if err != nil {
			return Node{}, err
		}
		return k.fold(xs, Node{}, Node.Or)
	case *syntax.Xor:
		return k.fold(e.X, Node{}, Node.Xor)
	case *syntax.Minus:
		ns, err := k.exprs(e.X)
		if err != nil || len(ns) == 0 {
			return Node{}, err
		}
		return ns[0].AndNot(ns[1:]...), nil
	case *syntax.Not:
		n, err := k.expr(e.X)
		return n.Not(), err
	case *syntax.AtLeast:
		ns, err := k.exprs(e.X)
		return AtLeastOf(e.K, ns...), err
	}
	n, ok, err := k.condition(e)
	if err != nil {
		return Node{}, err
	}
	if ok {
		return n.labelled(e), nil
	}
	return k.scan(e), nil
}

func (k *compiler) exprs(es []syntax.Expr) ([]Node, error) {
	out := make([]Node, len(es))
	for i, e := range es {
		var err error
		if out[i], err = k.expr(e); err != nil {
			return nil, err
		}
		if k.ctx.Err() != nil {
			return nil, context.Cause(k.ctx)
		}
	}
	return out, nil
}

func (k *compiler) fold(es []syntax.Expr, zero Node, op func(Node, ...Node) Node) (Node, error) {
	ns, err := k.exprs(es)
	if err != nil {
		return Node{}, err
	}
	return op(zero, ns...), nil
}

func constant(b bool) Node {
	if b {
		return All()
	}
	return Node{}
}

// scan leaves a condition to the catalog's Scan, once a query runs.
func (k *compiler) scan(e syntax.Expr) Node {
	c := k.catalog
	return found(syntax.Print(e), func(ctx context.Context) (*Set, error) { return c.Scan(ctx, e) })
}

// found is the profiles that a function finds a condition to hold of.
func found(label string, find func(context.Context) (*Set, error)) Node {
	s := newScan(func(ctx context.Context) (*Set, error) {
		set, err := find(ctx)
		if err == nil && set == nil {
			set = &Set{}
		}
		return set, err
	})
	return Node{&node{op: opScan, scan: s, label: label}}
}

// labelled gives a leaf that a condition was compiled to its text, unless it has one.
func (n Node) labelled(e syntax.Expr) Node {
	if n.n != nil && n.n.isLeaf() && n.n.label == "" {
		d := *n.n
		d.label = syntax.Print(e)
		return Node{&d}
	}
	return n
}

// condition compiles a condition on operands; ok is false where no field answers
// it.
func (k *compiler) condition(e syntax.Expr) (n Node, ok bool, err error) {
	switch e := e.(type) {
	case *syntax.TagRef:
		if e.Value != "" {
			vs, ok := k.catalog.TagValues(e.Name)
			if !ok {
				return Node{}, false, nil
			}
			is := func(profile.Value) syntax.Expr { return e }
			return matching(vs, is, func(v profile.Value) bool { return v.String() == e.Value }), true, nil
		}
		f, ok := k.catalog.Tag(e.Name)
		return Bits(f), ok, nil
	case *syntax.Compare:
		n, ok := k.compare(e)
		return n, ok, nil
	case *syntax.In:
		n, ok := k.in(e)
		return n, ok, nil
	case *syntax.Has:
		n, ok := k.has(e)
		return n, ok, nil
	case *syntax.Match:
		return k.match(e)
	case *syntax.Inside:
		return k.inside(e)
	case *syntax.Members:
		set, ok := e.Set.(*Set)
		if !ok {
			return Node{}, false, errNoExpr
		}
		return Fixed(set), true, nil
	case *syntax.Consent:
		f, ok := k.catalog.Tag(syntax.ConsentTag(e.Purpose))
		return Bits(f), ok, nil
	case *syntax.InList:
		f, ok := k.catalog.List(e.Name)
		if !ok {
			return Node{}, false, &syntax.Error{Offset: int(e.Pos), Msg: fmt.Sprintf("unknown list %q", e.Name)}
		}
		return Bits(f), true, nil
	case *syntax.Happened:
		return Node{}, false, nil // No index has sequences.
	case *syntax.Exists:
		n, ok := k.exists(e.X)
		if e.Missing {
			n = n.labelled(&syntax.Exists{X: e.X}).Not()
		}
		return n, ok, nil
	}
	return Node{}, false, fmt.Errorf("segment: no meaning is known for %T", e)
}

func (k *compiler) exists(x syntax.Operand) (Node, bool) {
	if _, ok := k.constant(x); ok {
		return All(), true
	}
	if f, _, ok := k.catalog.Column(x); ok {
		return HasValue(f), true
	}
	if f, ok := k.catalog.Cells(x); ok {
		return HasValue(f), true
	}
	if vs, ok := k.catalog.Values(x); ok {
		return Bits(vs.Exists()), true
	}
	return Node{}, false
}

// constant returns the value of an operand that is the same for every profile.
func (k *compiler) constant(x syntax.Operand) (profile.Value, bool) {
	switch x := x.(type) {
	case *syntax.Literal:
		return x.Value, true
	case *syntax.Now:
		us := x.Offset / time.Microsecond
		if x.Offset%time.Microsecond < 0 {
			us--
		}
		return profile.TimeAt(k.now + profile.Instant(us)), true
	case *syntax.Ago:
		return profile.TimeAt(x.At(k.now, k.catalog.Zone())), true
	}
	return profile.Value{}, false
}
