package segment

import (
	"bytes"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/profile"
)

// genOrdinals draws ordinals: scattered, in a block, and in runs.
func genOrdinals() *rapid.Generator[[]uint32] {
	return rapid.Custom(func(t *rapid.T) []uint32 {
		out := rapid.SliceOfN(rapid.OneOf(rapid.Uint32Range(0, 3*blockSpan), rapid.Uint32()), 0, 30).Draw(t, "ordinals")
		for range rapid.IntRange(0, 3).Draw(t, "runs") {
			from := rapid.Uint32Range(0, 3*blockSpan).Draw(t, "from")
			step := rapid.SampledFrom([]uint32{1, 1, 2, 17}).Draw(t, "step")
			for i := range rapid.Uint32Range(1, 70_000).Draw(t, "length") / step {
				out = append(out, from+i*step)
			}
		}
		return out
	})
}

func TestSet_laws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := Source{Epoch: 3, AsOf: 5}
		draw := func(name string) (*Set, *roaring.Bitmap) {
			ids := genOrdinals().Draw(t, name)
			return NewSet(src, ids), roaring.BitmapOf(ids...)
		}
		u, _ := draw("universe")
		a, am := draw("a")
		b, bm := draw("b")
		u = u.Or(a).Or(b)
		a.universe, b.universe = u, u
		laws := []struct {
			name string
			l, r *Set
		}{
			{"De Morgan of and", a.And(b).Not(), a.Not().Or(b.Not())},
			{"De Morgan of or", a.Or(b).Not(), a.Not().And(b.Not())},
			{"absorption", a.Or(a.And(b)), a},
			{"absorption the other way", a.And(a.Or(b)), a},
			{"double complement", a.Not().Not(), a},
			{"difference", a.Sub(b), a.And(b.Not())},
			{"exclusive or", a.Xor(b), a.Or(b).Sub(a.And(b))},
			{"the whole", a.Or(a.Not()), u},
			{"nothing", a.And(a.Not()), nil},
			{"itself less itself", a.Sub(a), &Set{}},
		}
		for _, l := range laws {
			if !l.l.Equal(l.r) || !l.r.Equal(l.l) {
				t.Fatalf("%s: %d against %d members", l.name, l.l.Count(), l.r.Count())
			}
		}
		for name, p := range map[string]struct {
			got  *Set
			want *roaring.Bitmap
		}{
			"and": {a.And(b), roaring.And(am, bm)}, "or": {a.Or(b), roaring.Or(am, bm)},
			"sub": {a.Sub(b), roaring.AndNot(am, bm)}, "xor": {a.Xor(b), roaring.Xor(am, bm)},
		} {
			if err := sameAs(p.got, p.want); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if p.got.Epoch() != 3 || p.got.AsOf() != 5 {
				t.Fatalf("%s: epoch %d as of %d", name, p.got.Epoch(), p.got.AsOf())
			}
		}
		if a.Equal(b) != am.Equals(bm) {
			t.Fatalf("Equal is %v", a.Equal(b))
		}
		members := slices.Collect(a.Members())
		if uint64(len(members)) != a.Count() || !slices.IsSorted(members) {
			t.Fatalf("%d members, counted %d", len(members), a.Count())
		}
		for _, id := range members {
			if !a.Contains(id) || !am.Contains(id.Ordinal()) {
				t.Fatalf("member %d is not contained", id)
			}
		}
		for range 20 {
			x := rapid.Uint32Range(0, 4*blockSpan).Draw(t, "x")
			if a.Contains(profile.MakeID(0, x)) != am.Contains(x) {
				t.Fatalf("contains %d is %v", x, !am.Contains(x))
			}
		}
	})
}

func TestSet_of_nothing(t *testing.T) {
	var none *Set
	some := NewSet(Source{Partition: 4}, []uint32{1, 2})
	if none.Count() != 0 || none.Contains(1) || len(slices.Collect(none.Members())) != 0 || none.Epoch() != 0 || none.AsOf() != 0 {
		t.Error("a nil set is not empty")
	}
	if !none.Or(some).Equal(some) || !some.Or(none).Equal(some) || none.And(some).Count() != 0 || !some.Sub(none).Equal(some) || none.Not().Count() != 0 {
		t.Error("a nil set does not combine as an empty one")
	}
	if s, err := ParseSet(0, none.AppendRoaring(nil)); err != nil || s.Count() != 0 {
		t.Errorf("empty bytes: %v", err)
	}
}

func TestSet_keeps_partitions_apart(t *testing.T) {
	a := NewSet(Source{Partition: 1}, []uint32{1, 2})
	b := NewSet(Source{Partition: 2}, []uint32{1, 2})
	if a.Equal(b) || a.And(b).Count() != 0 || !a.Or(b).Equal(a) || !a.Sub(b).Equal(a) {
		t.Error("sets of two partitions share members")
	}
	if !a.Contains(profile.MakeID(1, 2)) || a.Contains(profile.MakeID(2, 2)) {
		t.Error("Contains does not look at the partition")
	}
	for id := range a.Members() {
		if id.Partition() != 1 {
			t.Errorf("member %d is of partition %d", id, id.Partition())
		}
		break
	}
}

// FuzzParseSet holds the reader of sets to an error, or to the same members
// after another round.
func FuzzParseSet(f *testing.F) {
	bm := roaring.BitmapOf(1, 2, 3, 70_000, 1<<31)
	b, _ := bm.ToBytes()
	f.Add(b)
	bm.AddRange(5, 200_000)
	bm.RunOptimize()
	b, _ = bm.ToBytes()
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSet(0, data)
		if err != nil {
			return
		}
		out := s.AppendRoaring(nil)
		again, err := ParseSet(0, out)
		if err != nil || again.Count() != s.Count() || !again.Equal(s) || !bytes.Equal(again.AppendRoaring(nil), out) {
			t.Fatalf("%d members were written and read as %d: %v", s.Count(), again.Count(), err)
		}
	})
}
