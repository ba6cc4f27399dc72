//go:build cgo && !noduckdb && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/marcboeker/go-duckdb/v2"
)

// duckCensus is as much of a census in tables of DuckDB, in memory, on one thread, as one
// question is about.
type duckCensus struct {
	db   *sql.DB
	conn *sql.Conn
	ask  func(ctx context.Context) (uint64, error)
}

func newDuckCensus(ctx context.Context, c *census, reading string) (_ *duckCensus, err error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	d := &duckCensus{db: sql.OpenDB(connector)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, err
	}
	if err := d.run(ctx, "SET threads TO 1"); err != nil {
		return nil, err
	}
	switch reading {
	case tgiReading:
		return d, d.tags(ctx, c)
	case tableReading:
		return d, d.attributes(ctx, c)
	}
	return d, d.segments(ctx, c)
}

func (d *duckCensus) close() error {
	var err error
	if d.conn != nil {
		err = d.conn.Close()
	}
	return errors.Join(err, d.db.Close())
}

func (d *duckCensus) run(ctx context.Context, text string) error {
	_, err := d.conn.ExecContext(ctx, text)
	return err
}

// fill makes a table of rows.
func (d *duckCensus) fill(ctx context.Context, table, columns string, each func(add func(...driver.Value) error) error) error {
	if err := d.run(ctx, fmt.Sprintf("CREATE TABLE %s (%s)", table, columns)); err != nil {
		return err
	}
	return d.conn.Raw(func(c any) error { return appendRows(c.(driver.Conn), table, each) })
}

// bitsMax is how many profiles a string of bits is about: what is made of those of a
// thousand tags should not leave the caches.
const bitsMax = 1 << 16

// tags keeps strings of bits, by tag, which is the form that DuckDB counts fastest.
func (d *duckCensus) tags(ctx context.Context, c *census) error {
	loaded := func(table string, bitmaps []*roaring.Bitmap) error {
		err := d.fill(ctx, "loaded", "place USMALLINT, block USMALLINT, bytes BLOB", func(add func(...driver.Value) error) error {
			for i, b := range bitmaps {
				for block, bytes := range slices.Collect(slices.Chunk(bitString(b, c.profiles), bitsMax/8)) {
					if err := add(uint16(i), uint16(block), bytes); err != nil {
						return err
					}
				}
			}
			return nil
		})
		return errors.Join(err, d.run(ctx, "CREATE TABLE "+table+" AS SELECT place, block, CAST(bytes AS BIT) AS have FROM loaded"), d.run(ctx, "DROP TABLE loaded"))
	}
	if err := errors.Join(loaded("tags", c.tags), loaded("audiences", []*roaring.Bitmap{c.audience})); err != nil {
		return err
	}
	stmt, err := d.conn.PrepareContext(ctx, "SELECT sum(bit_count(t.have))::BIGINT, sum(bit_count(t.have & a.have))::BIGINT FROM tags t JOIN audiences a USING (block) GROUP BY t.place ORDER BY t.place")
	if err != nil {
		return err
	}
	d.ask = func(ctx context.Context) (uint64, error) { return digestRows(ctx, stmt, 2) }
	return nil
}

// bitString has a bit for each profile, whole bytes of them.
func bitString(b *roaring.Bitmap, profiles int) []byte {
	out := make([]byte, (profiles+7)/8)
	for i := range roaring.Values(b) {
		out[i/8] |= 1 << (i % 8)
	}
	return out
}

// attributes keeps a byte an attribute. The totals are made of what is counted, which is
// faster than GROUP BY CUBE.
func (d *duckCensus) attributes(ctx context.Context, c *census) error {
	err := d.fill(ctx, "people", "city UTINYINT, channel UTINYINT, level UTINYINT", func(add func(...driver.Value) error) error {
		for i := range c.profiles {
			if err := add(c.attributes[0][i], c.attributes[1][i], c.attributes[2][i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	stmt, err := d.conn.PrepareContext(ctx, "SELECT city, channel, level, count(*) FROM people GROUP BY ALL")
	if err != nil {
		return err
	}
	d.ask = func(ctx context.Context) (n uint64, err error) {
		n = tableDigest(func(add func(city, channel, level int, n uint64)) {
			err = scanRows(ctx, stmt, 4, func(v []any) {
				add(int(v[0].(uint8)), int(v[1].(uint8)), int(v[2].(uint8)), uint64(v[3].(int64)))
			})
		})
		return n, err
	}
	return nil
}

// segments keeps a truth value a segment.
func (d *duckCensus) segments(ctx context.Context, c *census) error {
	columns := make([]string, len(c.segments))
	for i := range columns {
		columns[i] = fmt.Sprintf("s%d BOOLEAN", i)
	}
	var words [len(overlapShares)][]byte
	for i, b := range c.segments {
		words[i] = bitString(b, c.profiles)
	}
	err := d.fill(ctx, "people", strings.Join(columns, ", "), func(add func(...driver.Value) error) error {
		row := make([]driver.Value, len(c.segments))
		for i := range c.profiles {
			for j := range row {
				row[j] = words[j][i/8]>>(i%8)&1 == 1
			}
			if err := add(row...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	stmt, err := d.conn.PrepareContext(ctx, "SELECT *, count(*) FROM people GROUP BY ALL")
	if err != nil {
		return err
	}
	d.ask = func(ctx context.Context) (uint64, error) {
		exactly := make([]uint64, 1<<len(c.segments))
		err := scanRows(ctx, stmt, len(c.segments)+1, func(v []any) {
			mask := 0
			for i, in := range v[:len(c.segments)] {
				if in.(bool) {
					mask |= 1 << i
				}
			}
			exactly[mask] = uint64(v[len(c.segments)].(int64))
		})
		return digest(exactly...), err
	}
	return nil
}

// scanRows gives rows to a function.
func scanRows(ctx context.Context, stmt *sql.Stmt, columns int, row func([]any)) error {
	rows, err := stmt.QueryContext(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	values, into := make([]any, columns), make([]any, columns)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row(values)
	}
	return rows.Err()
}
