package segment

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// Tx is one commit under construction. Its caller first collects changes, then
// makes Deltas durable, and then either calls Commit or Abort. Within one Tx the
// last change of an ordinal counts.
type Tx struct {
	ix    *Index
	kinds map[FieldID]FieldKind // of the fields that this Tx declares
	gone  map[FieldID]bool
	ops   map[ShardKey]*shardOps
	last  *shardOps // that of lastKey, to spare the look-up
	key   ShardKey
	err   error

	sealed []ShardKey // ascending, once the changes are in order
}

// shardOps is what is said of one shard: in the order of the calls, and ordered
// once sealed.
type shardOps struct {
	kind    FieldKind
	flips   []uint64 // offset << 32 | number of the call << 1 | on
	cells   []shard.Cell
	changes changes
}

// Begin starts a commit on top of the current root.
func (ix *Index) Begin() *Tx {
	return &Tx{ix: ix, ops: make(map[ShardKey]*shardOps)}
}

// Add declares an empty field. It does not change a field that exists.
func (tx *Tx) Add(f FieldID, kind FieldKind) {
	if old, ok := tx.kind(f); ok {
		if old != kind {
			tx.fail(kindError(f, old))
		}
		return
	}
	if tx.kinds == nil {
		tx.kinds = make(map[FieldID]FieldKind)
	}
	tx.kinds[f] = kind
}

// Drop removes a field, and forgets what this Tx says of it. Its durable shards
// are the caller's to delete.
func (tx *Tx) Drop(f FieldID) {
	if tx.gone == nil {
		tx.gone = make(map[FieldID]bool)
	}
	tx.gone[f] = true
	delete(tx.kinds, f)
	maps.DeleteFunc(tx.ops, func(k ShardKey, _ *shardOps) bool { return k.Field == f })
	tx.last, tx.sealed = nil, nil
}

// Err returns the first misuse of a field: a bitmap taken for a column, or the
// contrary. Ask before the Deltas are made durable; what was refused is not in
// them.
func (tx *Tx) Err() error { return tx.err }

func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

func (tx *Tx) kind(f FieldID) (FieldKind, bool) {
	if kind, ok := tx.kinds[f]; ok || tx.gone[f] {
		return kind, ok
	}
	return tx.ix.Root().Kind(f)
}

// Set turns the ordinal's bit on or off. A field that does not exist is
// declared.
func (tx *Tx) Set(f FieldID, ordinal uint32, on bool) {
	n, offset := splitOrdinal(ordinal)
	if ops := tx.opsOf(ShardKey{f, n}, Bitmap); ops != nil {
		op := uint64(offset)<<32 | uint64(len(ops.flips))<<1
		if on {
			op |= 1
		}
		ops.flips = append(ops.flips, op)
	}
}

// Put gives the ordinal a value. A field that does not exist is declared.
func (tx *Tx) Put(f FieldID, ordinal uint32, value int64) {
	n, offset := splitOrdinal(ordinal)
	if ops := tx.opsOf(ShardKey{f, n}, Column); ops != nil {
		ops.cells = append(ops.cells, shard.Cell{Offset: offset, Value: value})
	}
}

// Delete takes the ordinal's value away.
func (tx *Tx) Delete(f FieldID, ordinal uint32) {
	n, offset := splitOrdinal(ordinal)
	if ops := tx.opsOf(ShardKey{f, n}, Column); ops != nil {
		ops.cells = append(ops.cells, shard.Cell{Offset: offset, Deleted: true})
	}
}

// opsOf returns the list of the shard's changes, nil where the field is of
// another kind.
func (tx *Tx) opsOf(key ShardKey, kind FieldKind) *shardOps {
	ops := tx.last
	if ops == nil || tx.key != key {
		if ops = tx.ops[key]; ops == nil {
			tx.Add(key.Field, kind)
			have, _ := tx.kind(key.Field)
			if have != kind {
				return nil
			}
			ops = &shardOps{kind: kind}
			tx.ops[key] = ops
		}
		tx.last, tx.key = ops, key
	}
	if ops.kind != kind {
		tx.fail(kindError(key.Field, ops.kind))
		return nil
	}
	tx.sealed = nil
	return ops
}

