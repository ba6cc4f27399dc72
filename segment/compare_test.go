package segment

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/profile"
)

func TestCompare_equals_naive_sets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, src Source) (*Set, *roaring.Bitmap) {
			ids := genOrdinals().Draw(t, name)
			return NewSet(src, ids), roaring.BitmapOf(ids...)
		}
		before, bm := draw("before", Source{Epoch: 3, AsOf: 5})
		after, am := draw("after", Source{Epoch: 4, AsOf: 6})
		c, err := Compare(before, after)
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]struct {
			got  *Set
			want *roaring.Bitmap
		}{
			"entered": {c.Entered, roaring.AndNot(am, bm)}, "left": {c.Left, roaring.AndNot(bm, am)}, "stayed": {c.Stayed, roaring.And(am, bm)},
		} {
			if err := sameAs(p.got, p.want); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if p.got.Epoch() != 4 || p.got.AsOf() != 6 {
				t.Fatalf("%s: epoch %d as of %d", name, p.got.Epoch(), p.got.AsOf())
			}
		}
		x := rapid.Uint32Range(0, 4*blockSpan).Draw(t, "after which")
		if len(am.ToArray()) > 0 && rapid.Bool().Draw(t, "a member") {
			x = rapid.SampledFrom(am.ToArray()).Draw(t, "member")
		}
		want := am.Clone()
		want.RemoveRange(0, uint64(x)+1)
		if err := sameAs(after.After(profile.MakeID(0, x)), want); err != nil {
			t.Fatalf("after %d: %v", x, err)
		}
		collected, err := CollectSet(after.Members())
		if err != nil || !collected.Equal(after) {
			t.Fatalf("%d of %d collected: %v", collected.Count(), after.Count(), err)
		}
	})
}

func TestCompare_of_nothing_and_of_partitions(t *testing.T) {
	a := NewSet(Source{Partition: 1, Epoch: 2}, []uint32{1, 2})
	b := NewSet(Source{Partition: 2, Epoch: 2}, []uint32{1, 2})
	if _, err := Compare(a, b); err == nil || !strings.Contains(err.Error(), "partition 1") {
		t.Errorf("of two partitions: %v", err)
	}
	for name, tt := range map[string]struct {
		before, after         *Set
		entered, left, stayed *Set
	}{
		"nothing before":                {nil, a, a, nil, nil},
		"nothing after":                 {a, nil, nil, a, nil},
		"nothing":                       {nil, nil, nil, nil, nil},
		"itself":                        {a, a, nil, nil, a},
		"nothing, of another elsewhere": {a, NewSet(Source{Partition: 2}, nil), nil, a, nil},
	} {
		c, err := Compare(tt.before, tt.after)
		if err != nil || !c.Entered.Equal(tt.entered) || !c.Left.Equal(tt.left) || !c.Stayed.Equal(tt.stayed) {
			t.Errorf("%s: %d entered, %d left, %d stayed: %v", name, c.Entered.Count(), c.Left.Count(), c.Stayed.Count(), err)
		}
	}
}

func TestSet_After_of_other_partitions(t *testing.T) {
	var none *Set
	if none.After(7).Count() != 0 {
		t.Error("a nil set has members")
	}
	s := NewSet(Source{Partition: 3}, []uint32{5, 70_000})
	for id, want := range map[profile.ID]uint64{
		0: 2, profile.MakeID(2, 1<<31): 2, profile.MakeID(3, 4): 2, profile.MakeID(3, 5): 1, profile.MakeID(3, 65_535): 1, profile.MakeID(3, 70_000): 0, profile.MakeID(4, 0): 0,
	} {
		if got := s.After(id); got.Count() != want || got.Partition() != 3 {
			t.Errorf("after %d: %d, want %d", id, got.Count(), want)
		}
	}
}

func TestCollectSet_refuses_two_partitions(t *testing.T) {
	_, err := CollectSet(slices.Values([]profile.ID{profile.MakeID(1, 4), profile.MakeID(2, 5)}))
	if err == nil || !strings.Contains(err.Error(), "of partition 2") {
		t.Errorf("%v", err)
	}
	if s, err := CollectSet(iter.Seq[profile.ID](func(func(profile.ID) bool) {})); err != nil || s.Count() != 0 {
		t.Errorf("of none: %v", err)
	}
}

// A set at hand has no form that could be kept: neither text nor JSON, however deep.
func TestMembers_cannot_be_written_down(t *testing.T) {
	e := And(Tag("a"), Not(Members(NewSet(Source{Epoch: 17}, []uint32{1, 2}))))
	if got, want := e.String(), `tag("a") and not members(2 at epoch 17)`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := Parse(e.String()); err == nil {
		t.Error("the note is read back")
	}
	if _, err := e.MarshalText(); err == nil || !strings.Contains(err.Error(), "written down") {
		t.Errorf("text: %v", err)
	}
	if _, err := json.Marshal(e); err == nil || !strings.Contains(err.Error(), "written down") {
		t.Errorf("JSON: %v", err)
	}
	if got := Members(nil).String(); got != "members(0)" {
		t.Errorf("of nobody: %s", got)
	}
}
