package segment

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// Measure is a column and what its integers stand for.
type Measure struct {
	Field FieldID
	// Kind is profile.KindNumber where the column holds numbers as SortableNumber
	// makes them, or profile.KindTime where it holds instants.
	Kind profile.Kind
}

func (m Measure) check() error {
	if m.Kind != profile.KindNumber && m.Kind != profile.KindTime {
		return fmt.Errorf("segment: field %d: a column holds numbers or times, not the kind %v", m.Field, m.Kind)
	}
	return nil
}

// number returns the number that a value of the measure is: for a time its
// microseconds.
func (m Measure) number(v int64) float64 {
	if m.isNumber() {
		return Number(v)
	}
	return float64(v)
}

func (m Measure) isNumber() bool { return m.Kind != profile.KindTime }

// walk goes through the blocks of a column where the members of a query have
// values, ascending.
//
//	w, err := q.walk(ctx, src, src.meter(), m)
//	if err != nil { ... }
//	defer w.close()
//	for w.next() { ... w.values, w.mask ... }
//	err = w.err(ctx)
type walk struct {
	x      *exec
	column lane
	every  bool // visit blocks where no member has a value as well
	shards int
	take   func() int // returns the next shard to visit; nil: it is the one behind the last

	shard  int
	i      int // the next block of the shard
	blocks int // of the shard

	base    uint32       // the first ordinal of the block
	values  *columnBlock // nil where no one has a value
	mask    *words       // the members of the block
	members int          // how many they are
}

// walk starts a walk over the members of q. Unless it fails the walk has to be
// closed.
func (q *Query) walk(ctx context.Context, src Source, use *Meter, m Measure) (walk, error) {
	if err := m.check(); err != nil {
		return walk{}, err
	}
	if err := q.ready(ctx, src, use); err != nil {
		return walk{}, err
	}
	column, err := src.lane(m.Field, Column)
	if err != nil {
		return walk{}, err
	}
	x := newExec(ctx, q.program, src, use)
	return walk{x: x, column: column, shards: min(x.shards, column.shards()), shard: -1}, nil
}

// walkEvery starts a walk through every block that has members.
func (q *Query) walkEvery(ctx context.Context, src Source) (walk, error) {
	use := src.meter()
	if err := q.ready(ctx, src, use); err != nil {
		return walk{}, err
	}
	x := newExec(ctx, q.program, src, use)
	return walk{x: x, every: true, shards: x.shards, shard: -1}, nil
}

func (w *walk) close() { w.x.release() }

// err returns the error that has ended the walk.
func (w *walk) err(ctx context.Context) error { return w.x.failure(ctx) }

// workers returns how many goroutines may share the walk with profit.
func (w *walk) workers() int { return min(w.x.src.Workers, w.shards) }

// share does work on several goroutines, each on a walk of its own that takes whole
// shards of those that w, which has not begun, would go through. What work adds up
// must not depend on who takes which.
func (w walk) share(ctx context.Context, work func(w *walk)) error {
	return parallel(w.workers(), func(next func() int) error {
		mine := walk{x: newExec(ctx, w.x.p, w.x.src, w.x.meter), column: w.column, every: w.every, shards: w.shards, shard: -1, take: next}
		defer mine.close()
		work(&mine)
		return mine.err(ctx)
	})
}

// next moves on to the next block; false means that there is none, or an error.
func (w *walk) next() bool {
	for w.x.err == nil {
		for w.i < w.blocks {
			i := w.i
			w.i++
			if w.visit(i) {
				return true
			}
		}
		if w.shard++; w.take != nil {
			w.shard = w.take()
		}
		if w.shard >= w.shards {
			w.x.ask() // so that the budget knows of all
			return false
		}
		w.i, w.blocks = 0, 0
		if w.column.enter(w.shard) || w.every {
			w.blocks = w.x.enterShard(w.shard)
		}
	}
	return false
}

// visit makes a block of the shard the present one, unless no member has a value
// in it. The column is not loaded before a block has members.
func (w *walk) visit(i int) bool {
	if !w.every && w.column.content != nil && w.column.content.column.block(i) == nil {
		return false
	}
	v := w.x.at(i, false)
	if v.card == 0 || w.x.err != nil {
		return false
	}
	w.values = nil
	if b := w.column.load(w.x).column.block(i); b != nil {
		w.values = b
		if w.x.meter != nil {
			w.x.read += b.size()
		}
	} else if !w.every {
		return false
	}
	w.base = uint32(w.shard*shard.Blocks+i) * blockSpan
	w.mask, w.members = w.x.bits(v), v.card
	return true
}

// block returns the number of the present block within its shard.
func (w *walk) block() int { return w.i - 1 }

// bits returns a view as words: its own, or scratch.
func (x *exec) bits(v view) *words {
	if v.state == viewWords && len(v.toggles) == 0 {
		return v.words
	}
	w := x.words()
	v.fill(w)
	return w
}

// pick writes to sel the slots of the i-th chunk that belong to members under
// mask, and returns how many they are.
func pick(sel *[4]uint64, mask *words, i int, c *shard.Chunk) int {
	m := (*[4]uint64)(mask[4*i:])
	if m[0]|m[1]|m[2]|m[3] == 0 {
		return 0
	}
	n := 0
	for j := range sel {
		sel[j] = m[j] & c.Exists[j]
		n += bits.OnesCount64(sel[j])
	}
	return n
}

// packedMask returns the mask of slots as one of packed integers.
func packedMask(c *shard.Chunk, sel *[4]uint64) [4]uint64 {
	if c.N == chunkSpan {
		return *sel
	}
	var out [4]uint64
	narrow(&out, sel, &c.Exists)
	return out
}

// lane reads one field, shard by shard, each loaded once it is needed.
type lane struct {
	id      FieldID
	field   *field
	shard   int
	slot    *slot
	content *content // of the shard; nil: not yet asked for
}

// lane returns the lane of a field, which may be absent and is empty then.
func (src Source) lane(f FieldID, want FieldKind) (lane, error) {
	d := src.Root.dir.find(f)
	if d != nil && d.kind != want {
		return lane{}, kindError(f, d.kind)
	}
	return lane{id: f, field: d}, nil
}

func (l *lane) shards() int {
	if l.field == nil {
		return 0
	}
	return l.field.shards()
}

// enter moves on to a shard and reports whether it may hold anything.
func (l *lane) enter(s int) bool {
	l.shard, l.slot, l.content = s, l.field.slot(s), nil
	return l.slot != nil
}

// load returns the content of the shard. An error is told to x.
func (l *lane) load(x *exec) *content {
	if l.content != nil {
		return l.content
	}
	l.content = noContent
	if l.slot != nil {
		c, err := l.slot.load(ShardKey{l.id, uint32(l.shard)}, x.src.Loader, &x.src.Root.index.cache)
		x.left = 0 // loading may have taken long
		if err != nil {
			x.fail(err)
		} else {
			l.content = c
		}
	}
	return l.content
}
