package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait/internal/crashdisk"
)

// wantKeyError opens a store that must not open, for want of a key.
func wantKeyError(t *testing.T, o Options, id string, cause error) {
	t.Helper()
	_, err := Open("db", o)
	about, ok := errors.AsType[*KeyError](err)
	if !ok || !errors.Is(err, ErrKey) || !errors.Is(err, cause) {
		t.Fatalf("Open: %v, want a KeyError and %v", err, cause)
	}
	if about.ID != id || id != "" && !strings.Contains(err.Error(), fmt.Sprintf("%q", id)) {
		t.Errorf("the key is named %q in %q, want %q", about.ID, err, id)
	}
	if about.File == "" || !strings.Contains(err.Error(), about.File) {
		t.Errorf("no file is named in %q", err)
	}
}

func TestOpen_with_the_wrong_keys(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, "db", sealed(mem))
	fill(t, s, 100)
	commit(t, s, "a", "1")
	mustClose(t, s)

	wrong := newTestKeys("first")
	wrong.keys["first"] = [32]byte{1}
	o := small(mem)
	o.Keys = wrong
	wantKeyError(t, o, "first", errWrongKey)

	o.Keys = newTestKeys("second")
	wantKeyError(t, o, "first", errNoSuchKey)

	o.Keys = nil
	wantKeyError(t, o, "first", errNoKeys)

	s = mustOpen(t, "db", sealed(mem))
	if v, err := s.Get([]byte("a")); string(v) != "1" || err != nil {
		t.Errorf("with the right key: %q, %v", v, err)
	}
}

func TestOpen_of_a_plain_store_with_keys(t *testing.T) {
	for name, work := range map[string]func(*testing.T, *Store){
		"empty":     func(*testing.T, *Store) {},
		"with data": func(t *testing.T, s *Store) { fill(t, s, 100) },
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			s := mustOpen(t, "db", small(mem))
			work(t, s)
			mustClose(t, s)
			wantKeyError(t, sealed(mem), "", errPlain)
			mustClose(t, mustOpen(t, "db", small(mem)))
		})
	}
}

func TestOpen_of_a_key_that_cannot_be_had(t *testing.T) {
	down := errors.New("the source of keys is down")
	keys := newTestKeys("first")
	keys.err = down
	o := small(vfs.NewMem())
	o.Keys = keys
	if _, err := Open("db", o); !errors.Is(err, ErrKey) || !errors.Is(err, down) {
		t.Errorf("Open: %v", err)
	}
	keys.err = nil
	keys.rotate(strings.Repeat("x", 65))
	if _, err := Open("db", o); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "65 bytes") {
		t.Errorf("Open with a long name: %v", err)
	}
}

// TestStore_goes_on_without_its_source_of_keys takes the source away under a
// store, and then has it give another key under an old name.
func TestStore_goes_on_without_its_source_of_keys(t *testing.T) {
	var log bytes.Buffer
	keys := newTestKeys("first")
	o := small(vfs.NewMem())
	o.Keys, o.Logger = keys, slog.New(slog.NewTextHandler(&log, nil))
	s := mustOpen(t, "db", o)
	keys.mu.Lock()
	keys.err = errors.New("down")
	keys.mu.Unlock()
	fill(t, s, 300)
	if err := s.Failed(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "encryption key"); n != 1 {
		t.Errorf("warned %d times: %s", n, log.String())
	}
	keys.mu.Lock()
	keys.err, keys.keys["first"] = nil, [32]byte{2}
	keys.mu.Unlock()
	b := s.NewBatch()
	for s.Failed() == nil {
		b.Set([]byte("k"), make([]byte, 10_000))
		if err := s.Commit(b, true); err != nil && !errors.Is(err, ErrFailed) {
			t.Fatal(err)
		}
	}
	if err := s.Failed(); !errors.Is(err, errTwoKeys) || !errors.Is(err, ErrKey) {
		t.Errorf("Failed: %v", err)
	}
}

// TestStore_Rekey_survives_a_crash_anywhere changes the key under a store and
// takes what a crash would leave at any write.
func TestStore_Rekey_survives_a_crash_anywhere(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	mem := crashdisk.New()
	var (
		mu     sync.Mutex // clones, which several goroutines of Pebble reach
		on     bool
		clones []*crashdisk.FS
	)
	watch := errorfs.InjectorFunc(func(op errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if on && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && rnd.IntN(3) == 0 {
			clones = append(clones, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rnd.IntN(101), RNG: rnd}))
		}
		return nil
	})
	keys := newTestKeys("first")
	with := func(fsys FS) Options {
		o := small(fsys)
		o.Keys = keys
		return o
	}
	s := mustOpen(t, "db", with(errorfs.Wrap(mem, watch)))
	acked, err := workload(s, 0, 79)
	if err != nil {
		t.Fatal(err)
	}
	keys.rotate("second")
	mu.Lock()
	on = true
	mu.Unlock()
	if err := s.Rekey(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	on = false
	mu.Unlock()
	mustClose(t, s)
	if len(clones) < 50 {
		t.Errorf("only %d crashes", len(clones))
	}
	for i, clone := range clones {
		s, err := Open("db", with(clone))
		if err != nil {
			t.Fatalf("crash %d: %v", i, err)
		}
		checkPrefix(t, s, acked)
		mustClose(t, s)
	}
	t.Logf("%d crashes", len(clones))
}

// TestStore_checkpoint_is_encrypted links the files of a store into another
// directory, which opens with the keys of both times.
func TestStore_checkpoint_is_encrypted(t *testing.T) {
	mem := vfs.NewMem()
	keys := newTestKeys("first")
	o := small(mem)
	o.Keys = keys
	s := mustOpen(t, "db", o)
	fillLevels(t, s)
	want := content(t, s)
	keys.rotate("second")
	if err := s.db.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	if err := s.Rekey(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)

	s = mustOpen(t, "copy", o)
	diff(t, want, content(t, s))
	mustClose(t, s)
	delete(keys.keys, "first")
	mustClose(t, mustOpen(t, "db", o))
	if _, err := Open("copy", o); !errors.Is(err, ErrKey) || !errors.Is(err, errNoSuchKey) {
		t.Errorf("Open of the copy without the key of its tables: %v", err)
	}
}

// TestStore_damage_in_an_encrypted_table flips a bit of the content: counter mode
// lets it through, Pebble's checksums do not.
func TestStore_damage_in_an_encrypted_table(t *testing.T) {
	for _, at := range []string{"header", "content"} {
		t.Run(at, func(t *testing.T) {
			mem := vfs.NewMem()
			s := mustOpen(t, "db", sealed(mem))
			fill(t, s, 300)
			if err := s.db.Compact(context.Background(), []byte("a"), []byte("z"), false); err != nil {
				t.Fatal(err)
			}
			mustClose(t, s)
			names, err := mem.List("db")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if !isTable(name) {
					continue
				}
				data, err := mem.UnsafeGetFileDataBuffer("db/" + name)
				if err != nil {
					t.Fatal(err)
				}
				i := len(data) / 3
				if at == "header" {
					i = 120
				}
				data[i] ^= 4
			}
			s, err = Open("db", sealed(mem))
			if err == nil {
				defer s.Close()
				var sn *Snapshot
				if sn, err = s.Snapshot(); err != nil {
					t.Fatal(err)
				}
				defer sn.Close()
				for _, scanned := range sn.Scan(nil, nil) {
					err = scanned
				}
			}
			if !errors.Is(err, ErrCorrupt) || at == "header" && !strings.Contains(err.Error(), ".sst") {
				t.Errorf("%v", err)
			}
		})
	}
}
