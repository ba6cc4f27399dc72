package segment

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// Ranking says which values Top returns.
type Ranking struct {
	// K is how many. Where fewer members have a value it is those.
	K int
	// Least asks for the least values, the least first, instead of the greatest.
	Least bool
	// Tie reports of two profiles with the same value whether the first comes
	// before the second: an order that is total, on which it depends who of equals
	// is still among the K. Nil is the order of their IDs. It is called by as many
	// goroutines at a time as Source.Workers allows.
	Tie func(a, b profile.ID) bool
}

// Ranked is a profile and its value in a column.
type Ranked struct {
	ID    profile.ID
	Value int64
}

// Top returns the K greatest or least values of a column over the answer, in
// their order, with whose they are. It keeps no more than K of them at a time, for
// each of the goroutines that Source.Workers allows.
// See Summary for the errors.
func (q *Query) Top(ctx context.Context, src Source, m Measure, r Ranking) ([]Ranked, error) {
	w, err := q.walk(ctx, src, src.meter(), m)
	if err != nil {
		return nil, err
	}
	defer w.close()
	t := topList{Ranking: r, partition: src.Partition}
	switch {
	case r.K <= 0:
		return nil, w.err(ctx)
	case w.workers() > 1:
		err = t.share(ctx, w)
	default:
		t.walk(&w)
		err = w.err(ctx)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.heap, t.compare)
	return t.heap[:min(len(t.heap), r.K)], nil
}

// topList holds the best so far: once they are K a heap, the last of them first.
type topList struct {
	Ranking

	partition uint32
	heap      []Ranked
}

func (t *topList) walk(w *walk) {
	for w.next() {
		t.block(w)
	}
}

// share is walk on several goroutines. The best of each are put side by side.
func (t *topList) share(ctx context.Context, w walk) error {
	var mu sync.Mutex // guards t
	return w.share(ctx, func(w *walk) {
		mine := topList{Ranking: t.Ranking, partition: t.partition}
		mine.walk(w)
		mu.Lock()
		defer mu.Unlock()
		t.heap = append(t.heap, mine.heap...)
	})
}

// compare orders the best first.
func (t *topList) compare(a, b Ranked) int {
	c := cmp.Compare(b.Value, a.Value)
	switch {
	case c != 0 && t.Least:
		return -c
	case c != 0:
		return c
	case t.Tie == nil:
		return cmp.Compare(a.ID, b.ID)
	case t.Tie(a.ID, b.ID):
		return -1
	case t.Tie(b.ID, a.ID):
		return 1
	}
	return 0
}

func (t *topList) block(w *walk) {
	for i := range blockChunks {
		c := w.values.chunk(i)
		if c == nil || t.full() && !t.betters(c) {
			continue
		}
		var sel [4]uint64
		if pick(&sel, w.mask, i, c) == 0 {
			continue
		}
		hits := packedMask(c, &sel)
		if t.full() {
			t.narrow(&hits, c)
		}
		t.take(c, &hits, w.base+uint32(i*chunkSpan))
	}
}

func (t *topList) full() bool { return len(t.heap) == t.K }

// betters reports whether a chunk may hold what is better than the last of the
// best. Where IDs decide a value that is only equal comes too late.
func (t *topList) betters(c *shard.Chunk) bool {
	last := t.heap[0].Value
	if t.Least {
		return c.Min < last || c.Min == last && t.Tie != nil
	}
	return c.Max > last || c.Max == last && t.Tie != nil
}

// narrow leaves those of the hits that betters is true of.
func (t *topList) narrow(hits *[4]uint64, c *shard.Chunk) {
	last := t.heap[0].Value
	cut := shard.CutAt(last)
	if t.Least == (t.Tie != nil) {
		cut = shard.CutAfter(last)
	}
	var below [4]uint64
	countBelow(&below, c, &cut, hits, chunkSpan)
	for j := range hits {
		if t.Least {
			hits[j] &= below[j]
		} else {
			hits[j] &^= below[j]
		}
	}
}

// take offers the values of the packed integers in hits.
func (t *topList) take(c *shard.Chunk, hits *[4]uint64, base uint32) {
	slots := *hits
	if c.N < chunkSpan {
		slots = [4]uint64{}
		spread(&slots, hits, &c.Exists)
	}
	var at, of [chunkSpan]uint8
	n := list(&at, hits)
	list(&of, &slots)
	for i := range n {
		v := c.Value(packedAt(c.Data, c.Width, int(at[i])))
		t.offer(Ranked{profile.MakeID(t.partition, base+uint32(of[i])), v})
	}
}

func (t *topList) offer(r Ranked) {
	if t.full() {
		if t.compare(r, t.heap[0]) < 0 {
			t.heap[0] = r
			t.sink(0)
		}
		return
	}
	if t.heap = append(t.heap, r); t.full() {
		for i := len(t.heap)/2 - 1; i >= 0; i-- {
			t.sink(i)
		}
	}
}

// sink moves an element down to its place in the heap.
func (t *topList) sink(i int) {
	for {
		last := i
		for kid := 2*i + 1; kid <= 2*i+2 && kid < len(t.heap); kid++ {
			if t.compare(t.heap[kid], t.heap[last]) > 0 {
				last = kid
			}
		}
		if last == i {
			return
		}
		t.heap[i], t.heap[last] = t.heap[last], t.heap[i]
		i = last
	}
}
