package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/seeds"
	"github.com/portraitdb/portrait/internal/shred"
)

// shredded is small, with values that are sealed in the space of v.
func shredded(fs FS) Options {
	o := small(fs)
	o.Shred = []byte("v")
	return o
}

// shreddedEncrypted is shredded, encrypted too.
func shreddedEncrypted(fs FS) Options {
	o := shredded(fs)
	o.Keys = newTestKeys("first")
	return o
}

var shredKinds = map[string]options{"plain": shredded, "encrypted": shreddedEncrypted}

func mustNumber(t testing.TB, s *Store) uint64 {
	t.Helper()
	n, err := s.Number()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// setSealed commits values under numbers of their own, with the head "h:", and returns these.
func setSealed(t testing.TB, s *Store, pairs ...string) (numbers []uint64) {
	t.Helper()
	b := s.NewBatch()
	for i := 0; i < len(pairs); i += 2 {
		numbers = append(numbers, mustNumber(t, s))
		b.SetSealed([]byte(pairs[i]), numbers[len(numbers)-1], []byte("h:"), []byte(pairs[i+1]))
	}
	if err := s.Commit(b, false); err != nil {
		t.Fatal(err)
	}
	return numbers
}

// destroy commits the destruction of keys, and the deletion of what lay under some.
func destroy(t testing.TB, s *Store, numbers []uint64, deleted ...string) {
	t.Helper()
	b := s.NewBatch()
	for _, n := range numbers {
		b.Destroy(n)
	}
	for _, key := range deleted {
		b.Delete([]byte(key))
	}
	if err := s.Commit(b, false); err != nil {
		t.Fatal(err)
	}
}

// filesWith returns the files of a directory that hold some bytes.
func filesWith(t testing.TB, fsys FS, dir string, canary []byte) (with []string) {
	t.Helper()
	names, err := fsys.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := contentOf(fsys, fsys.PathJoin(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, canary) {
			with = append(with, name)
		}
	}
	return with
}

func TestShred_values_read_as_they_were_written(t *testing.T) {
	for name, with := range shredKinds {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			s := mustOpen(t, "db", with(mem))
			commit(t, s, "a", "plain")
			numbers := setSealed(t, s, "v1", "one", "v2", "", "v3", "three")
			want := []string{"a=plain", "v1=h:one", "v2=h:", "v3=h:three"}
			diff(t, want, content(t, s))
			got, err := s.Get([]byte("v3"))
			diff(t, "h:three", string(got))
			diff(t, nil, err)
			before, err := s.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			destroy(t, s, numbers[2:])
			diff(t, []string{"a=plain", "v1=h:one", "v2=h:", "v3=h:"}, content(t, s))
			diff(t, want, scan(t, before, nil, nil)) // it has the keys of its time
			if got, err := before.Get([]byte("v3")); err != nil || string(got) != "h:three" {
				t.Errorf("a snapshot of before reads %q, %v", got, err)
			}
			before.Close()
			mustClose(t, s)
			s = mustOpen(t, "db", with(mem))
			diff(t, []string{"a=plain", "v1=h:one", "v2=h:", "v3=h:"}, content(t, s))
			diff(t, []bool{false, true}, []bool{s.Destroyed(numbers[0]), s.Destroyed(numbers[2])})
			if n := mustNumber(t, s); n <= numbers[2] {
				t.Errorf("number %d is given out again", n)
			}
		})
	}
}

