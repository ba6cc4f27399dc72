package main

import (
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/segment/insight"
)

// TestReadings holds every way of answering against counting profile by profile.
func TestReadings(t *testing.T) {
	c := drawCensus(70_000)
	index, err := newCensusIndex(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.readings() {
		want := c.naive(r.name)
		for name, counter := range map[string]insight.Counter{"in one go": index, "cell by cell": struct{ insight.Counter }{index}} {
			if got, err := r.ours(t.Context(), counter); got != want || err != nil {
				t.Errorf("%s: portrait, %s, answers %x (error: %v), want %x", r.name, name, got, err, want)
			}
		}
		for name, ask := range r.theirs {
			if got := ask(); got != want {
				t.Errorf("%s: %s answers %x, want %x", r.name, name, got, want)
			}
		}
	}
}

// naive answers a reading profile by profile.
func (c *census) naive(reading string) uint64 {
	switch reading {
	case tgiReading:
		var out []uint64
		for _, b := range c.tags {
			base, both := uint64(0), uint64(0)
			for i := range roaring.Values(b) {
				base++
				if c.audience.Contains(i) {
					both++
				}
			}
			out = append(out, base, both)
		}
		return digest(out...)
	case tableReading:
		var at [3][]int // by attribute: the values and, after them, none and all
		for d, a := range censusAttributes {
			for v := range a.values + 2 {
				at[d] = append(at[d], v)
			}
		}
		has := func(d, i, v int) bool {
			n := censusAttributes[d].values
			own := int(c.attributes[d][i])
			return v == n+1 || own == v || v == n && own >= n
		}
		var out []uint64
		for _, x := range at[0] {
			some := slices.DeleteFunc(slices.Collect(upTo(c.profiles)), func(i uint32) bool { return !has(0, int(i), x) })
			for _, y := range at[1] {
				for _, z := range at[2] {
					n := uint64(0)
					for _, i := range some {
						if has(1, int(i), y) && has(2, int(i), z) {
							n++
						}
					}
					out = append(out, n)
				}
			}
		}
		return digest(out...)
	}
	out := make([]uint64, 1<<len(c.segments))
	for i := range uint32(c.profiles) {
		mask := 0
		for j, b := range c.segments {
			if b.Contains(i) {
				mask |= 1 << j
			}
		}
		out[mask]++
	}
	return digest(out...)
}
