package segment

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// randomPacked draws up to 256 integers of a width and a mask of some of them.
// What lies beyond them in memory is all ones, so that no kernel may look at it.
func randomPacked(rng *rand.Rand) (data []byte, width uint8, mask [4]uint64) {
	width = []uint8{1, 2, 4, 8}[rng.IntN(4)]
	n := 1 + rng.IntN(chunkSpan)
	all := make([]byte, int(width)*n+128)
	high := rng.IntN(3) == 0
	for i := range all {
		if all[i] = byte(rng.Uint32()); high || i >= int(width)*n {
			all[i] = 0xff
		}
	}
	sparse := rng.IntN(4)
	for i := range n {
		if rng.IntN(1+sparse*sparse*9) == 0 {
			mask[i>>6] |= 1 << (i & 63)
		}
	}
	return all[:int(width)*n], width, mask
}

func TestKernels_sums_equal_the_portable_ones(t *testing.T) {
	rng := newRand(t)
	for range 3000 {
		data, width, mask := randomPacked(rng)
		hi, lo := sumPacked(data, width, &mask)
		wantHi, wantLo := sumPackedGo(data, width, &mask)
		if hi<<32+lo != wantHi<<32+wantLo || hi+lo>>32 != wantHi+wantLo>>32 {
			t.Fatalf("%d bytes of width %d under %x: %d, %d; want %d, %d", len(data), width, mask, hi, lo, wantHi, wantLo)
		}
		if mask == [4]uint64{} {
			continue
		}
		least, greatest := extremes(data, width, &mask)
		if a, b := extremesGo(data, width, &mask); a != least || b != greatest {
			t.Fatalf("%d bytes of width %d under %x: from %d to %d, want %d to %d", len(data), width, mask, least, greatest, a, b)
		}
	}
}

func TestKernels_sumPackedGo_adds(t *testing.T) {
	data := []byte{1, 0, 0, 0, 0, 0, 0, 0x80, 2, 0, 0, 0, 0, 0, 0, 0x80, 5, 0, 0, 0, 0, 0, 0, 0}
	hi, lo := sumPackedGo(data, 8, &[4]uint64{3})
	if hi != 1<<32 || lo != 3 {
		t.Errorf("2^63+1 and 2^63+2 are %d * 2^32 + %d", hi, lo)
	}
	if _, lo := sumPackedGo(data, 1, &[4]uint64{1 | 1<<7 | 1<<8}); lo != 131 {
		t.Errorf("1, 128 and 2 are %d", lo)
	}
	if a, b := extremesGo(data, 1, &[4]uint64{1 | 1<<8}); a != 1 || b != 2 {
		t.Errorf("1 and 2 lie from %d to %d", a, b)
	}
}

func TestKernels_narrow_undoes_spread(t *testing.T) {
	rng := newRand(t)
	for range 1000 {
		var exists, mask, want, got [4]uint64
		n := 0
		density := 1 + rng.IntN(4)
		for i := range chunkSpan {
			if rng.IntN(2) == 0 {
				mask[i>>6] |= 1 << (i & 63)
			}
			if rng.IntN(density) > 0 {
				continue
			}
			exists[i>>6] |= 1 << (i & 63)
			want[n>>6] |= mask[i>>6] >> (i & 63) & 1 << (n & 63)
			n++
		}
		if narrow(&got, &mask, &exists); got != want {
			t.Fatalf("got %x, want %x", got, want)
		}
		x, m := rng.Uint64(), rng.Uint64()
		if extract(x, m) != extractGo(x, m) || deposit(extract(x, m), m) != x&m {
			t.Fatalf("extract(%x, %x) is %x, want %x", x, m, extract(x, m), extractGo(x, m))
		}
	}
}

func BenchmarkKernels_sum(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 8*chunkSpan)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	var mask, out [4]uint64
	for i := range mask {
		mask[i] = rng.Uint64() & rng.Uint64()
	}
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
	for _, width := range []uint8{1, 2, 4, 8} {
		part := data[:int(width)*chunkSpan]
		name := "width=" + string('0'+rune(width))
		run("op=sum/"+name+"/on=go", func() { sumPackedGo(part, width, &mask) })
		run("op=sum/"+name+"/on=here", func() { sumPacked(part, width, &mask) })
		run("op=extremes/"+name+"/on=go", func() { extremesGo(part, width, &mask) })
		run("op=extremes/"+name+"/on=here", func() { extremes(part, width, &mask) })
	}
	exists := [4]uint64{^uint64(7), rng.Uint64(), bits.Reverse64(mask[0]), rng.Uint64()}
	run("op=narrow", func() { narrow(&out, &mask, &exists) })
}
