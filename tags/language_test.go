package tags_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// Every block of docs/language.md is what it says.
func TestLanguage_documented(t *testing.T) {
	doc, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	s, events := shopper(t)
	now := at(t, "2026-05-10T04:00:00Z")
	seen := map[string]int{}
	for _, block := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(doc), -1) {
		kind, body := block[1], strings.TrimSpace(block[2])
		seen[kind]++
		switch kind {
		case "holds", "fails":
			for rule := range strings.SplitSeq(body, "\n") {
				p := compile(t, s, rule)
				state := fold(t, s, events...) // with what the rule asks for
				state.Name(&profile.Identifier{Namespace: "user_id", Value: "u1"})
				if ok, _ := p.Eval(state, now); ok != (kind == "holds") {
					t.Errorf("%s: %v\n%s", rule, ok, p.Explain(state, now))
				}
			}
		case "error":
			text, want, _ := strings.Cut(body, "\n\n")
			rule, err := tags.Parse(text)
			if err == nil {
				_, err = tags.Compile(rule.Tree(), s)
				err = rule.Locate(err)
			}
			if err == nil {
				t.Errorf("%s: accepted", text)
			} else if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("%s (-documented +got):\n%s", text, diff)
			}
		case "asked": // of everybody: TestLanguage_asked
		default:
			t.Errorf("a block of an unknown kind: %s", kind)
		}
	}
	if seen["holds"] < 6 || seen["fails"] < 4 || seen["error"] < 3 {
		t.Errorf("blocks were not found: %v", seen)
	}
}

// Every function and every JSON form of the tables is documented as it is.
func TestLanguage_tables(t *testing.T) {
	doc, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, json string }{
		{`at_least(2, a = 1, b = 1, c = 1)`, ``},
		{`age >= 18`, `{"compare": {"op": ">=", "left": {"trait": "age"}, "right": 18}}`},
		{`city in ["上海"]`, `{"in": {"of": {"trait": "city"}, "list": ["上海"]}}`},
		{`contains(city, "海")`, `{"contains": {"of": {"trait": "city"}, "text": "海"}}`},
		{`exists(city)`, `{"exists": {"trait": "city"}}`},
		{`tag("沉睡")`, `{"tag": "沉睡"}`},
		{`exists(count("E"))`, `{"count": "E"}`},
		{`exists(sum("E", "p"))`, `{"sum": {"event": "E", "property": "p"}}`},
		{`exists(now())`, `{"now": ""}`},
		{`exists(now() - "36h")`, `{"now": "-36h"}`},
		{`exists(ago("30d"))`, `{"ago": "30d"}`},
		{`exists(point(31, 121))`, `{"point": [31, 121]}`},
	} {
		data, err := syntax.EncodeJSON(tags.MustParse(tt.text).Tree())
		if err != nil {
			t.Fatal(err)
		}
		compact := strings.NewReplacer(`": `, `":`, `, `, `,`).Replace(tt.json)
		if !strings.Contains(string(data), compact) || !strings.Contains(string(doc), tt.json) {
			t.Errorf("%s is %s, documented as %s", tt.text, data, tt.json)
		}
	}
}
