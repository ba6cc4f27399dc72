package segment

import (
	"iter"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// bitValues takes bitmaps for the values of an operand: the value of each is its
// field, as text, so that their order is not that of the fields.
type bitValues []FieldID

func (b bitValues) name(f FieldID) profile.Value { return profile.String(string('z' - rune(f))) }

func (b bitValues) Field(v profile.Value) (FieldID, bool) {
	i := slices.IndexFunc(b, func(f FieldID) bool { return b.name(f).Equal(v) })
	if i < 0 {
		return 0, false
	}
	return b[i], true
}

func (b bitValues) Exists() FieldID { return 0 }

func (b bitValues) All() iter.Seq2[profile.Value, FieldID] {
	return func(yield func(profile.Value, FieldID) bool) {
		for _, f := range b {
			if !yield(b.name(f), f) {
				return
			}
		}
	}
}

// naiveGroups intersects bitmaps.
func (w *world) naiveGroups(members *roaring.Bitmap, m *Measure, by []bitValues) []Group {
	var out []Group
	add := func(part *roaring.Bitmap, values ...profile.Value) {
		if part.IsEmpty() {
			return
		}
		g := Group{Values: values, Count: part.GetCardinality()}
		if m != nil {
			g.Summary = naiveSummary(numbersOf(w.valuesOf(m.Field, part)), m.Kind)
		}
		out = append(out, g)
	}
	for _, f := range slices.Backward(slices.Sorted(slices.Values(by[0]))) {
		part := roaring.And(members, w.bits[f])
		if len(by) == 1 {
			add(part, by[0].name(f))
			continue
		}
		for _, g := range slices.Backward(slices.Sorted(slices.Values(by[1]))) {
			add(roaring.And(part, w.bits[g]), by[0].name(f), by[1].name(g))
		}
	}
	return out
}

func TestQuery_Groups_equal_intersecting(t *testing.T) {
	worlds(t, 8, func(t *testing.T, w *world) {
		q, members, measure := w.drawQuestion()
		m := &measure
		if w.rng.IntN(4) == 0 {
			m = nil
		}
		by := []bitValues{{1, 2, 3}, {4, 5, 1}}[:1+w.rng.IntN(2)]
		if w.rng.IntN(2) == 0 {
			slices.Reverse(by[0])
		}
		var values []Values
		for _, b := range by {
			values = append(values, b)
		}
		got, err := q.Groups(t.Context(), w.asked(), m, values...)
		if err != nil {
			t.Fatal(err)
		}
		equal := cmp.Comparer(func(a, b profile.Value) bool { return a.Equal(b) })
		want := w.naiveGroups(members, m, by)
		if d := cmp.Diff(want, got, equal); d != "" && len(want)+len(got) > 0 {
			t.Errorf("of %v over %v (-want +got):\n%s", m, q, d)
		}
	})
}

func TestQuery_Groups_refuses_other_numbers_of_operands(t *testing.T) {
	w := newWorld(t, newRand(t), 2, 1, 0)
	one := bitValues{1}
	for _, by := range [][]Values{nil, {one, one, one}} {
		if _, err := NewQuery(All(), 0).Groups(t.Context(), w.source(), nil, by...); err == nil {
			t.Errorf("grouped by %d operands", len(by))
		}
	}
	if _, err := NewQuery(All(), 0).Groups(t.Context(), w.source(), nil, bitValues{3}); err == nil {
		t.Error("grouped by a column")
	}
}

// valuesInOrder takes bitmaps for the numbers from 0 on.
type valuesInOrder []FieldID

func (b valuesInOrder) Field(v profile.Value) (FieldID, bool) { return b[int(v.Number())], true }

func (b valuesInOrder) Exists() FieldID { return 0 }

func (b valuesInOrder) All() iter.Seq2[profile.Value, FieldID] {
	return func(yield func(profile.Value, FieldID) bool) {
		for i, f := range b {
			if !yield(profile.Number(float64(i)), f) {
				return
			}
		}
	}
}
