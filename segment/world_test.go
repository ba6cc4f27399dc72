package segment

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/seeds"
	"github.com/portraitdb/portrait/internal/shard"
)

// memLoader is a store of durable shards in memory.
type memLoader struct {
	mu    sync.Mutex
	shard map[ShardKey][]byte
	loads int
}

func newLoader() *memLoader { return &memLoader{shard: map[ShardKey][]byte{}} }

func (l *memLoader) LoadShard(f FieldID, n uint32) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loads++
	return l.shard[ShardKey{f, n}], nil
}

// snapshot returns a loader that later merges do not change.
func (l *memLoader) snapshot() *memLoader {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := newLoader()
	maps.Copy(c.shard, l.shard)
	return c
}

// merge makes the deltas of a commit durable.
func (l *memLoader) merge(tx *Tx) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, delta := range tx.Deltas() {
		var values [][]byte
		if v := l.shard[key]; v != nil {
			values = append(values, v)
		}
		out, empty, skipped := shard.FoldBase(nil, append(values, delta))
		if skipped > 0 {
			panic("a delta is malformed")
		}
		if l.shard[key] = out; empty {
			delete(l.shard, key)
		}
	}
}

// world is an index and, beside it, the same content held by roaring and by maps.
type world struct {
	rng    *rand.Rand
	ix     *Index
	loader *memLoader
	bits   []*roaring.Bitmap // by field; field 0 is the universe
	cols   map[FieldID]map[uint32]int64
}

const worldSpan = shard.Span + 3*blockSpan

func newRand(tb testing.TB) *rand.Rand {
	tb.Helper()
	return rand.New(rand.NewPCG(seeds.Draw(tb), 1))
}

// newWorld makes fields whose blocks are of every kind. The fields up to bitmaps
// are bitmaps, the others columns.
func newWorld(tb testing.TB, rng *rand.Rand, bitmaps, columns int, budget int64) *world {
	tb.Helper()
	w := &world{rng: rng, ix: New(budget), loader: newLoader(), cols: map[FieldID]map[uint32]int64{}}
	all := roaring.New()
	for b := range uint64(worldSpan / blockSpan) {
		switch b {
		case 0, shard.Blocks: // with gaps
			for i := b * blockSpan; i < (b+1)*blockSpan; i++ {
				if rng.IntN(8) > 0 {
					all.Add(uint32(i))
				}
			}
		case 1, 2, shard.Blocks - 1: // full
			all.AddRange(b*blockSpan, (b+1)*blockSpan)
		case 5, shard.Blocks + 1: // a run
			all.AddRange(b*blockSpan, b*blockSpan+30_000)
		case 7: // sparse
			for range 2000 {
				all.Add(uint32(b)*blockSpan + rng.Uint32N(blockSpan))
			}
		}
	}
	w.bits = append(w.bits, all)
	w.attach(tb, 0, all)
	for f := range bitmaps {
		bm := roaring.New()
		for b := range uint64(worldSpan / blockSpan) {
			if all.IntersectsWithInterval(b*blockSpan, (b+1)*blockSpan) {
				w.fillBlock(bm, b*blockSpan)
			}
		}
		bm.And(all)
		w.bits = append(w.bits, bm)
		w.attach(tb, FieldID(f+1), bm)
	}
	for c := range columns {
		w.addColumn(FieldID(bitmaps + 1 + c))
	}
	return w
}

// fillBlock draws the content of one block of a field.
func (w *world) fillBlock(bm *roaring.Bitmap, from uint64) {
	some := func(n int) {
		for range n {
			bm.Add(uint32(from) + w.rng.Uint32N(blockSpan))
		}
	}
	switch w.rng.IntN(9) {
	case 0:
	case 1:
		bm.AddRange(from, from+blockSpan)
	case 2:
		some(1 + w.rng.IntN(20))
	case 3:
		some(w.rng.IntN(3000))
	case 4:
		some(3000 + w.rng.IntN(2000))
	case 5:
		some(20_000)
	case 6:
		some(100_000)
	case 7:
		for range 1 + w.rng.IntN(6) {
			at := from + w.rng.Uint64N(blockSpan)
			bm.AddRange(at, min(at+w.rng.Uint64N(9000), from+blockSpan))
		}
	case 8:
		bm.AddRange(from, from+blockSpan)
		for range w.rng.IntN(40) {
			bm.Remove(uint32(from) + w.rng.Uint32N(blockSpan))
		}
	}
}

// attach stores a bitmap and declares its field, unloaded.
func (w *world) attach(tb testing.TB, f FieldID, bm *roaring.Bitmap) {
	tb.Helper()
	w.attachTo(tb, f, bm, worldSpan)
}

func (w *world) attachTo(tb testing.TB, f FieldID, bm *roaring.Bitmap, span uint32) {
	tb.Helper()
	var shards []uint32
	for n := range span/shard.Span + 1 {
		part := roaring.New()
		part.AddRange(uint64(n)*shard.Span, uint64(n+1)*shard.Span)
		part.And(bm)
		part = roaring.AddOffset64(part, -int64(n)*shard.Span)
		if part.IsEmpty() {
			continue
		}
		data, err := part.ToBytes()
		if err != nil {
			tb.Fatal(err)
		}
		v := slices.Concat(shard.AppendBitBase(nil, nil)[:2], data)
		w.loader.shard[ShardKey{f, n}] = v
		shards = append(shards, n)
	}
	w.ix.Attach(f, Bitmap, shards)
}

