package portrait

import (
	"context"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/segment"
)

// fill evaluates the tags and indexes that are not complete over every profile,
// a batch a commit, with events going in between; then it makes them readable.
// What commits touch meanwhile they bring up to date themselves, so the sweep
// may pass over a profile that moved. Every commit of it is as of now, so that nobody
// is told to have entered who has left since.
func (db *DB) fill(ctx context.Context) error { return db.fillAt(ctx, 0) }

// fillAt is fill of at most so many profiles a second; 0 sets no bound.
func (db *DB) fillAt(ctx context.Context, rate int) error {
	var s sweep
	for {
		if err := db.refold(ctx, rate); err != nil {
			return err
		}
		if err := db.lock(ctx); err != nil {
			return err
		}
		n, done, err := 0, false, db.fireDue()
		if err == nil {
			n, done, err = db.fillSome(ctx, &s)
		}
		db.unlock()
		if err != nil || done {
			return err
		}
		if err := pause(ctx, n, rate); err != nil {
			return err
		}
	}
}

// fireDue does what time alone has changed until now, so that passTime passes all of it.
// The caller holds the right to write.
func (db *DB) fireDue() error {
	if now := db.now(); db.meta.nextDue <= now && db.meta.instant < now {
		return db.fire(now, false)
	}
	return nil
}

// sweep is how far one call of fill has come under one catalog. Under another one
// there may be more to fill, so that it begins anew.
type sweep struct {
	cat   *catalog
	what  filling
	from  identity.Token
	pace  fillPace
	swept bool // everybody has been evaluated
}

// beginSweep returns the sweep of a catalog: from where an earlier one under the same
// model was broken off.
func (db *DB) beginSweep(ctx context.Context, cat *catalog) (sweep, error) {
	s := sweep{cat: cat, what: cat.filling()}
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaFill))
	if err != nil {
		return s, err
	}
	var done uint64
	if ok {
		if s.from, done, _, err = decodeFill(data); err != nil {
			return s, err
		}
	}
	e := db.current.Load()
	live, err := e.live(ctx)
	s.pace = newFillPace(min(fillNodes, fillVerdicts/max(s.what.rules(), 1)), live)
	db.filler.filled.Store(done)
	db.filler.total.Store(live)
	return s, err
}

// live returns how many live profiles there are.
func (e *epoch) live(ctx context.Context) (uint64, error) {
	return segment.NewQuery(segment.Bits(universe), universe).Count(ctx, segment.Source{Root: e.root, Loader: e, Epoch: e.number})
}

// fillSome does the next batch of a sweep, of n profiles.
func (db *DB) fillSome(ctx context.Context, s *sweep) (n int, done bool, err error) {
	cat := db.cat.Load()
	if cat.refolding() {
		return 0, false, nil
	}
	if !cat.anyFilling() {
		return 0, true, nil
	}
	if s.cat != cat {
		if *s, err = db.beginSweep(ctx, cat); err != nil {
			return 0, false, err
		}
	}
	if s.swept {
		return 0, true, db.completeFill(ctx, cat)
	}
	began := time.Now()
	t := db.begin()
	t.passTimeOfPeople()
	t.settled = true
	b := s.nextBatch(db.current.Load())
	if err = b.read(ctx, &db.crew, db.judges.all(t)); err == nil {
		n, err = t.fillAll(b.parts)
	}
	if err != nil {
		t.abort()
		return 0, false, err
	}
	last := &b.parts[len(b.parts)-1]
	if s.from, s.swept = last.to, last.open; !s.swept {
		done := db.filler.filled.Add(uint64(n))
		t.key = keys.AppendMeta(t.key[:0], metaFill)
		t.batch.Set(t.key, appendFill(nil, s.from, done, db.filler.behind))
	}
	err = t.finish(false)
	s.pace.adapt(len(b.parts), b.nodes(), time.Since(began))
	return n, false, err
}

// completeFill makes what a sweep has filled readable, in a commit of its own: who
// has entered a tag is told by comparing bitmaps that are durable.
func (db *DB) completeFill(ctx context.Context, cat *catalog) error {
	t := db.begin()
	t.passTimeOfPeople()
	t.settled, t.next = true, cat.filled()
	if err := t.complete(ctx, cat); err != nil {
		t.abort()
		return err
	}
	t.batch.Delete(keys.AppendMeta(nil, metaFill))
	return t.finish(false)
}

// appendFill appends the record of a filling under way: where it goes on, how many
// profiles it has done, and whether it goes on in the background.
func appendFill(dst []byte, from identity.Token, done uint64, behind bool) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 3)
	return pack.AppendBool(pack.AppendUint(pack.AppendBin(dst, from[:]), done), behind)
}

func decodeFill(data []byte) (from identity.Token, done uint64, behind bool, err error) {
	r := openRecord(data)
	r.Fields("fill", 3)
	from = readToken(&r, r.Bin())
	done = r.Uint()
	behind = r.Bool()
	return from, done, behind, closeRecord("fill", &r)
}

// resumeFill goes on with a filling that was broken off: in the background where it
// went on there.
func (db *DB) resumeFill() error {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaFill))
	if err != nil {
		return err
	}
	if ok {
		if _, _, db.filler.behind, err = decodeFill(data); err != nil {
			return err
		}
	}
	if !db.filler.behind {
		if err := db.fill(context.Background()); !refusedForNow(err) {
			return err
		}
	}
	db.filler.rouse()
	return nil
}

// filling is what of a catalog is not complete.
type filling struct {
	tags    []int
	indexes []*traitIndex
}

func (c *catalog) filling() (f filling) {
	for i, t := range c.tags {
		if t.filling {
			f.tags = append(f.tags, i)
		}
	}
	for _, ix := range c.indexes {
		if ix.filling {
			f.indexes = append(f.indexes, ix)
		}
	}
	return f
}

// rules returns how many there are to evaluate.
func (f *filling) rules() int { return len(f.tags) + len(f.indexes) }

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
		done.filling, done.former = false, nil
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
func (t *txn) complete(ctx context.Context, c *catalog) error {
	for _, tg := range c.tags {
		if tg.filling {
			if err := t.reveal(ctx, tg); err != nil {
				return err
			}
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
	return nil
}

var (
	_ syntax.Scope   = (*catalog)(nil)
	_ segment.Loader = (*epoch)(nil)
	_ identity.Graph = graph{}
)
