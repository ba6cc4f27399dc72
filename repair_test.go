package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/health"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// repairModel has something of everything that is derived.
const repairModel = testModel + `
  等级: {tiers: [{value: 高, rule: points > 50}, {value: 低, rule: points <= 50}]}
  名单: {rule: 'in_list("vip")'}
segments:
  回流: {rule: 'orders >= 2'}
stages:
  - {name: 买过, rule: 'orders >= 1'}
  - {name: 活跃, rule: 'last_order >= ago("60d")'}
  - {name: 其他}
purposes:
  marketing: {max_age: 30d}
log: {retain: 400d}
`

// repairable is a store with something of everything, closed, and its Digest.
func repairable(t *testing.T, r *rand.Rand) (*crashdisk.FS, portrait.Digest) {
	t.Helper()
	fs := crashdisk.New()
	db, err := portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(repairModel, "name: user_id, ", "name: user_id, match: [md5], ", 1)
	text = strings.Replace(text, "city: {index: true}", "city: {index: true, retain: 20d}", 1)
	const asks = `  名单: {rule: 'in_list("vip")'}`
	apply(t, db, strings.Replace(text, asks, "", 1)) // there is no list yet
	late := profile.Event{
		MessageID: "late", Type: profile.Identify, Time: now, Identifiers: []profile.Identifier{id("user_id", "late")},
		Traits: map[string]profile.Value{"registered": profile.Time(now), "points": profile.Number(3)},
	}
	play(t, db, append(history(r, 120, 12), ingest(late)), 1)
	for i, said := range [][]profile.Consent{grant("marketing"), deny("marketing"), grant("marketing")} {
		take(t, db, say(now.AddDate(0, 0, -9*i), said, id("user_id", fmt.Sprint("u-", i))))
	}
	if err := db.Privacy().Hold(t.Context(), "case-1", id("user_id", "u-0"), id("user_id", "late")); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lists().Upload(t.Context(), "vip", strings.NewReader("u-0\nu-1\nlate\n"), segment.Upload{Namespace: "user_id"}); err != nil {
		t.Fatal(err)
	}
	apply(t, db, text)
	take(t, db, killEvent(7))
	d := digest(t, db, now)
	checkAndClose(t, db)
	return fs, d
}

func cloneOf(fs *crashdisk.FS) *crashdisk.FS {
	return fs.CrashClone(vfs.CrashCloneCfg{})
}

// derivedDamages damage what a repair makes anew: one record that a random choice leads to.
var derivedDamages = map[string]func(r *rand.Rand, b *store.Batch, key, value []byte) bool{
	"delete": func(_ *rand.Rand, b *store.Batch, key, _ []byte) bool { b.Delete(key); return true },
	"flip a byte of the value": func(r *rand.Rand, b *store.Batch, key, value []byte) bool {
		if len(value) == 0 {
			return false
		}
		value[r.IntN(len(value))] ^= byte(1 + r.IntN(255))
		b.Set(key, value)
		return true
	},
	"cut the value short": func(r *rand.Rand, b *store.Batch, key, value []byte) bool {
		if len(value) == 0 {
			return false
		}
		b.Set(key, value[:r.IntN(len(value))])
		return true
	},
	"move to a key beside": func(r *rand.Rand, b *store.Batch, key, value []byte) bool {
		b.Delete(key)
		key[1+r.IntN(len(key)-1)] ^= byte(1 + r.IntN(255))
		b.Set(key, value)
		return true
	},
	"add one beside": func(r *rand.Rand, b *store.Batch, key, value []byte) bool {
		key[1+r.IntN(len(key)-1)] ^= byte(1 + r.IntN(255))
		b.Set(key, value)
		return true
	},
	"cut the key short": func(_ *rand.Rand, b *store.Batch, key, value []byte) bool {
		b.Delete(key)
		b.Set(key[:len(key)-1], value)
		return true
	},
	"flip bits of the index": func(r *rand.Rand, b *store.Batch, key, _ []byte) bool {
		if key[0] != keys.Shard {
			return false
		}
		b.Merge(key, shard.AppendBitDelta(nil, []shard.Flip{shard.MakeFlip(uint32(r.IntN(20)), r.IntN(2) == 0)}))
		return true
	},
}

