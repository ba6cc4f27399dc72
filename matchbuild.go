package portrait

import (
	"context"
	"slices"

	"github.com/portraitdb/portrait/internal/idlist"
)

// matchBuild is match indexes that are made ahead of the model that declares them, with
// events going in meanwhile: new identifiers are put into them as they come. DB.write
// guards it.
type matchBuild struct {
	digests []digest
	keys    matchKeys
	whole   bool // the identifiers of before are in, too
}

// forget takes out a digest whose index was removed meanwhile.
func (b *matchBuild) forget(d digest) {
	b.digests = slices.DeleteFunc(b.digests, func(other digest) bool { return other == d })
}

// matchAhead makes the match indexes that a model declares and the one in force does not;
// nil where there are none. The caller ends it.
func (db *DB) matchAhead(ctx context.Context, m Model) (*matchBuild, error) {
	cat := db.cat.Load()
	next, err := db.newCatalog(m, cat.folds)
	if err != nil {
		return nil, err
	}
	b := &matchBuild{digests: cat.freshDigests(next)}
	if len(b.digests) == 0 {
		return nil, nil
	}
	if b.keys, err = next.ring(db.key, b.digests); err != nil {
		return nil, err
	}
	if err := db.lock(ctx); err != nil {
		return nil, err
	}
	db.matching = append(slices.Clone(db.matching), b)
	e := db.acquire()
	db.unlock()
	err = db.writeMatches(ctx, e, b.keys)
	e.release()
	if err == nil {
		err = db.lock(ctx)
	}
	if err != nil {
		db.endMatch(b)
		return nil, err
	}
	b.whole = true
	db.unlock()
	return b, nil
}

// endMatch ends what matchAhead has begun, and removes what no model has come to declare.
func (db *DB) endMatch(b *matchBuild) {
	if b == nil {
		return
	}
	db.write <- struct{}{} // whatever has become of the store
	defer db.unlock()
	db.matching = slices.DeleteFunc(slices.Clone(db.matching), func(other *matchBuild) bool { return other == b })
	stray := slices.DeleteFunc(slices.Clone(b.digests), func(d digest) bool {
		return slices.Contains(db.cat.Load().digests(d.namespace), d.kind) ||
			slices.ContainsFunc(db.matching, func(other *matchBuild) bool { return slices.Contains(other.digests, d) })
	})
	if len(stray) == 0 || db.halted.Load() != nil || db.store.Failed() != nil {
		return
	}
	t := db.begin()
	t.settled = true
	for _, d := range stray {
		if kind, ok := idlist.ParseKind(d.kind); ok {
			t.dropMatches(d.namespace, kind)
		}
	}
	// What stays after an error nobody reads, and another attempt writes again.
	_ = t.finish(false)
}
