package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

const (
	censusTags = 1000
	// levels is how many values the third attribute of a census has; the others are those
	// of a population.
	levels = 5
)

// overlapShares are the shares of everybody that the segments of an overlap hold.
var overlapShares = [...]float64{0.5, 0.35, 0.25, 0.2, 0.15, 0.1, 0.06, 0.03}

// The questions to a census.
const (
	tgiReading     = "tgi/1000-tags"
	tableReading   = "table/20x12x5"
	overlapReading = "overlap/8"
)

var readingNames = []string{tgiReading, tableReading, overlapReading}

// census is what audiences are read from.
type census struct {
	profiles int
	audience *roaring.Bitmap
	tags     []*roaring.Bitmap
	// attributes are numbers, by profile: a city, or cities for none; a channel; a level.
	attributes [3][]uint8
	segments   [len(overlapShares)]*roaring.Bitmap
}

// censusAttributes are the names of the attributes, and how many values each has.
var censusAttributes = [3]struct {
	name   string
	values int
}{{"city", cities}, {"channel", channels}, {"level", levels}}

// drawCensus draws so many profiles, the same on every run.
func drawCensus(profiles int) *census {
	c := &census{profiles: profiles, audience: drawShare(rand.New(rand.NewPCG(6, 1)), profiles, 0.1, nil, 1)}
	for i := range censusTags {
		r := rand.New(rand.NewPCG(6, uint64(1000+i)))
		share := 0.3 * math.Pow(0.0005/0.3, float64(i)/(censusTags-1))
		c.tags = append(c.tags, drawShare(r, profiles, share, c.audience, 0.5+r.Float64()))
	}
	for i, share := range overlapShares {
		c.segments[i] = drawShare(rand.New(rand.NewPCG(6, uint64(10+i))), profiles, share, nil, 1)
	}
	r := rand.New(rand.NewPCG(6, 2))
	for d, a := range censusAttributes {
		column := make([]uint8, profiles)
		for i := range column {
			// The lesser values are the more frequent.
			column[i] = uint8(min(r.IntN(a.values), r.IntN(2*a.values)))
			if d == 0 && r.IntN(20) == 0 {
				column[i] = cities
			}
		}
		c.attributes[d] = column
	}
	return c
}

// drawShare draws every profile with the chance share, or lift times that within a
// set.
func drawShare(r *rand.Rand, profiles int, share float64, within *roaring.Bitmap, lift float64) *roaring.Bitmap {
	most := share * max(1, lift)
	gap := math.Log1p(-most)
	keepIn, keepOut := share*lift/most, share/most
	var members []uint32
	for i := int(math.Log(1-r.Float64()) / gap); i < profiles; i += 1 + int(math.Log(1-r.Float64())/gap) {
		keep := keepOut
		if within != nil && within.Contains(uint32(i)) {
			keep = keepIn
		}
		if keep >= 1 || r.Float64() < keep {
			members = append(members, uint32(i))
		}
	}
	b := roaring.New()
	b.AddMany(members)
	b.RunOptimize()
	return b
}

func censusTag(i int) string   { return fmt.Sprintf("tag %03d", i) }
func segmentName(i int) string { return fmt.Sprintf("segment %d", i) }

const audienceName = "audience"

// dimension is an attribute as insight has it.
func dimension(name string, values int) insight.Dimension {
	texts := make([]string, values)
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	return insight.Tag(name, texts...)
}

// readings are the questions to a census.
func (c *census) readings() []reading {
	tags := make([]insight.Dimension, len(c.tags))
	for i := range tags {
		tags[i] = insight.Tag(censusTag(i))
	}
	var table []insight.Dimension
	for _, a := range censusAttributes {
		table = append(table, dimension(a.name, a.values))
	}
	var segments []insight.Segment
	for i := range c.segments {
		segments = append(segments, insight.Segment{Name: segmentName(i), Expr: segment.Tag(segmentName(i))})
	}
	return []reading{
		{
			name: tgiReading,
			ours: func(ctx context.Context, counter insight.Counter) (uint64, error) {
				found, err := insight.Compare(ctx, counter, insight.Question{Audience: segment.Tag(audienceName), Dimensions: tags})
				if err != nil {
					return 0, err
				}
				d := newDigest()
				for _, row := range found.Rows {
					d.add(row.Base)
					d.add(row.Audience)
				}
				return d.sum(), nil
			},
			theirs: map[string]func() uint64{"roaring": c.roaringTGI},
			floor:  func() []byte { return portableBytes(append([]*roaring.Bitmap{c.audience}, c.tags...)) },
		},
		{
			name: tableReading,
			ours: func(ctx context.Context, counter insight.Counter) (uint64, error) {
				found, err := insight.CrossTab(ctx, counter, segment.Expr{}, 0, table...)
				if err != nil {
					return 0, err
				}
				d := newDigest()
				for _, cell := range found.Cells {
					d.add(cell.Count)
				}
				return d.sum(), nil
			},
			theirs: map[string]func() uint64{"column_scan": c.scanTable},
			floor:  func() []byte { return wholeSteps(c.attributes[0], c.attributes[1], c.attributes[2]) },
		},
		{
			name: overlapReading,
			ours: func(ctx context.Context, counter insight.Counter) (uint64, error) {
				found, err := insight.Overlap(ctx, counter, segment.Expr{}, 0, segments...)
				if err != nil {
					return 0, err
				}
				d := newDigest()
				for _, cell := range found.Exactly {
					d.add(cell.Count)
				}
				return d.sum(), nil
			},
			theirs: map[string]func() uint64{"roaring": c.roaringOverlap},
			floor:  func() []byte { return portableBytes(c.segments[:]) },
		},
	}
}

// portableBytes lays bitmaps side by side, padded to whole steps of the floor's kernels.
func portableBytes(bitmaps []*roaring.Bitmap) []byte {
	all := make([][]byte, len(bitmaps))
	for i, b := range bitmaps {
		data, err := b.ToBytes()
		if err != nil {
			panic(err) // a buffer in memory takes everything
		}
		all[i] = data
	}
	return wholeSteps(all...)
}

// wholeSteps joins columns, padded to whole steps of the floor's kernels.
func wholeSteps(columns ...[]byte) []byte {
	n := 0
	for _, c := range columns {
		n += len(c)
	}
	out := make([]byte, 0, n+floorStep)
	for _, c := range columns {
		out = append(out, c...)
	}
	return out[:(n+floorStep-1)&^(floorStep-1)]
}
