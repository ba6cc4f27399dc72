package portrait

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// txn is one commit under construction: everything that it changes goes into
// one batch, or is forgotten by abort. It runs under DB.write.
type txn struct {
	db    *DB
	cat   *catalog
	seq   uint64
	meta  meta // as it will be
	batch *store.Batch
	index *segment.Tx

	comps   map[identity.Token]*component // by root: every component looked at
	touched []*component                  // those whose people are evaluated at the end
	befores map[uint32]*person            // by ordinal: the people touched, as they stood
	edges   map[identity.Pair]*edgeEntry
	// incident lists the keys of edges by either end; vetoes holds those that are
	// new, true, or withdrawn, false.
	incident map[identity.Token][]identity.Pair
	vetoes   map[identity.Token]map[identity.Token]bool
	dirty    []*node
	values   []newValue // dictionary entries to learn once the commit is durable
	learnt   map[learntKey]segment.FieldID
	merged   []Merge   // records of the merge log
	audits   uint32    // records of decisions
	refused  []Refusal // of decisions, to be told at once
	// outranked says that a decision does not hold against a later one.
	outranked bool
	tally     tally // of refusals, as it will be; nil: as it is
	settled   bool  // nobody's evidence changed: there is nobody to evaluate
	// What the feed is told: bits turned and why, changes of definition, and when, if
	// not now.
	moves   []move
	defined []defined
	cause   feedCause
	at      profile.Instant
	// lists are those there are once the commit is durable; nil for those of before.
	lists []*list
	// relisted are the ordinals whose place in the lists was worked out anew.
	relisted []uint32
	// suppressed is what is so of some identifiers from this commit on, gone are the nodes
	// that it removes, and erased the ordinals of the people that they were.
	suppressed map[identity.Token]suppression
	gone       map[identity.Token]bool
	erased     []uint32
	// heard is what was told of consents in this commit, with what was told before.
	heard map[heardKey]*heardEntry
	// held are the legal holds on some identifiers from this commit on.
	held map[identity.Token]holds
	// note is what the host says of it, audited where the audit log stands with it, nil:
	// where it did, and decided whom its decisions are about, by what was decided.
	note    privacy.Note
	audited *privacy.Head
	decided map[string][]identity.Token
	// next is the catalog in force once the commit is durable; nil for cat.
	next *catalog

	key     []byte // scratch
	scratch []byte
}

// component is one connected set of nodes as the transaction sees it.
type component struct {
	root     identity.Token
	members  []identity.Token // sorted
	captured bool             // its person before the transaction is in befores
	listed   bool             // in touched
	gone     bool             // replaced by a regrouping
	all      bool             // evaluate every rule
	attrs    []string         // else the rules that read these
	events   []string
	folds    []uint32
	lists    []string // that a change of the list has put it into or taken it out of
	now      *person  // once settled; nil if it is no live profile

	single [1]identity.Token // the memory of members, of a node that is alone
}

// person is a live component's evidence at one moment.
type person struct {
	ordinal uint32
	states  []*profile.State
	lists   []string // that the person is in, of those that the catalog asks of
	comp    *component

	single [1]*profile.State // the memory of states, of a node that is alone
}

// state combines the person's evidence. The result is not to be changed.
func (p *person) state() *profile.State {
	if p == nil {
		return nil
	}
	s := p.states[0]
	if len(p.states) > 1 {
		s = s.Clone()
		for _, o := range p.states[1:] {
			s.Absorb(o)
		}
	}
	return s.InLists(p.lists)
}

type edgeEntry struct {
	identity.Edge
	exists, dirty bool
}

func (db *DB) begin() *txn {
	db.seq++
	db.batch.Reset()
	t := &txn{
		db: db, cat: db.cat.Load(), seq: db.seq, meta: db.meta,
		batch: db.batch, index: db.index.Begin(),
		comps:    map[identity.Token]*component{},
		befores:  map[uint32]*person{},
		edges:    map[identity.Pair]*edgeEntry{},
		incident: map[identity.Token][]identity.Pair{},
		vetoes:   map[identity.Token]map[identity.Token]bool{},
		learnt:   map[learntKey]segment.FieldID{},
		moves:    db.moves[:0],
	}
	return t
}

// abort forgets the transaction and everything the caches may hold of it.
func (t *txn) abort() {
	t.index.Abort()
	t.db.nodes.forget()
	t.db.sweep = unswept
}

// get reads the latest committed value of a key; only the writer may.
func (t *txn) get(key []byte) ([]byte, bool, error) {
	var ok bool
	var err error
	t.scratch, ok, err = t.db.store.GetTo(t.scratch[:0], key)
	return t.scratch, ok, err
}

