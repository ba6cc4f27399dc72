package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// flattenMembers adds the members, with their names under prefix.
func flattenMembers(fields map[string]Value, prefix string, list []member) *FieldError {
	for _, m := range list {
		name := prefix + m.name
		if len(name) > maxJSONName {
			return &FieldError{Field: fmt.Sprintf("%.40s…", name), Reason: ReasonTooLong, Detail: fmt.Sprintf("a name of %d bytes, at most %d", len(name), maxJSONName)}
		}
		if m.raw[0] == '{' {
			inner := members(m.raw)
			if _, ok := asPoint(inner); !ok {
				if err := flattenMembers(fields, name+".", inner); err != nil {
					return err
				}
				continue
			}
		}
		v, err := parseValue(m.raw)
		if err != nil {
			return err.under(name)
		}
		fields[name] = v
		if len(fields) > maxJSONFields {
			return &FieldError{Reason: ReasonTooManyProperties, Detail: fmt.Sprintf("more than %d", maxJSONFields)}
		}
	}
	return nil
}

// asPoint reads an object of a latitude and a longitude.
func asPoint(list []member) (v Value, ok bool) {
	if len(list) != 2 {
		return Value{}, false
	}
	var lat, lon []byte
	for _, m := range list {
		switch m.name {
		case "lat", "latitude":
			lat = m.raw
		case "lon", "lng", "longitude":
			lon = m.raw
		}
	}
	y, err1 := parseNumber(lat)
	x, err2 := parseNumber(lon)
	return Point(y, x), err1 == nil && err2 == nil
}

func parseNumber(raw []byte) (float64, *FieldError) {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(f, 0) {
		return 0, &FieldError{Reason: ReasonNotFinite, Detail: fmt.Sprintf("%.40s is beyond a 64-bit float", raw)}
	}
	return f, nil
}

// parseValue reads a checked value of a property or trait, or of an array
// within one.
func parseValue(raw []byte) (Value, *FieldError) {
	switch raw[0] {
	case 'n':
		return Value{}, nil
	case 't', 'f':
		return Bool(raw[0] == 't'), nil
	case '"':
		return String(unquote(raw)), nil
	case '{':
		if v, ok := asPoint(members(raw)); ok {
			return v, nil
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return Value{}, &FieldError{Reason: ReasonInvalidJSON, Detail: err.Error()}
		}
		return String(compact.String()), nil
	case '[':
		return parseList(raw)
	}
	f, err := parseNumber(raw)
	return Number(f), err
}

func parseList(raw []byte) (Value, *FieldError) {
	parts := items(raw)
	if len(parts) > maxElements {
		return Value{}, tooLong(len(parts)).at("")
	}
	list := make([]Value, 0, len(parts))
	for i, part := range parts {
		v, err := parseValue(part)
		if err != nil {
			return Value{}, err.under("[" + strconv.Itoa(i) + "]")
		}
		list = append(list, v)
	}
	return List(list...), nil
}
