package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/internal/copies"
)

const key = "00112233445566778899aabbccddeeff"

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// bucket is a target in memory. It fails what comes after some operations.
type bucket struct {
	fstest.MapFS
	put   []string
	after int // operations that succeed; below zero all do
}

var errTarget = errors.New("the target is not there")

func newBucket() *bucket { return &bucket{MapFS: fstest.MapFS{}, after: -1} }

func (b *bucket) spend() error {
	if b.after == 0 {
		return errTarget
	}
	if b.after > 0 {
		b.after--
	}
	return nil
}

func (b *bucket) Put(name string, content io.Reader) error {
	data, err := io.ReadAll(content)
	if err = errors.Join(b.spend(), err); err != nil {
		return err
	}
	b.MapFS[name] = &fstest.MapFile{Data: data}
	b.put = append(b.put, name)
	return nil
}

func (b *bucket) Remove(name string) error {
	if err := b.spend(); err != nil {
		return err
	}
	if _, ok := b.MapFS[name]; !ok {
		return fs.ErrNotExist
	}
	delete(b.MapFS, name)
	return nil
}

func (b *bucket) Open(name string) (fs.File, error) {
	if err := b.spend(); err != nil {
		return nil, err
	}
	return b.MapFS.Open(name)
}

func (b *bucket) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := b.spend(); err != nil {
		return nil, err
	}
	return b.MapFS.ReadDir(name)
}

// source returns the files of a store that has seen so many days.
func source(days int) fstest.MapFS {
	files := fstest.MapFS{
		"MANIFEST-000001":                                  {Data: fmt.Appendf(nil, "manifest %d", days)},
		fmt.Sprintf("%06d.log", days):                      {Data: fmt.Appendf(nil, "log %d", days)},
		"marker.manifest.000001.MANIFEST-000001":           {},
		fmt.Sprintf("marker.format-version.000001.%d", 20): {},
	}
	for i := max(0, days-5); i < days; i++ { // the older were compacted
		files[fmt.Sprintf("%06d.sst", 1000+i)] = &fstest.MapFile{
			Data: bytes.Repeat(fmt.Appendf(nil, "table %d ", i), 100), ModTime: start.Add(time.Duration(i) * time.Hour),
		}
	}
	return files
}

func about(day int) backup.Manifest {
	return backup.Manifest{
		Store: "0a", Key: key, Format: 4, Epoch: uint64(10 * day), At: start,
		Taken: start.Add(time.Duration(day) * 24 * time.Hour),
	}
}

func write(t *testing.T, b backup.Target, day int) backup.Manifest {
	t.Helper()
	m, err := backup.Write(t.Context(), b, source(day), about(day))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// contents returns what a directory holds, but for what Restore adds.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() != "LOCK" && e.Name() != "COPIED" {
			all[e.Name()] = string(data)
		}
	}
	return all
}

