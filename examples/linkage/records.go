package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/portraitdb/portrait/examples/internal/jsonl"
)

// A recordFile is a CSV file that is read row by row: plain or gzipped, with a
// header, with or without a byte order mark. Blanks around a name in the header
// and around a cell count for nothing.
type recordFile struct {
	path   string
	header []string

	file   *os.File
	rows   *csv.Reader
	column map[string]int
	cells  []string
}

// openRecords opens a file and reads its header.
func openRecords(path string) (*recordFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &recordFile{path: path, file: file}
	if err := r.readHeader(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

func (r *recordFile) readHeader() error {
	in, err := jsonl.Decompress(r.file)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	r.rows = csv.NewReader(&unmarked{in: in})
	r.rows.TrimLeadingSpace = true // Febrl writes a blank behind every comma.
	r.rows.ReuseRecord = true
	r.rows.FieldsPerRecord = -1 // Checked here, where the numbers can be told.
	if err := r.read(); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s is empty: it needs a header with the names of its columns", r.path)
		}
		return err
	}
	r.column = make(map[string]int, len(r.cells))
	for i, name := range r.cells {
		if _, twice := r.column[name]; twice && name != "" {
			return fmt.Errorf("%s: two columns are named %q", r.path, name)
		}
		r.header = append(r.header, name)
		r.column[name] = i
	}
	return nil
}

// next moves on to the next row. Its error is io.EOF behind the last one, and
// otherwise names the line.
func (r *recordFile) next() error {
	if err := r.read(); err != nil {
		return err
	}
	if len(r.cells) != len(r.header) {
		return fmt.Errorf("%s, line %d: %d fields, but the header names %d columns", r.path, r.line(), len(r.cells), len(r.header))
	}
	return nil
}

func (r *recordFile) read() error {
	cells, err := r.rows.Read()
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s, line %d, byte %d: %w", r.path, wrong.Line, wrong.Column, wrong.Err)
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf("%s: %w", r.path, err)
	}
	for i, c := range cells {
		if !utf8.ValidString(c) {
			return fmt.Errorf("%s, line %d, field %d: the text is not UTF-8", r.path, r.line(), i+1)
		}
		cells[i] = strings.TrimSpace(c)
	}
	r.cells = cells
	return nil
}

// line is where the current row begins in the file.
func (r *recordFile) line() int {
	line, _ := r.rows.FieldPos(0)
	return line
}

// where finds a column, or says which one was perhaps meant.
func (r *recordFile) where(name, what string) (int, error) {
	if i, ok := r.column[name]; ok && name != "" {
		return i, nil
	}
	return 0, fmt.Errorf("%s has no column %q, which %s%s", r.path, name, what, meant(name, r.header))
}

func (r *recordFile) close() error { return r.file.Close() }

// unmarked drops the byte order mark that some programs write before a text.
type unmarked struct {
	in      io.Reader
	started bool
}

func (u *unmarked) Read(p []byte) (int, error) {
	if u.started {
		return u.in.Read(p)
	}
	u.started = true
	var head [3]byte
	n, err := io.ReadFull(u.in, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, err
	}
	rest := strings.TrimPrefix(string(head[:n]), "\ufeff")
	u.in = io.MultiReader(strings.NewReader(rest), u.in)
	return u.in.Read(p)
}
