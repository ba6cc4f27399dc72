package segment

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// load loads every shard of the world.
func (w *world) load(t *testing.T) {
	t.Helper()
	for f := range w.bits {
		if _, err := NewQuery(Bits(FieldID(f)).Or(Bits(9999).Not()), 0).Count(t.Context(), w.source()); err != nil {
			t.Fatal(err)
		}
	}
	for f := range w.cols {
		if _, err := NewQuery(HasValue(f), 0).Count(t.Context(), w.source()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQuery_Plan_bounds_what_happens runs queries with just the budget that their
// plan foretells.
func TestQuery_Plan_bounds_what_happens(t *testing.T) {
	rng := newRand(t)
	w := newWorld(t, rng, 8, 3, 0)
	for loaded := range 2 {
		if loaded == 1 {
			w.load(t)
		}
		for range 60 {
			n, want := w.node(1 + rng.IntN(4))
			q := NewQuery(n, 0)
			src := w.source()
			p, err := q.Plan(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := q.Plan(t.Context(), src)
			c := p.Cost
			if size := want.GetCardinality(); size < c.Least || size > c.Most || c.Members < c.Least || c.Members > c.Most {
				t.Fatalf("%d members, but\n%s", size, p.Text)
			}
			if again != p {
				t.Fatalf("planned twice:\n%s%s", p.Text, again.Text)
			}
			if loaded == 1 && c.Unloaded > 0 {
				t.Fatalf("nothing is left to load, but\n%s", p.Text)
			}
			src.Budget = &Budget{Blocks: c.Blocks + 1, Bytes: c.Bytes + 1}
			if _, err := q.Count(t.Context(), src); err != nil {
				t.Fatalf("%v, but\n%s", err, p.Text)
			}
			if _, err := q.Set(t.Context(), src); err != nil {
				t.Fatalf("%v, but\n%s", err, p.Text)
			}
			// What was read is known better now: shards may turn out to need no look.
			src.Budget = nil
			if p, err = q.Plan(t.Context(), src); err != nil || p.Cost.Blocks > c.Blocks {
				t.Fatalf("%v, %d blocks, and before\n%s", err, p.Cost.Blocks, p.Text)
			}
			if c = p.Cost; c.Blocks <= 1 {
				continue
			}
			src.Budget = &Budget{Blocks: c.Blocks - 1}
			var over *BudgetError
			for src.Workers = range 3 {
				if _, err := q.Count(t.Context(), src); !errors.As(err, &over) || over.What != "blocks" || over.Limit != c.Blocks-1 || over.Needed <= over.Limit {
					t.Fatalf("a block too few on %d workers: %v, of\n%s", src.Workers, err, p.Text)
				}
			}
		}
	}
}

func TestBudget_refuses(t *testing.T) {
	w := newWorld(t, newRand(t), 3, 1, 0)
	q := NewQuery(Bits(0).Or(Range(4, 0, 1<<60)), 0)
	b, err := NewBatch(q)
	if err != nil {
		t.Fatal(err)
	}
	asks := map[string]func(Source) error{
		"Count":  func(s Source) error { _, err := q.Count(t.Context(), s); return err },
		"Exists": func(s Source) error { _, err := q.Exists(t.Context(), s); return err },
		"Set":    func(s Source) error { _, err := q.Set(t.Context(), s); return err },
		"Limit":  func(s Source) error { _, err := q.Limit(t.Context(), s, 1<<40); return err },
		"Counts": func(s Source) error { _, err := b.Counts(t.Context(), s); return err },
		"Sets":   func(s Source) error { _, err := b.Sets(t.Context(), s); return err },
	}
	tests := map[string]struct {
		budget Budget
		want   string
	}{
		"zero":       {Budget{}, "budget of zero"},
		"a negative": {Budget{Bytes: -1}, "negative"},
		"few bytes":  {Budget{Bytes: 100}, "bytes are needed, 100 allowed"},
		"few blocks": {Budget{Blocks: 2}, "3 blocks are needed, 2 allowed"},
	}
	for name, tt := range tests {
		for how, ask := range asks {
			src := w.source()
			src.Budget = &tt.budget
			err := ask(src)
			if how == "Exists" && name == "few blocks" {
				if err != nil {
					t.Errorf("Exists stops at the first block, yet: %v", err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s of %s: %v, want %q", how, name, err, tt.want)
			}
		}
	}
}

func TestBudget_counts_scanned_profiles(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 0, 0)
	w.load(t)
	runs := 0
	scan := func() Node {
		return Node{&node{op: opScan, scan: newScan(func(context.Context) (*Set, error) {
			runs++
			return NewSet(w.source(), []uint32{1, 5}), nil
		})}}
	}
	q := NewQuery(scan().Or(scan()), 0)
	live := int64(w.bits[0].GetCardinality())
	src := w.source()
	p, err := q.Plan(t.Context(), src)
	if err != nil || p.Cost.Scans != 2 || p.Cost.Most != uint64(live) || !strings.Contains(p.Text, "2 scans of every profile") {
		t.Errorf("%v, plan\n%s", err, p.Text)
	}
	src.Budget = &Budget{Scanned: 2*live - 1}
	var over *BudgetError
	if _, err := q.Count(t.Context(), src); !errors.As(err, &over) || *over != (BudgetError{"scanned profiles", 2*live - 1, 2 * live}) || runs > 0 {
		t.Errorf("%v after %d scans", err, runs)
	}
	src.Budget = &Budget{Scanned: 2 * live}
	if n, err := q.Count(t.Context(), src); n != 2 || err != nil || runs != 2 {
		t.Errorf("%d, %v after %d scans", n, err, runs)
	}
	src.Budget = &Budget{Scanned: 1} // the scans have been run
	if n, err := q.Count(t.Context(), src); n != 2 || err != nil {
		t.Errorf("once more: %d, %v", n, err)
	}
	if p, err := q.Plan(t.Context(), src); err != nil || p.Cost.Scans != 0 {
		t.Errorf("%v, plan\n%s", err, p.Text)
	}
}

// cancelLoader ends the context at a load, and counts the loads after it.
type cancelLoader struct {
	*memLoader
	cancel context.CancelFunc
	after  int
	at     int
}

func (l *cancelLoader) LoadShard(f FieldID, n uint32) ([]byte, error) {
	if l.loads == l.at {
		l.cancel()
	}
	if l.loads > l.at {
		l.after++
	}
	return l.memLoader.LoadShard(f, n)
}

// TestQuery_stops_between_operands ends the context while thousands of operands
// are being loaded: what follows must not be loaded any more.
func TestQuery_stops_between_operands(t *testing.T) {
	const wide = 3000
	w := newWorld(t, newRand(t), 1, 0, 0)
	ns := make([]Node, wide)
	attach := func() {
		w.ix = New(0)
		for i := range ns {
			f := FieldID(10 + i)
			w.loader.shard[ShardKey{f, 0}] = w.loader.shard[ShardKey{0, 0}]
			w.ix.Attach(f, Bitmap, []uint32{0})
			ns[i] = Bits(f)
		}
	}
	attach()
	for name, n := range map[string]Node{
		"or": ns[0].Or(ns[1:]...), "and": ns[0].And(ns[1:]...), "xor": ns[0].Xor(ns[1:]...),
		"minus": ns[0].AndNot(ns[1].Xor(ns[2]), Node{}.Xor(ns[3:]...)), "at least": AtLeastOf(wide/2, ns...),
	} {
		attach()
		ctx, cancel := context.WithCancel(t.Context())
		l := &cancelLoader{memLoader: w.loader, cancel: cancel, at: 7}
		l.loads = 0
		src := w.source()
		src.Loader = l
		if _, err := NewQuery(n, 0).Count(ctx, src); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if l.after > 1 {
			t.Errorf("%s: %d loads after the end of the context", name, l.after)
		}
	}
}

func TestQuery_early_ends_load_no_more_than_they_need(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 0, 0)
	fresh := func() Source {
		ix := New(0)
		for f := range w.bits {
			ix.Attach(FieldID(f), Bitmap, []uint32{0, 1})
		}
		w.loader.loads = 0
		return Source{Root: ix.Root(), Loader: w.loader}
	}
	q := NewQuery(Bits(0).Or(Bits(9)), 0)
	if ok, err := q.Exists(t.Context(), fresh()); !ok || err != nil || w.loader.loads != 1 {
		t.Errorf("Exists: %v, %v, %d loads", ok, err, w.loader.loads)
	}
	src := fresh()
	x := newExec(t.Context(), q.program, src, nil)
	s := x.newSet()
	x.collectShard(s, 0, 3)
	if s.Count() != 3 || x.block != 0 || w.loader.loads != 1 {
		t.Errorf("Limit: %d members, at block %d, %d loads", s.Count(), x.block, w.loader.loads)
	}
	if n, err := q.Count(t.Context(), fresh()); n != w.bits[0].GetCardinality() || err != nil || w.loader.loads != 2 {
		t.Errorf("Count: %d, %v, %d loads", n, err, w.loader.loads)
	}
}
