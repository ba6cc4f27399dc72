package linkage

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
)

// blockOptions says which of the pairs that share a key are candidates.
type blockOptions struct {
	// MaxPosting is the most records that may share a key for it to still tell
	// people apart: longer postings are skipped. Zero means no cap.
	MaxPosting int
	// Split, when above zero, is where the second of two lists starts: only
	// pairs of a record below it and a record from it on are candidates.
	Split int32
	// MaxEntries is the most keys over all records, each of which costs about 50
	// bytes while the index is built and 12 to 24 after. Zero means 2^32-1, which is
	// the most there can be.
	MaxEntries int
}

// candidates is an index of records by blocking key. It is immutable and safe
// for concurrent use.
//
// A pair is made where its lesser record stands, in the first posting that both
// share. Which of a record's partners have come already is known by a mark per
// record, so that a pair costs the same however many keys its records have.
type candidates struct {
	hashes  []uint64 // the key of each posting, mixed, ascending
	starts  []uint32 // where each posting starts in members, and the end of the last
	members []int32  // the records of each posting, ascending
	firsts  []uint32 // where each record's spans start, and the end of the last's
	spans   []span   // where the partners of each record are, by posting
	bounds  []int32  // the first record of each shard, and the end of the last

	distinct, skipped, longest int

	marks sync.Pool // of *marks
}

// span is a range of members: those of one posting that come after a record.
type span struct{ from, to uint32 }

// A shard is worth a core's while from shardWork pairs on, and more than
// maxShards need not be told apart.
const (
	shardWork = 1 << 14
	maxShards = 1024
)

// newCandidates indexes the records 0 to n-1. keys appends the blocking hashes of
// a record to dst; zero stands for no key, and a repeated key counts once.
func newCandidates(n int, keys func(rec int32, dst []uint64) []uint64, opt blockOptions) (*candidates, error) {
	most := math.MaxInt32
	if opt.MaxEntries > 0 {
		most = min(most, opt.MaxEntries)
	}
	var e entries
	var dst []uint64
	for rec := range int32(n) {
		dst = keys(rec, dst[:0])
		slices.Sort(dst)
		of := slices.Compact(dst)
		if len(of) > 0 && of[0] == 0 {
			of = of[1:]
		}
		if len(of) > most-len(e.hashes) {
			return nil, fmt.Errorf("linkage: record %d: more than %d blocking keys in all", rec, most)
		}
		for _, h := range of {
			e.hashes = append(e.hashes, mix(h))
			e.recs = append(e.recs, rec)
		}
	}
	e.sort()
	c := new(candidates)
	c.marks.New = func() any { return &marks{of: make([]uint32, n)} }
	c.post(e, opt.MaxPosting)
	c.span(n, opt.Split)
	c.cut(n)
	return c, nil
}

// mix spreads a hash over its high bits, by which entries are sorted first. It is
// one to one.
func mix(h uint64) uint64 { return h * 0x9e3779b97f4a7c15 }

// post groups the sorted entries into postings. It takes over their arrays.
func (c *candidates) post(e entries, maxPosting int) {
	c.hashes, c.members = e.hashes[:0], e.recs[:0]
	for i := 0; i < len(e.hashes); {
		j := i + 1
		for j < len(e.hashes) && e.hashes[j] == e.hashes[i] {
			j++
		}
		c.distinct++
		c.longest = max(c.longest, j-i)
		if maxPosting > 0 && j-i > maxPosting {
			c.skipped++
		} else {
			c.starts = append(c.starts, uint32(len(c.members)))
			c.members = append(c.members, e.recs[i:j]...)
			c.hashes = append(c.hashes, e.hashes[i])
		}
		i = j
	}
	c.starts = append(c.starts, uint32(len(c.members)))
	c.hashes, c.members = slices.Clone(c.hashes), slices.Clone(c.members) // to their size
}

// partners yields every record of every posting that has partners after it, with
// where they are.
func (c *candidates) partners(split int32) iter.Seq2[int32, span] {
	return func(yield func(rec int32, s span) bool) {
		for p, from := range c.starts[:len(c.starts)-1] {
			to := c.starts[p+1]
			second := to // where the second list starts in the posting
			if split > 0 {
				i, _ := slices.BinarySearch(c.members[from:to], split)
				second = from + uint32(i)
			}
			for i := from; i < second; i++ {
				s := span{from: i + 1, to: to}
				if split > 0 {
					s.from = second
				}
				if s.from < s.to && !yield(c.members[i], s) {
					return
				}
			}
		}
	}
}