func (w *world) addColumn(f FieldID) {
	values := map[uint32]int64{}
	kind := w.rng.IntN(4)
	density := []int{1, 2, 20, 500}[w.rng.IntN(4)]
	blocks := map[uint32]bool{0: true, uint32(1 + w.rng.IntN(2)): density > 1, shard.Blocks: true}
	tx := w.ix.Begin()
	tx.Add(f, Column)
	it := w.bits[0].Iterator()
	for it.HasNext() {
		if x := it.Next(); blocks[x>>16] && w.rng.IntN(density) == 0 {
			v := w.draw(kind)
			values[x] = v
			tx.Put(f, x, v)
		}
	}
	w.loader.merge(tx)
	tx.Commit()
	w.cols[f] = values
}

func (w *world) draw(kind int) int64 {
	switch kind {
	case 0:
		return SortableNumber(float64(w.rng.IntN(100)))
	case 1:
		return SortableNumber(float64(w.rng.IntN(5_000_000)) / 100)
	case 2:
		return 1767225600_000_000 + int64(w.rng.IntN(400))*86_400_000_000
	}
	return SortableNumber(w.rng.NormFloat64() * 1000)
}

// churn commits changes to every field. With lazy the index may not be loaded.
func (w *world) churn(perField int) {
	tx := w.ix.Begin()
	for f, bm := range w.bits {
		if f == 0 {
			continue
		}
		for range perField {
			x, _ := w.bits[0].Select(w.rng.Uint32N(uint32(w.bits[0].GetCardinality())))
			on := w.rng.IntN(2) == 0
			tx.Set(FieldID(f), x, !on)
			tx.Set(FieldID(f), x, on)
			if on {
				bm.Add(x)
			} else {
				bm.Remove(x)
			}
		}
	}
	for f, values := range w.cols {
		for range perField {
			x, _ := w.bits[0].Select(w.rng.Uint32N(uint32(w.bits[0].GetCardinality())))
			if w.rng.IntN(3) == 0 {
				tx.Delete(f, x)
				delete(values, x)
				continue
			}
			v := w.draw(w.rng.IntN(4))
			tx.Put(f, x, v)
			values[x] = v
		}
	}
	w.loader.merge(tx)
	tx.Commit()
}

func (w *world) source() Source {
	return Source{Root: w.ix.Root(), Loader: w.loader, Epoch: 7, AsOf: 9}
}

// node draws an expression and what it is equal to.
func (w *world) node(depth int) (Node, *roaring.Bitmap) {
	if depth == 0 || w.rng.IntN(6) == 0 {
		return w.leaf()
	}
	n := 1 + w.rng.IntN(4)
	ns, bs := make([]Node, n), make([]*roaring.Bitmap, n)
	for i := range n {
		ns[i], bs[i] = w.node(depth - 1)
	}
	switch w.rng.IntN(6) {
	case 0:
		return ns[0].And(ns[1:]...), roaring.FastAnd(bs...)
	case 1:
		return ns[0].Or(ns[1:]...), roaring.FastOr(bs...)
	case 2:
		return ns[0].AndNot(ns[1:]...), roaring.AndNot(bs[0], roaring.FastOr(bs[1:]...))
	case 3:
		return ns[0].Not(), roaring.AndNot(w.bits[0], bs[0])
	case 4:
		x := bs[0].Clone()
		for _, b := range bs[1:] {
			x = roaring.Xor(x, b) // in place Xor shares containers of b
		}
		return ns[0].Xor(ns[1:]...), x
	}
	k := w.rng.IntN(n + 2)
	return AtLeastOf(k, ns...), w.threshold(k, bs)
}

func (w *world) threshold(k int, bs []*roaring.Bitmap) *roaring.Bitmap {
	if k <= 0 {
		return w.bits[0].Clone()
	}
	// reach[j] holds who is in j or more of those seen so far.
	reach := make([]*roaring.Bitmap, k+1)
	for j := range reach {
		reach[j] = roaring.New()
	}
	reach[0] = w.bits[0].Clone()
	for _, b := range bs {
		for j := k; j > 0; j-- {
			reach[j].Or(roaring.And(reach[j-1], b))
		}
	}
	return reach[k]
}

func (w *world) leaf() (Node, *roaring.Bitmap) {
	if len(w.cols) > 0 && w.rng.IntN(3) == 0 {
		f := FieldID(len(w.bits) + w.rng.IntN(len(w.cols)))
		out := roaring.New()
		if w.rng.IntN(4) == 0 {
			for x := range w.cols[f] {
				out.Add(x)
			}
			return HasValue(f), out
		}
		var spans []Span
		for range 1 + w.rng.IntN(3) {
			kind := w.rng.IntN(4)
			spans = append(spans, Span{w.draw(kind), w.draw(kind)})
		}
		for x, v := range w.cols[f] {
			for _, s := range spans {
				if s.Lo <= v && v <= s.Hi {
					out.Add(x)
				}
			}
		}
		return InSpans(f, spans...), out
	}
	switch w.rng.IntN(12) {
	case 0:
		return All(), w.bits[0]
	case 1:
		return Node{}, roaring.New()
	case 2:
		part := roaring.New()
		w.fillBlock(part, uint64(w.rng.IntN(worldSpan/blockSpan))*blockSpan)
		part.And(w.bits[0])
		return Fixed(NewSet(w.source(), part.ToArray())), part
	}
	f := w.rng.IntN(len(w.bits))
	return Bits(FieldID(f)), w.bits[f]
}

// sameAs reports how a set differs from the bitmap.
func sameAs(s *Set, want *roaring.Bitmap) error {
	if s.Count() != want.GetCardinality() {
		return fmt.Errorf("%d members, want %d", s.Count(), want.GetCardinality())
	}
	got := roaring.New()
	if err := got.UnmarshalBinary(s.AppendRoaring(nil)); err != nil {
		return err
	}
	if err := got.Validate(); err != nil && !got.IsEmpty() {
		return err
	}
	if !got.Equals(want) {
		return errors.New("other members than roaring's")
	}
	return nil
}
