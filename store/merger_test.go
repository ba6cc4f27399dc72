package store

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/shard"
)

// cells is the naive shard: offset to value, 1 for a bit.
type cells map[uint32]int64

// change is one step of a model: cells to set, and cells to clear.
type change map[uint32]struct {
	value int64
	set   bool
}

func (m cells) with(c change) cells {
	next := cells{}
	maps.Copy(next, m)
	for off, to := range c {
		if to.set {
			next[off] = to.value
		} else {
			delete(next, off)
		}
	}
	return next
}

// delta is the durable form of a change.
func (c change) delta(column bool) []byte {
	var flips []shard.Flip
	var news []shard.Cell
	for _, off := range slices.Sorted(maps.Keys(c)) {
		flips = append(flips, shard.MakeFlip(off, c[off].set))
		news = append(news, shard.Cell{Offset: off, Value: c[off].value, Deleted: !c[off].set})
	}
	if column {
		return shard.AppendColumnDelta(nil, news)
	}
	return shard.AppendBitDelta(nil, flips)
}

// base is the durable form of the whole shard.
func (m cells) base(column bool) []byte {
	c := change{}
	for off, v := range m {
		c[off] = struct {
			value int64
			set   bool
		}{v, true}
	}
	base, _, _ := shard.FoldBase(nil, [][]byte{c.delta(column)})
	return base
}

// decode reads what a store holds: a base, or nothing.
func decode(t fataler, column bool, v []byte) cells {
	m := cells{}
	if len(v) == 0 {
		return m
	}
	if column {
		chunks, err := shard.DecodeColumnBase(nil, v)
		if err != nil {
			t.Fatalf("not a column base: %v", err)
		}
		for _, c := range chunks {
			for slot := range shard.ChunkSpan {
				if x, ok := c.At(uint8(slot)); ok {
					m[uint32(c.Index)*shard.ChunkSpan+uint32(slot)] = x
				}
			}
		}
		return m
	}
	containers, err := shard.DecodeBitBase(nil, v)
	if err != nil {
		t.Fatalf("not a bit base: %v", err)
	}
	for _, c := range containers {
		var w shard.Words
		c.Fill(&w)
		for i := range uint32(shard.BlockSpan) {
			if w[i>>6]>>(i&63)&1 == 1 {
				m[uint32(c.Key)<<16|i] = 1
			}
		}
	}
	return m
}

type fataler interface{ Fatalf(string, ...any) }

func genChange(column bool) *rapid.Generator[change] {
	return rapid.Custom(func(t *rapid.T) change {
		c := change{}
		for range rapid.IntRange(0, 6).Draw(t, "cells") {
			off := rapid.SampledFrom([]uint32{0, 1, 2, 3, 255, 256, 65535, 65536, shard.Span - 1}).Draw(t, "offset")
			v := int64(1)
			if column {
				v = rapid.Int64Range(-3, 300).Draw(t, "value")
			}
			set := rapid.Bool().Draw(t, "set")
			if !set {
				v = 0
			}
			c[off] = struct {
				value int64
				set   bool
			}{v, set}
		}
		return c
	})
}

// world is a store with a model of it, and open snapshots with theirs.
type world struct {
	fs    *vfs.MemFS
	s     *Store
	model map[string]cells
	kept  []kept
}

type kept struct {
	sn    *Snapshot
	model map[string]cells
}

var worldKeys = []string{"bits/1", "bits/2", "column/1", "column/2"}

func isColumn(key string) bool { return strings.HasPrefix(key, "column") }

// check compares a reader with a model.
func (w *world) check(t *rapid.T, what string, get func(dst, key []byte) ([]byte, bool, error), model map[string]cells) {
	for _, key := range worldKeys {
		v, ok, err := get(nil, []byte(key))
		if err != nil {
			t.Fatalf("%s %s: %v", what, key, err)
		}
		want, exists := model[key]
		if ok != exists {
			t.Fatalf("%s %s: there is %v, want %v", what, key, ok, exists)
		}
		if !exists {
			want = cells{}
		}
		if d := cmp.Diff(want, decode(t, isColumn(key), v)); d != "" {
			t.Fatalf("%s %s: -want +got:\n%s", what, key, d)
		}
	}
}

