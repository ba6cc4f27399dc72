package idlist

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// The marks at the begin of a file.
var (
	gzipMark = []byte{0x1f, 0x8b}
	bom      = []byte("\ufeff")
)

// foreign lists the marks of files that are no text, and would be nothing but
// invalid lines. None of them begins a line of UTF-8 that holds an identifier.
var foreign = []struct {
	mark string
	name string
}{
	{"PK\x03\x04", "a zip or xlsx file"},
	{"\x1f\x8b", "gzip within gzip"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd"},
	{"\xfd7zXZ\x00", "compressed with xz"},
	{"\xff\xfe", "UTF-16"},
	{"\xfe\xff", "UTF-16"},
}

// headBytes is the length of the longest mark.
const headBytes = 6

var errForeign = errors.New("plain text in UTF-8 is read, and gzip")

// openText returns the text of a list: unzipped, and without a byte order mark.
func openText(r io.Reader) (io.Reader, error) {
	head, r, err := peek(r)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, gzipMark) {
		zipped, err := gzip.NewReader(r)
		if err != nil {
			return nil, inHeader(err)
		}
		if head, r, err = peek(gzipText{zipped}); err != nil {
			return nil, err
		}
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.mark)) {
			return nil, fmt.Errorf("the list is %s: %w", f.name, errForeign)
		}
	}
	if bytes.HasPrefix(head, bom) {
		if _, err := io.ReadFull(r, make([]byte, len(bom))); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// peek returns the first bytes of a reader, fewer only where it ends, and a reader
// that begins with them.
func peek(r io.Reader) ([]byte, io.Reader, error) {
	head := make([]byte, headBytes)
	n, err := fill(r, head)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	return head[:n], io.MultiReader(bytes.NewReader(head[:n]), r), nil
}

// gzipText says of each fault of a compressed stream that it is one.
type gzipText struct{ r io.Reader }

func (g gzipText) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	return n, inGzip(err)
}

// inHeader says of a fault at the begin of a compressed stream that it is one.
func inHeader(err error) error {
	if errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("gzip: the file begins as one does and is none: %w", err)
	}
	return inGzip(err)
}

func inGzip(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("gzip: the file is cut off: %w", err)
	case errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("gzip: after the end of the compressed text follow bytes that are no gzip: %w", err)
	default:
		return fmt.Errorf("gzip: %w", err)
	}
}

// maxEmptyReads is how many reads in a row may return nothing.
const maxEmptyReads = 100

// fill reads until p is full. It returns io.EOF, with what was read, where r ends.
func fill(r io.Reader, p []byte) (n int, err error) {
	for empty := 0; n < len(p) && err == nil; {
		var m int
		m, err = r.Read(p[n:])
		if m < 0 || m > len(p)-n {
			return n, errors.New("the reader returned an impossible count")
		}
		n += m
		if empty++; m > 0 {
			empty = 0
		} else if err == nil && empty >= maxEmptyReads {
			err = io.ErrNoProgress
		}
	}
	if n == len(p) && n > 0 && err == io.EOF {
		err = nil // the next read says so
	}
	return n, err
}
