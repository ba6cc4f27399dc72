package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write puts a file into a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readAll returns the header and the rows, each with its line.
func readAll(path string) (table [][]string, lines []int, err error) {
	r, err := openRecords(path)
	if err != nil {
		return nil, nil, err
	}
	defer r.close()
	table = append(table, r.header)
	for {
		if err := r.next(); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return table, lines, err
		}
		table, lines = append(table, slices.Clone(r.cells)), append(lines, r.line())
	}
}

func TestRecordFile(t *testing.T) {
	plain := [][]string{{"id", "name"}, {"1", "li wei"}, {"2", ""}}
	tests := []struct {
		name, text string
		want       [][]string
		lines      []int
	}{
		{"plain", "id,name\n1,li wei\n2,\n", plain, []int{2, 3}},
		{"the last line has no end", "id,name\n1,li wei\n2,", plain, []int{2, 3}},
		{"blanks behind commas and at ends", "id, name \n1 , li wei\n2,  \n", plain, []int{2, 3}},
		{"blank lines", "\nid,name\n\n1,li wei\n\n\n2,\n", plain, []int{4, 7}},
		{"a byte order mark", "\ufeffid,name\n1,li wei\n2,\n", plain, []int{2, 3}},
		{"a byte order mark before a quote", "\ufeff\"id\",name\r\n1,li wei\r\n2,\r\n", plain, []int{2, 3}},
		{"gzipped", zipped(t, "id,name\n1,li wei\n2,\n"), plain, []int{2, 3}},
		{"quotes", "id,name\n1, \"wei, \"\"big\"\"\nli\"\n2,张伟\n", [][]string{{"id", "name"}, {"1", "wei, \"big\"\nli"}, {"2", "张伟"}}, []int{2, 4}},
		{"no rows", "id,name\n", [][]string{{"id", "name"}}, nil},
		{"columns without a name", ",,name\n0,7,x\n", [][]string{{"", "", "name"}, {"0", "7", "x"}}, []int{2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, lines, err := readAll(write(t, "in.csv", tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecordFile_errors_name_the_place(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", "in.csv is empty: it needs a header"},
		{"a row too short", "id,name\n1,a\n\n2\n", "in.csv, line 4: 1 fields, but the header names 2 columns"},
		{"a row too long", "id,name\n1,a,b\n", "in.csv, line 2: 3 fields, but the header names 2 columns"},
		{"an open quote", "id,name\n1,\"a\n", "in.csv, line 2, byte 6: extraneous or missing \" in quoted-field"},
		{"a quote inside", "id,name\n1,a\"b\n", "in.csv, line 2, byte 4: bare \" in non-quoted-field"},
		{"two columns of one name", "id,name, id\n", "in.csv: two columns are named \"id\""},
		{"another encoding", "id,name\n1,Jos\xe9\n", "in.csv, line 2, field 2: the text is not UTF-8"},
		{"cut short", zipped(t, "id,name\n1,a\n")[:20], "in.csv: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := readAll(write(t, "in.csv", tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want ...%s...", err, tt.want)
			}
		})
	}
}

func TestRecordFile_where(t *testing.T) {
	r, err := openRecords(write(t, "in.csv", ",given_name,surname,date_of_birth\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if i, err := r.where("surname", "is compared"); i != 2 || err != nil {
		t.Errorf("surname is column %d, %v", i, err)
	}
	tests := []struct{ column, want string }{
		{"surnmae", `in.csv has no column "surnmae", which is compared; did you mean "surname"?`},
		{"Given_Name", `did you mean "given_name"?`},
		{"phone", `which is compared; it has ["" "given_name" "surname" "date_of_birth"]`},
		{"", `in.csv has no column ""`},
	}
	for _, tt := range tests {
		if _, err := r.where(tt.column, "is compared"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want ...%s...", err, tt.want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"名字", "名称", 1}, {"same", "same", 0},
	} {
		if a, b := edits(tt.a, tt.b), edits(tt.b, tt.a); a != tt.want || b != tt.want {
			t.Errorf("%q and %q are %d and %d edits apart, want %d", tt.a, tt.b, a, b, tt.want)
		}
	}
}
