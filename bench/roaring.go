package main

import "github.com/RoaringBitmap/roaring/v2"

// How a practised user of roaring counts each expression: small operands
// first, in place on bitmaps of one's own, and the last step without building
// its result. The alternatives that were tried are in README.md.

func roaringAnd(b func(int) *roaring.Bitmap) uint64 {
	// 1 and 5 % are arrays, whose merge is slow: the smallest meets bitmaps first.
	t := roaring.And(b(1), b(10))
	t.And(b(20))
	t.And(b(30))
	t.And(b(5))
	return t.AndCardinality(b(50))
}

func roaringOr(b func(int) *roaring.Bitmap) uint64 {
	return roaring.FastOr(b(50), b(30), b(20), b(10), b(5), b(1)).GetCardinality()
}

// roaringMixedOr counts ((30|10)&50&^1)|(5&20).
func roaringMixedOr(b func(int) *roaring.Bitmap) uint64 {
	t := roaring.Or(b(30), b(10))
	t.And(b(50))
	t.AndNot(b(1))
	u := roaring.And(b(5), b(20))
	// A third faster than OrCardinality, which merges where this one probes.
	return t.GetCardinality() + u.GetCardinality() - t.AndCardinality(u)
}

// roaringMixedAndNot counts (30|10)&50&20&^1&^5.
func roaringMixedAndNot(b func(int) *roaring.Bitmap) uint64 {
	// What is subtracted goes first, while the rest is still dense: from arrays
	// it would have to be merged.
	t := roaring.AndNot(b(50), b(5))
	t.AndNot(b(1))
	t.And(roaring.Or(b(30), b(10)))
	return t.AndCardinality(b(20))
}
