package portrait_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

// TestNoDrift_feed damages the feed of a store behind its back, and asks Check.
func TestNoDrift_feed(t *testing.T) {
	records := func(t *testing.T, s *store.Store) (all []store.KV) {
		for key, value := range pairs(t, s, keys.Feed) {
			all = append(all, store.KV{Key: bytes.Clone(key), Value: bytes.Clone(value)})
		}
		return all
	}
	damages := map[string]func(t *testing.T, s *store.Store, b *store.Batch){
		"a record gone": func(t *testing.T, s *store.Store, b *store.Batch) { b.Delete(records(t, s)[3].Key) },
		"the last record gone": func(t *testing.T, s *store.Store, b *store.Batch) {
			all := records(t, s)
			b.Delete(all[len(all)-1].Key)
		},
		"a record twice": func(t *testing.T, s *store.Store, b *store.Batch) {
			all := records(t, s)
			epoch, _, _ := keys.ReadFeed(all[3].Key)
			b.Set(keys.AppendFeed(nil, epoch+1, 0), all[3].Value)
		},
		"a second part without a first": func(t *testing.T, s *store.Store, b *store.Batch) {
			kv := records(t, s)[3]
			epoch, _, _ := keys.ReadFeed(kv.Key)
			b.Delete(kv.Key)
			b.Set(keys.AppendFeed(nil, epoch, 1), kv.Value)
		},
		"a record that cannot be read": func(t *testing.T, s *store.Store, b *store.Batch) {
			kv := records(t, s)[3]
			b.Set(kv.Key, kv.Value[:len(kv.Value)-1])
		},
		"a key that is too short": func(_ *testing.T, _ *store.Store, b *store.Batch) { b.Set([]byte{keys.Feed, 1}, nil) },
		"a record of a commit to come": func(t *testing.T, s *store.Store, b *store.Batch) {
			b.Set(keys.AppendFeed(nil, 1<<40, 0), records(t, s)[3].Value)
		},
		"names gone": func(_ *testing.T, _ *store.Store, b *store.Batch) {
			b.DeleteRange([]byte{keys.FeedField}, keys.End([]byte{keys.FeedField}))
		},
		"another name": func(t *testing.T, s *store.Store, b *store.Batch) {
			var last []byte
			for key, value := range pairs(t, s, keys.FeedField) {
				if last != nil {
					b.Set(key, last)
				}
				last = bytes.Clone(value)
			}
		},
		"merges that are not on record": func(_ *testing.T, _ *store.Store, b *store.Batch) {
			b.DeleteRange([]byte{keys.MergeLog}, keys.End([]byte{keys.MergeLog}))
		},
		"a merge that is not told": func(t *testing.T, s *store.Store, b *store.Batch) {
			told := map[uint64]bool{}
			for _, kv := range records(t, s) {
				epoch, _, _ := keys.ReadFeed(kv.Key)
				told[epoch] = true
			}
			epoch := uint64(1)
			for told[epoch] {
				epoch++
			}
			for _, value := range pairs(t, s, keys.MergeLog) {
				b.Set(keys.AppendMergeLog(nil, epoch, 0), slices.Clone(value))
				return
			}
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
			play(t, db, history(seed(t), 150, 20), 1)
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { damage(t, s, b) })
			if db, err = portrait.Open("db", opts); err != nil {
				return // found at once
			}
			mustDiffer(t, db)
		})
	}
}
