//go:build cgo

package main

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/mattn/go-sqlite3" // the driver sqlite3
)

// newSQLite loads a population into SQLite, in memory, with the indexes that a
// practised user would give it for these questions.
func newSQLite(ctx context.Context, p *population) (_ engine, err error) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	e := &liteEngine{sqlEngine: sqlEngine{called: "sqlite", db: db, member: "fifth = 1", seen: func(micro int64) any { return micro }}, members: p.members}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	e.sqlEngine.quantiles = e.quantiles
	if e.conn, err = db.Conn(ctx); err != nil {
		return nil, err
	}
	if _, err := e.conn.ExecContext(ctx, `CREATE TABLE people (id INTEGER PRIMARY KEY, value INTEGER, seen INTEGER, fifth INTEGER,
		city INTEGER, shop INTEGER, channel INTEGER)`); err != nil {
		return nil, err
	}
	if err := e.load(ctx, p); err != nil {
		return nil, err
	}
	// Covering indexes; those of the fifth are partial.
	for _, text := range []string{
		"CREATE INDEX by_value ON people (value)",
		"CREATE INDEX by_seen ON people (seen)",
		"CREATE INDEX fifth_by_value ON people (value) WHERE fifth = 1",
		"CREATE INDEX fifth_by_city ON people (city, channel, value) WHERE fifth = 1",
		"CREATE INDEX fifth_by_shop ON people (shop, value) WHERE fifth = 1",
		"ANALYZE",
	} {
		if _, err := e.conn.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return e, nil
}

type liteEngine struct {
	sqlEngine
	members int // of the fifth
}

func (e *liteEngine) close() error {
	var err error
	if e.conn != nil {
		err = e.conn.Close()
	}
	return errors.Join(err, e.db.Close())
}

func (e *liteEngine) load(ctx context.Context, p *population) error {
	tx, err := e.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	for i := range p.len() {
		_, err := stmt.ExecContext(ctx, i, p.value[i], p.seen[i], p.inFifth(i), p.city[i], p.shop[i], p.channel[i])
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// quantiles skips along the index: SQLite has no function for them. How many members
// there are is not asked again.
func (e *liteEngine) quantiles(ctx context.Context) (func() (uint64, error), error) {
	stmt, err := e.conn.PrepareContext(ctx, "SELECT value FROM people WHERE fifth = 1 ORDER BY value LIMIT 1 OFFSET ?")
	if err != nil {
		return nil, err
	}
	return func() (uint64, error) {
		d := newDigest()
		for _, share := range shares {
			var v uint64
			if err := stmt.QueryRowContext(ctx, rankOf(share, e.members)).Scan(&v); err != nil {
				return 0, err
			}
			d.add(v)
		}
		return d.sum(), nil
	}, nil
}
