package portrait

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
	"github.com/portraitdb/portrait/tags"
)

// unwritable reports whether an error says that the store takes no writes: no more, or none
// for now.
func (db *DB) unwritable(err error) bool { return errors.Is(err, ErrFailed) || refusedForNow(err) }

// refusedForNow reports whether an error says that a write may be tried again later.
func refusedForNow(err error) bool {
	return errors.Is(err, store.ErrDiskLow) || errors.Is(err, store.ErrStalled)
}

// source is what queries of the view run on.
func (v *View) source() segment.Source {
	src := segment.Source{Root: v.epoch.root, Loader: v.epoch, Epoch: v.epoch.number, AsOf: v.at}
	if v.access != nil {
		src.Within = &v.access.field
	}
	return src
}

// parallelFrom is from how many ordinals on a count or a set is shared among processors.
const parallelFrom = 4 << 20

// sourceFor is source within the budget that a context sets.
func (v *View) sourceFor(ctx context.Context) segment.Source {
	src := v.source()
	src.Meter = segment.MeterOf(ctx)
	return src
}

// shared is a source whose shards the processors share where that pays off.
func (v *View) shared(src segment.Source) segment.Source {
	if v.epoch.meta.nextOrdinal > parallelFrom {
		src.Workers = runtime.GOMAXPROCS(0)
	}
	return src
}

// ready returns an error where an expression names a tag that cannot be asked yet.
func (v *View) ready(e syntax.Expr) error {
	for _, name := range syntax.Read(e).Tags {
		if t := v.epoch.cat.query(name); t != nil {
			if err := v.ready(t.rule); err != nil {
				if v.access.opaque(name) {
					err = fmt.Errorf("portrait: tag %q cannot be asked yet: what it asks is being filled", name)
				}
				return err
			}
		}
		if t := v.epoch.cat.tag(name); t != nil && t.filling {
			m := &v.db.filler
			if v.access != nil {
				return fmt.Errorf("portrait: tag %q is being filled and cannot be asked yet", name)
			}
			return fmt.Errorf("portrait: tag %q is being filled and cannot be asked yet: %d of %d profiles are done", name, m.filled.Load(), m.total.Load())
		}
	}
	return nil
}

// upToDate returns an error where something reads folds that not every profile is up
// to date in.
func (v *View) upToDate(what string, deps tags.Deps) error {
	if v.epoch.cat.lags(deps) {
		return fmt.Errorf("portrait: %s is being filled and cannot be asked yet", what)
	}
	return nil
}

// program compiles an expression to be asked of profiles one by one, over time: it
// says nothing of how they stand among all.
func (v *View) program(e segment.Expr) (*tags.Program, error) {
	if err := v.allowed(e); err != nil {
		return nil, err
	}
	if err := v.ready(e.Tree()); err != nil {
		return nil, err
	}
	return v.programUnder(e, e.Tree(), v.epoch.cat)
}

func (v *View) programUnder(e segment.Expr, tree syntax.Expr, scope syntax.Scope) (*tags.Program, error) {
	program, err := tags.Compile(tree, scope)
	if err != nil {
		return nil, v.access.veilError(e, e.Locate(err))
	}
	return program, v.upToDate(syntax.Print(e.Tree()), program.Deps())
}

func (v *View) compile(ctx context.Context, e segment.Expr) (*segment.Query, error) {
	if err := v.allowed(e); err != nil {
		return nil, err
	}
	if err := v.ready(e.Tree()); err != nil {
		return nil, err
	}
	settled, err := v.settle(ctx, e.Tree(), nil)
	if err != nil {
		return nil, v.access.veilError(e, e.Locate(err))
	}
	return segment.Compile(ctx, v.bounded(settled.tree), operands{v}, v.at)
}

func (v *View) count(ctx context.Context, e segment.Expr) (uint64, error) {
	ctx = segment.Metered(ctx)
	q, err := v.compile(ctx, e)
	if err != nil {
		return 0, err
	}
	return q.Count(ctx, v.shared(v.sourceFor(ctx)))
}

func (v *View) segment(ctx context.Context, e segment.Expr) (*segment.Set, error) {
	ctx = segment.Metered(ctx)
	q, err := v.compile(ctx, e)
	if err != nil {
		return nil, err
	}
	return q.Set(ctx, v.shared(v.sourceFor(ctx)))
}

