package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait/internal/shred"
)

// KeyFile is the base name of the file that holds the keys of a store which was made with
// Options.Shred. It is replaced whenever keys are destroyed: a copy of it that is kept is a copy
// of them.
const KeyFile = "node-keys"

const (
	// keyFileNew is what becomes KeyFile, and keyFileOld what was it. Open removes either.
	keyFileNew = KeyFile + ".new"
	keyFileOld = KeyFile + ".old"

	// numbersAhead is how many numbers the key file says are given out before they are:
	// it is written once for so many, and so many are lost in a crash.
	numbersAhead = 1 << 16
	noncesAhead  = 64
)

var (
	errNotShredded = errors.New("keys that can be destroyed were asked for, and the store was made without; make a new one")
	errNoKeyFile   = errors.New("it is missing, and nobody's data can be read without it")
	errOtherStore  = errors.New("it is the key file of another store")
	errOldKeyFile  = errors.New("it is older than the store: it has keys that were destroyed, and lacks word of others")
	errNoNumber    = errors.New("a value to be sealed has no number")
	errUnsealed    = errors.New("values of this space of keys are sealed, and this one is not")
)

// vault seals values under keys that can be destroyed, and keeps these in a file of their
// own. Package shred has the construction.
type vault struct {
	fs     FS
	dir    string
	fuse   *fuse
	spaces [256]bool // by the first byte of a key: whose values are sealed
	keys   atomic.Pointer[shred.Tree]

	behind bool // set by Open and CaughtUp, of the one who commits

	mu     sync.Mutex // the key file on the disk, and the fields below
	file   shred.File // as it is on the disk
	next   uint64     // number to be given out
	nonces []byte     // random, not used yet
}

// vaultRecord is what the store keeps of its vault beside everything else: which key file is its
// own, and what was destroyed last, so that Open can finish it.
type vaultRecord struct {
	id         [shred.IDLen]byte
	generation uint64
	behind     bool // the store has not caught up with the generation
	spaces     []byte
	destroyed  []uint64 // in that generation; ascending
}

func (r *vaultRecord) append(dst []byte) []byte {
	dst = append(append(dst, vaultVersion), r.id[:]...)
	dst = binary.BigEndian.AppendUint64(dst, r.generation)
	behind := byte(0)
	if r.behind {
		behind = 1
	}
	dst = append(append(dst, behind, byte(len(r.spaces))), r.spaces...)
	last := uint64(0)
	for _, n := range r.destroyed {
		dst = binary.AppendUvarint(dst, n-last)
		last = n
	}
	return dst
}

const vaultVersion = 1

func decodeVault(data []byte) (r vaultRecord, err error) {
	const fixed = 1 + shred.IDLen + 8 + 1 + 1
	if len(data) < fixed || data[0] != vaultVersion || data[fixed-2] > 1 || len(data) < fixed+int(data[fixed-1]) {
		return r, fmt.Errorf("%w: record of the key file of %d bytes", ErrCorrupt, len(data))
	}
	r.id = [shred.IDLen]byte(data[1:])
	r.generation = binary.BigEndian.Uint64(data[1+shred.IDLen:])
	r.behind = data[fixed-2] == 1
	data = data[fixed-1:]
	r.spaces, data = slices.Clone(data[1:1+data[0]]), data[1+data[0]:]
	last := uint64(0)
	for len(data) > 0 {
		gap, n := binary.Uvarint(data)
		if n <= 0 || gap >= shred.Numbers || last+gap >= shred.Numbers || len(r.destroyed) > 0 && gap == 0 {
			return r, fmt.Errorf("%w: record of the key file: number %d", ErrCorrupt, len(r.destroyed))
		}
		last += gap
		r.destroyed, data = append(r.destroyed, last), data[n:]
	}
	return r, nil
}

func newVault(fsys FS, dir string, f *fuse, spaces []byte) *vault {
	v := &vault{fs: fsys, dir: dir, fuse: f}
	for _, space := range spaces {
		v.spaces[space] = true
	}
	return v
}

