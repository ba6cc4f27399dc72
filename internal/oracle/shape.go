package oracle

import (
	"fmt"
	"math"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// maxDepth is how many lists may lie within each other.
const maxDepth = 4

// shape returns a told value in the declared kind, or says why it has none.
// KindNull as kind takes any value, as elem any scalar.
func shape(v profile.Value, kind, elem profile.Kind) (profile.Value, error) {
	many := v.Kind() == profile.KindList || v.Kind() == profile.KindSet
	switch {
	case kind == profile.KindNull && many:
		return v, shallow(v, maxDepth)
	case kind == profile.KindSet && !many:
		v = profile.List(v)
	case kind == profile.KindList && !many:
		return profile.Value{}, fmt.Errorf("want a list, got %v", v.Kind())
	case kind < profile.KindList:
		return scalar(v, kind)
	}
	if n := len(v.Elements()); n > maxElements {
		return profile.Value{}, fmt.Errorf("want at most %d elements, got %d", maxElements, n)
	}
	var elements []profile.Value
	for _, e := range v.Elements() {
		if e.IsNull() {
			continue
		}
		e, err := scalar(e, elem)
		if err != nil {
			return profile.Value{}, err
		}
		elements = append(elements, e)
	}
	if kind == profile.KindSet {
		return profile.Set(elements...), nil
	}
	return profile.List(elements...), nil
}

// scalar returns a value as a scalar of the kind. Text reads as a time where one
// is wanted.
func scalar(v profile.Value, kind profile.Kind) (profile.Value, error) {
	if kind == profile.KindTime && v.Kind() == profile.KindString {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02"} {
			if t, err := time.Parse(layout, v.Text()); err == nil {
				return profile.Time(t), sound(profile.Time(t), kind)
			}
		}
	}
	return v, sound(v, kind)
}

// sound reports why a value is not a scalar of the kind that a state may hold.
func sound(v profile.Value, kind profile.Kind) error {
	lat, lon := v.Point()
	year := v.Instant().Time().Year()
	switch {
	case v.Kind() >= profile.KindList, kind != profile.KindNull && kind != v.Kind():
		return fmt.Errorf("want a scalar of kind %v, got %v", kind, v.Kind())
	case math.IsNaN(v.Number()), math.IsInf(v.Number(), 0):
		return fmt.Errorf("want a finite number, got %v", v)
	case !(math.Abs(lat) <= 90 && math.Abs(lon) <= 180):
		return fmt.Errorf("want a place on the globe, got %v", v)
	case year < 1 || year > 9999:
		return fmt.Errorf("want a time in the years 1 to 9999, got %v", v)
	}
	return nil
}

// shallow reports why a list of anything is not one that a state may hold:
// levels is how many lists may lie within each other.
func shallow(v profile.Value, levels int) error {
	if v.Kind() != profile.KindList && v.Kind() != profile.KindSet {
		return sound(v, profile.KindNull)
	}
	switch n := len(v.Elements()); {
	case levels == 0:
		return fmt.Errorf("more than %d lists within each other", maxDepth)
	case n > maxElements:
		return fmt.Errorf("want at most %d elements, got %d", maxElements, n)
	}
	for _, e := range v.Elements() {
		if err := shallow(e, levels-1); err != nil {
			return err
		}
	}
	return nil
}
