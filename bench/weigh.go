package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/segment"
)

// heapBytes is what the heap holds after a collection. The second one takes what
// the first has only found to be unused, such as the content of pools.
func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// durable are the stored shards of fields that all have one of a few contents.
type durable []map[uint32][]byte

// LoadShard gives each caller bytes of its own, as reading from a store does.
func (d durable) LoadShard(f segment.FieldID, n uint32) ([]byte, error) {
	return bytes.Clone(d[int(f-1)%len(d)][n]), nil
}

// storeBits returns the durable form of bitmaps, and the shards that each has.
func storeBits(bitmaps []*roaring.Bitmap, profiles int) (durable, [][]uint32, error) {
	out, have := make(durable, len(bitmaps)), make([][]uint32, len(bitmaps))
	for i, b := range bitmaps {
		out[i] = map[uint32][]byte{}
		for n := range uint32((profiles + shard.Span - 1) / shard.Span) {
			part := roaring.New()
			part.AddRange(uint64(n)*shard.Span, uint64(n+1)*shard.Span)
			part.And(b)
			data, err := roaring.AddOffset64(part, -int64(n)*shard.Span).ToBytes()
			if err != nil {
				return nil, nil, err
			}
			containers, err := shard.ParsePortable(nil, data)
			if err != nil {
				return nil, nil, err
			}
			if len(containers) > 0 {
				out[i][n] = shard.AppendBitBase(nil, containers)
				have[i] = append(have[i], n)
			}
		}
	}
	return out, have, nil
}

// weight is what something weighs in memory, and what making it took.
type weight struct {
	sample
	live     float64 // bytes of the heap
	resident float64 // by which the process's resident memory grew; 0 where unknown
	counted  float64 // bytes as the index counts them against its budget
}

// weighIndex loads every field, and changes it where that is asked for.
func weighIndex(ctx context.Context, loader durable, have [][]uint32, want []*roaring.Bitmap, changed bool, profiles int) (w weight, err error) {
	resetPeak()
	before, residentBefore := heapBytes(), residentBytes()
	index := segment.New(0)
	var m meter
	m.start()
	for i := range memoryFields {
		index.Attach(segment.FieldID(1+i), segment.Bitmap, have[i%len(have)])
	}
	src := segment.Source{Root: index.Root(), Loader: loader}
	counts := func() error {
		for i := range memoryFields {
			n, err := segment.NewQuery(segment.Bits(segment.FieldID(1+i)), everyone).Count(ctx, src)
			if b := want[i%len(want)]; err == nil && m.ops > 0 && n != b.GetCardinality() {
				err = fmt.Errorf("portrait counts %d, roaring %d", n, b.GetCardinality())
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := counts(); err != nil {
		return w, err
	}
	m.stop(memoryFields)
	if changed {
		changeIndex(index, profiles)
		src.Root = index.Root()
	}
	if err := counts(); err != nil {
		return w, err
	}
	src = segment.Source{}
	w = weight{sample: m.sample, live: float64(heapBytes() - before), counted: float64(index.LoadedBytes())}
	if residentBefore > 0 {
		resetPeak()
		w.resident = float64(residentBytes() - residentBefore)
	}
	runtime.KeepAlive(index)
	return w, nil
}

func weighRoaring(files [][]byte, want []*roaring.Bitmap) (w weight, err error) {
	before := heapBytes()
	held := make([]*roaring.Bitmap, memoryFields)
	var m meter
	m.start()
	for i := range held {
		held[i] = roaring.New()
		if _, err := held[i].ReadFrom(bytes.NewReader(files[i%len(files)])); err != nil {
			return w, err
		}
		if n := held[i].GetCardinality(); n != want[i%len(want)].GetCardinality() {
			return w, fmt.Errorf("roaring reads %d members of %d", n, want[i%len(want)].GetCardinality())
		}
	}
	m.stop(memoryFields)
	w = weight{sample: m.sample, live: float64(heapBytes() - before)}
	runtime.KeepAlive(held)
	return w, nil
}

const (
	memoryCommits = 100
	memoryFlips   = 20 // of each bitmap in each commit
)

// change draws the flips of a bitmap, all commits together.
func change(bitmap, profiles int, flip func(ordinal uint32, on bool)) {
	r := rand.New(rand.NewPCG(11, uint64(bitmap)))
	for range memoryCommits * memoryFlips {
		flip(uint32(r.IntN(profiles)), r.IntN(2) == 0)
	}
}

// changeIndex does to every field what change does to its bitmap.
func changeIndex(index *segment.Index, profiles int) {
	type flip struct {
		ordinal uint32
		on      bool
	}
	flips := make([][]flip, memoryDraws)
	for j := range flips {
		change(j, profiles, func(ordinal uint32, on bool) { flips[j] = append(flips[j], flip{ordinal, on}) })
	}
	for c := range memoryCommits {
		tx := index.Begin()
		for i := range memoryFields {
			for _, f := range flips[i%memoryDraws][c*memoryFlips : (c+1)*memoryFlips] {
				tx.Set(segment.FieldID(1+i), f.ordinal, f.on)
			}
		}
		tx.Commit()
	}
}
