package segment

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/internal/shard"
)

// bitmapShapes are the contents from which shards are changed: what they hold
// decides how they lie in memory.
var bitmapShapes = map[string]func(rng *rand.Rand, add func(from, to int)){
	"empty":                       func(*rand.Rand, func(int, int)) {},
	"few":                         scatteredIn(12, shard.Span),
	"a slab that is written anew": scatteredIn(150, shard.Span),
	"a slab with toggles":         scatteredIn(1500, shard.Span),
	"a slab about to be too long": scatteredIn(slabMax-80, shard.Span),
	"arrays":                      scatteredIn(20_000, shard.Span),
	"words":                       scatteredIn(200_000, shard.Span),
	"one array about to be words": scatteredIn(arrayMax+40, blockSpan),
	"everything":                  func(_ *rand.Rand, add func(int, int)) { add(0, shard.Span) },
	"full blocks and nothing":     func(_ *rand.Rand, add func(int, int)) { add(3*blockSpan, 9*blockSpan) },
	"a growing run":               func(_ *rand.Rand, add func(int, int)) { add(0, 200_123) },
	"clusters": func(rng *rand.Rand, add func(int, int)) {
		for at := rng.IntN(10_000); at < shard.Span; at += 5_000 + rng.IntN(10_000) {
			add(at, min(shard.Span, at+1+rng.IntN(2000)))
		}
	},
	"of all kinds": func(rng *rand.Rand, add func(int, int)) {
		add(0, blockSpan)
		add(blockSpan+5, blockSpan+30_000)
		for range 20_000 {
			x := 2*blockSpan + rng.IntN(blockSpan)
			add(x, x+1)
		}
		scatteredIn(300, shard.Span)(rng, add)
	},
}

func scatteredIn(n, span int) func(*rand.Rand, func(from, to int)) {
	return func(rng *rand.Rand, add func(int, int)) {
		for range n {
			x := rng.IntN(span)
			add(x, x+1)
		}
	}
}

// TestBitmap_changes_like_a_map changes shards of every shape by lots of every
// length, and holds each version against a map, and those before it against what
// they were.
func TestBitmap_changes_like_a_map(t *testing.T) {
	for name, draw := range bitmapShapes {
		t.Run(name, func(t *testing.T) {
			rng := newRand(t)
			want := make([]bool, shard.Span)
			draw(rng, func(from, to int) {
				for x := from; x < to; x++ {
					want[x] = true
				}
			})
			now := noContent.with(changes{flips: flipsTo(nil, want)})
			for lot := range 60 {
				before, old := now, slices.Clone(want)
				near := rng.IntN(shard.Span)
				next := map[int]bool{}
				for range []int{1, 1, 1, 7, 60, 400}[rng.IntN(6)] {
					x := rng.IntN(shard.Span)
					switch rng.IntN(3) {
					case 0:
						x = min(near+rng.IntN(40), shard.Span-1)
					case 1:
						x = x / blockSpan * blockSpan // a bound
					}
					next[x] = rng.IntN(2) == 0
					if now.bits.card < 40 && rng.IntN(2) == 0 {
						next[x] = true
					}
				}
				flips := make([]shard.Flip, 0, len(next))
				for _, x := range slices.Sorted(maps.Keys(next)) {
					flips = append(flips, shard.MakeFlip(uint32(x), next[x]))
					want[x] = next[x]
				}
				now = now.with(changes{flips: flips})
				mustHold(t, rng, &now.bits, want)
				if lot%6 == 0 {
					mustHold(t, rng, &before.bits, old)
				}
			}
			// One by one, to nothing.
			for x, on := range want {
				if on && now.bits.card <= 3000 {
					want[x] = false
					now = now.with(changes{flips: []shard.Flip{shard.MakeFlip(uint32(x), false)}})
					if now.bits.card%500 == 0 {
						mustHold(t, rng, &now.bits, want)
					}
				}
			}
		})
	}
}

// TestBitmap_crosses_every_bound_like_a_map lets one block grow and shrink by lots of
// every length past each of the sizes at which a shard is held in another way, with
// toggles pending, and holds every version against a map.
func TestBitmap_crosses_every_bound_like_a_map(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: some six seconds over every bound of a block")
	}
	rng := newRand(t)
	for _, bound := range []int{rewriteMax, slabMax / 2, arrayMax, slabMax} {
		for _, step := range []int{1, 3, 12, 40, 70} {
			for _, stride := range []int{1, 7} { // runs, and scattered values
				want := make([]bool, shard.Span)
				at := blockSpan // of the next to come
				flips := func(n int, on bool) (out []shard.Flip) {
					for range n {
						if !on {
							at -= stride
						}
						want[at] = on
						out = append(out, shard.MakeFlip(uint32(at), on))
						if on {
							at += stride
						}
					}
					slices.SortFunc(out, func(a, b shard.Flip) int { return int(a.Offset()) - int(b.Offset()) })
					return out
				}
				now := noContent.with(changes{flips: flips(max(bound-90, 1), true)})
				for range 200/step + 4 {
					now = now.with(changes{flips: flips(1+rng.IntN(step), true)})
					mustHold(t, rng, &now.bits, want)
				}
				for range 200/step + 4 {
					now = now.with(changes{flips: flips(1+rng.IntN(step), false)})
					mustHold(t, rng, &now.bits, want)
				}
			}
		}
	}
}

// flipsTo returns the flips that make one content another.
func flipsTo(from, to []bool) []shard.Flip {
	var flips []shard.Flip
	for x, on := range to {
		if on != (from != nil && from[x]) {
			flips = append(flips, shard.MakeFlip(uint32(x), on))
		}
	}
	return flips
}

