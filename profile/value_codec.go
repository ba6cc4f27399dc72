package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// AppendValue appends the stored form of the value to dst and returns the
// longer slice. Equal values have equal bytes. The form is msgpack:
//
//	null    nil
//	bool    false, true
//	number  an integer, if it is one up to 2^53 in magnitude (-0 is 0); else
//	        float32 if that holds it exactly; else float64
//	time    the timestamp extension, type -1, of 4, 8 or 12 bytes
//	point   [4, latitude, longitude], each written as a number
//	string  str
//	list    [6, element...]
//	set     [7, element...], elements ascending
//
// Integers and lengths take their shortest form. Numbers that are not finite,
// times outside the years 1 to 9999 and lists beyond the bounds of an event have
// no stored form: Event.Validate and Schema.Lift refuse them, and so does
// DecodeValue.
func AppendValue(dst []byte, v Value) []byte {
	switch v.kind {
	case KindBool:
		return append(dst, codeFalse+byte(v.bits))
	case KindNumber:
		return appendFloat(dst, v.Number())
	case KindTime:
		return appendTime(dst, v.Instant())
	case KindPoint:
		lat, lon := v.Point()
		dst = append(dst, fixArray|3, byte(KindPoint))
		return appendFloat(appendFloat(dst, lat), lon)
	case KindString:
		return appendString(dst, v.str)
	case KindList, KindSet:
		dst = append(appendArray(dst, len(v.list)+1), byte(v.kind))
		for _, e := range v.list {
			dst = AppendValue(dst, e)
		}
		return dst
	}
	return append(dst, codeNil)
}

// appendTime writes the msgpack timestamp: whole seconds of 32 bits, 30 bits of
// nanoseconds over 34 of seconds, or 32 over 64.
func appendTime(dst []byte, i Instant) []byte {
	t := i.Time()
	sec, nsec := t.Unix(), uint64(t.Nanosecond())
	switch {
	case sec>>34 != 0:
		dst = binary.BigEndian.AppendUint32(append(dst, codeExt8, 12, extTime), uint32(nsec))
		return binary.BigEndian.AppendUint64(dst, uint64(sec))
	case nsec != 0 || sec > math.MaxUint32:
		return binary.BigEndian.AppendUint64(append(dst, codeFixext8, extTime), nsec<<34|uint64(sec))
	}
	return binary.BigEndian.AppendUint32(append(dst, codeFixext4, extTime), uint32(sec))
}

// DecodeValue reads one value in the form of AppendValue from the front of data
// and returns what follows it. Bytes in any other form are an error, also where
// msgpack itself would allow them; lists are bounded as they are in an event.
// The value shares no memory with data.
func DecodeValue(data []byte) (v Value, rest []byte, err error) {
	r := reader{data: data}
	v = r.value(0)
	if r.err != nil {
		return Value{}, data, fmt.Errorf("value: %w", r.err)
	}
	return v, data[r.pos:], nil
}

// value reads a value that lies in depth lists.
func (r *reader) value(depth int) Value {
	if r.left() == 0 {
		r.fail(errShort)
		return Value{}
	}
	switch c := r.data[r.pos]; {
	case c == codeNil:
		r.pos++
		return Value{}
	case c == codeFalse, c == codeTrue:
		r.pos++
		return Bool(c == codeTrue)
	case c == codeFixext4, c == codeFixext8, c == codeExt8:
		return TimeAt(r.time())
	case c&0xe0 == fixStr, c >= codeStr8 && c <= codeStr32:
		return String(r.string())
	case c&0xf0 == fixArray, c == codeArray16, c == codeArray32:
		return r.tagged(depth)
	}
	return Number(r.float())
}

// tagged reads an array that leads with its kind.
func (r *reader) tagged(depth int) Value {
	n := r.array(1)
	if n == 0 {
		r.fail(errors.New("array without a kind"))
		return Value{}
	}
	switch kind := Kind(min(r.uint(), math.MaxUint8)); {
	case kind == KindPoint && n == 3:
		return Point(r.float(), r.float())
	case kind == KindList, kind == KindSet:
		return Value{kind: kind, list: r.elements(n-1, kind == KindSet, depth)}
	default:
		r.fail(fmt.Errorf("array of %d of unknown kind %d", n, kind))
	}
	return Value{}
}

// elements reads n values, ascending for a set.
func (r *reader) elements(n int, ascending bool, depth int) []Value {
	switch {
	case depth >= maxDepth:
		r.fail(fmt.Errorf("more than %d lists within each other", maxDepth))
	case n > maxElements:
		r.fail(fmt.Errorf("%d elements, at most %d", n, maxElements))
	}
	if n == 0 || r.err != nil {
		return nil
	}
	list := make([]Value, 0, min(n, r.left()))
	for i := range n {
		list = append(list, r.value(depth+1))
		if ascending && i > 0 && list[i-1].Compare(list[i]) >= 0 {
			r.fail(errors.New("set is not ascending"))
		}
		if r.err != nil {
			return nil
		}
	}
	return list
}

// time reads a timestamp in the form of appendTime.
func (r *reader) time() Instant {
	var sec int64
	var nsec uint64
	size := 0
	switch c, _ := r.code(); c {
	case codeFixext4:
		size = 4
	case codeFixext8:
		size = 8
	default:
		size = 12
		if b := r.take(1); b != nil && b[0] != 12 {
			r.fail(fmt.Errorf("extension of %d bytes", b[0]))
		}
	}
	if b := r.take(1); b != nil && b[0] != extTime {
		r.fail(fmt.Errorf("unknown extension type %d", int8(b[0])))
	}
	switch size {
	case 4:
		sec = int64(r.big(4, 0))
	case 8:
		u := r.big(8, 0)
		sec, nsec = int64(u&(1<<34-1)), u>>34
	default:
		nsec = r.big(4, 0)
		sec = int64(r.big(8, 0))
	}
	if r.err != nil {
		return 0
	}
	micro, ok := micros(sec, nsec)
	if !ok || timeSize(sec, nsec) != size {
		r.fail(errors.New("timestamp is not in its only form"))
		return 0
	}
	return micro
}

// micros returns whole microseconds, if the time is one of the years 1 to 9999.
func micros(sec int64, nsec uint64) (Instant, bool) {
	if nsec%1000 != 0 || nsec >= uint64(time.Second) ||
		sec < minInstant.Time().Unix() || sec > maxInstant.Time().Unix() {
		return 0, false
	}
	return Instant(sec*1_000_000 + int64(nsec/1000)), true
}

// timeSize returns how many bytes appendTime takes for a time.
func timeSize(sec int64, nsec uint64) int {
	switch {
	case sec>>34 != 0:
		return 12
	case nsec != 0 || sec > math.MaxUint32:
		return 8
	}
	return 4
}
