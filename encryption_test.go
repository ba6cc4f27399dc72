package portrait_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
	"github.com/portraitdb/portrait/tags"
)

// keySet has a key for every ID, each of the first 32 bytes of its hash.
type keySet struct {
	mu      sync.Mutex
	current string
	lost    map[string]bool
	salt    string
}

func (k *keySet) Current() (string, [32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current, sha256.Sum256([]byte(k.salt + k.current)), nil
}

var errLost = errors.New("lost")

func (k *keySet) Key(id string) ([32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lost[id] {
		return [32]byte{}, errLost
	}
	return sha256.Sum256([]byte(k.salt + id)), nil
}

func (k *keySet) rotate(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = id
}

// sealed is small with keys.
func sealed(keys store.Keys) func(store.FS) *portrait.Options {
	return func(fs store.FS) *portrait.Options {
		o := small(fs)
		o.Keys = keys
		return o
	}
}

func TestEncrypted_crash(t *testing.T) {
	surviveCrashes(t, sealed(&keySet{current: "a"}), 60)
}

func TestEncrypted_disk_errors(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a crash at every write of a life; TestAtomicAndDurable_disk_errors does the same without keys")
	}
	surviveDiskErrors(t, sealed(&keySet{current: "a"}), []int64{2}, []error{syscall.ENOSPC})
}

func TestEncrypted_wrong_key(t *testing.T) {
	mem := vfs.NewMem()
	keys := &keySet{current: "2026-11"}
	db, err := portrait.Open("db", sealed(keys)(mem))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	take(t, db, callOf(3)...)
	checkAndClose(t, db)

	for name, o := range map[string]*portrait.Options{
		"another key":  sealed(&keySet{current: "2026-11", salt: "x"})(mem),
		"a lost key":   sealed(&keySet{current: "2026-12", lost: map[string]bool{"2026-11": true}})(mem),
		"no keys":      small(mem),
		"a plain file": sealed(keys)(plainStore(t)),
	} {
		_, err := portrait.Open("db", o)
		about, ok := errors.AsType[*store.KeyError](err)
		if !ok || !errors.Is(err, store.ErrKey) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := map[bool]string{true: "", false: "2026-11"}[name == "a plain file"]; about.ID != want || about.File == "" {
			t.Errorf("%s: key %q, file %q", name, about.ID, about.File)
		}
	}
	open(t, "db", sealed(keys)(mem))
}

func plainStore(t *testing.T) *vfs.MemFS {
	mem := vfs.NewMem()
	db, err := portrait.Open("db", small(mem))
	if err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	return mem
}

// TestEncrypted_rotation changes the key while events come in; once everything is
// rewritten the old key can go.
func TestEncrypted_rotation(t *testing.T) {
	mem := vfs.NewMem()
	keys := &keySet{current: "a"}
	db, err := portrait.Open("db", sealed(keys)(mem))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	n := 0
	for ; n < 100; n++ {
		take(t, db, callOf(n)...)
	}
	keys.rotate("b")
	done := make(chan error)
	go func() { done <- db.Admin().Rekey(t.Context()) }()
	for running := true; running; n++ {
		take(t, db, callOf(n)...)
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
		}
	}
	if used := db.Metrics().Store.KeysInUse; used["b"] == 0 {
		t.Errorf("keys in use: %v", used)
	}
	before := digest(t, db, now)
	checkAndClose(t, db)
	keys.lost = map[string]bool{"a": true}
	db = open(t, "db", sealed(keys)(mem))
	checkHolds(t, db, n)
	if digest(t, db, now) != before {
		t.Error("another digest")
	}
}

