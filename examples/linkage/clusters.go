package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strconv"
)

// writeClusters writes who is in which cluster as CSV: clusters in the order of
// their first records and numbered from 1, and within each the records in the
// order in which they were read. The same clusters give the same bytes.
func writeClusters(w io.Writer, d *dataset, clusters []int32) error {
	out := csv.NewWriter(w)
	row := []string{"id", "file", "cluster"}
	if d.labels != nil {
		row = append(row, "truth")
	}
	if err := out.Write(row); err != nil {
		return err
	}
	for n, members := range membersOf(clusters) {
		for _, m := range members {
			row = append(row[:0], d.id(m), d.files[d.file(int(m))], strconv.Itoa(n+1))
			if d.labels != nil {
				row = append(row, d.labels[m])
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// membersOf lists the records of each cluster. A cluster is named by the least
// of its records, so they come in the order of their first records.
func membersOf(clusters []int32) [][]int32 {
	var members [][]int32
	number := make([]int32, len(clusters)) // by the least record
	for i, c := range clusters {
		if int32(i) == c {
			number[i] = int32(len(members))
			members = append(members, nil)
		}
		n := number[c]
		members[n] = append(members[n], int32(i))
	}
	return members
}

// writeFile makes a file with what write prints.
func writeFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<16)
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}
