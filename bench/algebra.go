package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment"
)

// densities are the shares of profiles, in percent, that the operands hold,
// each at random and apart from the others.
var densities = [...]int{30, 10, 50, 1, 5, 20}

// expression is one question, in the words of each contender.
type expression struct {
	name    string
	node    func(b func(percent int) segment.Node) segment.Node
	roaring func(b func(percent int) *roaring.Bitmap) uint64
}

var expressions = []expression{
	{
		name: "and-6",
		node: func(b func(int) segment.Node) segment.Node {
			return b(30).And(b(10), b(50), b(1), b(5), b(20))
		},
		roaring: roaringAnd,
	},
	{
		name: "or-6",
		node: func(b func(int) segment.Node) segment.Node {
			return b(30).Or(b(10), b(50), b(1), b(5), b(20))
		},
		roaring: roaringOr,
	},
	{
		name: "mixed-or",
		node: func(b func(int) segment.Node) segment.Node {
			return b(30).Or(b(10)).And(b(50)).AndNot(b(1)).Or(b(5).And(b(20)))
		},
		roaring: roaringMixedOr,
	},
	{
		name: "mixed-andnot",
		node: func(b func(int) segment.Node) segment.Node {
			return b(30).Or(b(10)).And(b(50), b(20)).AndNot(b(1), b(5))
		},
		roaring: roaringMixedAndNot,
	},
}

// contender answers one question once.
type contender struct {
	name string
	ask  func() uint64
}

// algebra counts the members of expressions over dense bitmaps, sparse and clustered
// ones, and real ones; or over those that were asked for.
func algebra(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{Suite: "algebra", Machine: thisMachine(), Summary: map[string]float64{}, Setting: map[string]string{"threads": "1"}}
	if len(cfg.data) == 0 {
		if err := denseCases(ctx, cfg, report); err != nil {
			return nil, err
		}
	}
	dense := len(report.Cases)
	if err := familyCases(ctx, cfg, report); err != nil {
		return nil, err
	}
	drawn := len(report.Cases)
	if len(cfg.data) == 0 {
		if err := realCases(ctx, cfg, report); err != nil {
			return nil, err
		}
	}
	for _, who := range []string{"roaring", "gocroaring"} {
		report.tellStanding("dense", report.Cases[:dense], who)
		report.tellStanding("sparse_and_clustered", report.Cases[dense:drawn], who)
		report.tellStanding("real", report.Cases[drawn:], who)
	}
	report.Summary["least_ratio_to_roaring"] = least(report.Cases, "roaring")
	return report, nil
}

// denseCases counts the members of four expressions over six random bitmaps.
func denseCases(ctx context.Context, cfg config, report *Report) error {
	cfg.logf("making six bitmaps of %d profiles", cfg.profiles)
	bitmaps := randomBitmaps(cfg.profiles)
	index, err := newIndex(bitmaps, cfg.profiles)
	if err != nil {
		return err
	}
	bytes := operandBytes(bitmaps)
	kernelName, kernel := floorKernel()
	report.Setting["bytes"] = strconv.Itoa(len(bytes)) + " of operands in portable roaring form"
	report.Setting["memory_floor"] = "xor of those bytes, " + kernelName
	operands := make([]*roaring.Bitmap, len(densities))
	for i, percent := range densities {
		operands[i] = bitmaps[percent]
	}
	inC, err := report.inC(operands)
	if err != nil {
		return err
	}
	for _, e := range expressions {
		if !cfg.only.MatchString(e.name) {
			continue
		}
		ours, theirs := ask(ctx, e, index, bitmaps)
		var failure error
		contenders := []contender{
			{subject, func() uint64 {
				n, err := ours()
				failure = cmp.Or(failure, err)
				return n
			}},
			{"roaring", theirs},
			{"memory_floor", func() uint64 { return kernel(bytes) }},
		}
		got := contenders[0].ask()
		for _, r := range append(inC(e.name, 0), contenders[1]) {
			if want := r.ask(); got != want || failure != nil {
				return fmt.Errorf("%s: portrait counts %d (error: %v), %s %d", e.name, got, failure, r.name, want)
			}
		}
		c := newCase(e.name, cfg.profiles, compete(cfg, append(contenders, inC(e.name, 0)...)))
		c.tell("count", subject, float64(got))
		if failure != nil || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", e.name, errors.Join(failure, ctx.Err()))
		}
		report.Cases = append(report.Cases, c)
	}
	return nil
}

