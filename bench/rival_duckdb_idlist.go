//go:build cgo && !noduckdb && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
	"crypto/md5"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/marcboeker/go-duckdb/v2"
)

// listJoin is DuckDB, in memory, on all processors, with the MD5 of everybody's phone
// number.
type listJoin struct {
	ctx  context.Context
	db   *sql.DB
	conn *sql.Conn
	path string
}

func newListJoin(ctx context.Context, s *idlistStore) (_ *listJoin, err error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	j := &listJoin{ctx: ctx, db: sql.OpenDB(connector), path: s.path}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.close())
		}
	}()
	if j.conn, err = j.db.Conn(ctx); err != nil {
		return nil, err
	}
	if _, err := j.conn.ExecContext(ctx, "CREATE TABLE people (md5 VARCHAR)"); err != nil {
		return nil, err
	}
	return j, j.conn.Raw(func(c any) error {
		rows, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", "people")
		if err != nil {
			return err
		}
		var phone []byte
		for i := range s.people {
			phone = appendPhone(phone[:0], i)
			sum := md5.Sum(phone)
			if err := rows.AppendRow(hex.EncodeToString(sum[:])); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		return rows.Close()
	})
}

// join reads the list and joins it.
func (j *listJoin) join() (m matching, err error) {
	err = j.conn.QueryRowContext(j.ctx, `
		SELECT CAST(sum(n) AS BIGINT), count(md5), count(*) FILTER (valid AND md5 IS NULL),
			CAST(coalesce(sum(n - 1) FILTER (valid), 0) AS BIGINT), CAST(coalesce(sum(n) FILTER (NOT valid), 0) AS BIGINT)
		FROM (
			SELECT line, count(*) AS n, regexp_full_match(line, '[0-9a-f]{32}') AS valid
			FROM read_csv('`+strings.ReplaceAll(j.path, "'", "''")+`', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false, delim = ',', quote = '', escape = '')
			GROUP BY line
		) LEFT JOIN people ON md5 = line`).Scan(&m.lines, &m.matched, &m.unknown, &m.duplicate, &m.invalid)
	return m, err
}

func (j *listJoin) close() error {
	var err error
	if j.conn != nil {
		err = j.conn.Close()
	}
	return errors.Join(err, j.db.Close())
}
