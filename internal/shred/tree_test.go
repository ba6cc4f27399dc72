package shred

import (
	"bytes"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// path returns every seed from the root down to a number's key, root and key included.
func path(root key, number uint64) []key {
	keys := []key{root}
	for h := Height; h > 0; h-- {
		root = descend(root, number>>(h-1)&1 == 1)
		keys = append(keys, root)
	}
	return keys
}

// numbers draws from a few dense stretches and from all over.
func numbers() *rapid.Generator[uint64] {
	return rapid.OneOf(rapid.Uint64Range(0, 40), rapid.Uint64Range(1<<16-20, 1<<16+20), rapid.Uint64Range(Numbers-3, Numbers-1), rapid.Uint64Range(0, Numbers-1))
}

// Whatever is forgotten in whatever order: every other number has the key that it had in
// the beginning, no forgotten one has any, and no seed that leads to it is in the file.
func TestTree_forgets_what_it_is_told_to_and_nothing_else(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := New()
		top := root.seeds[0].key
		gone := map[uint64]bool{}
		tree := root
		var file []byte
		for range rapid.IntRange(1, 6).Draw(t, "punctures") {
			some := rapid.SliceOfN(numbers(), 1, 20).Draw(t, "forget")
			for _, n := range some {
				gone[n] = true
			}
			tree = tree.Without(some...)
			file = (&File{Limit: Numbers, Keys: tree}).Append(nil)
			if rapid.Bool().Draw(t, "reopened") {
				f, err := Decode(file)
				if err != nil {
					t.Fatal(err)
				}
				tree = f.Keys
			}
			for _, n := range rapid.SliceOfN(numbers(), 0, 20).Draw(t, "ask") {
				wantKey(t, tree, top, n, gone[n]) // also fills the cache, which the next puncture must clear
			}
		}
		for n := range gone {
			wantKey(t, tree, top, n, true)
			for _, k := range path(top, n) {
				if bytes.Contains(file, k[:]) {
					t.Fatalf("number %d is forgotten, and a seed that leads to it is in the file", n)
				}
			}
			for _, near := range []uint64{n ^ 1, n ^ 1<<20, n + 1, n - 1} {
				if near < Numbers {
					wantKey(t, tree, top, near, gone[near])
				}
			}
			wantKey(t, root, top, n, false) // the tree of before is as it was
		}
	})
}

func wantKey(t *rapid.T, tree *Tree, top key, n uint64, gone bool) {
	t.Helper()
	got, ok := tree.key(n)
	if ok == gone || tree.Has(n) == gone {
		t.Fatalf("number %d: has a key: %t, is forgotten: %t", n, ok, gone)
	}
	if ways := path(top, n); ok && got != ways[len(ways)-1] {
		t.Fatalf("number %d: has another key than in the beginning", n)
	}
}

// Neighbours that are all forgotten cost no more than one, and the numbers that are not
// given out yet no more than one seed a level.
func TestTree_is_small(t *testing.T) {
	stretch := func(from, to uint64) (ns []uint64) {
		for n := from; n < to; n++ {
			ns = append(ns, n)
		}
		return ns
	}
	for name, c := range map[string]struct {
		gone []uint64
		want int
	}{
		"nothing":             {nil, 1},
		"one number":          {[]uint64{5}, Height},
		"a pair":              {[]uint64{4, 5}, Height - 1},
		"a stretch of 1024":   {stretch(1024, 2048), Height - 10},
		"the same, backwards": {func() []uint64 { s := stretch(1024, 2048); slices.Reverse(s); return s }(), Height - 10},
		"the same, repeated":  {append(stretch(1024, 2048), stretch(1024, 2048)...), Height - 10},
		"two far apart":       {[]uint64{0, Numbers - 1}, 2 * (Height - 1)},
	} {
		if got := New().Without(c.gone...).Seeds(); got != c.want {
			t.Errorf("%s: %d seeds, want %d", name, got, c.want)
		}
		one := New()
		for _, n := range c.gone {
			if one = one.Without(n); len(c.gone) > 100 && one.Seeds() > 2*Height {
				t.Fatalf("%s: %d seeds on the way", name, one.Seeds())
			}
		}
		if got := one.Seeds(); got != c.want {
			t.Errorf("%s, one by one: %d seeds, want %d", name, got, c.want)
		}
	}
	tree := New()
	const given, erased = 1 << 20, 1000
	for i := range uint64(erased) {
		tree = tree.Without(bits.Reverse64(i)>>(64-20) | i<<10&(given-1))
	}
	if per := float64(tree.Seeds()) / erased; per > 13 {
		t.Errorf("%.1f seeds for each of %d of %d numbers", per, erased, given)
	}
}

