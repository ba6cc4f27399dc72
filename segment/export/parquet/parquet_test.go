package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment/export"
	"pgregory.net/rapid"
)

var errBroken = errors.New("broken")

func sequence(profiles []*profile.Profile, err error) iter.Seq2[*profile.Profile, error] {
	return func(yield func(*profile.Profile, error) bool) {
		for _, p := range profiles {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// schema tells the kinds of traits that are called by them.
var schema = &export.Schema{Traits: map[string]profile.Kind{
	"bool": profile.KindBool, "number": profile.KindNumber, "time": profile.KindTime, "point": profile.KindPoint, "string": profile.KindString,
	"list": profile.KindList, "set": profile.KindSet, "any": profile.KindNull,
}}

// texts are columns that sorting by name would put in another order.
var texts = []string{
	"id", "trait:time", "trait:string", "trait:point", "trait:list", "b=trait:number", "a=trait:bool", "trait:set", "trait:any", "count", "tags", "tag:VIP", "first",
}

func columns(t testing.TB, texts ...string) []export.Column {
	t.Helper()
	cs, err := export.ParseColumns(schema, texts...)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

func value(t *rapid.T, kind profile.Kind) profile.Value {
	if rapid.Bool().Draw(t, "null") {
		return profile.Value{}
	}
	switch kind {
	case profile.KindBool:
		return profile.Bool(rapid.Bool().Draw(t, "bool"))
	case profile.KindNumber:
		return profile.Number(rapid.Float64().Draw(t, "number"))
	case profile.KindTime:
		return profile.TimeAt(profile.Instant(rapid.Int64Range(-6e16, 2e17).Draw(t, "time")))
	case profile.KindPoint:
		return profile.Point(rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon"))
	case profile.KindString:
		return profile.String(rapid.String().Draw(t, "string"))
	case profile.KindList, profile.KindSet:
		vs := make([]profile.Value, rapid.IntRange(0, 3).Draw(t, "len"))
		for i := range vs {
			vs[i] = value(t, rapid.SampledFrom([]profile.Kind{profile.KindString, profile.KindNumber, profile.KindTime}).Draw(t, "of"))
		}
		if kind == profile.KindSet {
			return profile.Set(vs...)
		}
		return profile.List(vs...)
	}
	return value(t, profile.Kind(rapid.IntRange(1, 7).Draw(t, "kind")))
}

func people(t *rapid.T) []*profile.Profile {
	list := make([]*profile.Profile, rapid.IntRange(0, 40).Draw(t, "profiles"))
	for i := range list {
		p := &profile.Profile{ID: profile.ID(rapid.Uint64().Draw(t, "id")), Events: uint64(i)}
		for _, name := range []string{"any", "bool", "list", "number", "point", "set", "string", "time"} { // ascending
			if v := value(t, schema.Traits[name]); !v.IsNull() {
				p.Traits = append(p.Traits, profile.Trait{Name: name, Value: v})
			}
		}
		if i%2 == 0 {
			p.Tags = []string{"VIP", "新"}
		}
		list[i] = p
	}
	return list
}

// plain is what the reader of a Parquet file should find: JSON-like Go values.
func plain(c export.Column, p *profile.Profile) any {
	if c.Whole() {
		return c.Integer(p)
	}
	v := c.Value(p)
	if v.IsNull() {
		return nil
	}
	switch c.Kind() {
	case profile.KindBool:
		return v.Bool()
	case profile.KindNumber:
		return v.Number()
	case profile.KindTime:
		return int64(v.Instant())
	case profile.KindPoint:
		lat, lon := v.Point()
		return fmt.Sprint(lat, " ", lon)
	case profile.KindList, profile.KindSet:
		list := []any{}
		for _, e := range v.Elements() {
			list = append(list, text(e))
		}
		return list
	}
	return text(v)
}

func text(v profile.Value) any {
	switch v.Kind() {
	case profile.KindNull:
		return nil
	case profile.KindString, profile.KindTime:
		return v.String()
	}
	data, err := v.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return string(data)
}

// readBack reads a file by the library's own reader, its columns by their names.
func readBack(t *rapid.T, file []byte, cs []export.Column) (rows [][]any, groups []int64) {
	f, err := pq.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for i, field := range f.Schema().Fields() {
		if field.Name() != cs[i].Header() {
			t.Fatalf("column %d is %q, want %q", i, field.Name(), cs[i].Header())
		}
	}
	for _, g := range f.RowGroups() {
		groups = append(groups, g.NumRows())
		reader := g.Rows()
		buf := make([]pq.Row, 1)
		for {
			n, err := reader.ReadRows(buf)
			if n == 1 {
				rows = append(rows, cells(t, f.Schema(), buf[0], cs))
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows, groups
}

func cells(t *rapid.T, s *pq.Schema, row pq.Row, cs []export.Column) []any {
	leaf := func(path ...string) []pq.Value {
		l, ok := s.Lookup(path...)
		if !ok {
			t.Fatalf("no column %q", path)
		}
		var vs []pq.Value
		for _, v := range row {
			if v.Column() == l.ColumnIndex {
				vs = append(vs, v)
			}
		}
		return vs
	}
	list := make([]any, len(cs))
	for i, c := range cs {
		h := c.Header()
		switch k := c.Kind(); {
		case c.Whole():
			list[i] = leaf(h)[0].Uint64()
		case k == profile.KindPoint:
			if lat, lon := leaf(h, "lat")[0], leaf(h, "lon")[0]; !lat.IsNull() {
				list[i] = fmt.Sprint(lat.Double(), " ", lon.Double())
			}
		case k == profile.KindList || k == profile.KindSet:
			elements := leaf(h, "list", "element")
			if elements[0].DefinitionLevel() == 0 {
				break
			}
			vs := []any{}
			for _, e := range elements {
				switch e.DefinitionLevel() {
				case 2:
					vs = append(vs, nil)
				case 3:
					vs = append(vs, string(e.ByteArray()))
				}
			}
			list[i] = vs
		case leaf(h)[0].IsNull():
		case k == profile.KindBool:
			list[i] = leaf(h)[0].Boolean()
		case k == profile.KindNumber:
			list[i] = leaf(h)[0].Double()
		case k == profile.KindTime:
			list[i] = leaf(h)[0].Int64()
		default:
			list[i] = string(leaf(h)[0].ByteArray())
		}
	}
	return list
}

// What is written is read back equal, and no row group exceeds its bounds.
func TestWrite_is_read_back(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := people(t)
		cs, err := export.ParseColumns(schema, texts...)
		if err != nil {
			t.Fatal(err)
		}
		opts := &Options{RowGroupRows: rapid.SampledFrom([]int{0, 1, 7}).Draw(t, "rows"), RowGroupBytes: rapid.SampledFrom([]int{0, 1, 300}).Draw(t, "bytes")}
		var b bytes.Buffer
		n, err := Write(&b, sequence(people, nil), cs, opts)
		if err != nil || n != uint64(len(people)) {
			t.Fatalf("%d rows, %v", n, err)
		}
		got, groups := readBack(t, b.Bytes(), cs)
		var want [][]any
		for _, p := range people {
			row := make([]any, len(cs))
			for i, c := range cs {
				row[i] = plain(c, p)
			}
			want = append(want, row)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if full := opts.RowGroupRows; opts.RowGroupBytes == 0 && full > 0 && len(groups) != (len(people)+full-1)/full {
			t.Fatalf("%d row groups of %d rows with %+v", len(groups), len(people), *opts)
		}
		for _, rows := range groups {
			if opts.RowGroupRows > 0 && rows > int64(opts.RowGroupRows) || opts.RowGroupBytes == 1 && rows > 1 {
				t.Fatalf("row groups of %v rows with %+v", groups, *opts)
			}
		}
	})
}

// The types are those that the package says, by the words of the format.
func TestWrite_types(t *testing.T) {
	tab, err := newTable(columns(t, texts...))
	if err != nil {
		t.Fatal(err)
	}
	want := `message profile {
	required int64 id (INT(64,false));
	optional int64 trait:time (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	optional binary trait:string (STRING);
	optional group trait:point {
		required double lat;
		required double lon;
	}
	optional group trait:list (LIST) {
		repeated group list {
			optional binary element (STRING);
		}
	}
	optional double b;
	optional boolean a;
	optional group trait:set (LIST) {
		repeated group list {
			optional binary element (STRING);
		}
	}
	optional binary trait:any (STRING);
	required int64 count (INT(64,false));
	optional group tags (LIST) {
		repeated group list {
			optional binary element (STRING);
		}
	}
	optional boolean tag:VIP;
	optional int64 first (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
}`
	if diff := cmp.Diff(want, pq.NewSchema("profile", tab).String()); diff != "" {
		t.Error(diff)
	}
}

// shortWriter takes so many bytes and then fails.
type shortWriter struct{ room int }

func (w *shortWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	if w.room -= n; n < len(p) {
		return n, errBroken
	}
	return n, nil
}

func TestWrite_errors(t *testing.T) {
	list := make([]*profile.Profile, 100)
	for i := range list {
		list[i] = &profile.Profile{ID: profile.ID(i), Traits: []profile.Trait{{Name: "string", Value: profile.String(strings.Repeat("x", i))}}}
	}
	cs := columns(t, "id", "trait:string")
	var whole bytes.Buffer
	if _, err := Write(&whole, sequence(list, nil), cs, nil); err != nil {
		t.Fatal(err)
	}
	for room := range whole.Len() {
		if _, err := Write(&shortWriter{room: room}, sequence(list, nil), cs, nil); !errors.Is(err, errBroken) {
			t.Fatalf("a disk of %d bytes: %v", room, err)
		}
	}
	for what, call := range map[string]func() (uint64, error){
		"the writer is nil":   func() (uint64, error) { return Write(nil, sequence(list, nil), cs, nil) },
		"the sequence is nil": func() (uint64, error) { return Write(io.Discard, nil, cs, nil) },
		"no columns":          func() (uint64, error) { return Write(io.Discard, sequence(list, nil), nil, &Options{}) },
		"a nil profile":       func() (uint64, error) { return Write(io.Discard, sequence([]*profile.Profile{nil}, nil), cs, nil) },
	} {
		if rows, err := call(); err == nil || rows != 0 || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %d rows, %v", what, rows, err)
		}
	}
	rows, err := Write(io.Discard, sequence(list, errBroken), cs, nil)
	if !errors.Is(err, errBroken) || rows != 100 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if _, err := Write(io.Discard, sequence([]*profile.Profile{nil}, nil), cs, nil); err == nil {
		t.Error("a nil profile is taken")
	}
	wrong := &profile.Profile{ID: 7, Traits: []profile.Trait{{Name: "string", Value: profile.Number(1)}}}
	_, err = Write(io.Discard, sequence([]*profile.Profile{wrong}, nil), cs, nil)
	if err == nil || err.Error() != `parquet: profile 7: column "trait:string": want a string, it is a number` {
		t.Error(err)
	}
	wrong.Traits[0].Value = profile.String("\xff")
	if _, err = Write(io.Discard, sequence([]*profile.Profile{wrong}, nil), cs, nil); err == nil {
		t.Error("text that is not UTF-8 is taken")
	}
	for _, cs := range [][]export.Column{nil, {{}}, {cs[0], cs[0]}} {
		if _, err := Write(io.Discard, sequence(nil, nil), cs, nil); err == nil {
			t.Errorf("%v is taken", cs)
		}
	}
}
