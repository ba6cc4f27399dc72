package portrait_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// sealedAtTimes returns options that seal in half of the cases.
func sealedAtTimes(r *rand.Rand, o *portrait.Options) *portrait.Options {
	c := *o
	c.Shred = r.IntN(2) == 0
	return &c
}

const shredModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true, match: [md5, sha256]}
    - {name: phone, priority: 2, kind: contact, match: [sha256]}
    - {name: email, priority: 3, kind: contact}
    - {name: device_id, priority: 4, kind: device}
traits:
  orders: {compute: 'count("Order Completed")', index: true}
  latest: {compute: 'last("Order Completed", "order_id")'}
  city: {index: true}
  friends: {type: set, merge: union}
tags:
  of: {value: 'city'}
  buyer: {rule: 'orders >= 1'}
stages:
  - {name: loyal, rule: 'orders >= 1'}
  - {name: others}
log: {retain: 3650d}
`

const (
	shredMail, shredPhone, shredName, shredOrder = "canary.mail@example.cn", "13777418829", "Canarina Songbird", "order-canary-991"
	shredDevice, shredUser                       = "device-canary-17", "user-canary"
)

// shredStore makes a sealed store of a crowd and of her whom the canaries are of, and
// returns her identifiers.
func shredStore(t *testing.T, dir string) (*portrait.DB, []profile.Identifier) {
	t.Helper()
	db := open(t, dir, &portrait.Options{Clock: fixed(now), MemTableBytes: 256 << 10, Shred: true})
	apply(t, db, shredModel)
	var events []profile.Event
	for i := range 600 {
		events = append(events, profile.Event{
			MessageID: "c" + strconv.Itoa(i), Source: "web", Time: epoch0.Add(time.Duration(i) * time.Minute), Type: profile.Identify,
			Identifiers: []profile.Identifier{id("user_id", "u"+strconv.Itoa(i%97)), id("device_id", "d"+strconv.Itoa(i%49))},
			Traits:      map[string]profile.Value{"name": profile.String("n" + strconv.Itoa(i)), "city": profile.String("v" + strconv.Itoa(i%5))},
		})
	}
	her := []profile.Identifier{id("user_id", shredUser), id("email", shredMail), id("phone", shredPhone), id("device_id", shredDevice)}
	for i, e := range []profile.Event{
		{Type: profile.Identify, Identifiers: her, Traits: map[string]profile.Value{
			"name": profile.String(shredName), "city": profile.String("v1"), "email": profile.String(shredMail), "friends": profile.Set(profile.String(shredName)),
		}},
		{Name: "Order Completed", Identifiers: her[:2], Properties: map[string]profile.Value{"order_id": profile.String(shredOrder), "to": profile.String(shredPhone)}},
		// Of another person, who names her.
		{Name: "Gift Sent", Identifiers: []profile.Identifier{id("user_id", "u1"), her[3]}, Properties: map[string]profile.Value{"to": profile.String(shredMail)}},
	} {
		e.MessageID, e.Source, e.Time = "h"+strconv.Itoa(i), "web", epoch0.Add(time.Hour*time.Duration(i+1))
		events = append(events, e)
	}
	take(t, db, events...)
	if _, err := db.Lists().Edit(t.Context(), "vip", "phone", []string{shredPhone}, nil); err != nil {
		t.Fatal(err)
	}
	apply(t, db, shredModel+"segments:\n  vips: {rule: 'in_list(\"vip\")'}\n")
	return db, her
}

func nameOf(p *profile.Profile) string {
	name, _ := p.Trait("name")
	return name.Text()
}

// TestShred searches the files of a sealed store for what is known of somebody: there is
// nothing to be found at any time, and, once she is erased, without a Purge, nothing to be read either: not
// in the store, not in a raw copy of the directory of before under the key file of now, nor in a
// backup that is restored.
func TestShred(t *testing.T) {
	dir := t.TempDir()
	live, old := filepath.Join(dir, "live"), filepath.Join(dir, "old")
	db, her := shredStore(t, live)
	forms := formsOf(shredMail, shredPhone, shredName, shredOrder, shredDevice, shredUser)
	if hits := inFiles(t, live, nil, forms); len(hits) > 0 {
		t.Errorf("of a living person the files show %q", hits)
	}
	target, err := backup.OpenDir(filepath.Join(dir, "backups"))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	made, err := db.Admin().Backup(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	point := filepath.Join(dir, "checkpoint")
	if err := db.Admin().Checkpoint(t.Context(), point); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	if err := os.CopyFS(old, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	o := &portrait.Options{Clock: fixed(now)} // what it was made with holds
	db = open(t, live, o)
	if _, err := db.Privacy().Erase(t.Context(), her[0]); err != nil {
		t.Fatal(err)
	}
	want := digest(t, db, now)
	if err := db.Admin().BackupKeys(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if err := backup.Verify(t.Context(), target); err != nil {
		t.Error(err)
	}
	checkAndClose(t, db)
	for _, d := range []string{live, old, point} {
		if hits := inClosed(t, d, nil, forms); len(hits) > 0 {
			t.Errorf("%s: the files show %q", filepath.Base(d), hits)
		}
	}

	again := open(t, point, o) // it has its own keys
	if p, err := again.Profile(t.Context(), her[1]); err != nil || nameOf(p) != shredName {
		t.Errorf("the checkpoint of before: %v, %v", p, err)
	}
	checkAndClose(t, again)

	restored := filepath.Join(dir, "restored")
	if _, err := backup.Restore(t.Context(), target, made.ID, restored, backup.RestoreOptions{NoLedger: true}); err != nil {
		t.Fatal(err)
	}
	putKeyFile(t, live, old)
	for _, d := range []string{old, restored, old} {
		db := open(t, d, o)
		for _, id := range her {
			if _, err := db.Profile(t.Context(), id); !errors.Is(err, portrait.ErrNotFound) {
				t.Errorf("%s: %s is there: %v", filepath.Base(d), id.Namespace, err)
			}
		}
		if got := digest(t, db, now); got != want {
			t.Errorf("%s: digest %s, that of the store itself is %s", filepath.Base(d), got, want)
		}
		res, err := db.Ingest(t.Context(), profile.Event{MessageID: "late", Source: "web", Time: now, Name: "Order Completed", Identifiers: her[:1]})
		if err != nil || len(res.Rejected) != 1 {
			t.Errorf("%s: an event of hers: %+v, %v", filepath.Base(d), res, err)
		}
		n, err := db.Count(t.Context(), segment.MustParse(`in_list("vip") or tag("buyer") or stage() = "loyal"`))
		if err != nil || n > 0 {
			t.Errorf("%s: in lists, tags or stages there are %d, %v", filepath.Base(d), n, err)
		}
		checkAndClose(t, db)
	}
}

// putKeyFile puts the key file of one directory into another.
func putKeyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, store.KeyFile))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, store.KeyFile), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestShred_old_copies erases people out of random histories and then puts the key file of
// today into a copy of some earlier day: what that shows is what the store shows.
func TestShred_old_copies(t *testing.T) {
	r := seed(t)
	o := &portrait.Options{Clock: fixed(now), Shred: true}
	for range *rounds {
		dir := t.TempDir()
		live, old := filepath.Join(dir, "live"), filepath.Join(dir, "old")
		db := open(t, live, o)
		apply(t, db, drawModel(r))
		drawStory(r, 30+r.IntN(120), r.IntN(20)).play(t, db, nil)
		eraseSome(t, r, db)
		checkAndClose(t, db)
		if err := os.CopyFS(old, os.DirFS(live)); err != nil {
			t.Fatal(err)
		}
		db = open(t, live, o)
		for range 1 + r.IntN(3) {
			eraseSome(t, r, db)
		}
		want := digest(t, db, now)
		checkAndClose(t, db)
		putKeyFile(t, live, old)
		again := *o
		again.Repair = r.IntN(2) == 0
		db = open(t, old, &again)
		if done := db.Admin().Repaired(); done != nil && (done.Total() > 0 || done.LostTotal > 0) {
			t.Errorf("of a copy without damage: %s", done)
		}
		if got := digest(t, db, now); got != want {
			t.Errorf("digest %s, want %s", got, want)
		}
		checkAndClose(t, db)
	}
}

// An identifier that comes back after it was admitted again is another node: the old files
// stay shut.
func TestShred_an_identifier_that_comes_back(t *testing.T) {
	dir := t.TempDir()
	live, old := filepath.Join(dir, "live"), filepath.Join(dir, "old")
	clock := now
	o := &portrait.Options{Clock: func() time.Time { return clock }, Shred: true}
	db := open(t, live, o)
	apply(t, db, shredModel)
	her := []profile.Identifier{id("user_id", shredUser)}
	tell := func(name string) {
		take(t, db, profile.Event{MessageID: name, Source: "web", Time: clock, Type: profile.Identify, Identifiers: her, Traits: map[string]profile.Value{"name": profile.String(name)}})
	}
	tell("before")
	checkAndClose(t, db)
	if err := os.CopyFS(old, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	db = open(t, live, o)
	_, err := db.Privacy().Erase(t.Context(), her...)
	if err = errors.Join(err, db.Privacy().Unsuppress(t.Context(), her...)); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(time.Hour)
	tell("after")
	if p, err := db.Profile(t.Context(), her[0]); err != nil || nameOf(p) != "after" {
		t.Errorf("%v, %v", p, err)
	}
	checkAndClose(t, db)
	putKeyFile(t, live, old)
	db = open(t, old, o)
	if p, err := db.Profile(t.Context(), her[0]); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("the old copy shows %v, %v", p, err)
	}
	checkAndClose(t, db)
}

// Values of sensitive traits stay out of the index of a sealed store, by whatever way.
func TestShred_sensitive_traits_are_not_indexed(t *testing.T) {
	const identity = "identity:\n  namespaces:\n    - {name: user_id, kind: person, priority: 1}\n"
	sealed, plain := open(t, t.TempDir(), &portrait.Options{Shred: true}), open(t, t.TempDir(), nil)
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"an attribute":         {"traits:\n  illness: {sensitive: true, index: true}\n", `trait "illness" is sensitive`},
		"what is computed":     {"traits:\n  dose: {type: number, sensitive: true}\n  twice: {compute: 'dose * 2', index: true}\n", `trait "twice" is sensitive`},
		"a tag with its value": {"traits:\n  illness: {sensitive: true}\ntags:\n  ill: {value: illness}\n", `tag "ill"`},
		"a bit":                {"traits:\n  illness: {sensitive: true}\ntags:\n  ill: {rule: 'illness = \"flu\"'}\n", ""},
		"not sensitive":        {"traits:\n  city: {index: true}\n", ""},
	} {
		m := model(t, identity+c.text)
		_, err := sealed.Apply(t.Context(), m, portrait.DryRun)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, portrait.ErrModel) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := plain.Apply(t.Context(), m, portrait.DryRun); err != nil {
			t.Errorf("%s, in a plain store: %v", name, err)
		}
	}
}

// A view of before an erasure shows what it showed, and a directory is what it was made as.
func TestShred_views_and_openings(t *testing.T) {
	dir := t.TempDir()
	db, her := shredStore(t, dir)
	view, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Privacy().Erase(t.Context(), her[0]); err != nil {
		t.Fatal(err)
	}
	p, err := view.Profile(t.Context(), her[1])
	if err != nil || nameOf(p) != shredName {
		t.Errorf("a view of before: %v, %v", p, err)
	}
	var names []string
	for e, err := range view.Timeline(t.Context(), her[0], time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name)
	}
	if !slices.Equal(names, []string{"", "Order Completed"}) {
		t.Errorf("its timeline: %q", names)
	}
	view.Close()
	checkAndClose(t, db)
	if err := os.Remove(filepath.Join(dir, store.KeyFile)); err != nil {
		t.Fatal(err)
	}
	plain := t.TempDir()
	checkAndClose(t, open(t, plain, nil))
	for _, d := range []string{dir, plain} {
		_, err := portrait.Open(d, &portrait.Options{Shred: true})
		if broken, ok := errors.AsType[*store.KeyError](err); !ok || broken.File != store.KeyFile {
			t.Errorf("%v, want an error that names the key file", err)
		}
	}
}

// shredded are options of a sealed store, for the tests of crashes and of disks that fail.
func shredded(fs store.FS) *portrait.Options {
	o := small(fs)
	o.Shred = true
	return o
}

func TestShred_crash(t *testing.T) {
	surviveCrashes(t, shredded, 40)
}

func TestShred_disk_errors(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: TestAtomicAndDurable_disk_errors does the same without a key file")
	}
	surviveDiskErrors(t, shredded, []int64{2}, []error{syscall.ENOSPC})
}

// TestShred_crash_while_erasing crashes before every operation on the disk while people are
// erased: opened again the store is whole, nobody who lives is lost, and whose erasure was acknowledged
// is gone, with the key.
func TestShred_crash_while_erasing(t *testing.T) {
	r := seed(t)
	mem := crashdisk.New()
	type crash struct {
		fs    *crashdisk.FS
		acked int
	}
	var (
		mu    sync.Mutex // the fields below
		armed bool
		acked int
		found []crash
	)
	watch := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if armed {
			found = append(found, crash{acked: acked, fs: mem.CrashClone(vfs.CrashCloneCfg{
				UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0)),
			})})
		}
		return nil
	})
	db, err := portrait.Open("db", shredded(errorfs.Wrap(mem, watch)))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, shredModel)
	const people, erased = 12, 6
	for i := range people {
		take(t, db, profile.Event{
			MessageID: strconv.Itoa(i), Source: "web", Time: epoch0, Type: profile.Identify,
			Identifiers: []profile.Identifier{id("user_id", "u"+strconv.Itoa(i)), id("email", "m"+strconv.Itoa(i)+"@example.cn")},
			Traits:      map[string]profile.Value{"name": profile.String("n" + strconv.Itoa(i))},
		})
	}
	mu.Lock()
	armed = true
	mu.Unlock()
	for i := range erased {
		if _, err := db.Privacy().Erase(t.Context(), id("user_id", "u"+strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		acked++
		mu.Unlock()
	}
	mu.Lock()
	armed = false
	mu.Unlock()
	checkAndClose(t, db)
	if len(found) < 5*erased {
		t.Errorf("only %d crashes", len(found))
	}
	for _, c := range found {
		db, err := portrait.Open("db", shredded(c.fs))
		if err != nil {
			t.Fatal(err)
		}
		for i := range people {
			p, err := db.Profile(t.Context(), id("user_id", "u"+strconv.Itoa(i)))
			switch {
			case i < c.acked && !errors.Is(err, portrait.ErrNotFound):
				t.Errorf("%d erasures were acknowledged, and person %d is there: %v", c.acked, i, err)
			case i > c.acked && (err != nil || nameOf(p) != "n"+strconv.Itoa(i)):
				t.Errorf("after %d erasures person %d is not whole: %v", c.acked, i, err)
			}
		}
		checkAndClose(t, db)
	}
}
