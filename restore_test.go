package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// backupTo makes a backup in a directory.
func backupTo(t *testing.T, db *portrait.DB, dir string) (*backup.Dir, backup.Manifest) {
	t.Helper()
	target, err := backup.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	m, err := db.Admin().Backup(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	return target, m
}

func ledgerOf(t *testing.T, db *portrait.DB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := db.Privacy().ExportLedger(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restored opens what a restore makes of a backup.
func restored(t *testing.T, target *backup.Dir, m backup.Manifest, ledger []byte, o *portrait.Options) (db *portrait.DB, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "again")
	opts := backup.RestoreOptions{NoLedger: ledger == nil}
	if ledger != nil {
		opts.Ledger = bytes.NewReader(ledger)
	}
	if _, err := backup.Restore(t.Context(), target, m.ID, dir, opts); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, o), dir
}

// TestErasedMeansErased_restored erases people after a backup of random histories, whose
// identifiers were joined, parted and named anew in between: restored with the ledger, the
// store is what one is that took in the same as the backup and never knew them.
func TestErasedMeansErased_restored(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one goroutine; TestErasedMeansErased_in_a_backup restores too")
	}
	r := seed(t)
	o := &portrait.Options{Clock: fixed(now), NoSync: true}
	for range 2 * *rounds {
		text := strings.NewReplacer(", per: 30d", "", ", per: 720h", "", ", per: 90d", "").Replace(drawModel(r))
		before, after := drawStory(r, 30+r.IntN(90), r.IntN(15)), drawStory(r, r.IntN(60), r.IntN(15))
		for i := range after.events {
			after.events[i].MessageID = "after-" + after.events[i].MessageID
		}
		for i := range after.decisions {
			after.decisions[i].d.ID = "after-" + after.decisions[i].d.ID
		}
		db := open(t, t.TempDir(), o)
		apply(t, db, text)
		before.play(t, db, nil)
		target, m := backupTo(t, db, t.TempDir())
		after.play(t, db, nil)
		gone := map[profile.Identifier]bool{}
		for range 1 + r.IntN(3) {
			for _, id := range eraseSome(t, r, db) {
				gone[id] = true
			}
		}
		ledger := ledgerOf(t, db)
		checkAndClose(t, db)

		never := open(t, t.TempDir(), o)
		apply(t, never, text)
		for id := range gone {
			if err := never.Privacy().Suppress(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		before.play(t, never, gone)
		want := digest(t, never, now)
		again, _ := restored(t, target, m, ledger, o)
		if got := digest(t, again, now); got != want {
			t.Fatalf("digest %s, of the store that never knew them %s, under\n%s", got, want, text)
		}
		for id := range gone {
			if _, err := again.Profile(t.Context(), id); !errors.Is(err, portrait.ErrNotFound) {
				t.Errorf("%v is back: %v", id, err)
			}
		}
		done, err := again.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledger))
		if err != nil || done.Entries != len(gone) || done.Suppressed+done.Identifiers+len(done.Profiles) > 0 || done.Epoch > 0 {
			t.Errorf("replayed again: %+v, %v", done, err)
		}
		if got := ledgerOf(t, again); !bytes.Equal(got, ledger) {
			t.Errorf("the ledger is now\n%s\nand was\n%s", got, ledger)
		}
		before.play(t, again, gone) // sent once more
		if got := digest(t, again, now); got != want {
			t.Fatalf("digest %s after all was sent again, want %s", got, want)
		}
		checkAndClose(t, again)
		checkAndClose(t, never)
	}
}

