package portrait

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// DB is one open directory of profiles. Its methods may be called from any
// goroutine.
type DB struct {
	opts      Options
	store     *store.Store
	dir       string
	key       [32]byte
	tokens    *identity.Tokenizer
	lists     []*list // uploaded; replaced, never changed
	listSizes listSizes
	current   atomic.Pointer[epoch]
	cat       atomic.Pointer[catalog]
	asOf      atomic.Int64 // the latest instant that an answer had
	gate      gate
	queue     queue

	// write is held, by its one token, by whoever makes a commit. It guards the
	// fields below.
	write  chan struct{}
	meta   meta
	halted error // set when the store stands between two instants
	seq    uint64
	nodes  *nodeCache
	index  *segment.Index
	batch  *store.Batch
	judges judges
	tally  tally  // of refusals; not changed, but replaced
	moves  []move // memory of a transaction's
	// suppressed are the identifiers that are not taken in.
	suppressed map[identity.Token]suppression
	erasedIn   uint64 // the last commit that erased somebody since Open
	resuming   bool   // Open is finishing what a crash interrupted: see unmade
	sweep      sweepPlace
	matching   []*matchBuild
	filler     filler

	incarnation uint64 // random, made with the store: the same for every opening
	clock       clock
	timer       timer
}

// Open opens the directory, making it if need be. A nil opts means defaults.
// It returns ErrLocked while another DB holds the directory, ErrFormat for one of
// another format version and a [store.KeyError] for one that Options.Keys do not open. What an earlier process left half done (an
// Advance, the filling of a new tag) is finished first, but for what an Apply with
// Background left: that goes on in the background.
func Open(dir string, opts *Options) (*DB, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(dir, store.Options{
		FS: o.fs, CacheBytes: o.CacheBytes, MemTableBytes: o.MemTableBytes,
		Keys: o.Keys, Logger: o.Logger, OnFailure: o.OnFailure,
	})
	if err != nil {
		return nil, err
	}
	db := &DB{
		opts: o, dir: dir, listSizes: defaultListSizes, store: st, write: make(chan struct{}, 1),
		nodes: newNodeCache(o.StateCacheBytes), sweep: unswept,
		index: segment.New(o.IndexBytes), batch: st.NewBatch(),
	}
	db.gate.init()
	db.clock.init(&db.opts)
	if err := db.load(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// load reads what the store holds, or makes a new one, and publishes the first
// epoch.
func (db *DB) load() error {
	key, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaKey))
	if err != nil {
		return err
	}
	if !ok {
		if key, err = db.create(); err != nil {
			return err
		}
	}
	if len(key) != 32 {
		return fmt.Errorf("%w: key record of %d bytes", ErrCorrupt, len(key))
	}
	db.key = [32]byte(key)
	db.tokens = identity.NewTokenizer(db.key)
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaState))
	if err == nil && !ok {
		err = fmt.Errorf("%w: no state record", ErrCorrupt)
	}
	if err != nil {
		return err
	}
	if db.meta, err = decodeMeta(data); err != nil {
		return err
	}
	if db.incarnation, err = db.readIncarnation(); err != nil {
		return err
	}
	if err := db.loadTally(); err != nil {
		return err
	}
	if err := db.loadSuppressed(); err != nil {
		return err
	}
	if err := db.loadCatalog(); err != nil {
		return err
	}
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	db.meta.nextDue, err = earliestDeadline(snap)
	if err == nil {
		db.meta.feedOldest, err = feedInstant(snap, 0)
	}
	snap.Close()
	if err != nil {
		return err
	}
	db.asOf.Store(int64(db.meta.instant))
	if db.clock.elapsed != nil {
		db.now()
	}
	if err := db.loadLists(); err != nil {
		return err
	}
	if err := db.publish(); err != nil {
		return err
	}
	if err := db.mendLists(); err != nil {
		return err
	}
	db.resuming = true
	if err := db.resumeAdvance(); err != nil {
		return err
	}
	if err := db.resumeRecast(); err != nil {
		return err
	}
	db.resuming = false
	if cat := db.cat.Load(); cat.anyFilling() {
		if _, err := db.beginSweep(context.Background(), cat); err != nil {
			return err
		}
	}
	db.timer.start(db)
	db.filler.start(db)
	return db.resumeFill()
}

// create makes an empty store: its key and its state, in one commit.
func (db *DB) create() ([]byte, error) {
	key, incarnation := make([]byte, 32), make([]byte, 8)
	rand.Read(key)
	rand.Read(incarnation)
	b := db.store.NewBatch()
	b.Set(keys.AppendMeta(nil, metaIncarnation), incarnation)
	b.Set(keys.AppendMeta(nil, metaKey), key)
	m := meta{nextField: uint32(lots) + 1, nextDue: profile.Never}
	b.Set(keys.AppendMeta(nil, metaState), m.append(nil))
	for field, use := range map[segment.FieldID]fieldUse{universe: useUniverse, lots: useLots} {
		rec := fieldRecord{Use: use}
		b.Set(keys.AppendField(nil, uint32(field)), rec.append(nil))
	}
	return key, db.store.Commit(b, true)
}

// loadTally reads the counts of refusals.
func (db *DB) loadTally() error {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaTally))
	if ok {
		db.tally, err = decodeTally(data)
	}
	return err
}

