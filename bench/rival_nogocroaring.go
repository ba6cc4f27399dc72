//go:build !cgo

package main

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
)

func newCRoaring([]*roaring.Bitmap) (func(question string, takes int) func() uint64, error) {
	return nil, fmt.Errorf("%w: CRoaring needs cgo; built without", errAbsent)
}
