package pack

import (
	"encoding/binary"
	"math"
)

// The writers of what is mostly one byte are small enough to be inlined, and
// leave the rest to a call.

// AppendNil appends a nil.
func AppendNil(dst []byte) []byte { return append(dst, codeNil) }

// AppendBool appends true or false.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, codeTrue)
	}
	return append(dst, codeFalse)
}

// AppendUint appends n in its shortest form.
func AppendUint(dst []byte, n uint64) []byte {
	if n < fixInt {
		return append(dst, byte(n))
	}
	return appendLongUint(dst, n)
}

func appendLongUint(dst []byte, n uint64) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, codeUint8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, codeUint16), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, codeUint32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeUint64), n)
}

// AppendInt appends n in its shortest form, which is that of AppendUint from 0
// on.
func AppendInt(dst []byte, n int64) []byte {
	if fixNegInt <= n && n < fixInt {
		return append(dst, byte(n))
	}
	return appendLongInt(dst, n)
}

func appendLongInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0:
		return appendLongUint(dst, uint64(n))
	case n >= math.MinInt8:
		return append(dst, codeInt8, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, codeInt16), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, codeInt32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeInt64), uint64(n))
}

// AppendFloat appends a number in its only form: an integer where it is one up
// to 2^53 in magnitude, -0 as 0; else 32 bits where they hold it exactly, else
// 64. A number that is not finite is written too, but no Reader takes it.
func AppendFloat(dst []byte, f float64) []byte {
	if math.Abs(f) <= exactInt {
		if n := int64(f); float64(n) == f {
			return AppendInt(dst, n)
		}
	}
	if g := float32(f); float64(g) == f {
		return binary.BigEndian.AppendUint32(append(dst, codeFloat32), math.Float32bits(g))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeFloat64), math.Float64bits(f))
}

// AppendTime appends a time, as seconds since 1970 and nanoseconds below 10^9,
// as the timestamp of the msgpack spec.
func AppendTime(dst []byte, sec int64, nsec uint32) []byte {
	switch timeSize(sec, nsec) {
	case 4:
		return binary.BigEndian.AppendUint32(append(dst, codeFixext4, extTime), uint32(sec))
	case 8:
		return binary.BigEndian.AppendUint64(append(dst, codeFixext8, extTime), uint64(nsec)<<34|uint64(sec))
	}
	dst = binary.BigEndian.AppendUint32(append(dst, codeExt8, 12, extTime), nsec)
	return binary.BigEndian.AppendUint64(dst, uint64(sec))
}

// AppendString appends a text of less than 2^32 bytes.
func AppendString(dst []byte, s string) []byte {
	if len(s) < 32 {
		dst = append(dst, fixStr|byte(len(s)))
	} else {
		dst = appendLong(dst, codeStr8, len(s))
	}
	return append(dst, s...)
}

// AppendBin appends less than 2^32 bytes.
func AppendBin(dst, b []byte) []byte {
	return append(appendLong(dst, codeBin8, len(b)), b...)
}

// appendLong appends a length after a code of the three that begin with that of
// an 8-bit length.
func appendLong(dst []byte, code8 byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, code8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code8+1), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code8+2), uint32(n))
}

// AppendArray appends the header of an array of n elements, at most 2^31-1; the
// caller appends them.
func AppendArray(dst []byte, n int) []byte {
	if n < 16 {
		return append(dst, fixArray|byte(n))
	}
	return appendLongArray(dst, n)
}

func appendLongArray(dst []byte, n int) []byte {
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(dst, codeArray16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, codeArray32), uint32(n))
}