// TestErasedMeansErased_in_a_backup plants a person's values, makes a backup, erases, and
// restores with the ledger: she is not there at once, and after a purge no file has a value
// of hers in any form.
func TestErasedMeansErased_in_a_backup(t *testing.T) {
	for name, keys := range map[string]store.Keys{"plain": nil, "encrypted": &keySet{current: "a"}, "shredded": nil} {
		t.Run(name, func(t *testing.T) {
			o := &portrait.Options{Clock: fixed(now), MemTableBytes: 1 << 20, NoSync: true, Keys: keys, Shred: name == "shredded"}
			db := open(t, t.TempDir(), o)
			apply(t, db, canaryModel)
			const mail, person = "canary.mail@example.cn", "user-canary"
			forms := formsOf(mail, person, "Canarina Songbird")
			her := []profile.Identifier{id("user_id", person), id("email", mail), id("device_id", "kiosk")}
			events := []profile.Event{
				{MessageID: "1", Type: profile.Identify, Identifiers: her, Traits: map[string]profile.Value{
					"name": profile.String("Canarina Songbird"), "email": profile.String(mail),
				}},
				{MessageID: "2", Name: "Gift Sent", Identifiers: []profile.Identifier{id("user_id", "bo"), her[2]}, Properties: map[string]profile.Value{"to": profile.String(mail)}},
				{MessageID: "3", Name: "Gift Sent", Identifiers: []profile.Identifier{id("user_id", "an")}, Properties: map[string]profile.Value{"to": profile.String(mail)}},
			}
			for i := range 500 {
				events = append(events, profile.Event{MessageID: fmt.Sprint("c", i), Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))}})
			}
			for i := range events {
				events[i].Source, events[i].Time = "web", epoch0.Add(time.Minute*time.Duration(i))
			}
			if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != len(events) {
				t.Fatal(res, err)
			}
			vaultDir := t.TempDir()
			target, m := backupTo(t, db, vaultDir)
			if hits := inFiles(t, vaultDir, nil, forms); (name == "plain") != slices.ContainsFunc(hits, func(h string) bool { return strings.Contains(h, "plain "+mail) }) {
				t.Fatalf("in the backup there is %v", hits)
			}
			if _, err := db.Privacy().Erase(t.Context(), her[0]); err != nil {
				t.Fatal(err)
			}
			ledger := ledgerOf(t, db)
			for name, form := range forms {
				if bytes.Contains(ledger, form) {
					t.Errorf("the ledger has %s", name)
				}
			}
			again, dir := restored(t, target, m, ledger, o)
			for _, id := range her[:2] {
				if _, err := again.Profile(t.Context(), id); !errors.Is(err, portrait.ErrNotFound) {
					t.Errorf("%v is there: %v", id, err)
				}
			}
			if _, err := again.Privacy().Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			if hits := append(inFiles(t, dir, keys, forms), inTables(t, dir, keys, forms)...); len(hits) > 0 {
				t.Errorf("after a purge there is\n%s", strings.Join(hits, "\n"))
			}
			if res, err := again.Ingest(t.Context(), profile.Event{Source: "web", MessageID: "late", Time: now, Name: "Order Completed", Identifiers: her[:1]}); err != nil || res.Accepted != 0 {
				t.Errorf("an event of hers: %+v, %v", res, err)
			}
			checkAndClose(t, again)
			inRecords(t, dir, forms, keys)

			// Without the ledger she is back, until it is replayed.
			again, _ = restored(t, target, m, nil, o)
			if _, err := again.Profile(t.Context(), her[0]); err != nil {
				t.Error(err)
			}
			done, err := again.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledger))
			if err != nil || done.Identifiers != 3 || done.Suppressed != 3 || len(done.Profiles) != 1 || done.Epoch == 0 {
				t.Errorf("replayed: %+v, %v", done, err)
			}
			if _, err := again.Profile(t.Context(), her[0]); !errors.Is(err, portrait.ErrNotFound) {
				t.Error(err)
			}
		})
	}
}

