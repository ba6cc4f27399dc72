package profile

import (
	"errors"
	"fmt"
	"math"

	"github.com/portraitdb/portrait/internal/pack"
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
		return pack.AppendBool(dst, v.Bool())
	case KindNumber:
		return pack.AppendFloat(dst, v.Number())
	case KindTime:
		t := v.Instant().Time()
		return pack.AppendTime(dst, t.Unix(), uint32(t.Nanosecond()))
	case KindPoint:
		lat, lon := v.Point()
		dst = append(pack.AppendArray(dst, 3), byte(KindPoint))
		return pack.AppendFloat(pack.AppendFloat(dst, lat), lon)
	case KindString:
		return pack.AppendString(dst, v.str)
	case KindList, KindSet:
		dst = append(pack.AppendArray(dst, len(v.list)+1), byte(v.kind))
		for _, e := range v.list {
			dst = AppendValue(dst, e)
		}
		return dst
	}
	return pack.AppendNil(dst)
}

// DecodeValue reads one value in the form of AppendValue from the front of data
// and returns what follows it. Bytes in any other form are an error, also where
// msgpack itself would allow them; lists are bounded as they are in an event.
// The value shares no memory with data.
func DecodeValue(data []byte) (v Value, rest []byte, err error) {
	r := reader{pack.NewReader(data)}
	v = r.value(0)
	if err := r.Err(); err != nil {
		return Value{}, data, fmt.Errorf("value: %w", err)
	}
	return v, r.Rest(), nil
}

// value reads a value that lies in depth lists.
func (r *reader) value(depth int) Value {
	switch r.Next() {
	case pack.TypeNil:
		r.Nil()
		return Value{}
	case pack.TypeBool:
		return Bool(r.Bool())
	case pack.TypeTime:
		return TimeAt(r.time())
	case pack.TypeString:
		return String(r.String())
	case pack.TypeArray:
		return r.tagged(depth)
	}
	return Number(r.Float())
}

// tagged reads an array that leads with its kind.
func (r *reader) tagged(depth int) Value {
	n := r.Array(1)
	if n == 0 {
		r.Fail(errors.New("array without a kind"))
		return Value{}
	}
	switch kind := Kind(min(r.Uint(), math.MaxUint8)); {
	case kind == KindPoint && n == 3:
		return Point(r.Float(), r.Float())
	case kind == KindList, kind == KindSet:
		return Value{kind: kind, list: r.elements(n-1, kind == KindSet, depth)}
	default:
		r.Fail(fmt.Errorf("array of %d of unknown kind %d", n, kind))
	}
	return Value{}
}

// elements reads n values, ascending for a set.
func (r *reader) elements(n int, ascending bool, depth int) []Value {
	switch {
	case depth >= maxDepth:
		r.Fail(fmt.Errorf("more than %d lists within each other", maxDepth))
	case n > maxElements:
		r.Fail(fmt.Errorf("%d elements, at most %d", n, maxElements))
	}
	if n == 0 || r.Err() != nil {
		return nil
	}
	list := make([]Value, 0, min(n, r.Len()))
	for i := range n {
		list = append(list, r.value(depth+1))
		if ascending && i > 0 && list[i-1].Compare(list[i]) >= 0 {
			r.Fail(errors.New("set is not ascending"))
		}
		if r.Err() != nil {
			return nil
		}
	}
	return list
}

// time reads a time of whole microseconds in the years 1 to 9999.
func (r *reader) time() Instant {
	sec, nsec := r.Time()
	if nsec%1000 != 0 || sec < minInstant.Time().Unix() || sec > maxInstant.Time().Unix() {
		r.Fail(errors.New("time of nanoseconds, or outside the years 1 to 9999"))
		return 0
	}
	return Instant(sec*1_000_000 + int64(nsec/1000))
}