// A value without a head is not there once its key is gone: not for Get, and not for a scan.
func TestShred_a_value_without_a_head_is_gone(t *testing.T) {
	s := mustOpen(t, "db", shredded(vfs.NewMem()))
	b := s.NewBatch()
	n := mustNumber(t, s)
	b.SetSealed([]byte("v1"), n, nil, []byte("one"))
	b.SetSealed([]byte("v2"), mustNumber(t, s), nil, []byte("two"))
	b.SetSealed([]byte("w"), n, []byte("not a sealed"), []byte(" space"))
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	destroy(t, s, []uint64{n})
	diff(t, []string{"v2=two", "w=not a sealed space"}, content(t, s))
	if _, err := s.Get([]byte("v1")); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// What is put into a sealed space unsealed, or under a key that is gone, is refused.
func TestShred_nothing_is_written_in_the_clear(t *testing.T) {
	s := mustOpen(t, "db", shredded(vfs.NewMem()))
	n := setSealed(t, s, "v1", "one")[0]
	destroy(t, s, []uint64{n})
	for want, add := range map[error]func(*Batch){
		errUnsealed:        func(b *Batch) { b.Set([]byte("v2"), []byte("two")) },
		shred.ErrForgotten: func(b *Batch) { b.SetSealed([]byte("v2"), n, nil, []byte("two")) },
	} {
		b := s.NewBatch()
		add(b)
		if err := s.Commit(b, false); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// No file holds the seed that made a destroyed key, nor any other way to it, and none holds the value.
func TestShred_old_files_tell_nothing(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, "db", shredded(mem))
	numbers := setSealed(t, s, "v1", "canary one", "v2", "canary two")
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	old, err := contentOf(mem, "db/"+KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	destroy(t, s, numbers[:1])
	diff(t, []string(nil), filesWith(t, mem, "db", []byte("canary")))
	seeds := old[len(old)-4-shred.Overhead-16 : len(old)-4] // of the seed that makes them all
	diff(t, []string(nil), filesWith(t, mem, "db", seeds))
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(names, keyFileNew) || slices.Contains(names, keyFileOld) {
		t.Errorf("old keys are left: %q", names)
	}
}

func TestShred_key_files_that_do_not_fit(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, "db", shredded(mem))
	numbers := setSealed(t, s, "v1", "one", "v2", "two", "v3", "three")
	first, err := contentOf(mem, "db/"+KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	destroy(t, s, numbers[:1])
	destroy(t, s, numbers[1:2])
	mustClose(t, s)
	last, err := contentOf(mem, "db/"+KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, "other", shredded(mem)))
	other, err := contentOf(mem, "other/"+KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, "unsealed", small(mem)))
	put := func(data []byte) {
		if err := mem.Remove("db/" + KeyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if data != nil {
			write(t, mem, "db/"+KeyFile, data)
		}
	}
	for _, c := range []struct {
		what, dir string
		file      []byte
		with      Options
		want      error
	}{
		{"missing", "db", nil, shredded(mem), errNoKeyFile},
		{"of another store", "db", other, shredded(mem), errOtherStore},
		{"of long ago", "db", first, shredded(mem), errOldKeyFile},
		{"damaged", "db", last[:len(last)-1], shredded(mem), ErrCorrupt},
		{"asked for, and not there", "unsealed", last, shredded(mem), errNotShredded},
	} {
		put(c.file)
		_, err := Open(c.dir, c.with)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), KeyFile) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
		if broken, ok := errors.AsType[*KeyError](err); c.want != ErrCorrupt && (!ok || broken.File != KeyFile) {
			t.Errorf("%s: %v, want a KeyError that names the file", c.what, err)
		}
	}
	put(last)
	o := shredded(mem)
	o.Shred = []byte("vw")
	if _, err := Open("db", o); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), `"vw"`) {
		t.Errorf("other spaces: %v", err)
	}
	s = mustOpen(t, "db", small(mem)) // what it was made with holds, asked for or not
	diff(t, []string{"v1=h:", "v2=h:", "v3=h:three"}, content(t, s))
	if !s.Sealed() {
		t.Error("a store that seals does not say so")
	}
}

