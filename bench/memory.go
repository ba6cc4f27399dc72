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

const (
	memoryDraws  = 8   // bitmaps that differ
	memoryFields = 200 // bitmaps that are held, each of them one of these
)

// memoryFamilies are what tags may look like: those of the algebra suite, and denser.
func memoryFamilies() []family {
	return append(append([]family(nil), families...),
		family{"dense/10%", scattered(0.1)},
		family{"dense/30%", scattered(0.3)},
		family{"dense/50%", scattered(0.5)},
		family{"everyone", func(_ *rand.Rand, profiles int) []uint32 {
			out := make([]uint32, profiles)
			for i := range out {
				out[i] = uint32(i)
			}
			return out
		}},
	)
}

// memorySuite weighs bitmaps and columns in memory, after a garbage collection.
func memorySuite(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{
		Suite: "memory", Machine: thisMachine(), Summary: map[string]float64{},
		plots: []string{"live_per_portable", "live_bytes_per_value"},
		Setting: map[string]string{
			"fields":         fmt.Sprintf("%d bitmaps in each case, loaded from their durable form; in changed, then changed by %d commits of %d flips each", memoryFields, memoryCommits, memoryFlips),
			"live_bytes":     "what the heap holds more than before, after a garbage collection",
			"portable_bytes": "of the same bits in roaring's portable format, run-optimised",
			"an op":          "loading one bitmap, or putting one value into a column",
		},
	}
	live, portable := 0.0, 0.0
	for i, f := range memoryFamilies() {
		for _, changed := range []bool{false, true} {
			name := "loaded/" + f.name
			if changed {
				name = "changed/" + f.name
			}
			if !cfg.only.MatchString(name) {
				continue
			}
			cfg.logf("%s", name)
			out, err := weigh(ctx, cfg, name, f, uint64(i), changed)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			report.Cases = append(report.Cases, out)
			live += out.Extra["live_bytes"][subject]
			portable += out.Extra["portable_bytes"]["roaring"]
			report.Summary["live_per_portable_of_all_bitmaps_together"] = live / portable
			report.Summary["most_live_per_portable"] = max(report.Summary["most_live_per_portable"], out.Extra["live_per_portable"][subject])
		}
	}
	return report, weighColumns(cfg, report)
}

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

// weigh holds the same bits in an index and in roaring, and says what each weighs.
func weigh(ctx context.Context, cfg config, name string, f family, seed uint64, changed bool) (Case, error) {
	bitmaps := make([]*roaring.Bitmap, memoryDraws)
	for j := range bitmaps {
		bitmaps[j] = roaring.New()
		bitmaps[j].AddMany(f.draw(rand.New(rand.NewPCG(seed, uint64(j))), cfg.profiles))
		bitmaps[j].RunOptimize()
	}
	loader, have, err := storeBits(bitmaps, cfg.profiles)
	if err != nil {
		return Case{}, err
	}
	if changed {
		for j, b := range bitmaps {
			change(j, cfg.profiles, func(ordinal uint32, on bool) {
				if b.Remove(ordinal); on {
					b.Add(ordinal)
				}
			})
			b.RunOptimize()
		}
	}
	portable, files := 0.0, make([][]byte, len(bitmaps))
	for j, b := range bitmaps {
		if files[j], err = b.ToBytes(); err != nil {
			return Case{}, err
		}
	}
	for i := range memoryFields {
		portable += float64(len(files[i%len(files)]))
	}
	samples, live := map[string][]sample{}, map[string]float64{}
	var resident, counted float64
	for range cfg.rounds {
		w, err := weighIndex(ctx, loader, have, bitmaps, changed, cfg.profiles)
		if err != nil {
			return Case{}, err
		}
		samples[subject], live[subject] = append(samples[subject], w.sample), w.live
		resident, counted = w.resident, w.counted
		w, err = weighRoaring(files, bitmaps)
		if err != nil {
			return Case{}, err
		}
		samples["roaring"], live["roaring"] = append(samples["roaring"], w.sample), w.live
	}
	out := newCase(name, cfg.profiles, samples)
	out.tell("portable_bytes", "roaring", portable)
	out.tell("counted_bytes", subject, counted)
	if resident > 0 {
		out.tell("resident_bytes", subject, resident)
	}
	for who, v := range live {
		out.tell("live_bytes", who, v)
		out.tell("live_per_portable", who, v/portable)
	}
	return out, nil
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

// weighColumns says what the values of a column weigh, apart from the bitmaps.
func weighColumns(cfg config, report *Report) error {
	r := rand.New(rand.NewPCG(20, 400))
	for _, c := range []struct {
		name  string
		plain int // bytes of a value in a plain column
		draw  func() int64
	}{
		{"column/20-bits", 4, func() int64 { return segment.SortableNumber(float64(r.IntN(1 << valueBits))) }},
		{"column/cents", 8, func() int64 { return segment.SortableNumber(float64(r.IntN(60_000)) / 100) }},
		{"column/times", 8, func() int64 { return populationStart.UnixMicro() + 1_000_000*r.Int64N(populationDays*86_400) }},
		{"column/doubles", 8, func() int64 { return segment.SortableNumber(r.NormFloat64()) }},
	} {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		cfg.logf("%s", c.name)
		before := heapBytes()
		index := segment.New(0)
		var m meter
		m.start()
		tx := index.Begin()
		for i := range cfg.profiles {
			tx.Put(1, uint32(i), c.draw())
		}
		if err := tx.Err(); err != nil {
			return err
		}
		tx.Commit()
		tx = nil
		m.stop(cfg.profiles)
		live := float64(heapBytes() - before)
		runtime.KeepAlive(index)
		out := newCase(c.name, cfg.profiles, map[string][]sample{subject: {m.sample}})
		out.tell("live_bytes_per_value", subject, live/float64(cfg.profiles))
		out.tell("plain_bytes_per_value", subject, float64(c.plain))
		report.Cases = append(report.Cases, out)
	}
	return nil
}
