package segment

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// Sizes are those of queries for each field, loaded or not.
func TestRoot_Sizes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	ix := New(0)
	const column = FieldID(90)
	var fields []FieldID
	for f := range FieldID(40) {
		ix.Attach(f, Bitmap, nil)
		fields = append(fields, f)
	}
	ix.Attach(column, Column, nil)
	tx := ix.Begin()
	for _, f := range fields {
		for range r.IntN(3) * r.IntN(5000) {
			tx.Set(f, r.Uint32N(1<<(1+r.IntN(22))), r.IntN(4) > 0)
		}
	}
	tx.Put(column, 3, 4)
	tx.Commit()
	fields = append(fields, 77) // that is not there
	root := ix.Root()
	sizes, err := root.Sizes(t.Context(), nil, fields)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range fields {
		want, err := NewQuery(Bits(f), 0).Count(t.Context(), Source{Root: root})
		if err != nil || sizes[i] != want {
			t.Errorf("field %d: %d, want %d, %v", f, sizes[i], want, err)
		}
	}
	if _, err := root.Sizes(t.Context(), nil, []FieldID{column}); err == nil {
		t.Error("a column has a size")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := root.Sizes(gone, nil, fields); !errors.Is(err, context.Canceled) {
		t.Errorf("once ctx has ended: %v", err)
	}
}

// BenchmarkRoot_Sizes takes the sizes of 2,000 bitmaps over a million profiles.
func BenchmarkRoot_Sizes(b *testing.B) {
	r := rand.New(rand.NewPCG(2, 6))
	ix := New(0)
	var fields []FieldID
	for f := range FieldID(2000) {
		ix.Attach(f, Bitmap, nil)
		fields = append(fields, f)
		tx := ix.Begin()
		for range 2000 {
			tx.Set(f, r.Uint32N(1<<20), true)
		}
		tx.Commit()
	}
	root := ix.Root()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := root.Sizes(b.Context(), nil, fields); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRoot_Sizes_of_shards_not_loaded counts a field whose first shard is absent.
func TestRoot_Sizes_of_shards_not_loaded(t *testing.T) {
	w := &world{ix: New(0), loader: newLoader()}
	bm := roaring.BitmapOf(shard.Span+1, 3*shard.Span+7, 3*shard.Span+9)
	w.attachTo(t, 5, bm, 4*shard.Span)
	if sizes, err := w.ix.Root().Sizes(t.Context(), w.loader, []FieldID{5}); err != nil || sizes[0] != 3 {
		t.Errorf("the sizes are %d, %v; want 3", sizes, err)
	}
}
