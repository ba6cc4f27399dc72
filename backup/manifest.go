package backup

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/copies"
)

// manifestVersion is the version of manifests.
const manifestVersion = 1

// maxManifestBytes bounds what is read of a manifest, and so what is written: some 300,000 files.
// Tests lower it.
var maxManifestBytes = 64 << 20

// Manifest describes one backup.
type Manifest struct {
	// ID names the backup in its target: when it was taken, its epoch, and the first
	// digits of its hash.
	ID string `json:"-"`
	// Version is that of the manifest, 1.
	Version int `json:"version"`
	// Store is the incarnation of the store: random, and another after a restore.
	Store string `json:"store"`
	// Key is the fingerprint of the key under which the store's tokens are: ledgers of
	// erasures have it too.
	Key string `json:"key"`
	// Origin is where the store was copied from itself; nil if it was not.
	Origin *Origin `json:"origin,omitempty"`
	// Keys names the key file of a store that was made with Options.Shred, which is not
	// among Files: the target has one for all backups, the last. Empty for any other store.
	Keys string `json:"keys,omitempty"`
	// Format is the version of the store's format.
	Format int `json:"format"`
	// Epoch is the last commit in the backup, and At the instant that tags are true at.
	Epoch uint64    `json:"epoch"`
	At    time.Time `json:"at"`
	// Taken is when the backup was made, by the store's clock.
	Taken time.Time `json:"taken"`
	// Files ascend by name.
	Files []File `json:"files"`
}

// Origin is the commit of another store that a store began as a copy of.
type Origin struct {
	Store string `json:"store"`
	Epoch uint64 `json:"epoch"`
}

// File is one file of a store.
type File struct {
	Name string `json:"name"`
	// SHA256 of its content in hexadecimal, which names its object too.
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	// Modified is the time of the file: with its name and length it tells that a table
	// is the one of an earlier backup.
	Modified time.Time `json:"modified"`
}

// Bytes returns the length of all files.
func (m *Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// DamageError is an object or a manifest of a target that is not there, or is not what
// was put.
type DamageError struct {
	// Name is that of the file in the target.
	Name string
	// Backups are the IDs of those that it makes useless, ascending.
	Backups []string
	// Err says what is wrong.
	Err error
}

// Error names the file.
func (e *DamageError) Error() string {
	return fmt.Sprintf("backup: %s is damaged: %v", e.Name, e.Err)
}

// Unwrap returns what is wrong.
func (e *DamageError) Unwrap() error { return e.Err }

// List returns the backups in a target, the oldest first. With those that can be read
// comes a [DamageError], joined with others, for each manifest that cannot.
func List(fsys fs.FS) ([]Manifest, error) {
	all, faults, err := list(fsys)
	if err != nil {
		return nil, errors.Join(append(faults, err)...)
	}
	return all, errors.Join(faults...)
}

// list is List, with damage apart from an error that ended it.
func list(fsys fs.FS) (all []Manifest, faults []error, err error) {
	if fsys == nil {
		return nil, nil, errNoTarget
	}
	entries, err := folder(fsys, manifestsDir)
	if err != nil {
		return nil, nil, fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partial) {
			continue
		}
		m, err := readManifest(fsys, e.Name())
		_, damaged := errors.AsType[*DamageError](err)
		switch {
		case err == nil:
			all = append(all, m)
		case damaged:
			faults = append(faults, err)
		case !errors.Is(err, fs.ErrNotExist): // else pruned meanwhile
			return nil, faults, err
		}
	}
	slices.SortFunc(all, func(a, b Manifest) int {
		return cmp.Or(a.Taken.Compare(b.Taken), cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.ID, b.ID))
	})
	return all, faults, nil
}

// At returns the backup that holds the state of a commit or, if none does, the newest
// state of before: what came in between is not in it. The commits are those of the store
// that the newest backup is of and, where that was restored from another, of the other up
// to where it was. It is an error that wraps [fs.ErrNotExist] if every backup is later.
func At(backups []Manifest, epoch uint64) (Manifest, error) {
	if len(backups) == 0 {
		return Manifest{}, fmt.Errorf("backup: %w", fs.ErrNotExist)
	}
	newest := slices.MaxFunc(backups, func(a, b Manifest) int { return a.Taken.Compare(b.Taken) })
	of, most := newest.Store, epoch
	var origin *Origin
	for range backups { // a store comes before those copied from it: no circle is longer
		var best *Manifest
		for i := range backups {
			m := &backups[i]
			if m.Store != of {
				continue
			}
			origin = m.Origin
			if m.Epoch <= most && (best == nil || m.Epoch > best.Epoch || m.Epoch == best.Epoch && m.Taken.After(best.Taken)) {
				best = m
			}
		}
		if best != nil {
			return *best, nil
		}
		if origin == nil {
			break
		}
		of, most, origin = origin.Store, min(most, origin.Epoch), nil
	}
	return Manifest{}, fmt.Errorf("backup: none of commit %d or before: %w", epoch, fs.ErrNotExist)
}

// encode returns the manifest's text, and sets its ID.
func (m *Manifest) encode() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	sum := sha256.Sum256(text)
	m.ID = fmt.Sprintf("%s-%d-%s", m.Taken.UTC().Format("20060102T150405.000000Z"), m.Epoch, hex.EncodeToString(sum[:4]))
	return copies.Seal(text), nil
}

func readManifest(fsys fs.FS, id string) (Manifest, error) {
	name := manifestName(id)
	f, err := fsys.Open(name)
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(maxManifestBytes)+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return Manifest{}, fmt.Errorf("backup: %s: %w", name, err)
	}
	m, err := decodeManifest(data)
	if err == nil && m.ID != id {
		err = fmt.Errorf("it is of the backup %s", m.ID)
	}
	if err != nil {
		return Manifest{}, &DamageError{Name: name, Backups: []string{id}, Err: err}
	}
	return m, nil
}

// decodeManifest reads what encode wrote.
func decodeManifest(data []byte) (m Manifest, err error) {
	if len(data) > maxManifestBytes {
		return m, fmt.Errorf("more than %d bytes", maxManifestBytes)
	}
	text, err := copies.Unseal(data)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, err
	}
	if m.Version != manifestVersion {
		return Manifest{}, fmt.Errorf("manifest version %d, want %d", m.Version, manifestVersion)
	}
	for i, f := range m.Files {
		switch {
		case i > 0 && m.Files[i-1].Name >= f.Name:
			return Manifest{}, fmt.Errorf("file %d: names do not ascend", i+1)
		case !isSum(f.SHA256):
			return Manifest{}, fmt.Errorf("file %d: %.80q is no hash", i+1, f.SHA256)
		case f.Bytes < 0:
			return Manifest{}, fmt.Errorf("file %d: %d bytes", i+1, f.Bytes)
		}
	}
	again, err := m.encode()
	if err == nil && !bytes.Equal(again, data) {
		err = errors.New("not in the form in which manifests are written")
	}
	if err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// isSum reports whether a text is a SHA-256 in hexadecimal.
func isSum(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
