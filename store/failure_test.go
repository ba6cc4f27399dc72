package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/internal/crashdisk"
)

// A fault fails the operations of one kind on one kind of file, from the nth on.
type fault struct {
	op   string
	file string
	nth  int
	err  error
	once bool // the disk mends after the first
}

func (f fault) String() string {
	return fmt.Sprintf("%s %s %d %v once=%v", f.op, f.file, f.nth, f.err, f.once)
}

var ops = map[string][]errorfs.OpKind{
	"create":  {errorfs.OpCreate},
	"write":   {errorfs.OpFileWrite, errorfs.OpFileWriteAt},
	"sync":    {errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo},
	"close":   {errorfs.OpFileClose},
	"read":    {errorfs.OpFileRead, errorfs.OpFileReadAt},
	"rename":  {errorfs.OpRename},
	"reuse":   {errorfs.OpReuseForWrite},
	"remove":  {errorfs.OpRemove},
	"opendir": {errorfs.OpOpenDir},
	"usage":   {errorfs.OpGetDiskUsage},
	"stat":    {errorfs.OpFileStat},
}

// fileKind names the kind of file that a path is.
func fileKind(fs FS, path string) string {
	base := fs.PathBase(path)
	switch {
	case strings.HasSuffix(base, ".log"):
		return "log"
	case strings.HasSuffix(base, ".sst"):
		return "table"
	case strings.HasPrefix(base, "MANIFEST"):
		return "manifest"
	case strings.HasPrefix(base, "OPTIONS"), strings.HasSuffix(base, ".dbtmp"):
		return "options"
	case strings.HasPrefix(base, "marker"):
		return "marker"
	}
	return "directory"
}

// injector is the disk's mood. It counts the operations that match and how
// often it failed one.
type injector struct {
	fault fault
	fs    FS
	off   atomic.Bool
	seen  atomic.Int32
	hits  atomic.Int32
}

func (i *injector) String() string { return i.fault.String() }

func (i *injector) MaybeError(op errorfs.Op) error {
	if i.off.Load() || fileKind(i.fs, op.Path) != i.fault.file {
		return nil
	}
	for _, kind := range ops[i.fault.op] {
		if op.Kind != kind {
			continue
		}
		n := int(i.seen.Add(1))
		if n < i.fault.nth || i.fault.once && n > i.fault.nth {
			return nil
		}
		i.hits.Add(1)
		return i.fault.err
	}
	return nil
}

// faulty returns fs with the faults of the injector. Closing a file fails too,
// after the descriptor has been given back, which errorfs leaves out, as it does whatever
// is done to a file that is used again.
func faulty(fs FS, inj *injector) FS { return &closeFaults{FS: errorfs.Wrap(fs, inj), inj: inj} }

type closeFaults struct {
	FS
	inj *injector
}

func (fs *closeFaults) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.wrap(name)(fs.FS.Create(name, category))
}

func (fs *closeFaults) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.wrap(name)(fs.FS.ReuseForWrite(old, name, category))
	if err != nil {
		return nil, err
	}
	return &reusedFault{File: f, name: name, inj: fs.inj}, nil
}

// reusedFault is a file that is used again.
type reusedFault struct {
	vfs.File
	name string
	inj  *injector
}

func (f *reusedFault) fail(kind errorfs.OpKind) error {
	return f.inj.MaybeError(errorfs.Op{Kind: kind, Path: f.name})
}

func (f *reusedFault) Write(p []byte) (int, error) {
	if err := f.fail(errorfs.OpFileWrite); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f *reusedFault) Sync() error {
	if err := f.fail(errorfs.OpFileSync); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *reusedFault) SyncData() error {
	if err := f.fail(errorfs.OpFileSyncData); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f *reusedFault) SyncTo(length int64) (bool, error) {
	if err := f.fail(errorfs.OpFileSyncTo); err != nil {
		return false, err
	}
	return f.File.SyncTo(length)
}

