package portrait

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// traitIndex is one indexed trait: a column of numbers or times, or a bitmap
// per value and one of who has any. So are the values of a tag.
type traitIndex struct {
	name     string
	label    *tag // whose values they are; nil for a trait
	info     syntax.TraitInfo
	computed *tags.Value // nil for an attribute
	column   bool
	field    segment.FieldID // the column, or the bitmap of who has a value
	values   *valueFields    // nil for a column
	filling  bool            // see tag.filling
}

func newTraitIndex(name string, info syntax.TraitInfo) (*traitIndex, error) {
	if hint := restless(info.Compute); hint != "" {
		return nil, fmt.Errorf("trait %q: it changes by itself all the time and cannot be indexed: %s", name, hint)
	}
	ix := &traitIndex{name: name, info: info}
	switch info.Kind {
	case profile.KindNumber, profile.KindTime, profile.KindPoint:
		ix.column = true
	case profile.KindString, profile.KindBool, profile.KindSet, profile.KindList, syntax.Any:
		ix.values = newValueFields()
	default:
		return nil, fmt.Errorf("trait %q: a %s cannot be indexed", name, info.Kind)
	}
	return ix, nil
}

// value returns the trait's value in a state at an instant, and until when it is
// that if nothing happens, or an earlier instant at which to ask again.
func (ix *traitIndex) value(st *profile.State, at profile.Instant) (v profile.Value, ok bool, until profile.Instant) {
	if ix.label != nil {
		return ix.label.value(st, at)
	}
	if ix.computed == nil {
		v, ok, until = st.Kept(ix.name, ix.info.Policy, ix.info.Retain, at)
		return v, ok && sameKind(v.Kind(), ix.info.Kind), until
	}
	v, ok, until = ix.computed.Eval(st, at)
	return v, ok && fits(v, ix.info), until
}

// changes reports whether what was a value until an instant is something else then.
func (ix *traitIndex) changes(st *profile.State, old profile.Value, had bool, until profile.Instant) bool {
	v, has, _ := ix.value(st, until)
	return has != had || has && !v.Equal(old)
}

// value returns the values of the tag; ok is false for those who have not the tag.
func (t *tag) value(st *profile.State, at profile.Instant) (v profile.Value, ok bool, until profile.Instant) {
	ok, until = t.program.Eval(st, at)
	if !ok {
		return profile.Value{}, false, until
	}
	v, known, next := t.values.computed.Eval(st, at)
	if !known {
		v = profile.List()
	}
	return v, true, min(until, next)
}

// restless returns what to do instead where an operand gives every profile another
// value at every midnight, or oftener.
func restless(x syntax.Operand) string {
	switch x := x.(type) {
	case *syntax.Interest:
		return "make a tag of a comparison with it"
	case *syntax.Now, *syntax.Ago:
		return "compare with the clock in a rule"
	case *syntax.Arith:
		return cmp.Or(restless(x.L), restless(x.R))
	case *syntax.If:
		return cmp.Or(restless(x.Then), restless(x.Else))
	case *syntax.Call:
		if x.Fn == syntax.DaysSince {
			return "index the time, and compare that with ago()"
		}
		for _, arg := range x.Args {
			if hint := restless(arg); hint != "" {
				return hint
			}
		}
	}
	return ""
}

// learn enters a stored field of one value.
func (ix *traitIndex) learn(rec fieldRecord, id segment.FieldID) error {
	v, rest, err := profile.DecodeValue(rec.Value)
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("%w: field record of %q: bad value", ErrCorrupt, rec.Name)
	}
	ix.values.add(v, id)
	return nil
}

// attach gives a tag its field.
func (t *tag) attach(id segment.FieldID, filling bool) {
	t.field, t.filling = id, filling
	if t.values != nil {
		t.values.field, t.values.filling = id, filling
	}
}

// valueUse says what the field of a value is for.
func (ix *traitIndex) valueUse() fieldUse {
	if ix.label != nil {
		return useTagValue
	}
	return useValue
}

// dropValues removes the bitmaps of the values.
func (t *txn) dropValues(ix *traitIndex) {
	for _, f := range (valuesView{ix}).All() {
		t.dropField(f)
	}
}

// fits reports whether a computed value is of the kind that the trait is declared
// as.
func fits(v profile.Value, info syntax.TraitInfo) bool {
	return info.Kind == syntax.Any || sameKind(v.Kind(), info.Kind)
}

// sameKind reports whether a value of kind k counts for a trait declared as want:
// a list, told before the trait was declared, is as good as a set.
func sameKind(k, want profile.Kind) bool {
	return k == want || k == profile.KindList && want == profile.KindSet
}

// sortable maps a number or a time to the integer that the column holds, and a point to
// its leaf cell.
func sortable(v profile.Value) int64 {
	switch v.Kind() {
	case profile.KindTime:
		return int64(v.Instant())
	case profile.KindPoint:
		lat, lon := v.Point()
		return segment.SortableCell(geo.CellID(geo.Point{Lat: lat, Lon: lon}))
	}
	return segment.SortableNumber(v.Number())
}

// elements returns the values that a value counts as in the index: its elements,
// each once, if it is a set or a list, else itself.
func elements(v profile.Value) []profile.Value {
	switch v.Kind() {
	case profile.KindSet:
		return v.Elements()
	case profile.KindList:
		return profile.Set(slices.Clone(v.Elements())...).Elements()
	}
	return []profile.Value{v}
}

// valueFields is the dictionary of one indexed trait: which field holds the
// bitmap of which value. It only grows: a Purge puts another in its place. A reader of an older epoch may see
// fields that its epoch does not know: they are empty there.
type valueFields struct {
	mu    sync.RWMutex // guards the fields below
	byKey map[string]segment.FieldID
	all   []valueField
}

type valueField struct {
	value profile.Value
	field segment.FieldID
}

func newValueFields() *valueFields {
	return &valueFields{byKey: map[string]segment.FieldID{}}
}

func valueKey(v profile.Value) string { return string(profile.AppendValue(nil, v)) }

func (f *valueFields) lookup(v profile.Value) (segment.FieldID, bool) {
	var buf [64]byte
	key := profile.AppendValue(buf[:0], v)
	f.mu.RLock()
	defer f.mu.RUnlock()
	id, ok := f.byKey[string(key)]
	return id, ok
}

func (f *valueFields) add(v profile.Value, id segment.FieldID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byKey[valueKey(v)] = id
	f.all = append(f.all, valueField{value: v, field: id})
}

// valuesView gives the executor one trait's dictionary.
type valuesView struct{ ix *traitIndex }

// Field implements segment.Values.
func (v valuesView) Field(value profile.Value) (segment.FieldID, bool) {
	return v.ix.values.lookup(value)
}

// Exists implements segment.Values.
func (v valuesView) Exists() segment.FieldID { return v.ix.field }

// All implements segment.Values.
func (v valuesView) All() iter.Seq2[profile.Value, segment.FieldID] {
	v.ix.values.mu.RLock()
	all := v.ix.values.all
	v.ix.values.mu.RUnlock()
	return func(yield func(profile.Value, segment.FieldID) bool) {
		for _, f := range all {
			if !yield(f.value, f.field) {
				return
			}
		}
	}
}
