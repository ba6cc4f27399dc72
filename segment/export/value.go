package export

import (
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

var errNotUTF8 = errors.New("text that is not UTF-8")

// appendJSON appends the column's value as JSON.
func (c Column) appendJSON(dst []byte, p *profile.Profile) ([]byte, error) {
	if c.Whole() {
		return strconv.AppendUint(dst, c.Integer(p), 10), nil
	}
	return appendValue(dst, c.Value(p))
}

// appendText appends the column's value as the text of a cell: of a list or set the
// JSON, nothing for null. typed says that the text is of our own making, a number for
// one, and not what somebody told.
func (c Column) appendText(dst []byte, p *profile.Profile) (text []byte, typed bool, err error) {
	if c.Whole() {
		return strconv.AppendUint(dst, c.Integer(p), 10), true, nil
	}
	switch v := c.Value(p); v.Kind() {
	case profile.KindNull:
		return dst, true, nil
	case profile.KindString:
		if !utf8.ValidString(v.Text()) {
			return dst, false, errNotUTF8
		}
		return append(dst, v.Text()...), false, nil
	case profile.KindPoint:
		lat, lon := v.Point()
		dst, err = appendValue(dst, profile.Number(lat))
		if err == nil {
			dst, err = appendValue(append(dst, ','), profile.Number(lon))
		}
		return dst, true, err
	default:
		data, err := v.MarshalJSON()
		if err == nil && v.Kind() == profile.KindTime {
			data = data[1 : len(data)-1] // without the quotes
		}
		return append(dst, data...), true, err
	}
}

// appendValue appends a value as JSON.
func appendValue(dst []byte, v profile.Value) ([]byte, error) {
	data, err := v.MarshalJSON()
	return append(dst, data...), err
}