// An older copy of the store under the key file of today does not bring back what was
// destroyed, says that it is behind, and gives out no number again.
func TestShred_an_older_copy_of_the_store(t *testing.T) {
	mem := crashdisk.New()
	s := mustOpen(t, "db", shredded(mem))
	numbers := setSealed(t, s, "v1", "one", "v2", "two")
	if err := s.Commit(s.NewBatch(), true); err != nil {
		t.Fatal(err)
	}
	old := mem.CrashClone(vfs.CrashCloneCfg{})
	for range 3 {
		numbers = append(numbers, setSealed(t, s, "v3", "three")...)
		destroy(t, s, numbers[len(numbers)-1:])
	}
	destroy(t, s, numbers[:1], "v1")
	mustClose(t, s)
	now, err := contentOf(mem, "db/"+KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Remove("db/" + KeyFile); err != nil {
		t.Fatal(err)
	}
	write(t, old, "db/"+KeyFile, now)
	s = mustOpen(t, "db", shredded(old))
	diff(t, []string{"v1=h:", "v2=h:two"}, content(t, s))
	diff(t, true, s.Behind())
	mustClose(t, s)
	s = mustOpen(t, "db", shredded(old))
	diff(t, true, s.Behind())
	if err := s.CaughtUp(); err != nil {
		t.Fatal(err)
	}
	diff(t, false, s.Behind())
	if n := mustNumber(t, s); slices.Contains(numbers, n) {
		t.Errorf("number %d is given out again", n)
	}
	mustClose(t, s)
	diff(t, false, mustOpen(t, "db", shredded(old)).Behind())
}

// A crash may leave the key file under the name of an old one too: that is not written over.
func TestShred_two_names_of_the_key_file(t *testing.T) {
	for name, with := range shredKinds {
		mem := vfs.NewMem()
		s := mustOpen(t, "db", with(mem))
		setSealed(t, s, "v1", "one")
		mustClose(t, s)
		if err := mem.Link("db/"+KeyFile, "db/"+keyFileOld); err != nil {
			t.Fatal(err)
		}
		write(t, mem, "db/"+keyFileNew, []byte("half of a"))
		s = mustOpen(t, "db", with(mem))
		diff(t, []string{"v1=h:one"}, content(t, s))
		for _, left := range []string{keyFileNew, keyFileOld} {
			if _, err := mem.Stat("db/" + left); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %s is left, %v", name, left, err)
			}
		}
	}
}

func write(t testing.TB, fsys FS, name string, data []byte) {
	t.Helper()
	f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(slices.Clone(data)) // which Write may change
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Before whatever operation on the disk a crash comes, also while Open finishes what another
// one left: living values are readable, and when the store is open again none is readable whose key
// was to be destroyed by a commit that is there.
func TestShred_survives_a_crash_anywhere(t *testing.T) {
	for name, with := range shredKinds {
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seeds.Draw(t), 0))
			rounds := 10
			if testing.Short() {
				rounds = 2
			}
			found := shredCrashes(t, rnd, with, crashdisk.New(), rounds)
			if len(found) < 10*rounds {
				t.Errorf("only %d crashes", len(found))
			}
			for i, c := range found {
				var again []crash
				if i%7 == 0 {
					again = reopenCrashes(t, rnd, with, c)
				}
				for _, c := range append(again, c) {
					wantShredded(t, with, c)
				}
			}
		})
	}
}

// shredCrashes runs rounds that each write two values and then destroy the first one's key,
// and takes what a crash would leave before every operation. A crash's acked counts the
// destructions.
func shredCrashes(t *testing.T, rnd *rand.Rand, with options, mem *crashdisk.FS, rounds int) (found []crash) {
	var mu sync.Mutex
	acked := 0
	s := mustOpen(t, "db", with(errorfs.Wrap(mem, watching(&mu, rnd, mem, &acked, &found))))
	for i := range rounds {
		n := setSealed(t, s, fmt.Sprintf("v%03d-gone", i), "secret", fmt.Sprintf("v%03d-kept", i), "kept")
		destroy(t, s, n[:1], fmt.Sprintf("v%03d-gone", i))
		mu.Lock()
		acked++
		mu.Unlock()
	}
	mustClose(t, s)
	return found
}

func watching(mu *sync.Mutex, rnd *rand.Rand, mem *crashdisk.FS, acked *int, found *[]crash) errorfs.Injector {
	return errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			mu.Lock()
			defer mu.Unlock()
			*found = append(*found, crash{acked: *acked, at: op, fs: mem.CrashClone(vfs.CrashCloneCfg{
				UnsyncedDataPercent: rnd.IntN(101), RNG: rnd,
			})})
		}
		return nil
	})
}

// reopenCrashes opens what a crash left, and takes what crashes on the way would leave.
func reopenCrashes(t *testing.T, rnd *rand.Rand, with options, c crash) (found []crash) {
	var mu sync.Mutex
	mem := c.fs.CrashClone(vfs.CrashCloneCfg{})
	s, err := Open("db", with(errorfs.Wrap(mem, watching(&mu, rnd, mem, &c.acked, &found))))
	if err != nil {
		t.Fatalf("crash before %v of %s: %v", c.at.Kind, c.at.Path, err)
	}
	mustClose(t, s)
	return found
}

