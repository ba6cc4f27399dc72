package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/health"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// Repair makes everything anew that can be derived from what is kept, where it is not as it
// should be, and says what that was: whose components, ordinals and edges follow from the
// nodes and the evidence; bitmaps, columns, the places in uploaded lists, deadlines, match
// indexes, expiries, the moves between stages by profile, and legal holds, of which the audit log
// tells too. Damage to what nothing else tells (the identifiers and states of nodes, edges, vetoes,
// events, lists, the model, the feed, records of what happened) is told and left as it is; but a suppression or a
// hold that cannot be read holds from then on. The feed tells nothing of a repair. The audit log has
// a record of it that is written with the first thing that is mended, and another at its end; none of one that
// finds nothing.
//
// It reads the whole store, holds its identifiers and the index in memory, and other writes wait for it;
// reads go on. What is whole is not written. Broken off at any point it is called again, to
// the same end. Tags that are being filled are left to that. For a store that Open refuses
// see Options.Repair. DB.Check tells whether there is anything to repair.
func (a *Admin) Repair(ctx context.Context) (*health.Repairs, error) {
	db := a.db
	if err := privacy.NoteOf(ctx).Validate(); err != nil {
		return nil, err
	}
	if err := db.gate.enter(); err != nil {
		return nil, err
	}
	defer db.gate.leave()
	if err := db.lock(ctx); err != nil {
		return nil, err
	}
	defer db.unlock()
	done, err := db.repair(ctx, db.lists)
	if again := db.reload(); again != nil && err == nil {
		err = again
	}
	if err != nil {
		return nil, err
	}
	return done, db.publish()
}

// Repaired says what Open repaired; nil unless Options.Repair asked it to.
func (a *Admin) Repaired() *health.Repairs { return a.db.repaired }

// repairFirst is Repair before anything is loaded.
func (db *DB) repairFirst() error {
	if err := db.loadLists(); err != nil {
		return err
	}
	var err error
	if db.repaired, err = db.repair(context.Background(), db.lists); err != nil {
		return err
	}
	db.lists = nil
	return db.loadMeta()
}

// repair is Repair of what is stored, whatever is in memory.
func (db *DB) repair(ctx context.Context, lists []*list) (*health.Repairs, error) {
	r := &repair{db: db, ctx: ctx, lists: lists, batch: db.store.NewBatch(), meta: db.meta, mended: map[string]*health.Mended{}, made: map[segment.FieldID]bool{}}
	for _, step := range []func() error{
		r.fields, r.readNodes, r.edges, r.vetoes, r.nodes, r.components, r.ordinals, r.turn,
		r.told, r.matches, r.rights, r.expiries, r.people, r.valueNames, r.index, r.deadlines, r.turn,
		r.paths, r.changes, r.records, r.audit, r.end,
	} {
		if err := step(); err != nil {
			r.close()
			return nil, fmt.Errorf("portrait: repair: %w", err)
		}
	}
	r.close()
	return r.report(), nil
}

// reload reads again what is kept in memory of what is stored.
func (db *DB) reload() error {
	db.nodes.reset()
	db.sweep = unswept
	for _, read := range []func() error{db.loadAudit, db.loadTally, db.loadSuppressed, db.loadHolds} {
		if err := read(); err != nil {
			return err
		}
	}
	due, oldest := db.meta.nextDue, db.meta.feedOldest
	if err := db.loadMeta(); err != nil {
		return err
	}
	db.meta.nextDue, db.meta.feedOldest = due, oldest
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	if db.meta.nextDue, err = earliestDeadline(snap, db.meta.instant); err != nil {
		return err
	}
	return db.loadCatalog()
}

// repair is one Repair under way. What it finds wrong it writes at once: each record is a
// function of what is not written, so that where it is broken off does not matter.
type repair struct {
	db    *DB
	ctx   context.Context //nolint:containedctx // lives for the one call of Repair
	cat   *catalog
	lists []*list
	meta  meta
	snap  *store.Snapshot
	batch *store.Batch
	graph repairGraph
	want  wanted
	made  map[segment.FieldID]bool // fields that this repair made
	begun bool                     // something is written
	head  *privacy.Head            // of the audit log, where the stored one could not be read

	mended map[string]*health.Mended
	order  []string // of mended
	lost   []string
	losses int
}

// kind returns the counts of one kind of record.
func (r *repair) kind(name string) *health.Mended {
	m := r.mended[name]
	if m == nil {
		m = &health.Mended{Kind: name}
		r.mended[name] = m
		r.order = append(r.order, name)
	}
	return m
}

// lose notes damage that cannot be repaired.
func (r *repair) lose(format string, args ...any) {
	if r.losses++; len(r.lost) < maxDifferences {
		r.lost = append(r.lost, fmt.Sprintf(format, args...))
	}
}

func (r *repair) report() *health.Repairs {
	done := &health.Repairs{Lost: r.lost, LostTotal: r.losses}
	for _, name := range r.order {
		if m := r.mended[name]; m.Missing+m.Wrong+m.Stray > 0 {
			done.Mended = append(done.Mended, *m)
		}
	}
	return done
}

// scan runs over the keys of one prefix as they were when the snapshot was taken.
func (r *repair) scan(prefix []byte, each func(key, value []byte) error) error {
	n := 0
	for kv, err := range r.snap.Scan(prefix, keys.End(prefix)) {
		if n++; err == nil && n&1023 == 0 && r.ctx.Err() != nil {
			err = context.Cause(r.ctx)
		}
		if err == nil {
			err = each(kv.Key, kv.Value)
		}
		if err == nil {
			err = r.spill()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// spill commits what is to be written, once that is much.
func (r *repair) spill() error {
	if r.batch.Size() < r.db.opts.repairBatch {
		return nil
	}
	return r.commit(false)
}

// commit writes what there is. With the first of it goes a record of the audit log: a repair
// that is broken off has left one.
func (r *repair) commit(sync bool) error {
	if !r.begun && r.batch.Len() > 0 {
		r.begun = true
		head, err := r.auditEnd()
		if err != nil {
			return err
		}
		r.meta.epoch++
		chainAfter(r.batch, head, r.attested(detailBegun))
		r.keepState()
	}
	return r.db.store.Commit(r.batch, sync)
}

// turn makes what was written so far what is read from now on.
func (r *repair) turn() error {
	if err := r.commit(true); err != nil {
		return err
	}
	r.close()
	var err error
	r.snap, err = r.db.store.Snapshot()
	return err
}

func (r *repair) close() {
	if r.snap != nil {
		r.snap.Close()
	}
}

// newField returns a field that is not taken, for a record of it that is missing.
func (r *repair) newField(rec fieldRecord) segment.FieldID {
	id := segment.FieldID(r.meta.nextField)
	r.meta.nextField++
	r.batch.Set(keys.AppendField(nil, uint32(id)), rec.append(nil))
	r.keepState()
	r.made[id] = true
	return id
}

// keepState writes the store's own state, beside what it says of new fields and ordinals.
func (r *repair) keepState() { r.batch.Set(keys.AppendMeta(nil, metaState), r.meta.append(nil)) }
