package linkage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// keyTable gives the keys of each record by number.
type keyTable [][]uint64

func (k keyTable) of(rec int32, dst []uint64) []uint64 { return append(dst, k[rec]...) }

// naiveCandidates finds the same by looking at every pair.
func naiveCandidates(keys keyTable, opt blockOptions) (pairs [][2]int32, distinct, skipped, longest int) {
	posting := map[uint64]map[int]bool{}
	for rec, of := range keys {
		for _, k := range of {
			if k == 0 {
				continue
			}
			if posting[k] == nil {
				posting[k] = map[int]bool{}
			}
			posting[k][rec] = true
		}
	}
	tooLong := func(k uint64) bool { return opt.MaxPosting > 0 && len(posting[k]) > opt.MaxPosting }
	for k, recs := range posting {
		distinct++
		longest = max(longest, len(recs))
		if tooLong(k) {
			skipped++
		}
	}
	for a := range keys {
		for b := a + 1; b < len(keys); b++ {
			if opt.Split > 0 && (a < int(opt.Split)) == (b < int(opt.Split)) {
				continue
			}
			if slices.ContainsFunc(keys[a], func(k uint64) bool { return k != 0 && posting[k][b] && !tooLong(k) }) {
				pairs = append(pairs, [2]int32{int32(a), int32(b)})
			}
		}
	}
	return pairs, distinct, skipped, longest
}

func allPairs(c *candidates) [][2]int32 {
	var all [][2]int32
	for shard := range c.shards() {
		for a, b := range c.pairs(shard) {
			all = append(all, [2]int32{a, b})
		}
	}
	return all
}

// unmix undoes mix, so that a test may choose where a key is sorted to.
func unmix(h uint64) uint64 {
	const odd = uint64(0x9e3779b97f4a7c15)
	inverse := odd // right in its lowest three bits; each step doubles them
	for range 5 {
		inverse *= 2 - odd*inverse
	}
	return h * inverse
}

func TestUnmix(t *testing.T) {
	for _, h := range []uint64{0, 1, 2, 1 << 63, math.MaxUint64, 0x123456789abcdef} {
		if got := mix(unmix(h)); got != h {
			t.Errorf("mix(unmix(%#x)) = %#x", h, got)
		}
	}
}

// drawKeys draws the keys of records, and those of one more.
func drawKeys(t *rapid.T) (keys keyTable, more []uint64) {
	// Keys that agree in their high bits once mixed are sorted in another way.
	alike := rapid.Bool().Draw(t, "alike")
	key := rapid.Custom(func(t *rapid.T) uint64 {
		k := rapid.Uint64Range(0, 30).Draw(t, "key")
		if alike && k > 0 {
			return unmix(0xabcdef<<40 | k%3<<31 | k)
		}
		return k
	})
	of := rapid.SliceOfN(key, 0, 5)
	return rapid.SliceOfN(of, 0, 40).Draw(t, "keys"), of.Draw(t, "more keys")
}

