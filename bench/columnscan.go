package main

import (
	"context"
	"encoding/binary"
	"math"
	"math/bits"
)

// columnScan is the loop that a programmer writes over plain columns: four bytes a
// number, eight a time, two an attribute. Its answers are those that the others are
// held to.
type columnScan struct{ c *population }

func (columnScan) name() string { return "column_scan" }
func (columnScan) close() error { return nil }

func (s columnScan) prepare(_ context.Context, q question) (func() (uint64, error), error) {
	answer := func() uint64 { return s.count(q) }
	switch q.asked {
	case summed:
		answer = s.sum
	case quantiled:
		answer = s.quantiles
	case topped:
		answer = s.top
	case grouped:
		answer = func() uint64 { return s.groups(q) }
	}
	return func() (uint64, error) { return answer(), nil }, nil
}

func (s columnScan) count(q question) uint64 {
	if q.column == "seen" {
		return countBetween(s.c.seen, q.lo, q.hi)
	}
	return countBetween(s.c.value, uint32(q.lo), uint32(q.hi))
}

func countBetween[T uint32 | int64](column []T, lo, hi T) uint64 {
	n := uint64(0)
	for _, v := range column {
		if v >= lo && v <= hi {
			n++
		}
	}
	return n
}

func (s columnScan) sum() uint64 {
	sum := uint64(0)
	for w, x := range s.c.fifth {
		for ; x != 0; x &= x - 1 {
			sum += uint64(s.c.value[w<<6|bits.TrailingZeros64(x)])
		}
	}
	return sum
}

// quantiles counts the values by their upper half, and then, in the parts where the
// quantiles lie, by their lower half. It knows how wide the values are.
func (s columnScan) quantiles() uint64 {
	const half = valueBits / 2
	var upper [1 << half]int
	for w, x := range s.c.fifth {
		for ; x != 0; x &= x - 1 {
			upper[s.c.value[w<<6|bits.TrailingZeros64(x)]>>half]++
		}
	}
	var part, rank [len(shares)]int
	for i, share := range shares {
		rank[i] = rankOf(share, s.c.members)
		for rank[i] >= upper[part[i]] {
			rank[i] -= upper[part[i]]
			part[i]++
		}
	}
	var lower [len(shares)][1 << half]int
	for w, x := range s.c.fifth {
		for ; x != 0; x &= x - 1 {
			v := s.c.value[w<<6|bits.TrailingZeros64(x)]
			for i := range part {
				if int(v>>half) == part[i] {
					lower[i][v&(1<<half-1)]++
				}
			}
		}
	}
	d := newDigest()
	for i := range shares {
		low := 0
		for rank[i] >= lower[i][low] {
			rank[i] -= lower[i][low]
			low++
		}
		d.add(uint64(part[i]<<half | low))
	}
	return d.sum()
}

// rankOf returns which of n ascending values, from 0 on, is the quantile: the least
// such that at least this share is at or below it.
func rankOf(share float64, n int) int { return max(0, int(math.Ceil(share*float64(n)))-1) }

func (s columnScan) top() uint64 {
	var best topTen
	for w, x := range s.c.fifth {
		for ; x != 0; x &= x - 1 {
			i := w<<6 | bits.TrailingZeros64(x)
			best.offer(uint64(i), uint64(s.c.value[i]))
		}
	}
	return best.digest()
}

// topTen keeps the greatest values, of equals those who were offered first.
type topTen struct {
	n          int
	ids, value [topCount]uint64
}

func (t *topTen) offer(id, v uint64) {
	if t.n == topCount && v <= t.value[topCount-1] {
		return
	}
	at := min(t.n, topCount-1)
	for ; at > 0 && t.value[at-1] < v; at-- {
		t.ids[at], t.value[at] = t.ids[at-1], t.value[at-1]
	}
	t.ids[at], t.value[at] = id, v
	t.n = min(t.n+1, topCount)
}

func (t *topTen) digest() uint64 {
	d := newDigest()
	for i := range t.n {
		d.add(t.ids[i])
		d.add(t.value[i])
	}
	return d.sum()
}

func (s columnScan) groups(q question) uint64 {
	a := s.c.attribute(q.by[0])
	g := newGroups(q)
	switch {
	case len(q.by) == 2:
		b := s.c.attribute(q.by[1])
		for w, x := range s.c.fifth {
			for ; x != 0; x &= x - 1 {
				i := w<<6 | bits.TrailingZeros64(x)
				g.add(int(a[i])*g.second+int(b[i]), s.c.value[i])
			}
		}
	default:
		for w, x := range s.c.fifth {
			for ; x != 0; x &= x - 1 {
				i := w<<6 | bits.TrailingZeros64(x)
				g.add(int(a[i]), s.c.value[i])
			}
		}
	}
	return g.digest()
}

// groups are counts and sums by the values of an attribute or of two.
type groups struct {
	second int // values of the second attribute; 1 where there is one alone
	counts []uint64
	sums   []uint64 // nil where only counts are asked for
}

func newGroups(q question) *groups {
	g := &groups{second: 1}
	if len(q.by) == 2 {
		g.second = attributeValues(q.by[1])
	}
	g.counts = make([]uint64, attributeValues(q.by[0])*g.second)
	if q.sums {
		g.sums = make([]uint64, len(g.counts))
	}
	return g
}

func (g *groups) add(at int, v uint32) {
	g.counts[at]++
	if g.sums != nil {
		g.sums[at] += uint64(v)
	}
}

// digest is over those groups that have members, in order.
func (g *groups) digest() uint64 {
	d := newDigest()
	for at, n := range g.counts {
		if n == 0 {
			continue
		}
		d.add(uint64(at))
		d.add(n)
		if g.sums != nil {
			d.add(g.sums[at])
		}
	}
	return d.sum()
}

// floors returns the bytes that a question is about, as plain columns have them, by
// the name of the contender that reads them once and does nothing else.
func (c *population) floors(q question) map[string][]byte {
	var data []byte
	if q.asked == counted && q.column == "seen" {
		for _, v := range c.seen {
			data = binary.LittleEndian.AppendUint64(data, uint64(v))
		}
	} else if q.asked != grouped || q.sums {
		for _, v := range c.value {
			data = binary.LittleEndian.AppendUint32(data, v)
		}
	}
	if q.asked != counted {
		for _, w := range c.fifth {
			data = binary.LittleEndian.AppendUint64(data, w)
		}
	}
	for _, name := range q.by {
		for _, v := range c.attribute(name) {
			data = binary.LittleEndian.AppendUint16(data, v)
		}
	}
	return map[string][]byte{"memory_floor": append(data, make([]byte, -len(data)&(floorStep-1))...)}
}
