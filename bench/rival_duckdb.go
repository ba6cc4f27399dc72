//go:build cgo && !noduckdb && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/marcboeker/go-duckdb/v2"
)

// newDuckDB loads a population into DuckDB, in memory, on one thread.
func newDuckDB(ctx context.Context, p *population) (_ engine, err error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	e := &duckEngine{sqlEngine{called: "duckdb", db: sql.OpenDB(connector), member: "fifth"}}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	e.seen = func(micro int64) any { return time.UnixMicro(micro).UTC() }
	e.sqlEngine.quantiles = func(ctx context.Context) (func() (uint64, error), error) {
		return e.rows(ctx, fmt.Sprintf("SELECT q[1], q[2] FROM (SELECT quantile_disc(value, [%v, %v]) AS q FROM people WHERE fifth)",
			shares[0], shares[1]), len(shares))
	}
	if e.conn, err = e.db.Conn(ctx); err != nil {
		return nil, err
	}
	for _, text := range []string{
		"SET threads TO 1",
		"CREATE TABLE people (id UINTEGER, value UINTEGER, seen TIMESTAMP, fifth BOOLEAN, city UTINYINT, shop USMALLINT, channel UTINYINT)",
	} {
		if _, err := e.conn.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return e, e.conn.Raw(func(c any) error { return appendPeople(c.(driver.Conn), p) })
}

type duckEngine struct{ sqlEngine }

func (e *duckEngine) close() error {
	var err error
	if e.conn != nil {
		err = e.conn.Close()
	}
	return errors.Join(err, e.db.Close())
}

func appendPeople(conn driver.Conn, p *population) error {
	rows, err := duckdb.NewAppenderFromConn(conn, "", "people")
	if err != nil {
		return err
	}
	for i := range p.len() {
		err := rows.AppendRow(uint32(i), p.value[i], time.UnixMicro(p.seen[i]).UTC(), p.inFifth(i), uint8(p.city[i]), p.shop[i], uint8(p.channel[i]))
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return rows.Close()
}