// node returns a node that exists, from the cache or the store; nil if none.
func (t *txn) node(token identity.Token) (*node, error) {
	if n := t.db.nodes.get(token); n != nil {
		return n, nil
	}
	t.key = keys.AppendNode(t.key[:0], token)
	data, ok, err := t.get(t.key)
	if err != nil || !ok {
		return nil, err
	}
	n, err := decodeNode(token, data)
	if err != nil {
		return nil, err
	}
	t.db.nodes.put(n)
	return n, nil
}

// must returns a node that the store's own records lead to.
func (t *txn) must(token identity.Token) (*node, error) {
	n, err := t.node(token)
	if err == nil && n == nil {
		err = fmt.Errorf("%w: a record leads to a node that is not there", ErrCorrupt)
	}
	return n, err
}

// nodeOf returns the node of an identifier, made if need be.
func (t *txn) nodeOf(token identity.Token, id profile.Identifier) (*node, error) {
	n, err := t.node(token)
	if n != nil || err != nil {
		return n, err
	}
	n = &node{token: token, id: id, root: token, state: &profile.State{}, gen: t.cat.folds.gen}
	n.state.Name(&n.id)
	t.indexMatches(id, token)
	t.db.nodes.put(n)
	t.markDirty(n)
	return n, nil
}

func (t *txn) markDirty(n *node) {
	if n.dirty != t.seq {
		n.dirty = t.seq
		t.dirty = append(t.dirty, n)
	}
}

// component returns the component that a node belongs to.
func (t *txn) component(n *node) (*component, error) {
	if c := t.comps[n.root]; c != nil {
		return c, nil
	}
	c := &component{root: n.root}
	if n.alone() && !n.linked {
		c.single[0] = n.token
		c.members = c.single[:]
	} else {
		members, err := t.members(n)
		if err != nil {
			return nil, err
		}
		c.members = members
	}
	t.comps[n.root] = c
	return c, nil
}

func (t *txn) members(n *node) ([]identity.Token, error) {
	t.key = keys.AppendComponent(t.key[:0], n.root)
	data, ok, err := t.get(t.key)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return decodeComponent(data)
	case n.alone():
		return []identity.Token{n.token}, nil
	}
	return nil, fmt.Errorf("%w: a node's component is not there", ErrCorrupt)
}

// person returns who a component is now; nil if it is no live profile.
func (t *txn) person(c *component) (*person, error) {
	p := &person{comp: c}
	if p.states = p.single[:0]; len(c.members) > 1 {
		p.states = make([]*profile.State, 0, len(c.members))
	}
	live, numbered := false, false
	for _, token := range c.members {
		n, err := t.must(token)
		if err != nil {
			return nil, err
		}
		p.states = append(p.states, n.state)
		live = live || t.db.holds(t.cat, n)
		if n.numbered && (!numbered || n.ordinal < p.ordinal) {
			numbered, p.ordinal = true, n.ordinal
		}
	}
	if !live {
		return nil, nil
	}
	if !numbered {
		return p, t.number(p)
	}
	return p, nil
}

// holds reports whether a node makes its component a live profile.
func (db *DB) holds(cat *catalog, n *node) bool {
	return n.state.Events() > 0 && cat.rules.Names(n.evidence())
}

// number gives a new profile its ordinal: that of its strongest node that holds
// an event.
func (t *txn) number(p *person) error {
	var best *node
	for _, token := range p.comp.members {
		n, err := t.must(token)
		if err != nil {
			return err
		}
		if t.db.holds(t.cat, n) && (best == nil || t.cat.rules.Compare(n.id, best.id) < 0) {
			best = n
		}
	}
	if t.meta.nextOrdinal == 1<<32-1 {
		return errors.New("portrait: all 4,294,967,295 ordinals of the partition are taken")
	}
	best.ordinal, best.numbered = t.meta.nextOrdinal, true
	p.ordinal = best.ordinal
	t.meta.nextOrdinal++
	t.markDirty(best)
	t.key = keys.AppendOrdinal(t.key[:0], best.ordinal)
	t.batch.Set(t.key, best.token[:])
	return nil
}

// capture notes who a component was before the transaction changes it.
func (t *txn) capture(c *component) error {
	if c.captured {
		return nil
	}
	c.captured = true
	p, err := t.personBefore(c)
	if err != nil {
		return err
	}
	if p != nil {
		t.befores[p.ordinal] = p
	}
	if !c.listed {
		c.listed = true
		t.touched = append(t.touched, c)
	}
	return nil
}

