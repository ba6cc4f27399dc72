package portrait

import (
	"context"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/segment"
)

// fillBatch is how many profiles one commit of a filling evaluates.
const fillBatch = 2048

// fill evaluates the tags and indexes that are not complete over every profile,
// a batch a commit, with events going in between; then it makes them readable.
// What commits touch meanwhile they bring up to date themselves, so the sweep
// may pass over a profile that moved.
func (db *DB) fill(ctx context.Context) error {
	var s sweep
	for {
		if err := db.refold(ctx); err != nil {
			return err
		}
		if err := db.lock(ctx); err != nil {
			return err
		}
		done, err := db.fillSome(ctx, &s)
		db.unlock()
		if err != nil || done {
			return err
		}
	}
}

// sweep is how far one call of fill has come under one catalog. Under another one
// there may be more to fill, so that it begins anew.
type sweep struct {
	cat  *catalog
	from identity.Token
}

// fillSome does the next batch of a sweep.
func (db *DB) fillSome(ctx context.Context, s *sweep) (done bool, err error) {
	cat := db.cat.Load()
	if cat.refolding() {
		return false, nil
	}
	if !cat.anyFilling() {
		return true, nil
	}
	if s.cat != cat {
		*s = sweep{cat: cat}
	}
	t := db.begin()
	t.settled = true
	n, more := 0, false
	for m, err := range db.current.Load().everyone(ctx, s.from) {
		if err != nil {
			t.abort()
			return false, err
		}
		if n == fillBatch {
			s.from, more = m.root(), true
			break
		}
		n++
		if err := t.fillOne(m); err != nil {
			t.abort()
			return false, err
		}
	}
	if more {
		return false, t.finish(false)
	}
	t.complete(cat)
	t.next = cat.filled()
	if err := t.finish(false); err != nil {
		return false, err
	}
	return true, nil
}

func (m *member) root() identity.Token { return m.nodes[0].root }

// fillOne evaluates what is being filled for one profile.
func (t *txn) fillOne(m *member) error {
	st := m.state()
	for i, tag := range t.cat.tags {
		if !tag.filling {
			continue
		}
		if err := t.retag(i, m.ordinal, nil, st); err != nil {
			return err
		}
	}
	for _, ix := range t.cat.indexes {
		if ix.filling {
			if err := t.retrait(ix, m.ordinal, nil, st); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *catalog) anyFilling() bool {
	for _, t := range c.tags {
		if t.filling {
			return true
		}
	}
	for _, ix := range c.indexes {
		if ix.filling {
			return true
		}
	}
	return false
}

// filled returns the catalog with everything complete.
func (c *catalog) filled() *catalog {
	next := *c
	next.tags = make([]*tag, len(c.tags))
	for i, t := range c.tags {
		done := *t
		done.filling = false
		if t.values != nil {
			values := *t.values
			values.label, values.filling = &done, false
			done.values = &values
		}
		next.tags[i] = &done
	}
	next.indexes = make([]*traitIndex, len(c.indexes))
	for i, ix := range c.indexes {
		done := *ix
		done.filling = false
		next.indexes[i] = &done
	}
	return &next
}

// complete records that the fields of a catalog are whole.
func (t *txn) complete(c *catalog) {
	for _, tg := range c.tags {
		if tg.filling {
			t.putField(tg.field, fieldRecord{Use: tg.use(), Name: tg.def.Name})
		}
	}
	for _, ix := range c.indexes {
		if ix.filling {
			rec := fieldRecord{Use: useExists, Name: ix.name}
			if ix.column {
				rec.Use = useColumn
			}
			t.putField(ix.field, rec)
		}
	}
}

var (
	_ syntax.Scope   = (*catalog)(nil)
	_ segment.Loader = (*epoch)(nil)
	_ identity.Graph = graph{}
)