// TestLedger_of_who_came_back erases somebody who is admitted again, and then erased again:
// a ledger takes away what came before its erasure, and nothing that came after.
func TestLedger_of_who_came_back(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one goroutine, twenty restores; TestErasedMeansErased_in_a_backup restores too")
	}
	clock := now
	o := &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true}
	db := open(t, t.TempDir(), o)
	apply(t, db, testModel)
	her := id("user_id", "mei")
	told := func(n int) {
		t.Helper()
		clock = clock.Add(time.Hour)
		res, err := db.Ingest(t.Context(), profile.Event{
			Source: "web", MessageID: fmt.Sprint(n), Time: clock, Name: "Order Completed", Identifiers: []profile.Identifier{her},
		})
		if err != nil || res.Accepted != 1 {
			t.Fatal(res, err)
		}
		clock = clock.Add(time.Hour)
	}
	type step struct {
		target *backup.Dir
		m      backup.Manifest
		ledger []byte
		events uint64
	}
	var steps []step
	note := func(events uint64) {
		t.Helper()
		target, m := backupTo(t, db, t.TempDir())
		steps = append(steps, step{target, m, ledgerOf(t, db), events})
		clock = clock.Add(time.Minute)
	}
	told(1)
	note(1)
	for n := range 2 {
		if _, err := db.Privacy().Erase(t.Context(), her); err != nil {
			t.Fatal(err)
		}
		note(0)
		clock = clock.Add(time.Minute)
		if err := db.Privacy().Unsuppress(t.Context(), her); err != nil {
			t.Fatal(err)
		}
		note(0)
		told(10 + n)
		note(1)
	}
	// The ledger of any later moment over the backup of any earlier one.
	for i, s := range steps {
		for j := i; j < len(steps); j++ {
			ledger := bytes.Clone(steps[j].ledger)
			again, _ := restored(t, s.target, s.m, ledger, o)
			want := s.events
			if j > i && i < 1 || j >= 4 && i < 4 { // an erasure came between
				want = 0
			}
			var have uint64
			if p, err := again.Profile(t.Context(), her); err == nil {
				have = p.Events
			} else if !errors.Is(err, portrait.ErrNotFound) {
				t.Fatal(err)
			}
			if have != want {
				t.Errorf("backup %d under ledger %d: %d events, want %d", i, j, have, want)
			}
			if got := entriesOf(ledgerOf(t, again)); got != entriesOf(ledger) {
				t.Errorf("backup %d under ledger %d: the ledger is now\n%s, want\n%s", i, j, got, entriesOf(ledger))
			}
			if i == 0 { // An older ledger after a newer one changes nothing.
				if done, err := again.Privacy().ReplayLedger(t.Context(), bytes.NewReader(s.ledger)); err != nil || done.Epoch != 0 {
					t.Errorf("an older ledger: %+v, %v", done, err)
				}
			}
			checkAndClose(t, again)
		}
	}
}

// entriesOf returns a ledger without its head and its checksum.
func entriesOf(ledger []byte) string {
	_, rest, _ := strings.Cut(string(ledger), "entries ")
	body, _, _ := strings.Cut(rest, "sha256")
	return body
}

// TestLedger_anonymised restores a store of before somebody was anonymised: what stays of
// them is what stayed, and nobody's.
func TestLedger_anonymised(t *testing.T) {
	o := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, t.TempDir(), o)
	apply(t, db, testModel)
	her := []profile.Identifier{id("user_id", "mei"), id("email", "mei@example.cn")}
	for i := range 3 {
		take(t, db, profile.Event{
			Source: "web", MessageID: fmt.Sprint(i), Time: epoch0.Add(time.Duration(i) * time.Hour), Name: "Order Completed",
			Identifiers: her[:1+i%2], Properties: map[string]profile.Value{"revenue": profile.Number(12.5)},
		})
	}
	target, m := backupTo(t, db, t.TempDir())
	report, err := db.Privacy().Anonymise(t.Context(), her[0])
	if err != nil || report.Nameless != 1 {
		t.Fatal(report, err)
	}
	want := digest(t, db, now)
	again, _ := restored(t, target, m, ledgerOf(t, db), o)
	if got := digest(t, again, now); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	for _, id := range her {
		if _, err := again.Profile(t.Context(), id); !errors.Is(err, portrait.ErrNotFound) {
			t.Errorf("%v is there: %v", id, err)
		}
	}
	third, _ := restored(t, target, m, nil, o)
	done, err := third.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledgerOf(t, db)))
	if err != nil || done.Nameless != 1 || done.Identifiers != 2 {
		t.Errorf("replayed: %+v, %v", done, err)
	}
	if n, err := third.Count(t.Context(), everybody); err != nil || n != 1 {
		t.Errorf("%d people, %v", n, err)
	}
}

