package portrait

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// listSizes are the measures of writing a list. Tests choose their own.
type listSizes struct {
	// bits is about how many profiles one commit puts into a list.
	bits int
	// claims is about how many claims are held at once.
	claims int
	// seek is how many nodes are read in a row in the time that it takes to look up whose
	// an identifier is.
	seek int
	// memory is how much of a list is held in memory, in bytes; 0 is the default.
	memory int64
	// moves is how many profiles a change of a list may move in one commit, where rules ask
	// of it.
	moves int
}

// defaultListSizes hold at most 512 MiB of claims.
var defaultListSizes = listSizes{bits: 1 << 13, claims: 512 << 20 / 20, seek: 100, moves: 1 << 14}

// listResolver finds out which profiles some identifiers belong to, as of one epoch.
type listResolver struct {
	crew   *crew
	e      *epoch
	tokens *listTokens // sorted
	sizes  listSizes

	mu    sync.Mutex // guards found
	found ordinalSet // the profiles, and ordinals that are none any more
}

// resolve returns the live profiles that the identifiers belong to. A few of them are
// looked up; for many all nodes are read once in the order of their keys, since a profile's
// nodes lie far apart.
func (r *listResolver) resolve(ctx context.Context) (ordinalSet, error) {
	nodes, err := r.e.about(ctx)
	if err != nil {
		return nil, err
	}
	if float64(r.tokens.n)*float64(r.sizes.seek) < nodes {
		err = r.lookUp(ctx)
	} else {
		err = r.sweep(ctx)
	}
	if err != nil {
		return nil, err
	}
	live, err := segment.NewQuery(segment.Bits(universe), universe).Set(ctx, segment.Source{Root: r.e.root, Loader: r.e, Epoch: r.e.number})
	if err != nil {
		return nil, err
	}
	people := ordinalSet{}
	for ordinal := range r.found.from(0) {
		if live.Contains(profile.MakeID(0, ordinal)) {
			people.add(ordinal)
		}
	}
	return people, nil
}

// about returns about how many nodes there are, from how densely the first of them lie:
// tokens are keyed hashes, which lie evenly.
func (e *epoch) about(ctx context.Context) (float64, error) {
	const probe = 1 << 10
	prefix := []byte{keys.Node}
	n := 0.0
	for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return 0, err
		}
		if n++; n == probe {
			token, err := tokenOf(kv.Key)
			if err != nil {
				return 0, err
			}
			share := (float64(binary.BigEndian.Uint64(token[:])) + 1) / math.MaxUint64
			return n / share, context.Cause(ctx)
		}
	}
	return n, nil
}

// note notes profiles, from any goroutine.
func (r *listResolver) note(ordinals []uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range ordinals {
		r.found.add(o)
	}
}

// lookUp looks up whose each identifier is.
func (r *listResolver) lookUp(ctx context.Context) error {
	return r.crew.eachPiece(ctx, nodeShares, func(_, part int) error {
		var found []uint32
		for _, token := range r.tokens.sorted(part) {
			ordinal, ok, err := r.e.ordinalOf(token)
			if err != nil {
				return err
			}
			if ok {
				found = append(found, ordinal)
			}
		}
		r.note(found)
		return nil
	})
}

// ordinalOf returns the ordinal of the component that holds an identifier, if it has one.
func (e *epoch) ordinalOf(token identity.Token) (ordinal uint32, ok bool, err error) {
	head, err := e.head(token)
	if err != nil {
		return 0, false, err
	}
	members, err := e.tokens(head)
	if err != nil {
		return 0, false, err
	}
	var l living
	for _, m := range members {
		n := head
		if m != token {
			if n, err = e.head(m); err != nil {
				return 0, false, err
			}
		}
		l.add(n, false)
	}
	return l.ordinal, l.numbered, nil
}

// head reads a node that records lead to, without its state.
func (e *epoch) head(token identity.Token) (*node, error) {
	data, ok, err := e.snap.GetTo(nil, keys.AppendNode(nil, token))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoNode
	}
	head, _, err := splitNode(token, data)
	return &head, err
}

// sweep reads all nodes, as often as it takes to hold what they say of their components.
func (r *listResolver) sweep(ctx context.Context) error {
	for from := 0; from < nodeShares; {
		c := newClaims(from, r.sizes.claims)
		claimers := make([]*claimer, runtime.GOMAXPROCS(0))
		for i := range claimers {
			claimers[i] = &claimer{claims: c}
		}
		if err := r.crew.eachPiece(ctx, nodeShares, func(worker, part int) error { return r.read(part, claimers[worker]) }); err != nil {
			return err
		}
		for _, c := range claimers {
			c.finish()
		}
		to := int(c.to.Load())
		err := r.crew.eachPiece(ctx, to-from, func(_, i int) error {
			var found []uint32
			listedIn(c.sorted(from+i), func(ordinal uint32) { found = append(found, ordinal) })
			r.note(found)
			return nil
		})
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

// read reads the nodes whose tokens begin with a byte. What is alone is decided at once.
func (r *listResolver) read(part int, out *claimer) error {
	listed := r.tokens.sorted(part)
	lower := []byte{keys.Node, byte(part)}
	var found []uint32
	n := 0
	for kv, err := range r.e.snap.Scan(lower, keys.End(lower)) {
		if err != nil {
			return err
		}
		if n++; n%1024 == 0 {
			runtime.Gosched() // others may be waiting for a processor
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return err
		}
		head, _, err := splitNode(token, kv.Value)
		if err != nil {
			return err
		}
		is := false
		if len(listed) > 0 {
			order := bytes.Compare(listed[0][:], token[:])
			if order < 0 {
				return errNoNode
			}
			if is = order == 0; is {
				listed = listed[1:]
			}
		}
		switch {
		case head.alone() && !head.linked:
			if is && head.numbered {
				found = append(found, head.ordinal)
			}
			continue
		case is:
			out.add(head.root, isListed)
		}
		if head.numbered {
			out.add(head.root, head.ordinal)
		}
	}
	if len(listed) > 0 {
		return errNoNode
	}
	r.note(found)
	return nil
}

var errNoNode = fmt.Errorf("%w: a record leads to a node that is not there", ErrCorrupt)
