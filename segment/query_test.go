package segment

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
)

func TestQuery_equals_roaring(t *testing.T) {
	rng := newRand(t)
	for range 2 {
		w := newWorld(t, rng, 8, 3, 0)
		for round := range 40 {
			if round%8 == 0 {
				w.churn(40)
			}
			n, want := w.node(1 + rng.IntN(4))
			q := NewQuery(n, 0)
			check(t, w, q, want)
			if t.Failed() {
				t.Fatalf("in\n%s", q)
			}
		}
	}
}

// check holds every way to ask a query against the answer.
func check(t *testing.T, w *world, q *Query, want *roaring.Bitmap) {
	t.Helper()
	ctx := t.Context()
	src := w.source()
	for src.Workers = range 3 {
		if n, err := q.Count(ctx, src); err != nil || n != want.GetCardinality() {
			t.Errorf("Count on %d workers is %d, %v; want %d", src.Workers, n, err, want.GetCardinality())
		}
	}
	if some, err := q.Exists(ctx, src); err != nil || some != !want.IsEmpty() {
		t.Errorf("Exists is %v, %v", some, err)
	}
	var s *Set
	for src.Workers = range 3 {
		var err error
		if s, err = q.Set(ctx, src); err != nil {
			t.Error(err)
			return
		}
		if err := sameAs(s, want); err != nil {
			t.Errorf("Set on %d workers: %v", src.Workers, err)
		}
	}
	if err := sameAs(s.Not(), roaring.AndNot(w.bits[0], want)); err != nil {
		t.Errorf("Not: %v", err)
	}
	limit := w.rng.Uint64N(want.GetCardinality() + 2)
	first, err := q.Limit(ctx, src, limit)
	if err != nil {
		t.Error(err)
		return
	}
	head := want
	if limit < want.GetCardinality() {
		head = roaring.BitmapOf(want.ToArray()[:limit]...)
	}
	if err := sameAs(first, head); err != nil {
		t.Errorf("Limit(%d): %v", limit, err)
	}
}

func TestQuery_allocates_nothing_to_count(t *testing.T) {
	w := newWorld(t, newRand(t), 6, 1, 0)
	w.churn(30)
	n := Bits(1).Or(Bits(2)).And(Bits(3), Range(7, -1<<62, 1<<62)).AndNot(Bits(4), Bits(5).Xor(Bits(6))).
		Or(AtLeastOf(2, Bits(1), Bits(5), Bits(6)), Bits(1).Not())
	q := NewQuery(n, 0)
	ctx := t.Context()
	src := w.source()
	if got := testing.AllocsPerRun(20, func() {
		if _, err := q.Count(ctx, src); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Exists(ctx, src); err != nil {
			t.Fatal(err)
		}
	}); got > 0 {
		t.Errorf("%v allocations a query", got)
	}
}

func TestQuery_stops_when_the_context_ends(t *testing.T) {
	w := newWorld(t, newRand(t), 2, 0, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := NewQuery(Bits(1).Or(Bits(2)), 0)
	if _, err := q.Count(ctx, w.source()); !errors.Is(err, context.Canceled) {
		t.Errorf("Count: %v", err)
	}
	if _, err := q.Set(ctx, w.source()); !errors.Is(err, context.Canceled) {
		t.Errorf("Set: %v", err)
	}
}

func TestQuery_many_spans_equal_comparing(t *testing.T) {
	rng := newRand(t)
	w := newWorld(t, rng, 2, 3, 0)
	for f, values := range w.cols {
		var spans []Span
		for _, v := range values {
			if spans = append(spans, Span{v, v + rng.Int64N(3)}); len(spans) == 3*spansMax {
				break
			}
		}
		joined := joinSpans(slices.Clone(spans))
		want := roaring.New()
		for x, v := range values {
			in := slices.ContainsFunc(spans, func(s Span) bool { return s.Lo <= v && v <= s.Hi })
			if in {
				want.Add(x)
			}
			if holds(joined, v) != in {
				t.Errorf("holds(%d) is %v", v, !in)
			}
		}
		n := InSpans(f, spans...)
		check(t, w, NewQuery(n, 0), want)
		check(t, w, NewQuery(n.And(Bits(1)), 0), roaring.And(want, w.bits[1]))
		check(t, w, NewQuery(Bits(2).AndNot(n), 0), roaring.AndNot(w.bits[2], want))
	}
}

func TestQuery_waits_for_a_scan_no_longer_than_its_context(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 0, 0)
	started, finish := make(chan struct{}), make(chan struct{})
	s := newScan(func(context.Context) (*Set, error) {
		close(started)
		<-finish
		return NewSet(w.source(), []uint32{1}), nil
	})
	q := NewQuery(Node{&node{op: opScan, scan: s}}, 0)
	type answer struct {
		n   uint64
		err error
	}
	first, second := make(chan answer, 1), make(chan answer, 1)
	count := func(ctx context.Context, out chan answer) {
		n, err := q.Count(ctx, w.source())
		out <- answer{n, err}
	}
	go count(t.Context(), first)
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	go count(ctx, second)
	cancel()
	if got := <-second; !errors.Is(got.err, context.Canceled) {
		t.Errorf("while another scans: %v, want the end of the context", got.err)
	}
	close(finish)
	if got := <-first; got != (answer{1, nil}) {
		t.Errorf("the scan came to %v", got)
	}
	if n, err := q.Count(t.Context(), w.source()); n != 1 || err != nil {
		t.Errorf("the scan was not kept: %d, %v", n, err)
	}
}

