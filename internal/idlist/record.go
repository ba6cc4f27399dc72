package idlist

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// record is one line in the join: its token, as four words in the order of its bytes,
// and its number, counted from 0. Words of 32 bits keep it at 20 bytes.
type record struct {
	t    [4]uint32
	line uint32
}

const recordBytes = 20

func newRecord(t *Token, line uint32) record {
	return record{
		t: [4]uint32{
			binary.BigEndian.Uint32(t[:]), binary.BigEndian.Uint32(t[4:]),
			binary.BigEndian.Uint32(t[8:]), binary.BigEndian.Uint32(t[12:]),
		},
		line: line,
	}
}

func (r *record) token() (t Token) {
	for i, w := range r.t {
		binary.BigEndian.PutUint32(t[4*i:], w)
	}
	return t
}

// compare orders records by token, those of one token by line.
func (r *record) compare(s *record) int {
	for i := range r.t {
		if c := cmp.Compare(r.t[i], s.t[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(r.line, s.line)
}

// less is compare(s) < 0, quick where the first words differ.
func (r *record) less(s *record) bool {
	if r.t[0] != s.t[0] {
		return r.t[0] < s.t[0]
	}
	return r.compare(s) < 0
}

const (
	bucketFill  = 4  // records that a bucket holds on average
	maxRadix    = 16 // bits by which records are put into buckets
	longBucket  = 24 // from so many records on, insertion is no longer quick
	partitionOf = 8  // bits that all tokens of a partition share
)

// sorter sorts the records of one partition. Its buffers are kept.
type sorter struct {
	scratch []record
	ends    []uint32
}

// sort returns the records in order, in either the memory given or that of the
// sorter, which keeps the other one. Tokens are evenly spread, so one pass puts each
// record within a few places of its own. Only a token that many lines repeat makes a
// long bucket.
func (s *sorter) sort(rs []record) []record {
	width := min(bits.Len(uint(len(rs)/bucketFill)), maxRadix)
	if width == 0 {
		insertionSort(rs)
		return rs
	}
	shift := 32 - width
	s.ends = append(s.ends[:0], make([]uint32, 1<<width)...)
	ends := s.ends
	for i := range rs {
		ends[bucketOf(&rs[i], shift)]++
	}
	begin := uint32(0)
	for b, n := range ends {
		ends[b] = begin
		begin += n
	}
	if cap(s.scratch) < len(rs) {
		s.scratch = make([]record, cap(rs)) // no more, for the two buffers take turns
	}
	out := s.scratch[:len(rs)]
	for i := range rs {
		b := bucketOf(&rs[i], shift)
		out[ends[b]] = rs[i]
		ends[b]++
	}
	from := uint32(0)
	for _, end := range ends {
		sortBucket(out[from:end])
		from = end
	}
	s.scratch = rs
	return out
}

func bucketOf(r *record, shift int) uint32 {
	return (r.t[0]<<partitionOf | r.t[1]>>(32-partitionOf)) >> shift
}

func sortBucket(rs []record) {
	if len(rs) > longBucket {
		slices.SortFunc(rs, func(a, b record) int { return a.compare(&b) })
		return
	}
	insertionSort(rs)
}

func insertionSort(rs []record) {
	for i := 1; i < len(rs); i++ {
		if !rs[i].less(&rs[i-1]) {
			continue
		}
		r, j := rs[i], i
		for ; j > 0 && r.less(&rs[j-1]); j-- {
			rs[j] = rs[j-1]
		}
		rs[j] = r
	}
}

// unique keeps the first of the records of each token, and tells of the others.
func unique(sorted []record, duplicate func(line uint32)) []record {
	if len(sorted) == 0 {
		return sorted
	}
	n := 1
	for i := 1; i < len(sorted); i++ {
		if sorted[i].t == sorted[n-1].t {
			duplicate(sorted[i].line)
			continue
		}
		if i != n {
			sorted[n] = sorted[i]
		}
		n++
	}
	return sorted[:n]
}
