package main

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// censusIndex is a census in an index of Portrait, all of it in memory. It counts
// expressions and tables as a View does: they are compiled, planned and counted anew each
// time, on one goroutine.
type censusIndex struct {
	src    segment.Source
	tags   map[string]segment.FieldID
	values map[string]fieldsOfText
}

func newCensusIndex(c *census) (*censusIndex, error) {
	x := &censusIndex{tags: map[string]segment.FieldID{}, values: map[string]fieldsOfText{}}
	index, next := segment.New(0), everyone
	add := func(members iter.Seq[uint32]) (segment.FieldID, error) {
		f, tx := next, index.Begin()
		for i := range members {
			tx.Set(f, i, true)
		}
		if err := tx.Err(); err != nil {
			return 0, err
		}
		tx.Commit()
		next++
		return f, nil
	}
	if _, err := add(upTo(c.profiles)); err != nil {
		return nil, err
	}
	tag := func(name string, b *roaring.Bitmap) (err error) {
		x.tags[name], err = add(roaring.Values(b))
		return err
	}
	if err := tag(audienceName, c.audience); err != nil {
		return nil, err
	}
	for i, b := range c.tags {
		if err := tag(censusTag(i), b); err != nil {
			return nil, err
		}
	}
	for i, b := range c.segments {
		if err := tag(segmentName(i), b); err != nil {
			return nil, err
		}
	}
	for d, a := range censusAttributes {
		var fields fieldsOfText
		for v := range a.values {
			f, err := add(having(c.attributes[d], uint8(v)))
			if err != nil {
				return nil, err
			}
			fields = append(fields, f)
		}
		f, err := add(havingBelow(c.attributes[d], uint8(a.values)))
		if err != nil {
			return nil, err
		}
		x.tags[a.name], x.values[a.name] = f, fields
	}
	x.src = segment.Source{Root: index.Root()}
	return x, nil
}

func upTo(n int) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range n {
			if !yield(uint32(i)) {
				return
			}
		}
	}
}

// having are the profiles with a value.
func having(column []uint8, v uint8) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range column {
			if w == v && !yield(uint32(i)) {
				return
			}
		}
	}
}

// havingBelow are the profiles with a lesser value.
func havingBelow(column []uint8, v uint8) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range column {
			if w < v && !yield(uint32(i)) {
				return
			}
		}
	}
}

// Counts implements insight.Counter.
func (x *censusIndex) Counts(ctx context.Context, es ...segment.Expr) ([]uint64, error) {
	queries, err := x.compile(ctx, es)
	if err != nil {
		return nil, err
	}
	batch, err := segment.NewBatch(queries...)
	if err != nil {
		return nil, err
	}
	return batch.Counts(ctx, x.src)
}

// Cross implements insight.Crosser.
func (x *censusIndex) Cross(ctx context.Context, base segment.Expr, dims ...[]segment.Expr) ([]uint64, error) {
	queries := make([][]*segment.Query, len(dims))
	for d, es := range dims {
		var err error
		if queries[d], err = x.compile(ctx, es); err != nil {
			return nil, err
		}
	}
	of, err := x.compile(ctx, []segment.Expr{base})
	if err != nil {
		return nil, err
	}
	table, err := segment.NewCross(of[0], queries...)
	if err != nil {
		return nil, err
	}
	return table.Counts(ctx, x.src)
}

func (x *censusIndex) compile(ctx context.Context, es []segment.Expr) ([]*segment.Query, error) {
	queries := make([]*segment.Query, len(es))
	for i, e := range es {
		var err error
		if queries[i], err = segment.Compile(ctx, e.Tree(), censusCatalog{x}, 0); err != nil {
			return nil, err
		}
	}
	return queries, nil
}

// fieldsOfText are the bitmaps of the values "0", "1" and so on.
type fieldsOfText []segment.FieldID

func (f fieldsOfText) Field(v profile.Value) (segment.FieldID, bool) {
	i := slices.IndexFunc(f.texts(), func(w profile.Value) bool { return w.Compare(v) == 0 })
	if i < 0 {
		return 0, false
	}
	return f[i], true
}

func (f fieldsOfText) texts() []profile.Value {
	out := make([]profile.Value, len(f))
	for i := range out {
		out[i] = profile.String(strconv.Itoa(i))
	}
	return out
}

// Exists implements segment.Values. No question asks for it.
func (f fieldsOfText) Exists() segment.FieldID { return everyone }

func (f fieldsOfText) All() iter.Seq2[profile.Value, segment.FieldID] {
	return func(yield func(profile.Value, segment.FieldID) bool) {
		for i, v := range f.texts() {
			if !yield(v, f[i]) {
				return
			}
		}
	}
}

// censusCatalog shows the names of a census to the compiler. It has tags alone.
type censusCatalog struct{ x *censusIndex }

func (censusCatalog) Universe() segment.FieldID { return everyone }

func (c censusCatalog) Tag(name string) (segment.FieldID, bool) {
	f, ok := c.x.tags[name]
	return f, ok
}

func (c censusCatalog) TagValues(name string) (segment.Values, bool) {
	v, ok := c.x.values[name]
	return v, ok
}

func (censusCatalog) Column(syntax.Operand) (segment.FieldID, profile.Kind, bool) { return 0, 0, false }
func (censusCatalog) Values(syntax.Operand) (segment.Values, bool)                { return nil, false }
func (censusCatalog) Cells(syntax.Operand) (segment.FieldID, bool)                { return 0, false }
func (censusCatalog) List(string) (segment.FieldID, bool)                         { return 0, false }
func (censusCatalog) Lots() (segment.FieldID, bool)                               { return 0, false }
func (censusCatalog) Zone() *time.Location                                        { return time.UTC }

func (censusCatalog) Among(context.Context, *syntax.Inside, segment.Node) (*segment.Set, error) {
	return nil, errAbsent
}

func (censusCatalog) Scan(context.Context, syntax.Expr) (*segment.Set, error) { return nil, errAbsent }
