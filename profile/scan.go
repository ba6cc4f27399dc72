package profile

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// scan reads what the append functions of this file wrote, from a text, so that
// the texts in it need no copy. It takes only their form: of every number the one
// that they write. The first thing that is wrong makes it bad, and from then on it
// stands at the end and reads zeros.
type scan struct {
	s   string
	i   int
	bad bool
}

func (r *scan) fail() { r.bad, r.i = true, len(r.s) }

// done reports whether all was read.
func (r *scan) done() bool { return r.i == len(r.s) }

// uint reads seven bits a byte, the lowest first.
func (r *scan) uint() uint64 {
	if i := r.i; i < len(r.s) && r.s[i] < 0x80 {
		r.i = i + 1
		return uint64(r.s[i])
	}
	return r.longUint()
}

func (r *scan) longUint() (n uint64) {
	for shift := uint(0); shift < 64 && r.i < len(r.s); shift += 7 {
		b := r.s[r.i]
		r.i++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 || shift == 63 && b > 1 {
				break // Not the shortest form, or beyond 64 bits.
			}
			return n
		}
	}
	r.fail()
	return 0
}

// int reads a number of either sign: 0, -1, 1, -2 and so on.
func (r *scan) int() int64 { return unzigzag(r.uint()) }

func zigzag(n int64) uint64   { return uint64(n)<<1 ^ uint64(n>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

func appendZigzag(dst []byte, n int64) []byte { return binary.AppendUvarint(dst, zigzag(n)) }

// fixed reads eight bytes, the lowest first.
func (r *scan) fixed() (n uint64) {
	if len(r.s)-r.i < 8 {
		r.fail()
		return 0
	}
	for k := range 8 {
		n |= uint64(r.s[r.i+k]) << (8 * k)
	}
	r.i += 8
	return n
}

// Numbers are written as zigzag(n)<<3 | e where they are n/10^e for the least e up
// to 6, with at most 15 digits, which makes n the only one; else as 7 and their
// eight bytes.
const escape = 7

var powers = [7]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}

// scaled returns n and e for a number; ok is false where it has none.
func scaled(f float64) (n int64, e int, ok bool) {
	for e, p := range powers {
		r := math.Round(f * p)
		if !(math.Abs(r) < fifteenDig) {
			break
		}
		if r/p == f {
			return int64(r), e, true
		}
	}
	return 0, 0, false
}

func appendNumber(dst []byte, f float64) []byte {
	if n, e, ok := scaled(f); ok {
		return binary.AppendUvarint(dst, zigzag(n)<<3|uint64(e))
	}
	return binary.LittleEndian.AppendUint64(append(dst, escape), math.Float64bits(f))
}

// number reads a finite number.
func (r *scan) number() float64 { return r.numberOf(r.uint()) }

func (r *scan) numberOf(h uint64) float64 {
	if h == escape {
		f := math.Float64frombits(r.fixed())
		if _, _, short := scaled(f); short || math.IsNaN(f) || math.IsInf(f, 0) {
			r.fail()
			return 0
		}
		return f
	}
	n, e := unzigzag(h>>3), h&7
	if e == escape || !(math.Abs(float64(n)) < fifteenDig) || e > 0 && n%10 == 0 {
		r.fail()
		return 0
	}
	return float64(n) / powers[e]
}

// Sums are written as zigzag(n)<<3 | e, n ten to the e for the least e up to 6,
// where that leaves n within 60 bits; else as 7 and their sixteen bytes.
func appendSum(dst []byte, d Decimal) []byte {
	if m, ok := d.small(); ok {
		e := 6
		for e > 0 && m%10 == 0 {
			m /= 10
			e--
		}
		if fits60(m) {
			return binary.AppendUvarint(dst, zigzag(m)<<3|uint64(e))
		}
	}
	return appendLongSum(append(dst, escape), d)
}

func fits60(n int64) bool { return n == n<<4>>4 }

func appendLongSum(dst []byte, d Decimal) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, d.lo), uint64(d.hi))
}

func (r *scan) sum() Decimal {
	h := r.uint()
	if h == escape {
		return r.long(appendSum)
	}
	n, e := unzigzag(h>>3), h&7
	if e == escape || e > 0 && n%10 == 0 {
		r.fail()
		return Decimal{}
	}
	hi, lo := bits.Mul64(uint64(max(n, -n)), uint64(powers[6-e]))
	d := signed(hi, lo, n < 0)
	if _, ok := d.small(); !ok || !fits60(n) {
		r.fail()
		return Decimal{}
	}
	return d
}

