package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/portraitdb/portrait/internal/crashdisk"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("PORTRAIT_STORE_TEST_LOCK"); dir != "" {
		os.Exit(tryLock(dir))
	}
	goleak.VerifyTestMain(m)
}

// small are options that flush and compact often.
func small(fs FS) Options {
	return Options{FS: fs, MemTableBytes: minMemTableBytes, CacheBytes: 1 << 20}
}

// options are the choices of a store on a file system.
type options func(FS) Options

// kinds are the kinds of store that have to bear the same.
var kinds = map[string]options{"plain": small, "encrypted": sealed}

// sealed is small, encrypted.
func sealed(fs FS) Options {
	o := small(fs)
	o.Keys = newTestKeys("first")
	return o
}

func mustOpen(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, ErrFailed) {
			t.Error(err)
		}
	})
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// commit sets pairs of key and value in one synced batch.
func commit(t testing.TB, s *Store, pairs ...string) {
	t.Helper()
	b := s.NewBatch()
	for i := 0; i < len(pairs); i += 2 {
		b.Set([]byte(pairs[i]), []byte(pairs[i+1]))
	}
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
}

// content is what a scan of a new snapshot yields, as "key=value".
func content(t testing.TB, s *Store) []string {
	t.Helper()
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	return scan(t, sn, nil, nil)
}

func scan(t testing.TB, sn *Snapshot, lower, upper []byte) []string {
	t.Helper()
	got := []string{}
	for kv, err := range sn.Scan(lower, upper) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(kv.Key)+"="+string(kv.Value))
	}
	return got
}

func diff(t testing.TB, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestStore_Commit(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, "a/b/db", small(fs))
	commit(t, s, "a", "1", "b", "2", "c", "3", "d", "4")

	b := s.NewBatch()
	b.Set([]byte("e"), nil)
	b.Delete([]byte("a"))
	b.DeleteRange([]byte("b"), []byte("d"))
	b.DeleteRange([]byte("z"), []byte("e"))
	diff(t, 3, b.Len())
	if err := s.Commit(b, false); err != nil {
		t.Fatal(err)
	}
	diff(t, 0, b.Len())
	want := []string{"d=4", "e="}
	diff(t, want, content(t, s))

	if _, err := s.Get([]byte("a")); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of a deleted key: %v", err)
	}
	got, err := s.Get([]byte("e"))
	if err != nil || got == nil || len(got) != 0 {
		t.Errorf("Get of an empty value: %q, %v", got, err)
	}
	dst, ok, err := s.GetTo([]byte("x"), []byte("d"))
	if string(dst) != "x4" || !ok || err != nil {
		t.Errorf("GetTo: %q, %v, %v", dst, ok, err)
	}
	dst, ok, err = s.GetTo([]byte("x"), []byte("nope"))
	if string(dst) != "x" || ok || err != nil {
		t.Errorf("GetTo of a missing key: %q, %v, %v", dst, ok, err)
	}

	for range 2 { // from memory, then from a table
		has, err := s.Has([]bool{true}, []byte("a"), []byte("d"), []byte("dd"), []byte("e"), []byte("c"))
		if err != nil {
			t.Fatal(err)
		}
		diff(t, []bool{true, false, true, false, true, false}, has)
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}

	mustClose(t, s)
	s = mustOpen(t, "a/b/db", small(fs))
	diff(t, want, content(t, s))
	if n := s.Metrics().WALBytes; n != 0 {
		t.Errorf("after a clean close %d bytes of log were replayed", n)
	}
}

func TestStore_Commit_refuses_the_keys_of_the_store(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	for name, add := range map[string]func(*Batch){
		"set":          func(b *Batch) { b.Set(formatKey, nil) },
		"empty key":    func(b *Batch) { b.Set(nil, nil) },
		"delete":       func(b *Batch) { b.Delete(formatKey) },
		"delete range": func(b *Batch) { b.DeleteRange(nil, []byte("z")) },
		"merge":        func(b *Batch) { b.Merge(formatKey, nil) },
	} {
		b := s.NewBatch()
		b.Set([]byte("a"), nil)
		add(b)
		if err := s.Commit(b, true); !errors.Is(err, errReservedKey) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Commit(b, true); err != nil || b.Len() != 0 {
			t.Errorf("%s: the batch is not empty after Commit: %v", name, err)
		}
	}
	diff(t, []string{}, content(t, s))
}

func TestStore_Commit_with_sync_of_an_empty_batch_makes_earlier_ones_durable(t *testing.T) {
	fs := crashdisk.New()
	s := mustOpen(t, "db", small(fs))
	b := s.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	if err := s.Commit(b, false); err != nil {
		t.Fatal(err)
	}
	lost := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	kept := fs.CrashClone(vfs.CrashCloneCfg{})
	diff(t, []string{}, content(t, mustOpen(t, "db", small(lost))))
	diff(t, []string{"a=1"}, content(t, mustOpen(t, "db", small(kept))))
}

