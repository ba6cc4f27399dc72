package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

// rawSide is Pebble by hand: one record per customer, of the bytes that
// Portrait keeps of one, with the number of touches in its last eight.
type rawSide struct {
	db       *pebble.DB
	batch    *pebble.Batch
	noSync   bool              // commit without waiting for the disk
	coalesce bool              // one Set per customer and batch instead of one per event
	states   map[uint32][]byte // of the batch under way
	order    []uint32
	arena    []byte
	key      []byte
	tally    []uint32
}

// openRaw opens Pebble with the options that package store uses.
func openRaw(dir string, size memory) (*pebble.DB, error) { return openRawAs(dir, size, rawOptions()) }

func openRawAs(dir string, size memory, opts *pebble.Options) (*pebble.DB, error) {
	opts.Cache = pebble.NewCache(size.blocks + size.states + memTableBytes*(int64(opts.MemTableStopWritesThreshold)+1))
	defer opts.Cache.Unref()
	return pebble.Open(dir, opts)
}

func rawOptions() *pebble.Options {
	opts := &pebble.Options{
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 2 },
		FormatMajorVersion:          pebble.FormatWALSyncChunks,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		Logger:                      silence{},
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: 4,
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return opts
}

// silence drops what Pebble logs; a fatal error ends the benchmark.
type silence struct{}

func (silence) Infof(string, ...any)              {}
func (silence) Errorf(string, ...any)             {}
func (silence) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// appendRawKey appends a customer's key: of the length of a node's key in
// Portrait, and as scattered.
func appendRawKey(dst []byte, customer uint32) []byte {
	rng := rand.NewPCG(4, uint64(customer))
	dst = append(dst, keys.Node)
	dst = binary.BigEndian.AppendUint64(dst, rng.Uint64())
	return binary.BigEndian.AppendUint64(dst, rng.Uint64())
}

// loadRaw makes the store from the records of nodes in the store of Portrait, of
// which each customer has one, and returns their mean length. Where there are more
// customers than nodes, several have the record of one.
func loadRaw(portraitDir, dir string, nodes, customers int) (meanBytes float64, err error) {
	from, err := store.Open(portraitDir, store.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	snap, err := from.Snapshot()
	if err != nil {
		return 0, err
	}
	defer snap.Close()
	db, err := openRaw(dir, bounded)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b := db.NewBatch()
	var n, total int
	var key, value []byte
	for kv, err := range snap.Scan([]byte{keys.Node}, keys.End([]byte{keys.Node})) {
		if err != nil {
			return 0, err
		}
		value = append(value[:0], kv.Value...)
		binary.LittleEndian.PutUint64(value[len(value)-8:], 0)
		for customer := n; customer < customers; customer += nodes {
			key = appendRawKey(key[:0], uint32(customer))
			if err := b.Set(key, value, nil); err != nil {
				return 0, err
			}
		}
		n++
		total += len(value)
		if b.Count() >= 10_000 || n == nodes {
			if err := db.Apply(b, pebble.NoSync); err != nil {
				return 0, err
			}
			b.Reset()
		}
	}
	if n != nodes {
		return 0, fmt.Errorf("portrait holds %d nodes, want %d", n, nodes)
	}
	if err := db.Flush(); err != nil {
		return 0, err
	}
	settleRaw(db)
	return float64(total) / float64(n), nil
}

func newRawSide(dir string, size memory, customers int) (*rawSide, error) {
	db, err := openRaw(dir, size)
	if err != nil {
		return nil, err
	}
	return &rawSide{db: db, batch: db.NewBatch(), states: map[uint32][]byte{}, tally: make([]uint32, customers)}, nil
}

func (r *rawSide) run(_ context.Context, touches []touch, batch int, m *meter) error {
	for _, t := range touches {
		r.tally[t.customer]++
	}
	m.start()
	for len(touches) > 0 {
		n := min(batch, len(touches))
		if err := r.take(touches[:n]); err != nil {
			return err
		}
		touches = touches[n:]
		m.ops += n
	}
	m.stop(0)
	return nil
}

// take is the loop by hand: get a state, change it, set it, and commit.
func (r *rawSide) take(touches []touch) error {
	clear(r.states)
	r.order, r.arena = r.order[:0], r.arena[:0]
	r.batch.Reset()
	for _, t := range touches {
		state, ok := r.states[t.customer]
		if !ok {
			r.key = appendRawKey(r.key[:0], t.customer)
			stored, closer, err := r.db.Get(r.key)
			if err != nil {
				return err
			}
			from := len(r.arena)
			r.arena = append(r.arena, stored...)
			state = r.arena[from:len(r.arena):len(r.arena)]
			if err := closer.Close(); err != nil {
				return err
			}
			r.states[t.customer] = state
			r.order = append(r.order, t.customer)
		}
		counter := state[len(state)-8:]
		binary.LittleEndian.PutUint64(counter, binary.LittleEndian.Uint64(counter)+1)
		if !r.coalesce {
			if err := r.set(t.customer, state); err != nil {
				return err
			}
		}
	}
	if r.coalesce {
		for _, customer := range r.order {
			if err := r.set(customer, r.states[customer]); err != nil {
				return err
			}
		}
	}
	if r.noSync {
		return r.db.Apply(r.batch, pebble.NoSync)
	}
	return r.db.Apply(r.batch, pebble.Sync)
}

func (r *rawSide) set(customer uint32, state []byte) error {
	r.key = appendRawKey(r.key[:0], customer)
	return r.batch.Set(r.key, state, nil)
}

func (r *rawSide) settle() time.Duration { return settleRaw(r.db) }

func settleRaw(db *pebble.DB) time.Duration { return settle(func() bool { return rawIdle(db) }) }

func rawIdle(db *pebble.DB) bool {
	m := db.Metrics()
	return m.Compact.NumInProgress == 0 && m.Flush.NumInProgress == 0
}

// sweep reads everything once, and returns how many keys there are.
func (r *rawSide) sweep(ctx context.Context) (n int, err error) {
	it, err := r.db.NewIterWithContext(ctx, &pebble.IterOptions{})
	if err != nil {
		return 0, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		n++
	}
	return n, it.Close()
}

// check compares the counters of some customers with the harness's own count.
func (r *rawSide) check(_ context.Context, some []uint32) error {
	for _, i := range some {
		value, closer, err := r.db.Get(appendRawKey(nil, i))
		if err != nil {
			return err
		}
		got := binary.LittleEndian.Uint64(value[len(value)-8:])
		if err := closer.Close(); err != nil {
			return err
		}
		if got != uint64(r.tally[i]) {
			return fmt.Errorf("raw Pebble: customer %d has %d touches, want %d", i, got, r.tally[i])
		}
	}
	return nil
}

func (r *rawSide) close() error { return errors.Join(r.batch.Close(), r.db.Close()) }
