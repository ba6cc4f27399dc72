package portrait

import (
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// ApplyOption modifies one Apply.
type ApplyOption uint8

const (
	// DryRun makes Apply check the model and report the plan, and change nothing. It
	// keeps no events waiting.
	DryRun ApplyOption = 1
	// Background makes Apply return once the model is the store's own. What is new in it
	// is filled behind, at the pace of Options.FillRate: Metrics tells how far that
	// is. Until then an expression that asks for it is refused, by name.
	Background ApplyOption = 2
)

// Apply makes a model the store's own, whole or not at all. New and changed
// tags and indexes are filled over all profiles before Apply returns, while
// events flow; they can be read once they are complete. Where it is broken off
// by ctx or a crash, Open finishes it.
//
// Other identity rules regroup the identifiers that are in: the plan lists every
// profile that merges, splits or disappears. This is done before Apply returns,
// in one step for readers, while no events are taken in; where it fails half way
// the store refuses writes until it is reopened, which finishes it. It holds all
// identifiers and what was seen of them in memory; see [identity.Rules.Partition].
// Events stay with the identifier that was their strongest when they came.
//
// What the store can no longer honour is refused with an error that wraps
// ErrModel: once events are in, the type or merge policy of a declared trait
// cannot change, for the events of before are not kept; nor can normalisers that
// would spell identifiers otherwise which are in.
// Namespaces, traits, events and tags may be added at any time, and tags change
// freely. A newly declared event property is folded from then on.
func (db *DB) Apply(ctx context.Context, m Model, opts ...ApplyOption) (*Plan, error) {
	if err := db.gate.enter(); err != nil {
		return nil, err
	}
	defer db.gate.leave()
	if slices.Contains(opts, DryRun) {
		return within(ctx, db, func(v *View) (*Plan, error) {
			a, err := db.application(ctx, v.epoch, m)
			if err != nil {
				return nil, err
			}
			labels, err := a.next.model.labels()
			if err != nil {
				return nil, err
			}
			if a.plan.Analysis, err = tags.Analyse(ctx, tags.Subjects(labels, a.next), a.next); err != nil {
				return nil, err
			}
			a.plan.Moves, err = v.moves(ctx, a.next)
			return a.plan, err
		})
	}
	ahead, err := db.matchAhead(ctx, m)
	if err != nil {
		return nil, err
	}
	defer db.endMatch(ahead)
	if err := db.lockNow(ctx); err != nil {
		return nil, err
	}
	behind := slices.Contains(opts, Background)
	plan, err := db.applyLocked(ctx, m, behind)
	db.unlock()
	if err != nil {
		return nil, err
	}
	if behind {
		db.filler.rouse()
		return plan, nil
	}
	return plan, db.fill(ctx)
}

// DefineTag adds a tag to the store's model, or puts the definition in the place of
// the one of that name, whole, as Apply does: what it leaves out, such as tiers or an
// owner, is gone.
func (db *DB) DefineTag(ctx context.Context, def tags.Definition) error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.lockNow(ctx); err != nil {
		return err
	}
	m := db.cat.Load().model
	m.Tags = slices.DeleteFunc(slices.Clone(m.Tags), func(d tags.Definition) bool { return d.Name == def.Name })
	m.Tags = append(m.Tags, def)
	_, err := db.applyLocked(ctx, m, false)
	db.unlock()
	if err != nil {
		return err
	}
	return db.fill(ctx)
}

// lockNow is lock, after what time alone has changed: a definition tells of those whom it
// finds now.
func (db *DB) lockNow(ctx context.Context) error {
	if now := db.now(); db.current.Load().nextDue <= now {
		if err := db.advance(ctx, now, false); err != nil {
			return err
		}
	}
	return db.lock(ctx)
}

// Model returns the model in force, with the default namespaces written out where
// it declares none. It is the caller's own: changing it changes nothing until it is
// applied.
func (db *DB) Model() Model {
	cat := db.cat.Load()
	m := cat.model.clone()
	m.Identity.Namespaces = cat.identity().Namespaces
	return m.clone()
}

// application is a model on its way into the store, as of one epoch.
type application struct {
	cur, next *catalog
	data      []byte // the model as it is stored
	plan      *Plan
	rules     *recast // nil where the rules of identity stay, or govern nobody yet
}

// application works out what a model would change.
func (db *DB) application(ctx context.Context, e *epoch, m Model) (*application, error) {
	a := &application{cur: e.cat}
	var err error
	if a.next, err = db.newCatalog(m, e.cat.folds); err != nil {
		return nil, err
	}
	if err := a.next.checkLists(e); err != nil {
		return nil, err
	}
	if a.data, err = m.stored(); err != nil {
		return nil, err
	}
	hasData, err := e.hasNodes()
	if err != nil {
		return nil, err
	}
	if hasData && len(m.Identity.Namespaces) == 0 && len(a.cur.model.Identity.Namespaces) > 0 {
		return nil, fmt.Errorf("%w: identity: it declares no namespaces, while the store has its own: take them over from DB.Model", ErrModel)
	}
	a.cur.extend(a.next, db.moment(&e.meta))
	if a.plan, err = a.cur.plan(a.next, hasData); err != nil {
		return nil, err
	}
	if hasData && !sameIdentity(a.cur, a.next) {
		if a.rules, err = db.planRecast(ctx, e, a.next); err != nil {
			return nil, err
		}
		a.plan.regroup(a.rules.regroupings())
	}
	return a, nil
}