// ask returns the question as each engine answers it. Portrait's is planned once.
func ask(ctx context.Context, e expression, index *segment.Index, bitmaps map[int]*roaring.Bitmap) (ours func() (uint64, error), theirs func() uint64) {
	node := e.node(func(percent int) segment.Node { return segment.Bits(fieldOf(percent)) })
	query, src := segment.NewQuery(node, everyone), segment.Source{Root: index.Root()}
	ours = func() (uint64, error) { return query.Count(ctx, src) }
	theirs = func() uint64 {
		return e.roaring(func(percent int) *roaring.Bitmap { return bitmaps[percent] })
	}
	return ours, theirs
}

// everyone is the field of the universe; the others are numbered from 1 on.
const everyone segment.FieldID = 0

func fieldOf(percent int) segment.FieldID {
	return segment.FieldID(1 + slices.Index(densities[:], percent))
}

// randomBitmaps draws the operands, the same on every run, by density.
func randomBitmaps(profiles int) map[int]*roaring.Bitmap {
	out := map[int]*roaring.Bitmap{}
	var members []uint32
	for _, percent := range densities {
		r := rand.New(rand.NewPCG(1, uint64(percent)))
		members = members[:0]
		for i := range profiles {
			if r.IntN(100) < percent {
				members = append(members, uint32(i))
			}
		}
		b := roaring.New()
		b.AddMany(members)
		b.RunOptimize()
		out[percent] = b
	}
	return out
}

// newIndex makes the same sets in an index of Portrait.
func newIndex(bitmaps map[int]*roaring.Bitmap, profiles int) (*segment.Index, error) {
	index := segment.New(0)
	fill := func(f segment.FieldID, members func(yield func(uint32) bool)) error {
		tx := index.Begin()
		for i := range members {
			tx.Set(f, i, true)
		}
		if err := tx.Err(); err != nil {
			return err
		}
		tx.Commit()
		return nil
	}
	err := fill(everyone, func(yield func(uint32) bool) {
		for i := range profiles {
			if !yield(uint32(i)) {
				return
			}
		}
	})
	for percent, b := range bitmaps {
		if err == nil {
			err = fill(fieldOf(percent), roaring.Values(b))
		}
	}
	return index, err
}

// compete gives the contenders their turns, one after the other, again and
// again. Every turn begins with one question that does not count, so that what
// the others left in the caches, and pools emptied by a garbage collection that
// they caused, are nobody's burden.
func compete(cfg config, contenders []contender) map[string][]sample {
	turn := time.Duration(cfg.seconds * float64(time.Second))
	ops := map[string]int{}
	for _, c := range contenders {
		c.ask()
		n, began := 0, time.Now()
		for ; n == 0 || time.Since(began) < turn/4; n++ {
			c.ask()
		}
		ops[c.name] = max(1, int(float64(n)*float64(turn)/float64(time.Since(began))))
	}
	samples := map[string][]sample{}
	for range cfg.rounds {
		for _, c := range contenders {
			c.ask()
			var m meter
			m.start()
			for range ops[c.name] {
				c.ask()
			}
			m.stop(ops[c.name])
			samples[c.name] = append(samples[c.name], m.sample)
		}
	}
	return samples
}

func geomean(cases []Case, who string) float64 {
	sum := 0.0
	for _, c := range cases {
		sum += math.Log(c.Ratio[who])
	}
	return math.Exp(sum / float64(len(cases)))
}

func least(cases []Case, who string) float64 {
	out := math.Inf(1)
	for _, c := range cases {
		out = min(out, c.Ratio[who])
	}
	return out
}
