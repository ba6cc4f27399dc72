package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment"
)

// shape is one question over the first few of a list of bitmaps, in the words of
// each contender.
type shape struct {
	name    string
	takes   int
	node    func(b []segment.Node) segment.Node
	roaring func(b []*roaring.Bitmap) uint64
}

// shapes are asked of sparse and clustered data. Roaring's side is what a
// practised user would write: nothing is built that is only counted.
var shapes = []shape{
	{"and-2", 2, andNode, func(b []*roaring.Bitmap) uint64 { return b[0].AndCardinality(b[1]) }},
	{"or-2", 2, orNode, func(b []*roaring.Bitmap) uint64 { return b[0].OrCardinality(b[1]) }},
	{"andnot-2", 2, func(b []segment.Node) segment.Node { return b[0].AndNot(b[1]) }, func(b []*roaring.Bitmap) uint64 {
		return b[0].GetCardinality() - b[0].AndCardinality(b[1])
	}},
	{"and-4", 4, andNode, func(b []*roaring.Bitmap) uint64 {
		t := roaring.And(b[0], b[1])
		t.And(b[2])
		return t.AndCardinality(b[3])
	}},
	{"or-8", 8, orNode, func(b []*roaring.Bitmap) uint64 { return roaring.FastOr(b...).GetCardinality() }},
	{
		"mixed", 4,
		func(b []segment.Node) segment.Node { return b[0].Or(b[1]).And(b[2]).AndNot(b[3]) },
		func(b []*roaring.Bitmap) uint64 {
			t := roaring.Or(b[0], b[1])
			t.And(b[2])
			return t.GetCardinality() - t.AndCardinality(b[3])
		},
	},
}

func andNode(b []segment.Node) segment.Node { return b[0].And(b[1:]...) }
func orNode(b []segment.Node) segment.Node  { return b[0].Or(b[1:]...) }

// operandsMax is the most bitmaps that a shape takes.
const operandsMax = 8

// family is bitmaps of one kind of data.
type family struct {
	name string
	draw func(r *rand.Rand, profiles, nth int) []uint32 // the nth bitmap, ascending
}

var families = []family{
	{"sparse/0.01%", scattered(0.0001)},
	{"sparse/0.1%", scattered(0.001)},
	{"sparse/1%", scattered(0.01)},
	{"sparse/3%", scattered(0.03)},
	{"clustered/10%/runs=50", clustered(0.1, 50)},
	{"clustered/10%/runs=1000", clustered(0.1, 1000)},
	{"clustered/40%/runs=20000", clustered(0.4, 20_000)},
}

// scattered draws every profile with the same chance.
func scattered(share float64) func(*rand.Rand, int, int) []uint32 {
	return func(r *rand.Rand, profiles, _ int) []uint32 {
		var out []uint32
		for i := range profiles {
			if r.Float64() < share {
				out = append(out, uint32(i))
			}
		}
		return out
	}
}

// clustered draws runs of about that length, with gaps that leave that share.
func clustered(share, length float64) func(*rand.Rand, int, int) []uint32 {
	return func(r *rand.Rand, profiles, _ int) []uint32 {
		var out []uint32
		gap := length * (1 - share) / share
		for i := int(r.ExpFloat64() * gap); i < profiles; i += 1 + int(r.ExpFloat64()*gap) {
			for end := min(profiles, i+1+int(r.ExpFloat64()*length)); i < end; i++ {
				out = append(out, uint32(i))
			}
		}
		return out
	}
}

// familyCases counts every shape over every family.
func familyCases(ctx context.Context, cfg config, report *Report) error {
	asked := families
	if len(cfg.data) > 0 {
		asked = cfg.data
	}
	for i, f := range asked {
		if !slices.ContainsFunc(shapes, func(s shape) bool { return cfg.only.MatchString(f.name + "/" + s.name) }) {
			continue
		}
		cfg.logf("making bitmaps %s", f.name)
		bitmaps := make([]*roaring.Bitmap, operandsMax)
		for j := range bitmaps {
			bitmaps[j] = roaring.New()
			bitmaps[j].AddMany(f.draw(rand.New(rand.NewPCG(uint64(i), uint64(j))), cfg.profiles, j))
			bitmaps[j].RunOptimize()
		}
		index, err := indexOf(bitmaps)
		if err != nil {
			return err
		}
		inC, err := report.inC(bitmaps)
		if err != nil {
			return err
		}
		for _, s := range shapes {
			name := f.name + "/" + s.name
			if !cfg.only.MatchString(name) {
				continue
			}
			ours := s.node(fieldNodes(len(bitmaps))[:s.takes])
			c, err := duel(ctx, cfg, name, index, []segment.Node{ours},
				append(inC(s.name, s.takes), contender{"roaring", func() uint64 { return s.roaring(bitmaps[:s.takes]) }}))
			if err != nil {
				return err
			}
			report.Cases = append(report.Cases, c)
		}
	}
	return nil
}

// fieldNodes are the fields of indexOf.
func fieldNodes(n int) []segment.Node {
	out := make([]segment.Node, n)
	for i := range out {
		out[i] = segment.Bits(segment.FieldID(1 + i))
	}
	return out
}

// indexOf makes the same sets in an index of Portrait: fields from 1 on.
func indexOf(bitmaps []*roaring.Bitmap) (*segment.Index, error) {
	index := segment.New(0)
	for i, b := range bitmaps {
		tx := index.Begin()
		for x := range roaring.Values(b) {
			tx.Set(segment.FieldID(1+i), x, true)
		}
		if err := tx.Err(); err != nil {
			return nil, err
		}
		tx.Commit()
	}
	return index, nil
}

// duel holds the sum of the counts of nodes against those of others, first the answers,
// then the times.
func duel(ctx context.Context, cfg config, name string, index *segment.Index, nodes []segment.Node, rivals []contender) (Case, error) {
	src := segment.Source{Root: index.Root()}
	queries := make([]*segment.Query, len(nodes))
	for i, n := range nodes {
		queries[i] = segment.NewQuery(n, everyone)
	}
	var failure error
	ours := func() uint64 {
		sum := uint64(0)
		for _, q := range queries {
			n, err := q.Count(ctx, src)
			if err != nil {
				failure = err
			}
			sum += n
		}
		return sum
	}
	got := ours()
	for _, r := range rivals {
		if want := r.ask(); got != want || failure != nil {
			return Case{}, fmt.Errorf("%s: portrait counts %d (error: %v), %s %d", name, got, failure, r.name, want)
		}
	}
	c := newCase(name, cfg.profiles, compete(cfg, append([]contender{{subject, ours}}, rivals...)))
	c.tell("count", subject, float64(got))
	if failure != nil {
		return Case{}, fmt.Errorf("%s: %w", name, failure)
	}
	return c, nil
}