// canaries are what is planted of a person, in the forms in which it could show.
func canaries() map[string][]byte {
	forms := map[string][]byte{}
	for _, word := range []string{
		"canary-user-77141", "canary.mail.77142@example.cn", "8613877141443", "CanaryName77144", "canarytrait77145",
		"CanaryProperty77146", "canary-order-77147", "CanaryTag77148", "canary-list-77149", "CanaryEvent77150", "canary-absent-77151@example.cn",
	} {
		raw := []byte(word)
		md, s1, s2 := md5.Sum(raw), sha1.Sum(raw), sha256.Sum256(raw)
		forms[word] = raw
		forms[word+" in hex"] = []byte(hex.EncodeToString(raw))
		forms[word+" in base64"] = []byte(base64.RawStdEncoding.EncodeToString(raw[:len(raw)/3*3]))
		forms[word+" as MD5"], forms[word+" as MD5 in hex"] = md[:], []byte(hex.EncodeToString(md[:]))
		forms[word+" as SHA-1"], forms[word+" as SHA-1 in hex"] = s1[:], []byte(hex.EncodeToString(s1[:]))
		forms[word+" as SHA-256"], forms[word+" as SHA-256 in hex"] = s2[:], []byte(hex.EncodeToString(s2[:]))
		var wide []byte
		for _, u := range utf16.Encode([]rune(word)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		forms[word+" in UTF-16"] = wide
	}
	return forms
}

// found lists the canaries in some bytes.
func found(forms map[string][]byte, b []byte) []string {
	var in []string
	for name, form := range forms {
		if bytes.Contains(b, form) {
			in = append(in, name)
		}
	}
	return slices.Sorted(slices.Values(in))
}

// watchedFS looks at all that is written, with the end of what was written before.
type watchedFS struct {
	vfs.FS
	forms map[string][]byte
	mu    sync.Mutex
	seen  map[string]map[string]bool // kind of file to what was found in it
	kinds map[string]int             // kind of file to bytes written
}

func watched(fs vfs.FS) *watchedFS {
	return &watchedFS{FS: fs, forms: canaries(), seen: map[string]map[string]bool{}, kinds: map[string]int{}}
}

func (w *watchedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := w.FS.Create(name, category)
	return &watchedFile{File: f, fs: w, kind: kindOf(name)}, err
}

func (w *watchedFS) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := w.FS.ReuseForWrite(old, name, category)
	return &watchedFile{File: f, fs: w, kind: kindOf(name)}, err
}

func kindOf(name string) string {
	base, _, _ := strings.Cut(filepath.Base(name), "-")
	if ext := filepath.Ext(name); ext != "" {
		return ext
	}
	return base
}

type watchedFile struct {
	vfs.File
	fs   *watchedFS
	kind string
	tail []byte
}

func (f *watchedFile) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.tail = append(f.tail, p...)
	for _, form := range found(f.fs.forms, f.tail) {
		if f.fs.seen[f.kind] == nil {
			f.fs.seen[f.kind] = map[string]bool{}
		}
		f.fs.seen[f.kind][form] = true
	}
	f.fs.kinds[f.kind] += len(p)
	f.tail = bytes.Clone(f.tail[max(0, len(f.tail)-200):])
	return f.File.Write(p)
}

// canaryLife does a little of everything to a store, with a person in it whose
// every value is a canary, and calls after once each is done.
func canaryLife(t *testing.T, open func() *portrait.DB, after func(what string)) {
	t.Helper()
	ctx := context.Background()
	db := open()
	did := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		after(what)
	}
	_, err := db.Apply(ctx, model(t, `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: phone, priority: 2, kind: contact, match: [md5, sha256]}
    - {name: email, priority: 3, kind: contact}
    - {name: anonymous_id, priority: 4, kind: cookie}
events:
  CanaryEvent77150: {}
log: {retain: 365d}
traits:
  canarytrait77145: {index: true}
  last: {compute: 'last("CanaryEvent77150", "CanaryProperty77146")', index: true}
tags:
  CanaryTag77148: {rule: 'canarytrait77145 == "CanaryName77144"'}
`))
	did("apply", err)
	person := []profile.Identifier{id("user_id", "canary-user-77141"), id("phone", "8613877141443"), id("email", "canary.mail.77142@example.cn")}
	for round := range 3 {
		for i := range 20 {
			who := person
			if i%2 == 1 {
				who = []profile.Identifier{id("anonymous_id", fmt.Sprint("a", i)), person[i%3]}
			}
			_, err := db.Ingest(ctx, profile.Event{
				Name: "CanaryEvent77150", MessageID: fmt.Sprint(round, "canary-order-77147", i), Time: epoch0.Add(time.Duration(i) * time.Hour), Identifiers: who,
				Traits:     map[string]profile.Value{"canarytrait77145": profile.String("CanaryName77144")},
				Properties: map[string]profile.Value{"CanaryProperty77146": profile.String("canary-order-77147")},
			})
			did("ingest", err)
		}
		link, err := db.Link(ctx, person[0], id("anonymous_id", fmt.Sprint("x", round)), portrait.Decision{Reason: "CanaryName77144"})
		did("link", err)
		did("define a tag", db.DefineTag(ctx, tags.Definition{Name: fmt.Sprint("CanaryTag77148-", round), Rule: tags.MustParse(`canarytrait77145 == "CanaryName77144"`)}))
		_, err = db.Lists().Upload(ctx, "canary-list-77149", strings.NewReader("8613877141443\n8613800000000"), segment.Upload{Namespace: "phone"})
		did("upload", err)
		n, err := db.Count(ctx, segment.MustParse(`canarytrait77145 == "CanaryName77144" and in_list("canary-list-77149")`))
		if n != 1 {
			t.Errorf("%d profiles", n)
		}
		did("count", err)
		_, err = db.Withdraw(ctx, link.Epoch, portrait.Decision{})
		did("withdraw", err)
		did("check", db.Check(ctx))
		did("close", db.Close())
		db = open()
		after("open")
	}
	did("close", db.Close())
}