// TestLedger_anonymised_and_erased makes some people of random histories anonymous after a backup,
// and erases others: restored with the ledger, the copy is what the store is.
func TestLedger_anonymised_and_erased(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one goroutine")
	}
	r := seed(t)
	for range *rounds {
		c := clockAt(now)
		o := &portrait.Options{Clock: c.now, NoSync: true}
		text := drawModel(r)
		db := open(t, t.TempDir(), o)
		apply(t, db, text)
		drawStory(r, 30+r.IntN(90), r.IntN(15)).play(t, db, nil)
		target, m := backupTo(t, db, t.TempDir())
		for range 1 + r.IntN(4) {
			c.set(c.now().Add(time.Microsecond))
			var all []profile.Identifier
			for p, err := range allProfiles(t.Context(), db) {
				if err != nil {
					t.Fatal(err)
				}
				if id := p.Identifiers[0]; id.Namespace != identity.Nameless {
					all = append(all, id)
				}
			}
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			do := (*portrait.Privacy).Anonymise
			if r.IntN(3) == 0 {
				do = (*portrait.Privacy).Erase
			}
			if _, err := do(db.Privacy(), t.Context(), all[:min(len(all), 1+r.IntN(3))]...); err != nil {
				t.Fatal(err)
			}
		}
		want := digest(t, db, c.now())
		again, _ := restored(t, target, m, ledgerOf(t, db), o)
		if got := digest(t, again, c.now()); got != want {
			t.Fatalf("digest %s, want %s, under\n%s", got, want, text)
		}
		checkAndClose(t, db)
		checkAndClose(t, again)
	}
}

func TestLedger_of_another_store(t *testing.T) {
	o := &portrait.Options{Clock: fixed(now)}
	a, b := open(t, t.TempDir(), o), open(t, t.TempDir(), o)
	if _, err := a.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledgerOf(t, b))); err == nil || !strings.Contains(err.Error(), "another store") {
		t.Errorf("a ledger of another store: %v", err)
	}
	if _, err := a.Privacy().ReplayLedger(t.Context(), strings.NewReader("no ledger")); err == nil {
		t.Error("no ledger was replayed")
	}
	target, m := backupTo(t, a, t.TempDir())
	_, err := backup.Restore(t.Context(), target, m.ID, filepath.Join(t.TempDir(), "x"), backup.RestoreOptions{Ledger: bytes.NewReader(ledgerOf(t, b))})
	if err == nil || !strings.Contains(err.Error(), "another store") {
		t.Errorf("restored with a ledger of another store: %v", err)
	}
}

// TestRestore_feed reads the feed of a store that was restored: cursors of before are
// refused, and what is kept is told from its beginning.
func TestRestore_feed(t *testing.T) {
	o := &portrait.Options{Clock: fixed(now), NoSync: true}
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "db"), o)
	apply(t, db, testModel)
	for i := range 40 {
		take(t, db, callOf(i)...)
	}
	old := changes(t, db, portrait.Cursor{})
	if len(old) == 0 {
		t.Fatal("nothing was told")
	}
	target, m := backupTo(t, db, t.TempDir())
	again, _ := restored(t, target, m, nil, o)
	if err := db.Admin().Checkpoint(t.Context(), filepath.Join(dir, "copy")); err != nil {
		t.Fatal(err)
	}
	other := open(t, filepath.Join(dir, "copy"), o)
	for name, copied := range map[string]*portrait.DB{"restored": again, "checkpoint": other} {
		v, err := copied.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range v.Changes(t.Context(), old[3].Cursor) {
			if err == nil || !strings.Contains(err.Error(), "another store") {
				t.Errorf("%s: from a cursor of before: %v", name, err)
			}
			break
		}
		v.Close()
		if got := changes(t, copied, portrait.Cursor{}); len(got) != len(old) {
			t.Errorf("%s: %d changes, want %d", name, len(got), len(old))
		}
	}
	// Opened again it is the same store.
	was := changes(t, again, portrait.Cursor{})
	_, second := backupTo(t, again, t.TempDir())
	if second.Origin == nil || second.Origin.Store != m.Store || second.Origin.Epoch != m.Epoch || second.Store == m.Store {
		t.Errorf("a backup of what was restored: %+v", second)
	}
	if got := changes(t, again, was[3].Cursor); len(got) != len(was)-4 {
		t.Errorf("%d changes after the 4., want %d", len(got), len(was)-4)
	}
}