// step does one random thing.
func (w *world) step(t *rapid.T) {
	switch rapid.SampledFrom([]string{
		"merge", "merge", "merge", "merge", "set", "delete", "range", "flush", "compact", "snapshot", "drop", "reopen",
	}).Draw(t, "step") {
	case "merge":
		w.commit(t, func(b *Batch, key string) {
			c := genChange(isColumn(key)).Draw(t, "change")
			b.Merge([]byte(key), c.delta(isColumn(key)))
			w.model[key] = w.model[key].with(c)
		})
	case "set":
		w.commit(t, func(b *Batch, key string) {
			m := cells{}.with(genChange(isColumn(key)).Draw(t, "base"))
			b.Set([]byte(key), m.base(isColumn(key)))
			w.model[key] = m
		})
	case "delete":
		w.commit(t, func(b *Batch, key string) {
			b.Delete([]byte(key))
			delete(w.model, key)
		})
	case "range":
		w.commit(t, func(b *Batch, key string) {
			b.DeleteRange([]byte(key), []byte(key+"\x00"))
			delete(w.model, key)
		})
	case "flush":
		noError(t, w.s.db.Flush())
	case "compact":
		noError(t, w.s.db.Compact(t.Context(), []byte("a"), []byte("z"), false))
	case "snapshot":
		sn, err := w.s.Snapshot()
		noError(t, err)
		w.kept = append(w.kept, kept{sn, maps.Clone(w.model)})
	case "drop":
		if len(w.kept) > 0 {
			noError(t, w.kept[0].sn.Close())
			w.kept = w.kept[1:]
		}
	case "reopen":
		noError(t, w.s.Close())
		w.kept = nil
		w.open(t)
	}
}

func (w *world) open(t *rapid.T) {
	s, err := Open("db", small(w.fs))
	noError(t, err)
	w.s = s
}

func (w *world) commit(t *rapid.T, change func(b *Batch, key string)) {
	b := w.s.NewBatch()
	for range rapid.IntRange(1, 3).Draw(t, "changes") {
		change(b, rapid.SampledFrom(worldKeys).Draw(t, "key"))
	}
	noError(t, w.s.Commit(b, true))
}

func noError(t fataler, err error) {
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func TestMerge_equals_a_map(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{fs: vfs.NewMem(), model: map[string]cells{}}
		w.open(t)
		defer func() { noError(t, w.s.Close()) }()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.step(t)
			w.check(t, "store", w.s.GetTo, w.model)
		}
		for i, k := range w.kept {
			w.check(t, fmt.Sprint("snapshot ", i), k.sn.GetTo, k.model)
		}
		if n := w.s.Metrics().MalformedOperands; n != 0 {
			t.Fatalf("%d operands were malformed", n)
		}
	})
}

func TestMerge_an_emptied_shard_does_not_uncover_what_is_below(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	key := []byte("bits/1")
	old, now := cells{1: 1}, cells{2: 1}
	b := s.NewBatch()
	b.Set(key, old.base(false))
	noError(t, s.Commit(b, true))
	noError(t, s.db.Compact(t.Context(), []byte("a"), []byte("z"), false))

	b.Set(key, now.base(false))
	emptied := change{2: {}}
	b.Merge(key, emptied.delta(false))
	noError(t, s.Commit(b, true))
	for range 2 {
		v, err := s.Get(key)
		if err != nil || len(v) != 0 {
			t.Fatalf("the emptied shard reads as %x, %v", v, err)
		}
		noError(t, s.db.Flush()) // a compaction that does not reach the bottom
	}
}

