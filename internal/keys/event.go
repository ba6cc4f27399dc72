package keys

import "encoding/binary"

// The spaces of the event log.
const (
	Event  = 'l' // l token instant tie content
	Expiry = 'k' // k day token seconds
)

const (
	eventLen  = 1 + TokenLen + 8 + 8 + 8
	expiryLen = 1 + 4 + TokenLen + 4
)

// AppendEvent appends the key of a logged event: whose node it lies at, its instant
// in microseconds, its place among the events of that instant, and a hash of its
// content, which keeps events apart that share the place.
func AppendEvent(dst []byte, t Token, at int64, tie, content uint64) []byte {
	dst = AppendEventsAt(dst, t, at, tie)
	return binary.BigEndian.AppendUint64(dst, content)
}

// AppendEventsAt appends the prefix of the events of a node at one place in time.
func AppendEventsAt(dst []byte, t Token, at int64, tie uint64) []byte {
	return binary.BigEndian.AppendUint64(AppendEventsFrom(dst, t, at), tie)
}

// AppendEventsFrom appends the least key of the events of a node that are not before
// an instant.
func AppendEventsFrom(dst []byte, t Token, at int64) []byte {
	return binary.BigEndian.AppendUint64(AppendEvents(dst, t), uint64(at)^1<<63)
}

// AppendEvents appends the prefix of all events of a node.
func AppendEvents(dst []byte, t Token) []byte { return append(append(dst, Event), t[:]...) }

// ReadEvent reads the key of a logged event.
func ReadEvent(key []byte) (t Token, at int64, tie, content uint64, ok bool) {
	if len(key) != eventLen || key[0] != Event {
		return t, 0, 0, 0, false
	}
	rest := key[1+TokenLen:]
	at = int64(binary.BigEndian.Uint64(rest) ^ 1<<63)
	return Token(key[1 : 1+TokenLen]), at, binary.BigEndian.Uint64(rest[8:]), binary.BigEndian.Uint64(rest[16:]), true
}

// EventOrder returns the part of a logged event's key that orders it among those of
// all nodes; nil for a key of another kind.
func EventOrder(key []byte) []byte {
	if len(key) != eventLen {
		return nil
	}
	return key[1+TokenLen:]
}

// AppendExpiry appends the key which says that events of a node expire on a day
// (days since 1970, in UTC): those that are kept for so many seconds.
func AppendExpiry(dst []byte, day int32, t Token, seconds uint32) []byte {
	dst = append(AppendExpiryDay(dst, day), t[:]...)
	return binary.BigEndian.AppendUint32(dst, seconds)
}

// AppendExpiryDay appends the prefix of what expires on a day.
func AppendExpiryDay(dst []byte, day int32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, Expiry), uint32(day)^1<<31)
}

// ReadExpiry reads the key which says that events of a node expire.
func ReadExpiry(key []byte) (day int32, t Token, seconds uint32, ok bool) {
	if len(key) != expiryLen || key[0] != Expiry {
		return 0, t, 0, false
	}
	day = int32(binary.BigEndian.Uint32(key[1:]) ^ 1<<31)
	return day, Token(key[5 : 5+TokenLen]), binary.BigEndian.Uint32(key[5+TokenLen:]), true
}