func wantShredded(t *testing.T, with options, c crash) {
	t.Helper()
	s, err := Open("db", with(c.fs))
	if err != nil {
		t.Fatalf("crash before %v of %s, %d acknowledged: %v", c.at.Kind, c.at.Path, c.acked, err)
	}
	defer mustClose(t, s)
	kept := 0
	for _, kv := range content(t, s) {
		switch {
		case strings.HasSuffix(kv, "-gone=h:"):
			t.Errorf("crash before %v of %s: %s has no key, and is there", c.at.Kind, c.at.Path, kv)
		case strings.HasSuffix(kv, "-kept=h:kept"):
			kept++
		case !strings.HasSuffix(kv, "-gone=h:secret"):
			t.Errorf("crash before %v of %s: %s", c.at.Kind, c.at.Path, kv)
		}
	}
	if kept < c.acked {
		t.Errorf("crash before %v of %s: %d of %d values that were to stay", c.at.Kind, c.at.Path, kept, c.acked)
	}
	r := s.vault.record()
	data, err := s.dbGet(vaultKey)
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := decodeVault(data); err != nil || stored.generation != r.generation {
		t.Errorf("crash before %v of %s: the store is at destruction %d, the key file at %d, %v", c.at.Kind, c.at.Path, stored.generation, r.generation, err)
	} else if slices.ContainsFunc(stored.destroyed, func(n uint64) bool { return !s.Destroyed(n) }) {
		t.Errorf("crash before %v of %s: a key is there that was to be destroyed", c.at.Kind, c.at.Path)
	}
}

func (s *Store) dbGet(key []byte) ([]byte, error) { return owned(appendValue(nil, s.db, key)) }

// A key file that cannot be written fails the store before anything wrong is acknowledged;
// what was committed by then is finished by the next Open.
func TestShred_a_disk_that_refuses_the_key_file(t *testing.T) {
	for _, kind := range []errorfs.OpKind{errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileSync, errorfs.OpRename, errorfs.OpFileSyncData} {
		mem := vfs.NewMem()
		var armed bool
		var mu sync.Mutex
		fsys := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			if armed && op.Kind == kind && strings.Contains(op.Path, KeyFile) {
				return errorfs.ErrInjected
			}
			return nil
		}))
		s := mustOpen(t, "db", shredded(fsys))
		n := setSealed(t, s, "v1", "one", "v2", "two")
		mu.Lock()
		armed = true
		mu.Unlock()
		b := s.NewBatch()
		b.Destroy(n[0])
		b.Delete([]byte("v1"))
		err := s.Commit(b, false)
		if kind == errorfs.OpFileSyncData && err == nil {
			continue // the file is synced otherwise
		}
		if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), KeyFile) {
			t.Errorf("%v: %v", kind, err)
		}
		if err := s.Close(); !errors.Is(err, ErrFailed) {
			t.Error(err)
		}
		s = mustOpen(t, "db", shredded(mem))
		diff(t, []string{"v2=h:two"}, content(t, s))
		diff(t, []bool{true, false}, []bool{s.Destroyed(n[0]), s.Destroyed(n[1])})
	}
}

func TestShred_damaged_values_are_reported(t *testing.T) {
	s := mustOpen(t, "db", shredded(vfs.NewMem()))
	n := mustNumber(t, s)
	whole, err := s.vault.seal(nil, n, []byte("head"), []byte("rest"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x80
		// A number of which there is a key reads nothing under it; the head is not guarded.
		got, _, err := openSealed(nil, s.vault.tree(), bad)
		if err == nil && string(got) == "headrest" || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d changed: %q, %v", i, got, err)
		}
		if _, ok, err := openSealed(nil, s.vault.tree(), whole[:i]); err == nil && ok {
			t.Errorf("is whole when cut at %d", i)
		}
	}
}

func FuzzDecodeVault(f *testing.F) {
	f.Add((&vaultRecord{generation: 3, spaces: []byte("ln"), destroyed: []uint64{0, 5, 1 << 40}}).append(nil))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeVault(data)
		if err != nil {
			return
		}
		again, err := decodeVault(r.append(nil))
		if err != nil {
			t.Fatal(err)
		}
		diff(t, fmt.Sprint(r), fmt.Sprint(again))
		_, _, _ = openSealed(nil, shred.New(), data)
	})
}
