package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/atrest"
	"github.com/portraitdb/portrait/internal/crashdisk"
)

// testCrypt returns an encrypting file system on another, with a directory "db".
func testCrypt(t rapid.TB, disk FS, keys Keys) *cryptFS {
	t.Helper()
	if err := disk.MkdirAll("db", 0o700); err != nil {
		t.Fatal(err)
	}
	var o Options
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	return newCryptFS(disk, "db", newKeyring(keys, o.Logger))
}

func mustCreate(t rapid.TB, fsys FS, name, content string) vfs.File {
	t.Helper()
	f, err := fsys.Create(name, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	return f
}

func readAll(fsys FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(f)
	return string(b), errors.Join(err, f.Close())
}

// TestCryptFS_is_a_file_system does the same on it and on a plain one, and finds
// the same, whatever the key was when.
func TestCryptFS_is_a_file_system(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := newTestKeys("a")
		disk := vfs.NewMem()
		plain, crypt := FS(vfs.NewMem()), testCrypt(t, disk, keys)
		if err := plain.MkdirAll("db", 0o700); err != nil {
			t.Fatal(err)
		}
		both := [2]FS{plain, crypt}
		open := map[string][2]vfs.File{} // by the name that it was made under
		name := rapid.SampledFrom([]string{"db/1.log", "db/2.log", "db/3.sst", "db/4.sst", "db/marker"})
		same := func(what string, do func(FS) error) (failed bool) {
			want, got := do(plain), do(crypt)
			if (want == nil) != (got == nil) || errors.Is(want, fs.ErrNotExist) != errors.Is(got, fs.ErrNotExist) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
			return want != nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				n := name.Draw(t, "name")
				var files [2]vfs.File
				for i, fsys := range both {
					files[i] = mustCreate(t, fsys, n, "")
				}
				open[n] = files
			},
			"write": func(t *rapid.T) {
				if len(open) == 0 {
					t.Skip()
				}
				n := rapid.SampledFrom(slices.Sorted(maps.Keys(open))).Draw(t, "open")
				data := bytes.Repeat([]byte{byte('a' + len(open))}, rapid.SampledFrom([]int{0, 1, 15, 16, 17, 4096, cryptChunk, 2*cryptChunk + 7}).Draw(t, "length"))
				for _, f := range open[n] {
					if n, err := f.Write(slices.Clone(data)); n != len(data) || err != nil {
						t.Fatalf("Write: %d, %v", n, err)
					}
				}
			},
			"rename": func(t *rapid.T) {
				from, to := name.Draw(t, "from"), name.Draw(t, "to")
				same("rename", func(fsys FS) error { return fsys.Rename(from, to) })
			},
			"link": func(t *rapid.T) {
				from, to := name.Draw(t, "from"), name.Draw(t, "to")
				same("link", func(fsys FS) error { return fsys.Link(from, to) })
			},
			"remove": func(t *rapid.T) {
				n := name.Draw(t, "name")
				same("remove", func(fsys FS) error { return fsys.Remove(n) })
			},
			"reuse": func(t *rapid.T) {
				from, to := name.Draw(t, "from"), name.Draw(t, "to")
				if from == to {
					t.Skip()
				}
				// A plain file keeps its old content, which its reader must tell from
				// the new; an encrypted one has none.
				for i, fsys := range both {
					f, err := fsys.ReuseForWrite(from, to, "test")
					if err != nil {
						if _, err := plain.Stat(from); i == 1 && err == nil {
							t.Fatal(err)
						}
						t.Skip()
					}
					if err := f.Close(); err != nil {
						t.Fatal(err)
					}
				}
				if err := plain.Remove(to); err != nil {
					t.Fatal(err)
				}
				if info, err := crypt.Stat(to); err != nil || info.Size() != 0 {
					t.Fatalf("a reused file is not empty: %v", err)
				}
				if err := crypt.Remove(to); err != nil {
					t.Fatal(err)
				}
			},
			"rotate": func(*rapid.T) { keys.rotate(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")) },
			"": func(t *rapid.T) {
				n := name.Draw(t, "name")
				off, length := rapid.Int64Range(0, 5000).Draw(t, "offset"), rapid.IntRange(0, 300).Draw(t, "length")
				var stats, contents, parts [2]string
				for i, fsys := range both {
					stats[i], contents[i], parts[i] = look(t, fsys, n, off, length)
				}
				if stats[0] != stats[1] || contents[0] != contents[1] || parts[0] != parts[1] {
					t.Fatalf("%s: %s, %d bytes, at %d %q; want %s, %d, %q", n,
						stats[1], len(contents[1]), off, parts[1], stats[0], len(contents[0]), parts[0])
				}
				used := map[string]string{}
				names, err := disk.List("db")
				if err != nil {
					t.Fatal(err)
				}
				for _, base := range names {
					if head, err := readHead(disk, "db/"+base); err != nil {
						t.Fatal(err)
					} else if h, err := atrest.Parse(head); err == nil {
						used[base] = h.KeyID()
					}
				}
				if got := crypt.keysInUse(); !maps.Equal(used, got) {
					t.Fatalf("keys in use are %v, want %v", got, used)
				}
			},
		})
	})
}

