package tags_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/tags"
)

func TestRule_forms(t *testing.T) {
	rule := tags.MustParse(`city  in ['上海'] and (not tag("沉睡"))`)
	const text = `city in ["上海"] and not tag("沉睡")`
	const tree = `{"and":[{"in":{"of":{"trait":"city"},"list":["上海"]}},{"not":{"tag":"沉睡"}}]}`

	if got := rule.String(); got != text {
		t.Errorf("String = %s", got)
	}
	if got, err := rule.MarshalText(); err != nil || string(got) != text {
		t.Errorf("MarshalText = %s, %v", got, err)
	}
	if got, err := json.Marshal(rule); err != nil || string(got) != tree {
		t.Errorf("Marshal = %s, %v", got, err)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{tree, string(quoted), "  " + tree} {
		var got tags.Rule
		if err := json.Unmarshal([]byte(data), &got); err != nil || !got.Equal(rule) {
			t.Errorf("Unmarshal(%s) = %v, %v", data, got, err)
		}
	}
	var got tags.Rule
	if err := got.UnmarshalText([]byte(text)); err != nil || !got.Equal(rule) {
		t.Errorf("UnmarshalText = %v, %v", got, err)
	}
	if got.Equal(tags.MustParse("true")) || got.Equal(tags.Rule{}) {
		t.Error("different rules are equal")
	}
}

func TestRule_zero(t *testing.T) {
	var r tags.Rule
	if !r.IsZero() || r.Tree() != nil || r.String() != "" || tags.MustParse("true").IsZero() {
		t.Error("the zero Rule is not told from others")
	}
	if data, err := json.Marshal(r); err != nil || string(data) != "null" {
		t.Errorf("Marshal = %s, %v", data, err)
	}
	if err := json.Unmarshal([]byte("null"), &r); err != nil || !r.IsZero() {
		t.Errorf("Unmarshal(null) = %v, %v", r, err)
	}
	for _, data := range []string{`""`, `"city"`, `{}`, `{"and":`, `3`} {
		if err := r.UnmarshalJSON([]byte(data)); err == nil || !r.IsZero() {
			t.Errorf("UnmarshalJSON(%s) = %v, %v", data, r, err)
		}
	}
	if _, err := tags.Compile(r.Tree(), shop(t, "UTC")); err == nil {
		t.Error("the zero Rule compiles")
	}
}

func TestDefinition_Validate(t *testing.T) {
	rule := tags.MustParse("true")
	tests := []struct {
		name string
		def  tags.Definition
		want string // "" for none
	}{
		{"good", tags.Definition{Name: "高频购买者", Rule: rule, Description: "三单以上", Version: 2}, ""},
		{"the longest name", tags.Definition{Name: strings.Repeat("x", tags.MaxNameBytes), Rule: rule}, ""},
		{"everything wrong", tags.Definition{Description: "\xff", Version: -1}, "tag: the name is empty\ntag \"\": the rule is missing: it wants a rule, tiers, a value, or to be told\ntag \"\": the description is not valid UTF-8\ntag \"\": the version is negative"},
		{"a long name", tags.Definition{Name: strings.Repeat("名", 86), Rule: rule}, "tag \"" + strings.Repeat("名", 21) + "…\": the name is 258 bytes long, 256 are allowed"},
		{"bytes", tags.Definition{Name: "\xff", Rule: rule}, `tag "\xff": the name is not valid UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.def.Validate(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDefinition_JSON(t *testing.T) {
	def := tags.Definition{Name: "a", Rule: tags.MustParse(`age > 1`), Version: 1}
	data, err := json.Marshal(def)
	if err != nil {
		t.Fatal(err)
	}
	var got tags.Definition
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(def, got); diff != "" {
		t.Error(diff)
	}
}

func TestProgram_Deps(t *testing.T) {
	s := shop(t, "UTC")
	tests := []struct {
		rule string
		want tags.Deps
	}{
		{`true`, tags.Deps{}},
		{`age > 1 and city = "a" and age < 9`, tags.Deps{Attributes: []string{"age", "city"}}},
		{`spend > 1 and count("A") > 1`, tags.Deps{Events: []string{"A", "Order Completed"}, Counted: []string{"A", "Order Completed"}}},
		{`tag("高频购买者")`, tags.Deps{Events: []string{"Order Completed"}, Counted: []string{"Order Completed"}}},
		{`age > 1 or tag("新客")`, tags.Deps{Attributes: []string{"age", "registered"}, Events: []string{"Order Completed"}, Counted: []string{"Order Completed"}, Timed: true}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, compile(t, s, tt.rule).Deps()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.rule, diff)
		}
	}
}

func TestCompile_errors(t *testing.T) {
	s := shop(t, "UTC")
	s.Tags["broken"] = tags.MustParse("agee > 1").Tree()
	s.Tags["doubled 0"] = tags.MustParse("age > 1").Tree()
	for i := range 40 {
		last, next := "doubled "+string(rune('0'+i)), "doubled "+string(rune('0'+i+1))
		ref := &syntax.TagRef{Name: last}
		s.Tags[next] = &syntax.Or{X: []syntax.Expr{ref, ref}}
	}
	s.Tags["chain 0"] = tags.MustParse("age > 1").Tree()
	for i := range 200 {
		s.Tags["chain "+string(rune('0'+i+1))] = &syntax.Not{X: &syntax.TagRef{Name: "chain " + string(rune('0'+i))}}
	}
	tests := []struct{ name, rule, want string }{
		{"every fault, each in its place", "age > 1 and citty = \"a\"\nand tag(\"高频购买\")", `1:13: unknown trait "citty"
  age > 1 and citty = "a"
              ^^^^^
  did you mean "city"?
2:5: unknown tag "高频购买"
  and tag("高频购买")
      ^^^
  did you mean "高频购买者"?`},
		{"a fault in the rule of a tag", `vip = true and tag("broken")`, `1:16: the rule of tag "broken" is in error: unknown trait "agee" in agee > 1; did you mean "age"?
  vip = true and tag("broken")
                 ^^^`},
		{"tags that grow out of hand", `tag("doubled X")`, `with the rules of its tags and what its traits compute the rule has more than 100000 conditions`},
		{"a long chain of tags", `tag("chain ` + string(rune('0'+180)) + `")`, `1:1: tags that depend on each other are nested deeper than 100
  tag("chain ä")
  ^^^`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule := tags.MustParse(tt.rule)
			_, err := tags.Compile(rule.Tree(), s)
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tt.want, rule.Locate(err).Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