// make makes the key file of a new store, and returns the record that goes with it.
func (v *vault) make(spaces []byte) (vaultRecord, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := shred.File{Limit: 1, Keys: shred.New()} // the number 0 is nobody's
	rand.Read(f.ID[:])
	v.next = f.Limit
	return vaultRecord{id: f.ID, spaces: spaces}, v.replace(f)
}

// load reads the key file, and finishes what a crash left of a destruction. behind says
// that the store is older than the key file.
func (v *vault) load(r *vaultRecord) (behind bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	data, err := contentOf(v.fs, v.path(KeyFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, &KeyError{File: KeyFile, Err: errNoKeyFile}
	case err != nil:
		return false, err
	}
	f, err := shred.Decode(data)
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: %s: %w", ErrCorrupt, KeyFile, err)
	case f.ID != r.id:
		return false, &KeyError{File: KeyFile, Err: errOtherStore}
	case f.Generation+1 < r.generation:
		return false, &KeyError{File: KeyFile, Err: errOldKeyFile}
	}
	// What is below the limit may have been given out before.
	v.file, v.next = *f, f.Limit
	v.keys.Store(f.Keys)
	if f.Generation+1 == r.generation {
		return r.behind, v.forget(r.destroyed)
	}
	return r.behind || f.Generation > r.generation, v.tidy()
}

func (v *vault) path(name string) string { return v.fs.PathJoin(v.dir, name) }

// record returns what the store is to keep of the key file that there is now.
func (v *vault) record() vaultRecord {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := vaultRecord{id: v.file.ID, generation: v.file.Generation}
	for space, sealed := range v.spaces {
		if sealed {
			r.spaces = append(r.spaces, byte(space))
		}
	}
	return r
}

// name returns the ID of the key file in hexadecimal.
func (v *vault) name() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return hex.EncodeToString(v.file.ID[:])
}

// bytes returns the key file as it lies on a disk below encryption.
func (v *vault) bytes(disk FS) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return contentOf(disk, v.path(KeyFile))
}

// number returns a number that no other value has or had.
func (v *vault) number() (uint64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.next == v.file.Limit {
		f := v.file
		f.Limit = min(f.Limit+numbersAhead, shred.Numbers)
		if v.next == f.Limit {
			return 0, errors.New("all numbers of keys are given out")
		}
		if err := v.replace(f); err != nil {
			return 0, err
		}
	}
	v.next++
	return v.next - 1, nil
}

// destroy destroys the keys of numbers. The commit that wants it is durable.
func (v *vault) destroy(numbers []uint64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.forget(numbers)
}

// forget is destroy for a caller that holds mu.
func (v *vault) forget(numbers []uint64) error {
	f := v.file
	f.Generation++
	f.Keys = f.Keys.Without(numbers...)
	return v.replace(f)
}

// rewrite writes the key file anew, as it is.
func (v *vault) rewrite() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.replace(v.file)
}

// replace puts another key file in the place of the one there is, durably, and sees that
// the old one goes. A failure is one of the store: whoever looks at the disk next must find
// what was asked for. The caller holds mu.
func (v *vault) replace(f shred.File) error {
	if err := v.fuse.failed(); err != nil {
		return err
	}
	if err := v.put(f.Append(nil)); err != nil {
		v.fuse.blow(fmt.Errorf("write %s: %w", KeyFile, err))
		return v.fuse.failed()
	}
	v.file = f
	v.keys.Store(f.Keys)
	return nil
}