// look says what there is to be said of a file.
func look(t *rapid.T, fsys FS, name string, off int64, length int) (stat, content, part string) {
	info, err := fsys.Stat(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return "none", "", ""
	}
	content, err = readAll(fsys, name)
	if err != nil || int64(len(content)) != info.Size() {
		t.Fatalf("%d bytes, Stat says %d: %v", len(content), info.Size(), err)
	}
	f, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, length)
	n, err := f.ReadAt(b, off)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return "there", content, string(b[:n]) + map[bool]string{true: " EOF"}[err == io.EOF && length > 0]
}

func TestCryptFS_a_reader_sees_what_is_written_after_it_came(t *testing.T) {
	crypt := testCrypt(t, vfs.NewMem(), newTestKeys("a"))
	w := mustCreate(t, crypt, "db/1.log", "")
	r, err := crypt.Open("db/1.log")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, err := r.Read(b); n != 0 || err != io.EOF {
		t.Errorf("Read of an empty file: %d, %v", n, err)
	}
	for _, s := range []string{"first", "second"} {
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if n, err := r.Read(b); string(b[:n]) != s || err != nil {
			t.Errorf("Read: %q, %v", b[:n], err)
		}
	}
}

// TestCryptFS_never_writes_a_byte_twice watches every write to the disk below a
// store at work: each goes to the end of a file that has a header of its own.
func TestCryptFS_never_writes_a_byte_twice(t *testing.T) {
	disk := &writesOnce{FS: vfs.NewMem(), t: t, streams: map[[32]byte]string{}}
	keys := newTestKeys("first")
	o := small(disk)
	o.Keys = keys
	for round := range 3 {
		s := mustOpen(t, "db", o)
		if _, err := workload(s, round*100, round*100+99); err != nil {
			t.Fatal(err)
		}
		mustClose(t, s)
	}
	if disk.reused > 0 || len(disk.streams) < 20 {
		t.Errorf("%d files were reused, %d written", disk.reused, len(disk.streams))
	}
}

// writesOnce is a file system that accepts only appending to new files, and no
// two files that begin alike.
type writesOnce struct {
	FS
	t       *testing.T
	mu      sync.Mutex
	streams map[[32]byte]string
	reused  int
}

func (d *writesOnce) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, category)
	return &onceFile{File: f, disk: d, name: name}, err
}

func (d *writesOnce) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	d.reused++
	return d.FS.ReuseForWrite(old, name, category)
}

func (d *writesOnce) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if d.PathBase(name) == ackedName { // which is not encrypted
		return d.FS.OpenReadWrite(name, category, opts...)
	}
	d.t.Errorf("%s is opened for writing again", name)
	return nil, errOverwrite
}

type onceFile struct {
	vfs.File
	disk  *writesOnce
	name  string
	begun bool
}

func (f *onceFile) Write(p []byte) (int, error) {
	if !f.begun {
		f.begun = true
		f.disk.mu.Lock()
		sum := sha256.Sum256(p)
		if other := f.disk.streams[sum]; other != "" || len(p) != atrest.HeaderLen {
			f.disk.t.Errorf("%s begins like %q, with %d bytes", f.name, other, len(p))
		}
		f.disk.streams[sum] = f.name
		f.disk.mu.Unlock()
	}
	return f.File.Write(p)
}

func (f *onceFile) WriteAt(p []byte, off int64) (int, error) {
	f.disk.t.Errorf("%s is written at %d", f.name, off)
	return f.File.WriteAt(p, off)
}

