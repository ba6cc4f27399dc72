package store

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

const (
	// maxBatchBytes is the most that one batch may hold. Pebble panics at 4 GiB,
	// and at 2 GiB on 32-bit machines.
	maxBatchBytes = 1 << 30
	// retainedBatchBytes is how large a buffer a batch keeps for its next use.
	retainedBatchBytes = 16 << 20
)

// reserved is the first byte of the keys that belong to the store itself.
const reserved = 0x00

var errReservedKey = errors.New("key is empty or in the store's own space (first byte 0)")

// Batch is a list of changes that Commit applies all or not at all, in the
// order in which they were added. Keys and values are copied. It is for one
// goroutine at a time.
//
// A change that cannot be made (an empty key or one that begins with a zero
// byte, which are the store's own, or more than 1 GiB in all) is left out, and
// Commit refuses the whole batch.
type Batch struct {
	b         *pebble.Batch
	vault     *vault // nil if the store seals nothing
	destroyed []uint64
	sealed    []byte // memory
	err       error  // the first change that could not be added
}

// NewBatch returns an empty batch for this store.
func (s *Store) NewBatch() *Batch {
	return &Batch{b: s.db.NewBatch(pebble.WithMaxRetainedSizeBytes(retainedBatchBytes)), vault: s.vault}
}

// Set gives the key the value. In a store with Options.Shred it is not for keys of the
// spaces named there.
func (b *Batch) Set(key, value []byte) {
	if b.vault.seals(key) {
		b.note(fmt.Errorf("set: %w", errUnsealed))
		return
	}
	if b.admit("set", key, len(value)) {
		b.note(b.b.Set(key, value, nil))
	}
}

// SetSealed gives a key the value that is head and rest, one after the other. If its space
// is one of Options.Shred the rest is sealed under the key of a number (see Store.Number), and
// the head is not. Once that key is destroyed the value reads as its head, and as not there if it has none: no rest
// but an empty one is taken then.
func (b *Batch) SetSealed(key []byte, number uint64, head, rest []byte) {
	b.sealed = b.sealed[:0]
	if b.vault.seals(key) {
		if number == 0 {
			b.note(cmp.Or(b.vault.fuse.failed(), fmt.Errorf("set sealed: %w", errNoNumber)))
			return
		}
		var err error
		if b.sealed, err = b.vault.seal(b.sealed, number, head, rest); err != nil {
			b.note(fmt.Errorf("set sealed, number %d: %w", number, err))
			return
		}
	} else {
		b.sealed = append(append(b.sealed, head...), rest...)
	}
	if b.admit("set", key, len(b.sealed)) {
		b.note(b.b.Set(key, b.sealed, nil))
	}
}

// Destroy destroys the key of a number, durably and in step with the batch: what is sealed
// under it can be read no more, wherever copies of it lie, but by snapshots of before. It does nothing
// for the number 0, and in a store without Options.Shred.
func (b *Batch) Destroy(number uint64) {
	if b.vault != nil && number != 0 {
		b.destroyed = append(b.destroyed, number)
	}
}

// Delete takes the key away, if it is there.
func (b *Batch) Delete(key []byte) {
	if b.admit("delete", key, 0) {
		b.note(b.b.Delete(key, nil))
	}
}

// DeleteRange takes away the keys from lower on that are below upper. It does
// nothing if lower is not below upper.
func (b *Batch) DeleteRange(lower, upper []byte) {
	if string(lower) >= string(upper) {
		return
	}
	if b.admit("delete range", lower, len(upper)) {
		b.note(b.b.DeleteRange(lower, upper, nil))
	}
}

// Merge folds an operand, the durable form of a shard, into the value of the
// key. A shard that has become empty reads as a value of no bytes. An operand
// that cannot be decoded is skipped when it is folded and counted in
// Metrics.MalformedOperands.
func (b *Batch) Merge(key, operand []byte) {
	if b.admit("merge", key, len(operand)) {
		b.note(b.b.Merge(key, operand, nil))
	}
}

// Len returns the number of changes in the batch.
func (b *Batch) Len() int { return int(b.b.Count()) }

// Size returns the bytes that the batch takes, in memory and in the log.
func (b *Batch) Size() int { return b.b.Len() }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.b.Reset()
	b.destroyed = b.destroyed[:0]
	b.err = nil
}

// admit reports whether a change may be added.
func (b *Batch) admit(what string, key []byte, valueLen int) bool {
	switch {
	case len(key) == 0 || key[0] == reserved:
		b.note(fmt.Errorf("%s: %w", what, errReservedKey))
	case b.Size()+len(key)+valueLen > maxBatchBytes:
		b.note(fmt.Errorf("%s: batch exceeds %d bytes", what, maxBatchBytes))
	default:
		return true
	}
	return false
}

func (b *Batch) note(err error) {
	if b.err == nil {
		b.err = err
	}
}
