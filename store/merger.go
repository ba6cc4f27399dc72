package store

import (
	"io"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// mergerName is written into the store and frozen: what the operator makes of
// its operands never changes under this name.
const mergerName = "portrait.shard.v1"

// eagerFold is how many operands are collected before they are folded to one,
// which bounds the memory of a merge.
const eagerFold = 64

// newMerger returns the merge operator: it folds the durable forms of one shard
// (package internal/shard). Operands that cannot be decoded are skipped and
// counted, never an error, since an error would stop a compaction for ever.
func newMerger(skipped *atomic.Uint64) *pebble.Merger {
	return &pebble.Merger{
		Name: mergerName,
		Merge: func(_, value []byte) (pebble.ValueMerger, error) {
			f := &folder{skipped: skipped}
			f.add(value)
			return f, nil
		},
	}
}

// folder is one merge. Pebble hands over all operands in one direction, from
// the oldest on or from the newest back.
//
// It does not implement pebble.DeletableValueMerger, though an emptied shard
// would like to vanish. A compaction that has seen a base asks for the value of
// a Set, which hides older values of the key in levels below it. If that value
// vanished they would come back. So nothing left is a value of no bytes.
type folder struct {
	skipped  *atomic.Uint64
	values   [][]byte // copies, in the order of arrival
	arena    []byte   // the bytes of the newest values
	backward bool     // arrival is from the newest to the oldest
}

// MergeNewer implements pebble.ValueMerger.
func (f *folder) MergeNewer(value []byte) error {
	f.add(value)
	return nil
}

// MergeOlder implements pebble.ValueMerger.
func (f *folder) MergeOlder(value []byte) error {
	f.backward = true
	f.add(value)
	return nil
}

// add keeps a copy of the value: its memory is Pebble's. A value of no bytes is
// an emptied shard, which is only ever the oldest and adds nothing.
func (f *folder) add(value []byte) {
	if len(value) == 0 {
		return
	}
	n := len(f.arena)
	f.arena = append(f.arena, value...)
	f.values = append(f.values, f.arena[n:len(f.arena):len(f.arena)])
	if len(f.values) < eagerFold {
		return
	}
	delta, skipped := shard.FoldDelta(nil, f.ordered())
	f.count(skipped)
	clear(f.values)
	f.values, f.arena = append(f.values[:0], delta), nil
}

// ordered returns the values from the oldest to the newest.
func (f *folder) ordered() [][]byte {
	if !f.backward {
		return f.values
	}
	values := slices.Clone(f.values)
	slices.Reverse(values)
	return values
}

func (f *folder) count(skipped int) {
	if skipped > 0 {
		f.skipped.Add(uint64(skipped))
	}
}

// Finish implements pebble.ValueMerger.
func (f *folder) Finish(includesBase bool) ([]byte, io.Closer, error) {
	if !includesBase {
		delta, skipped := shard.FoldDelta(nil, f.ordered())
		f.count(skipped)
		return delta, nil, nil
	}
	base, empty, skipped := shard.FoldBase(nil, f.ordered())
	f.count(skipped)
	if empty {
		return []byte{}, nil, nil
	}
	return base, nil, nil
}
