package linkage

import "iter"

// blockOptions says which of the pairs that share a key are candidates.
type blockOptions struct {
	// MaxPosting is the most records that may share a key for it to still tell
	// people apart: longer postings are skipped. Zero means no cap.
	MaxPosting int
	// Split, when above zero, is where the second of two lists starts: only
	// pairs of a record below it and a record from it on are candidates.
	Split int32
}

// candidates is an index of records by blocking key. It is immutable and safe
// for concurrent use.
type candidates struct{ shardEnds []int32 }

// newCandidates indexes the records 0 to n-1. keys appends the blocking hashes of
// a record to dst; zero stands for no key, and a repeated key counts once.
func newCandidates(n int, keys func(rec int32, dst []uint64) []uint64, opt blockOptions) *candidates {
	return &candidates{}
}

// shards returns how many shards the candidate pairs come in. It depends on the
// input alone.
func (c *candidates) shards() int { return len(c.shardEnds) }

// pairs yields the candidate pairs of a shard, the lesser record first and always
// in the same order. Over all shards each pair comes once.
func (c *candidates) pairs(shard int) iter.Seq2[int32, int32] {
	return func(yield func(a, b int32) bool) {}
}

// of yields the records, each once, that share one of the keys.
func (c *candidates) of(keys []uint64) iter.Seq[int32] {
	return func(yield func(rec int32) bool) {}
}

// stats returns how many keys there are, how many of them were skipped for being
// too common, and how many records share the most common one.
func (c *candidates) stats() (postings, skipped, longest int) { return 0, 0, 0 }