// put writes a new file, gives the old one a second name, so that it can be written over
// once it is not needed any more, and takes its place.
func (v *vault) put(data []byte) error {
	if err := v.tidy(); err != nil {
		return err
	}
	fresh, err := v.fs.Create(v.path(keyFileNew), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fresh.Write(data)
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	// A file system without links replaces the old file all the same.
	_ = v.fs.Link(v.path(KeyFile), v.path(keyFileOld))
	if err := v.fs.Rename(v.path(keyFileNew), v.path(KeyFile)); err != nil {
		return err
	}
	if err := syncDir(v.fs, v.dir); err != nil {
		return err
	}
	return v.tidy()
}

// tidy removes what may be left of a replacement, and writes over it before where that is
// possible: an encrypted file is not written to twice.
func (v *vault) tidy() error {
	gone := false
	for _, name := range []string{keyFileNew, keyFileOld} {
		left, err := contentOf(v.fs, v.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		// What is the same as the key file may be the same file under another name, which a
		// crash left, and only loses that. What cannot be read is half a header.
		if err == nil {
			if now, err := contentOf(v.fs, v.path(KeyFile)); err == nil && !bytes.Equal(left, now) {
				if err := v.blank(v.path(name), len(left)); err != nil {
					return err
				}
			}
		}
		if err := v.fs.Remove(v.path(name)); err != nil {
			return err
		}
		gone = true
	}
	if !gone {
		return nil
	}
	return syncDir(v.fs, v.dir)
}

// blank writes zeros over a file.
func (v *vault) blank(name string, size int) error {
	f, err := v.fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if errors.Is(err, errOverwrite) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, size), 0)
	return errors.Join(err, f.Sync(), f.Close())
}

// nonce returns a random nonce.
func (v *vault) nonce() (n [shred.NonceLen]byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.nonces) == 0 {
		v.nonces = make([]byte, noncesAhead*shred.NonceLen)
		rand.Read(v.nonces)
	}
	copy(n[:], v.nonces)
	v.nonces = v.nonces[len(n):]
	return n
}

// seals reports whether the value of a key is sealed. A nil vault seals none.
func (v *vault) seals(key []byte) bool { return v != nil && len(key) > 0 && v.spaces[key[0]] }

// tree returns the keys that there are now.
func (v *vault) tree() *shred.Tree {
	if v == nil {
		return nil
	}
	return v.keys.Load()
}

// A sealed value is the number of its key and the length of its head, as varints, the
// head, in the clear, and the sealed rest.

// seal appends a sealed value to dst. Of a number whose key was destroyed there can only be a head.
func (v *vault) seal(dst []byte, number uint64, head, rest []byte) ([]byte, error) {
	dst = binary.AppendUvarint(dst, number)
	dst = binary.AppendUvarint(dst, uint64(len(head)))
	dst = append(dst, head...)
	sealed, err := v.keys.Load().Seal(dst, number, v.nonce(), rest)
	if errors.Is(err, shred.ErrForgotten) && len(rest) == 0 {
		return append(dst, make([]byte, shred.Overhead)...), nil
	}
	return sealed, err
}

// openSealed appends the head and the rest of a sealed value to dst: the head alone if its key was
// destroyed. Without a head ok is false then: there is nothing.
func openSealed(dst []byte, keys *shred.Tree, value []byte) (_ []byte, ok bool, err error) {
	number, n := binary.Uvarint(value)
	if n <= 0 {
		return dst, false, fmt.Errorf("%w: sealed value: %w", ErrCorrupt, io.ErrUnexpectedEOF)
	}
	value = value[n:]
	size, n := binary.Uvarint(value)
	if n <= 0 || size > uint64(len(value)-n) {
		return dst, false, fmt.Errorf("%w: sealed value: %w", ErrCorrupt, io.ErrUnexpectedEOF)
	}
	head, sealed := value[n:n+int(size)], value[n+int(size):]
	opened, err := keys.Open(append(dst, head...), number, sealed)
	switch {
	case errors.Is(err, shred.ErrForgotten):
		return opened, len(head) > 0, nil
	case err != nil:
		return dst, false, fmt.Errorf("%w: value under the key number %d: %w", ErrCorrupt, number, err)
	}
	return opened, true, nil
}

// contentOf returns the content of a file.
func contentOf(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, errors.Join(err, f.Close())
}
