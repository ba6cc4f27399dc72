package portrait_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// vault is a target on a file system of package vfs.
type vault struct{ fs store.FS }

func (v vault) Open(name string) (fs.File, error) {
	f, err := v.fs.Open("vault/" + name)
	if err != nil {
		return nil, err
	}
	return vaultFile{f}, nil
}

type vaultFile struct{ vfs.File }

func (f vaultFile) Stat() (fs.FileInfo, error) { return f.File.Stat() }

func (v vault) ReadDir(name string) ([]fs.DirEntry, error) {
	names, err := v.fs.List("vault/" + name)
	if err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for _, base := range names {
		info, err := v.fs.Stat("vault/" + name + "/" + base)
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}

func (v vault) Put(name string, content io.Reader) error {
	in := v.fs.PathDir("vault/" + name)
	for _, dir := range []string{"vault", in} {
		if err := errors.Join(v.fs.MkdirAll(dir, 0o700), v.sync(v.fs.PathDir(dir))); err != nil {
			return err
		}
	}
	f, err := v.fs.Create("vault/"+name+".partial", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return errors.Join(v.fs.Rename("vault/"+name+".partial", "vault/"+name), v.sync(in))
}

func (v vault) Remove(name string) error { return v.fs.Remove("vault/" + name) }

func (v vault) sync(dir string) error {
	d, err := v.fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// clones takes what a crash would leave before write operations of what do does, every
// one of the first and then some.
func clones(t *testing.T, r *rand.Rand, mem *crashdisk.FS, do func(store.FS)) []*crashdisk.FS {
	t.Helper()
	var (
		mu    sync.Mutex
		all   []*crashdisk.FS
		ops   int
		next  = 1
		every = 30
	)
	if testing.Short() {
		every = 6
	}
	do(errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if ops++; ops < next {
			return nil
		}
		next = ops + 1 + r.IntN(1+ops/every)
		all = append(all, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r}))
		return nil
	})))
	all = append(all, mem.CrashClone(vfs.CrashCloneCfg{}))
	t.Logf("%d operations, %d crashes", ops, len(all))
	return all
}

// opensAs opens a directory of a clone, makes sure that it holds what it should, and
// reports whether it did; it is false where there is no store, or one that is refused as
// unfinished.
func opensAs(t *testing.T, options func(store.FS) *portrait.Options, mem store.FS, dir string, want portrait.Digest) bool {
	t.Helper()
	names, err := mem.List(dir)
	if err != nil || len(names) == 0 || len(names) == 1 && names[0] == "LOCK" {
		return false
	}
	db, err := portrait.Open(dir, options(mem))
	if errors.Is(err, store.ErrIncomplete) {
		return false
	}
	if err != nil {
		t.Fatalf("open %s: %v", dir, err)
	}
	if got := digest(t, db, now); got != want {
		t.Fatalf("%s has the digest %s, want %s", dir, got, want)
	}
	checkAndClose(t, db)
	return true
}

func crashedStore(t *testing.T, options func(store.FS) *portrait.Options) (*crashdisk.FS, portrait.Digest) {
	t.Helper()
	mem := crashdisk.New()
	db, err := portrait.Open("db", options(mem))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	for i := range 60 {
		take(t, db, callOf(i)...)
	}
	want := digest(t, db, now)
	checkAndClose(t, db)
	return mem, want
}

// TestCheckpoint_crash crashes at the operations of a checkpoint: the store is as it was,
// the checkpoint is whole or is none.
func TestCheckpoint_crash(t *testing.T) {
	for name, options := range map[string]func(store.FS) *portrait.Options{"plain": small, "encrypted": sealed(&keySet{current: "a"})} {
		t.Run(name, func(t *testing.T) {
			mem, want := crashedStore(t, options)
			var whole, none int
			all := clones(t, seed(t), mem, func(fs store.FS) {
				db, err := portrait.Open("db", options(fs))
				if err != nil {
					t.Fatal(err)
				}
				if err := db.Admin().Checkpoint(t.Context(), "copies/one"); err != nil {
					t.Fatal(err)
				}
				checkAndClose(t, db)
			})
			for _, c := range all {
				if !opensAs(t, options, c, "db", want) {
					t.Fatal("the store is not there")
				}
				if opensAs(t, options, c, "copies/one", want) {
					whole++
				} else {
					none++
				}
				if _, err := c.Stat("db/copying"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("what was being copied is still there: %v", err)
				}
			}
			if whole == 0 || none == 0 {
				t.Errorf("%d whole, %d none", whole, none)
			}
		})
	}
}