func TestSnapshot_stays_as_it_was(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	commit(t, s, "a", "1", "b", "2")
	old, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, "a", "9", "c", "3")
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	diff(t, []string{"a=1", "b=2"}, scan(t, old, nil, nil))
	diff(t, []string{"b=2"}, scan(t, old, []byte("b"), []byte("d")))
	diff(t, []string{"a=9", "b=2", "c=3"}, content(t, s))
	if v, err := old.Get([]byte("a")); string(v) != "1" || err != nil {
		t.Errorf("Get: %q, %v", v, err)
	}
	if _, err := old.Get([]byte("c")); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of a later key: %v", err)
	}

	seq := old.Scan(nil, nil)
	for kv := range seq { // a break, then the same sequence again
		diff(t, "a", string(kv.Key))
		break
	}
	n := 0
	for _, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	diff(t, 2, n)

	for range 2 {
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := old.Get([]byte("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("Get after Close: %v", err)
	}
	for kv, err := range seq {
		if !errors.Is(err, ErrClosed) || kv.Key != nil {
			t.Errorf("Scan after Close: %q, %v", kv.Key, err)
		}
	}
}

func TestStore_Close_ends_scans_and_snapshots(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	commit(t, s, "a", "1", "b", "2", "c", "3")
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for kv, err := range sn.Scan(nil, nil) {
		if err != nil {
			steps = append(steps, "error "+fmt.Sprint(errors.Is(err, ErrClosed), kv.Key == nil))
			continue
		}
		mustClose(t, s)
		steps = append(steps, string(kv.Key)+"="+string(kv.Value))
	}
	diff(t, []string{"a=1", "error true true"}, steps)
	if err := sn.Close(); err != nil {
		t.Error(err)
	}
}

func TestStore_use_after_Close(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	commit(t, s, "a", "1")
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	// Every call below runs before, during and after Close, from many
	// goroutines; each must succeed or say ErrClosed.
	calls := map[string]func() error{
		"Commit": func() error {
			b := s.NewBatch()
			b.Set([]byte("b"), []byte("2"))
			return s.Commit(b, false)
		},
		"Get":          func() error { _, err := s.Get([]byte("a")); return err },
		"Has":          func() error { _, err := s.Has(nil, []byte("a")); return err },
		"Snapshot.Get": func() error { _, err := sn.Get([]byte("a")); return err },
		"Snapshot": func() error {
			sn, err := s.Snapshot()
			if err != nil {
				return err
			}
			return sn.Close()
		},
		"Scan": func() error {
			for _, err := range sn.Scan(nil, nil) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	var started, running sync.WaitGroup
	for name, call := range calls {
		for range 3 {
			started.Add(1)
			running.Go(func() {
				for i := 0; ; i++ {
					err := call()
					if i == 0 {
						started.Done()
					}
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
	}
	started.Wait()
	var closers sync.WaitGroup
	for range 3 {
		closers.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	closers.Wait()
	running.Wait()
	for name, call := range calls {
		if err := call(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	diff(t, Metrics{}, s.Metrics())
}

func TestOpen_locked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	mustOpen(t, dir, Options{})
	link := filepath.Join(filepath.Dir(dir), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Logf("no symbolic links here: %v", err)
		link = dir
	}
	t.Chdir(filepath.Dir(dir))
	for _, name := range []string{dir, "db", link, dir + "/"} {
		if _, err := Open(name, Options{}); !errors.Is(err, ErrLocked) {
			t.Errorf("Open of %s by the same process: %v", name, err)
		}
	}

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "PORTRAIT_STORE_TEST_LOCK="+dir)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Errorf("Open by another process: %v\n%s", err, out)
	}
}

// tryLock is the child process of TestOpen_locked.
func tryLock(dir string) int {
	_, err := Open(dir, Options{})
	if errors.Is(err, ErrLocked) {
		return 0
	}
	fmt.Println("Open:", err)
	return 1
}

func TestOpen_memory_directory_is_locked_too(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, "db", small(fs))
	if _, err := Open("db", small(fs)); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: %v", err)
	}
	mustClose(t, s)
	mustOpen(t, "db", small(fs))
}

func TestOpen_reports_every_bad_option(t *testing.T) {
	_, err := Open("db", Options{CacheBytes: -1, MemTableBytes: 1})
	want := "store options: CacheBytes is -1, want 0 or more\nstore options: MemTableBytes is 1, want 65536 to 1073741824"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestOpen_refuses_other_formats(t *testing.T) {
	foreign := func(version pebble.FormatMajorVersion, key []byte) *vfs.MemFS {
		fs := vfs.NewMem()
		db, err := pebble.Open("db", &pebble.Options{
			FS: fs, FormatMajorVersion: version, Merger: newMerger(nil), Logger: &logger{out: quiet(), fuse: newFuse()},
		})
		if err != nil {
			t.Fatal(err)
		}
		if key != nil {
			if err := db.Set(key, []byte{FormatVersion + 1}, pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return fs
	}
	a := []byte("a")
	for name, fs := range map[string]*vfs.MemFS{
		"older Pebble format": foreign(pebble.FormatMinSupported, a),
		"newer Pebble format": foreign(pebble.FormatNewest, nil),
		"another program":     foreign(pebbleFormat, a),
		"newer version":       foreign(pebbleFormat, formatKey),
	} {
		desc, err := pebble.Peek("db", fs)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open("db", small(fs)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		after, err := pebble.Peek("db", fs)
		if err != nil || after.FormatMajorVersion != desc.FormatMajorVersion {
			t.Errorf("%s: format %v became %v, %v", name, desc.FormatMajorVersion, after.FormatMajorVersion, err)
		}
	}
	s := mustOpen(t, "db", small(foreign(pebble.FormatMinSupported, nil))) // an interrupted making
	commit(t, s, "a", "1")
	diff(t, pebbleFormat, s.db.FormatMajorVersion())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