// regroup folds values as compactions might: neighbours first, in any grouping
// and either direction, then all with the base.
func regroup(t *rapid.T, merge *pebble.Merger, values [][]byte) []byte {
	for len(values) > 1 && rapid.Bool().Draw(t, "again") {
		from := rapid.IntRange(0, len(values)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(values)).Draw(t, "to")
		out := fold(t, merge, values[from:to], rapid.Bool().Draw(t, "backward"), false)
		values = slices.Concat(values[:from], [][]byte{out}, values[to:])
	}
	return fold(t, merge, values, rapid.Bool().Draw(t, "backward"), true)
}

func fold(t fataler, merge *pebble.Merger, values [][]byte, backward, base bool) []byte {
	values = slices.Clone(values)
	if backward {
		slices.Reverse(values)
	}
	// Pebble reuses the memory of an operand.
	buf := bytes.Clone(values[0])
	m, err := merge.Merge(nil, buf)
	noError(t, err)
	for _, v := range values[1:] {
		for i := range buf {
			buf[i] = 0xff
		}
		buf = append(buf[:0], v...)
		if backward {
			err = m.MergeOlder(buf)
		} else {
			err = m.MergeNewer(buf)
		}
		noError(t, err)
	}
	out, closer, err := m.Finish(base)
	noError(t, err)
	if closer != nil {
		t.Fatalf("a closer that nobody needs")
	}
	return out
}

func TestMerger_is_associative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		column := rapid.Bool().Draw(t, "column")
		merge := newMerger(new(atomic.Uint64))
		// More than eagerFold, now and then.
		n := rapid.SampledFrom([]int{1, 2, 5, eagerFold - 1, eagerFold, 3 * eagerFold}).Draw(t, "operands")
		var values [][]byte
		model := cells{}
		for i := range n {
			c := genChange(column).Draw(t, "change")
			if i == 0 && rapid.Bool().Draw(t, "base first") {
				model = cells{}.with(c)
				values = append(values, model.base(column))
				continue
			}
			model = model.with(c)
			values = append(values, c.delta(column))
		}
		got := regroup(t, merge, values)
		if !bytes.Equal(got, model.base(column)) {
			t.Fatalf("-want +got:\n%s", cmp.Diff(model, decode(t, column, got)))
		}
	})
}

func TestMerger_skips_and_counts_malformed_operands(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	key := []byte("bits/1")
	b := s.NewBatch()
	for _, operand := range [][]byte{
		change{1: {set: true}}.delta(false), []byte("nonsense"), change{2: {set: true}}.delta(false),
	} {
		b.Merge(key, operand)
	}
	noError(t, s.Commit(b, true))
	v, err := s.Get(key)
	noError(t, err)
	diff(t, cells{1: 1, 2: 1}, decode(t, false, v))
	diff(t, uint64(1), s.Metrics().MalformedOperands)
	noError(t, s.db.Compact(t.Context(), []byte("a"), []byte("z"), false))
	if s.Failed() != nil {
		t.Error(s.Failed())
	}
}

func FuzzMerger(f *testing.F) {
	bits := change{1: {set: true}, 70000: {}}.delta(false)
	column := change{1: {value: 7, set: true}, 300: {}}.delta(true)
	f.Add(bits, column, cells{5: 1}.base(false), uint8(0))
	f.Add(cells{5: -9}.base(true), column, column, uint8(1))
	f.Add([]byte{}, []byte{1}, []byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0xff}, uint8(2))
	f.Fuzz(func(t *testing.T, a, b, c []byte, how uint8) {
		merge := newMerger(new(atomic.Uint64))
		values := [][]byte{a, b, c}
		backward := how&1 == 1
		at := 1 + int(how>>1&1)
		whole := fold(t, merge, values, backward, true)
		older := fold(t, merge, values[:at], backward, false)
		newer := fold(t, merge, values[at:], backward, false)
		if got := fold(t, merge, [][]byte{older, newer}, backward, true); !bytes.Equal(whole, got) {
			t.Errorf("folded in parts %x, at once %x", got, whole)
		}
	})
}
