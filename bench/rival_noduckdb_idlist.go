//go:build !cgo || noduckdb || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
)

// listJoin stands in for DuckDB where it is not there.
type listJoin struct{}

func newListJoin(ctx context.Context, _ *idlistStore) (*listJoin, error) {
	_, err := newDuckDB(ctx, nil)
	return nil, err
}

func (*listJoin) join() (matching, error) { return matching{}, errAbsent }

func (*listJoin) close() error { return nil }
