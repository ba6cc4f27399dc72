//go:build !cgo

package main

import (
	"context"
	"fmt"
)

func newSQLite(context.Context, *population) (engine, error) {
	return nil, fmt.Errorf("%w: SQLite needs cgo; built without", errAbsent)
}
