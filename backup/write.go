package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Write puts a backup into a target: the files of a source, a flat directory of which
// nothing changes meanwhile, under a manifest of which all but ID, Version and Files is
// given. It reads what it has no earlier backup of twice, once to know its hash. A manifest of
// more than 64 MiB, some 300,000 files, is refused: none so long could be restored. It is
// what [portrait.Admin.Backup] calls; hosts do not.
//
// [portrait.Admin.Backup]: https://pkg.go.dev/github.com/portraitdb/portrait#Admin.Backup
func Write(ctx context.Context, target Target, source fs.FS, m Manifest) (Manifest, error) {
	if target == nil || source == nil {
		return Manifest{}, errNoTarget
	}
	w := &writer{ctx: ctx, target: target, source: source}
	if err := w.begin(m.Store); err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	entries, err := fs.ReadDir(source, ".")
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	m.Version, m.Files = manifestVersion, make([]File, 0, len(entries))
	for _, e := range entries {
		f, err := w.file(e)
		if err != nil {
			return Manifest{}, fmt.Errorf("backup: %s: %w", e.Name(), err)
		}
		m.Files = append(m.Files, f)
	}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	m.At, m.Taken = m.At.UTC().Round(0), m.Taken.UTC().Round(0)
	text, err := m.encode()
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	if len(text) > maxManifestBytes {
		return Manifest{}, fmt.Errorf("backup: the manifest of %d files has %d bytes, and is too long to be restored: %d are the most", len(m.Files), len(text), maxManifestBytes)
	}
	if err := context.Cause(ctx); err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	if err := target.Put(manifestName(m.ID), strings.NewReader(string(text))); err != nil {
		return Manifest{}, fmt.Errorf("backup: %s: %w", manifestName(m.ID), err)
	}
	if err := w.confirm(&m); err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", errors.Join(err, remove(target, manifestName(m.ID))))
	}
	return m, nil
}

// writer is one backup under way.
type writer struct {
	ctx    context.Context //nolint:containedctx // It lives as long as one call.
	target Target
	source fs.FS
	there  map[string]int64 // objects of the target, by hash: their lengths
	known  map[string]File  // tables of the newest backup of the same store, by name
}

// begin reads what the target has.
func (w *writer) begin(store string) (err error) {
	if w.there, err = objects(w.target); err != nil {
		return err
	}
	// A damaged manifest keeps nobody from making a backup that is whole.
	all, _, err := list(w.target)
	if err != nil {
		return err
	}
	w.known = map[string]File{}
	for _, m := range all { // the newest last
		if m.Store != store {
			continue
		}
		clear(w.known)
		for _, f := range m.Files {
			if path.Ext(f.Name) == ".sst" {
				w.known[f.Name] = f
			}
		}
	}
	return nil
}

// file sees that the target has the content of a file.
func (w *writer) file(e fs.DirEntry) (File, error) {
	if err := context.Cause(w.ctx); err != nil {
		return File{}, err
	}
	info, err := e.Info()
	if err != nil {
		return File{}, err
	}
	f := File{Name: e.Name(), Bytes: info.Size(), Modified: info.ModTime().UTC().Round(0)}
	if k, ok := w.known[f.Name]; ok && k.Bytes == f.Bytes && k.Modified.Equal(f.Modified) {
		if size, ok := w.there[k.SHA256]; ok && size == f.Bytes {
			f.SHA256 = k.SHA256
			return f, nil
		}
	}
	sum := sha256.New()
	if f.Bytes, err = w.read(f.Name, sum); err != nil {
		return File{}, err
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if size, ok := w.there[f.SHA256]; ok && size == f.Bytes {
		return f, nil
	}
	if err := w.put(&f); err != nil {
		return File{}, err
	}
	w.there[f.SHA256] = f.Bytes
	return f, nil
}

// read copies a file of the source.
func (w *writer) read(name string, to io.Writer) (int64, error) {
	r, err := w.source.Open(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(to, &reader{ctx: w.ctx, r: r})
	return n, errors.Join(err, r.Close())
}

// put puts a file that was read once.
func (w *writer) put(f *File) error {
	r, err := w.source.Open(f.Name)
	if err != nil {
		return err
	}
	in := &reader{ctx: w.ctx, r: r, sum: sha256.New()}
	err = w.target.Put(objectName(f.SHA256), in)
	if err == nil && (in.n != f.Bytes || hex.EncodeToString(in.sum.Sum(nil)) != f.SHA256) {
		err = errors.Join(errors.New("it changed while it was read"), remove(w.target, objectName(f.SHA256)))
	}
	return errors.Join(err, r.Close())
}

// confirm makes sure that the target has all of a backup: a Prune may have run beside it.
func (w *writer) confirm(m *Manifest) error {
	there, err := objects(w.target)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		if size, ok := there[f.SHA256]; !ok || size != f.Bytes {
			return fmt.Errorf("%s was removed while the backup was made", objectName(f.SHA256))
		}
	}
	return nil
}

// reader ends with a context, counts, and adds up a hash if there is one.
type reader struct {
	ctx context.Context //nolint:containedctx // It lives as long as one call.
	r   io.Reader
	sum hash.Hash
	n   int64
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.n += int64(n)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	return n, err
}
