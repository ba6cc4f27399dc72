package portrait_test

import (
	"bytes"
	"iter"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// TestNoDrift damages a store behind its back, one record at a time, and asks
// Check: it finds each damage.
func TestNoDrift(t *testing.T) {
	r := seed(t)
	damages := map[string]func(t *testing.T, s *store.Store, b *store.Batch){
		"a tag's bits cleared": func(t *testing.T, s *store.Store, b *store.Batch) {
			var flips []shard.Flip
			for o := range uint32(200) {
				flips = append(flips, shard.MakeFlip(o, false))
			}
			for key := range pairs(t, s, keys.Shard) {
				b.Merge(key, shard.AppendBitDelta(nil, flips))
			}
		},
		"the states of nodes gone": func(t *testing.T, s *store.Store, b *store.Batch) {
			for key, value := range pairs(t, s, keys.Node) {
				b.Set(key, portrait.WithoutState(value))
			}
		},
		"an ordinal that leads elsewhere": func(t *testing.T, s *store.Store, b *store.Batch) {
			for key := range pairs(t, s, keys.Ordinal) {
				b.Set(key, make([]byte, keys.TokenLen))
				return
			}
		},
		"an edge without its evidence": func(t *testing.T, s *store.Store, b *store.Batch) {
			for key, value := range pairs(t, s, keys.Edge) {
				if len(value) > 0 {
					b.Delete(key)
					return
				}
			}
		},
		"an edge with one direction": func(t *testing.T, s *store.Store, b *store.Batch) {
			for key, value := range pairs(t, s, keys.Edge) {
				if len(value) == 0 {
					b.Delete(key)
					return
				}
			}
		},
		"a node under a key that is too short": func(t *testing.T, s *store.Store, b *store.Batch) {
			for _, value := range pairs(t, s, keys.Node) {
				b.Set([]byte{keys.Node, 1}, value)
				return
			}
		},
		"an edge under a key that is too short": func(t *testing.T, s *store.Store, b *store.Batch) {
			b.Set([]byte{keys.Edge, 1}, nil)
		},
		"a component under a key that is too short": func(t *testing.T, s *store.Store, b *store.Batch) {
			for _, value := range pairs(t, s, keys.Component) {
				b.Set([]byte{keys.Component, 1}, value)
				return
			}
		},
		"what was heard of consents gone": func(t *testing.T, s *store.Store, b *store.Batch) {
			for _, space := range []byte{keys.Heard, keys.Told} {
				b.DeleteRange([]byte{space}, keys.End([]byte{space}))
			}
		},
		"consents that somebody else heard": func(t *testing.T, s *store.Store, b *store.Batch) {
			var first []byte
			for key, value := range pairs(t, s, keys.Heard) {
				if first == nil {
					first = bytes.Clone(value)
				}
				b.Set(key, first)
			}
		},
		"consents that cannot be found from who told them": func(t *testing.T, s *store.Store, b *store.Batch) {
			for key := range pairs(t, s, keys.Told) {
				b.Delete(key)
				return
			}
		},
		"deadlines gone": func(t *testing.T, s *store.Store, b *store.Batch) {
			b.DeleteRange([]byte{keys.Deadline}, keys.End([]byte{keys.Deadline}))
		},
		"components gone": func(t *testing.T, s *store.Store, b *store.Batch) {
			b.DeleteRange([]byte{keys.Component}, keys.End([]byte{keys.Component}))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			apply(t, db, testModel)
			late := profile.Event{
				MessageID: "late", Type: profile.Identify, Time: now, Identifiers: []profile.Identifier{id("user_id", "late")},
				Traits: map[string]profile.Value{"registered": profile.Time(now)},
			}
			play(t, db, append(history(r, 150, 0), ingest(late)), 1)
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { damage(t, s, b) })
			if db, err = portrait.Open("db", opts); err != nil {
				return // found at once
			}
			mustDiffer(t, db)
		})
	}
}

// tamper changes a store that is closed behind its back.
func tamper(t *testing.T, fs store.FS, change func(s *store.Store, b *store.Batch)) {
	t.Helper()
	s, err := store.Open("db", store.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	b := s.NewBatch()
	change(s, b)
	if b.Len() == 0 {
		t.Fatal("nothing is damaged")
	}
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// damageOne damages the first record of a space that can be damaged so.
func damageOne(t *testing.T, s *store.Store, b *store.Batch, space byte, change damage) {
	t.Helper()
	for key, value := range pairs(t, s, space) {
		if b.Reset(); change(b, bytes.Clone(key), bytes.Clone(value)) {
			return
		}
	}
	t.Fatal("there is no record to be damaged so")
}

// mustDiffer closes a store in which Check has to find something.
func mustDiffer(t *testing.T, db *portrait.DB) {
	t.Helper()
	defer db.Close()
	if err := db.Check(t.Context()); err == nil {
		t.Error("Check finds nothing")
	} else {
		t.Log(err)
	}
}

// pairs yields what a store holds in one space.
func pairs(t *testing.T, s *store.Store, space byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		snap, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		for kv, err := range snap.Scan([]byte{space}, keys.End([]byte{space})) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(kv.Key, kv.Value) {
				return
			}
		}
	}
}