func TestCandidates_each_pair_once(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys, _ := drawKeys(t)
		opt := blockOptions{
			MaxPosting: rapid.IntRange(0, 8).Draw(t, "max posting"),
			Split:      int32(rapid.IntRange(0, len(keys)).Draw(t, "split")),
		}
		c, err := newCandidates(len(keys), keys.of, opt)
		if err != nil {
			t.Fatal(err)
		}
		want, distinct, skipped, longest := naiveCandidates(keys, opt)
		got := allPairs(c)
		if diff := cmp.Diff(got, allPairs(c)); diff != "" {
			t.Errorf("pairs, the second time:\n%s", diff)
		}
		slices.SortFunc(got, func(x, y [2]int32) int { return slices.Compare(x[:], y[:]) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pairs (-want +got):\n%s", diff)
		}
		gotDistinct, gotSkipped, gotLongest := c.stats()
		if diff := cmp.Diff([]int{distinct, skipped, longest}, []int{gotDistinct, gotSkipped, gotLongest}); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

func TestCandidates_of(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys, asked := drawKeys(t)
		opt := blockOptions{MaxPosting: rapid.IntRange(0, 8).Draw(t, "max posting")}
		c, err := newCandidates(len(keys), keys.of, opt)
		if err != nil {
			t.Fatal(err)
		}
		// As a record of its own it would be paired with the same, but for keys that
		// are too common without it already.
		lengths := map[uint64]int{}
		for _, of := range keys {
			of = slices.Clone(of)
			slices.Sort(of)
			for _, k := range slices.Compact(of) {
				lengths[k]++
			}
		}
		var known []uint64
		for _, k := range asked {
			if opt.MaxPosting == 0 || lengths[k] <= opt.MaxPosting {
				known = append(known, k)
			}
		}
		var want []int32
		pairs, _, _, _ := naiveCandidates(append(slices.Clone(keys), known), blockOptions{})
		for _, p := range pairs {
			if int(p[1]) == len(keys) {
				want = append(want, p[0])
			}
		}
		got := slices.Sorted(c.of(asked))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

// randomKeys gives each record a few keys, some of them common.
func randomKeys(n, each, postings int) keyTable {
	rng := rand.New(rand.NewPCG(1, 2))
	keys := make(keyTable, n)
	for i := range keys {
		for range each {
			keys[i] = append(keys[i], mix(uint64(1+rng.IntN(postings))))
		}
	}
	return keys
}

func TestCandidates_shards_in_parallel(t *testing.T) {
	keys := randomKeys(20_000, 5, 10_000)
	c, err := newCandidates(len(keys), keys.of, blockOptions{MaxPosting: 100})
	if err != nil {
		t.Fatal(err)
	}
	if c.shards() < 8 {
		t.Fatalf("%d shards: too few for this test", c.shards())
	}
	shards := make([][][2]int32, c.shards())
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for shard := worker; shard < c.shards(); shard += 4 {
				for a, b := range c.pairs(shard) {
					shards[shard] = append(shards[shard], [2]int32{a, b})
				}
			}
		})
	}
	wg.Wait()
	want := allPairs(c)
	if !slices.Equal(want, slices.Concat(shards...)) {
		t.Error("pairs made in parallel are others, or in another order")
	}
	for i, s := range shards[:len(shards)-1] {
		if share := len(want) / len(shards); len(s) < share/2 || len(s) > share*2 {
			t.Errorf("shard %d has %d pairs of %d in %d shards: not even", i, len(s), len(want), len(shards))
		}
	}
}

func TestCandidates_may_be_broken_off(t *testing.T) {
	keys := keyTable{{1, 2}, {1, 2}, {1}, {2}}
	c, err := newCandidates(len(keys), keys.of, blockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for a, b := range c.pairs(0) {
			if a != 0 || b != 1 {
				t.Fatalf("the first pair is (%d, %d)", a, b)
			}
			break
		}
		for rec := range c.of([]uint64{2}) {
			if rec != 0 {
				t.Fatalf("the first record is %d", rec)
			}
			break
		}
	}
}

func TestCandidates_too_many_keys(t *testing.T) {
	keys := keyTable{{1, 2, 1}, {0, 3}, {4, 5}, {6}}
	_, err := newCandidates(len(keys), keys.of, blockOptions{MaxEntries: 4})
	if err == nil || !strings.Contains(err.Error(), "record 2") {
		t.Errorf("error %v does not name record 2", err)
	}
	if _, err := newCandidates(len(keys), keys.of, blockOptions{MaxEntries: 6}); err != nil {
		t.Error(err)
	}
}

func TestMarks_wrap_around(t *testing.T) {
	m := &marks{of: make([]uint32, 2), now: math.MaxUint32 - 1}
	m.clear()
	m.of[0] = m.now
	m.clear()
	if m.now == 0 || m.of[0] == m.now || m.of[1] == m.now {
		t.Errorf("after clear %+v marks a record", m)
	}
}

func BenchmarkCandidates(b *testing.B) {
	const n, each = 200_000, 8
	keys := randomKeys(n, each, n)
	b.Run(fmt.Sprintf("op=build/records=%d/keys=%d", n, each), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := newCandidates(n, keys.of, blockOptions{MaxPosting: 100}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
	c, err := newCandidates(n, keys.of, blockOptions{MaxPosting: 100})
	if err != nil {
		b.Fatal(err)
	}
	b.Run(fmt.Sprintf("op=pairs/records=%d/keys=%d", n, each), func(b *testing.B) {
		b.ReportAllocs()
		pairs := 0
		for b.Loop() {
			for shard := range c.shards() {
				for range c.pairs(shard) {
					pairs++
				}
			}
		}
		b.ReportMetric(float64(pairs)/b.Elapsed().Seconds(), "pairs/s")
	})
	b.Run(fmt.Sprintf("op=of/records=%d/keys=%d", n, each), func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			for range c.of(keys[i%n]) {
			}
			i++
		}
	})
}
