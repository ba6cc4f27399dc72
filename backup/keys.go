package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// keysDir is the folder of key files: one for all backups of a store that was made with
// Options.Shred, and of its copies. Each backup replaces it, so that what was destroyed of it
// is destroyed for the older backups too.
const keysDir = "keys"

func keysName(id string) string { return keysDir + "/" + id }

// maxKeysBytes bounds what is read of a key file with its hash, and so what is written: some 30
// million seeds. Tests lower it.
var maxKeysBytes = 1 << 30

// WriteKeys puts the key file of a store into a target, in the place of the one that was
// there. One of 1 GiB or more is refused, and nothing is put: none so long could be restored. It
// is what [portrait.Admin.BackupKeys] calls; hosts do not.
//
// [portrait.Admin.BackupKeys]: https://pkg.go.dev/github.com/portraitdb/portrait#Admin.BackupKeys
func WriteKeys(ctx context.Context, target Target, id string, content []byte) error {
	if target == nil {
		return errNoTarget
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if len(content) > maxKeysBytes-sha256.Size {
		return fmt.Errorf("backup: %s: a key file of %d bytes is too long to be restored: %d are the most", keysName(id), len(content), maxKeysBytes-sha256.Size)
	}
	sum := sha256.Sum256(content)
	if err := target.Put(keysName(id), io.MultiReader(bytes.NewReader(sum[:]), bytes.NewReader(content))); err != nil {
		return fmt.Errorf("backup: %s: %w", keysName(id), err)
	}
	return nil
}

// readKeys returns the key file that a backup needs; nil if it needs none. A DamageError
// names the backup.
func readKeys(fsys fs.FS, m *Manifest) ([]byte, error) {
	if m.Keys == "" {
		return nil, nil
	}
	damaged := func(err error) error {
		return &DamageError{Name: keysName(m.Keys), Backups: []string{m.ID}, Err: err}
	}
	f, err := fsys.Open(keysName(m.Keys))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(err)
	}
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(maxKeysBytes)+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("backup: %s: %w", keysName(m.Keys), err)
	}
	switch {
	case len(data) < sha256.Size:
		return nil, damaged(io.ErrUnexpectedEOF)
	case len(data) > maxKeysBytes:
		return nil, damaged(fmt.Errorf("more than %d bytes", maxKeysBytes))
	}
	sum, content := data[:sha256.Size], data[sha256.Size:]
	if want := sha256.Sum256(content); !bytes.Equal(sum, want[:]) {
		return nil, damaged(fmt.Errorf("its hash is %x", want))
	}
	return content, nil
}
