package yamlfile_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/yamlfile"
)

type numbers struct {
	N yamlfile.Int            `yaml:"n" json:"n,omitempty"`
	U yamlfile.Uint           `yaml:"u" json:"u,omitempty"`
	M map[string]yamlfile.Int `yaml:"m" json:"m,omitempty"`
}

func TestInt(t *testing.T) {
	for _, tt := range []struct {
		text string
		want numbers
	}{
		{"n: 5", numbers{N: 5}},
		{"n: -5", numbers{N: -5}},
		{"n: 1_000", numbers{N: 1000}},
		{"n: 0x1f", numbers{N: 31}},
		{"n: 2.0", numbers{N: 2}},
		{"n: 1e3", numbers{N: 1000}},
		{"n: !!int 7", numbers{N: 7}},
		{"n:", numbers{}},
		{"n: ~", numbers{}},
		{fmt.Sprint("n: ", math.MinInt), numbers{N: math.MinInt}},
		{"u: 18446744073709551615", numbers{U: math.MaxUint64}},
		{"n: &a 7\nm: {a: *a, b: 3}", numbers{N: 7, M: map[string]yamlfile.Int{"a": 7, "b": 3}}},
		{`{"n": 4, "m": {"a": 1}}`, numbers{N: 4, M: map[string]yamlfile.Int{"a": 1}}},
	} {
		var got numbers
		err := yamlfile.Decode([]byte(tt.text), &got)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", tt.text, err, diff)
		}
	}
}

func TestInt_errors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"n: 1.5", "[1:4] want a whole number, got 1.5\n>  1 | n: 1.5\n"},
		{"u: 2\nn: -0.5", "[2:4] want a whole number, got -0.5\n"},
		{"n: 1e-3", `[1:4] want a whole number, got text "1e-3"`},
		{"n: .inf", "want a whole number, got +Inf"},
		{"n: .nan", "want a whole number, got NaN"},
		{"n: many", `want a whole number, got text "many"`},
		{`n: "5"`, `want a whole number, got text "5"`},
		{"n: true", "want a whole number, got true"},
		{"n: [1]", "[1:4] want a whole number, got a list"},
		{"n: {a: 1}", "want a whole number, got a mapping"},
		{"n: !!int 1.5", "[1:4] want a whole number, got 1.5"},
		{"n: 9223372036854775808", fmt.Sprintf("want a whole number of at most %d, got 9223372036854775808", math.MaxInt)},
		{"n: -9223372036854775809", fmt.Sprintf("want a whole number of at least %d, got -9223372036854775809", math.MinInt)},
		{"n: 1e999999999", `want a whole number, got text "1e999999999"`},
		{"u: -1", "want a whole number of at least 0, got -1"},
		{"u: 0.5", "want a whole number, got 0.5"},
		{"u: 18446744073709551616", "want a whole number of at most 18446744073709551615, got 18446744073709551616"},
		{"m: {a: 1, b: 1.5}", "[1:14] want a whole number, got 1.5"},
		{"m:\n  a: 1.5", "[2:6] want a whole number, got 1.5\n"},
		{"m: &a {x: 1}\nn: *a", "want a whole number, got a mapping"},
	} {
		var got numbers
		err := yamlfile.Decode([]byte(tt.text), &got)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.text, err, tt.want)
		}
	}
}

func TestInt_JSON(t *testing.T) {
	for _, tt := range []struct {
		in   numbers
		want string
	}{
		{numbers{}, "{}"},
		{numbers{N: -3, U: 4, M: map[string]yamlfile.Int{"a": 0}}, `{"n":-3,"u":4,"m":{"a":0}}`},
	} {
		if got, err := json.Marshal(tt.in); string(got) != tt.want || err != nil {
			t.Errorf("%+v: %s, %v, want %s", tt.in, got, err, tt.want)
		}
	}
}

// Errors speak of the file, never of the types that it is read into.
func TestDecode_wording(t *testing.T) {
	type inner struct {
		Text string `yaml:"text"`
	}
	type outer struct {
		Yes   bool             `yaml:"yes"`
		Float float64          `yaml:"float"`
		Maybe *float64         `yaml:"maybe"`
		Text  string           `yaml:"text"`
		List  []string         `yaml:"list"`
		Map   map[string]inner `yaml:"map"`
		Inner inner            `yaml:"inner"`
	}
	for _, tt := range []struct{ text, want string }{
		{"yes: please", "[1:6] want a boolean, got text\n>  1 | yes: please"},
		{"yes: 1", "want a boolean, got a number"},
		{"yes: [true]", "want a boolean, got a list"},
		{"float: x", "want a number, got text"},
		{"maybe: {a: 1}", "want a number, got a mapping"},
		{"text: {a: 1}", "want text, got a mapping"},
		{"text: [a]", "want text, got a list"},
		{"list: a", "want a list, got text"},
		{"list: {a: 1}", "want a list, got a mapping"},
		{"list: [[a]]", "want text, got a list"},
		{"map: 1.5", "want a mapping, got a number"},
		{"map: [a]", "want a mapping, got a list"},
		{"map: {a: b}", "want a mapping, got text"},
		{"inner: true", "want a mapping, got a boolean"},
		{"inner:\n  text: {a: b}", "[2:9] want text, got a mapping"},
	} {
		var got outer
		err := yamlfile.Decode([]byte(tt.text), &got)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.text, err, tt.want)
		} else if strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: error %v", tt.text, err)
		}
	}
}