// derivedSpaces are the spaces that hold nothing but what is derived.
var derivedSpaces = []byte{keys.Component, keys.Ordinal, keys.Deadline, keys.Field, keys.Shard, keys.FeedField, keys.Match, keys.Expiry, keys.Told, keys.StagePath}

// damageDerived damages some derived records, and says which.
func damageDerived(t *testing.T, r *rand.Rand, s *store.Store, b *store.Batch) (what []string) {
	t.Helper()
	var names byte
	for what == nil || r.IntN(3) > 0 {
		if r.IntN(4) == 0 {
			what = append(what, damageGraph(t, r, s, b)...)
			continue
		}
		space := derivedSpaces[r.IntN(len(derivedSpaces))]
		if space == keys.Field || space == keys.FeedField { // one tells what the other was, but of both nothing does
			if names != 0 && names != space {
				continue
			}
			names = space
		}
		var all [][2][]byte
		for key, value := range pairs(t, s, space) {
			all = append(all, [2][]byte{bytes.Clone(key), bytes.Clone(value)})
		}
		if len(all) == 0 {
			t.Fatalf("there is no record of %c", space)
		}
		one := all[r.IntN(len(all))]
		name := slices.Sorted(maps.Keys(derivedDamages))[r.IntN(len(derivedDamages))]
		if derivedDamages[name](r, b, one[0], one[1]) {
			what = append(what, fmt.Sprintf("%c: %s", space, name))
		}
	}
	return what
}

// damageGraph damages what nodes say of their edges, and the second keys of edges and vetoes.
func damageGraph(t *testing.T, r *rand.Rand, s *store.Store, b *store.Batch) []string {
	t.Helper()
	seconds := map[byte][][]byte{}
	for key, value := range pairs(t, s, keys.Edge) {
		if len(value) == 0 {
			seconds[keys.Edge] = append(seconds[keys.Edge], bytes.Clone(key))
		}
	}
	for key := range pairs(t, s, keys.Veto) {
		if a, c, _ := keys.Pair(key); bytes.Compare(a[:], c[:]) < 0 {
			seconds[keys.Veto] = append(seconds[keys.Veto], bytes.Clone(key))
		}
	}
	if space := []byte{keys.Edge, keys.Veto}[r.IntN(2)]; r.IntN(2) == 0 && len(seconds[space]) > 0 {
		b.Delete(seconds[space][r.IntN(len(seconds[space]))])
		return []string{fmt.Sprintf("%c: second key deleted", space)}
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(portrait.NodeDamages)), func(name string) bool { return strings.HasPrefix(name, "that was") })
	name := names[r.IntN(len(names))]
	for key, value := range pairs(t, s, keys.Node) {
		if r.IntN(5) > 0 {
			continue
		}
		if falsified, ok := portrait.NodeDamages[name](bytes.Clone(value)); ok {
			b.Set(key, falsified)
			return []string{"a node " + name}
		}
	}
	return nil
}

