package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got\n%s", path, diff)
	}
}

func TestCSV_golden(t *testing.T) {
	var b bytes.Buffer
	done, err := CSV(&b, sequence(three(), nil), columns(t, every...), nil)
	if err != nil || done.Rows != 3 || done.Profiles != 3 || done.Bytes != uint64(b.Len()) || done.Unordered {
		t.Errorf("%+v, %v", done, err)
	}
	golden(t, "profiles.csv", b.Bytes())
}

func TestJSONLines_golden(t *testing.T) {
	var b bytes.Buffer
	done, err := JSONLines(&b, sequence(three(), nil), columns(t, every...), nil)
	if err != nil || done.Rows != 3 || done.Bytes != uint64(b.Len()) {
		t.Errorf("%+v, %v", done, err)
	}
	golden(t, "profiles.jsonl", b.Bytes())
}

// What is written is read back by encoding/csv as the cells that were to be written.
func TestCSV_is_read_back(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := people(t)
		texts := rapid.SampledFrom([][]string{{"id", "trait:city", "tags"}, {"trait:city"}, {"trait:city", "identifier:email"}}).Draw(t, "columns")
		cs, err := ParseColumns(nil, texts...)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		opts := &Options{BOM: rapid.Bool().Draw(t, "bom"), NoHeader: rapid.Bool().Draw(t, "bare")}
		if _, err := CSV(&b, sequence(list, nil), cs, opts); err != nil {
			t.Fatal(err)
		}
		text, bom := strings.CutPrefix(b.String(), byteOrderMark)
		if bom != opts.BOM {
			t.Fatalf("byte order mark: %v", bom)
		}
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if !opts.NoHeader {
			if diff := cmp.Diff(texts, rows[0]); diff != "" {
				t.Fatal(diff)
			}
			rows = rows[1:]
		}
		if len(rows) != len(list) {
			t.Fatalf("%d rows of %d profiles:\n%s", len(rows), len(list), text)
		}
		for i, row := range rows {
			for j, c := range cs {
				want := strings.ReplaceAll(cell(t, c, list[i]), "\r\n", "\n") // as the reader does
				if row[j] != want {
					t.Fatalf("row %d, %s: %q, want %q", i, c, row[j], want)
				}
			}
		}
	})
}

// cell is the naive form of a cell.
func cell(t *rapid.T, c Column, p *profile.Profile) string {
	if c.Whole() {
		return p.ID.String()
	}
	v := c.Value(p)
	switch v.Kind() {
	case profile.KindNull:
		return ""
	case profile.KindString, profile.KindTime:
		return v.String()
	case profile.KindPoint:
		lat, lon := v.Point()
		a, _ := json.Marshal(lat)
		b, _ := json.Marshal(lon)
		return plain(a) + "," + plain(b)
	}
	data, err := v.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// plain writes an exponent with two digits, as strconv does.
func plain(number []byte) string {
	s := string(number)
	if i := strings.Index(s, "e-"); i >= 0 && len(s) == i+3 {
		return s[:i+2] + "0" + s[i+2:]
	}
	return s
}

// Every line is an object of the columns, in order, whose values are the profile's.
func TestJSONLines_are_read_back(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := people(t)
		cs, err := ParseColumns(nil, "id", "identifiers:phone", "c\"\n城=trait:city", "tags", "count", "last")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := JSONLines(&b, sequence(list, nil), cs, nil); err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(&b)
		dec.UseNumber()
		for _, p := range list {
			var got map[string]json.RawMessage
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(cs) || string(got["id"]) != p.ID.String() {
				t.Fatalf("%s of profile %d", got, p.ID)
			}
			for _, c := range cs[1:] {
				want, err := c.Value(p).MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				if !c.Whole() && !bytes.Equal(want, got[c.Header()]) {
					t.Fatalf("%s: %s, want %s", c, got[c.Header()], want)
				}
			}
		}
		if _, err := dec.Token(); err != io.EOF {
			t.Fatal("more lines than profiles")
		}
	})
}