func (f *reusedFault) Stat() (vfs.FileInfo, error) {
	if err := f.fail(errorfs.OpFileStat); err != nil {
		return nil, err
	}
	return f.File.Stat()
}

func (fs *closeFaults) wrap(name string) func(vfs.File, error) (vfs.File, error) {
	return func(f vfs.File, err error) (vfs.File, error) {
		if err != nil {
			return nil, err
		}
		return &closeFault{File: f, name: name, inj: fs.inj}, nil
	}
}

type closeFault struct {
	vfs.File
	name string
	inj  *injector
}

func (f *closeFault) Close() error {
	return errors.Join(f.File.Close(), f.inj.MaybeError(errorfs.Op{Kind: errorfs.OpFileClose, Path: f.name}))
}

// workload commits batches of several keys, numbered first to last, until the
// store fails or all are in. It overwrites and deletes, so that there is something to compact,
// and returns the number of the last acknowledged batch.
func workload(s *Store, first, last int) (acked int, failure error) {
	acked = first - 1
	b := s.NewBatch()
	filler := strings.Repeat("x", 1500)
	for i := first; i <= last; i++ {
		for j := range 3 {
			b.Set(fmt.Appendf(nil, "k%d-%02d", j, i%40), fmt.Appendf(nil, "%06d%s", i, filler))
		}
		b.Set([]byte("last"), fmt.Appendf(nil, "%06d", i))
		b.DeleteRange(fmt.Appendf(nil, "r%06d", i), []byte("s"))
		b.Set(fmt.Appendf(nil, "r%06d", i), nil)
		if err := s.Commit(b, true); err != nil {
			return acked, err
		}
		acked = i
	}
	return acked, nil
}

// checkPrefix checks that the store holds the workload up to some batch that is
// not before acked, whole.
func checkPrefix(t *testing.T, s *Store, acked int) {
	t.Helper()
	last, ok, err := s.GetTo(nil, []byte("last"))
	if err != nil {
		t.Fatal(err)
	}
	n := -1
	if ok {
		if _, err := fmt.Sscanf(string(last), "%d", &n); err != nil {
			t.Fatal(err)
		}
	}
	if n < acked {
		t.Fatalf("acknowledged up to batch %d, found %d", acked, n)
	}
	want := map[string]int{}
	for i := range n + 1 {
		for j := range 3 {
			want[fmt.Sprintf("k%d-%02d", j, i%40)] = i
		}
		want[fmt.Sprintf("r%06d", i)] = -1
	}
	got := 0
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	for kv, err := range sn.Scan(nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		key := string(kv.Key)
		if key == "last" {
			continue
		}
		i, ok := want[key]
		if !ok || i >= 0 && string(kv.Value[:6]) != fmt.Sprintf("%06d", i) {
			t.Fatalf("up to batch %d: key %s has %.6s, want batch %d", n, key, kv.Value, i)
		}
		got++
	}
	if got != len(want) {
		t.Fatalf("up to batch %d: %d keys, want %d", n, got, len(want))
	}
}

// targets are the kinds of operation that Pebble does on each kind of file.
var targets = map[string][]string{
	"log":       {"create", "write", "sync", "close", "reuse", "stat"},
	"table":     {"create", "write", "sync", "close", "remove"},
	"manifest":  {"create", "write", "sync", "close", "remove"},
	"options":   {"create", "write", "sync", "close", "rename", "remove"},
	"marker":    {"create", "close", "remove"},
	"directory": {"sync", "opendir", "usage"},
}

func TestStore_survives_every_fault_of_the_disk(t *testing.T) {
	for name, with := range kinds {
		t.Run(name, func(t *testing.T) { surviveFaults(t, with) })
	}
}

