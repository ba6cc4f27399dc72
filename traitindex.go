package portrait

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// traitIndex is one indexed trait: a column of numbers or times, or a bitmap
// per value and one of who has any.
type traitIndex struct {
	name     string
	info     syntax.TraitInfo
	computed *tags.Value // nil for an attribute
	column   bool
	field    segment.FieldID // the column, or the bitmap of who has a value
	values   *valueFields    // nil for a column
	filling  bool            // see tag.filling
}

func newTraitIndex(name string, info syntax.TraitInfo) (*traitIndex, error) {
	ix := &traitIndex{name: name, info: info}
	switch info.Kind {
	case profile.KindNumber, profile.KindTime:
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
	if ix.computed == nil {
		v, ok = st.Attr(ix.name, ix.info.Policy)
		return v, ok && sameKind(v.Kind(), ix.info.Kind), profile.Never
	}
	v, ok, until = ix.computed.Eval(st, at)
	return v, ok && fits(v, ix.info), until
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

// sortable maps a number or a time to the integer that the column holds.
func sortable(v profile.Value) int64 {
	if v.Kind() == profile.KindTime {
		return int64(v.Instant())
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
// bitmap of which value. It only grows. A reader of an older epoch may see
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