func TestCSV_cells(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a b": "a b", " a": `" a"`, "a ": `"a "`, "a,b": `"a,b"`, `a"b"`: `"a""b"""`, "a\nb": "\"a\nb\"", "a\rb": "\"a\rb\"",
		`\.`: `"\."`, `\..`: `\..`, "上海": "上海", "=1": "=1", "'": "'",
	} {
		if got := string((sheet{}).append(nil, []byte(in), true)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// No cell of a guarded file begins a formula, and no other cell is altered.
func TestCSV_guard(t *testing.T) {
	told := []string{"=1+1", "+8613812345678", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n", "'", "a=1", "", " =1", "上海", "＝1+1", "＋86", "－1", "＠SUM(A1)", "a＝1", "＃1", "\uff1c", "\ufffd="}
	for _, text := range told {
		p := &profile.Profile{
			Traits: []profile.Trait{{Name: "n", Value: profile.Number(-5)}, {Name: "p", Value: profile.Point(-33.5, 151)}, {Name: "x", Value: profile.String(text)}},
		}
		cs := columns(t, "trait:x", "trait:n", "trait:p")
		for _, guard := range []bool{false, true} {
			var b bytes.Buffer
			if _, err := CSV(&b, sequence([]*profile.Profile{p}, nil), cs, &Options{GuardFormulas: guard, NoHeader: true}); err != nil {
				t.Fatal(err)
			}
			row, err := csv.NewReader(&b).Read()
			if err != nil {
				t.Fatal(err)
			}
			want := text
			if guard && text != "" && slices.Contains([]rune{'=', '+', '-', '@', '\t', '\r', '\n', 0xff1d, 0xff0b, 0xff0d, 0xff20}, []rune(text)[0]) {
				want = "'" + text
			}
			if diff := cmp.Diff([]string{want, "-5", "-33.5,151"}, row); diff != "" {
				t.Errorf("guard %v of %q: %s", guard, text, diff)
			}
		}
	}
	var b bytes.Buffer
	if _, err := CSV(&b, sequence(nil, nil), columns(t, "-x=id", "a,b=tags"), &Options{GuardFormulas: true, BOM: true}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "\ufeff\"'-x\",\"a,b\"\n"; got != want {
		t.Errorf("header %q, want %q", got, want)
	}
}

func TestExport_values_without_a_form(t *testing.T) {
	bad := three()
	bad[1].Traits = []profile.Trait{{Name: "city", Value: profile.String("\xff")}}
	for name, write := range formats(t) {
		if name == "columns" || name == "lines" {
			continue
		}
		var b bytes.Buffer
		done, err := write(&b, sequence(bad, nil), nil)
		if err == nil || !strings.Contains(err.Error(), `profile 4: column "trait:city"`) {
			t.Errorf("%s: %v", name, err)
		}
		if done.Rows != 1 || done.Last != 3 || done.Bytes != uint64(b.Len()) {
			t.Errorf("%s: the row before it: %+v, %d bytes", name, done, b.Len())
		}
	}
}

func TestExport_refuses_what_is_no_column(t *testing.T) {
	id := columns(t, "id")
	for _, cs := range [][]Column{nil, {{}}, {id[0], id[0]}} {
		if _, err := CSV(io.Discard, sequence(nil, nil), cs, nil); err == nil {
			t.Errorf("CSV takes %v", cs)
		}
		if _, err := JSONLines(io.Discard, sequence(nil, nil), cs, nil); err == nil {
			t.Errorf("JSONLines takes %v", cs)
		}
	}
	if _, err := CSV(io.Discard, sequence([]*profile.Profile{nil}, nil), id, nil); err == nil {
		t.Error("a nil profile is taken")
	}
}

// Without anywhere to write to, or anything to write, there is an error and no panic.
func TestExport_nil(t *testing.T) {
	some := func(yield func(*profile.Profile, error) bool) { yield(nil, nil) }
	columns, err := ParseColumns(nil, "id")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"writer is nil":   func() error { _, err := CSV(nil, some, columns, nil); return err }(),
		"sequence is nil": func() error { _, err := JSONLines(io.Discard, nil, columns, nil); return err }(),
		"nil profile":     func() error { _, err := CSV(io.Discard, some, columns, nil); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The error of the sequence comes back, after the rows before it.
func TestExport_error_of_the_sequence(t *testing.T) {
	for name, write := range formats(t) {
		var b bytes.Buffer
		done, err := write(&b, sequence(three(), errBroken), nil)
		if !errors.Is(err, errBroken) || done.Profiles != 3 || done.Bytes != uint64(b.Len()) {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
}
