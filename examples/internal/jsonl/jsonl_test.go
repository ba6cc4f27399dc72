package jsonl

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

const good = `{"type":"track","event":"Ping","userId":"u1","messageId":"1"}`

// told is what a test compares of a Record.
type told struct {
	Line         int
	Name, Reason string
}

func read(t *testing.T, r io.Reader) ([]told, error) {
	t.Helper()
	var got []told
	for rec, err := range Records(r) {
		if err != nil {
			return got, err
		}
		item := told{Line: rec.Line, Name: rec.Event.Name}
		if f, ok := errors.AsType[*profile.FieldError](rec.Err); ok {
			item.Reason = f.Reason
		} else if rec.Err != nil {
			t.Fatalf("line %d: %v is no FieldError", rec.Line, rec.Err)
		}
		got = append(got, item)
	}
	return got, nil
}

func TestRecords(t *testing.T) {
	long := `{"event":"` + strings.Repeat("x", maxLine) + `"}`
	tests := []struct {
		name, in string
		want     []told
	}{
		{name: "nothing", in: ""},
		{name: "last line without an end", in: good, want: []told{{Line: 1, Name: "Ping"}}},
		{name: "blank lines count", in: "\n" + good + "\r\n \n" + good + "\n", want: []told{{Line: 2, Name: "Ping"}, {Line: 4, Name: "Ping"}}},
		{name: "byte order mark", in: "\ufeff" + good, want: []told{{Line: 1, Name: "Ping"}}},
		{name: "a bad line does not stop the file", in: "{]\n[1]\n" + good, want: []told{{Line: 1, Reason: profile.ReasonInvalidJSON}, {Line: 2, Reason: profile.ReasonNotAnObject}, {Line: 3, Name: "Ping"}}},
		{name: "a line without bounds", in: long + "\n" + good, want: []told{{Line: 1, Reason: profile.ReasonTooLarge}, {Line: 2, Name: "Ping"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(t, strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecords_reports_the_reader(t *testing.T) {
	broken := errors.New("broken")
	got, err := read(t, io.MultiReader(strings.NewReader(good+"\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("got %d records and %v, want 1 and %v", len(got), err, broken)
	}
}

func TestRecords_may_be_broken_off(t *testing.T) {
	for range Records(strings.NewReader(good + "\n" + good)) {
		break
	}
}

func TestDecompress(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, good); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{"plain": good, "gzip": packed.String()} {
		t.Run(name, func(t *testing.T) {
			r, err := Decompress(strings.NewReader(in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != good {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	t.Run("empty", func(t *testing.T) {
		r, err := Decompress(strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || len(got) != 0 {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("cut short", func(t *testing.T) {
		r, err := Decompress(bytes.NewReader(packed.Bytes()[:packed.Len()-4]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	})
}