func changes(t *testing.T, db *portrait.DB, since portrait.Cursor) (all []portrait.Change) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for c, err := range v.Changes(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// TestBackup_while_events_come_in takes copies while events come in from several sides:
// each is one commit exactly, the one that its manifest names.
func TestBackup_while_events_come_in(t *testing.T) {
	dir := t.TempDir()
	o := &portrait.Options{Clock: fixed(now), MemTableBytes: 256 << 10, NoSync: true}
	db := open(t, filepath.Join(dir, "db"), o)
	apply(t, db, testModel)
	digests := map[uint64]portrait.Digest{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := db.Ingest(t.Context(), callOf(i)...); err != nil {
				t.Error(err)
				return
			}
			v, err := db.View(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			d, err := v.Digest(t.Context(), now)
			if err != nil {
				t.Error(err)
			}
			digests[v.Epoch()] = d
			v.Close()
		}
	})
	var made []backup.Manifest
	var target *backup.Dir
	for range 4 {
		var m backup.Manifest
		target, m = backupTo(t, db, filepath.Join(dir, "backups"))
		made = append(made, m)
	}
	if err := db.Admin().Checkpoint(t.Context(), filepath.Join(dir, "copy")); err != nil {
		t.Error(err)
	}
	close(stop)
	wg.Wait()
	known := 0
	for _, m := range made {
		want, ok := digests[m.Epoch]
		again, _ := restored(t, target, m, nil, o)
		if got := digest(t, again, now); ok && got != want {
			t.Errorf("commit %d: digest %s, want %s", m.Epoch, got, want)
		}
		if ok {
			known++
		}
		checkHolds(t, again, 0)
		checkAndClose(t, again)
	}
	if known == 0 {
		t.Error("no copy was of a commit that was looked at")
	}
	copied := open(t, filepath.Join(dir, "copy"), o)
	checkHolds(t, copied, 0)
}

// TestBackup_into_a_slow_target makes sure that events come in while one backup waits for
// its target, and another for that one.
func TestBackup_into_a_slow_target(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	slow := stuckTarget{at: make(chan struct{}, 100), release: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := db.Admin().Backup(ctx, slow); err == nil {
				t.Error("put into a target that takes nothing")
			}
		})
	}
	<-slow.at
	for i := range 20 {
		take(t, db, callOf(i)...)
	}
	cancel()
	close(slow.release)
	wg.Wait()
}

// stuckTarget is empty, and takes nothing for as long as it is not released.
type stuckTarget struct {
	fstest.MapFS
	at, release chan struct{}
}

func (s stuckTarget) Put(string, io.Reader) error {
	s.at <- struct{}{}
	<-s.release
	return errors.New("nothing is kept")
}

func (stuckTarget) Remove(string) error { return nil }

// TestBackup_and_purge runs both at once: a purge does not leave what a copy that is being
// made holds.
func TestBackup_and_purge(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	r := rand.New(rand.NewPCG(5, 6))
	forms := map[string][]byte{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 5 {
			if _, err := db.Admin().Backup(t.Context(), slowTarget{}); err == nil {
				t.Error("put into a target that takes nothing")
			}
		}
	})
	for i := range 5 {
		name := fmt.Sprintf("canary-user-%d-%d", i, r.IntN(1000))
		forms["plain "+name] = []byte(name)
		take(t, db, profile.Event{Source: "web", MessageID: name, Time: epoch0, Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", name)}})
		if _, err := db.Privacy().Erase(t.Context(), id("user_id", name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Privacy().Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if _, err := db.Privacy().Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	if hits := inClosed(t, dir, nil, forms); len(hits) > 0 {
		t.Errorf("after a purge there is\n%s", strings.Join(hits, "\n"))
	}
}

// slowTarget is empty, reads what it is given, and keeps none of it.
type slowTarget struct{ fstest.MapFS }

func (slowTarget) Put(_ string, content io.Reader) error {
	_, err := io.Copy(io.Discard, content)
	return errors.Join(err, errors.New("nothing is kept"))
}

func (slowTarget) Remove(string) error { return nil }
