package profile

import (
	"fmt"
	"math"
	"time"
)

// coerce returns the value in its declared kind.
func coerce(v Value, decl Attribute) (Value, *fault) {
	switch decl.Kind {
	case KindNull:
		return v, v.check(0)
	case KindSet:
		return asSet(v, decl.Elem)
	case KindList:
		if v.kind != KindList && v.kind != KindSet {
			return Value{}, &fault{ReasonTraitType, "want list, got " + v.kind.String()}
		}
		list, f := elements(v.list, decl.Elem)
		return List(list...), f
	}
	return scalar(v, decl.Kind)
}

// asSet returns a list, a set or a single element as a set of scalars. More
// than 1,000 distinct elements are left for the caller's bound.
func asSet(v Value, elem Kind) (Value, *fault) {
	list := []Value{v}
	if v.kind == KindList || v.kind == KindSet {
		list = v.list
	}
	list, f := elements(list, elem)
	if f != nil {
		return Value{}, f
	}
	return Set(list...), nil
}

// elements returns a copy of the list with every element of the wanted kind,
// nulls left out.
func elements(list []Value, elem Kind) ([]Value, *fault) {
	if len(list) > maxElements {
		return nil, tooLong(len(list))
	}
	out := make([]Value, 0, len(list))
	for _, v := range list {
		if v.IsNull() {
			continue
		}
		v, f := scalar(v, elem)
		if f != nil {
			return nil, f
		}
		out = append(out, v)
	}
	return out, nil
}

// scalar returns the value in a scalar kind, KindNull standing for any.
func scalar(v Value, want Kind) (Value, *fault) {
	switch {
	case want == KindNull && v.kind < KindList, want == v.kind:
		return v, v.check(0)
	case want == KindTime && v.kind == KindString:
		if t, ok := parseTime(v.str); ok {
			at := Time(t) // An offset can lead out of what a time can say.
			return at, at.check(0)
		}
		return Value{}, &fault{ReasonTraitType, fmt.Sprintf("want time, got text %.40q", v.str)}
	case want == KindNull:
		return Value{}, &fault{ReasonTraitType, "want a scalar, got " + v.kind.String()}
	}
	return Value{}, &fault{ReasonTraitType, "want " + want.String() + ", got " + v.kind.String()}
}

// The forms of time that text is read in, besides a plain date. The fraction of
// a second is optional in both.
var timeLayouts = [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", time.DateOnly}

// parseTime reads RFC 3339, also with an offset without a colon, and dates,
// which stand for midnight UTC.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// The instants that RFC 3339 can write: years 1 to 9999.
var (
	minInstant = InstantOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))
	maxInstant = InstantOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) - 1
)

// check returns what keeps the value out of a state: a number that is not
// finite, a point off the globe, a time that cannot be written, lists too long
// or too deep. depth is how many lists it lies in.
func (v Value) check(depth int) *fault {
	switch v.kind {
	case KindNumber:
		if f := v.Number(); math.IsNaN(f) || math.IsInf(f, 0) {
			return &fault{ReasonNotFinite, "got " + v.String()}
		}
	case KindPoint:
		lat, lon := v.Point()
		if !(math.Abs(lat) <= 90 && math.Abs(lon) <= 180) {
			return &fault{ReasonOutOfRange, "not a latitude and a longitude: " + v.String()}
		}
	case KindTime:
		if i := v.Instant(); i < minInstant || i > maxInstant {
			return &fault{ReasonTimeOutOfRange, "outside the years 1 to 9999"}
		}
	case KindList, KindSet:
		if depth >= maxDepth {
			return &fault{ReasonTooDeep, fmt.Sprintf("more than %d lists within each other", maxDepth)}
		}
		if len(v.list) > maxElements {
			return tooLong(len(v.list))
		}
		for _, e := range v.list {
			if f := e.check(depth + 1); f != nil {
				return f
			}
		}
	}
	return nil
}

func tooLong(n int) *fault {
	return &fault{ReasonTooLong, fmt.Sprintf("%d elements, at most %d", n, maxElements)}
}
