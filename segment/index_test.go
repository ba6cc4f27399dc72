package segment

import (
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/shard"
)

// frozen is one version of a world: its root, its snapshot and what they hold.
type frozen struct {
	src  Source
	bits []*roaring.Bitmap
	cols map[FieldID]map[uint32]int64
}

func (w *world) freeze() frozen {
	f := frozen{src: w.source(), cols: map[FieldID]map[uint32]int64{}}
	f.src.Loader = w.loader.snapshot()
	for _, b := range w.bits {
		f.bits = append(f.bits, b.Clone())
	}
	for id, values := range w.cols {
		f.cols[id] = map[uint32]int64{}
		maps.Copy(f.cols[id], values)
	}
	return f
}

// verify reads one field of the version and compares it.
func (f frozen) verify(t *testing.T, id FieldID) {
	t.Helper()
	if int(id) < len(f.bits) {
		s, err := NewQuery(Bits(id), 0).Set(t.Context(), f.src)
		if err != nil {
			t.Error(err)
			return
		}
		if err := sameAs(s, f.bits[id]); err != nil {
			t.Errorf("bitmap %d: %v", id, err)
		}
		return
	}
	n, err := NewQuery(HasValue(id), 0).Count(t.Context(), f.src)
	if err != nil || n != uint64(len(f.cols[id])) {
		t.Errorf("column %d: %d values, %v; want %d", id, n, err, len(f.cols[id]))
	}
	checked := 0
	for x, want := range f.cols[id] {
		if checked++; checked > 300 {
			break
		}
		if v, ok, err := f.src.Root.Value(f.src.Loader, id, x); err != nil || !ok || v != want {
			t.Errorf("column %d at %d: %d, %v, %v; want %d", id, x, v, ok, err, want)
			return
		}
	}
}

func (f frozen) fields() int { return len(f.bits) + len(f.cols) }

func TestIndex_old_roots_do_not_change(t *testing.T) {
	for name, budget := range map[string]int64{"all in memory": 0, "little memory": 300_000, "next to none": 1} {
		t.Run(name, func(t *testing.T) {
			rng := newRand(t)
			w := newWorld(t, rng, 3, 1, budget)
			var versions []frozen
			for range 8 {
				w.churn(rng.IntN(60))
				versions = append(versions, w.freeze())
				v := versions[rng.IntN(len(versions))]
				v.verify(t, FieldID(rng.IntN(v.fields())))
			}
			for i, v := range versions {
				for f := range v.fields() {
					v.verify(t, FieldID(f))
				}
				if t.Failed() {
					t.Fatalf("in version %d", i)
				}
			}
			if got := w.ix.LoadedBytes(); budget > 0 && got > budget {
				t.Errorf("%d bytes are loaded, the budget is %d", got, budget)
			}
		})
	}
}

func TestIndex_readers_and_writer_race(t *testing.T) {
	rng := newRand(t)
	w := newWorld(t, rng, 3, 1, 400_000)
	versions := make(chan frozen, 64)
	var readers sync.WaitGroup
	for i := range uint64(3) {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(i, 3))
			for v := range versions {
				v.verify(t, FieldID(rng.IntN(v.fields())))
				v.verify(t, FieldID(rng.IntN(v.fields())))
			}
		})
	}
	for range 40 {
		w.churn(20)
		v := w.freeze()
		versions <- v
		versions <- v
	}
	close(versions)
	readers.Wait()
}

func TestIndex_commits_do_not_load(t *testing.T) {
	w := newWorld(t, newRand(t), 3, 0, 0)
	for range 5 {
		w.churn(30)
	}
	if w.loader.loads != 0 {
		t.Errorf("commits have loaded %d shards", w.loader.loads)
	}
	w.freeze().verify(t, 1)
	loads := w.loader.loads
	w.churn(30)
	v := w.freeze()
	v.verify(t, 1)
	if n := v.src.Loader.(*memLoader).loads; n != 0 || w.loader.loads != loads {
		t.Errorf("%d shards were loaded again after a commit that could change them in memory", n)
	}
}

