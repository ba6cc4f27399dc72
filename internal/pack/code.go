// Package pack writes and reads the part of msgpack that stored values use, in
// one form only: the writers append the shortest form of what they are given,
// and a Reader refuses every other. So the same content has the same bytes, and
// what was read is written again as the bytes that it was read from.
package pack

// The msgpack codes in use.
const (
	codeNil     = 0xc0
	codeFalse   = 0xc2
	codeTrue    = 0xc3
	codeBin8    = 0xc4
	codeBin16   = 0xc5
	codeBin32   = 0xc6
	codeExt8    = 0xc7
	codeFloat32 = 0xca
	codeFloat64 = 0xcb
	codeUint8   = 0xcc
	codeUint16  = 0xcd
	codeUint32  = 0xce
	codeUint64  = 0xcf
	codeInt8    = 0xd0
	codeInt16   = 0xd1
	codeInt32   = 0xd2
	codeInt64   = 0xd3
	codeFixext4 = 0xd6
	codeFixext8 = 0xd7
	codeStr8    = 0xd9
	codeStr16   = 0xda
	codeStr32   = 0xdb
	codeArray16 = 0xdc
	codeArray32 = 0xdd

	fixArray  = 0x90 // over a length below 16
	fixStr    = 0xa0 // over a length below 32
	fixInt    = 0x80 // integers from 0 up to here are their own code
	fixNegInt = -32  // and so are these, down to here

	extTime = 0xff // type -1, the timestamp of the msgpack spec
)

// exactInt is the magnitude up to which every integer is exact as a float64.
const exactInt = 1 << 53

// Type is what a value is, as far as its first byte tells.
type Type uint8

// The types that a Reader reads.
const (
	TypeNumber Type = iota // an integer or a float; also what no read accepts
	TypeNil
	TypeBool
	TypeTime
	TypeString
	TypeBin
	TypeArray
)

// timeSize returns how many bytes the shortest timestamp takes: whole seconds of
// 32 bits, 30 bits of nanoseconds over 34 of seconds, or 32 over 64.
func timeSize(sec int64, nsec uint32) int {
	switch {
	case sec>>34 != 0:
		return 12
	case nsec != 0 || sec>>32 != 0:
		return 8
	}
	return 4
}
