package portrait

import (
	"context"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/idlist"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// addMatches makes the keyrings of the namespaces that lists may name by digests.
func (c *catalog) addMatches(key [32]byte) []error {
	var faults []error
	c.match = matchKeys{}
	for _, n := range c.identity().Namespaces {
		if len(n.Match) == 0 {
			continue
		}
		var kinds []idlist.Kind
		for _, name := range n.Match {
			kind, ok := idlist.ParseKind(name)
			switch {
			case !ok || kind == idlist.Auto || kind == idlist.Plain:
				faults = append(faults, fmt.Errorf("namespace %q: match: unknown digest %q: want md5, sha1 or sha256", n.Name, name))
			case slices.Contains(kinds, kind):
				faults = append(faults, fmt.Errorf("namespace %q: match: %s is there twice", n.Name, name))
			default:
				kinds = append(kinds, kind)
			}
		}
		if len(kinds) == 0 {
			continue
		}
		keyring, err := idlist.NewKeys(key, n.Name, kinds...)
		if err != nil {
			faults = append(faults, fmt.Errorf("namespace %q: match: %w", n.Name, err))
			continue
		}
		c.match[n.Name] = keyring
	}
	return faults
}

// digests are the kinds that a namespace is matched by.
func (c *catalog) digests(namespace string) []string {
	for _, n := range c.identity().Namespaces {
		if n.Name == namespace {
			return n.Match
		}
	}
	return nil
}

// matchKeys are keyrings by namespace.
type matchKeys map[string]*idlist.Keys

// index puts what leads from the digests of an identifier to it.
func (m matchKeys) index(set func(key, value []byte), id profile.Identifier, token identity.Token) {
	keyring := m[id.Namespace]
	if keyring == nil {
		return
	}
	ns := xxhash.Sum64String(id.Namespace)
	for kind, t := range keyring.Tokens(id.Value) {
		set(keys.AppendMatch(nil, ns, byte(kind), keys.Token(t)), token[:])
	}
}

// indexMatches puts what leads from the digests of a new identifier to it, those of the
// model in force and those that are being made for one.
func (t *txn) indexMatches(id profile.Identifier, token identity.Token) {
	t.cat.match.index(t.batch.Set, id, token)
	for _, b := range t.db.matching {
		b.keys.index(t.batch.Set, id, token)
	}
}

// digest is one kind of digest of a namespace's identifiers.
type digest struct{ namespace, kind string }

// freshDigests returns what the next catalog declares and another one does not.
func (c *catalog) freshDigests(next *catalog) (fresh []digest) {
	for _, n := range next.identity().Namespaces {
		have := c.digests(n.Name)
		for _, kind := range n.Match {
			if !slices.Contains(have, kind) {
				fresh = append(fresh, digest{n.Name, kind})
			}
		}
	}
	return fresh
}

// ring returns keyrings for some digests alone.
func (c *catalog) ring(key [32]byte, some []digest) (matchKeys, error) {
	kinds := map[string][]idlist.Kind{}
	for _, d := range some {
		if kind, ok := idlist.ParseKind(d.kind); ok {
			kinds[d.namespace] = append(kinds[d.namespace], kind)
		}
	}
	ring := matchKeys{}
	for namespace, kinds := range kinds {
		keyring, err := idlist.NewKeys(key, namespace, kinds...)
		if err != nil {
			return nil, err
		}
		ring[namespace] = keyring
	}
	return ring, nil
}

// rematch brings the match indexes to what the next catalog declares, before it is in
// force: it reads every identifier where a digest is new that was not made ahead. Broken
// off, it leaves entries that nobody reads and that the next attempt writes again.
func (db *DB) rematch(ctx context.Context, e *epoch, next *catalog) error {
	fresh := slices.DeleteFunc(e.cat.freshDigests(next), func(d digest) bool {
		return slices.ContainsFunc(db.matching, func(b *matchBuild) bool { return b.whole && slices.Contains(b.digests, d) })
	})
	if len(fresh) == 0 {
		return nil
	}
	ring, err := next.ring(db.key, fresh)
	if err != nil {
		return err
	}
	return db.writeMatches(ctx, e, ring)
}

// writeMatches writes the match indexes of an epoch's identifiers. It takes no right to
// write: nothing reads them before the model that declares them is in force.
func (db *DB) writeMatches(ctx context.Context, e *epoch, ring matchKeys) error {
	batches := newBatches(db)
	err := db.crew.eachPiece(ctx, nodeShares, func(worker, share int) error {
		b := batches[worker]
		prefix := []byte{keys.Node, byte(share)}
		for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
			if err != nil {
				return err
			}
			token, err := tokenOf(kv.Key)
			if err != nil {
				return err
			}
			head, _, err := splitNode(token, kv.Value)
			if err != nil {
				return err
			}
			ring.index(b.Set, head.id, token)
			if err := db.commitApart(b, apartBytes); err != nil {
				return err
			}
		}
		return nil
	})
	for _, b := range batches {
		if err == nil {
			err = db.commitApart(b, 0)
		}
	}
	return err
}

// unmatch removes the match indexes that the next catalog does not declare any more.
func (t *txn) unmatch(cur, next *catalog) {
	for _, n := range cur.identity().Namespaces {
		keep := next.digests(n.Name)
		for _, name := range n.Match {
			if kind, ok := idlist.ParseKind(name); ok && !slices.Contains(keep, name) {
				t.dropMatches(n.Name, kind)
				for _, b := range t.db.matching {
					b.forget(digest{n.Name, name})
				}
			}
		}
	}
}

// dropMatches removes the match index of one kind of digest.
func (t *txn) dropMatches(namespace string, kind idlist.Kind) {
	prefix := keys.AppendMatches(nil, xxhash.Sum64String(namespace), byte(kind))
	t.batch.DeleteRange(prefix, keys.End(prefix))
}
