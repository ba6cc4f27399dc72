//go:build cgo

package main

import (
	"fmt"
	"slices"

	"github.com/RoaringBitmap/gocroaring"
	"github.com/RoaringBitmap/roaring/v2"
)

// cBitmap is a bitmap of CRoaring, in memory that Go does not see: what a question
// builds is freed by hand, as its user would.
type cBitmap = gocroaring.Bitmap

// newCRoaring copies bitmaps into CRoaring. What it returns gives, for the last part of a
// case's name, what counts it over the first few of the bitmaps, or over all with 0.
func newCRoaring(bitmaps []*roaring.Bitmap) (func(question string, takes int) func() uint64, error) {
	operands := make([]*cBitmap, len(bitmaps))
	for i, b := range bitmaps {
		data, err := b.ToBytes()
		if err != nil {
			return nil, err
		}
		if operands[i], err = gocroaring.Read(data); err != nil {
			return nil, fmt.Errorf("gocroaring: bitmap %d: %w", i, err)
		}
		operands[i].RunOptimize()
	}
	return func(question string, takes int) func() uint64 {
		taken, count := operands, cQuestions[question]
		if takes > 0 {
			taken = taken[:takes]
		}
		return func() uint64 { return count(taken) }
	}, nil
}

// cQuestions are the questions as a practised user of gocroaring asks them. A call of C
// costs some 40 ns, so that whatever it does in one call is one call. The expressions
// take the bitmaps of randomBitmaps, in the order of densities.
var cQuestions = map[string]func(b []*cBitmap) uint64{
	"and-6":        cAnd6,
	"or-6":         cOr6,
	"mixed-or":     cMixedOr,
	"mixed-andnot": cMixedAndNot,

	"and-2":    func(b []*cBitmap) uint64 { return b[0].AndCardinality(b[1]) },
	"or-2":     func(b []*cBitmap) uint64 { return b[0].OrCardinality(b[1]) },
	"andnot-2": func(b []*cBitmap) uint64 { return b[0].AndNotCardinality(b[1]) },
	"and-4": func(b []*cBitmap) uint64 {
		t := gocroaring.And(b[0], b[1])
		defer t.Free()
		t.And(b[2])
		return t.AndCardinality(b[3])
	},
	"or-8": func(b []*cBitmap) uint64 { return countOnce(gocroaring.FastOr(b...)) },
	"mixed": func(b []*cBitmap) uint64 {
		t := gocroaring.Or(b[0], b[1])
		defer t.Free()
		t.And(b[2])
		return t.AndNotCardinality(b[3])
	},

	"and-pairs":    cPairs((*cBitmap).AndCardinality),
	"or-pairs":     cPairs((*cBitmap).OrCardinality),
	"andnot-pairs": cPairs((*cBitmap).AndNotCardinality),
	"or-all":       func(b []*cBitmap) uint64 { return countOnce(gocroaring.FastOr(b...)) },
}

// countOnce counts a bitmap that was built for this alone, and frees it.
func countOnce(b *cBitmap) uint64 {
	defer b.Free()
	return b.Cardinality()
}

func cPairs(count func(a, b *cBitmap) uint64) func([]*cBitmap) uint64 {
	return func(b []*cBitmap) uint64 {
		sum := uint64(0)
		for i, next := range b[1:] {
			sum += count(b[i], next)
		}
		return sum
	}
}

// byDensity names the operands of the expressions.
func byDensity(b []*cBitmap) func(percent int) *cBitmap {
	return func(percent int) *cBitmap { return b[slices.Index(densities[:], percent)] }
}

func cAnd6(operands []*cBitmap) uint64 {
	b := byDensity(operands)
	t := gocroaring.And(b(1), b(10))
	defer t.Free()
	t.And(b(20))
	t.And(b(30))
	t.And(b(50))
	return t.AndCardinality(b(5))
}

func cOr6(operands []*cBitmap) uint64 {
	b := byDensity(operands)
	return countOnce(gocroaring.FastOr(b(50), b(30), b(20), b(10), b(5), b(1)))
}

// cMixedOr counts ((30|10)&50&^1)|(5&20).
func cMixedOr(operands []*cBitmap) uint64 {
	b := byDensity(operands)
	t := gocroaring.Or(b(30), b(10))
	defer t.Free()
	t.AndNot(b(1))
	t.And(b(50))
	u := gocroaring.And(b(5), b(20))
	defer u.Free()
	return t.OrCardinality(u)
}

// cMixedAndNot counts (30|10)&50&20&^1&^5.
func cMixedAndNot(operands []*cBitmap) uint64 {
	b := byDensity(operands)
	t := gocroaring.Or(b(30), b(10))
	defer t.Free()
	// Subtracted while the rest is dense: from arrays it would take seven times as long.
	t.AndNot(b(5))
	t.AndNot(b(1))
	t.And(b(50))
	return t.AndCardinality(b(20))
}
