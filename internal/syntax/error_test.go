package syntax_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every message that a user may meet, in testdata/errors.golden: after a line of
// dashes the text, after an arrow what is said about it.
func TestErrors_golden(t *testing.T) {
	const file = "testdata/errors.golden"
	s := shop(t, "Asia/Shanghai")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for entry := range strings.SplitSeq(strings.TrimPrefix(string(data), "---\n"), "\n---\n") {
		text, _, _ := strings.Cut(strings.TrimSuffix(entry, "\n"), "\n=>")
		e, err := syntax.Parse(text)
		if err == nil {
			_, err = syntax.Check(e, s)
		}
		if err == nil {
			t.Errorf("%s: accepted", text)
			err = errors.New("nothing")
		}
		b.WriteString("---\n" + text + "\n=> " + syntax.Locate(err, text).Error() + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(data), b.String()); diff != "" {
		t.Errorf("messages changed; go test -run golden -update accepts them (-want +got):\n%s", diff)
	}
}

func TestError_place(t *testing.T) {
	tests := []struct {
		name, text   string
		line, column int
		offset       int
	}{
		{"full-width characters are one column", `城市 in ["上海"] and 年龄 >`, 1, 22, 33},
		{"a second line", "age > 1\n  and ?", 2, 7, 14},
		{"the end", "age >", 1, 6, 5},
		{"bytes that are no text", "city = \"\uFFFD上\xff\"", 1, 11, 14},
		{"a tab", "age\t>\t~", 1, 7, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := syntax.Parse(tt.text)
			e, ok := errors.AsType[*syntax.Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if e.Line != tt.line || e.Column != tt.column || e.Offset != tt.offset {
				t.Errorf("at %d:%d, offset %d; want %d:%d, %d", e.Line, e.Column, e.Offset, tt.line, tt.column, tt.offset)
			}
		})
	}
}

func TestError_shows_a_part_of_a_long_line(t *testing.T) {
	_, err := syntax.Parse(strings.Repeat("age > 1 and ", 500) + "city ~ 1 " + strings.Repeat("and age > 1 ", 500))
	want := `1:6006: unexpected character "~"
  … age > 1 and age > 1 and age > 1 and age > 1 and age > 1 and city ~ 1 and age > 1 and age > 1 and age > 1 and age > 1 and age > 1…
`
	lines := strings.SplitAfter(err.Error(), "\n")
	if len(lines) < 3 || strings.Index(lines[2], "^") != len([]rune(strings.Split(lines[1], "~")[0])) {
		t.Errorf("the mark is not under the fault:\n%s", err)
	}
	if len(err.Error()) > 400 {
		t.Errorf("the message is long:\n%s\nwant about\n%s", err, want)
	}
}

func TestLocate(t *testing.T) {
	plain := errors.New("plain")
	if got := syntax.Locate(nil, "x"); got != nil {
		t.Errorf("Locate(nil) = %v", got)
	}
	if got := syntax.Locate(plain, "x"); got != plain {
		t.Errorf("Locate(plain) = %v", got)
	}
	outside := &syntax.Error{Offset: 10, Msg: "m"}
	if got := syntax.Locate(outside, "short"); got != error(outside) {
		t.Errorf("an offset outside of the text: %v", got)
	}
	joined := errors.Join(&syntax.Error{Offset: 4, Msg: "second"}, errors.Join(&syntax.Error{Offset: 0, Msg: "first"}))
	got := syntax.Locate(joined, "abc def").Error()
	want := "1:1: first\n  abc def\n  ^^^\n1:5: second\n  abc def\n      ^^^"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
