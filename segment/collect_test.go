package segment

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// newManyShards makes bitmaps over that many shards, unloaded. Some have nothing in
// some of them.
func newManyShards(t *testing.T, shards, bitmaps uint32) *world {
	t.Helper()
	w := &world{rng: newRand(t), ix: New(0), loader: newLoader()}
	for f := range bitmaps + 1 {
		bm := roaring.New()
		for s := range shards {
			if f > 0 && w.rng.IntN(3) == 0 {
				continue
			}
			for b := range uint32(3) {
				from := s*shard.Span + b*blockSpan
				if f == 0 {
					bm.AddRange(uint64(from), uint64(from+blockSpan))
					continue
				}
				w.fillBlock(bm, uint64(from))
			}
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, shards*shard.Span)
	}
	return w
}

func TestQuery_Set_on_many_workers_is_that_on_one(t *testing.T) {
	w := newManyShards(t, 9, 4)
	var queries []*Query
	for range 12 {
		n, want := w.node(3)
		q := NewQuery(n, 0)
		queries = append(queries, q)
		alone, err := q.Set(t.Context(), w.source())
		if err != nil {
			t.Fatal(err)
		}
		if err := sameAs(alone, want); err != nil {
			t.Fatalf("%v, in\n%s", err, q)
		}
		var callers sync.WaitGroup // who ask at the same time, each with goroutines of their own
		for workers := 2; workers <= 16; workers *= 2 {
			callers.Go(func() {
				src := w.source()
				src.Workers = workers
				s, err := q.Set(t.Context(), src)
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(alone.AppendRoaring(nil), s.AppendRoaring(nil)); diff != "" || !slices.Equal(alone.keys, s.keys) {
					t.Errorf("on %d workers not the same, in\n%s", workers, q)
				}
				if s.Count() != alone.Count() || s.Epoch() != 7 || s.AsOf() != 9 || !s.Not().Equal(alone.Not()) {
					t.Errorf("on %d workers %d members of epoch %d as of %d, want %d", workers, s.Count(), s.Epoch(), s.AsOf(), alone.Count())
				}
			})
		}
		callers.Wait()
	}
	b, err := NewBatch(queries...)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := b.Sets(t.Context(), w.source())
	if err != nil {
		t.Fatal(err)
	}
	src := w.source()
	src.Workers = 4
	sets, err := b.Sets(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sets {
		if s.Count() != alone[i].Count() || !slices.Equal(s.keys, alone[i].keys) || !s.Equal(alone[i]) {
			t.Errorf("of a batch not the same, in\n%s", queries[i])
		}
	}
}

// TestQuery_Set_on_many_workers_stops holds a set that is built on several goroutines
// to the budget and the context of its one call.
func TestQuery_Set_on_many_workers_stops(t *testing.T) {
	w := newManyShards(t, 9, 2)
	q := NewQuery(Bits(0).AndNot(Bits(1).Xor(Bits(2))), 0)
	src := w.source()
	src.Workers = 4
	p, err := q.Plan(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	src.Budget = &Budget{Blocks: p.Cost.Blocks}
	if _, err := q.Set(t.Context(), src); err != nil {
		t.Errorf("within the budget: %v", err)
	}
	again := newManyShards(t, 9, 2)
	src.Root, src.Loader = again.ix.Root(), &meeting{memLoader: again.loader, arrived: make(chan struct{})}
	src.Root.all.Store(&universe{0, &Set{}}) // what everybody is has been collected
	src.Budget = &Budget{Blocks: p.Cost.Blocks - 1}
	var over *BudgetError
	if s, err := q.Set(t.Context(), src); s != nil || !errors.As(err, &over) || over.What != "blocks" {
		t.Errorf("a block too few: %v members, %v", s.Count(), err)
	}
	src.Budget = nil
	ctx, cancel := context.WithCancel(t.Context())
	src.Root, src.Loader = newManyShards(t, 9, 2).ix.Root(), cancelling{cancel, w.loader}
	src.Root.all.Store(&universe{0, &Set{}})
	if s, err := q.Set(ctx, src); s != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("when the context ends amid: %v members, %v", s.Count(), err)
	}
	src.Loader = failingLoader{}
	if s, err := q.Set(t.Context(), src); s != nil || !errors.Is(err, errDisk) {
		t.Errorf("when the loader fails: %v members, %v", s.Count(), err)
	}
}

// meeting makes the first read of a shard wait for that of another, so that no
// goroutine does the work of all.
type meeting struct {
	*memLoader
	first   atomic.Bool
	second  sync.Once
	arrived chan struct{}
}

func (l *meeting) LoadShard(f FieldID, n uint32) ([]byte, error) {
	if l.first.CompareAndSwap(false, true) {
		<-l.arrived
	} else {
		l.second.Do(func() { close(l.arrived) })
	}
	return l.memLoader.LoadShard(f, n)
}

// cancelling ends the context when the first shard is read.
type cancelling struct {
	cancel context.CancelFunc
	*memLoader
}

func (l cancelling) LoadShard(f FieldID, n uint32) ([]byte, error) {
	l.cancel()
	return l.memLoader.LoadShard(f, n)
}

func TestQuery_Limit_looks_no_further_on_many_workers(t *testing.T) {
	w := newManyShards(t, 9, 2)
	src := w.source()
	src.Workers = 4
	src.Root.all.Store(&universe{0, &Set{}})
	s, err := NewQuery(Bits(0).Or(Bits(1)), 0).Limit(t.Context(), src, 100)
	if err != nil || s.Count() != 100 {
		t.Errorf("%d members, %v", s.Count(), err)
	}
	if w.loader.loads > 2 {
		t.Errorf("%d shards were read; the first one of two fields is enough", w.loader.loads)
	}
}

// failing fails at the first read, and lets any other wait until whoever met that has ended.
type failing struct {
	*memLoader
	failed atomic.Bool
	others sync.Map // shards that were read
}

func (l *failing) LoadShard(f FieldID, n uint32) ([]byte, error) {
	if l.failed.CompareAndSwap(false, true) {
		return nil, errDisk
	}
	l.others.Store(n, true)
	synctest.Wait()
	return l.memLoader.LoadShard(f, n)
}

// Once one goroutine has failed the others finish the shard that they are at, and begin no
// other.
func TestQuery_on_many_workers_ends_with_the_first_error(t *testing.T) {
	q, m := NewQuery(Bits(1).Or(Bits(2)), 0), Measure{3, profile.KindNumber}
	for name, ask := range map[string]func(context.Context, Source) error{
		"Count": func(ctx context.Context, src Source) error { _, err := q.Count(ctx, src); return err },
		"Set":   func(ctx context.Context, src Source) error { _, err := q.Set(ctx, src); return err },
		"Batch": func(ctx context.Context, src Source) error {
			b, err := NewBatch(q, NewQuery(Bits(1), 0))
			if err != nil {
				return err
			}
			_, err = b.Counts(ctx, src)
			return err
		},
		"Cross": func(ctx context.Context, src Source) error {
			c, err := NewCross(q, []*Query{NewQuery(Bits(1), 0)})
			if err != nil {
				return err
			}
			_, err = c.Counts(ctx, src)
			return err
		},
		"Summary": func(ctx context.Context, src Source) error { _, err := q.Summary(ctx, src, m); return err },
	} {
		t.Run(name, func(t *testing.T) {
			w := newManyShards(t, 9, 2)
			tx := New(0).Begin() // of another index, so that this one loads it
			tx.Add(3, Column)
			shards := make([]uint32, 9)
			for s := range shards {
				shards[s] = uint32(s)
				tx.Put(3, uint32(s)*shard.Span, 1)
			}
			w.loader.merge(tx)
			tx.Commit()
			w.ix.Attach(3, Column, shards)
			synctest.Test(t, func(t *testing.T) {
				src := w.source()
				src.Workers = 2
				l := &failing{memLoader: w.loader}
				src.Loader = l
				src.Root.all.Store(&universe{0, &Set{}})
				if err := ask(t.Context(), src); !errors.Is(err, errDisk) || !l.failed.Load() {
					t.Fatal(err)
				}
				n := 0
				l.others.Range(func(any, any) bool { n++; return true })
				if n > 1 {
					t.Errorf("%d more shards were read", n)
				}
			})
		})
	}
}
