package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// A labeller reads, from the column of the truth, who a record is. The truth is
// looked at only to tell how well the linkage did: the column never becomes part
// of the records that are compared.
type labeller struct {
	column  string
	pattern *regexp.Regexp // its first group is the label; nil: the whole cell is
	// given says that the pattern came with the command, so that it must match. One
	// that the configuration has is for a column in another form, perhaps: whether
	// it is meant for this one, the first label tells.
	given   bool
	decided bool
}

// newLabeller returns nil where there is no column of the truth.
func newLabeller(column, given, configured string) (*labeller, error) {
	if column == "" {
		return nil, nil
	}
	l := &labeller{column: column, given: given != ""}
	source, from := given, "--truth-pattern"
	if given == "" {
		source, from = configured, "truth_pattern"
	}
	if source == "" {
		return l, nil
	}
	pattern, err := regexp.Compile(source)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", from, err)}
	}
	if pattern.NumSubexp() == 0 {
		return nil, usageError{fmt.Errorf("%s: %s has no group (...), which is what the label is read from", from, source)}
	}
	l.pattern = pattern
	return l, nil
}

// label reads a cell. An empty label means that the truth is not known.
func (l *labeller) label(cell string) (string, error) {
	if cell == "" || l.pattern == nil {
		return cell, nil
	}
	groups := l.pattern.FindStringSubmatch(cell)
	if groups == nil && !l.given && !l.decided {
		l.pattern = nil
		return cell, nil
	}
	l.decided = true
	if groups == nil {
		return "", fmt.Errorf("%q in column %q is no label: the pattern %s does not match", cell, l.column, l.pattern)
	}
	return groups[1], nil
}

// half tells by its label which half of people a person is in. It depends on the
// label and the seed alone, so that a person is whole in one half.
func half(seed uint64, label string) int {
	text := binary.LittleEndian.AppendUint64(nil, seed)
	sum := sha256.Sum256(append(text, label...))
	return int(sum[0] & 1)
}

// readTruthPairs reads a file of two columns, the IDs of records that are one
// person. With two lists the first column is of the first list. The first line
// names the columns, unless it has two IDs.
func readTruthPairs(path string, d *dataset) (pairs [][2]int32, err error) {
	file, err := openRecords(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.close()) }()
	if len(file.header) != 2 {
		return nil, fmt.Errorf("%s has %d columns: the IDs of two records are expected in each line", path, len(file.header))
	}
	pairs = [][2]int32{} // Not nil: a truth without any pair is a truth.
	if pair, err := d.pair(file.header[0], file.header[1]); err == nil {
		pairs = append(pairs, pair)
	}
	for {
		if err := file.next(); errors.Is(err, io.EOF) {
			return pairs, nil
		} else if err != nil {
			return nil, err
		}
		pair, err := d.pair(file.cells[0], file.cells[1])
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, file.line(), err)
		}
		pairs = append(pairs, pair)
	}
}
