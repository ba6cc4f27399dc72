package syntax_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

func TestEncodeJSON(t *testing.T) {
	tests := []struct{ text, want string }{
		{`count("Order Completed") >= 3`, `{"compare":{"op":">=","left":{"count":"Order Completed"},"right":3}}`},
		{`city in ["上海"] and not tag("沉睡")`, `{"and":[{"in":{"of":{"trait":"city"},"list":["上海"]}},{"not":{"tag":"沉睡"}}]}`},
		{`true or city not in [] or missing(city)`, `{"or":[true,{"not_in":{"of":{"trait":"city"},"list":[]}},{"missing":{"trait":"city"}}]}`},
		{`apps all_of [1, true] and matches(city, "^a")`, `{"and":[{"all_of":{"of":{"trait":"apps"},"list":[1,true]}},{"matches":{"of":{"trait":"city"},"text":"^a"}}]}`},
		{`at_least(1, xor(), minus(true))`, `{"at_least":{"k":1,"of":[{"xor":[]},{"minus":[true]}]}}`},
		{`sum("E", "p") > 1 and t < now() - "36h" and t > now() and t > ago("30d")`, `{"and":[{"compare":{"op":">","left":{"sum":{"event":"E","property":"p"}},"right":1}},{"compare":{"op":"<","left":{"trait":"t"},"right":{"now":"-36h"}}},{"compare":{"op":">","left":{"trait":"t"},"right":{"now":""}}},{"compare":{"op":">","left":{"trait":"t"},"right":{"ago":"30d"}}}]}`},
		{`t = date("2026-01-01T00:00:00Z") and home = point(1, -2.5)`, `{"and":[{"compare":{"op":"=","left":{"trait":"t"},"right":{"date":"2026-01-01T00:00:00Z"}}},{"compare":{"op":"=","left":{"trait":"home"},"right":{"point":[1,-2.5]}}}]}`},
	}
	for _, tt := range tests {
		got, err := syntax.EncodeJSON(parse(t, tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestDecodeJSON_errors(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"empty", ``, `$: the JSON ends too early`},
		{"cut short", `{"and":[`, `$.and: the JSON ends too early`},
		{"no condition", `3`, `$: a condition should be here: an object, true or false`},
		{"null", `null`, `$: a condition should be here: an object, true or false`},
		{"an empty object", `{"not":{}}`, `$.not: the object is empty`},
		{"an unknown condition", `{"and":[true,{"nto":true}]}`, `$.and[1].nto: unknown condition "nto"; did you mean "not"?`},
		{"a long key", `{"not":{"` + strings.Repeat("x", 59) + `\n` + strings.Repeat("y", 1000) + `":1}}`, "$.not." + strings.Repeat("x", 59) + "?…: unknown condition \"" + strings.Repeat("x", 59) + `\n…"`},
		{"two keys", `{"tag":"a","not":true}`, `$: the object has more keys than "tag"`},
		{"an operator", `{"and":[{"compare":{"op":"~","left":1,"right":2}}]}`, `$.and[0].compare.op: unknown operator "~"; the operators are = != < <= > >=`},
		{"a side missing", `{"compare":{"op":"=","left":1}}`, `$.compare: key "right" is missing`},
		{"a key twice", `{"compare":{"op":"=","op":"<","left":1,"right":2}}`, `$.compare: key "op" comes twice`},
		{"a key too much", `{"compare":{"op":"=","lef":1,"right":2}}`, `$.compare: unknown key "lef"; did you mean "left"?`},
		{"a value", `{"exists":{"trai":"x"}}`, `$.exists.trai: unknown value "trai"; did you mean "trait"?`},
		{"null as a value", `{"exists":null}`, `$.exists: a value should be here: an object, a string, a number, true or false`},
		{"a trait in a list", `{"in":{"of":{"trait":"a"},"list":[1,{"trait":"b"}]}}`, `$.in.list[1]: a constant should be here`},
		{"a number beyond all", `{"compare":{"op":"=","left":1e999,"right":2}}`, `$.compare.left: the number 1e999 is too large`},
		{"a window", `{"exists":{"ago":"30"}}`, `$.exists.ago: "30" is no window of time; write one whole number and a unit: m, h, d, w, mo or y, such as "30d"`},
		{"no sign", `{"exists":{"now":"36h"}}`, `$.exists.now: "36h" has no sign: write "", "-36h" or "+2d"`},
		{"a pattern", `{"matches":{"of":{"trait":"a"},"text":"("}}`, "$.matches.text: the pattern is invalid: missing closing ) in \"(\""},
		{"a point", `{"exists":{"point":[100,0]}}`, `$.exists.point: a point is a latitude from -90 to 90 and a longitude from -180 to 180`},
		{"k", `{"at_least":{"k":3,"of":[true]}}`, `$.at_least: k should be from 1 to the number of conditions, 1`},
		{"more behind", `true true`, `$: there is more behind the expression`},
		{"bytes", "\"\xff\"", `the JSON is not valid UTF-8`},
		{"a text that could not be read again", `{"exists":{"trait":"` + strings.Repeat("x", 256<<10) + `"}}`, "the canonical text is longer than 256 KiB"},
		{"too deep", strings.Repeat(`{"not":`, 100_000), "nested deeper than 600 levels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := syntax.DecodeJSON([]byte(tt.data))
			if err == nil {
				t.Fatal("accepted")
			}
			if got := err.Error(); got != tt.want && (!strings.HasPrefix(tt.want, "nested") || !strings.Contains(got, tt.want)) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestEncodeJSON_refuses_what_cannot_be_written(t *testing.T) {
	city := &syntax.Trait{Name: "city"}
	for name, e := range map[string]syntax.Expr{
		"no condition": &syntax.Not{},
		"no operand":   &syntax.Exists{},
		"bytes":        &syntax.TagRef{Name: "\xff"},
		"not a number": &syntax.In{X: city, List: []profile.Value{profile.Number(math.NaN())}},
		"null":         &syntax.In{X: city, List: []profile.Value{{}}},
		"too large":    &syntax.And{X: make([]syntax.Expr, 20_000)},
	} {
		if data, err := syntax.EncodeJSON(e); err == nil || data != nil {
			t.Errorf("%s: %s, %v", name, data, err)
		}
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, text := range seeds {
		if e, err := syntax.Parse(text); err == nil {
			data, err := syntax.EncodeJSON(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`{"compare":{"right":{"date":"2026-01-01"},"left":{"now":"+0m"},"op":"=="}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := syntax.DecodeJSON(data)
		if err != nil {
			return
		}
		checkRoundTrips(t, e)
	})
}