// operands shows a view's names to the segment compiler.
type operands struct{ v *View }

// Universe implements segment.Catalog.
func (o operands) Universe() segment.FieldID { return o.v.population() }

// Tag implements segment.Catalog.
func (o operands) Tag(name string) (segment.FieldID, bool) {
	t := o.v.epoch.cat.tag(name)
	if t == nil || t.filling {
		return 0, false
	}
	return t.field, true
}

// TagValues implements segment.Catalog.
func (o operands) TagValues(name string) (segment.Values, bool) {
	t := o.v.epoch.cat.tag(name)
	if t == nil || t.filling || t.values == nil {
		return nil, false
	}
	return valuesView{t.values}, true
}

// Column implements segment.Catalog.
func (o operands) Column(op syntax.Operand) (segment.FieldID, profile.Kind, bool) {
	ix := o.v.epoch.cat.indexOf(op)
	if ix == nil || !ix.column || ix.info.Kind == profile.KindPoint {
		return 0, 0, false
	}
	return ix.field, ix.info.Kind, true
}

// Cells implements segment.Catalog.
func (o operands) Cells(op syntax.Operand) (segment.FieldID, bool) {
	ix := o.v.epoch.cat.indexOf(op)
	if ix == nil || ix.info.Kind != profile.KindPoint {
		return 0, false
	}
	return ix.field, true
}

// Values implements segment.Catalog.
func (o operands) Values(op syntax.Operand) (segment.Values, bool) {
	ix := o.v.epoch.cat.indexOf(op)
	if ix == nil || ix.column {
		return nil, false
	}
	return valuesView{ix}, true
}

// Zone implements segment.Catalog.
func (o operands) Zone() *time.Location { return o.v.epoch.cat.zone }

// Scan implements segment.Catalog: it evaluates a condition that no index
// answers on every profile.
func (o operands) Scan(ctx context.Context, leaf syntax.Expr) (*segment.Set, error) {
	program, err := tags.Compile(leaf, o.v.epoch.cat)
	if err != nil {
		return nil, err
	}
	if err := o.v.upToDate(o.v.access.quote(syntax.Print(leaf), syntax.Mentions(leaf)), program.Deps()); err != nil {
		return nil, err
	}
	return o.sweep(ctx, program, nil)
}

// List implements segment.Catalog.
func (o operands) List(name string) (segment.FieldID, bool) {
	l := findList(o.v.epoch.lists, name)
	if l == nil {
		return 0, false
	}
	return l.field, true
}

// Lots implements segment.Catalog.
func (o operands) Lots() (segment.FieldID, bool) { return lots, true }

// Among implements segment.Catalog. The cell of a point tells to a centimetre where it
// is, so that only those profiles are read whose point is as close as that to the border.
func (o operands) Among(ctx context.Context, place *syntax.Inside, n segment.Node) (*segment.Set, error) {
	program, err := tags.Compile(place, o.v.epoch.cat)
	if err != nil {
		return nil, err
	}
	candidates, err := o.v.query(n).Set(ctx, o.v.sourceFor(ctx))
	if err == nil {
		err = segment.MeterOf(ctx).Look(int64(candidates.Count()))
	}
	if err != nil {
		return nil, err
	}
	in, doubtful, err := o.placed(ctx, place, candidates)
	if err != nil {
		return nil, err
	}
	sure := segment.NewSet(o.v.source(), in)
	if len(doubtful) == 0 {
		return sure, nil
	}
	swept, err := o.sweep(ctx, program, segment.NewSet(o.v.source(), doubtful))
	if err != nil {
		return nil, err
	}
	return sure.Or(swept), nil
}

// placed returns those of some profiles that are in a place for sure, and those of whom
// their cell does not tell.
func (o operands) placed(ctx context.Context, place *syntax.Inside, among *segment.Set) (in, doubtful []uint32, err error) {
	const turn = 1024 // some tenths of a millisecond between two looks at ctx
	field, ok := o.Cells(place.X)
	if !ok {
		return nil, nil, fmt.Errorf("portrait: %s has no index", syntax.PrintOperand(place.X))
	}
	looked := 0
	for id := range among.Members() {
		if looked++; looked%turn == 0 && ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		cell, ok, err := o.v.epoch.root.Value(o.v.epoch, field, id.Ordinal())
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		switch is, sure := place.Area.Leaf(segment.LeafCell(cell)); {
		case !sure:
			doubtful = append(doubtful, id.Ordinal())
		case is:
			in = append(in, id.Ordinal())
		}
	}
	return in, doubtful, nil
}