// seal brings the changes in order, the last of each ordinal alone.
func (tx *Tx) seal() {
	if tx.sealed != nil {
		return
	}
	tx.sealed = slices.SortedFunc(maps.Keys(tx.ops), func(a, b ShardKey) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Shard, b.Shard))
	})
	for _, ops := range tx.ops {
		ops.seal()
	}
}

func (ops *shardOps) seal() {
	flips := slices.Clone(ops.flips)
	slices.Sort(flips)
	ops.changes = changes{}
	for i, op := range flips {
		if i+1 == len(flips) || flips[i+1]>>32 != op>>32 {
			ops.changes.flips = append(ops.changes.flips, shard.MakeFlip(uint32(op>>32), op&1 == 1))
		}
	}
	cells := slices.Clone(ops.cells)
	slices.SortStableFunc(cells, func(a, b shard.Cell) int { return cmp.Compare(a.Offset, b.Offset) })
	for i, c := range cells {
		if i+1 == len(cells) || cells[i+1].Offset != c.Offset {
			ops.changes.cells = append(ops.changes.cells, c)
		}
	}
}

// Deltas yields one durable value per shard that changes, ascending by field and
// shard, each to be merged onto what is stored. The bytes belong to the caller.
func (tx *Tx) Deltas() iter.Seq2[ShardKey, []byte] {
	return func(yield func(ShardKey, []byte) bool) {
		tx.seal()
		for _, key := range tx.sealed {
			var v []byte
			if ops := tx.ops[key]; ops.kind == Column {
				v = shard.AppendColumnDelta(nil, ops.changes.cells)
			} else {
				v = shard.AppendBitDelta(nil, ops.changes.flips)
			}
			if !yield(key, v) {
				return
			}
		}
	}
}

// Commit makes the changes the current root, and returns it. It loads nothing.
// Call it once the Deltas are durable; the Tx is spent.
func (tx *Tx) Commit() *Root {
	tx.seal()
	old := tx.ix.Root()
	var (
		edits           []edit
		replaced, fresh []*slot
	)
	touched := make(map[FieldID]bool, len(tx.kinds)+len(tx.gone))
	for f := range tx.gone {
		touched[f] = true
		if d := old.dir.find(f); d != nil {
			for _, p := range d.entries {
				replaced = append(replaced, p.slot)
			}
		}
	}
	for f := range tx.kinds {
		touched[f] = true
	}
	for _, key := range tx.sealed {
		touched[key.Field] = true
	}
	keys := tx.sealed
	for _, f := range slices.Sorted(maps.Keys(touched)) {
		n := 0
		for n < len(keys) && keys[n].Field == f {
			n++
		}
		d := tx.base(old, f)
		if n > 0 {
			var before, after []*slot
			d, before, after = tx.build(d, keys[:n])
			replaced, fresh = append(replaced, before...), append(fresh, after...)
		}
		keys = keys[n:]
		edits = append(edits, edit{f, d})
	}
	root := &Root{index: tx.ix, dir: old.dir.with(edits)}
	tx.ix.cache.replace(replaced, fresh)
	tx.ix.root.Store(root)
	tx.Abort()
	return root
}

// base returns the field that the changes apply to; nil where it is dropped.
func (tx *Tx) base(old *Root, f FieldID) *field {
	if kind, ok := tx.kinds[f]; ok {
		return &field{id: f, kind: kind}
	}
	if tx.gone[f] {
		return nil
	}
	return old.dir.find(f)
}

// build returns the next version of a field with the slots that it replaces and
// those that stand in their place.
func (tx *Tx) build(d *field, keys []ShardKey) (next *field, before, after []*slot) {
	shards := make([]uint32, len(keys))
	before, after = make([]*slot, len(keys)), make([]*slot, len(keys))
	for i, key := range keys {
		shards[i] = key.Shard
		before[i] = d.slot(int(key.Shard))
		after[i] = before[i].next(tx.ops[key].changes, d.kind)
	}
	return d.withSlots(shards, after), before, after
}

// Abort forgets the changes; the current root stays. The Tx is spent.
func (tx *Tx) Abort() { *tx = Tx{ix: tx.ix, ops: make(map[ShardKey]*shardOps)} }
