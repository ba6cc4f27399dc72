package segment

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/internal/shard"
)

func randomWords(rng *rand.Rand) *words {
	w := new(words)
	switch rng.IntN(5) {
	case 0:
	case 1:
		view{state: viewFull}.fill(w)
	case 2:
		w.SetRange(rng.IntN(blockSpan), rng.IntN(blockSpan))
	default:
		sparse := rng.IntN(4)
		for i := range w {
			w[i] = rng.Uint64()
			for range sparse {
				w[i] &= rng.Uint64()
			}
		}
	}
	return w
}

// wordKernels is one implementation of and and or.
type wordKernels struct {
	and func(dst *words, ops []*words, pos int) int
	or  func(dst *words, ops []*words) int
}

func TestKernels_words_equal_the_portable_ones(t *testing.T) {
	rng := newRand(t)
	for name, k := range wordKernelsHere() {
		t.Run(name, func(t *testing.T) {
			for range 200 {
				ops := make([]*words, 1+rng.IntN(6))
				for i := range ops {
					ops[i] = randomWords(rng)
				}
				pos := 1 + rng.IntN(len(ops))
				var want, got words
				n := andWordsGo(&want, ops, pos)
				if m := k.and(&got, ops, pos); m != n || got != want {
					t.Fatalf("and of %d, %d: %d bits, want %d", pos, len(ops), m, n)
				}
				if m := k.and(nil, ops, pos); m != n {
					t.Fatalf("and, counted only: %d bits, want %d", m, n)
				}
				n = orWordsGo(&want, ops)
				if m := k.or(&got, ops); m != n || got != want {
					t.Fatalf("or of %d: %d bits, want %d", len(ops), m, n)
				}
				if m := k.or(nil, ops); m != n {
					t.Fatalf("or, counted only: %d bits, want %d", m, n)
				}
				// The result may be one of the operands.
				in := *ops[0]
				n = andWordsGo(&want, ops, pos)
				if m := k.and(ops[0], ops, pos); m != n || *ops[0] != want {
					t.Fatalf("and in place: %d bits, want %d", m, n)
				}
				*ops[0] = in
			}
		})
	}
}

func TestKernels_probes_equal_the_portable_ones(t *testing.T) {
	rng := newRand(t)
	for range 300 {
		w := randomWords(rng)
		values := make([]uint16, rng.IntN([]int{3, 20, 3200}[rng.IntN(3)]))
		for i := range values {
			values[i] = uint16(rng.Uint32())
		}
		slices.Sort(values)
		values = slices.Compact(values)
		if got, want := hits(values, w), hitsGo(values, w); got != want {
			t.Fatalf("hits of %d values: %d, want %d", len(values), got, want)
		}
		for flip := range uint64(2) {
			want := make([]uint16, len(values))
			want = want[:filterGo(want, values, w, flip)]
			var dst [arrayScratch]uint16
			if got := dst[:filter(dst[:], values, w, flip)]; !slices.Equal(got, want) {
				t.Fatalf("filter of %d values, flip %d: %d, want %d", len(values), flip, len(got), len(want))
			}
			n := copy(dst[:], values)
			if got := dst[:filter(dst[:], dst[:n], w, flip)]; !slices.Equal(got, want) {
				t.Fatalf("filter in place of %d values, flip %d: %d, want %d", len(values), flip, len(got), len(want))
			}
		}
	}
}

// ascending draws an array of at most n values below limit.
func ascending(rng *rand.Rand, n int, limit uint32) []uint16 {
	values := make([]uint16, rng.IntN(n))
	for i := range values {
		values[i] = uint16(rng.Uint32N(limit))
	}
	slices.Sort(values)
	return slices.Clip(slices.Compact(values))
}

func TestKernels_meet_equals_the_portable_one(t *testing.T) {
	rng := newRand(t)
	for range 20_000 {
		n, limit := []int{4, 20, 40, 300}[rng.IntN(4)], []uint32{1, 20, 500, blockSpan}[rng.IntN(4)]
		a, b := ascending(rng, n, limit), ascending(rng, []int{n, 10}[rng.IntN(2)], limit)
		if rng.IntN(4) == 0 && len(a) > 0 {
			b = slices.Clone(a[rng.IntN(len(a)):])
		}
		if got, want := meet(a, b), meetGo(a, b); got != want {
			t.Fatalf("%v and %v have %d values in common, not %d", a, b, want, got)
		}
	}
}