func (db *DB) applyLocked(ctx context.Context, m Model, behind bool) (*Plan, error) {
	note := privacy.NoteOf(ctx)
	if err := note.Validate(); err != nil {
		return nil, err
	}
	a, err := db.application(ctx, db.current.Load(), m)
	if err != nil {
		return nil, err
	}
	if len(a.plan.Changes) == 0 {
		return a.plan, nil
	}
	if a.rules != nil {
		if begun, err := a.rules.run(a.data, behind); err != nil {
			if begun {
				db.halt(err)
			}
			return nil, err
		}
		ctx = context.WithoutCancel(ctx) // it is half done
	}
	if err := db.rematch(ctx, db.current.Load(), a.next); err != nil {
		if a.rules != nil {
			db.halt(err)
		}
		return nil, err
	}
	t := db.begin()
	t.passTimeOfPeople()
	t.unmatch(a.cur, a.next)
	err = t.inherit(ctx, a.cur, a.next)
	if err == nil {
		t.extendLog(a.cur, a.next)
		err = t.revise(a.cur, a.next)
	}
	filling := a.next.anyFilling() || a.next.refolding()
	if err == nil && filling {
		// Who asks before the filling has begun is told of how many.
		_, err = db.beginSweep(ctx, a.next)
		db.filler.filled.Store(0)
	}
	if err != nil {
		t.abort()
		if a.rules != nil {
			db.halt(err)
		}
		return nil, err
	}
	t.batch.Set(keys.AppendMeta(nil, metaModel), a.data)
	t.note = note
	t.attest(didApply, modelDetail(a.data))
	t.batch.Set(keys.AppendMeta(nil, metaFolds), a.next.folds.append())
	// There is another sweep to make, from the beginning, or nodes have to catch up.
	switch {
	case filling:
		db.filler.behind = behind
		t.batch.Set(keys.AppendMeta(nil, metaFill), appendFill(nil, identity.Token{}, 0, behind))
	case a.rules != nil:
		t.batch.Delete(keys.AppendMeta(nil, metaFill))
	}
	t.settled, t.next = true, a.next
	if a.rules != nil {
		t.batch.Delete(keys.AppendMeta(nil, metaRecast))
	}
	if err := t.finish(false); err != nil {
		if a.rules != nil {
			db.halt(err)
		}
		return nil, err
	}
	return a.plan, nil
}

// hasNodes reports whether the store holds identifiers, by events or by
// decisions.
func (e *epoch) hasNodes() (bool, error) {
	prefix := []byte{keys.Node}
	for _, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		return err == nil, err
	}
	return false, nil
}

// inherit gives the next catalog the fields that keep their meaning, makes new
// ones for the rest, to be filled, and drops what nothing uses any more.
func (t *txn) inherit(ctx context.Context, cur, next *catalog) error {
	for _, tg := range next.tags {
		if old := cur.label(tg.segment, tg.def.Name); old != nil {
			if cur.sameRule(next, old, tg) {
				if tg.values != nil {
					tg.values.values = old.values.values
				}
				tg.attach(old.field, old.filling)
				tg.former = old.former
				continue
			}
			tg.former = t.demote(old)
		}
		t.fresh(tg)
	}
	for _, old := range cur.tags {
		if next.label(old.segment, old.def.Name) == nil {
			if err := t.retire(ctx, old); err != nil {
				return err
			}
		}
	}
	for _, ix := range next.indexes {
		if old := cur.traitIndex(ix.name); old != nil && cur.sameIndex(next, old, ix) {
			ix.field, ix.values, ix.filling = old.field, old.values, old.filling
			continue
		}
		if old := cur.traitIndex(ix.name); old != nil {
			t.dropIndex(old)
		}
		t.freshIndex(ix)
	}
	for _, old := range cur.indexes {
		if next.traitIndex(old.name) == nil {
			t.dropIndex(old)
		}
	}
	return nil
}

// freshIndex gives an index a field of its own, to be filled.
func (t *txn) freshIndex(ix *traitIndex) {
	rec := fieldRecord{Use: useExists, Name: ix.name, Filling: true}
	kind := segment.Bitmap
	if ix.column {
		rec.Use, kind = useColumn, segment.Column
	}
	ix.field, ix.filling = t.newField(rec, kind), true
}

func (t *txn) dropIndex(ix *traitIndex) {
	t.dropField(ix.field)
	if !ix.column {
		t.dropValues(ix)
	}
}

func (t *txn) dropTag(old *tag) {
	t.dropField(old.field)
	if old.values != nil {
		t.dropValues(old.values)
	}
}
