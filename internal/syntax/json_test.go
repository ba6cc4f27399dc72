package syntax_test

import (
	"math"
	"os"
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
		{`count("E", last("30d")) > 1`, `{"compare":{"op":">","left":{"count":{"event":"E","window":{"last":"30d"}}},"right":1}}`},
		{`exists(sum("E", "p", where(a = 1), between("2w", "1w")))`, `{"exists":{"sum":{"event":"E","property":"p","where":{"compare":{"op":"=","left":{"trait":"a"},"right":1}},"window":{"between":["2w","1w"]}}}}`},
		{`exists(top(3, "E", "p", by("n"), since("2026-01-01")))`, `{"exists":{"top":{"n":3,"event":"E","property":"p","by":"n","window":{"since":"2026-01-01"}}}}`},
		{`exists(days("E")) and exists(sessions("E", "30m", today()))`, `{"and":[{"exists":{"days":"E"}},{"exists":{"sessions":{"event":"E","gap":"30m","window":{"this":"day"}}}}]}`},
		{`sequence("A", without("B"), step("C", where(x = 1), within("1h")), without("D", where(true)), within("2h"), same("p"), last("2w"), overlapping())`, `{"sequence":{"steps":["A",{"without":"B"},{"step":{"event":"C","where":{"compare":{"op":"=","left":{"trait":"x"},"right":1}},"within":"1h"}},{"without":{"event":"D","where":true}}],"within":"2h","same":"p","window":{"last":"2w"},"overlapping":true}}`},
		{`exists(sequence_count("A", "B"))`, `{"exists":{"sequence_count":{"steps":["A","B"]}}}`},
		{`exists(interest("c", "k")) and exists(interest("c")) and exists(interests("c", 3))`, `{"and":[{"exists":{"interest":{"name":"c","key":"k"}}},{"exists":{"interest":"c"}},{"exists":{"interests":{"name":"c","n":3}}}]}`},
		{`percentile(a) > 0.8 or rank(a) <= 3 or ntile(a + 1, 5) = 5`, `{"or":[{"compare":{"op":">","left":{"percentile":{"trait":"a"}},"right":0.8}},{"compare":{"op":"<=","left":{"rank":{"trait":"a"}},"right":3}},{"compare":{"op":"=","left":{"ntile":{"of":{"add":[{"trait":"a"},1]},"n":5}},"right":5}}]}`},
		{`sample("s", 0.1) and bucket("s", 3) = 2`, `{"and":[{"compare":{"op":"<","left":{"draw":"s"},"right":0.1}},{"compare":{"op":"=","left":{"bucket":{"salt":"s","n":3}},"right":2}}]}`},
		{`near(home, 31, -121.5, "1500m") and within(home, "x")`, `{"and":[{"near":{"of":{"trait":"home"},"point":[31,-121.5],"radius":"1.5km"}},{"within":{"of":{"trait":"home"},"place":"x"}}]}`},
		{`within(home, '{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]]]}')`, `{"within":{"of":{"trait":"home"},"area":{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]]]}}}`},
		{`identified("email") or namespaces() none_of ["a", "b"]`, `{"or":[{"any_of":{"of":{"namespaces":""},"list":["email"]}},{"none_of":{"of":{"namespaces":""},"list":["a","b"]}}]}`},
		{`not in_list("x")`, `{"not":{"in_list":"x"}}`},
		{`exists(dwell("E", "p"))`, `{"exists":{"dwell":{"event":"E","property":"p"}}}`},
		{`exists(dwell("E", "p", where(a = 1), during("mon-fri 22-7", "sun 0-24"), cell(14), min_days(1), except(home, point(1, 2)), last("30d")))`, `{"exists":{"dwell":{"event":"E","property":"p","where":{"compare":{"op":"=","left":{"trait":"a"},"right":1}},"during":["mon-fri 22-7","sun 0-24"],"cell":14,"min_days":1,"except":[{"trait":"home"},{"point":[1,2]}],"window":{"last":"30d"}}}}`},
		{`confidence(home) > 0.5`, `{"compare":{"op":">","left":{"confidence":{"trait":"home"}},"right":0.5}}`},
		{`tag("等级", "高")`, `{"tag":{"name":"等级","value":"高"}}`},
		{`exists(a + b - c * d / 2)`, `{"exists":{"subtract":[{"add":[{"trait":"a"},{"trait":"b"}]},{"divide":[{"multiply":[{"trait":"c"},{"trait":"d"}]},2]}]}}`},
		{`exists(round(a, 2)) and exists(round(a)) and exists(abs(a)) and exists(days_between(a, b)) and exists(coalesce(a, 0))`, `{"and":[{"exists":{"round":[{"trait":"a"},2]}},{"exists":{"round":[{"trait":"a"}]}},{"exists":{"abs":{"trait":"a"}}},{"exists":{"days_between":[{"trait":"a"},{"trait":"b"}]}},{"exists":{"coalesce":[{"trait":"a"},0]}}]}`},
		{`exists(if(true, 1, 2))`, `{"exists":{"if":{"cond":true,"then":1,"else":2}}}`},
		{`exists(count("E", where(any(l, where(value = 1)) and all(l, where(true)))))`, `{"exists":{"count":{"event":"E","where":{"and":[{"any":{"of":{"trait":"l"},"where":{"compare":{"op":"=","left":{"trait":"value"},"right":1}}}},{"all":{"of":{"trait":"l"},"where":true}}]}}}}`},
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

// The JSON forms of behaviour over time are documented as they are.
func TestEncodeJSON_documented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	for text, form := range map[string]string{
		`tag("等级", "高")`:                            `{"tag": {"name": "等级", "value": "高"}}`,
		`exists(top(3, "E", "p", by("n")))`:         `{"top": {"n": 3, "event": "E", "property": "p", "by": "n"}}`,
		`exists(sessions("E", "30m"))`:              `{"sessions": {"event": "E", "gap": "30m"}}`,
		`exists(count("E", last("30d")))`:           `"window": {"last": "30d"}}}`,
		`exists(count("E", between("60d", "30d")))`: `{"between": ["60d", "30d"]}`,
		`exists(count("E", since("2026-05-01")))`:   `{"since": "2026-05-01"}`,
		`exists(count("E", this("month")))`:         `{"this": "month"}`,
		`sequence("A", without("B"), step("C", within("1h")), within("2h"), same("p"), last("7d"), overlapping())`: `{"sequence": {"steps": ["A", {"without": "B"}, {"step": {"event": "C", "within": "1h"}}], "within": "2h", "same": "p", "window": {"last": "7d"}, "overlapping": true}}`,
		`exists(dwell("E", "p", during("22-7"), cell(15), min_days(5), except(home)))`:                             `{"dwell": {"event": "E", "property": "p", "during": ["22-7"], "cell": 15, "min_days": 5, "except": [{"trait": "home"}]}}`,
		`exists(confidence(home))`:   `{"confidence": {"trait": "home"}}`,
		`exists(interest("i"))`:      `{"interest": "i"}`,
		`exists(interest("i", "k"))`: `{"interest": {"name": "i", "key": "k"}}`,
		`exists(interests("i", 3))`:  `{"interests": {"name": "i", "n": 3}}`,
	} {
		data, err := syntax.EncodeJSON(parse(t, text))
		if err != nil {
			t.Fatal(err)
		}
		compact := strings.NewReplacer(`": `, `":`, `, `, `,`).Replace(form)
		if !strings.Contains(string(data), compact) || !strings.Contains(string(doc), form) {
			t.Errorf("%s is %s, documented as %s", text, data, form)
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
		{"a function of events", `{"exists":{"count":3}}`, `$.exists.count: a string or an object should be here`},
		{"no property", `{"exists":{"sum":"E"}}`, `$.exists.sum: an object should be here`},
		{"an event without a name", `{"exists":{"count":""}}`, `$.exists.count: the event's name is empty`},
		{"a property without a name", `{"exists":{"sum":{"event":"E","property":""}}}`, `$.exists.sum.property: the property's name is empty`},
		{"an option", `{"exists":{"count":{"event":"E","by":"n"}}}`, `$.exists.count: unknown key "by"`},
		{"no n", `{"exists":{"top":{"event":"E","property":"p"}}}`, `$.exists.top: key "n" is missing`},
		{"a large n", `{"exists":{"top":{"n":1001,"event":"E","property":"p"}}}`, `$.exists.top.n: a whole number from 1 to 1000 should be here`},
		{"half an n", `{"exists":{"interests":{"name":"c","n":2.5}}}`, `$.exists.interests.n: a whole number from 1 to 1000 should be here`},
		{"a kind of window", `{"exists":{"count":{"event":"E","window":{"lst":"3d"}}}}`, `$.exists.count.window.lst: unknown window "lst"; did you mean "last"?`},
		{"no window", `{"exists":{"count":{"event":"E","window":"30d"}}}`, `$.exists.count.window: a window should be here, such as {"last": "30d"}`},
		{"a window too long", `{"exists":{"count":{"event":"E","window":{"last":"9000h"}}}}`, `$.exists.count.window.last: a window of 9000h is too long: at most 8784 hours; count longer windows in days`},
		{"half a window", `{"exists":{"count":{"event":"E","window":{"between":["3d"]}}}}`, `$.exists.count.window.between: between wants two windows, such as ["60d", "30d"]`},
		{"a gap", `{"exists":{"sessions":{"event":"E","gap":"1mo"}}}`, `$.exists.sessions.gap: months and years have no fixed length; write it in days`},
		{"a step", `{"sequence":{"steps":["A",3]}}`, `$.sequence.steps[1]: a step should be here: the name of an event, {"step": ...} or {"without": ...}`},
		{"no steps", `{"sequence":{"steps":[]}}`, `$.sequence.steps: a sequence has at least one step`},
		{"a part of a sequence", `{"sequence":{"steps":["A",{"with":"B"}]}}`, `$.sequence.steps[1].with: unknown part of a sequence "with"`},
		{"without before the first step", `{"sequence":{"steps":[{"without":"A"},"B"]}}`, `$.sequence.steps[0].without: nothing can be forbidden before the first step`},
		{"within in without", `{"sequence":{"steps":["A",{"without":{"event":"B","within":"1h"}}]}}`, `$.sequence.steps[1].without: unknown key "within"`},
		{"overlapping", `{"sequence":{"steps":["A","B"],"overlapping":1}}`, `$.sequence.overlapping: true or false should be here`},
		{"an empty key", `{"exists":{"interest":{"name":"c","key":""}}}`, `$.exists.interest.key: the key is empty; the sum over all keys is written without a key`},
		{"an empty value", `{"tag":{"name":"t","value":""}}`, `$.tag.value: the value is empty; a tag with any value is written without one`},
		{"half a sum", `{"exists":{"add":[1]}}`, `$.exists.add: two values should be here`},
		{"too many arguments", `{"exists":{"round":[1,2,3]}}`, `$.exists.round: round is written round(x, 2)`},
		{"half a choice", `{"exists":{"if":{"cond":true,"then":1}}}`, `$.exists.if: key "else" is missing`},
		{"an element of a number", `{"any":{"of":3,"where":true}}`, `$.any.of: the name of a property should be here`},
		{"too deep values", `{"exists":` + strings.Repeat(`{"abs":`, 100_000), "nested deeper than 600 levels"},
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
	for _, text := range operandSeeds {
		if x, err := syntax.ParseOperand(text); err == nil {
			data, err := syntax.EncodeJSON(&syntax.Exists{X: x})
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
