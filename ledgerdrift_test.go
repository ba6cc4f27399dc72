package portrait_test

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

// TestNoDrift_ledger damages the ledger of a store behind its back, and asks Check.
func TestNoDrift_ledger(t *testing.T) {
	first := func(t *testing.T, s *store.Store, space byte) (kv store.KV) {
		for key, value := range pairs(t, s, space) {
			return store.KV{Key: bytes.Clone(key), Value: bytes.Clone(value)}
		}
		t.Fatal("there is nothing to damage")
		return kv
	}
	damages := map[string]func(t *testing.T, s *store.Store, b *store.Batch){
		"a move gone": func(t *testing.T, s *store.Store, b *store.Batch) { b.Delete(first(t, s, keys.StageMove).Key) },
		"a path gone": func(t *testing.T, s *store.Store, b *store.Batch) { b.Delete(first(t, s, keys.StagePath).Key) },
		"all gone": func(_ *testing.T, _ *store.Store, b *store.Batch) {
			for _, space := range []byte{keys.StageMove, keys.StagePath} {
				b.DeleteRange([]byte{space}, keys.End([]byte{space}))
			}
		},
		"a move that cannot be read": func(t *testing.T, s *store.Store, b *store.Batch) {
			kv := first(t, s, keys.StageMove)
			b.Set(kv.Key, kv.Value[:len(kv.Value)-1])
		},
		"a path that cannot be read": func(t *testing.T, s *store.Store, b *store.Batch) {
			kv := first(t, s, keys.StagePath)
			b.Set(kv.Key, kv.Value[:len(kv.Value)-1])
		},
		"a move twice": func(t *testing.T, s *store.Store, b *store.Batch) {
			kv := first(t, s, keys.StageMove)
			at, epoch, _, _ := keys.ReadStageMove(kv.Key)
			b.Set(keys.AppendStageMove(nil, at+1, epoch, 0), kv.Value)
		},
		"a path of a block without moves": func(t *testing.T, s *store.Store, b *store.Batch) {
			kv := first(t, s, keys.StagePath)
			_, at, epoch, seq, _ := keys.ReadStagePath(kv.Key)
			b.Set(keys.AppendStagePath(nil, 1000, at, epoch, seq), kv.Value)
		},
		"a key that is too short": func(_ *testing.T, _ *store.Store, b *store.Batch) {
			b.Set([]byte{keys.StageMove, 1}, nil)
		},
		"a path key that is too short": func(_ *testing.T, _ *store.Store, b *store.Batch) {
			b.Set([]byte{keys.StagePath, 1}, nil)
		},
		"another time": func(t *testing.T, s *store.Store, b *store.Batch) {
			for _, space := range []byte{keys.StageMove, keys.StagePath} {
				kv := first(t, s, space)
				b.Delete(kv.Key)
				if at, epoch, seq, ok := keys.ReadStageMove(kv.Key); ok {
					b.Set(keys.AppendStageMove(nil, at-1, epoch, seq), kv.Value)
				} else if block, at, epoch, seq, ok := keys.ReadStagePath(kv.Key); ok {
					b.Set(keys.AppendStagePath(nil, block, at-1, epoch, seq), kv.Value)
				}
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
			apply(t, db, ledgerModel)
			for _, who := range []string{"a", "b", "c"} {
				take(t, db, wasThere(who, now))
			}
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { damage(t, s, b) })
			if db, err = portrait.Open("db", opts); err != nil {
				t.Fatal(err)
			}
			mustDiffer(t, db)
		})
	}
}
