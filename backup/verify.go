package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// Verify reads every byte of the backups of some IDs, of all if none is given, and returns
// a [DamageError], joined with others, for each manifest and each object that is not what
// was put. It reads an object once, however many backups need it, in the order of their names. An
// error of ctx or of the target ends it, joined with the damage found until then. What opens and checks a
// store from a backup is Restore, portrait.Open and Check.
func Verify(ctx context.Context, fsys fs.FS, ids ...string) error {
	if fsys == nil {
		return errNoTarget
	}
	var backups []Manifest
	var faults []error
	if len(ids) == 0 {
		all, err := List(fsys)
		backups, faults = all, append(faults, err)
	}
	for _, id := range ids {
		m, err := readManifest(fsys, id)
		if err == nil {
			backups = append(backups, m)
		}
		faults = append(faults, err)
	}
	type need struct {
		bytes int64
		by    []string
	}
	needs := map[string]need{}
	for _, m := range backups {
		for _, f := range m.Files {
			n := needs[f.SHA256]
			n.bytes = f.Bytes
			if !slices.Contains(n.by, m.ID) {
				n.by = append(n.by, m.ID)
			}
			needs[f.SHA256] = n
		}
	}
	for i := range backups {
		_, err := readKeys(fsys, &backups[i])
		faults = append(faults, err)
		if _, damaged := errors.AsType[*DamageError](err); err != nil && !damaged {
			return errors.Join(faults...)
		}
	}
	for _, sum := range slices.Sorted(maps.Keys(needs)) {
		n := needs[sum]
		err := checkObject(ctx, fsys, &File{SHA256: sum, Bytes: n.bytes})
		if err == nil {
			continue
		}
		d, damaged := errors.AsType[*DamageError](err)
		if !damaged {
			return errors.Join(append(faults, err)...)
		}
		slices.Sort(n.by)
		d.Backups = n.by
		faults = append(faults, d)
	}
	return errors.Join(faults...)
}

// openObject opens an object for reading. In the place of its end comes a DamageError,
// which names no backup, if it is not what was put.
func openObject(ctx context.Context, fsys fs.FS, f *File) (io.ReadCloser, error) {
	name := objectName(f.SHA256)
	o, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamageError{Name: name, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return &object{reader: reader{ctx: ctx, r: o, sum: sha256.New()}, file: f, Closer: o}, nil
}

// object is an object that is read and checked.
type object struct {
	reader
	io.Closer
	file *File
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	n, err := o.reader.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	name, sum := objectName(o.file.SHA256), hex.EncodeToString(o.sum.Sum(nil))
	switch {
	case o.n != o.file.Bytes:
		err = &DamageError{Name: name, Err: fmt.Errorf("%d bytes, want %d", o.n, o.file.Bytes)}
	case sum != o.file.SHA256:
		err = &DamageError{Name: name, Err: fmt.Errorf("its hash is %s", sum)}
	}
	return n, err
}

// checkObject reads an object.
func checkObject(ctx context.Context, fsys fs.FS, f *File) error {
	o, err := openObject(ctx, fsys, f)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, o)
	return errors.Join(err, o.Close())
}