func TestIndex_pending_changes_are_bounded(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 0, 0)
	s := w.ix.Root().dir.find(1).slot(0)
	for range 3 {
		w.churn(maxPending / 2)
	}
	if w.ix.Root().dir.find(1).slot(0).pending.Load() != nil {
		t.Error("the chain of pending changes was not cut")
	}
	if !s.is(slotOld) {
		t.Error("the first version is not known to be old")
	}
	w.freeze().verify(t, 1)
}

func TestTx_last_change_counts(t *testing.T) {
	ix, loader := New(0), newLoader()
	tx := ix.Begin()
	tx.Add(1, Bitmap)
	tx.Set(1, 5, true)
	tx.Set(1, 5, false)
	tx.Set(1, 6, false)
	tx.Set(1, 6, true)
	tx.Set(1, shard.Span+1, true)
	tx.Put(2, 9, 4)
	tx.Put(2, 9, 7)
	tx.Put(2, 10, 1)
	tx.Delete(2, 10)
	var got []ShardKey
	for key := range tx.Deltas() {
		got = append(got, key)
	}
	want := []ShardKey{{1, 0}, {1, 1}, {2, 0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("deltas (-want +got):\n%s", d)
	}
	loader.merge(tx)
	root := tx.Commit()
	for ordinal, want := range map[uint32]bool{5: false, 6: true, 7: false, shard.Span + 1: true} {
		if ok, err := root.Contains(loader, 1, ordinal); ok != want || err != nil {
			t.Errorf("bit %d is %v, %v", ordinal, ok, err)
		}
	}
	if v, ok, _ := root.Value(loader, 2, 9); v != 7 || !ok {
		t.Errorf("value 9 is %d, %v", v, ok)
	}
	if _, ok, _ := root.Value(loader, 2, 10); ok {
		t.Error("a deleted value is there")
	}
	for key, v := range loader.shard {
		if m, err := loadBitmap(v); key.Field == 1 && (err != nil || m.card != 1) {
			t.Errorf("shard %v is stored as %x: %v", key, v, err)
		}
	}
}

func TestTx_refuses_the_other_kind(t *testing.T) {
	tx := New(0).Begin()
	tx.Put(1, 1, 1)
	tx.Set(1, 1, true)
	if tx.Err() == nil {
		t.Error("a bit was set in a column")
	}
	tx = New(0).Begin()
	tx.Add(1, Bitmap)
	tx.Put(1, 1, 1)
	if tx.Err() == nil {
		t.Error("a value was put to a bitmap")
	}
	for range tx.Deltas() {
		t.Error("what was refused is in the deltas")
	}
}

func TestTx_Drop_and_Abort(t *testing.T) {
	ix := New(0)
	tx := ix.Begin()
	tx.Set(1, 1, true)
	tx.Set(2, 1, true)
	before := tx.Commit()
	tx = ix.Begin()
	tx.Set(1, 2, true)
	tx.Drop(1)
	for key := range tx.Deltas() {
		t.Errorf("delta of %v", key)
	}
	after := tx.Commit()
	if _, ok := after.Kind(1); ok {
		t.Error("the field is still there")
	}
	if ok, _ := before.Contains(nil, 1, 1); !ok {
		t.Error("the older root has lost the field")
	}
	tx = ix.Begin()
	tx.Set(2, 9, true)
	tx.Abort()
	if tx.Commit(); ix.Root().dir.find(2) != after.dir.find(2) {
		t.Error("what was aborted has changed the field")
	}
}

func TestDirectory_equals_a_map(t *testing.T) {
	rng := newRand(t)
	var d directory
	want := map[FieldID]*field{}
	for range 300 {
		var edits []edit
		for id := FieldID(0); len(edits) < 1+rng.IntN(4); {
			id += 1 + FieldID(rng.Uint32())>>rng.IntN(32)>>2
			e := edit{id, &field{id: id}}
			if rng.IntN(5) == 0 {
				e.field = nil
			}
			edits = append(edits, e)
		}
		old := d
		d = d.with(edits)
		for _, e := range edits {
			if got := old.find(e.id); got != want[e.id] {
				t.Fatalf("an older directory has changed at %d", e.id)
			}
		}
		for _, e := range edits {
			want[e.id] = e.field
		}
	}
	for id, f := range want {
		if d.find(id) != f {
			t.Errorf("field %d is not found", id)
		}
	}
	if d.find(1<<31+12345) != want[1<<31+12345] {
		t.Error("a field that was never added is found")
	}
}