func TestTree_has_no_number_beyond_the_last(t *testing.T) {
	if _, ok := New().key(Numbers); ok || New().Has(Numbers) {
		t.Error("a number beyond the last has a key")
	}
}

func TestSeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := New()
		n := numbers().Draw(t, "number")
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		nonce := [NonceLen]byte(rapid.SliceOfN(rapid.Byte(), NonceLen, NonceLen).Draw(t, "nonce"))
		sealed, err := tree.Seal([]byte("before"), n, nonce, content)
		if err != nil || len(sealed) != len("before")+len(content)+Overhead {
			t.Fatalf("%d bytes of %d, %v", len(sealed), len(content), err)
		}
		sealed = sealed[len("before"):]
		got, err := tree.Open([]byte("dst"), n, sealed)
		if err != nil || string(got) != "dst"+string(content) {
			t.Fatalf("opened to %x, %v", got, err)
		}
		if _, err := tree.Open(nil, n^1, sealed); err != ErrSealed {
			t.Fatalf("opened under another number: %v", err)
		}
		bad := slices.Clone(sealed)
		bad[rapid.IntRange(NonceLen, len(bad)-1).Draw(t, "damage")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if got, err := tree.Open([]byte("dst"), n, bad); err != ErrSealed || string(got) != "dst" {
			t.Fatalf("damaged bytes opened to %x, %v", got, err)
		}
		if _, err := tree.Open(nil, n, sealed[:rapid.IntRange(0, Overhead-1).Draw(t, "cut")]); err != ErrSealed {
			t.Fatalf("cut bytes opened: %v", err)
		}
		without := tree.Without(n)
		if _, err := without.Open(nil, n, sealed); err != ErrForgotten {
			t.Fatalf("opened without its key: %v", err)
		}
		if _, err := without.Seal(nil, n, nonce, content); err != ErrForgotten {
			t.Fatalf("sealed without its key: %v", err)
		}
	})
}

// The same number and nonce make the same bytes in every version of the library.
func TestSeal_golden(t *testing.T) {
	tree := &Tree{seeds: []seed{{height: Height, key: key{1, 2, 3}}}}
	sealed, err := tree.Seal(nil, 1<<40+7, [NonceLen]byte{9}, []byte("zhang@example.cn"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "0900000000000000000000003844ea1876c84c14c75aa237375a948b819d98fb"; want != hexOf(sealed) {
		t.Errorf("sealed to %s", hexOf(sealed))
	}
}

func BenchmarkTree(b *testing.B) {
	for _, people := range []uint64{1e5, 5e6} {
		for name, erased := range map[string]uint64{"erased=0": 0, "erased=1000": 1000} {
			tree := New()
			var gone []uint64
			for i := range erased {
				gone = append(gone, i*(people/1000)+3)
			}
			tree = tree.Without(gone...)
			b.Run("people="+sizeOf(people)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				n := uint64(1)
				for b.Loop() {
					n = (n*2862933555777941757 + 3037000493) // a walk over all, in no order
					_, _ = tree.key(n >> 20 % people)
				}
				b.ReportMetric(float64(len((&File{Keys: tree}).Append(nil))), "file-bytes")
			})
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	tree := New()
	content, dst := make([]byte, 400), make([]byte, 0, 600)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst, _ = tree.Seal(dst[:0], 77, [NonceLen]byte{}, content)
		}
	})
	sealed, _ := tree.Seal(nil, 77, [NonceLen]byte{}, content)
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst, _ = tree.Open(dst[:0], 77, sealed)
		}
	})
}
