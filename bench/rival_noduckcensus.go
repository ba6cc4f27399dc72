//go:build !cgo || noduckdb || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import "context"

// duckCensus is a rival that this build does not have.
type duckCensus struct{}

func newDuckCensus(ctx context.Context, _ *census, _ string) (*duckCensus, error) {
	_, err := newDuckDB(ctx, nil)
	return nil, err
}

func (*duckCensus) close() error { return nil }

func (*duckCensus) ask(context.Context) (uint64, error) { return 0, errAbsent }
