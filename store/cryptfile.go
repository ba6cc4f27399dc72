package store

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait/internal/atrest"
)

// cryptChunk is how much is encrypted and written at a time. Callers' buffers are
// left as they are, which vfs does not ask for.
const cryptChunk = 64 << 10

var cryptBuffers = sync.Pool{New: func() any { return new([cryptChunk]byte) }}

// cryptFile is a file under the rules of cryptFS. All offsets and lengths are
// those of the content. Like any vfs.File it is read by several goroutines at once
// and written, or read in sequence, by one.
type cryptFile struct {
	vfs.File
	fs   *cryptFS
	name string
	key  *fileKey
	// cipher is nil until there is a header.
	cipher atomic.Pointer[atrest.Cipher]
	next   int64 // where Read goes on

	// Of the one who made the file:
	writable bool
	written  int64
	stream   cipher.Stream // at written; nil before the first byte
	broken   error         // of a write, after which nobody knows what is there
}

// content returns the file's cipher, or nil as long as it is empty.
func (f *cryptFile) content() (*atrest.Cipher, error) {
	if c := f.cipher.Load(); c != nil {
		return c, nil
	}
	h, err := f.header()
	if h == nil || err != nil {
		return nil, err
	}
	w, err := f.fs.ring.of(h.KeyID())
	if err != nil {
		return nil, f.named(err)
	}
	c, err := w.Open(h)
	if errors.Is(err, atrest.ErrSeal) {
		return nil, &KeyError{ID: h.KeyID(), File: f.fs.PathBase(f.name), Err: errWrongKey}
	}
	if err != nil {
		return nil, err
	}
	f.fs.note(f.key, h.KeyID())
	f.cipher.Store(c)
	return c, nil
}

// header returns the file's header, or nil as long as it has no content.
func (f *cryptFile) header() (*atrest.Header, error) {
	head, err := headOf(f.File)
	if err != nil {
		return nil, err
	}
	if h, err := atrest.Parse(head); err == nil {
		return h, nil
	}
	// Somebody may be making the file: what there is of content is known to have
	// a header before it if that is read after the length.
	info, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	if head, err = headOf(f.File); err != nil {
		return nil, err
	}
	h, err := atrest.Parse(head)
	base := f.fs.PathBase(f.name)
	switch {
	case err == nil:
		return h, nil
	case !atrest.IsTorn(head):
		return nil, &KeyError{File: base, Err: errPlain}
	case info.Size() <= atrest.HeaderLen:
		return nil, nil // Making it was interrupted before its first byte.
	case errors.Is(err, atrest.ErrVersion):
		return nil, fmt.Errorf("%w: file %s: %w", ErrFormat, base, err)
	}
	return nil, fmt.Errorf("%w: file %s: %w", errors.Join(ErrCorrupt, pebble.ErrCorruption), base, err)
}

// named puts the file's name into an error about a key.
func (f *cryptFile) named(err error) error {
	var about *KeyError
	if !errors.As(err, &about) {
		return err
	}
	with := *about
	with.File = f.fs.PathBase(f.name)
	return &with
}

// headOf returns the first bytes of a file, as many as a header has or all.
func headOf(f io.ReaderAt) ([]byte, error) {
	head := make([]byte, atrest.HeaderLen)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

// ReadAt implements io.ReaderAt.
func (f *cryptFile) ReadAt(p []byte, off int64) (int, error) {
	c, err := f.content()
	if err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, fmt.Errorf("read %s: negative offset %d", f.fs.PathBase(f.name), off)
	}
	if c == nil {
		return 0, io.EOF
	}
	n, err := f.File.ReadAt(p, off+atrest.HeaderLen)
	c.XOR(p[:n], p[:n], off)
	return n, err
}

// Read implements io.Reader.
func (f *cryptFile) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.ReadAt(p, f.next)
	f.next += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Write implements io.Writer.
func (f *cryptFile) Write(p []byte) (int, error) {
	switch {
	case !f.writable:
		return 0, fmt.Errorf("write %s: %w", f.fs.PathBase(f.name), errOverwrite)
	case f.broken != nil:
		return 0, f.broken
	case len(p) == 0:
		return 0, nil
	}
	if f.stream == nil {
		if f.broken = f.begin(); f.broken != nil {
			return 0, f.broken
		}
	}
	buf := cryptBuffers.Get().(*[cryptChunk]byte)
	defer cryptBuffers.Put(buf)
	done := 0
	for done < len(p) {
		chunk := buf[:min(len(p)-done, cryptChunk)]
		f.stream.XORKeyStream(chunk, p[done:done+len(chunk)])
		n, err := f.File.Write(chunk)
		done += n
		f.written += int64(n)
		if err == nil && n < len(chunk) {
			err = io.ErrShortWrite
		}
		if err != nil {
			// Bytes may have reached the disk that nobody counted; what a second
			// attempt wrote there would be under the same key stream.
			f.broken = err
			return done, err
		}
	}
	return done, nil
}

// begin writes the header.
func (f *cryptFile) begin() error {
	w, err := f.fs.ring.current()
	if err != nil {
		return f.named(err)
	}
	h, c, err := w.New()
	if err != nil {
		return err
	}
	if n, err := f.File.Write(h[:]); err != nil {
		return err
	} else if n < len(h) {
		return io.ErrShortWrite
	}
	if err := f.File.SyncData(); err != nil {
		return err
	}
	f.fs.note(f.key, w.ID())
	f.cipher.Store(c)
	f.stream = c.Stream(0)
	return nil
}

// WriteAt implements io.WriterAt, for what goes to the file's end.
func (f *cryptFile) WriteAt(p []byte, off int64) (int, error) {
	if off != f.written {
		return 0, fmt.Errorf("write %s at %d, with its end at %d: %w", f.fs.PathBase(f.name), off, f.written, errOverwrite)
	}
	return f.Write(p)
}

// Stat implements vfs.File.
func (f *cryptFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	return contentInfo(info), nil
}

// SyncTo implements vfs.File.
func (f *cryptFile) SyncTo(length int64) (bool, error) {
	return f.File.SyncTo(length + atrest.HeaderLen)
}

// Preallocate implements vfs.File.
func (f *cryptFile) Preallocate(offset, length int64) error {
	return f.File.Preallocate(offset+atrest.HeaderLen, length)
}

// Prefetch implements vfs.File.
func (f *cryptFile) Prefetch(offset, length int64) error {
	return f.File.Prefetch(offset+atrest.HeaderLen, length)
}

// contentInfo returns what is to be said of a file's content.
func contentInfo(info vfs.FileInfo) vfs.FileInfo {
	if info.IsDir() {
		return info
	}
	return cryptInfo{info}
}

type cryptInfo struct{ vfs.FileInfo }

// Size implements fs.FileInfo.
func (i cryptInfo) Size() int64 { return max(0, i.FileInfo.Size()-atrest.HeaderLen) }
