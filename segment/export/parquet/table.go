package parquet

import (
	"errors"
	"fmt"
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment/export"
)

// table is the root of a Parquet schema: a group whose fields keep the order of the
// columns, which a group alone would sort.
type table struct {
	pq.Group
	columns []export.Column
	order   map[string]int
}

func newTable(columns []export.Column) (*table, error) {
	if len(columns) == 0 {
		return nil, errors.New("no columns")
	}
	t := &table{Group: pq.Group{}, columns: columns, order: map[string]int{}}
	for i, c := range columns {
		header := c.Header()
		if header == "" {
			return nil, fmt.Errorf("column %d is none that ParseColumns made", i+1)
		}
		if other, taken := t.order[header]; taken {
			return nil, fmt.Errorf("columns %d and %d are both headed %q", other+1, i+1, header)
		}
		t.order[header] = i
		t.Group[header] = nodeOf(c)
	}
	return t, nil
}

// Fields returns the columns in their order.
func (t *table) Fields() []pq.Field {
	fields := t.Group.Fields()
	slices.SortFunc(fields, func(a, b pq.Field) int { return t.order[a.Name()] - t.order[b.Name()] })
	return fields
}

// nodeOf returns the type of a column.
func nodeOf(c export.Column) pq.Node {
	if c.Whole() {
		return pq.Uint(64)
	}
	switch c.Kind() {
	case profile.KindBool:
		return pq.Optional(pq.Leaf(pq.BooleanType))
	case profile.KindNumber:
		return pq.Optional(pq.Leaf(pq.DoubleType))
	case profile.KindTime:
		return pq.Optional(pq.Timestamp(pq.Microsecond))
	case profile.KindPoint:
		return pq.Optional(pq.Group{"lat": pq.Leaf(pq.DoubleType), "lon": pq.Leaf(pq.DoubleType)})
	case profile.KindList, profile.KindSet:
		return pq.Optional(pq.List(pq.Optional(pq.String())))
	default:
		return pq.Optional(pq.String())
	}
}

// The definition levels of an optional column: of a list that is there but has no
// elements, of an element that is null, and of one that is not.
const (
	null          = 0
	present       = 1
	presentNull   = 2
	presentString = 3
)

// append appends the row of a profile.
func (t *table) append(row pq.Row, p *profile.Profile) (pq.Row, error) {
	at := 0 // The next leaf of the schema.
	for _, c := range t.columns {
		if c.Whole() {
			row = append(row, pq.Int64Value(int64(c.Integer(p))).Level(0, 0, at))
			at++
			continue
		}
		v := c.Value(p)
		if k := c.Kind(); !v.IsNull() && !fits(v.Kind(), k) {
			return row, fmt.Errorf("column %q: want a %s, it is a %s", c.Header(), k, v.Kind())
		}
		var err error
		switch c.Kind() {
		case profile.KindPoint:
			row = appendPoint(row, v, at)
			at++
		case profile.KindList, profile.KindSet:
			row, err = appendList(row, v, at)
		default:
			row, err = appendScalar(row, v, c.Kind(), at)
		}
		if err != nil {
			return row, fmt.Errorf("column %q: %w", c.Header(), err)
		}
		at++
	}
	return row, nil
}

// fits reports whether a column of a kind takes a value of another.
func fits(value, column profile.Kind) bool {
	switch column {
	case profile.KindNull:
		return true
	case profile.KindList, profile.KindSet:
		return value == profile.KindList || value == profile.KindSet
	default:
		return value == column
	}
}

func appendScalar(row pq.Row, v profile.Value, kind profile.Kind, at int) (pq.Row, error) {
	if v.IsNull() {
		return append(row, pq.NullValue().Level(0, null, at)), nil
	}
	switch kind {
	case profile.KindBool:
		return append(row, pq.BooleanValue(v.Bool()).Level(0, present, at)), nil
	case profile.KindNumber:
		return append(row, pq.DoubleValue(v.Number()).Level(0, present, at)), nil
	case profile.KindTime:
		return append(row, pq.Int64Value(int64(v.Instant())).Level(0, present, at)), nil
	default:
		text, err := textOf(v)
		return append(row, pq.ByteArrayValue(text).Level(0, present, at)), err
	}
}

// appendPoint appends the two leaves of a place.
func appendPoint(row pq.Row, v profile.Value, at int) pq.Row {
	if v.IsNull() {
		return append(row, pq.NullValue().Level(0, null, at), pq.NullValue().Level(0, null, at+1))
	}
	lat, lon := v.Point()
	return append(row, pq.DoubleValue(lat).Level(0, present, at), pq.DoubleValue(lon).Level(0, present, at+1))
}

func appendList(row pq.Row, v profile.Value, at int) (pq.Row, error) {
	switch {
	case v.IsNull():
		return append(row, pq.NullValue().Level(0, null, at)), nil
	case len(v.Elements()) == 0:
		return append(row, pq.NullValue().Level(0, present, at)), nil
	}
	for i, e := range v.Elements() {
		again := min(i, 1) // The repetition level: 0 begins the list.
		if e.IsNull() {
			row = append(row, pq.NullValue().Level(again, presentNull, at))
			continue
		}
		text, err := textOf(e)
		if err != nil {
			return row, err
		}
		row = append(row, pq.ByteArrayValue(text).Level(again, presentString, at))
	}
	return row, nil
}

// textOf returns a value as text: of what is not text the JSON, and a time without
// its quotes.
func textOf(v profile.Value) ([]byte, error) {
	data, err := v.MarshalJSON() // Checks that it is UTF-8.
	switch {
	case err != nil:
		return nil, err
	case v.Kind() == profile.KindString:
		return []byte(v.Text()), nil
	case v.Kind() == profile.KindTime:
		return data[1 : len(data)-1], nil
	}
	return data, nil
}
