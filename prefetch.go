package portrait

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

const (
	// prefetchLeast is the number of look-ups that a goroutine is started for.
	prefetchLeast = 64
	// probeShare is how many dedup keys are looked up in one go.
	probeShare = 128
)

// prefetch does the reads that a group of requests will need, side by side: it
// tells of each event whether its dedup key is in the store, brings the nodes
// that are not cached into the cache, and the edges of the events' identifiers
// into the transaction. It returns once all are done.
func (t *txn) prefetch(group []*request) (known []bool, err error) {
	db := t.db
	p := prefetch{db: db}
	missing := map[identity.Token]struct{}{}
	pairs := map[identity.Pair]struct{}{}
	for _, r := range group {
		if r.cat != t.cat { // the model changed while it waited
			fresh := db.prepare(r.events)
			r.prepared, r.lost, r.result = fresh.prepared, fresh.lost, fresh.result
		}
		for i := range r.prepared {
			e := &r.prepared[i]
			p.probes = append(p.probes, probe{key: e.dedup[:], place: len(p.probes)})
			for j, id := range e.ids {
				if db.nodes.get(id.token) != nil {
					db.nodes.hits++
				} else {
					db.nodes.misses++
					missing[id.token] = struct{}{}
				}
				if j > 0 {
					pairs[identity.Pair{Weak: id.token, Strong: e.ids[0].token}] = struct{}{}
				}
			}
		}
	}
	p.known = make([]bool, len(p.probes))
	p.tokens = slices.Collect(maps.Keys(missing))
	p.nodes = make([]*node, len(p.tokens))
	p.pairs = slices.Collect(maps.Keys(pairs))
	p.edges = make([]*edgeEntry, len(p.pairs))
	// Neighbours lie in one block, and a search passes near the one before.
	slices.SortFunc(p.tokens, func(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) })
	slices.SortFunc(p.probes, func(a, b probe) int { return bytes.Compare(a.key, b.key) })

	slices.SortFunc(p.pairs, func(a, b identity.Pair) int {
		return cmp.Or(bytes.Compare(a.Weak[:], b.Weak[:]), bytes.Compare(a.Strong[:], b.Strong[:]))
	})

	workers := min(runtime.GOMAXPROCS(0), 1+(len(p.probes)+len(p.tokens)+len(p.pairs))/prefetchLeast)
	faults := make([]error, workers)
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		db.crew.start(&wg, func() { faults[w] = p.run() })
	}
	faults[0] = p.run()
	wg.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for _, n := range p.nodes {
		if n != nil {
			db.nodes.put(n)
		}
	}
	for _, e := range p.edges {
		t.adopt(e)
	}
	return p.known, nil
}

// prefetch is the work that several goroutines share: what is asked, and what
// was found, each at its own place.
type prefetch struct {
	db     *DB
	probes []probe // sorted by key
	known  []bool  // by place
	tokens []identity.Token
	nodes  []*node // nil where there is none
	pairs  []identity.Pair
	edges  []*edgeEntry

	nextProbe, nextToken, nextPair atomic.Int64
}

// probe is one dedup key, and the place of its event in the group.
type probe struct {
	key   []byte
	place int
}

// run takes pieces of the work until none is left.
func (p *prefetch) run() error {
	batch := make([][]byte, 0, probeShare)
	found := make([]bool, 0, probeShare)
	for {
		from := int(p.nextProbe.Add(probeShare)) - probeShare
		if from >= len(p.probes) {
			break
		}
		some := p.probes[from:min(from+probeShare, len(p.probes))]
		batch = batch[:0]
		for _, b := range some {
			batch = append(batch, b.key)
		}
		var err error
		if found, err = p.db.store.Has(found[:0], batch...); err != nil {
			return err
		}
		for i, b := range some {
			p.known[b.place] = found[i]
		}
	}
	if err := p.runNodes(); err != nil {
		return err
	}
	return p.runEdges()
}

func (p *prefetch) runNodes() error {
	var key, data []byte
	for {
		i := int(p.nextToken.Add(1)) - 1
		if i >= len(p.tokens) {
			return nil
		}
		key = keys.AppendNode(key[:0], p.tokens[i])
		var ok bool
		var err error
		if data, ok, err = p.db.store.GetTo(data[:0], key); ok {
			p.nodes[i], err = decodeNode(p.tokens[i], data)
		}
		if err != nil {
			return err
		}
	}
}

func (p *prefetch) runEdges() error {
	var key, data []byte
	for {
		i := int(p.nextPair.Add(1)) - 1
		if i >= len(p.pairs) {
			return nil
		}
		var err error
		if p.edges[i], key, data, err = readEdge(p.db.store, p.pairs[i], key, data); err != nil {
			return err
		}
	}
}
