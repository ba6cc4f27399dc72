//go:build !cgo || noduckdb || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
	"fmt"
)

func newDuckDB(context.Context, *population) (engine, error) {
	return nil, fmt.Errorf("%w: DuckDB needs cgo, a C++ linker and a library that go-duckdb has for this platform; built without", errAbsent)
}
