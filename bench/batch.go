package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment"
)

const (
	batchTags     = 200
	batchSegments = 1000
	batchBases    = 30
)

// clause is one step of a segment: what it is narrowed by.
type clause struct {
	tag, other int // other: of an alternative
	kind       clauseKind
}

type clauseKind int

const (
	with clauseKind = iota
	without
	withEither
)

// audience is a segment of the batch: a first tag, and what it is narrowed by.
type audience struct {
	first   int
	clauses []clause
}

// batchFamily says how the segments of a batch come about.
type batchFamily struct {
	name   string
	shared bool                   // they build on batchBases common beginnings
	share  func(i int) [2]float64 // between which shares of everyone the i-th tag lies
}

func mixedShares(i int) [2]float64 {
	switch i % 5 {
	case 0:
		return [2]float64{0.2, 0.6}
	case 1, 2:
		return [2]float64{0.02, 0.2}
	}
	return [2]float64{0.001, 0.02}
}

func denseShares(int) [2]float64 { return [2]float64{0.2, 0.6} }

var batchFamilies = []batchFamily{
	{"mixed/independent", false, mixedShares},
	{"mixed/shared", true, mixedShares},
	{"dense/independent", false, denseShares},
	{"dense/shared", true, denseShares},
}

// batch counts many segments: in one pass, one after the other, and with roaring
// one after the other.
func batch(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{
		Suite: "batch", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"threads":  "1",
			"tags":     strconv.Itoa(batchTags) + ": mixed, a fifth held by 20 to 60 % of all profiles, two fifths by 2 to 20 %, two fifths by 0.1 to 2 %; dense, each by 20 to 60 %",
			"segments": fmt.Sprintf("%d of 3 to 5 tags; shared, each builds on one of %d common beginnings of 2 or 3 tags", batchSegments, batchBases),
			"an op":    "all segments counted",
		},
	}
	var (
		made    string
		bitmaps []*roaring.Bitmap
		index   *segment.Index
	)
	for _, f := range batchFamilies {
		if !cfg.only.MatchString(f.name) {
			continue
		}
		if kind := f.name[:5]; kind != made {
			cfg.logf("making %d %s tags of %d profiles", batchTags, kind, cfg.profiles)
			bitmaps = tagBitmaps(cfg.profiles, f.share)
			var err error
			if index, err = indexOf(bitmaps); err != nil {
				return nil, err
			}
			made = kind
		}
		c, err := batchCase(ctx, cfg, f, index, bitmaps)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		report.Cases = append(report.Cases, c)
	}
	report.Summary["least_ratio_to_one_by_one"] = least(report.Cases, "one_by_one")
	return report, nil
}

// tagBitmaps draws the tags.
func tagBitmaps(profiles int, share func(int) [2]float64) []*roaring.Bitmap {
	out := make([]*roaring.Bitmap, batchTags)
	var members []uint32
	for i := range out {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		bounds := share(i)
		p := bounds[0] + r.Float64()*(bounds[1]-bounds[0])
		members = members[:0]
		for x := range profiles {
			if r.Float64() < p {
				members = append(members, uint32(x))
			}
		}
		out[i] = roaring.New()
		out[i].AddMany(members)
		out[i].RunOptimize()
	}
	return out
}

// audiences draws the segments.
func audiences(shared bool) []audience {
	r := rand.New(rand.NewPCG(3, 4))
	grow := func(a audience, n int) audience {
		a.clauses = slices.Clone(a.clauses)
		for range n {
			c := clause{tag: r.IntN(batchTags), other: r.IntN(batchTags), kind: with}
			switch r.IntN(4) {
			case 0:
				c.kind = without
			case 1:
				c.kind = withEither
			}
			a.clauses = append(a.clauses, c)
		}
		return a
	}
	bases := make([]audience, batchBases)
	for i := range bases {
		bases[i] = grow(audience{first: r.IntN(batchTags)}, 1+r.IntN(2))
	}
	out := make([]audience, batchSegments)
	for i := range out {
		if shared {
			out[i] = grow(bases[r.IntN(batchBases)], 1+r.IntN(2))
		} else {
			out[i] = grow(audience{first: r.IntN(batchTags)}, 2+r.IntN(3))
		}
	}
	return out
}

func (a audience) node(tags []segment.Node) segment.Node {
	n := tags[a.first]
	for _, c := range a.clauses {
		switch c.kind {
		case with:
			n = n.And(tags[c.tag])
		case without:
			n = n.AndNot(tags[c.tag])
		case withEither:
			n = n.And(tags[c.tag].Or(tags[c.other]))
		}
	}
	return n
}

// roaring counts the segment in place on one bitmap, and the last step without
// building its result. "t and (a or b)" is taken apart, so that a or b of the
// whole population is never built.
func (a audience) roaring(tags []*roaring.Bitmap) uint64 {
	t, owned := tags[a.first], false
	own := func() {
		if !owned {
			t, owned = t.Clone(), true
		}
	}
	for i, c := range a.clauses {
		last := i == len(a.clauses)-1
		tag := tags[c.tag]
		switch {
		case c.kind == with && last:
			return t.AndCardinality(tag)
		case c.kind == without && last:
			return t.GetCardinality() - t.AndCardinality(tag)
		case c.kind == with && !owned:
			t, owned = roaring.And(t, tag), true
		case c.kind == with:
			t.And(tag)
		case c.kind == without:
			own()
			t.AndNot(tag)
		case last:
			either := roaring.And(t, tag)
			either.Or(roaring.And(t, tags[c.other]))
			return either.GetCardinality()
		default:
			either := roaring.And(t, tag)
			either.Or(roaring.And(t, tags[c.other]))
			t, owned = either, true
		}
	}
	return t.GetCardinality()
}

func batchCase(ctx context.Context, cfg config, f batchFamily, index *segment.Index, bitmaps []*roaring.Bitmap) (Case, error) {
	var (
		src     = segment.Source{Root: index.Root()}
		tags    = fieldNodes(len(bitmaps))
		asked   = audiences(f.shared)
		queries = make([]*segment.Query, len(asked))
		got     = map[string][]uint64{"one_by_one": make([]uint64, len(asked)), "roaring": make([]uint64, len(asked))}
		failure error
	)
	for i, a := range asked {
		queries[i] = segment.NewQuery(a.node(tags), everyone)
	}
	b, err := segment.NewBatch(queries...)
	if err != nil {
		return Case{}, err
	}
	contenders := []contender{
		{subject, func() uint64 {
			counts, err := b.Counts(ctx, src)
			failure = cmp.Or(failure, err)
			got[subject] = counts
			return 0
		}},
		{"one_by_one", func() uint64 {
			for i, q := range queries {
				n, err := q.Count(ctx, src)
				failure = cmp.Or(failure, err)
				got["one_by_one"][i] = n
			}
			return 0
		}},
		{"roaring", func() uint64 {
			for i, a := range asked {
				got["roaring"][i] = a.roaring(bitmaps)
			}
			return 0
		}},
	}
	for _, c := range contenders {
		c.ask()
	}
	if failure != nil || !slices.Equal(got[subject], got["roaring"]) || !slices.Equal(got["one_by_one"], got["roaring"]) {
		return Case{}, errors.Join(errors.New("the counts differ"), failure)
	}
	c := newCase(f.name, cfg.profiles, compete(cfg, contenders))
	sum := 0.0
	for _, n := range got[subject] {
		sum += float64(n)
	}
	c.Extra = map[string]map[string]float64{"count": {subject: sum, "one_by_one": sum, "roaring": sum}}
	return c, failure
}
