package main

import "github.com/RoaringBitmap/roaring/v2"

// roaringTGI counts each tag, and what it has in common with the audience, without
// building anything.
func (c *census) roaringTGI() uint64 {
	d := newDigest()
	for _, t := range c.tags {
		d.add(t.GetCardinality())
		d.add(c.audience.AndCardinality(t))
	}
	return d.sum()
}

// roaringOverlap intersects the segments as a tree does, so that each intersection is
// built once, and those of all but the last only counted.
func (c *census) roaringOverlap() uint64 {
	n := len(c.segments)
	within := make([]uint64, 1<<n)
	within[0] = uint64(c.profiles)
	var visit func(mask, next int, have *roaring.Bitmap)
	visit = func(mask, next int, have *roaring.Bitmap) {
		for i := next; i < n; i++ {
			with := mask | 1<<i
			switch {
			case have == nil:
				within[with] = c.segments[i].GetCardinality()
				visit(with, i+1, c.segments[i])
			case i == n-1:
				within[with] = have.AndCardinality(c.segments[i])
			default:
				both := roaring.And(have, c.segments[i])
				within[with] = both.GetCardinality()
				visit(with, i+1, both)
			}
		}
	}
	visit(0, 0, nil)
	for i := range n {
		for mask := range within {
			if mask>>i&1 == 0 {
				within[mask] -= within[mask|1<<i]
			}
		}
	}
	return digest(within...)
}

// scanTable is a loop over plain columns of one byte each, and then the totals. Its
// answers come in the order of an [insight.Table].
func (c *census) scanTable() uint64 {
	const a, b = 1 << 5, 1 << 4
	var cells [a * b * 8]uint32
	city, channel, level := c.attributes[0], c.attributes[1], c.attributes[2]
	channel, level = channel[:len(city)], level[:len(city)]
	for i, v := range city {
		cells[int(v)%a<<7|int(channel[i])%b<<3|int(level[i])%8]++
	}
	return tableDigest(func(add func(city, channel, level int, n uint64)) {
		for i, n := range cells {
			if n > 0 {
				add(i>>7, i>>3%b, i%8, uint64(n))
			}
		}
	})
}

// tableDigest makes the totals of what is counted, and digests it all in the order of an
// [insight.Table]: along each dimension the values, who has none of them, and all.
func tableDigest(each func(add func(city, channel, level int, n uint64))) uint64 {
	const y, z = channels + 2, levels + 2
	var cells [(cities + 2) * y * z]uint64
	each(func(city, channel, level int, n uint64) {
		for _, i := range [2]int{city, cities + 1} {
			for _, j := range [2]int{channel, channels + 1} {
				for _, k := range [2]int{level, levels + 1} {
					cells[(i*y+j)*z+k] += n
				}
			}
		}
	})
	return digest(cells[:]...)
}