// TestRepair: whatever is damaged of what is derived, a repair finds it, Check is content
// afterwards, the Digest is as before, and there is nothing left to repair.
func TestRepair(t *testing.T) {
	r := seed(t)
	whole, want := repairable(t, r)
	rounds := 25
	if testing.Short() {
		rounds = 6
	}
	sound := open(t, "db", portrait.WithFS(portrait.Options{Clock: fixed(now)}, cloneOf(whole)))
	if done, err := sound.Admin().Repair(t.Context()); err != nil || done.Total() > 0 || done.LostTotal > 0 {
		t.Errorf("of a sound store: %s, %v", done, err)
	}
	online := 0
	for range rounds {
		fs := cloneOf(whole)
		var what []string
		tamper(t, fs, func(s *store.Store, b *store.Batch) { what = damageDerived(t, r, s, b) })
		opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
		db, err := portrait.Open("db", opts)
		var done *health.Repairs
		switch {
		case err == nil && db.Check(t.Context()) == nil:
			checkAndClose(t, db) // such as a deadline more than there need be
			continue
		case err == nil:
			online++
			if done, err = db.Admin().Repair(t.Context()); err != nil {
				t.Fatalf("%q: %v", what, err)
			}
		default:
			opts.Repair = true
			if db, err = portrait.Open("db", opts); err != nil {
				t.Fatalf("%q: open with a repair: %v", what, err)
			}
			done = db.Admin().Repaired()
		}
		if done.Total() == 0 || done.LostTotal > 0 {
			t.Errorf("%q: %s", what, done)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("%q: %s: %v", what, done, strings.Join(differences(err), "\n"))
		}
		if got := digest(t, db, now); got != want {
			t.Errorf("%q: %s: another Digest", what, done)
		}
		if again, err := db.Admin().Repair(t.Context()); err != nil || again.Total() > 0 {
			t.Errorf("%q: a second repair: %s, %v", what, again, err)
		}
		take(t, db, killEvent(1))
		checkAndClose(t, db)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d damages were repaired on an open store", online, rounds)
}

func differences(err error) []string {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*portrait.CheckError](err); ok {
		return e.Differences
	}
	return []string{err.Error()}
}

// A repair that breaks off at any write is made again, to the same end.
func TestRepair_broken_off(t *testing.T) {
	r := seed(t)
	whole, want := repairable(t, r)
	tamper(t, whole, func(s *store.Store, b *store.Batch) {
		for _, space := range []byte{keys.Component, keys.Shard, keys.Deadline, keys.Ordinal, keys.Field, keys.Match, keys.Expiry} {
			b.DeleteRange([]byte{space}, keys.End([]byte{space}))
		}
		for key, value := range pairs(t, s, keys.Node) {
			if falsified, ok := portrait.NodeDamages["of another component"](bytes.Clone(value)); ok {
				b.Set(key, falsified)
			}
		}
	})
	full, broken, durable := uint64(0), 0, 0
	var mended [][2]uint64 // by the second repair, and how many began on record
	for nth := int64(1); nth < 200; nth++ {
		fs := cloneOf(whole)
		f := &fault{kind: errorfs.OpFileWrite, file: ".log", nth: nth, err: syscall.EIO}
		opts := portrait.WithRepairBatch(portrait.WithFS(portrait.Options{Clock: fixed(now), Repair: true}, errorfs.Wrap(fs, f)), 2000)
		db, err := portrait.Open("db", opts)
		if err == nil { // the rest is written when it is closed
			full = db.Admin().Repaired().Total()
			if err := db.Close(); err != nil && !errors.Is(err, portrait.ErrFailed) {
				t.Fatal(err)
			}
			break
		}
		if !errors.Is(err, portrait.ErrFailed) {
			t.Fatal(err)
		}
		broken++
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0))})
		if db, err = portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now), Repair: true}, clone)); err != nil {
			t.Fatal(err)
		}
		if got := digest(t, db, now); got != want {
			t.Errorf("broken off at sync %d: another Digest", nth)
		}
		again, begun := db.Admin().Repaired().Total(), uint64(0)
		for rec, err := range db.Privacy().Audit(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if rec.What == "repair" && rec.Detail == "begun" {
				begun++
			}
		}
		mended = append(mended, [2]uint64{again, begun})
		checkAndClose(t, db)
	}
	for _, m := range mended { // what was mended before is on record, as what was mended then
		want := uint64(0)
		if m[0] < full {
			want++
			durable++
		}
		if m[0] > 0 {
			want++
		}
		if m[1] != want {
			t.Errorf("of %d the second repair mended %d, and %d began on record", full, m[0], m[1])
		}
	}
	t.Logf("%d repairs broke off", broken)
	if broken < 3 || durable == 0 {
		t.Errorf("%d repairs broke off, %d after something was mended", broken, durable)
	}
}

