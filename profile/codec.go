package profile

import (
	"encoding/binary"

	"github.com/portraitdb/portrait/internal/pack"
)

// stateVersion leads every stored State.
const stateVersion = 2

// Append appends the stored form of the state to dst and returns the longer
// slice. Equal states have equal bytes. The form is the byte 2, its version,
// and one msgpack value, with structs as arrays and every list ascending by
// what names its entries:
//
//	state    [series, events, span, [attr...], [counter...], overflow]
//	series   nil, or bin as seriescodec.go and docs/format.md say
//	span     []                          no event
//	         [at, tie]                   the earliest event is the latest
//	         [at, tie, at, tie]          of the earliest and of the latest event
//	attr     [name, flags, sum]          under Sum
//	         [purpose, flags, register, at, tie]  of a consent, or an objection
//	         [name, flags, set]          under Union; nil for an overflowed set
//	         [name, flags, value, at, tie]  else, of the event that won
//	counter  [name, flags, count, span]  without folds of properties
//	         [name, flags, count, span, [number...], [unique...]]
//	number   [property, 1, value, at, tie]  of a single event
//	         [property, count, sum, min, minAt, max, maxAt,
//	          first, firstAt, firstTie, last, lastAt, lastTie]
//	unique   [property, [value...]]      nil for an overflowed list
//
//	events, count  unsigned integers
//	at             event time: an integer, microseconds since 1970 in UTC
//	tie            an unsigned integer, see Event.Stamp
//	sum            millionths: an integer if it fits in 64 bits with its sign,
//	               else 16 bytes (bin), big-endian, two's complement
//	flags          1 if declared, plus 2 times the policy in an attr: 0 latest,
//	               1 first, 2 max, 3 min, 4 sum, 5 union, 6 nonEmpty, 7 consent
//	register       the list [at, refused, source, messageId, policy, expires, method] as
//	               AppendValue writes it; refused is 0 granted, 1 withdrawn, 2 denied,
//	               expires a time or null
//	overflow       1 if undeclared attributes were given up, plus 2 if undeclared
//	               event names were, plus 4 if purposes were
//	value, set     as AppendValue writes them
//	min, max, first, last  numbers as AppendValue writes them
//
// Attrs ascend by (name, policy, declared), counters by (name, declared),
// numbers and uniques by property.
func (s *State) Append(dst []byte) []byte {
	dst = s.appendSeries(pack.AppendArray(append(dst, stateVersion), 6))
	dst = pack.AppendUint(dst, s.events)
	if s.events == 0 {
		dst = pack.AppendArray(dst, 0)
	} else {
		dst = appendSpan(dst, s.first, s.last)
	}
	dst = pack.AppendArray(dst, len(s.attrs))
	for i := range s.attrs {
		dst = s.attrs[i].append(dst)
	}
	dst = pack.AppendArray(dst, len(s.counters))
	for i := range s.counters {
		dst = s.counters[i].append(dst)
	}
	return append(dst, byte(s.overflow))
}

func appendStamp(dst []byte, s Stamp) []byte {
	return pack.AppendUint(pack.AppendInt(dst, int64(s.At)), s.Tie)
}

func appendSpan(dst []byte, first, last Stamp) []byte {
	if first == last {
		return appendStamp(pack.AppendArray(dst, 2), first)
	}
	return appendStamp(appendStamp(pack.AppendArray(dst, 4), first), last)
}

func (a *attr) append(dst []byte) []byte {
	flags := byte(a.policy) << 1
	if a.declared {
		flags |= 1
	}
	size := 5
	if a.policy == Sum || a.policy == Union {
		size = 3
	}
	dst = append(pack.AppendString(pack.AppendArray(dst, size), a.name), flags)
	switch a.policy {
	case Sum:
		return a.sum.append(dst)
	case Union:
		return AppendValue(dst, a.value)
	}
	return appendStamp(AppendValue(dst, a.value), a.stamp)
}

func (c *counter) append(dst []byte) []byte {
	size, flags := 4, byte(0)
	if len(c.numbers)+len(c.uniques) > 0 {
		size = 6
	}
	if c.declared {
		flags = 1
	}
	dst = append(pack.AppendString(pack.AppendArray(dst, size), c.name), flags)
	dst = appendSpan(pack.AppendUint(dst, c.count), c.first, c.last)
	if size == 4 {
		return dst
	}
	dst = pack.AppendArray(dst, len(c.numbers))
	for i := range c.numbers {
		dst = c.numbers[i].append(dst)
	}
	dst = pack.AppendArray(dst, len(c.uniques))
	for i := range c.uniques {
		dst = c.uniques[i].append(dst)
	}
	return dst
}

func (n *number) append(dst []byte) []byte {
	if n.count == 1 {
		dst = append(pack.AppendString(pack.AppendArray(dst, 5), n.prop), 1)
		return appendStamp(pack.AppendFloat(dst, n.min), n.firstAt)
	}
	dst = pack.AppendUint(pack.AppendString(pack.AppendArray(dst, 13), n.prop), n.count)
	dst = n.sum.append(dst)
	dst = pack.AppendInt(pack.AppendFloat(dst, n.min), int64(n.minAt))
	dst = pack.AppendInt(pack.AppendFloat(dst, n.max), int64(n.maxAt))
	dst = appendStamp(pack.AppendFloat(dst, n.first), n.firstAt)
	return appendStamp(pack.AppendFloat(dst, n.last), n.lastAt)
}

func (u *unique) append(dst []byte) []byte {
	dst = pack.AppendString(pack.AppendArray(dst, 2), u.prop)
	if u.over {
		return pack.AppendNil(dst)
	}
	dst = pack.AppendArray(dst, len(u.values))
	for _, v := range u.values {
		dst = AppendValue(dst, v)
	}
	return dst
}

func (d Decimal) append(dst []byte) []byte {
	if n, ok := d.small(); ok {
		return pack.AppendInt(dst, n)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(d.hi))
	binary.BigEndian.PutUint64(b[8:], d.lo)
	return pack.AppendBin(dst, b[:])
}