func surviveFaults(t *testing.T, with options) {
	old := crashdisk.New() // holds batches 0 to 9, after two crashes
	for first := range 2 {
		s := mustOpen(t, "db", with(old))
		if _, err := workload(s, first*5, first*5+4); err != nil {
			t.Fatal(err)
		}
		old = old.CrashClone(vfs.CrashCloneCfg{})
	}
	for file, fileOps := range targets {
		for _, op := range fileOps {
			if (op == "reuse" || op == "stat") && with(old).Keys != nil {
				continue // logs are not recycled
			}
			t.Run(op+" "+file, func(t *testing.T) {
				t.Parallel()
				hit := false
				for i, nth := range []int{1, 2, 3, 4, 8, 30} {
					f := fault{op: op, file: file, nth: nth, err: syscall.ENOSPC, once: i%2 == 1}
					if i%3 == 0 {
						f.err = syscall.EIO
					}
					mem, first, name := crashdisk.New(), 0, "new store "
					if i/2%2 == 0 {
						mem, first, name = old.CrashClone(vfs.CrashCloneCfg{}), 10, "old store "
					}
					t.Run(name+f.String(), func(t *testing.T) { hit = underFault(t, with, mem, first, f) || hit })
				}
				if !hit {
					t.Error("no such operation was ever done")
				}
			})
		}
	}
}

// underFault runs the workload, from batch first on, against a faulty disk and
// then checks what a sound one finds: in the directory as it is, and after a
// loss of power.
func underFault(t *testing.T, with options, mem *crashdisk.FS, first int, f fault) (hit bool) {
	t.Helper()
	inj := &injector{fault: f, fs: mem}
	var told atomic.Int32
	o := with(faulty(mem, inj))
	o.OnFailure = func(error) { told.Add(1) }
	acked := first - 1
	s, err := Open("db", o)
	if err == nil {
		var failed bool
		acked, failed = runUntilFailure(t, s, first, inj)
		if failed != (told.Load() == 1) {
			t.Errorf("failed is %v, OnFailure was called %d times", failed, told.Load())
		}
	} else if inj.hits.Load() == 0 {
		t.Fatalf("Open: %v", err)
	}
	inj.off.Store(true)
	power := mem.CrashClone(vfs.CrashCloneCfg{})
	for name, fs := range map[string]FS{"as it is": mem, "after a loss of power": power} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, "db", with(fs))
			checkPrefix(t, s, acked)
			commit(t, s, "z", "writable again")
		})
	}
	if inj.hits.Load() == 0 {
		return false
	}
	counts.Add(t, "faults injected", 1)
	return true
}

func runUntilFailure(t *testing.T, s *Store, first int, inj *injector) (acked int, failed bool) {
	t.Helper()
	acked, err := workload(s, first, first+200)
	if err != nil {
		if !errors.Is(err, ErrFailed) || !errors.Is(err, inj.fault.err) {
			t.Errorf("Commit: %v, want ErrFailed and the cause", err)
		}
		checkReads(t, s, acked)
		if err := s.Commit(s.NewBatch(), true); !errors.Is(err, ErrFailed) {
			t.Errorf("Commit after the failure: %v", err)
		}
	}
	err = s.Close()
	if s.Failed() != nil && !errors.Is(err, ErrFailed) {
		t.Errorf("Close of a failed store: %v", err)
	}
	if s.Failed() == nil && err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	return acked, s.Failed() != nil
}

// checkReads checks that a failed store shows exactly what was acknowledged.
func checkReads(t *testing.T, s *Store, acked int) {
	t.Helper()
	if acked < 0 {
		return
	}
	want := fmt.Sprintf("%06d", acked)
	faulty := s.NewBatch()
	faulty.Set(nil, nil)
	if err := s.Commit(faulty, true); !errors.Is(err, ErrFailed) {
		t.Errorf("Commit of a faulty batch after the failure: %v", err)
	}
	if got, err := s.Get([]byte("last")); err != nil || string(got) != want {
		t.Errorf("Get after the failure: %s, %v, want %s", got, err, want)
	}
	sn, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	if got, err := sn.Get([]byte("last")); err != nil || string(got) != want {
		t.Errorf("Snapshot.Get after the failure: %s, %v, want %s", got, err, want)
	}
	if has, err := s.Has(nil, []byte("last"), []byte("never")); err != nil || !has[0] || has[1] {
		t.Errorf("Has after the failure: %v, %v", has, err)
	}
	checkPrefix(t, s, acked)
}

