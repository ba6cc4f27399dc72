package tags_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

func TestProgram_Explain(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	state, now := customer(t, s), at(t, "2026-05-10T04:00:00Z")
	tests := []struct{ name, rule, want string }{
		{
			"every condition tells what it saw",
			`count("Order Completed") >= 3 and city in ["北京"] and not tag("沉睡")`,
			`false   count("Order Completed") >= 3 and city in ["北京"] and not tag("沉睡")
true      count("Order Completed") >= 3  -- count("Order Completed") is 3, ends if it falls by 1
false     city in ["北京"]  -- city is 上海
true      not tag("沉睡") (until 2026-08-01T16:00:00Z)
false       tag("沉睡") (until 2026-08-01T16:00:00Z)
false         last_time("Order Completed") < ago("90d") or missing(last_order) (until 2026-08-01T16:00:00Z)
false           last_time("Order Completed") < ago("90d")  -- last_time("Order Completed") is 2026-05-04T00:00:00Z, ago("90d") is 2026-02-09T16:00:00Z (until 2026-08-01T16:00:00Z)
false           missing(last_order)  -- last_order is 2026-05-04T00:00:00Z
`,
		},
		{
			"what is missing leaves the answer open",
			"not (renewal < now()) and age = 30",
			`unknown not renewal < now() and age = 30
unknown   not renewal < now()
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
true      age = 30  -- age is 30
`,
		},
		{
			"but not where the rest decides",
			"renewal < now() and false or (renewal < now() or true)",
			`true    renewal < now() and false or (renewal < now() or true)
false     renewal < now() and false
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
false       false
true      renewal < now() or true
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
true        true
`,
		},
		{
			"in the other combinations",
			"xor(exists(renewal), renewal < now()) or at_least(2, true, renewal < now()) or minus(renewal < now(), false) or at_least(2, false, renewal < now())",
			`unknown xor(exists(renewal), renewal < now()) or at_least(2, true, renewal < now()) or minus(renewal < now(), false) or at_least(2, false, renewal < now())
unknown   xor(exists(renewal), renewal < now())
false       exists(renewal)  -- renewal is missing
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
unknown   at_least(2, true, renewal < now())
true        true
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
unknown   minus(renewal < now(), false)
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
false       false
false     at_least(2, false, renewal < now())
false       false
unknown     renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := compile(t, s, tt.rule).Explain(state, now).String()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExplanation_JSON(t *testing.T) {
	s := shop(t, "UTC")
	e := compile(t, s, `not (renewal < ago("1d") or age > 1)`).Explain(customer(t, s), at(t, "2026-05-10T04:00:00Z"))
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"text":"not (renewal \u003c ago(\"1d\") or age \u003e 1)","holds":false,"truth":"false","parts":[` +
		`{"text":"renewal \u003c ago(\"1d\") or age \u003e 1","holds":true,"truth":"true","parts":[` +
		`{"text":"renewal \u003c ago(\"1d\")","holds":false,"truth":"unknown","values":[{"text":"renewal","value":null},{"text":"ago(\"1d\")","value":"2026-05-10T00:00:00Z","until":"2026-05-11T00:00:00Z"}]},` +
		`{"text":"age \u003e 1","holds":true,"truth":"true","values":[{"text":"age","value":30}],"wants":"ends if it falls by 29"}]}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// A rule that names tags often once took the memory of all their texts, as often.
func TestProgram_Explain_shares_the_rules_of_tags(t *testing.T) {
	s := shop(t, "UTC")
	for name, text := range map[string]string{
		"long":  `city in [` + strings.Repeat(`"x",`, 1000) + `"y"]`,
		"often": `tag("long")` + strings.Repeat(` or tag("long")`, 100),
	} {
		rule, err := syntax.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Tags[name] = rule
	}
	p := compile(t, s, `tag("often")`+strings.Repeat(` and tag("often")`, 100))
	bytes := 0
	seen := map[*tags.Explanation]bool{}
	var visit func(e *tags.Explanation)
	visit = func(e *tags.Explanation) {
		if seen[e] {
			return
		}
		seen[e] = true
		bytes += len(e.Text)
		for _, part := range e.Parts {
			visit(part)
		}
	}
	visit(p.Explain(&profile.State{}, 0))
	if bytes > 100_000 {
		t.Errorf("the explanation holds %d bytes of text", bytes)
	}
}

// Of a tag whose rule is hidden it is told whether it holds, and not that what it reads is
// missing.
func TestProgram_ExplainFor(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	s.Tags["续"] = parse(t, `renewal < now()`)
	state, now := customer(t, s), at(t, "2026-05-10T04:00:00Z")
	p := compile(t, s, `not tag("续") and tag("等级") and age = 30`)
	open := "unknown   not tag(\"续\")\nunknown     tag(\"续\")\nunknown       renewal < now()  -- renewal is missing, now() is 2026-05-10T04:00:00Z\n"
	veiled := "true      not tag(\"续\")\nfalse       tag(\"续\")\n"
	rest := "true      tag(\"等级\")\ntrue        true\ntrue      age = 30  -- age is 30\n"
	for hidden, want := range map[string]string{"": "unknown " + p.Explain(state, now).Text + "\n" + open + rest, "续": "true    " + p.Explain(state, now).Text + "\n" + veiled + rest} {
		got := p.ExplainFor(state, now, func(tag string) bool { return tag == hidden }).String()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q hidden (-want +got):\n%s", hidden, diff)
		}
	}
}
