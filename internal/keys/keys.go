// Package keys composes and reads the keys of the store. docs/format.md draws
// them. Keys hold no personal data: only internal numbers and keyed tokens.
package keys

import "encoding/binary"

// The spaces: the first byte of every key. The store itself owns 0x00.
const (
	Meta      = 'm' // m name
	Node      = 'n' // n token
	Edge      = 'e' // e token token
	Component = 'c' // c root token
	Ordinal   = 'o' // o ordinal
	Veto      = 'x' // x token token
	Dedup     = 'd' // d day hash
	Deadline  = 't' // t instant ordinal
	Field     = 'f' // f field
	Shard     = 's' // s field shard
	MergeLog  = 'g' // g epoch sequence
	Audit     = 'a' // a epoch sequence
	Refusal   = 'r' // r number
	Revision  = 'v' // v kind name-length name revision
)

// TokenLen is the length of an identifier's token.
const TokenLen = 16

// DedupHashLen is the length of the hash in a dedup key.
const DedupHashLen = 12

// Token is the keyed token of one identifier.
type Token = [TokenLen]byte

// AppendMeta appends the key of one named record of the store.
func AppendMeta(dst []byte, name string) []byte { return append(append(dst, Meta), name...) }

// AppendNode appends the key of a node's record.
func AppendNode(dst []byte, t Token) []byte { return append(append(dst, Node), t[:]...) }

// AppendComponent appends the key of a component's record.
func AppendComponent(dst []byte, root Token) []byte {
	return append(append(dst, Component), root[:]...)
}

// AppendEdge appends the key of an edge as seen from its end a. The record lies
// under (weak, strong); the other direction holds nothing.
func AppendEdge(dst []byte, a, b Token) []byte { return appendPair(dst, Edge, a, b) }

// AppendVeto appends the key of a veto as seen from its end a.
func AppendVeto(dst []byte, a, b Token) []byte { return appendPair(dst, Veto, a, b) }

func appendPair(dst []byte, space byte, a, b Token) []byte {
	dst = append(dst, space)
	dst = append(dst, a[:]...)
	return append(dst, b[:]...)
}

// Pair reads the two tokens of the key of an edge, a veto or what was heard.
func Pair(key []byte) (a, b Token, ok bool) {
	if len(key) != 1+2*TokenLen {
		return a, b, false
	}
	return Token(key[1 : 1+TokenLen]), Token(key[1+TokenLen:]), true
}

// AppendFrom appends the prefix of all edges or vetoes of a, or of all that a heard or told.
func AppendFrom(dst []byte, space byte, a Token) []byte {
	return append(append(dst, space), a[:]...)
}

// AppendOrdinal appends the key that leads from an ordinal to its node.
func AppendOrdinal(dst []byte, ordinal uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, Ordinal), ordinal)
}

// AppendDedup appends the key of one accepted event: the day of its original
// time (days since 1970, 0 without a time) and the keyed hash of its source and
// message ID.
func AppendDedup(dst []byte, day int32, hash [DedupHashLen]byte) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, Dedup), uint32(day)^1<<31)
	return append(dst, hash[:]...)
}

// AppendDeadline appends the key of a deadline: when, in microseconds, and whose.
func AppendDeadline(dst []byte, at int64, ordinal uint32) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, Deadline), uint64(at)^1<<63)
	return binary.BigEndian.AppendUint32(dst, ordinal)
}

// ReadDeadline reads a deadline's key.
func ReadDeadline(key []byte) (at int64, ordinal uint32, ok bool) {
	if len(key) != 1+8+4 || key[0] != Deadline {
		return 0, 0, false
	}
	return int64(binary.BigEndian.Uint64(key[1:]) ^ 1<<63), binary.BigEndian.Uint32(key[9:]), true
}

// AppendField appends the key of an index field's record.
func AppendField(dst []byte, field uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, Field), field)
}

// AppendShard appends the key of one shard of an index field.
func AppendShard(dst []byte, field, shard uint32) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, Shard), field)
	return binary.BigEndian.AppendUint32(dst, shard)
}

// AppendMergeLog appends the key of one record of the merge log.
func AppendMergeLog(dst []byte, epoch uint64, seq uint32) []byte {
	return appendLog(dst, MergeLog, epoch, seq)
}

// AppendAudit appends the key of one record of the decisions taken.
func AppendAudit(dst []byte, epoch uint64, seq uint32) []byte {
	return appendLog(dst, Audit, epoch, seq)
}

func appendLog(dst []byte, space byte, epoch uint64, seq uint32) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, space), epoch)
	return binary.BigEndian.AppendUint32(dst, seq)
}

// AppendRefusal appends the key of one record of what was refused.
func AppendRefusal(dst []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, Refusal), number)
}

// AppendRevisions appends the prefix of all revisions of a tag's definition, or of a
// tracked segment's.
func AppendRevisions(dst []byte, segment bool, name string) []byte {
	kind := byte(0)
	if segment {
		kind = 1
	}
	dst = binary.BigEndian.AppendUint16(append(dst, Revision, kind), uint16(len(name)))
	return append(dst, name...)
}

// AppendRevision appends the key of one revision.
func AppendRevision(dst []byte, segment bool, name string, revision uint32) []byte {
	return binary.BigEndian.AppendUint32(AppendRevisions(dst, segment, name), revision)
}

// End returns the least key above every key that begins with prefix, or nil
// when there is none.
func End(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// ReadField reads the key of an index field's record.
func ReadField(key []byte) (field uint32, ok bool) {
	if len(key) != 1+4 || key[0] != Field {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[1:]), true
}

// ReadLog reads the epoch of a record of the merge log or of the decisions taken.
func ReadLog(key []byte) (epoch uint64, ok bool) {
	if len(key) != 1+8+4 || key[0] != MergeLog && key[0] != Audit {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}

// ReadRefusal reads the number of a record of what was refused.
func ReadRefusal(key []byte) (number uint64, ok bool) {
	if len(key) != 1+8 || key[0] != Refusal {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}

// ReadShard reads the shard's number from its key.
func ReadShard(key []byte) (shard uint32, ok bool) {
	if len(key) != 1+4+4 || key[0] != Shard {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[5:]), true
}

// ReadOrdinal reads the ordinal from its key.
func ReadOrdinal(key []byte) (ordinal uint32, ok bool) {
	if len(key) != 1+4 || key[0] != Ordinal {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[1:]), true
}
