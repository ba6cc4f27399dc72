package portrait

import (
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
	"github.com/portraitdb/portrait/tags"
)

// refolding reports whether there may be nodes that have not folded the events of
// before into all folds. Until there is none nothing that reads these folds can be
// read, and what the log holds is not swept.
func (c *catalog) refolding() bool { return c.folds.done < c.folds.gen }

// ready reports whether every node has folded all there is into a fold.
func (s *foldSet) ready(id uint32) bool {
	for i := range s.list {
		if s.list[i].id == id {
			return s.list[i].gen <= s.done
		}
	}
	return false
}

// lags reports whether something reads a fold that not every node is up to date in,
// so that nobody is told of it yet.
func (c *catalog) lags(deps tags.Deps) bool {
	return c.refolding() && slices.ContainsFunc(deps.Folds, func(id uint32) bool { return !c.folds.ready(id) })
}

// waits reports whether an index is to hold nothing yet: what it would hold of a profile
// changes with every node that catches up, of which it is not told.
func (c *catalog) waits(ix *traitIndex) bool {
	return ix.filling && c.refolding() &&
		(ix.computed != nil && c.lags(ix.computed.Deps()) || ix.label != nil && c.lags(ix.label.program.Deps()))
}

// behind returns the folds that a node of a generation has to catch up on at an
// instant; nil if there are none.
func (c *catalog) behind(gen uint32, now profile.Instant) *catchUp {
	gen = max(gen, c.folds.done)
	if gen >= c.folds.gen {
		return nil
	}
	u := &catchUp{schema: &profile.Schema{}, from: profile.Never, names: map[string]bool{}}
	newer := map[uint32]bool{}
	for _, e := range c.folds.list {
		newer[e.id] = e.gen > gen
	}
	for _, f := range c.fold.Folds {
		if !newer[f.ID] {
			continue
		}
		u.schema.Folds = append(u.schema.Folds, f)
		u.from = min(u.from, max(f.Since, keptFrom(&f, now)))
		for i := range f.Filters {
			u.names[f.Filters[i].Event] = true
		}
	}
	return u
}

// catchUp are folds that nodes have to catch up on.
type catchUp struct {
	schema *profile.Schema
	from   profile.Instant // no earlier event folds, or none into what is kept
	names  map[string]bool // of the events that fold
}

// state folds what the log holds of a node's events. It is the same whenever it is
// asked for as long as the node takes in no event.
func (u *catchUp) state(snap *store.Snapshot, token identity.Token) (*profile.State, error) {
	s := &profile.State{}
	if len(u.schema.Folds) == 0 {
		return s, nil
	}
	lower := keys.AppendEventsFrom(nil, token, int64(u.from))
	for kv, err := range snap.Scan(lower, keys.End(keys.AppendEvents(nil, token))) {
		if err == nil {
			err = u.fold(s, kv)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// fold folds one event of the log, if it is one to catch up on.
func (u *catchUp) fold(s *profile.State, kv store.KV) error {
	l, err := readLogged(kv)
	if err != nil {
		return err
	}
	named := l.head.Event()
	if name := named.CountedName(); name == "" || !u.names[name] && !u.names[profile.AnyEvent] {
		return nil
	}
	e, err := l.event()
	if err != nil {
		return err
	}
	s.Absorb(u.schema.LiftSeries(&e))
	return nil
}

// refold brings a node up to date, before it takes in an event: what it took in until
// now is in the log, and not in the folds that came since.
func (t *txn) refold(n *node) error {
	u := t.cat.behind(n.gen, t.meta.instant)
	if u == nil {
		n.gen = t.cat.folds.gen
		return nil
	}
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	s, err := u.state(snap, n.token)
	if err != nil {
		return err
	}
	t.caughtUp(n, s)
	return nil
}

// caughtUp adds to a node what it had to catch up on.
func (t *txn) caughtUp(n *node, s *profile.State) {
	t.catchUp(n, s)
	t.markDirty(n)
}

// catchUp is caughtUp but for noting that the node has changed. It changes nothing but
// the node, so that several may be changed side by side.
func (t *txn) catchUp(n *node, s *profile.State) {
	if n.owned != t.seq {
		n.state, n.owned = n.state.Clone(), t.seq
	}
	n.state.Absorb(s)
	n.state.Expire(t.cat.fold, t.meta.instant)
	n.gen = t.cat.folds.gen
}

// extend works out, when a model is applied at a moment, what the log covers under its
// policy, and from when on the folds are complete that it brings in. Only the next
// catalog changes, which nobody uses yet.
func (c *catalog) extend(next *catalog, m moment) {
	next.cover = c.cover.under(&next.model.Log, m)
	reads := false
	for _, e := range c.folds.fresh(next.folds) {
		for i := range next.fold.Folds {
			if f := &next.fold.Folds[i]; f.ID == e.id {
				f.Since = profile.Instant(e.spec.Since) // what an earlier call made of it is no part of the question
				e.since = c.cover.completeFrom(f, m)
				f.Since = max(f.Since, e.since)
				reads = reads || !m.empty && f.Since <= m.latest
			}
		}
	}
	// Without an event that has to be read, nodes are up to date as they are.
	if next.folds.done = c.folds.done; !reads && !c.refolding() {
		next.folds.done = next.folds.gen
	}
}

// extendLog puts into the transaction what the log covers under the next model.
func (t *txn) extendLog(cur, next *catalog) {
	cur.extend(next, t.db.moment(&t.meta))
	t.batch.Set(keys.AppendMeta(nil, metaLog), next.cover.append())
}

// moment is now, for what the log covers. It moves no clock.
func (db *DB) moment(m *meta) moment {
	clock := profile.InstantOf(db.opts.Clock())
	return moment{
		at:       max(clock, profile.Instant(db.asOf.Load()), m.instant),
		earliest: m.earliest, latest: m.latest, empty: m.accepted == 0,
	}
}

// loadCoverage reads what the log covers.
func (db *DB) loadCoverage() (coverage, error) {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaLog))
	if err != nil || !ok {
		return nil, err
	}
	return decodeCoverage(data)
}