// personBefore is person for a component that the transaction has not changed:
// a live one has its ordinal.
func (t *txn) personBefore(c *component) (*person, error) {
	if len(c.members) == 1 {
		n, err := t.must(c.members[0])
		if err != nil || n.state.Events() == 0 {
			return nil, err
		}
	}
	return t.person(c)
}

// fold adds one event's state to a node.
func (t *txn) fold(n *node, p *prepared) error { return t.absorb(n, p.delta, p.attrs, p.event) }

// absorb adds a state to that of a node: of an event with some attributes and perhaps a
// name that is counted, or of what it tells of purposes.
func (t *txn) absorb(n *node, delta *profile.State, attrs []string, event string) error {
	c, err := t.component(n)
	if err != nil {
		return err
	}
	if err := t.capture(c); err != nil {
		return err
	}
	if n.gen != t.cat.folds.gen {
		if err := t.refold(n); err != nil {
			return err
		}
	}
	if n.owned != t.seq {
		n.state, n.owned = n.state.Clone(), t.seq
	}
	n.state.Absorb(delta)
	n.state.Expire(t.cat.fold, t.meta.instant)
	t.markDirty(n)
	if c.all {
		return nil
	}
	for _, a := range attrs {
		if !slices.Contains(c.attrs, a) {
			c.attrs = append(c.attrs, a)
		}
	}
	if event != "" && !slices.Contains(c.events, event) {
		c.events = append(c.events, event)
	}
	for id := range delta.SeriesIDs() {
		if !slices.Contains(c.folds, id) {
			c.folds = append(c.folds, id)
		}
	}
	return nil
}

// finish evaluates everybody touched, fills the batch, makes it durable and
// publishes what it made. The epoch and instant in t.meta are published with it
// unless quiet, which is for all but the last of the batches of one Advance.
func (t *txn) finish(quiet bool) error {
	if !t.settled {
		if err := t.settle(); err != nil {
			t.abort()
			return err
		}
	}
	if err := t.index.Err(); err != nil {
		t.abort()
		return err
	}
	t.meta.epoch++
	if err := t.writeFeed(); err != nil {
		t.abort()
		return err
	}
	t.write()
	if err := t.db.store.Commit(t.batch, !t.db.opts.NoSync); err != nil {
		t.abort()
		return err
	}
	t.index.Commit()
	t.db.meta, t.db.moves = t.meta, t.moves
	if t.tally != nil {
		t.db.tally = t.tally
	}
	if t.audited != nil {
		t.db.audited = *t.audited
	}
	for _, v := range t.values {
		v.dict.add(v.value, v.field)
	}
	if t.next != nil {
		t.db.cat.Store(t.next)
	}
	maps.Copy(t.db.suppressed, t.suppressed)
	t.keepHolds()
	t.db.noteRelisted(t.relisted)
	if t.lists != nil {
		t.db.lists = t.lists
	}
	t.db.nodes.age()
	var err error
	if !quiet {
		err = t.db.publish()
	}
	t.db.uploads.note(t.gone, t.meta.epoch)
	return err
}

// write puts the records of nodes, edges, the index and the store's own state
// into the batch.
func (t *txn) write() {
	t.dirty = slices.DeleteFunc(t.dirty, func(n *node) bool { return t.gone[n.token] })
	// In the order of their keys, which is cheaper for the store.
	slices.SortFunc(t.dirty, func(a, b *node) int { return bytes.Compare(a.token[:], b.token[:]) })
	for _, n := range t.dirty {
		number := t.sealOf(n)
		t.scratch = appendNodeHead(t.scratch[:0], n)
		head := len(t.scratch)
		t.scratch = appendNodeBody(t.scratch, n)
		t.db.nodes.resize(n, len(t.scratch))
		t.key = keys.AppendNode(t.key[:0], n.token)
		t.batch.SetSealed(t.key, number, t.scratch[:head], t.scratch[head:])
	}
	t.writeHeard()
	for pair, e := range t.edges {
		if !e.dirty {
			continue
		}
		t.scratch = appendEdge(t.scratch[:0], &e.Edge)
		t.key = keys.AppendEdge(t.key[:0], pair.Weak, pair.Strong)
		t.batch.Set(t.key, t.scratch)
		if !e.exists {
			t.key = keys.AppendEdge(t.key[:0], pair.Strong, pair.Weak)
			t.batch.Set(t.key, nil)
		}
	}
	for key, operand := range t.index.Deltas() {
		t.key = keys.AppendShard(t.key[:0], uint32(key.Field), key.Shard)
		t.batch.Merge(t.key, operand)
	}
	t.writeTally()
	t.scratch = t.meta.append(t.scratch[:0])
	t.key = keys.AppendMeta(t.key[:0], metaState)
	t.batch.Set(t.key, t.scratch)
}
