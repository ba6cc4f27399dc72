package portrait

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/seeds"
)

func TestOrdinalSet_from(t *testing.T) {
	r := rand.New(rand.NewPCG(seeds.Draw(t), 0))
	s, naive := ordinalSet{}, map[uint32]bool{}
	draw := func() uint32 {
		return []uint32{r.Uint32N(200), 1<<16 - 100 + r.Uint32N(200), math.MaxUint32 - r.Uint32N(70), r.Uint32()}[r.IntN(4)]
	}
	for range 2_000 {
		o := draw()
		if fresh := s.add(o); fresh == naive[o] {
			t.Errorf("%d is fresh: %t", o, fresh)
		}
		naive[o] = true
	}
	all := sortedKeys(naive)
	for range 2_000 {
		from := draw()
		if s.has(from) != naive[from] {
			t.Errorf("has %d: %t", from, s.has(from))
		}
		at, _ := slices.BinarySearch(all, from)
		if got := slices.Collect(s.from(from)); !slices.Equal(got, all[at:]) {
			t.Fatalf("from %d: %d ordinals, want %d", from, len(got), len(all)-at)
		}
	}
}

// Whatever is gathered at once, by however many, a component is in the list where one of
// its nodes is, by the least ordinal of them.
func TestClaims(t *testing.T) {
	r := rand.New(rand.NewPCG(seeds.Draw(t), 0))
	for range 30 {
		type component struct {
			listed bool
			least  uint32
		}
		naive := map[identity.Token]component{}
		var all []claim
		for range r.IntN(3_000) {
			c := claim{root: identity.Token{0: byte(r.IntN(256)), 7: byte(r.IntN(2)), 15: byte(r.IntN(2))}, ordinal: r.Uint32N(1_000)}
			now, ok := naive[c.root]
			if !ok {
				now.least = isListed
			}
			if r.IntN(3) == 0 {
				c.ordinal, now.listed = isListed, true
			}
			now.least = min(now.least, c.ordinal)
			naive[c.root] = now
			all = append(all, c)
		}
		var want, got []uint32
		for _, c := range naive {
			if c.listed && c.least != isListed {
				want = append(want, c.least)
			}
		}
		most := 1 + r.IntN(2_000)
		ranges := 0
		for from := 0; from < nodeShares; ranges++ {
			c := newClaims(from, most)
			gatherers := []*claimer{{claims: c}, {claims: c}, {claims: c}}
			for _, one := range all {
				gatherers[r.IntN(3)].add(one.root, one.ordinal)
			}
			for _, g := range gatherers {
				g.finish()
			}
			to := int(c.to.Load())
			if c.held > most && to > from+1 {
				t.Errorf("%d claims are held, the most is %d", c.held, most)
			}
			for part := from; part < to; part++ {
				sorted := c.sorted(part)
				if !slices.IsSortedFunc(sorted, func(a, b claim) int {
					return cmp.Or(bytes.Compare(a.root[:], b.root[:]), cmp.Compare(a.ordinal, b.ordinal))
				}) {
					t.Fatal("claims are not in order")
				}
				listedIn(sorted, func(ordinal uint32) { got = append(got, ordinal) })
			}
			from = to
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("in %d ranges: %d people, want %d", ranges, len(got), len(want))
		}
	}
}