func TestStore_fails_while_the_disk_is_full_during_replay(t *testing.T) {
	mem := crashdisk.New()
	s := mustOpen(t, "db", small(mem))
	acked, err := workload(s, 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	crashed := mem.CrashClone(vfs.CrashCloneCfg{})
	for _, f := range []fault{
		{op: "write", file: "table"},
		{op: "sync", file: "table"},
		{op: "write", file: "manifest"},
		{op: "create", file: "log"},
		{op: "sync", file: "directory"},
		{op: "rename", file: "options"},
	} {
		f.nth, f.err = 1, syscall.ENOSPC
		inj := &injector{fault: f, fs: crashed}
		if _, err := Open("db", small(faulty(crashed, inj))); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: Open on a full disk: %v", f, err)
		}
	}
	checkPrefix(t, mustOpen(t, "db", small(crashed)), acked)
}

func TestStore_fails_with_many_writers_and_readers(t *testing.T) {
	for _, file := range []string{"log", "table", "manifest"} {
		t.Run(file, func(t *testing.T) {
			mem := crashdisk.New()
			inj := &injector{fault: fault{op: "write", file: file, nth: 30, err: syscall.ENOSPC}, fs: mem}
			if file != "log" {
				inj.fault.nth = 3
			}
			s := mustOpen(t, "db", small(faulty(mem, inj)))
			var wg sync.WaitGroup
			acked := make([]int, 4)
			for w := range acked {
				wg.Go(func() {
					b := s.NewBatch()
					for i := 1; ; i++ {
						b.Set(fmt.Appendf(nil, "w%d", w), fmt.Appendf(make([]byte, 0, 1024), "%06d%01000d", i, i))
						if err := s.Commit(b, true); err != nil {
							if !errors.Is(err, ErrFailed) {
								t.Error(err)
							}
							return
						}
						acked[w] = i
						if v, err := s.Get(fmt.Appendf(nil, "w%d", w)); err != nil || string(v[:6]) < fmt.Sprintf("%06d", i) {
							t.Errorf("Get: %.6s, %v", v, err)
							return
						}
					}
				})
			}
			wg.Wait()
			if err := s.Close(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Close: %v", err)
			}
			inj.off.Store(true)
			s = mustOpen(t, "db", small(mem.CrashClone(vfs.CrashCloneCfg{})))
			for w, n := range acked {
				v, err := s.Get(fmt.Appendf(nil, "w%d", w))
				if n > 0 && (err != nil || string(v[:6]) < fmt.Sprintf("%06d", n)) {
					t.Errorf("writer %d acknowledged %d, found %.6s, %v", w, n, v, err)
				}
			}
		})
	}
}

func TestStore_Close_does_not_wait_for_Pebble_after_a_panic_in_it(t *testing.T) {
	s := mustOpen(t, "db", small(vfs.NewMem()))
	other := mustOpen(t, "db", small(vfs.NewMem()))
	commit(t, s, "a", "1")
	b := other.NewBatch() // a batch of another store makes Pebble panic
	b.Set([]byte("a"), []byte("2"))
	if err := s.Commit(b, true); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "panic") {
		t.Errorf("Commit: %v", err)
	}
	if err := s.Close(); !errors.Is(err, ErrFailed) {
		t.Errorf("Close: %v", err)
	}
	// Here Pebble is sound and can be put away.
	s.closeReaders()
	if err := errors.Join(s.closePebble(), s.lock.Close()); err != nil {
		t.Error(err)
	}
}