// mustHold compares a shard with what it should hold, and with what it says of itself.
func mustHold(t *testing.T, rng *rand.Rand, m *bitmap, want []bool) {
	t.Helper()
	var w, again words
	total := 0
	for i := range shard.Blocks {
		v := m.view(i)
		v.fill(&w)
		card := 0
		for x, on := range want[i*blockSpan : (i+1)*blockSpan] {
			if on {
				card++
			}
			if got := w[x>>6]>>(x&63)&1 == 1; got != on {
				t.Fatalf("block %d at %d is %v, want %v", i, x, got, on)
			}
		}
		total += card
		if v.card != card || m.mask>>i&1 == 1 != (card > 0) || m.full>>i&1 == 1 != (card == blockSpan) {
			t.Fatalf("block %d has %d members, states %d, mask %016b and full %016b", i, card, v.card, m.mask, m.full)
		}
		for range 20 {
			x := rng.IntN(blockSpan)
			if got := m.contains(uint32(i*blockSpan + x)); got != want[i*blockSpan+x] {
				t.Fatalf("contains block %d at %d: %v", i, x, got)
			}
		}
		if b := v.toBlock(new(words)); b != nil {
			if b.view().fill(&again); again != w || int(b.card) != card {
				t.Fatalf("block %d is another one in a set", i)
			}
		}
		if v.state == viewRuns && len(v.toggles) == 0 && !asRuns(v.card, len(v.array)/2) || v.state == viewArray && len(v.array) > arrayMax {
			t.Fatalf("block %d of %d members is held as state %d in %d numbers", i, card, v.state, len(v.array))
		}
	}
	if int(m.card) != total {
		t.Fatalf("card %d, want %d", m.card, total)
	}
	if m.blocks == nil && len(m.slab) > slabMax || len(m.toggles) > 2+2*shard.Blocks+slabTogglesMax {
		t.Fatalf("a slab of %d and toggles of %d", len(m.slab), len(m.toggles))
	}
}

// TestBitmap_loads_what_was_stored decodes shards of every shape.
func TestBitmap_loads_what_was_stored(t *testing.T) {
	for name, draw := range bitmapShapes {
		t.Run(name, func(t *testing.T) {
			want := make([]bool, shard.Span)
			rng := newRand(t)
			draw(rng, func(from, to int) {
				for x := from; x < to; x++ {
					want[x] = true
				}
			})
			base, empty, skipped := shard.FoldBase(nil, [][]byte{shard.AppendBitDelta(nil, flipsTo(nil, want))})
			if skipped > 0 {
				t.Fatal("the delta is malformed")
			}
			if empty {
				base = nil
			}
			m, err := loadBitmap(base)
			if err != nil {
				t.Fatal(err)
			}
			mustHold(t, rng, &m, want)
			made := noContent.with(changes{flips: flipsTo(nil, want)})
			if (m.blocks == nil) != (made.bits.blocks == nil) {
				t.Errorf("loaded it is a slab: %v, made by flips: %v", m.blocks == nil, made.bits.blocks == nil)
			}
			if c := newContent(&m); (c == everything) != (m.card == shard.Span) {
				t.Error("a full shard is not the one that all share")
			}
		})
	}
}

func TestSlab_toggle_equals_a_map(t *testing.T) {
	rng := newRand(t)
	var s slab
	want := map[int][]uint16{}
	for step := range 20_000 {
		i, x := rng.IntN(shard.Blocks), uint16(rng.IntN(6))
		if step/1000%2 == 1 {
			i = rng.IntN(3)
		}
		at, found := slices.BinarySearch(want[i], x)
		if found {
			want[i] = slices.Delete(want[i], at, at+1)
		} else {
			want[i] = slices.Insert(want[i], at, x)
		}
		s = s.toggle(i, x, 1+step)
		for i, values := range want {
			if s.has(i) != (len(values) > 0) {
				t.Fatalf("step %d: block %d is there: %v, want %v", step, i, s.has(i), values)
			}
			if len(values) == 0 {
				continue
			}
			if got, _ := s.list(i); !slices.Equal(got, values) {
				t.Fatalf("step %d: block %d is %v, want %v", step, i, got, values)
			}
		}
		if s.has(i) {
			if _, card := s.list(i); card != 1+step {
				t.Fatalf("step %d: card %d", step, card)
			}
		}
	}
}

func TestToggleRuns_equals_words(t *testing.T) {
	rng := newRand(t)
	for range 300 {
		var w words
		for range rng.IntN(6) {
			from := rng.IntN(blockSpan)
			w.SetRange(from, min(blockSpan, from+1+rng.IntN(20_000)))
		}
		runs := appendRuns(nil, &w)
		values := map[uint16]bool{}
		for range rng.IntN(20) {
			x := uint16(rng.IntN(blockSpan))
			switch rng.IntN(4) {
			case 0:
				x = blockSpan - 1 - uint16(rng.IntN(3))
			case 1:
				x = uint16(rng.IntN(3))
			case 2:
				if len(runs) > 0 {
					x = runs[rng.IntN(len(runs))] + uint16(rng.IntN(3)) - 1
				}
			}
			values[x] = true
		}
		sorted := slices.Sorted(maps.Keys(values))
		for _, x := range sorted {
			w[x>>6] ^= 1 << (x & 63)
		}
		if got, want := toggleRuns(nil, runs, sorted), appendRuns(nil, &w); !slices.Equal(got, want) {
			t.Fatalf("%v toggled by %v is %v, want %v", runs, sorted, got, want)
		}
	}
}
