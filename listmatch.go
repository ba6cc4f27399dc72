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
	c.match = map[string]*idlist.Keys{}
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

// indexMatches puts what leads from the digests of an identifier to it.
func (c *catalog) indexMatches(set func(key, value []byte), id profile.Identifier, token identity.Token) {
	keyring := c.match[id.Namespace]
	if keyring == nil {
		return
	}
	ns := xxhash.Sum64String(id.Namespace)
	for kind, t := range keyring.Tokens(id.Value) {
		set(keys.AppendMatch(nil, ns, byte(kind), keys.Token(t)), token[:])
	}
}

// rematch brings the match indexes to what the next catalog declares, before it is in
// force: it reads every identifier where a digest is new. Broken off, it leaves entries
// that nobody reads and that the next attempt writes again.
func (db *DB) rematch(ctx context.Context, e *epoch, next *catalog) error {
	fresh := map[string]bool{} // the namespaces
	for _, n := range next.identity().Namespaces {
		have := e.cat.digests(n.Name)
		if slices.ContainsFunc(n.Match, func(kind string) bool { return !slices.Contains(have, kind) }) {
			fresh[n.Name] = true
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	b := db.store.NewBatch()
	prefix := []byte{keys.Node}
	seen := 0
	for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		if seen++; err == nil && seen&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
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
		if fresh[head.id.Namespace] {
			next.indexMatches(b.Set, head.id, token)
		}
		if b.Size() > 1<<20 {
			if err := db.store.Commit(b, false); err != nil {
				return err
			}
			b.Reset()
		}
	}
	return db.store.Commit(b, !db.opts.NoSync)
}

// unmatch removes the match indexes that the next catalog does not declare any more.
func (t *txn) unmatch(cur, next *catalog) {
	for _, n := range cur.identity().Namespaces {
		keep := next.digests(n.Name)
		for _, name := range n.Match {
			if kind, ok := idlist.ParseKind(name); ok && !slices.Contains(keep, name) {
				prefix := keys.AppendMatches(nil, xxhash.Sum64String(n.Name), byte(kind))
				t.batch.DeleteRange(prefix, keys.End(prefix))
			}
		}
	}
}
