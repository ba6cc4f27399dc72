package keys

import "encoding/binary"

// The spaces of the change feed.
const (
	Feed      = 'w' // w epoch sequence
	FeedField = 'b' // b field
)

// AppendFeed appends the key of one part of what a commit changed.
func AppendFeed(dst []byte, epoch uint64, seq uint32) []byte {
	return appendLog(dst, Feed, epoch, seq)
}

// ReadFeed reads the key of one part of what a commit changed.
func ReadFeed(key []byte) (epoch uint64, seq uint32, ok bool) {
	if len(key) != 1+8+4 || key[0] != Feed {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), binary.BigEndian.Uint32(key[9:]), true
}

// AppendFeedField appends the key of what the feed calls a field of the index.
func AppendFeedField(dst []byte, field uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, FeedField), field)
}

// ReadFeedField reads the key of what the feed calls a field of the index.
func ReadFeedField(key []byte) (field uint32, ok bool) {
	if len(key) != 1+4 || key[0] != FeedField {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[1:]), true
}
