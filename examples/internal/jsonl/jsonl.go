// Package jsonl reads events from JSON lines, plain or gzipped, for the example
// programs.
package jsonl

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/portraitdb/portrait/profile"
)

// maxLine is the longest line that is read as an event. It is far above what a
// store accepts, so that the store itself can name the field that is too long.
const maxLine = 8 << 20

// Record is one line that is not blank: an event, or why it is none.
type Record struct {
	// Line counts from 1, blank lines included.
	Line int
	// Event is the zero event where Err is set.
	Event profile.Event
	// Err is nil or a *profile.FieldError.
	Err error
}

// Records yields the lines of r as events. A bad line is a Record with Err and
// does not stop the reading. The error of the sequence is that of r: it comes at
// most once, last, with a zero Record.
func Records(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := bufio.NewReaderSize(r, 1<<16)
		var buf []byte
		for n := 1; ; n++ {
			line, whole, err := readLine(in, buf[:0])
			buf = line
			if n == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if len(bytes.TrimSpace(line)) > 0 && !yield(record(n, line, whole), nil) {
				return
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(Record{}, fmt.Errorf("line %d: %w", n, err))
				}
				return
			}
		}
	}
}

func record(n int, line []byte, whole bool) Record {
	if !whole {
		return Record{Line: n, Err: &profile.FieldError{
			Reason: profile.ReasonTooLarge, Detail: fmt.Sprintf("the line is longer than %d bytes", maxLine),
		}}
	}
	e, err := profile.ParseEvent(bytes.TrimSpace(line))
	return Record{Line: n, Event: e, Err: err}
}

// readLine appends the next line to buf. Of a line that is too long it keeps
// the beginning, reads the rest away and returns whole as false.
func readLine(in *bufio.Reader, buf []byte) (line []byte, whole bool, err error) {
	whole = true
	for {
		part, err := in.ReadSlice('\n')
		if keep := min(len(part), maxLine-len(buf)); keep < len(part) {
			part, whole = part[:keep], false
		}
		buf = append(buf, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, whole, err
		}
	}
}

// Decompress returns what r holds, unpacked if it begins like a gzip file.
func Decompress(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	magic, err := in.Peek(2)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case !bytes.Equal(magic, []byte{0x1f, 0x8b}):
		return in, nil
	}
	return gzip.NewReader(in)
}