// TestBackup_crash crashes at the operations of a backup: the backups that are listed are
// whole, and the next one is made.
func TestBackup_crash(t *testing.T) {
	mem, want := crashedStore(t, small)
	counts := map[int]int{}
	for _, c := range clones(t, seed(t), mem, func(fs store.FS) {
		db, err := portrait.Open("db", small(fs))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Admin().Backup(t.Context(), vault{fs}); err != nil {
			t.Fatal(err)
		}
		checkAndClose(t, db)
	}) {
		all, err := backup.List(vault{c})
		if err != nil {
			t.Fatal(err)
		}
		counts[len(all)]++
		if len(all) == 0 {
			db, err := portrait.Open("db", small(c))
			if err != nil {
				t.Fatal(err)
			}
			m, err := db.Admin().Backup(t.Context(), vault{c})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
			checkAndClose(t, db)
		}
		if err := backup.Verify(t.Context(), vault{c}); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), vault{c}, all[0].ID, "again", backup.RestoreOptions{NoLedger: true, FS: c}); err != nil {
			t.Fatal(err)
		}
		if !opensAs(t, small, c, "again", want) {
			t.Fatal("what was restored is not there")
		}
	}
	if counts[0] == 0 || counts[1] == 0 {
		t.Errorf("crashes by how many backups they left: %v", counts)
	}
}

// TestRestore_crash crashes at the operations of a restore, and of the first opening: who
// was erased after the backup is never there.
func TestRestore_crash(t *testing.T) {
	mem, _ := crashedStore(t, small)
	db, err := portrait.Open("db", small(mem))
	if err != nil {
		t.Fatal(err)
	}
	m, err := db.Admin().Backup(t.Context(), vault{mem})
	if err != nil {
		t.Fatal(err)
	}
	var whom []profile.Identifier
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		if whom = append(whom, p.Identifiers[0]); len(whom) == 5 {
			break
		}
	}
	if _, err := db.Privacy().Erase(t.Context(), whom...); err != nil {
		t.Fatal(err)
	}
	want := digest(t, db, now)
	var ledger bytes.Buffer
	if err := db.Privacy().ExportLedger(t.Context(), &ledger); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	restore := func(c store.FS) error {
		_, err := backup.Restore(t.Context(), vault{c}, m.ID, "again", backup.RestoreOptions{Ledger: bytes.NewReader(ledger.Bytes()), FS: c})
		return err
	}
	whole, none := 0, 0
	for i, c := range clones(t, seed(t), mem, func(fs store.FS) {
		if err := restore(fs); err != nil {
			t.Fatal(err)
		}
		again, err := portrait.Open("again", small(fs))
		if err != nil {
			t.Fatal(err)
		}
		checkAndClose(t, again)
	}) {
		if opensAs(t, small, c, "again", want) {
			whole++
			continue
		}
		none++
		if err := restore(c); err != nil {
			t.Fatalf("crash %d: restored again: %v", i, err)
		}
		if !opensAs(t, small, c, "again", want) {
			t.Fatal("what was restored is not there")
		}
	}
	if whole == 0 || none == 0 {
		t.Errorf("%d whole, %d none", whole, none)
	}
}

// TestCheckpoint_disk_errors breaks the disk under the copies: the store lives on, and
// nothing is left of them.
func TestCheckpoint_disk_errors(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one goroutine, thirty stores; TestCheckpoint_crash does the same by crashes")
	}
	for _, at := range []struct {
		name string
		kind errorfs.OpKind
		file string
	}{
		{"create", errorfs.OpCreate, "copying"},
		{"write", errorfs.OpFileWrite, "copying"},
		{"sync", errorfs.OpFileSync, "copying"},
		{"link", errorfs.OpLink, ""},
		{"rename", errorfs.OpRename, "copying"},
		{"make", errorfs.OpMkdirAll, "copying"},
		{"open the directory", errorfs.OpOpenDir, "copying"},
		{"read", errorfs.OpFileRead, "db/"},
		{"sync what it is in", errorfs.OpOpenDir, "copies"},
		{"make what it is in", errorfs.OpMkdirAll, "copies"},
	} {
		hits := int64(0)
		for nth := range int64(3) {
			hits += checkpointOnFault(t, &fault{kind: at.kind, file: at.file, nth: 1 << 40, err: syscall.EIO}, nth, at.name)
		}
		if hits == 0 {
			t.Errorf("no fault was injected at: %s", at.name)
		}
	}
}

// checkpointOnFault makes a checkpoint while some operations fail, from one on.
func checkpointOnFault(t *testing.T, f *fault, nth int64, name string) (hits int64) {
	t.Helper()
	mem, want := crashedStore(t, small)
	db, err := portrait.Open("db", small(errorfs.Wrap(mem, f)))
	if err != nil {
		t.Fatal(err)
	}
	f.seen.Store(1<<40 - nth - 1)
	err = db.Admin().Checkpoint(t.Context(), "copies/one")
	f.seen.Store(-1 << 40)
	if err == nil {
		if !opensAs(t, small, mem, "copies/one", want) {
			t.Errorf("%s, from the %d. on: the checkpoint is not there", name, nth+1)
		}
	} else if names, _ := mem.List("copies/one"); len(names) > 0 {
		t.Errorf("%s, from the %d. on: left %v after %v", name, nth+1, names, err)
	}
	if f.kind != errorfs.OpFileRead {
		take(t, db, callOf(61)...) // the store is none the worse
		if err := db.Admin().Checkpoint(t.Context(), "copies/two"); err != nil {
			t.Errorf("%s, from the %d. on: the next checkpoint: %v", name, nth+1, err)
		}
	}
	checkAndClose(t, db)
	return f.hits.Load()
}
