package portrait_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

// TestNoDrift_lists damages uploaded lists and match indexes behind the store's back, one
// record at a time: Open or Check finds each damage.
func TestNoDrift_lists(t *testing.T) {
	const n = keys.TokenLen
	flipped := func(at int) damage {
		return func(b *store.Batch, key, value []byte) bool {
			value[at] ^= 1
			b.Set(key, value)
			return true
		}
	}
	moved := func(at int) damage { // to the key beside
		return func(b *store.Batch, key, value []byte) bool {
			b.Delete(key)
			key[at] ^= 1
			b.Set(key, value)
			return true
		}
	}
	for _, p := range []struct {
		what   string
		space  byte
		damage damage
	}{
		{"a part gone", keys.ListPart, deleted},
		{"a part cut short", keys.ListPart, cutShort},
		{"a part that is empty", keys.ListPart, func(b *store.Batch, key, _ []byte) bool { b.Set(key, nil); return true }},
		{"a part of another list", keys.ListPart, moved(4)},
		{"a part in another's place", keys.ListPart, moved(5)},
		{"a part with another identifier", keys.ListPart, flipped(n - 1)},
		{"a part with one twice", keys.ListPart, func(b *store.Batch, key, value []byte) bool {
			b.Set(key, append(value, value[len(value)-n:]...))
			return true
		}},
		{"a part of no list", keys.ListPart, func(b *store.Batch, key, value []byte) bool {
			key[1] = 0xff
			b.Set(key, value)
			return true
		}},
		{"a list that is gone", keys.List, deleted},
		{"a list cut short", keys.List, cutShort},
		{"a list with an identifier more", keys.List, func(b *store.Batch, key, value []byte) bool {
			at := bytes.Index(value, []byte("phone")) + len("phone")
			value[at]++
			b.Set(key, value)
			return true
		}},
		{"a list of a field that is not there", keys.List, moved(4)},
		{"an entry of the match index gone", keys.Match, deleted},
		{"an entry of the match index of another digest", keys.Match, moved(20)},
		{"an entry of the match index that leads elsewhere", keys.Match, flipped(3)},
		{"an entry of the match index cut short", keys.Match, cutShort},
	} {
		t.Run(p.what, func(t *testing.T) {
			fs := vfs.NewMem()
			opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			apply(t, db, listModel)
			var phones []string
			for i := range 8 {
				seenOn(t, db, i, id("user_id", fmt.Sprint("user", i)), id("phone", phoneOf(i)))
				phones = append(phones, phoneOf(i))
			}
			if _, err := db.Lists().Edit(t.Context(), "vip", "phone", phones[:5], nil); err != nil {
				t.Fatal(err)
			}
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { damageOne(t, s, b, p.space, p.damage) })
			if db, err = portrait.Open("db", opts); err != nil {
				t.Log(err)
				return // found at once
			}
			mustDiffer(t, db)
		})
	}
}
