package portrait_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// damage changes one record; what has become of it, and false where it is none to
// be damaged so.
type damage func(b *store.Batch, key, value []byte) bool

func deleted(b *store.Batch, key, _ []byte) bool {
	b.Delete(key)
	return true
}

func cutShort(b *store.Batch, key, value []byte) bool {
	b.Set(key, value[:len(value)-1])
	return true
}

// ascending and descending take the half of a pair of which they are.
func ascending(then damage) damage {
	return func(b *store.Batch, key, value []byte) bool {
		x, y, _ := keys.Pair(key)
		return bytes.Compare(x[:], y[:]) < 0 && then(b, key, value)
	}
}

func descending(then damage) damage {
	return func(b *store.Batch, key, value []byte) bool {
		x, y, _ := keys.Pair(key)
		return bytes.Compare(x[:], y[:]) > 0 && then(b, key, value)
	}
}

// withdrawn flips whether a veto holds.
func withdrawn(b *store.Batch, key, value []byte) bool {
	value[2] ^= 1
	b.Set(key, value)
	return true
}

func turnedAround(b *store.Batch, key, value []byte) bool {
	x, y, _ := keys.Pair(key)
	b.Set(keys.AppendEdge(nil, y, x), value)
	b.Set(keys.AppendEdge(nil, x, y), nil)
	return len(value) > 0
}

// TestNoDrift_identity damages what the store keeps of identity: Check finds it.
func TestNoDrift_identity(t *testing.T) {
	type place struct {
		what   string
		space  byte
		damage damage
	}
	places := []place{
		{"a veto with one direction", keys.Veto, deleted},
		{"a veto that holds in one direction", keys.Veto, ascending(withdrawn)},
		{"a veto that holds in the other direction", keys.Veto, descending(withdrawn)},
		{"a veto cut short", keys.Veto, cutShort},
		{"a decision cut short", keys.Audit, cutShort},
		{"a merge cut short", keys.MergeLog, cutShort},
		{"a refusal cut short", keys.Refusal, cutShort},
		{"a refusal gone", keys.Refusal, deleted},
		{"an edge turned around", keys.Edge, turnedAround},
		{"counts of refusals gone", keys.Meta, func(b *store.Batch, key, _ []byte) bool {
			b.Delete(key)
			return string(key[1:]) == "tally"
		}},
	}
	for what, change := range portrait.NodeDamages {
		places = append(places, place{"a node " + what, keys.Node, func(b *store.Batch, key, value []byte) bool {
			record, ok := change(value)
			b.Set(key, record)
			return ok
		}})
	}
	for _, p := range places {
		t.Run(p.what, func(t *testing.T) {
			fs := vfs.NewMem()
			opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			playPolicies(t, db)
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { damageOne(t, s, b, p.space, p.damage) })
			if db, err = portrait.Open("db", opts); err != nil {
				t.Fatal(err)
			}
			mustDiffer(t, db)
		})
	}
}

// playPolicies brings about every record of identity: edges under each kind of
// filter, vetoes of several people, refusals, decisions and merges.
func playPolicies(t *testing.T, db *portrait.DB) {
	t.Helper()
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1}
    - {name: email, priority: 2, kind: contact, conflict: shared}
    - {name: device_id, priority: 3, kind: device, max_edges: {user_id: 1}, conflict: refuse}
    - {name: anonymous_id, priority: 4, kind: cookie, limit: 2, per: 30d}
`)
	user := func(i int) profile.Identifier { return id("user_id", fmt.Sprint("u", i)) }
	for i := range 12 {
		seenOn(t, db, i,
			user(i%4), id("email", fmt.Sprintf("e%d@example.cn", i%3)), id("device_id", fmt.Sprint("d", i%2)),
			id("anonymous_id", fmt.Sprint("a", i)), id("anonymous_id", "null"))
	}
	for i := range 4 {
		for j := range i {
			if _, err := db.Veto(t.Context(), user(i), user(j), portrait.Decision{At: epoch0}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