// loadCatalog reads the model and the fields of the index.
func (db *DB) loadCatalog() error {
	var m Model
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaModel))
	if err != nil {
		return err
	}
	if ok {
		if m, err = ParseModel(data); err != nil {
			return fmt.Errorf("%w: stored model: %w", ErrCorrupt, err)
		}
	}
	folds := &foldSet{}
	if data, ok, err = db.store.GetTo(nil, keys.AppendMeta(nil, metaFolds)); err != nil {
		return err
	}
	if ok {
		if folds, err = decodeFolds(data); err != nil {
			return err
		}
	}
	cat, err := db.newCatalog(m, folds)
	if err != nil {
		return err
	}
	if len(folds.fresh(cat.folds)) > 0 {
		return fmt.Errorf("%w: the model needs folds that the store does not keep", ErrCorrupt)
	}
	if cat.cover, err = db.loadCoverage(); err != nil {
		return err
	}
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	shards := make([]uint32, (uint64(db.meta.nextOrdinal)+shard.Span-1)/shard.Span)
	for i := range shards {
		shards[i] = uint32(i)
	}
	prefix := []byte{keys.Field}
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return err
		}
		id, ok := keys.ReadField(kv.Key)
		if !ok {
			return fmt.Errorf("%w: field key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		rec, err := decodeField(kv.Value)
		if err != nil {
			return err
		}
		if err := cat.attach(segment.FieldID(id), rec); err != nil {
			return err
		}
		kind := segment.Bitmap
		if rec.Use == useColumn || rec.Use == useLots {
			kind = segment.Column
		}
		db.index.Attach(segment.FieldID(id), kind, shards)
	}
	db.cat.Store(cat)
	return nil
}

// attach connects a stored field with what the model declares.
func (c *catalog) attach(id segment.FieldID, rec fieldRecord) error {
	switch rec.Use {
	case useUniverse, useLots, useList:
		return nil
	case useTag, useSegment:
		if t := c.label(rec.Use == useSegment, rec.Name); t != nil {
			t.attach(id, rec.Filling)
			return nil
		}
	case useTagValue:
		if t := c.tag(rec.Name); t != nil && t.values != nil {
			return t.values.learn(rec, id)
		}
	case useFormerTag, useFormerSegment:
		if t := c.label(rec.Use == useFormerSegment, rec.Name); t != nil {
			if t.former == nil {
				t.former = map[string]segment.FieldID{}
			}
			t.former[string(rec.Value)] = id
			return nil
		}
	case useColumn, useExists, useValue:
		ix := c.traitIndex(rec.Name)
		if ix == nil || ix.column != (rec.Use == useColumn) {
			break
		}
		if rec.Use == useValue {
			return ix.learn(rec, id)
		}
		ix.field, ix.filling = id, rec.Filling
		return nil
	}
	return fmt.Errorf("%w: a field of the index is of %q, which the model does not declare", ErrCorrupt, rec.Name)
}

// earliestDeadline returns the first deadline armed, or Never.
func earliestDeadline(snap *store.Snapshot) (profile.Instant, error) {
	prefix := []byte{keys.Deadline}
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return 0, err
		}
		at, _, ok := keys.ReadDeadline(kv.Key)
		if !ok {
			return 0, fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		return profile.Instant(at), nil
	}
	return profile.Never, nil
}

// Close waits for the calls under way (so it must not be called from the body of
// a loop over Profiles), ends those that follow the feed, closes what views are still open, makes
// the store quick to open again and gives the directory free. Later calls of
// every method return ErrClosed; a second Close returns nil. After a failure it
// returns the failure.
func (db *DB) Close() error {
	db.filler.stop()
	if !db.gate.close() {
		return nil
	}
	db.timer.stop()
	for v := range db.gate.views {
		v.epoch.release()
	}
	if e := db.current.Swap(nil); e != nil {
		close(e.later)
		e.release()
	}
	return db.store.Close()
}

// lock takes the right to write, unless the store can no longer be written.
func (db *DB) lock(ctx context.Context) error {
	if err := db.store.Failed(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	select {
	case db.write <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if db.halted != nil {
		db.unlock()
		return db.halted
	}
	return nil
}

// halt refuses all further writes.
func (db *DB) halt(cause error) {
	db.halted = fmt.Errorf("%w: a change in several steps was interrupted, reopen to finish it: %w", ErrFailed, cause)
}

func (db *DB) unlock() { <-db.write }

// gate counts the calls under way, so that Close can wait for them.
type gate struct {
	mu      sync.Mutex // guards the fields below
	idle    sync.Cond
	running int
	closed  bool
	views   map[*View]struct{}
}

func (g *gate) init() {
	g.idle.L = &g.mu
	g.views = map[*View]struct{}{}
}

func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.running++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 {
		g.idle.Broadcast()
	}
}

// close shuts the gate and waits until nobody is inside; false if it was shut.
func (g *gate) close() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.closed = true
	for g.running > 0 {
		g.idle.Wait()
	}
	return true
}

// now is the instant of an answer asked for at this moment: the clock's, but
// never before an earlier answer's, nor after a step of the clock that is not
// followed.
func (db *DB) now() profile.Instant {
	now := int64(profile.InstantOf(db.opts.Clock()))
	for {
		last := db.asOf.Load()
		if !db.clock.follows(now, last) || last >= now || now == math.MaxInt64 {
			return profile.Instant(last)
		}
		if db.asOf.CompareAndSwap(last, now) {
			return profile.Instant(now)
		}
	}
}