// Tables are put once over all backups, and every backup is put back as it was, also after
// others were pruned.
func TestWrite_is_incremental(t *testing.T) {
	dir, err := backup.OpenDir(filepath.Join(t.TempDir(), "target"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for name, target := range map[string]backup.Target{"memory": newBucket(), "directory": dir} {
		t.Run(name, func(t *testing.T) {
			var made []backup.Manifest
			for day := 1; day <= 8; day++ {
				var before []string
				if b, ok := target.(*bucket); ok {
					before, b.put = b.put, nil
				}
				made = append(made, write(t, target, day))
				if b, ok := target.(*bucket); ok {
					tables := slices.DeleteFunc(slices.Clone(b.put), func(n string) bool { return len(b.MapFS[n].Data) < 700 || strings.HasPrefix(n, "manifests/") })
					if len(tables) != 1 {
						t.Errorf("day %d put %v after %v", day, b.put, before)
					}
				}
			}
			all, err := backup.List(target)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(made, all); diff != "" {
				t.Error(diff)
			}
			if err := backup.Verify(t.Context(), target); err != nil {
				t.Error(err)
			}
			done, err := backup.Prune(t.Context(), target, made[2].ID, made[6].ID)
			if err != nil || done.Backups != 6 || done.Objects == 0 || done.Bytes == 0 {
				t.Errorf("%+v, %v", done, err)
			}
			for _, day := range []int{2, 6} {
				into := filepath.Join(t.TempDir(), "db")
				if _, err := backup.Restore(t.Context(), target, made[day].ID, into, backup.RestoreOptions{NoLedger: true}); err != nil {
					t.Fatal(err)
				}
				want := map[string]string{}
				for name, f := range source(day + 1) {
					want[name] = string(f.Data)
				}
				if diff := cmp.Diff(want, contents(t, into)); diff != "" {
					t.Error(diff)
				}
			}
			if all, _ := backup.List(target); len(all) != 2 {
				t.Errorf("%d backups are left", len(all))
			}
			if done, err := backup.Prune(t.Context(), target, made[2].ID, made[6].ID); err != nil || done != (backup.Pruned{}) {
				t.Errorf("pruned twice: %+v, %v", done, err)
			}
			if _, err := backup.Prune(t.Context(), target); err == nil {
				t.Error("all was pruned")
			}
			if _, err := backup.Prune(t.Context(), target, made[2].ID, "nobody"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("pruned but for one that is not there: %v", err)
			}
		})
	}
}

// A table of another content under the name of one that is known is put.
func TestWrite_sees_another_table(t *testing.T) {
	b := newBucket()
	write(t, b, 3)
	for name, change := range map[string]func(*fstest.MapFile){
		"time":   func(f *fstest.MapFile) { f.ModTime = f.ModTime.Add(1); f.Data = bytes.ToUpper(f.Data) },
		"length": func(f *fstest.MapFile) { f.Data = f.Data[1:] },
	} {
		src := source(3)
		table := *src["001001.sst"]
		change(&table)
		src["001001.sst"] = &table
		m, err := backup.Write(t.Context(), b, src, about(4))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(m.Files, func(f backup.File) bool { return f.Name == "001001.sst" })
		if got := b.MapFS["objects/"+m.Files[i].SHA256].Data; !bytes.Equal(got, table.Data) {
			t.Errorf("%s: another table was put", name)
		}
	}
}

// A target that fails at any moment has the backups that it said it has, whole, and no
// other; the next one succeeds.
func TestWrite_into_a_target_that_fails(t *testing.T) {
	failed := 0
	for after := 0; ; after++ {
		b := newBucket()
		first := write(t, b, 2)
		b.after = after
		second, err := backup.Write(t.Context(), b, source(4), about(4))
		b.after = -1
		want := []backup.Manifest{first}
		if err == nil {
			want = append(want, second)
		} else if failed++; !errors.Is(err, errTarget) {
			t.Errorf("after %d operations: %v", after, err)
		}
		all, lerr := backup.List(b)
		if lerr != nil {
			t.Fatal(lerr)
		}
		// One whose making failed at the very end may be there, and then it is whole.
		if err != nil && len(all) == 2 {
			want = all
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("after %d operations: %s", after, diff)
		}
		write(t, b, 5)
		if err := backup.Verify(t.Context(), b); err != nil {
			t.Errorf("after %d operations: %v", after, err)
		}
		if err == nil {
			break
		}
	}
	if failed < 8 {
		t.Errorf("only %d operations failed", failed)
	}
}

// pruning is a target that loses an object while a backup is made.
type pruning struct{ *bucket }

func (p pruning) Put(name string, content io.Reader) error {
	if strings.HasPrefix(name, "manifests/") {
		for _, n := range slices.Sorted(maps.Keys(p.MapFS)) {
			if strings.HasPrefix(n, "objects/") {
				delete(p.MapFS, n)
				break
			}
		}
	}
	return p.bucket.Put(name, content)
}

func TestWrite_beside_a_prune(t *testing.T) {
	b := newBucket()
	if m, err := backup.Write(t.Context(), pruning{b}, source(3), about(3)); err == nil {
		t.Errorf("made %s", m.ID)
	}
	if all, err := backup.List(b); err != nil || len(all) > 0 {
		t.Errorf("%v, %v", all, err)
	}
}

// Verify and Restore name what is damaged, wherever the damage is.
func TestVerify_names_what_is_damaged(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := newBucket()
	ids := map[string][]string{}
	for _, m := range []backup.Manifest{write(t, b, 3), write(t, b, 4)} {
		for _, f := range m.Files {
			if name := "objects/" + f.SHA256; !slices.Contains(ids[name], m.ID) {
				ids[name] = append(ids[name], m.ID)
			}
		}
		ids["manifests/"+m.ID] = []string{m.ID}
	}
	for name, f := range b.MapFS {
		whole := f.Data
		damages := [][]byte{append(bytes.Clone(whole), 'x')}
		if len(whole) > 0 {
			damages = append(damages, whole[:len(whole)-1])
		}
		for range min(100, 8*len(whole)) {
			flipped := bytes.Clone(whole)
			flipped[r.IntN(len(flipped))] ^= 1 << r.IntN(8)
			damages = append(damages, flipped)
		}
		for i, data := range append(damages, nil) {
			f.Data = data
			if data == nil {
				if len(whole) == 0 {
					continue
				}
				delete(b.MapFS, name)
			}
			err := backup.Verify(t.Context(), b)
			switch d, ok := errors.AsType[*backup.DamageError](err); {
			case data == nil && strings.HasPrefix(name, "manifests/"): // It is no backup then.
			case !ok || d.Name != name || !slices.Equal(d.Backups, ids[name]):
				t.Fatalf("%s: %v", name, err)
			case i < 3 || data == nil:
				into := filepath.Join(t.TempDir(), "db")
				_, err = backup.Restore(t.Context(), b, ids[name][0], into, backup.RestoreOptions{NoLedger: true})
				if d, ok := errors.AsType[*backup.DamageError](err); !ok || d.Name != name {
					t.Fatalf("restore: %v", err)
				}
				if _, err := os.Stat(into); !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("what was not restored is there: %v", err)
				}
			}
			f.Data, b.MapFS[name] = whole, f
		}
	}
	if err := backup.Verify(t.Context(), b); err != nil {
		t.Error(err)
	}
}

// A directory in which there is anything is left as it is.
func TestRestore_never_over_anything(t *testing.T) {
	b := newBucket()
	m := write(t, b, 2)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "MANIFEST-000009"), []byte("a store"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := backup.RestoreOptions{NoLedger: true}
	if _, err := backup.Restore(t.Context(), b, m.ID, dir, none); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a store: %v", err)
	}
	if diff := cmp.Diff(map[string]string{"MANIFEST-000009": "a store"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	if _, err := backup.Restore(t.Context(), b, "nobody", filepath.Join(dir, "x"), none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no backup: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Restore(canceled, b, m.ID, filepath.Join(dir, "y"), none); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "y")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := backup.Write(canceled, b, source(1), about(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := backup.Verify(canceled, b); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestRestore_wants_the_ledger(t *testing.T) {
	b := newBucket()
	m := write(t, b, 2)
	ledger := func(key string, taken time.Time) *bytes.Reader {
		return bytes.NewReader((&copies.Ledger{Key: key, Taken: taken.UnixMicro()}).Append(nil))
	}
	for name, c := range map[string]struct {
		opts backup.RestoreOptions
		want string
	}{
		"neither":         {backup.RestoreOptions{}, "give the ledger"},
		"both":            {backup.RestoreOptions{Ledger: ledger(key, m.Taken), NoLedger: true}, "it is said that there is none"},
		"too old":         {backup.RestoreOptions{Ledger: ledger(key, m.Taken.Add(-time.Microsecond))}, "older than the backup"},
		"another store's": {backup.RestoreOptions{Ledger: ledger(strings.Repeat("0", 32), m.Taken)}, "of another store"},
		"damaged":         {backup.RestoreOptions{Ledger: strings.NewReader("x")}, "checksum"},
		"unreadable":      {backup.RestoreOptions{Ledger: io.MultiReader(strings.NewReader("x"), failing{})}, errTarget.Error()},
	} {
		into := filepath.Join(t.TempDir(), "db")
		if _, err := backup.Restore(t.Context(), b, m.ID, into, c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(into); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := backup.Restore(t.Context(), b, m.ID, filepath.Join(t.TempDir(), "db"), backup.RestoreOptions{Ledger: ledger(key, m.Taken)}); err != nil {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errTarget }

func TestAt(t *testing.T) {
	day := func(n int) time.Time { return start.Add(time.Duration(n) * 24 * time.Hour) }
	b := func(id, store string, epoch uint64, taken int, origin *backup.Origin) backup.Manifest {
		return backup.Manifest{ID: id, Store: store, Epoch: epoch, Taken: day(taken), Origin: origin}
	}
	// b began as a's commit 40, which went on to 100; c as b's 55.
	all := []backup.Manifest{
		b("a10", "a", 10, 1, nil), b("a40", "a", 40, 2, nil), b("a100", "a", 100, 3, nil),
		b("b50", "b", 50, 4, &backup.Origin{Store: "a", Epoch: 40}), b("b55", "b", 55, 5, &backup.Origin{Store: "a", Epoch: 40}),
		b("c60", "c", 60, 6, &backup.Origin{Store: "b", Epoch: 55}), b("c60 again", "c", 60, 7, &backup.Origin{Store: "b", Epoch: 55}),
	}
	for epoch, want := range map[uint64]string{
		1 << 40: "c60 again", 60: "c60 again", 59: "b55", 55: "b55", 54: "b50", 49: "a40", 40: "a40", 39: "a10", 10: "a10",
	} {
		if m, err := backup.At(all, epoch); err != nil || m.ID != want {
			t.Errorf("at %d: %s, %v; want %s", epoch, m.ID, err, want)
		}
	}
	if m, err := backup.At(all, 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("at 9: %s, %v", m.ID, err)
	}
	circle := []backup.Manifest{b("x", "x", 9, 1, &backup.Origin{Store: "y", Epoch: 9}), b("y", "y", 9, 1, &backup.Origin{Store: "x", Epoch: 9})}
	if m, err := backup.At(circle, 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a circle: %s, %v", m.ID, err)
	}
	if _, err := backup.At(nil, 8); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A directory that is a target cannot be left by way of a name or a link.
func TestDir_stays_inside(t *testing.T) {
	outside, in := t.TempDir(), t.TempDir()
	dir, err := backup.OpenDir(in)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := os.Symlink(outside, filepath.Join(in, "objects")); err != nil {
		t.Skipf("this system makes no symbolic links here: %v", err)
	}
	for _, name := range []string{"../x", "objects/x"} {
		if err := dir.Put(name, strings.NewReader("x")); err == nil {
			t.Errorf("%s was put", name)
		}
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if err := dir.Put("manifests/x", failing{}); !errors.Is(err, errTarget) {
		t.Errorf("a content that fails: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(in, "manifests")); err != nil || len(entries) > 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
}

func FuzzManifest(f *testing.F) {
	b := newBucket()
	for day := range 3 {
		m, err := backup.Write(f.Context(), b, source(day), about(day))
		if err != nil {
			f.Fatal(err)
		}
		text, err := copies.Unseal(b.MapFS["manifests/"+m.ID].Data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version":1,"files":[{"name":"../x","sha256":"","bytes":-1}]}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := backup.DecodeManifest(copies.Seal(bytes.Clone(text)))
		if err != nil {
			return
		}
		again, err := backup.EncodeManifest(&m)
		if err != nil || !bytes.Equal(again, copies.Seal(bytes.Clone(text))) {
			t.Errorf("read and written again it is\n%s, %v", again, err)
		}
	})
}
