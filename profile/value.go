package profile

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of value. Their order is the order of values of different kinds.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindTime
	KindPoint
	KindString
	KindList // ordered, may repeat
	KindSet  // sorted, distinct
)

var kindNames = [...]string{"null", "bool", "number", "time", "point", "string", "list", "set"}

// String returns the kind's name as the model file writes it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// Value is one immutable typed value: of a trait or of an event's property. The
// zero Value is null. Copying a Value is cheap and shares its memory.
type Value struct {
	kind Kind
	bits uint64 // bool, number, instant, or the latitude of a point
	aux  uint64 // the longitude of a point
	str  string
	list []Value
}

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, bits: 1}
	}
	return Value{kind: KindBool}
}

// Number returns a numeric value. Negative zero becomes zero; NaN and the
// infinities are kept as given and refused where a value enters a store.
func Number(f float64) Value {
	return Value{kind: KindNumber, bits: math.Float64bits(f + 0)}
}

// String returns a text value.
func String(s string) Value { return Value{kind: KindString, str: s} }

// Time returns a time value, cut down to the microsecond.
func Time(t time.Time) Value { return TimeAt(InstantOf(t)) }

// TimeAt returns the time value of an instant.
func TimeAt(i Instant) Value { return Value{kind: KindTime, bits: uint64(i)} }

// Point returns a place: latitude and longitude in degrees (WGS 84).
func Point(lat, lon float64) Value {
	return Value{kind: KindPoint, bits: math.Float64bits(lat + 0), aux: math.Float64bits(lon + 0)}
}

// List returns an ordered list. It takes ownership of vs.
func List(vs ...Value) Value { return Value{kind: KindList, list: vs} }

// Set returns a set: vs sorted, without repetitions. It takes ownership of vs.
func Set(vs ...Value) Value {
	slices.SortFunc(vs, Value.Compare)
	vs = slices.CompactFunc(vs, func(a, b Value) bool { return a.Compare(b) == 0 })
	return Value{kind: KindSet, list: vs}
}

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Bool returns the boolean, or false for another kind.
func (v Value) Bool() bool { return v.kind == KindBool && v.bits == 1 }

// Number returns the number, or 0 for another kind.
func (v Value) Number() float64 {
	if v.kind != KindNumber {
		return 0
	}
	return math.Float64frombits(v.bits)
}

// Text returns the string, or "" for another kind.
func (v Value) Text() string { return v.str }

// Instant returns the time, or 0 for another kind.
func (v Value) Instant() Instant {
	if v.kind != KindTime {
		return 0
	}
	return Instant(v.bits)
}

// Point returns latitude and longitude in degrees, or zeros for another kind.
func (v Value) Point() (lat, lon float64) {
	if v.kind != KindPoint {
		return 0, 0
	}
	return math.Float64frombits(v.bits), math.Float64frombits(v.aux)
}

// Elements returns the elements of a list or set, nil for another kind. The
// slice belongs to the value: do not change it.
func (v Value) Elements() []Value { return v.list }

// Compare orders values: by kind, then naturally within the kind (lists and
// sets element by element). It is a total order but for NaN, which a store
// never holds.
func (v Value) Compare(o Value) int {
	if v.kind != o.kind {
		return cmp.Compare(v.kind, o.kind)
	}
	switch v.kind {
	case KindBool:
		return cmp.Compare(v.bits, o.bits)
	case KindNumber:
		return cmp.Compare(v.Number(), o.Number())
	case KindTime:
		return cmp.Compare(v.Instant(), o.Instant())
	case KindPoint:
		lat, lon := v.Point()
		olat, olon := o.Point()
		return cmp.Or(cmp.Compare(lat, olat), cmp.Compare(lon, olon))
	case KindString:
		return strings.Compare(v.str, o.str)
	case KindList, KindSet:
		return slices.CompareFunc(v.list, o.list, Value.Compare)
	}
	return 0
}

// Equal reports whether both are the same value of the same kind.
func (v Value) Equal(o Value) bool { return v.Compare(o) == 0 }

// String returns the value as a person would write it: text unquoted, times in
// RFC 3339, lists and sets in brackets.
func (v Value) String() string {
	switch v.kind {
	case KindBool:
		return strconv.FormatBool(v.Bool())
	case KindNumber:
		return strconv.FormatFloat(v.Number(), 'f', -1, 64)
	case KindTime:
		return v.Instant().String()
	case KindPoint:
		lat, lon := v.Point()
		return strconv.FormatFloat(lat, 'f', -1, 64) + "," + strconv.FormatFloat(lon, 'f', -1, 64)
	case KindString:
		return v.str
	case KindList, KindSet:
		parts := make([]string, len(v.list))
		for i, e := range v.list {
			parts[i] = e.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "null"
}
