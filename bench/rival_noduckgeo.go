//go:build !cgo || noduckdb || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import "context"

// duckGeo is a rival that this build does not have.
type duckGeo struct{}

func newDuckGeo(ctx context.Context, _ *world) (*duckGeo, error) {
	_, err := newDuckDB(ctx, nil)
	return nil, err
}

func (*duckGeo) close() error { return nil }

func (*duckGeo) prepare(context.Context, geoQuestion) (func() (uint64, error), error) {
	return nil, errAbsent
}