// sweep evaluates a program on the members of a set; nil means everybody.
func (o operands) sweep(ctx context.Context, program *tags.Program, among *segment.Set) (*segment.Set, error) {
	var ordinals []uint32
	for m, err := range o.v.members(ctx, among, program.Deps().Lists) {
		if err != nil {
			return nil, err
		}
		if ok, _ := program.Eval(m.state(), o.v.at); ok {
			ordinals = append(ordinals, m.ordinal)
		}
	}
	return segment.NewSet(o.v.source(), ordinals), nil
}

// traitIndex returns the index of a trait, or nil.
func (c *catalog) traitIndex(name string) *traitIndex {
	i, ok := slices.BinarySearchFunc(c.indexes, name, func(ix *traitIndex, n string) int { return strings.Compare(ix.name, n) })
	if !ok {
		return nil
	}
	return c.indexes[i]
}

// indexOf returns the index that answers an operand, or nil. What a computed trait
// stands for is answered by any indexed trait that stands for the same, unless only
// some of the values count in one of them.
func (c *catalog) indexOf(op syntax.Operand) *traitIndex {
	if op, ok := op.(*syntax.Trait); ok {
		if ix := c.traitIndex(op.Name); ix != nil && !ix.filling {
			return ix
		}
		info := c.traits[op.Name]
		if kind, _, _ := syntax.OperandKind(info.Compute, c); info.Compute != nil && kind == info.Kind {
			return c.indexOf(info.Compute)
		}
		return nil
	}
	text, kind := "", profile.KindNull
	for _, ix := range c.indexes {
		if ix.computed == nil || ix.filling {
			continue
		}
		if text == "" {
			text = syntax.PrintOperand(op)
			kind, _, _ = syntax.OperandKind(op, c)
		}
		if ix.info.Kind == kind && syntax.PrintOperand(ix.info.Compute) == text {
			return ix
		}
	}
	return nil
}

// Explain tells how an expression comes out for the profile of an identifier:
// condition by condition true, false or unknown (an operand is missing), with
// the values read and the instant when each may next change by itself.
func (v *View) Explain(ctx context.Context, e segment.Expr, id profile.Identifier) (*tags.Explanation, error) {
	return inside(v, func() (*tags.Explanation, error) { return v.explain(ctx, e, id) })
}

// Explain is View.Explain on a view of this moment.
func (db *DB) Explain(ctx context.Context, e segment.Expr, id profile.Identifier) (*tags.Explanation, error) {
	return timed(db, callOther, func() (*tags.Explanation, error) {
		return within(ctx, db, func(v *View) (*tags.Explanation, error) { return v.explain(ctx, e, id) })
	})
}

func (v *View) explain(ctx context.Context, e segment.Expr, id profile.Identifier) (*tags.Explanation, error) {
	if err := v.allowed(e); err != nil {
		return nil, err
	}
	if err := v.ready(e.Tree()); err != nil {
		return nil, err
	}
	if _, err := syntax.CheckAsked(e.Tree(), v.epoch.cat); err != nil {
		return nil, e.Locate(err)
	}
	m, err := v.find(id)
	if err != nil {
		return nil, err
	}
	settled, err := v.settle(ctx, e.Tree(), m)
	if err != nil {
		return nil, v.access.veilError(e, e.Locate(err))
	}
	program, err := v.programUnder(e, settled.tree, settled.scope)
	if err != nil {
		return nil, err
	}
	if err := v.epoch.enlist(m, program.Deps().Lists); err != nil {
		return nil, err
	}
	why := program.ExplainFor(m.state(), v.at, v.access.opaque)
	if settled.fault != nil {
		return nil, settled.fault
	}
	return why, v.witnesses(ctx, m, why, map[*tags.Explanation]bool{})
}
