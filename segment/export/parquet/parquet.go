// Package parquet writes the members of a segment as Parquet, from the columns of
// package export. It is a module of its own, because the format is large.
//
//	columns, err := export.ParseColumns(&schema, "id", "identifier:email", "trait:spent", "tags")
//	rows, err := parquet.Write(file, view.Profiles(ctx, set), columns, nil)
//
// # Types
//
// A column has one type, that of its kind:
//
//	id, counts        unsigned 64-bit integer, never null
//	string            string (UTF-8)
//	number            double
//	bool              boolean
//	time              timestamp in microseconds, UTC
//	point             group of the doubles lat and lon
//	list, set         list of strings; elements of other kinds are their JSON
//	kind not known    string; values of other kinds are their JSON
//
// All but the first may be null. The kind of a trait, and of a tag's values, is
// known where the columns were parsed with an export.Schema that tells it. A value
// of another kind than its column's is an error.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"iter"

	pq "github.com/parquet-go/parquet-go"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment/export"
)

// Options are the choices of Write. The zero value of each is the default, and nil
// Options are those.
type Options struct {
	// RowGroupRows is how many rows a row group has at most. 0 means 131,072.
	RowGroupRows int
	// RowGroupBytes ends a row group earlier, once its values take so much before they
	// are encoded. It bounds the memory that Write needs, to about so much. 0 means
	// 64 MiB.
	RowGroupBytes int
}

// What the Options are by default.
const (
	defaultRows  = 128 << 10
	defaultBytes = 64 << 20
)

// Write writes the profiles as one Parquet file, compressed with Zstandard, and
// returns how many rows it has.
//
// The first error ends it: of the sequence, of the writer, or about a value of the
// wrong kind. To cancel is to cancel the context that the sequence was made with. What
// was written then is no Parquet file, as the index at its end is missing, and cannot
// be continued: write it anew.
func Write(w io.Writer, profiles iter.Seq2[*profile.Profile, error], columns []export.Column, opts *Options) (rows uint64, err error) {
	switch {
	case w == nil:
		return 0, errors.New("parquet: there is nothing to write to: the writer is nil")
	case profiles == nil:
		return 0, errors.New("parquet: there are no profiles to write: the sequence is nil")
	}
	t, err := newTable(columns)
	if err != nil {
		return 0, fmt.Errorf("parquet: %w", err)
	}
	limit := Options{RowGroupRows: defaultRows, RowGroupBytes: defaultBytes}
	if opts != nil && opts.RowGroupRows > 0 {
		limit.RowGroupRows = opts.RowGroupRows
	}
	if opts != nil && opts.RowGroupBytes > 0 {
		limit.RowGroupBytes = opts.RowGroupBytes
	}
	config, err := pq.NewWriterConfig(pq.NewSchema("profile", t), pq.Compression(&pq.Zstd), pq.CreatedBy("portrait", "", ""))
	if err != nil {
		return 0, fmt.Errorf("parquet: %w", err)
	}
	out := pq.NewGenericWriter[any](w, config)
	group, size := 0, 0
	row := make([]pq.Row, 1)
	for p, err := range profiles {
		if err == nil && p == nil {
			err = errors.New("the sequence yielded a nil profile")
		}
		if err != nil {
			return rows, fmt.Errorf("parquet: after %d profiles: %w", rows, err)
		}
		if row[0], err = t.append(row[0][:0], p); err != nil {
			return rows, fmt.Errorf("parquet: profile %d: %w", p.ID, err)
		}
		if _, err := out.WriteRows(row); err != nil {
			return rows, fmt.Errorf("parquet: profile %d: %w", p.ID, err)
		}
		rows++
		group++
		if size += sizeOf(row[0]); group < limit.RowGroupRows && size < limit.RowGroupBytes {
			continue
		}
		if err := out.Flush(); err != nil {
			return rows, fmt.Errorf("parquet: after %d profiles: %w", rows, err)
		}
		group, size = 0, 0
	}
	if err := out.Close(); err != nil {
		return rows, fmt.Errorf("parquet: after %d profiles: %w", rows, err)
	}
	return rows, nil
}

// sizeOf returns about how much memory a row's values take.
func sizeOf(row pq.Row) int {
	size := 0
	for i := range row {
		size += 8
		if row[i].Kind() == pq.ByteArray {
			size += len(row[i].ByteArray())
		}
	}
	return size
}
