package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
)

// FormatVersion is the version of everything that is stored: keys and values.
const FormatVersion = 4

var (
	// formatKey holds the format version. It is written when a store is made.
	formatKey = []byte{reserved, 'f', 'o', 'r', 'm', 'a', 't'}
	// vaultKey holds the record of the key file; absent in a store that seals nothing.
	vaultKey = []byte{reserved, 's', 'h', 'r', 'e', 'd'}
	// firstKey is not above any key of a caller.
	firstKey = []byte{reserved + 1}
)

// Open opens the store in dir and makes it, and dir, if there is none. At most
// one Store has a directory open, over all processes of a machine.
//
// It returns ErrLocked if another has; ErrFormat if the directory was written
// by another version of Portrait or by another program; ErrIncomplete if it is a copy
// that was not finished; ErrCorrupt if files are damaged; a [KeyError] if the files are not encrypted as Options.Keys has it;
// ErrFailed, with the cause, if the disk refuses a write.
func Open(dir string, o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return s, nil
}

func open(dir string, o Options) (*Store, error) {
	local := o.FS == nil
	if local {
		o.FS = vfs.Default
	}
	if err := makeDir(o.FS, dir); err != nil {
		return nil, err
	}
	if local {
		// The lock is by name within a process, and a second lock of one file by
		// one process succeeds: two spellings must not be two directories.
		canonical, err := realPath(dir)
		if err != nil {
			return nil, err
		}
		dir = canonical
	}
	lock, err := pebble.LockDirectory(dir, o.FS)
	if err != nil {
		if isHeld(err) {
			err = fmt.Errorf("%w: %w", ErrLocked, err)
		}
		return nil, err
	}
	s, err := openLocked(dir, o, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func openLocked(dir string, o Options, lock *pebble.Lock) (*Store, error) {
	base := o.FS
	if err := clearCopies(base, dir); err != nil {
		return nil, err
	}
	crypt, err := openFiles(dir, &o)
	if err != nil {
		return nil, err
	}
	if err := checkPebbleFormat(dir, o.FS, lock); err != nil {
		return nil, err
	}
	known, err := readAcked(base, dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkIntact(o.FS, dir, known), checkChoices(o.FS, dir)); err != nil {
		return nil, err
	}
	f := newFuse()
	if f.acked, err = openAcked(base, dir, known); err != nil {
		return nil, err
	}
	s, err := openIntact(dir, o, base, lock, crypt, f)
	if err != nil {
		return nil, errors.Join(err, f.acked.close())
	}
	return s, nil
}

// openIntact opens a directory in which nothing that says what is in it is damaged.
func openIntact(dir string, o Options, base FS, lock *pebble.Lock, crypt *cryptFS, f *fuse) (*Store, error) {
	s := &Store{
		opts: o, dir: dir, base: base, lock: lock, crypt: crypt, fuse: f, compactions: newScheduler(f), probe: pebble.IterOptions{UseL6Filters: true},
		disk: gauge{started: time.Now()}, closing: make(chan struct{}), staging: make(chan struct{}, 1),
		snapshots: map[*Snapshot]struct{}{}, cursors: map[*cursor]struct{}{},
	}
	s.grown.Add(1)
	if err := s.openPebble(dir); err != nil {
		s.compactions.Unregister()
		return nil, errors.Join(err, s.Failed())
	}
	err := s.checkTables()
	if err == nil {
		err = s.checkContent()
	}
	if err != nil {
		return nil, errors.Join(err, s.Failed(), s.closePebble())
	}
	// Pebble was told that every write succeeded; only now it is known.
	if err := f.arm(o.OnFailure); err != nil {
		return nil, errors.Join(err, s.closePebble())
	}
	s.view = &view{snap: s.db.NewSnapshot(), keys: s.vault.tree(), refs: 1}
	s.compactions.begin()
	s.look()
	return s, nil
}

// openFiles puts encryption between the store and its file system, if there are
// keys, and makes sure that the directory's files are of that kind.
func openFiles(dir string, o *Options) (*cryptFS, error) {
	if o.Keys == nil {
		return nil, refuseEncrypted(o.FS, dir)
	}
	crypt := newCryptFS(o.FS, dir, newKeyring(o.Keys, o.Logger))
	o.FS = crypt
	return crypt, crypt.survey()
}

func (s *Store) openPebble(dir string) (err error) {
	defer guard("open", &err)
	cache := pebble.NewCache(s.opts.cacheTotal())
	defer cache.Unref()
	s.db, err = pebble.Open(dir, s.pebbleOptions(s.lock, cache))
	if errors.Is(err, pebble.ErrDBNotPristine) { // It says so of a directory in use that does not tell its format.
		return fmt.Errorf("%w: marker.format-version, which says how the files are written, is missing: %w", ErrCorrupt, err)
	}
	// Pebble has no class for a table that is missing, or that has another length than
	// the MANIFEST says.
	if pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), "object size mismatch") {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// checkContent holds the format version against ours, and the key file, if the store has
// one, against its record. A store that is new, or whose making was interrupted, has neither
// and nothing else; it gets what the options say.
func (s *Store) checkContent() error {
	value, ok, err := appendValue(nil, s.db, formatKey)
	if err != nil {
		return err
	}
	if ok {
		if string(value) != string([]byte{FormatVersion}) {
			return fmt.Errorf("%w: the store has format version %x, this program has %d", ErrFormat, value, FormatVersion)
		}
		return s.openVault()
	}
	empty, err := isEmpty(s.db)
	if err != nil {
		return err
	}
	if !empty {
		return fmt.Errorf("%w: not a store of Portrait", ErrFormat)
	}
	return s.make()
}

// make writes what a new store begins with. The key file comes first: without a record that
// names it it is nobody's.
func (s *Store) make() error {
	b := s.db.NewBatch()
	defer b.Close()
	err := b.Set(formatKey, []byte{FormatVersion}, nil)
	if spaces := s.opts.Shred; len(spaces) > 0 && err == nil {
		s.vault = newVault(s.opts.FS, s.dir, s.fuse, spaces)
		r, failed := s.vault.make(spaces)
		if failed != nil {
			return failed
		}
		err = b.Set(vaultKey, r.append(nil), nil)
	}
	if err != nil {
		return err
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return err
	}
	// Pebble begins a directory in an older format, whose log does not say how far it had
	// been synced. A flush begins another, and need not be awaited.
	_, err = s.db.AsyncFlush()
	return err
}

// openVault opens the key file of a store that has one.
func (s *Store) openVault() error {
	value, ok, err := appendValue(nil, s.db, vaultKey)
	if err != nil {
		return err
	}
	if !ok {
		if len(s.opts.Shred) > 0 {
			return &KeyError{File: KeyFile, Err: errNotShredded}
		}
		return nil
	}
	r, err := decodeVault(value)
	if err != nil {
		return err
	}
	if want := s.opts.Shred; len(want) > 0 && string(want) != string(r.spaces) {
		return &KeyError{File: KeyFile, Err: fmt.Errorf("the store seals the spaces %q, and %q was asked for", r.spaces, want)}
	}
	s.vault = newVault(s.opts.FS, s.dir, s.fuse, r.spaces)
	s.vault.behind, err = s.vault.load(&r)
	return err
}

func isEmpty(db *pebble.DB) (bool, error) {
	it, err := db.NewIter(nil)
	if err != nil {
		return false, wrapRead("open", err)
	}
	empty := !it.First()
	if err := it.Close(); err != nil {
		return false, wrapRead("open", err)
	}
	return empty, nil
}

// checkPebbleFormat refuses a directory that Pebble would upgrade in passing,
// for ever: one of an older format that holds anything. (An interrupted making
// leaves an older format and nothing else.)
func checkPebbleFormat(dir string, fsys FS, lock *pebble.Lock) error {
	marker, err := atomicfs.ReadMarker(fsys, dir, "format-version")
	if err != nil || marker == "" {
		return err
	}
	version, err := strconv.ParseUint(marker, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: Pebble's format marker is %q", ErrFormat, marker)
	}
	found := pebble.FormatMajorVersion(version)
	if found == pebbleFormat {
		return nil
	}
	refused := fmt.Errorf("%w: the directory has Pebble's format %d, this program has %d", ErrFormat, version, pebbleFormat)
	if found > pebbleFormat || found < pebble.FormatMinSupported {
		return refused
	}
	desc, err := pebble.Peek(dir, fsys)
	if err != nil || !desc.Exists {
		return err
	}
	db, err := pebble.Open(dir, &pebble.Options{
		FS: fsys, Lock: lock, ReadOnly: true,
		Logger: &logger{out: slog.New(slog.DiscardHandler), fuse: newFuse()},
		Merger: newMerger(new(atomic.Uint64)),
	})
	if err != nil {
		return errors.Join(refused, err)
	}
	empty, err := isEmpty(db)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if !empty {
		return refused
	}
	return nil
}

// makeDir makes dir and what is missing above it, and syncs the directories
// that got an entry.
func makeDir(fsys FS, dir string) error {
	var parents []string
	for d := dir; ; {
		if _, err := fsys.Stat(d); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		up := fsys.PathDir(d)
		if up == d || d == "" {
			break
		}
		parents = append(parents, up)
		d = up
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, parent := range parents {
		if err := syncDir(fsys, parent); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(fsys FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func realPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// isHeld reports whether a lock could not be taken because somebody has it.
func isHeld(err error) bool {
	const sharingViolation = syscall.Errno(32) // of Windows
	var inFile *fs.PathError
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return true
	case errors.Is(err, syscall.EACCES):
		return !errors.As(err, &inFile) // else the directory is not ours to write
	case runtime.GOOS == "windows" && errors.Is(err, sharingViolation):
		return true
	}
	// Pebble has no error of its own for a lock of the same process.
	return strings.Contains(err.Error(), "lock held by current process")
}
