package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment"
)

const (
	memoryDraws  = 8   // bitmaps that differ
	memoryFields = 200 // bitmaps that are held, each of them one of these
)

// memoryFamilies are what tags may look like: as they are asked for, or those of the algebra suite
// and denser ones.
func memoryFamilies(cfg config) []family {
	if len(cfg.data) > 0 {
		return cfg.data
	}
	return append(append([]family(nil), families...),
		family{"dense/10%", scattered(0.1)},
		family{"dense/30%", scattered(0.3)},
		family{"dense/50%", scattered(0.5)},
		family{"everyone", func(_ *rand.Rand, profiles, _ int) []uint32 {
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
	for i, f := range memoryFamilies(cfg) {
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
	if len(cfg.data) > 0 {
		return report, nil
	}
	return report, weighColumns(cfg, report)
}

// weigh holds the same bits in an index and in roaring, and says what each weighs.
func weigh(ctx context.Context, cfg config, name string, f family, seed uint64, changed bool) (Case, error) {
	bitmaps := make([]*roaring.Bitmap, memoryDraws)
	for j := range bitmaps {
		bitmaps[j] = roaring.New()
		bitmaps[j].AddMany(f.draw(rand.New(rand.NewPCG(seed, uint64(j))), cfg.profiles, j))
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
		out.tell("live_bytes_per_value", "plain_column", float64(c.plain))
		report.Cases = append(report.Cases, out)
	}
	return nil
}
