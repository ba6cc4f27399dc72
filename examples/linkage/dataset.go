package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait/identity/linkage"
)

// dataset is the records of one file or two, without the columns that are not
// compared, and beside them what only reports need.
type dataset struct {
	records *linkage.Records
	files   []string   // what they are called in reports
	idName  string     // the column of the IDs; empty: records have numbers
	labels  []string   // by record, who it is; nil: no truth, "": not known
	pairs   [][2]int32 // or the pairs that are one person; nil: no truth
	index   []map[string]int32
}

// twice stands in an index for an ID that several records have.
const twice = -1

// source says what is read.
type source struct {
	paths   []string
	columns []string // what is compared or blocked on
	id      string   // the one of them that names a record; empty: its row number does
	truth   *labeller
	// keep, if not nil, tells whether a record is read, by its label or, where that
	// is not known, its row number.
	keep func(label string) bool
}

// read reads the files.
func (s *source) read() (*dataset, error) {
	records, err := linkage.NewRecords(s.columns...)
	if err != nil {
		return nil, err
	}
	d := &dataset{records: records, files: shortNames(s.paths), idName: s.id}
	for i, path := range s.paths {
		if i == 1 {
			if records.Len() == 0 {
				return nil, fmt.Errorf("%s has no records to link with %s", s.paths[0], path)
			}
			if err := records.StartSecondList(); err != nil {
				return nil, err
			}
		}
		if err := s.readFile(d, path); err != nil {
			return nil, err
		}
	}
	if records.Len() == records.SecondList() {
		return nil, fmt.Errorf("%s has no records", s.paths[len(s.paths)-1])
	}
	return d, nil
}

func (s *source) readFile(d *dataset, path string) (err error) {
	file, err := openRecords(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.close()) }()
	at := make([]int, len(s.columns))
	for i, name := range s.columns {
		if at[i], err = file.where(name, "the configuration reads"); err != nil {
			return err
		}
	}
	truthAt := -1
	if s.truth != nil {
		if truthAt, err = file.where(s.truth.column, "is named as the truth"); err != nil {
			return err
		}
	}
	row := make([]string, len(at))
	for n := 1; ; n++ {
		if err := file.next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if truthAt >= 0 {
			label, err := s.truth.label(file.cells[truthAt])
			if err != nil {
				return fmt.Errorf("%s, line %d: %w", path, file.line(), err)
			}
			if s.keep != nil && !s.keep(cmp.Or(label, strconv.Itoa(n))) {
				continue
			}
			d.labels = append(d.labels, strings.Clone(label)) // Not the whole row that it is a part of.
		}
		for i, column := range at {
			row[i] = file.cells[column]
		}
		if _, err := d.records.Add(row...); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, file.line(), err)
		}
	}
}

// shortNames calls files by their last names, unless those are the same.
func shortNames(paths []string) []string {
	short := make([]string, len(paths))
	for i, p := range paths {
		short[i] = filepath.Base(p)
	}
	if len(short) == 2 && short[0] == short[1] {
		return slices.Clone(paths)
	}
	return short
}

// file is which of the files a record comes from.
func (d *dataset) file(record int) int {
	if second := d.records.SecondList(); second > 0 && record >= second {
		return 1
	}
	return 0
}

// id is what a record is called: the value of the ID column, or its row number in
// its file.
func (d *dataset) id(record int32) string {
	if d.idName != "" {
		return d.records.Value(int(record), d.idName)
	}
	n := int(record)
	if d.file(n) == 1 {
		n -= d.records.SecondList()
	}
	return strconv.Itoa(n + 1)
}

// pair finds two records by their IDs: with two files, the first ID is of the
// first and the second of the second.
func (d *dataset) pair(a, b string) ([2]int32, error) {
	first, err := d.find(0, a)
	if err != nil {
		return [2]int32{}, err
	}
	second, err := d.find(len(d.files)-1, b)
	if err != nil {
		return [2]int32{}, err
	}
	if first == second {
		return [2]int32{}, fmt.Errorf("both IDs are %q: a pair is of two records", a)
	}
	return [2]int32{first, second}, nil
}

func (d *dataset) find(file int, id string) (int32, error) {
	if d.index == nil {
		d.index = make([]map[string]int32, len(d.files))
		for i := range d.index {
			d.index[i] = map[string]int32{}
		}
		for i := range d.records.Len() {
			id, ids := d.id(int32(i)), d.index[d.file(i)]
			if _, known := ids[id]; known {
				ids[id] = twice
			} else {
				ids[id] = int32(i)
			}
		}
	}
	switch record, known := d.index[file][id]; {
	case !known:
		return 0, fmt.Errorf("no record of %s has the ID %q", d.files[file], id)
	case record == twice:
		return 0, fmt.Errorf("several records of %s have the ID %q", d.files[file], id)
	default:
		return record, nil
	}
}