func FuzzKernels_meet(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0xff, 0xff}, []byte{0, 1, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		array := func(data []byte) (values []uint16) {
			for ; len(data) > 1; data = data[2:] {
				values = append(values, uint16(data[0])|uint16(data[1])<<8)
			}
			slices.Sort(values)
			return slices.Compact(values)
		}
		a, b := array(x), array(y)
		if got, want := meet(a, b), meetGo(a, b); got != want {
			t.Fatalf("%v and %v have %d values in common, not %d", a, b, want, got)
		}
	})
}

func TestKernels_scans_equal_the_portable_ones(t *testing.T) {
	rng := newRand(t)
	for range 2000 {
		width := []uint8{1, 2, 4, 8}[rng.IntN(4)]
		data := make([]byte, int(width)*(1+rng.IntN(chunkSpan)))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		limit := ^uint64(0) >> (64 - 8*width)
		from := rng.Uint64() & limit
		span := rng.Uint64N(limit-from+1) >> rng.IntN(20)
		if limit == ^uint64(0) && from == 0 {
			continue
		}
		var got, want [4]uint64
		scanPackedGo(&want, data, width, from, span)
		scanPacked(&got, data, width, from, span)
		if got != want {
			t.Fatalf("%d integers of %d bytes from %d on, %d wide: %x, want %x", len(data)/int(width), width, from, span, got, want)
		}
	}
}

func TestKernels_spread_places_each_bit(t *testing.T) {
	rng := newRand(t)
	for range 500 {
		var packed, exists, got, want [4]uint64
		n := 0
		for i := range chunkSpan {
			if rng.IntN(3) == 0 {
				continue
			}
			exists[i>>6] |= 1 << (i & 63)
			if rng.IntN(2) == 0 {
				packed[n>>6] |= 1 << (n & 63)
				want[i>>6] |= 1 << (i & 63)
			}
			n++
		}
		if spread(&got, &packed, &exists); got != want {
			t.Fatalf("got %x, want %x", got, want)
		}
		if x := rng.Uint64(); deposit(x, exists[1]) != depositGo(x, exists[1]) {
			t.Fatalf("deposit(%x, %x) is %x, want %x", x, exists[1], deposit(x, exists[1]), depositGo(x, exists[1]))
		}
	}
}

func BenchmarkKernels(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var ops []*words
	for range 6 {
		w := new(words)
		for i := range w {
			w[i] = rng.Uint64()
		}
		ops = append(ops, w)
	}
	var values []uint16
	for x := range shard.BlockSpan {
		if rng.IntN(100) == 0 {
			values = append(values, uint16(x))
		}
	}
	var dst [arrayScratch]uint16
	data := make([]byte, 512)
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
	for name, k := range wordKernelsHere() {
		run("op=and6/on="+name, func() { k.and(nil, ops, 6) })
	}
	run("op=hits/on=go", func() { hitsGo(values, ops[0]) })
	run("op=hits/on=here", func() { hits(values, ops[0]) })
	run("op=filter/on=go", func() { filterGo(dst[:], values, ops[0], 0) })
	run("op=filter/on=here", func() { filter(dst[:], values, ops[0], 0) })
	other := slices.Clone(values)
	for i := range other {
		other[i] ^= 3
	}
	slices.Sort(other)
	run("op=meet/on=go", func() { meetGo(values, other) })
	run("op=meet/on=here", func() { meet(values, other) })
	run("op=set", func() { setBits(ops[0], values) })
	run("op=clear", func() { clearBits(ops[0], values) })
	run("op=scan16/on=go", func() { var out [4]uint64; scanPackedGo(&out, data, 2, 5, 100) })
	run("op=scan16/on=here", func() { var out [4]uint64; scanPacked(&out, data, 2, 5, 100) })
}