// span gives each record the spans of its partners, in the order of the postings.
func (c *candidates) span(n int, split int32) {
	c.firsts = make([]uint32, n+1)
	for rec := range c.partners(split) {
		c.firsts[rec+1]++
	}
	for rec := range n {
		c.firsts[rec+1] += c.firsts[rec]
	}
	c.spans = make([]span, c.firsts[n])
	// Filling moves each start to its end, which is the next record's start.
	for rec, s := range c.partners(split) {
		c.spans[c.firsts[rec]] = s
		c.firsts[rec]++
	}
	copy(c.firsts[1:], c.firsts[:n])
	c.firsts[0] = 0
}

// cut divides the records into shards of about even work.
func (c *candidates) cut(n int) {
	var total int
	for _, s := range c.spans {
		total += int(s.to - s.from)
	}
	share := max(shardWork, (total+maxShards-1)/maxShards)
	var work int
	c.bounds = []int32{0}
	for rec := range n {
		for _, s := range c.spans[c.firsts[rec]:c.firsts[rec+1]] {
			work += int(s.to - s.from)
		}
		if work >= share {
			c.bounds = append(c.bounds, int32(rec+1))
			work = 0
		}
	}
	if work > 0 {
		c.bounds = append(c.bounds, int32(n))
	}
}

// shards returns how many shards the candidate pairs come in. It depends on the
// input alone.
func (c *candidates) shards() int { return len(c.bounds) - 1 }

// pairs yields the candidate pairs of a shard, the lesser record first and always
// in the same order. Over all shards each pair comes once.
func (c *candidates) pairs(shard int) iter.Seq2[int32, int32] {
	return func(yield func(a, b int32) bool) {
		m := c.marks.Get().(*marks)
		defer c.marks.Put(m)
		for a := c.bounds[shard]; a < c.bounds[shard+1]; a++ {
			m.clear()
			for _, s := range c.spans[c.firsts[a]:c.firsts[a+1]] {
				for _, b := range c.members[s.from:s.to] {
					if m.of[b] == m.now {
						continue
					}
					m.of[b] = m.now
					if !yield(a, b) {
						return
					}
				}
			}
		}
	}
}

// of yields the records, each once, that share one of the keys, in the order of
// the keys. They are those of both lists.
func (c *candidates) of(keys []uint64) iter.Seq[int32] {
	return func(yield func(rec int32) bool) {
		m := c.marks.Get().(*marks)
		defer c.marks.Put(m)
		m.clear()
		for _, h := range keys {
			p, found := slices.BinarySearch(c.hashes, mix(h))
			if !found {
				continue
			}
			for _, rec := range c.members[c.starts[p]:c.starts[p+1]] {
				if m.of[rec] == m.now {
					continue
				}
				m.of[rec] = m.now
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// stats returns how many keys there are, how many of them were skipped for being
// too common, and how many records share the most common one.
func (c *candidates) stats() (postings, skipped, longest int) {
	return c.distinct, c.skipped, c.longest
}

// marks is a set of records that is cleared at once.
type marks struct {
	of  []uint32 // the last time that each record was put in
	now uint32
}

func (m *marks) clear() {
	if m.now == math.MaxUint32 {
		clear(m.of)
		m.now = 0
	}
	m.now++
}

// entries are blocking keys with their records, 12 bytes each.
type entries struct {
	hashes []uint64
	recs   []int32
}

// sort orders the entries, which are by record, by hash and then record.
func (e *entries) sort() {
	const bits, low = 11, 64 - 3*11
	other := entries{make([]uint64, len(e.hashes)), make([]int32, len(e.recs))}
	for shift := low; shift < 64; shift += bits {
		var ends [1 << bits]int
		for _, h := range e.hashes {
			ends[h>>shift&(1<<bits-1)]++
		}
		sum := 0
		for i, n := range ends {
			ends[i] = sum
			sum += n
		}
		for i, h := range e.hashes {
			at := &ends[h>>shift&(1<<bits-1)]
			other.hashes[*at], other.recs[*at] = h, e.recs[i]
			*at++
		}
		*e, other = other, *e
	}
	// Few different hashes agree in all of these bits.
	for i := 0; i < len(e.hashes); {
		j, same := i+1, true
		for ; j < len(e.hashes) && e.hashes[j]>>low == e.hashes[i]>>low; j++ {
			same = same && e.hashes[j] == e.hashes[i]
		}
		if !same {
			entries{e.hashes[i:j], e.recs[i:j]}.compare()
		}
		i = j
	}
}

// compare sorts by hash and then record, without regard to what the bits are.
func (e entries) compare() {
	type entry struct {
		hash uint64
		rec  int32
	}
	all := make([]entry, len(e.hashes))
	for i, h := range e.hashes {
		all[i] = entry{h, e.recs[i]}
	}
	slices.SortFunc(all, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.rec, y.rec))
	})
	for i, x := range all {
		e.hashes[i], e.recs[i] = x.hash, x.rec
	}
}
