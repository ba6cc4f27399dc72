package portrait

import (
	"bytes"
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/idlist"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// digestSum is what pairs of a key and a value come to, in any order: how many they are,
// and the sum of their hashes. What comes to the same is the same, but for one case in
// 2^64.
type digestSum struct{ n, sum atomic.Uint64 }

func (d *digestSum) add(key, value []byte) {
	var h xxhash.Digest
	h.Reset()
	_, _ = h.Write(key)
	_, _ = h.Write(value)
	d.n.Add(1)
	d.sum.Add(h.Sum64())
}

func (d *digestSum) equal(o *digestSum) bool {
	return d.n.Load() == o.n.Load() && d.sum.Load() == o.sum.Load()
}

// matchKeys yields the keys of the match index that lead to an identifier. They are valid
// until the next.
func (c *inspector) matchKeys(id profile.Identifier) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		keyring := c.v.epoch.cat.match[id.Namespace]
		if keyring == nil {
			return
		}
		namespace := xxhash.Sum64String(id.Namespace)
		var key []byte
		for kind, t := range keyring.Tokens(id.Value) {
			key = keys.AppendMatch(key[:0], namespace, byte(kind), keys.Token(t))
			if !yield(key) {
				return
			}
		}
	}
}

// checkMatches compares the match indexes with what the identifiers come to. Only if that is
// something else are they gone through once more, a part of them at a time.
func (c *inspector) checkMatches() error {
	declared := map[string]bool{}
	for _, n := range c.v.epoch.cat.identity().Namespaces {
		for _, name := range n.Match {
			kind, _ := idlist.ParseKind(name)
			declared[string(keys.AppendMatches(nil, xxhash.Sum64String(n.Name), byte(kind)))] = true
		}
	}
	entries := func(each func(key, value []byte)) error {
		return c.scan(keys.Match, func(key, value []byte) error {
			if _, ok := keys.ReadMatch(key); !ok {
				return fmt.Errorf("%w: match key of %d bytes", ErrCorrupt, len(key))
			}
			if declared[string(key[:matchHead])] { // The rest is of an Apply that was broken off.
				each(key, value)
			}
			return nil
		})
	}
	var have digestSum
	if err := entries(have.add); err != nil || have.equal(&c.matches) {
		return err
	}
	parts := min(int(c.matches.n.Load()/matchPart)+1, 256)
	missing := 0
	for part := range parts {
		in := func(key []byte) bool { return int(key[matchHead])*parts/256 == part }
		want := map[string]identity.Token{}
		if err := c.wantMatches(want, in); err != nil {
			return err
		}
		if err := entries(func(key, value []byte) {
			if !in(key) {
				return
			}
			switch token, ok := want[string(key)]; {
			case !ok:
				c.differ("match index: an entry leads to an identifier that is not there")
			case !bytes.Equal(token[:], value):
				c.differ("match index: an entry leads to another identifier than its own")
			}
			delete(want, string(key))
		}); err != nil {
			return err
		}
		missing += len(want)
	}
	if missing > 0 {
		c.differ("match index: %d entries are missing", missing)
	}
	return nil
}

const (
	matchHead = 1 + 8 + 1 // of a key, before the token
	matchPart = 1 << 19   // entries that are looked at one by one
)

// wantMatches gathers the entries that should be in one part of the match indexes.
func (c *inspector) wantMatches(want map[string]identity.Token, in func(key []byte) bool) error {
	for _, nodes := range c.roster.parts {
		for i := range nodes {
			n, _, err := c.head(nodes[i].token)
			if err == nil && n == nil {
				err = fmt.Errorf("%w: node %s is not there any more", ErrCorrupt, nodes[i].token)
			}
			if err != nil {
				return err
			}
			for key := range c.matchKeys(n.id) {
				if in(key) {
					want[string(key)] = n.token
				}
			}
		}
	}
	return nil
}
