package oracle

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// fields are what the bare names in a where() mean: the properties of an event, or
// the fields of an element. A name that means nothing is null.
type fields func(name string) profile.Value

// fieldsOf returns the fields of an event.
func fieldsOf(e *profile.Event) fields {
	return func(name string) profile.Value {
		switch name {
		case "$source":
			return profile.String(e.Source)
		case "$type":
			return profile.String(e.Type.String())
		case "$name":
			return profile.String(e.Name)
		}
		return e.Properties[name]
	}
}

// elementFields returns the fields of an element of a list: those of an object,
// which is kept as its JSON, or the scalar by the name of value.
func elementFields(v profile.Value) fields {
	if object, ok := readObject(v.Text()); ok {
		flat := map[string]profile.Value{}
		flatten(flat, "", object)
		return func(name string) profile.Value { return flat[name] }
	}
	return func(name string) profile.Value {
		if name == "value" {
			return v
		}
		return profile.Value{}
	}
}

// readObject reads a text that is one JSON object and nothing else.
func readObject(text string) (object map[string]any, ok bool) {
	if !strings.HasPrefix(text, "{") {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&object) != nil {
		return nil, false
	}
	_, err := d.Token()
	return object, err == io.EOF
}

// flatten gives the members of an object their names; those of an object within
// it begin with its name and a dot.
func flatten(flat map[string]profile.Value, prefix string, object map[string]any) {
	for name, x := range object {
		inner, nested := x.(map[string]any)
		if _, place := place(inner); nested && !place {
			flatten(flat, prefix+name+".", inner)
			continue
		}
		flat[prefix+name] = valueOf(x)
	}
}

// valueOf returns what encoding/json made of a value as a property would be.
func valueOf(x any) profile.Value {
	switch x := x.(type) {
	case bool:
		return profile.Bool(x)
	case json.Number:
		if f, err := x.Float64(); err == nil {
			return profile.Number(f)
		}
	case string:
		return profile.String(x)
	case []any:
		elements := make([]profile.Value, len(x))
		for i, e := range x {
			elements[i] = valueOf(e)
		}
		return profile.List(elements...)
	case map[string]any:
		if v, ok := place(x); ok {
			return v
		}
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(x) == nil {
			return profile.String(strings.TrimSuffix(b.String(), "\n"))
		}
	}
	return profile.Value{}
}

// place reads an object of a latitude and a longitude.
func place(object map[string]any) (v profile.Value, ok bool) {
	number := func(names ...string) (f float64, ok bool) {
		for _, name := range names {
			if n, is := object[name].(json.Number); is {
				f, err := strconv.ParseFloat(n.String(), 64)
				return f, err == nil
			}
		}
		return 0, false
	}
	lat, latOK := number("lat", "latitude")
	lon, lonOK := number("lon", "lng", "longitude")
	return profile.Point(lat, lon), len(object) == 2 && latOK && lonOK
}

// holds reports whether a where() holds of what has these fields.
func (w *world) holds(where syntax.Expr, of fields) bool {
	inner := &world{scope: w.scope, now: w.now, fields: of}
	return inner.truth(where) == True
}

// each reports whether a where() holds of one element of a list, or of all.
func (w *world) each(e *syntax.Each) bool {
	x, ok := w.value(e.X)
	if !ok || x.Kind() < profile.KindList {
		return false
	}
	held := 0
	for _, element := range x.Elements() {
		if w.holds(e.Where, elementFields(element)) {
			held++
		}
	}
	if e.All {
		return held == len(x.Elements())
	}
	return held > 0
}

// alike returns two values as they compare in a where(), where a text beside a
// time that the rule names is read as a time. It stays a text where it says none.
func (w *world) alike(x profile.Value, constant syntax.Operand) profile.Value {
	literal, ok := constant.(*syntax.Literal)
	if w.fields == nil || !ok || literal.Value.Kind() != profile.KindTime || x.Kind() != profile.KindString {
		return x
	}
	if at, ok := timeOf(x, w.scope.Zone()); ok {
		return profile.TimeAt(at)
	}
	return x
}