// Damage to what nothing else tells is told, and not touched.
func TestRepair_lost(t *testing.T) {
	r := seed(t)
	whole, _ := repairable(t, r)
	for name, damage := range map[string]func(s *store.Store, b *store.Batch){
		"a node gone": func(s *store.Store, b *store.Batch) {
			for key := range pairs(t, s, keys.Edge) {
				a, _, _ := keys.Pair(key)
				b.Delete(keys.AppendNode(nil, a))
				return
			}
		},
		"a node that cannot be read": func(s *store.Store, b *store.Batch) {
			for key, value := range pairs(t, s, keys.Node) {
				b.Set(key, value[:len(value)-1])
				return
			}
		},
		"the evidence of an edge gone": func(s *store.Store, b *store.Batch) {
			for key, value := range pairs(t, s, keys.Edge) {
				if len(value) > 0 {
					b.Delete(key)
					return
				}
			}
		},
		"the field of a tag and its name": func(s *store.Store, b *store.Batch) {
			for key := range pairs(t, s, keys.FeedField) {
				field, _ := keys.ReadFeedField(key)
				b.Delete(key)
				b.Delete(keys.AppendField(nil, field))
				return
			}
		},
		"an event that cannot be read": func(s *store.Store, b *store.Batch) {
			for key := range pairs(t, s, keys.Event) {
				b.Set(key, []byte{1})
				return
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs := cloneOf(whole)
			tamper(t, fs, func(s *store.Store, b *store.Batch) { damage(s, b) })
			db, err := portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now), Repair: true}, fs))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			done := db.Admin().Repaired()
			if done.LostTotal == 0 || len(done.Lost) != done.LostTotal {
				t.Errorf("nothing is lost: %s", done)
			}
			if db.Check(t.Context()) == nil {
				t.Error("Check finds nothing any more")
			}
		})
	}
}

// A repair of a store whose people are sealed writes no node in the clear, and reads back.
func TestRepair_sealed(t *testing.T) {
	fs := crashdisk.New()
	opts := portrait.WithFS(portrait.Options{Clock: fixed(now), Shred: true}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	const canary = "canary@example.cn"
	for i := range 5 {
		take(t, db, profile.Event{
			MessageID: fmt.Sprint(i), Type: profile.Identify, Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", "u"), id("email", canary), id("device_id", fmt.Sprint("device", i))},
		})
	}
	checkAndClose(t, db)
	s, err := store.Open("db", store.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	b := s.NewBatch()
	b.DeleteRange([]byte{keys.Edge}, keys.End([]byte{keys.Edge})) // every node counts its partners anew
	b.DeleteRange([]byte{keys.Ordinal}, keys.End([]byte{keys.Ordinal}))
	if err := errors.Join(s.Commit(b, true), s.Close()); err != nil {
		t.Fatal(err)
	}
	opts.Repair = true
	if db, err = portrait.Open("db", opts); err != nil {
		t.Fatal(err)
	}
	if done := db.Admin().Repaired(); done.LostTotal > 0 || !slices.ContainsFunc(done.Mended, func(m health.Mended) bool { return m.Kind == "nodes" && m.Wrong == 7 }) {
		t.Error(done)
	}
	checkAndClose(t, db)
	names, err := fs.List("db")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := fs.Open(fs.PathJoin("db", name))
		if err != nil {
			continue // a directory
		}
		if data, err := io.ReadAll(f); err == nil && bytes.Contains(data, []byte(canary)) {
			t.Errorf("%s has an identifier in the clear", name)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRepair_after_an_erasure finds nothing to mend in what an erasure left: deadlines of who
// was erased lead nowhere, and are there until they are due.
func TestRepair_after_an_erasure(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	who := id("user_id", "mei")
	take(t, db, profile.Event{Name: "Order Completed", MessageID: "1", Time: now.Add(-time.Hour), Identifiers: []profile.Identifier{who}})
	if db.Metrics().NextDue == profile.Never {
		t.Fatal("there is no deadline")
	}
	if _, err := db.Privacy().Erase(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if done, err := db.Admin().Repair(t.Context()); err != nil || done.Total() > 0 {
		t.Errorf("%s, %v", done, err)
	}
}