func TestQuery_bounds_workers_by_shards(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 0, 0)
	src := w.source()
	src.Workers = math.MaxInt
	if n, err := NewQuery(Bits(1), 0).Count(t.Context(), src); n != w.bits[1].GetCardinality() || err != nil {
		t.Errorf("counted %d (%v), want %d", n, err, w.bits[1].GetCardinality())
	}
}

type failingLoader struct{}

var errDisk = errors.New("disk on fire")

func (failingLoader) LoadShard(FieldID, uint32) ([]byte, error) { return nil, errDisk }

func TestQuery_reports_the_loader(t *testing.T) {
	w := newWorld(t, newRand(t), 2, 0, 0)
	src := w.source()
	src.Loader = failingLoader{}
	q := NewQuery(Bits(0), 0)
	if _, err := q.Count(t.Context(), src); !errors.Is(err, errDisk) {
		t.Errorf("Count: %v", err)
	}
	if _, err := q.Exists(t.Context(), src); !errors.Is(err, errDisk) {
		t.Errorf("Exists: %v", err)
	}
	src.Workers = 2
	if _, err := q.Count(t.Context(), src); !errors.Is(err, errDisk) {
		t.Errorf("Count on two workers: %v", err)
	}
	if _, err := NewQuery(HasValue(0), 0).Count(t.Context(), w.source()); err == nil {
		t.Error("a bitmap was read as a column")
	}
}

func TestQuery_String(t *testing.T) {
	a, b, c := Bits(1), Bits(2), Bits(3)
	tests := map[string]struct {
		node Node
		want string
	}{
		"nothing":                       {Node{}, "empty\n"},
		"of a contradiction":            {a.And(a.Not()), "empty\n"},
		"a tautology":                   {a.Or(a.Not()), "bitmap[all]\n"},
		"not not":                       {a.Not().Not(), "bitmap[field 1]\n"},
		"conjunctions are flat":         {a.And(b.And(c), a), "all of\n  bitmap[field 1]\n  bitmap[field 2]\n  bitmap[field 3]\n"},
		"not becomes minus":             {a.And(b.Or(c).Not()), "all of\n  bitmap[field 1]\n  minus bitmap[field 2]\n  minus bitmap[field 3]\n"},
		"or not by De Morgan":           {a.Or(b.Not()), "all of\n  bitmap[all]\n  minus all of\n    bitmap[field 2]\n    minus bitmap[field 1]\n"},
		"ranges meet":                   {Range(9, 1, 5).And(Range(9, 4, 8), a), "all of\n  bitmap[field 1]\n  range[field 9]\n"},
		"ranges that miss":              {Range(9, 1, 2).And(Range(9, 4, 8)), "empty\n"},
		"at least one is any":           {AtLeastOf(1, a, b), "any of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"at least all is all":           {AtLeastOf(2, a, b), "all of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"xor of complements":            {a.Not().Xor(b.Not()), "odd number of\n  bitmap[field 1]\n  bitmap[field 2]\n"},
		"an empty range":                {Range(9, 5, 1), "empty\n"},
		"the universe is no constraint": {All().And(a), "bitmap[field 1]\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NewQuery(tt.node, 0).String(); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}