// long reads sixteen bytes, which the append function must not write shorter.
func (r *scan) long(as func([]byte, Decimal) []byte) Decimal {
	lo := r.fixed()
	d := Decimal{hi: int64(r.fixed()), lo: lo}
	var buf [24]byte
	if len(as(buf[:0], d)) < 17 {
		r.fail()
		return Decimal{}
	}
	return d
}

// Scores are written as zigzag(n)<<1 where that is within 62 bits; else as 1 and
// their sixteen bytes.
func appendScore(dst []byte, d Decimal) []byte {
	if n, ok := d.small(); ok && n == n<<2>>2 {
		return binary.AppendUvarint(dst, zigzag(n)<<1)
	}
	return appendLongSum(append(dst, 1), d)
}

func (r *scan) score() Decimal {
	h := r.uint()
	if h == 1 {
		return r.long(appendScore)
	}
	n := unzigzag(h >> 1)
	if h&1 != 0 || n != n<<2>>2 {
		r.fail()
		return Decimal{}
	}
	return Decimal{hi: n >> 63, lo: uint64(n)}
}

// Values are written as a number whose three low bits say of what kind they are
// and whose other bits are their length or content.
const (
	codeNull = iota
	codeBool
	codeNumber // as appendNumber, where that takes no escape
	codeDouble // eight bytes
	codeTime   // zigzag of the instant
	codePoint  // two times eight bytes
	codeText   // the length, then the text
)

// appendScalar appends null or a scalar that an event may hold.
func appendScalar(dst []byte, v Value) []byte {
	code, content := codeNull, uint64(0)
	switch v.kind {
	case KindBool:
		code, content = codeBool, v.bits
	case KindNumber:
		n, e, ok := scaled(v.Number())
		if !ok {
			return binary.LittleEndian.AppendUint64(append(dst, codeDouble), v.bits)
		}
		code, content = codeNumber, zigzag(n)<<3|uint64(e)
	case KindTime:
		code, content = codeTime, zigzag(int64(v.bits))
	case KindPoint:
		dst = binary.LittleEndian.AppendUint64(append(dst, codePoint), v.bits)
		return binary.LittleEndian.AppendUint64(dst, v.aux)
	case KindString:
		code, content = codeText, uint64(len(v.str))
	}
	return append(binary.AppendUvarint(dst, content<<3|uint64(code)), v.str...)
}

// scalar reads what appendScalar wrote. Its text is a part of the scanned one.
func (r *scan) scalar() (v Value) {
	h := r.uint()
	content := h >> 3
	switch h & 7 {
	case codeNull:
		if content != 0 {
			r.fail()
		}
	case codeBool:
		if content > 1 {
			r.fail()
		}
		v = Value{kind: KindBool, bits: content & 1}
	case codeNumber:
		if content == escape {
			r.fail()
		}
		v = Number(r.numberOf(content))
	case codeDouble:
		v = Number(r.numberOf(escape))
	case codeTime:
		v = TimeAt(Instant(unzigzag(content)))
	case codePoint:
		lat := r.fixed()
		v = Value{kind: KindPoint, bits: lat, aux: r.fixed()}
	case codeText:
		v = String(r.text(content))
	default:
		r.fail()
	}
	return r.checked(v, h)
}

// checked refuses what an event cannot hold, or is not written so.
func (r *scan) checked(v Value, h uint64) Value {
	switch v.kind {
	case KindPoint:
		p := Point(v.Point()) // without a negative zero
		if h != codePoint || v.check(0) != nil || p.bits != v.bits || p.aux != v.aux {
			r.fail()
		}
	case KindTime:
		if v.check(0) != nil {
			r.fail()
		}
	case KindNumber:
		if h&7 == codeDouble && h != codeDouble {
			r.fail()
		}
	}
	if r.bad {
		return Value{}
	}
	return v
}

func (r *scan) text(n uint64) string {
	if n > uint64(len(r.s)-r.i) {
		r.fail()
		return ""
	}
	r.i += int(n)
	return r.s[r.i-int(n) : r.i]
}