func TestCryptFS_refuses_to_overwrite(t *testing.T) {
	crypt := testCrypt(t, vfs.NewMem(), newTestKeys("a"))
	f := mustCreate(t, crypt, "db/1.sst", "content")
	if n, err := f.WriteAt([]byte("!"), 7); n != 1 || err != nil {
		t.Errorf("WriteAt the end: %d, %v", n, err)
	}
	for _, off := range []int64{0, 7, 9} {
		if _, err := f.WriteAt([]byte("x"), off); !errors.Is(err, errOverwrite) {
			t.Errorf("WriteAt %d: %v", off, err)
		}
	}
	if _, err := crypt.OpenReadWrite("db/1.sst", "test"); !errors.Is(err, errOverwrite) {
		t.Errorf("OpenReadWrite: %v", err)
	}
	g, err := crypt.OpenReadWrite("db/2.sst", "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Write([]byte("new")); err != nil {
		t.Error(err)
	}
	r, err := crypt.Open("db/1.sst")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write([]byte("x")); !errors.Is(err, errOverwrite) {
		t.Errorf("Write to a file that was opened: %v", err)
	}
	if got, err := readAll(crypt, "db/1.sst"); got != "content!" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestCryptFS_writes_nothing_after_a_failed_write fails writes one after the
// other, and the sync of the header.
func TestCryptFS_writes_nothing_after_a_failed_write(t *testing.T) {
	broken := errors.New("broken")
	for nth := range 4 {
		n := 0
		inj := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind != errorfs.OpFileWrite && op.Kind != errorfs.OpFileSyncData {
				return nil
			}
			if n++; n == nth+1 {
				return broken
			}
			return nil
		})
		crypt := testCrypt(t, errorfs.Wrap(vfs.NewMem(), inj), newTestKeys("a"))
		f, err := crypt.Create("db/1.log", "test")
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		for range 3 {
			_, err := f.Write([]byte("x"))
			if failed != nil && err == nil {
				t.Errorf("fault %d: a write succeeds after a failed one", nth)
			}
			failed = errors.Join(failed, err)
		}
		if !errors.Is(failed, broken) {
			t.Errorf("fault %d: %v", nth, failed)
		}
	}
}

// TestCryptFS_header_before_content takes crashes in which any part of what was
// not synced survives: a file is empty or can be read.
func TestCryptFS_header_before_content(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	keys := newTestKeys("a")
	lengths := map[bool]int{}
	for range 300 {
		disk := crashdisk.New()
		var clones []*crashdisk.FS
		take := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
				clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rnd.IntN(101), RNG: rnd}))
			}
			return nil
		})
		crypt := testCrypt(t, errorfs.Wrap(disk, take), keys)
		content := strings.Repeat("content ", 1+rnd.IntN(3000))
		f := mustCreate(t, crypt, "db/1.log", content[:8])
		if _, err := f.Write([]byte(content[8:])); err != nil {
			t.Fatal(err)
		}
		clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rnd.IntN(101), RNG: rnd}))
		for _, clone := range clones {
			got, err := readAll(testCrypt(t, clone, keys), "db/1.log")
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil || len(got) > len(content) {
				t.Fatalf("%d bytes of %d: %v", len(got), len(content), err)
			}
			lengths[len(got) > 0]++
		}
	}
	if lengths[true] < 50 || lengths[false] < 50 {
		t.Errorf("files with content, and without: %v", lengths)
	}
}

func TestCryptFS_torn_header_is_no_content(t *testing.T) {
	disk := vfs.NewMem()
	crypt := testCrypt(t, disk, newTestKeys("a"))
	mustCreate(t, crypt, "db/whole.log", "content")
	whole, err := readAll(disk, "db/whole.log")
	if err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("\x00", 400)
	for n := range atrest.HeaderLen + 1 {
		for _, torn := range []string{whole[:n], zeros[:n], whole[:n/2] + zeros[:n-n/2]} {
			mustCreate(t, disk, "db/torn.log", torn)
			if got, err := readAll(crypt, "db/torn.log"); got != "" || err != nil {
				t.Fatalf("%d bytes %x: %q, %v", n, torn, got, err)
			}
		}
	}
	// With content behind it, it is damage.
	for _, bad := range []string{zeros, whole[:100] + "x" + whole[101:], whole[:9] + "\xff" + whole[10:]} {
		mustCreate(t, disk, "db/bad.log", bad)
		_, err := readAll(crypt, "db/bad.log")
		if !errors.Is(err, ErrCorrupt) || !pebble.IsCorruptionError(err) || !strings.Contains(err.Error(), "bad.log") {
			t.Errorf("%x: %v", bad[:16], err)
		}
	}
	mustCreate(t, disk, "db/later.log", whole[:8]+"\x02"+whole[9:])
	if _, err := readAll(crypt, "db/later.log"); !errors.Is(err, ErrFormat) {
		t.Errorf("a later version: %v", err)
	}
}
