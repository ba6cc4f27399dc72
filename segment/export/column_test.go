package export

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

func TestParseColumns_round_trip(t *testing.T) {
	for _, text := range append(every, "a=id", "trait:a=b", "trait:a:b", "x=count:k=v") {
		c := columns(t, text)[0]
		if c.String() != text {
			t.Errorf("%q is read as %q", text, c.String())
		}
	}
	if c := columns(t, "city=trait:a=b")[0]; c.Header() != "city" || c.name != "a=b" {
		t.Errorf("header %q, name %q", c.Header(), c.name)
	}
}

func TestParseColumns_faults(t *testing.T) {
	schema := &Schema{
		Namespaces: []string{"email", "phone"}, Traits: map[string]profile.Kind{"city": profile.KindString}, Tags: map[string]profile.Kind{"VIP": 0},
	}
	tests := []struct {
		text, want string
	}{
		{"", `unknown column ""`},
		{"identifer:email", `unknown column "identifer", did you mean "identifier"?`},
		{"a=b=id", `unknown column "b=id"`},
		{"=id", `the header is empty`},
		{"\xff=id", `text that is not UTF-8`},
		{"id:7", `id takes no name`},
		{"trait", `want a name after trait, as in trait:NAME`},
		{"trait:", `want a name after trait, as in trait:NAME`},
		{"count:", `want a name after count, as in count:NAME`},
		{"identifier:emial", `unknown namespace "emial", did you mean "email"?`},
		{"identifiers:unionid", `unknown namespace "unionid"`},
		{"trait:ctiy", `unknown trait "ctiy", did you mean "city"?`},
		{"tag:VPI", `unknown tag "VPI", did you mean "VIP"?`},
		{"value:vip2", `unknown tag "vip2", did you mean "VIP"?`},
	}
	for _, tt := range tests {
		_, err := ParseColumns(schema, "id", tt.text)
		want := "export: column 2, " + strconv.Quote(tt.text) + ": " + tt.want
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", tt.text, err, want)
		}
	}
	if _, err := ParseColumns(schema, "identifiers", "trait:city", "tag:VIP", "value:VIP", "count:whatever"); err != nil {
		t.Error(err)
	}
	// All faults at once.
	_, err := ParseColumns(nil, "nope", "id", "id", "x=id", "x=tags")
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 {
		t.Errorf("%d faults of 3: %v", got, err)
	}
	if !strings.Contains(err.Error(), `column 3, "id": column 2 is headed "id" too`) {
		t.Error(err)
	}
	if _, err := ParseColumns(nil); err == nil {
		t.Error("no columns are taken")
	}
}

func TestColumn_kinds(t *testing.T) {
	schema := &Schema{Traits: map[string]profile.Kind{"age": profile.KindNumber}, Tags: map[string]profile.Kind{"level": profile.KindString}}
	cs, err := ParseColumns(schema, "id", "identifier:x", "identifiers", "trait:age", "tag:level", "value:level", "count", "first", "last:E")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cs {
		kind := c.Kind().String()
		if c.Whole() {
			kind = "whole " + kind
		}
		got = append(got, kind)
	}
	want := []string{"whole number", "string", "list", "number", "bool", "string", "whole number", "time", "time"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a column says its kind is, its values are, or null.
func TestColumn_values(t *testing.T) {
	p := three()[0]
	want := map[string]string{
		"id": "3", "identifier:email": "a@b.cn", "identifiers:email": "[a@b.cn, c@d.cn]", "identifiers": "[user_id:u-3, email:a@b.cn, email:c@d.cn]",
		"trait:city": `上海, "静安"`, "trait:missing": "null", "tag:VIP": "true", "tag:V": "false", "value:level": "高", "value:VIP": "null",
		"tags": "[VIP, level]", "count": "7", "count:Product Viewed": "5", "count:None": "0", "first": "2026-01-02T03:04:05.000006Z",
		"last:Order Completed": "2026-03-01T12:30:00Z", "first:None": "null",
	}
	for text, value := range want {
		c := columns(t, text)[0]
		got := c.Value(p)
		if got.String() != value {
			t.Errorf("%s: %s, want %s", text, got, value)
		}
		if k := c.Kind(); k != profile.KindNull && !got.IsNull() && got.Kind() != k {
			t.Errorf("%s: a value of kind %s in a column of kind %s", text, got.Kind(), k)
		}
	}
	for _, text := range every { // A profile without anything has no surprises.
		columns(t, text)[0].Value(&profile.Profile{})
	}
}
