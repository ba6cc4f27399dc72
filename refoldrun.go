package portrait

import (
	"context"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// refold brings every node up to date, a batch a commit, with events going in between.
// The log is read and folded outside of the commits: a node that took in an event
// meanwhile has caught up by itself, and the log of any other is as it was.
// At most so many nodes a second are; 0 sets no bound.
func (db *DB) refold(ctx context.Context, rate int) error {
	var run refoldRun
	for {
		done, err := db.refoldSome(ctx, &run)
		if err != nil || done {
			return err
		}
		if err := pause(ctx, run.behind, rate); err != nil {
			return err
		}
	}
}

// refoldRun is how far one call of refold has come under one set of folds.
type refoldRun struct {
	folds *foldSet
	from  identity.Token // the next node
	pace  fillPace
	// behind is how many nodes of the last batch were behind.
	behind int
}

// beginRefold returns the run of the folds of an epoch.
func (db *DB) beginRefold(ctx context.Context, e *epoch) (refoldRun, error) {
	live, err := e.live(ctx)
	return refoldRun{folds: e.cat.folds, pace: newFillPace(db.opts.recastBatch, live)}, err
}

// refoldSome does the next batch of a run.
func (db *DB) refoldSome(ctx context.Context, run *refoldRun) (done bool, err error) {
	e := db.acquire()
	defer e.release()
	if !e.cat.refolding() {
		return true, nil
	}
	if run.folds != e.cat.folds {
		if *run, err = db.beginRefold(ctx, e); err != nil {
			return false, err
		}
	}
	b := run.nextBatch(e)
	if err := b.read(ctx, &db.crew, e); err != nil {
		return false, err
	}
	if err := db.lock(ctx); err != nil {
		return false, err
	}
	defer db.unlock()
	if db.cat.Load().folds != run.folds {
		return false, nil
	}
	began := time.Now()
	last := &b.parts[len(b.parts)-1]
	if err := db.refoldBatch(ctx, b, last.open); err != nil {
		return false, err
	}
	nodes, behind := b.count()
	run.from, run.behind = last.to, behind
	run.pace.adapt(len(b.parts), nodes, time.Since(began))
	return last.open, nil
}

// refoldBatch commits a batch. With the last one every node is up to date. The caller
// holds the right to write, under the folds that the nodes were read for.
func (db *DB) refoldBatch(ctx context.Context, b *refoldBatch, last bool) error {
	t := db.begin()
	t.settled = true
	if err := b.apply(ctx, t); err != nil {
		t.abort()
		return err
	}
	if last {
		next := *t.cat
		folds := *t.cat.folds
		folds.done = folds.gen
		next.folds = &folds
		t.next = &next
		t.batch.Set(keys.AppendMeta(nil, metaFolds), folds.append())
		if !next.anyFilling() {
			t.batch.Delete(keys.AppendMeta(nil, metaFill))
		}
	}
	return t.finish(false)
}
