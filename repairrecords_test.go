package portrait_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/health"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/store"
)

// cutFirst cuts the first record of a space short.
func cutFirst(space byte) func(*testing.T, *store.Store, *store.Batch) {
	return func(t *testing.T, s *store.Store, b *store.Batch) {
		damageOne(t, s, b, space, cutShort)
	}
}

// dropFirst deletes the first record of a space.
func dropFirst(space byte) func(*testing.T, *store.Store, *store.Batch) {
	return func(t *testing.T, s *store.Store, b *store.Batch) {
		damageOne(t, s, b, space, deleted)
	}
}

// TestRepair_records damages what happened and what people were promised, of which nothing
// else tells: a repair says what is damaged, and whose kind of record it is; Check says so too,
// unless the repair had to put something safe in its place.
func TestRepair_records(t *testing.T) {
	whole, _ := repairable(t, seed(t))
	for name, c := range map[string]struct {
		damage func(*testing.T, *store.Store, *store.Batch)
		tells  string
		closed bool // Open refuses the directory as it is
		mended bool // Check is content afterwards
	}{
		"a move between stages gone":   {damage: dropFirst(keys.StageMove), tells: "moves between stages of ordinal"},
		"a move that cannot be read":   {damage: cutFirst(keys.StageMove), tells: "moves between stages of commit"},
		"a record of the audit log":    {damage: cutFirst(keys.Chain), tells: "audit log"},
		"a record of it gone":          {damage: dropFirst(keys.Chain), tells: "audit log: record 2 comes after record 0"},
		"a decision":                   {damage: cutFirst(keys.Audit), tells: "audit"},
		"a merge":                      {damage: cutFirst(keys.MergeLog), tells: "merge"},
		"a refusal":                    {damage: cutFirst(keys.Refusal), tells: "refusal"},
		"a revision":                   {damage: cutFirst(keys.Revision), tells: "revision"},
		"an accepted event":            {damage: cutFirst(keys.Dedup), tells: "accepted event"},
		"an accepted event gone":       {damage: dropFirst(keys.Dedup), tells: "accepted events:"},
		"a hold":                       {damage: cutFirst(keys.Hold), tells: "hold on", closed: true, mended: true},
		"a suppression":                {damage: cutFirst(keys.Suppression), tells: "suppression of", closed: true, mended: true},
		"a suppression's key":          {damage: shortKey(keys.Suppression), tells: "a suppression: whose", closed: true, mended: true},
		"a hold's key":                 {damage: shortKey(keys.Hold), tells: "a hold: whose", closed: true, mended: true},
		"the counts of refusals":       {damage: cutMeta("tally"), tells: "the counts of refusals", closed: true},
		"where the audit log ends":     {damage: cutMeta("audit"), tells: "audit log: where it ends", closed: true, mended: true},
		"a hold of nobody who is here": {damage: moveHold, tells: "the node is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			fs := cloneOf(whole)
			opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Privacy().Suppress(t.Context(), id("email", "gone@example.cn")); err != nil {
				t.Fatal(err)
			}
			checkAndClose(t, db)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { c.damage(t, s, b) })
			db, err = portrait.Open("db", opts)
			if (err != nil) != c.closed || err != nil && !errors.Is(err, portrait.ErrCorrupt) {
				t.Fatalf("open: %v", err)
			}
			if err == nil {
				mustDiffer(t, db)
			}
			opts.Repair = true
			if db, err = portrait.Open("db", opts); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			done := db.Admin().Repaired()
			if !slices.ContainsFunc(done.Lost, func(l string) bool { return strings.Contains(l, c.tells) }) || len(done.Lost) != done.LostTotal {
				t.Errorf("it does not say %q: %s", c.tells, done)
			}
			if err := db.Check(t.Context()); (err == nil) != c.mended {
				t.Errorf("Check: %v", err)
			}
			recs, err := collect(db.Privacy().Audit(t.Context(), 0))
			if c.tells != "audit log" && (err != nil || !strings.HasPrefix(recs[len(recs)-1].Detail, "mended ") || recs[len(recs)-1].What != "repair") {
				t.Errorf("the repair is not on record: %v", err)
			}
		})
	}
}

func shortKey(space byte) func(*testing.T, *store.Store, *store.Batch) {
	return func(t *testing.T, s *store.Store, b *store.Batch) {
		damageOne(t, s, b, space, func(b *store.Batch, key, value []byte) bool {
			b.Delete(key)
			b.Set(key[:len(key)-1], value)
			return true
		})
	}
}

func cutMeta(name string) func(*testing.T, *store.Store, *store.Batch) {
	return func(t *testing.T, s *store.Store, b *store.Batch) {
		key := keys.AppendMeta(nil, name)
		value, err := s.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		b.Set(key, value[:len(value)-1])
	}
}

