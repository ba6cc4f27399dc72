package portrait

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait/health"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// DB is one open directory of profiles. Its methods may be called from any
// goroutine.
type DB struct {
	opts   Options
	store  *store.Store
	dir    string
	key    [32]byte
	tokens *identity.Tokenizer
	// pseudonyms are those of the audit log.
	pseudonyms pseudonyms
	lists      []*list // uploaded; replaced, never changed
	listSizes  listSizes
	uploads    uploads
	// handing holds one: whoever has it reads the key file and puts it into a target, so that
	// none of before follows one of now.
	handing  chan struct{}
	current  atomic.Pointer[epoch]
	cat      atomic.Pointer[catalog]
	asOf     atomic.Int64 // the latest instant that an answer had
	gate     gate
	queue    queue
	answered answered
	repaired *health.Repairs       // by Open; nil where it was not asked to
	halted   atomic.Pointer[error] // set when the store stands between two instants; nothing is written then
	trouble  atomic.Pointer[error] // the last error of what is done in the background

	// write is held, by its one token, by whoever makes a commit. It guards the
	// fields below.
	write  chan struct{}
	meta   meta
	seq    uint64
	nodes  *nodeCache
	index  *segment.Index
	batch  *store.Batch
	judges judges
	tally  tally  // of refusals; not changed, but replaced
	moves  []move // memory of a transaction's
	// audited is where the audit log stands.
	audited privacy.Head
	// suppressed are the identifiers that are not taken in.
	suppressed map[identity.Token]suppression
	held       map[identity.Token]holds // under a legal hold
	erasedIn   uint64                   // the last commit that erased somebody since Open
	opening    bool                     // Open has not returned, and finishes things on a full disk too
	resuming   bool                     // Open is finishing what a crash interrupted: see unmade
	sweep      sweepPlace
	feedGrown  int64 // bytes of the feed since its size was looked at, before compression
	matching   []*matchBuild
	filler     filler
	crew       crew
	calls      calls
	opened     time.Time

	incarnation uint64 // random, made with the store: the same for every opening
	clock       clock
	timer       timer
}

// Open opens the directory, making it if need be. A nil opts means defaults.
// It returns ErrLocked while another DB holds the directory, ErrFormat for one of
// another format version, [store.ErrIncomplete] for a copy that was not finished and a [store.KeyError] for one that Options.Keys do not open. What an earlier process left half done (an
// Advance, the filling of a new tag) is finished first, but for what an Apply with
// Background left: that goes on in the background. A restored directory replays its ledger
// of erasures first.
func Open(dir string, opts *Options) (*DB, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(dir, store.Options{
		Shred: o.sealed(),
		FS:    o.fs, CacheBytes: o.CacheBytes, MemTableBytes: o.MemTableBytes,
		MinFreeBytes: o.MinFreeBytes, MaxStall: o.MaxStall,
		Keys: o.Keys, Logger: o.Logger, OnFailure: o.OnFailure,
	})
	if err != nil {
		return nil, err
	}
	db := &DB{
		opts: o, dir: dir, listSizes: defaultListSizes, store: st, write: make(chan struct{}, 1), handing: make(chan struct{}, 1),
		nodes: newNodeCache(o.StateCacheBytes), sweep: unswept,
		index: segment.New(o.IndexBytes), batch: st.NewBatch(), opened: time.Now(),
		feedGrown: math.MaxInt64 / 2, // what there was before is looked at
	}
	db.gate.init(o.MaxViewAge)
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
	db.tokens, db.pseudonyms = identity.NewTokenizer(db.key), newPseudonyms(db.key)
	if err := db.loadMeta(); err != nil {
		return err
	}
	copied, err := db.readNote()
	if err != nil {
		return err
	}
	if copied != nil {
		if err := db.beginCopy(copied); err != nil {
			return err
		}
	}
	if db.incarnation, err = db.readIncarnation(); err != nil {
		return err
	}
	if db.opts.Repair {
		if err := db.repairFirst(); err != nil {
			return err
		}
	}
	for _, read := range []func() error{db.loadAudit, db.loadTally, db.loadSuppressed, db.loadHolds} {
		if err := read(); err != nil {
			return err
		}
	}
	if err := db.loadCatalog(); err != nil {
		return err
	}
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	db.meta.nextDue, err = earliestDeadline(snap, db.meta.instant)
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
	db.opening = true
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
	if err := db.recede(context.Background()); err != nil {
		return err
	}
	if copied != nil {
		if err := db.settleCopy(copied); err != nil {
			return err
		}
	}
	if cat := db.cat.Load(); cat.anyFilling() {
		if _, err := db.beginSweep(context.Background(), cat); err != nil {
			return err
		}
	}
	db.opening = false
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

// loadMeta reads the state of the store.
func (db *DB) loadMeta() error {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaState))
	if err == nil && !ok {
		err = fmt.Errorf("%w: no state record", ErrCorrupt)
	}
	if err == nil {
		db.meta, err = decodeMeta(data)
	}
	return err
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
	cat, err := db.storedCatalog()
	if err != nil {
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

// earliestDeadline returns the first deadline armed after an instant, or Never. One of
// before is damage, which Check tells of: nothing would ever take it away.
func earliestDeadline(snap *store.Snapshot, after profile.Instant) (profile.Instant, error) {
	from := keys.AppendDeadline(nil, int64(after)+1, 0)
	for kv, err := range snap.Scan(from, keys.End([]byte{keys.Deadline})) {
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

// Close waits for the calls under way, ends those that follow the feed, closes what
// views are still open, makes the store quick to open again and gives the directory free.
// A loop over a sequence is a call under way: Close must not be called from the body of
// one, but for those over Watch, Changes, FlipsBefore and EraseUnseen. Every method that
// returns an error returns ErrClosed from then on. After a failure Close returns the
// failure; a second Close returns nil, after the first has ended.
func (db *DB) Close() error {
	db.filler.stop()
	if !db.gate.close() {
		<-db.gate.ended
		return nil
	}
	defer close(db.gate.ended)
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

// lock takes the right to write, unless the store can no longer be written, or is to
// take nothing in for now: a store.DiskError or a store.StallError says so, before anything is
// done.
func (db *DB) lock(ctx context.Context) error {
	if err := db.store.Failed(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	for began := time.Now(); ; {
		if !db.opening {
			if err := db.store.Admit(ctx, began); err != nil {
				return err
			}
		}
		select {
		case db.write <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if halted := db.halted.Load(); halted != nil {
			db.unlock()
			return *halted
		}
		// Who wrote before may have left no room.
		if db.opening || !db.store.Stalled() {
			return nil
		}
		db.unlock()
	}
}

// halt refuses all further writes.
func (db *DB) halt(cause error) {
	err := fmt.Errorf("%w: a change in several steps was interrupted, reopen to finish it: %w", ErrFailed, cause)
	db.halted.Store(&err)
}

func (db *DB) unlock() { <-db.write }

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
