//go:build cgo

package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// sqlEngine asks a table people (id, value, seen, fifth, city, shop, channel) of a
// database in this process, by statements that are prepared once.
type sqlEngine struct {
	called string
	db     *sql.DB
	conn   *sql.Conn
	// quantiles asks for the quantiles: each dialect has its own way.
	quantiles func(ctx context.Context) (func() (uint64, error), error)
	// seen turns an instant in microseconds to what the column holds.
	seen func(micro int64) any
	// member is the condition of being in the fifth.
	member string
}

func (e *sqlEngine) name() string { return e.called }

func (e *sqlEngine) prepare(ctx context.Context, q question) (func() (uint64, error), error) {
	switch q.asked {
	case counted:
		lo, hi := any(q.lo), any(q.hi)
		if q.column == "seen" {
			lo, hi = e.seen(q.lo), e.seen(q.hi)
		}
		return e.number(ctx, "SELECT count(*) FROM people WHERE "+q.column+" BETWEEN ? AND ?", lo, hi)
	case summed:
		return e.number(ctx, "SELECT CAST(sum(value) AS BIGINT) FROM people WHERE "+e.member)
	case quantiled:
		return e.quantiles(ctx)
	case topped:
		return e.rows(ctx, fmt.Sprintf("SELECT id, value FROM people WHERE %s ORDER BY value DESC, id LIMIT %d", e.member, topCount), 2)
	}
	return e.groups(ctx, q)
}

// number asks for one number.
func (e *sqlEngine) number(ctx context.Context, text string, args ...any) (func() (uint64, error), error) {
	stmt, err := e.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return func() (n uint64, err error) {
		err = stmt.QueryRowContext(ctx, args...).Scan(&n)
		return n, err
	}, nil
}

// rows asks for rows of so many numbers.
func (e *sqlEngine) rows(ctx context.Context, text string, columns int) (func() (uint64, error), error) {
	stmt, err := e.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return func() (uint64, error) { return digestRows(ctx, stmt, columns) }, nil
}

func (e *sqlEngine) groups(ctx context.Context, q question) (func() (uint64, error), error) {
	// Two attributes are told as one number, as the others tell them.
	key := q.by[0]
	if len(q.by) == 2 {
		key = fmt.Sprintf("CAST(%s AS BIGINT) * %d + %s", q.by[0], attributeValues(q.by[1]), q.by[1])
	}
	columns := []string{key, "count(*)"}
	if q.sums {
		columns = append(columns, "CAST(sum(value) AS BIGINT)")
	}
	by := strings.Join(q.by, ", ")
	return e.rows(ctx, fmt.Sprintf("SELECT %s FROM people WHERE %s GROUP BY %s ORDER BY %s",
		strings.Join(columns, ", "), e.member, by, by), len(columns))
}

func digestRows(ctx context.Context, stmt *sql.Stmt, columns int) (n uint64, err error) {
	rows, err := stmt.QueryContext(ctx)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	numbers, into := make([]uint64, columns), make([]any, columns)
	for i := range numbers {
		into[i] = &numbers[i]
	}
	d := newDigest()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return 0, err
		}
		for _, v := range numbers {
			d.add(v)
		}
	}
	return d.sum(), rows.Err()
}
