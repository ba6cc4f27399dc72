package portrait

import (
	"bytes"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// prefetchLeast is the number of look-ups from which on several goroutines share
// them.
const prefetchLeast = 64

// prefetch does the reads that a group of requests will need, side by side: it
// tells of each event whether its dedup key is in the store, and brings the
// nodes that are not cached into the cache. It returns once all are done.
func (db *DB) prefetch(cat *catalog, group []*request) (known []bool, err error) {
	var dedup [][]byte
	missing := map[identity.Token]struct{}{}
	for _, r := range group {
		if r.cat != cat { // the model changed while it waited
			fresh := db.prepare(r.events)
			r.prepared, r.result = fresh.prepared, fresh.result
		}
		for i := range r.prepared {
			p := &r.prepared[i]
			dedup = append(dedup, p.dedup[:])
			for _, id := range p.ids {
				if db.nodes.get(id.token) == nil {
					missing[id.token] = struct{}{}
				}
			}
		}
	}
	workers := min(runtime.GOMAXPROCS(0), 1+(len(dedup)+len(missing))/prefetchLeast)
	if workers == 1 {
		return db.store.Has(make([]bool, 0, len(dedup)), dedup...)
	}
	tokens := make([]identity.Token, 0, len(missing))
	for t := range missing {
		tokens = append(tokens, t)
	}
	// Neighbours lie in one block.
	slices.SortFunc(tokens, func(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) })
	nodes := make([]*node, len(tokens))
	var next atomic.Int64
	faults := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			if w == 0 {
				if known, faults[0] = db.store.Has(make([]bool, 0, len(dedup)), dedup...); faults[0] != nil {
					return
				}
			}
			var key, data []byte
			for i := next.Add(1) - 1; i < int64(len(tokens)); i = next.Add(1) - 1 {
				var ok bool
				key = keys.AppendNode(key[:0], tokens[i])
				if data, ok, faults[w] = db.store.GetTo(data[:0], key); ok {
					nodes[i], faults[w] = decodeNode(tokens[i], data)
				}
				if faults[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range faults {
		if err != nil {
			return nil, err
		}
	}
	for _, n := range nodes {
		if n != nil {
			db.nodes.put(n)
		}
	}
	return known, nil
}

// inShares runs work over n items, cut into at most as many shares as there are
// processors and none smaller than least, and returns when all is done.
func inShares(n, least int, work func(from, to int)) {
	shares := min(runtime.GOMAXPROCS(0), max(n/least, 1))
	var wg sync.WaitGroup
	for i := 1; i < shares; i++ {
		wg.Go(func() { work(i*n/shares, (i+1)*n/shares) })
	}
	work(0, n/shares)
	wg.Wait()
}