// TestEncrypted_no_plain_canary looks at every byte that is ever written, and at
// all files after every operation: no form of a canary is there. In a plain store
// it is, or the test would show nothing.
func TestEncrypted_no_plain_canary(t *testing.T) {
	for _, encrypted := range []bool{true, false} {
		mem := vfs.NewMem()
		disk := watched(mem)
		keys := &keySet{current: "key-0"}
		opens := 0
		openDB := func() *portrait.DB {
			o := small(disk)
			if encrypted {
				o.Keys = keys
				keys.rotate(fmt.Sprint("key-", opens))
			}
			opens++
			db, err := portrait.Open("db", o)
			if err != nil {
				t.Fatal(err)
			}
			return db
		}
		looks := 0
		canaryLife(t, openDB, func(what string) {
			looks++
			names, err := mem.List("db")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if in := found(disk.forms, []byte(name)); len(in) > 0 {
					t.Fatalf("after %s: the name %s has %v", what, name, in)
				}
				data := contentOf(t, mem, "db/"+name)
				if in := found(disk.forms, data); encrypted && len(in) > 0 {
					t.Fatalf("after %s: %s has %v", what, name, in)
				}
			}
		})
		if looks < 60 {
			t.Errorf("looked %d times", looks)
		}
		for _, kind := range []string{".log", ".sst", ".dbtmp", "MANIFEST"} {
			if disk.kinds[kind] == 0 {
				t.Errorf("nothing was written to a %s: %v", kind, disk.kinds)
			}
		}
		if encrypted && len(disk.seen) > 0 {
			t.Errorf("written in the clear: %v", disk.seen)
		}
		if !encrypted && (len(disk.seen[".log"]) < 8 || len(disk.seen[".sst"]) < 3) {
			t.Errorf("a plain store shows no more than %v", disk.seen)
		}
	}
}

func contentOf(t *testing.T, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it went meanwhile
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEncrypted_no_plain_canary_in_temporary_files reads the temporary file of an
// upload while it is in use, through the process's open files: it has no name.
func TestEncrypted_no_plain_canary_in_temporary_files(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("needs /proc, to read a file that has no name; this system has none")
	}
	o := &portrait.Options{Clock: fixed(now), Keys: &keySet{current: "a"}}
	dir := t.TempDir()
	db := open(t, dir, o)
	apply(t, db, listModel)
	take(t, db, profile.Event{Type: profile.Page, MessageID: "1", Time: epoch0, Identifiers: []profile.Identifier{
		id("user_id", "canary-user-77141"), id("phone", "8613877141443"), id("email", "canary.mail.77142@example.cn"),
	}})
	portrait.SpillLists(db)
	forms := canaries()
	for namespace, first := range map[string]string{"email": "canary.mail.77142@example.cn\ncanary-absent-77151@example.cn\n", "phone": md5Of("8613877141443") + "\n" + md5Of("8613877141444") + "\n"} {
		var text strings.Builder
		text.WriteString(first)
		for i := range 200_000 {
			if namespace == "email" {
				fmt.Fprintf(&text, "nobody-%d@example.cn\n", i)
			} else {
				fmt.Fprintln(&text, md5Of(fmt.Sprint(i)))
			}
		}
		spilled := map[string]int{}
		list := io.MultiReader(strings.NewReader(text.String()), readerFunc(func([]byte) (int, error) {
			for name, data := range unnamedFiles(t, dir) {
				spilled[name] += len(data)
				if in := found(forms, data); len(in) > 0 {
					t.Errorf("the temporary file %s has %v", name, in)
				}
			}
			return 0, io.EOF
		}))
		got, err := db.Lists().Upload(t.Context(), namespace, list, segment.Upload{Namespace: namespace})
		if err != nil || got.Profiles != 1 {
			t.Errorf("%s: %+v, %v", namespace, got, err)
		}
		total := 0
		for _, n := range spilled {
			total += n
		}
		if total < 1_000_000 {
			t.Errorf("%s: only %d bytes were in temporary files: %v", namespace, total, spilled)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// unnamedFiles returns what this process has open in dir that is no file of the
// store.
func unnamedFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, fd := range fds {
		name, err := os.Readlink(fd)
		if err != nil || !strings.HasPrefix(name, dir) || !strings.Contains(name, "idlist") {
			continue
		}
		if files[name], err = os.ReadFile(fd); err != nil {
			t.Error(err)
		}
	}
	return files
}
