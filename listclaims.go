package portrait

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/portraitdb/portrait/identity"
)

// claim is what one node says of the component that it is of: that it is in the list, or
// which ordinal it has.
type claim struct {
	root    identity.Token
	ordinal uint32
}

// isListed in the place of an ordinal says that the node is in the list. No node has it
// as an ordinal.
const isListed = math.MaxUint32

// compareClaims orders claims by component, those of one by ordinal, and that it is in
// the list last.
func compareClaims(a, b claim) int {
	if x, y := binary.BigEndian.Uint64(a.root[:]), binary.BigEndian.Uint64(b.root[:]); x != y {
		return cmp.Compare(x, y)
	}
	return cmp.Or(bytes.Compare(a.root[8:], b.root[8:]), cmp.Compare(a.ordinal, b.ordinal))
}

// listedIn yields the least ordinal of each component that is in the list, of claims that
// are in order.
func listedIn(claims []claim, yield func(ordinal uint32)) {
	for len(claims) > 0 {
		n := 1
		for n < len(claims) && claims[n].root == claims[0].root {
			n++
		}
		if least := claims[0].ordinal; least != isListed && claims[n-1].ordinal == isListed {
			yield(least)
		}
		claims = claims[n:]
	}
}

// claimChunk is how many claims a goroutine gathers before it hands them over.
const claimChunk = 256

// claims gathers what the nodes say of those components whose roots lie in a range of
// first bytes, as many as may be held at once. Several goroutines may gather, each with a
// claimer of its own.
type claims struct {
	from int          // the first byte of a root in the range
	to   atomic.Int64 // past the last; it falls where there are too many
	most int          // claims that are held, as long as the range has more than one byte

	mu    sync.Mutex // guards what follows
	held  int
	parts [nodeShares][][]claim
}

// newClaims returns a range that begins with a first byte.
func newClaims(from, most int) *claims {
	c := &claims{from: from, most: most}
	c.to.Store(nodeShares)
	return c
}

// push takes over what one goroutine has gathered of one first byte.
func (c *claims) push(part int, some []claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to := int(c.to.Load())
	if part >= to {
		return // for the next range
	}
	c.parts[part] = append(c.parts[part], some)
	c.held += len(some)
	for c.held > c.most && to > c.from+1 {
		to--
		for _, chunk := range c.parts[to] {
			c.held -= len(chunk)
		}
		c.parts[to] = nil
	}
	c.to.Store(int64(to))
}

// sorted returns what was gathered of one first byte, in order, and forgets it.
func (c *claims) sorted(part int) []claim {
	all := slices.Concat(c.parts[part]...)
	c.parts[part] = nil
	slices.SortFunc(all, compareClaims)
	return all
}

// claimer gathers claims for one goroutine.
type claimer struct {
	claims *claims
	open   [nodeShares][]claim
}

// add adds a claim.
func (r *claimer) add(root identity.Token, ordinal uint32) {
	part := int(root[0])
	if part < r.claims.from || int64(part) >= r.claims.to.Load() {
		return
	}
	r.open[part] = append(r.open[part], claim{root, ordinal})
	if len(r.open[part]) == claimChunk {
		r.claims.push(part, r.open[part])
		r.open[part] = make([]claim, 0, claimChunk)
	}
}

// finish hands over what no chunk was filled with.
func (r *claimer) finish() {
	for part, some := range r.open {
		if len(some) > 0 {
			r.claims.push(part, some)
			r.open[part] = nil
		}
	}
}