func moveHold(t *testing.T, s *store.Store, b *store.Batch) {
	damageOne(t, s, b, keys.Hold, func(b *store.Batch, key, value []byte) bool {
		key[len(key)-1] ^= 1
		b.Set(key, value)
		return true
	})
}

// TestRepair_holds: whom the audit log has under a hold a repair puts there again; a hold that
// cannot be read still holds.
func TestRepair_holds(t *testing.T) {
	whole, _ := repairable(t, seed(t))
	for name, cut := range map[string]bool{"gone": false, "unreadable": true} {
		t.Run(name, func(t *testing.T) {
			fs := cloneOf(whole)
			var all [][2][]byte
			tamper(t, fs, func(s *store.Store, b *store.Batch) {
				for key, value := range pairs(t, s, keys.Hold) {
					all = append(all, [2][]byte{bytes.Clone(key), bytes.Clone(value)})
					if b.Delete(key); cut {
						b.Set(bytes.Clone(key), bytes.Clone(value[:1]))
					}
				}
			})
			opts := portrait.WithFS(portrait.Options{Clock: fixed(now), Repair: true}, fs)
			db, err := portrait.Open("db", opts)
			if err != nil {
				t.Fatal(err)
			}
			done := db.Admin().Repaired()
			if !slices.Contains(done.Mended, health.Mended{Kind: "holds", Missing: uint64(len(all))}) || (done.LostTotal == len(all)) != cut {
				t.Errorf("%d holds: %s", len(all), done)
			}
			if _, err := db.Privacy().Erase(t.Context(), id("user_id", "late")); !errors.Is(err, privacy.ErrHeld) {
				t.Errorf("whoever was held is erased: %v", err)
			}
			checkAndClose(t, db)
			if cut {
				return
			}
			tamper(t, fs, func(s *store.Store, b *store.Batch) {
				var again [][2][]byte
				for key, value := range pairs(t, s, keys.Hold) {
					again = append(again, [2][]byte{bytes.Clone(key), bytes.Clone(value)})
				}
				if !slices.EqualFunc(all, again, func(a, b [2][]byte) bool { return bytes.Equal(a[0], b[0]) && bytes.Equal(a[1], b[1]) }) {
					t.Errorf("the holds are not as they were: %x, %x", again, all)
				}
				b.Set([]byte("m x"), nil)
			})
		})
	}
}

// TestRepair_paths loses half of the moves by profile, in a store of several blocks, and mends
// them some blocks at a time; where a move by time is lost too, what is there by profile stays.
func TestRepair_paths(t *testing.T) {
	fs := crashdisk.New()
	db, err := portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, repairModel[:strings.Index(repairModel, "  名单")]+repairModel[strings.Index(repairModel, "segments:"):])
	for i := range 300 {
		take(t, db, killEvent(i))
	}
	checkAndClose(t, db)
	var paths [][2][]byte
	n := 0
	tamper(t, fs, func(s *store.Store, b *store.Batch) {
		for key, value := range pairs(t, s, keys.StagePath) {
			paths = append(paths, [2][]byte{bytes.Clone(key), bytes.Clone(value)})
			if n++; n%2 == 0 {
				b.Delete(key)
			}
		}
	})
	for _, batch := range []int{2, 60, 1 << 20} {
		clone := cloneOf(fs)
		db, err := portrait.Open("db", portrait.WithRepairBatch(portrait.WithFS(portrait.Options{Clock: fixed(now), Repair: true}, clone), batch))
		if err != nil {
			t.Fatal(err)
		}
		done := db.Admin().Repaired()
		if done.LostTotal > 0 || !slices.ContainsFunc(done.Mended, func(m health.Mended) bool { return m.Kind == "stage paths" && m.Missing+m.Wrong > 0 && m.Stray == 0 }) {
			t.Errorf("batches of %d: %s", batch, done)
		}
		checkAndClose(t, db)
	}
	tamper(t, fs, func(s *store.Store, b *store.Batch) {
		b.DeleteRange([]byte{keys.StageMove}, keys.End([]byte{keys.StageMove}))
	})
	if db, err = portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now), Repair: true}, fs)); err != nil {
		t.Fatal(err)
	}
	done := db.Admin().Repaired()
	if done.LostTotal == 0 || done.Total() > 0 {
		t.Errorf("without moves by time: %s", done)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	kept := 0
	tamper(t, fs, func(s *store.Store, b *store.Batch) {
		for range pairs(t, s, keys.StagePath) {
			kept++
		}
		b.Set([]byte("m x"), nil)
	})
	if kept != len(paths)-n/2 {
		t.Errorf("%d moves by profile are left of %d", kept, len(paths)-n/2)
	}
}
