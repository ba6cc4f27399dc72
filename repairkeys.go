package portrait

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/idlist"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// matches makes sure that every identifier is found by its digests.
func (r *repair) matches() error {
	misled := map[string]bool{} // entries that led elsewhere
	if err := r.scan([]byte{keys.Node}, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			return nil //nolint:nilerr // it is lost, which readNodes told of
		}
		n, _, err := splitNode(token, value)
		keyring := r.cat.match[n.id.Namespace]
		if err != nil || keyring == nil || n.lost {
			return nil //nolint:nilerr // likewise
		}
		for kind, t := range keyring.Tokens(n.id.Value) {
			key := keys.AppendMatch(nil, xxhash.Sum64String(n.id.Namespace), byte(kind), keys.Token(t))
			have, ok, err := r.snap.GetTo(nil, key)
			if err != nil {
				return err
			}
			if r.put("matches", key, have, token[:], ok); ok && !bytes.Equal(have, token[:]) {
				misled[string(key)] = true
			}
		}
		return nil
	}); err != nil {
		return err
	}
	declared := map[string]bool{}
	for _, n := range r.cat.identity().Namespaces {
		for _, name := range n.Match {
			kind, _ := idlist.ParseKind(name)
			declared[string(keys.AppendMatches(nil, xxhash.Sum64String(n.Name), byte(kind)))] = true
		}
	}
	return r.scan([]byte{keys.Match}, func(key, value []byte) error {
		_, ok := keys.ReadMatch(key)
		// What is not declared is of an Apply that is under way, or was broken off.
		if ok && (!declared[string(key[:10])] || misled[string(key)] || r.matched(key, value)) {
			return nil
		}
		r.kind("matches").Stray++
		r.batch.Delete(key)
		return nil
	})
}

// matched reports whether an entry leads to an identifier that has that digest, or may have
// had it: see dropLostMatches.
func (r *repair) matched(key, value []byte) bool {
	if len(value) != keys.TokenLen {
		return false
	}
	n, err := r.epoch().node(identity.Token(value))
	if err != nil || n == nil || r.cat.match[n.id.Namespace] == nil {
		return false
	}
	if n.lost {
		return true
	}
	for kind, t := range r.cat.match[n.id.Namespace].Tokens(n.id.Value) {
		if bytes.Equal(key, keys.AppendMatch(nil, xxhash.Sum64String(n.id.Namespace), byte(kind), keys.Token(t))) {
			return true
		}
	}
	return false
}

// changes looks for changes in the feed that nothing says of what they are: a name and the
// record of its field are both gone.
func (r *repair) changes() error {
	seen := map[segment.FieldID]bool{universe: true}
	return r.scan([]byte{keys.Feed}, func(_, value []byte) error {
		rec, err := decodeFeed(value)
		if err != nil {
			r.lose("a record of changes: %v", err)
			return nil
		}
		for i := range rec.groups {
			field := rec.groups[i].field
			if seen[field] {
				continue
			}
			seen[field] = true
			data, _, err := r.snap.GetTo(nil, keys.AppendFeedField(nil, uint32(field)))
			if err != nil {
				return err
			}
			if _, err := decodeFeedName(data); err != nil {
				r.lose("changes of field %d: which tag that was", field)
			}
		}
		return nil
	})
}

// expiries makes sure that the sweep of the event log is told of every event, but for
// what had expired of who is held: that it has passed over.
func (r *repair) expiries() error {
	held := map[identity.Token]bool{}
	if err := r.scan([]byte{keys.Hold}, func(key, _ []byte) error {
		if token, err := tokenOf(key); err == nil {
			held[token] = true
		}
		return nil
	}); err != nil {
		return err
	}
	last := map[expiry]bool{} // of the node that is being read
	var node identity.Token
	if err := r.scan([]byte{keys.Event}, func(key, value []byte) error {
		token, at, _, _, ok := keys.ReadEvent(key)
		head, err := eventlog.ReadHead(value)
		if !ok || err != nil {
			r.lose("an event at %s cannot be read", profile.Instant(at))
			return nil
		}
		if r.graph.find(token) == nil {
			r.lose("an event at %s lies at a node that is not there", profile.Instant(at))
		}
		if token != node {
			node = token
			clear(last)
		}
		end := after(profile.Instant(at), int64(head.Seconds)*microsPerSecond)
		e := expiry{expiryDay(end), head.Seconds}
		if last[e] || held[token] && end <= r.meta.instant {
			return nil
		}
		last[e] = true
		k := keys.AppendExpiry(nil, e.day, token, e.seconds)
		have, ok, err := r.snap.GetTo(nil, k)
		if err != nil {
			return err
		}
		r.put("expiries", k, have, nil, ok)
		return nil
	}); err != nil {
		return err
	}
	return r.scan([]byte{keys.Expiry}, func(key, _ []byte) error {
		if _, _, _, ok := keys.ReadExpiry(key); !ok {
			r.kind("expiries").Stray++
			r.batch.Delete(key)
		}
		return nil
	})
}
