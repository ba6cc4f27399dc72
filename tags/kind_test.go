package tags_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

func tiers(pairs ...string) (all []tags.Tier) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, tags.Tier{Value: pairs[i], Rule: tags.MustParse(pairs[i+1])})
	}
	return all
}

func TestDefinition_Validate_kinds(t *testing.T) {
	rule := tags.MustParse("true")
	value := tags.MustParseFormula(`spend`)
	long := strings.Repeat("x", tags.MaxNameBytes+1)
	many := make([]tags.Tier, tags.MaxTiers+1)
	for i := range many {
		many[i] = tags.Tier{Value: fmt.Sprint(i), Rule: rule}
	}
	tests := []struct {
		name string
		def  tags.Definition
		want string
	}{
		{"tiers", tags.Definition{Tiers: tiers("高", "true", "中", "false"), Else: "低", Group: "会员/价值", Owner: "增长"}, ""},
		{"as many tiers as may be", tags.Definition{Tiers: many[:tags.MaxTiers]}, ""},
		{"a value", tags.Definition{Value: value, Since: "2026-05-01", Until: "2026-06-01T08:00:00+08:00", Expires: "2027-01-01T00:00:00"}, ""},
		{"told", tags.Definition{Told: tags.Imported, Choices: []string{"a", "b"}}, ""},
		{"a day apart", tags.Definition{Rule: rule, Since: "2026-05-01T04:00:00Z", Until: "2026-05-01"}, ""},

		{"nothing", tags.Definition{}, `tag "t": the rule is missing: it wants a rule, tiers, a value, or to be told`},
		{"everything", tags.Definition{Rule: rule, Tiers: tiers("a", "true"), Value: value, Told: tags.Manual}, `tag "t": it has a rule and tiers and a value and told: only one of them can say who has the tag`},
		{"too many tiers", tags.Definition{Tiers: many}, `tag "t": it has 1001 tiers, 1000 are allowed`},
		{"tiers of one value", tags.Definition{Tiers: tiers("a", "true", "a", "false"), Else: "a"}, "tag \"t\": tier 2: the value \"a\" is there twice\ntag \"t\": else after tier 2: the value \"a\" is there twice"},
		{"tiers without", tags.Definition{Tiers: []tags.Tier{{}, {Value: long, Rule: rule}, {Value: "\xff", Rule: rule}}}, "tag \"t\": tier 1: the value is empty\ntag \"t\": tier 1, \"\": the rule is missing\ntag \"t\": tier 2: the value is 257 bytes long, 256 are allowed\ntag \"t\": tier 3: the value is not valid UTF-8"},
		{"strangers", tags.Definition{Rule: rule, Else: "a", Choices: []string{"a", "a"}}, "tag \"t\": else is of tiers, and it has none\ntag \"t\": choices are of what is told, and it is not\ntag \"t\": choice 2: the value \"a\" is there twice"},
		{"told by nobody", tags.Definition{Told: "guessed"}, `tag "t": told is "guessed": it is "manual" or "imported"`},
		{"groups", tags.Definition{Rule: rule, Group: "a//b"}, `tag "t": the group "a//b" has a level without a name`},
		{"deep groups", tags.Definition{Rule: rule, Group: strings.Repeat("a/", 10) + "a"}, `tag "t": the group is 11 levels deep, 10 are allowed`},
		{"a wide group", tags.Definition{Rule: rule, Group: long + "/\xff"}, "tag \"t\": a level of the group is 257 bytes long, 256 are allowed\ntag \"t\": the group is not valid UTF-8"},
		{"an owner", tags.Definition{Rule: rule, Owner: "\xff"}, `tag "t": the owner is not valid UTF-8`},
		{"no times", tags.Definition{Rule: rule, Since: "tomorrow", Until: "2026-13-01", Expires: "1"}, "tag \"t\": since is \"tomorrow\", which is no time: write 2026-05-01 or 2026-05-01T08:00:00+08:00\ntag \"t\": until is \"2026-13-01\", which is no time: write 2026-05-01 or 2026-05-01T08:00:00+08:00\ntag \"t\": expires is \"1\", which is no time: write 2026-05-01 or 2026-05-01T08:00:00+08:00"},
		{"times turned round", tags.Definition{Rule: rule, Since: "2026-05-03", Until: "2026-05-01", Expires: "2026-04-01"}, "tag \"t\": until, 2026-05-01, is before since, 2026-05-03\ntag \"t\": expires, 2026-04-01, is before since, 2026-05-03"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.def.Name = "t"
			got := ""
			if err := tt.def.Validate(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestDefinition_Holds(t *testing.T) {
	window := func(d tags.Definition, since, until string) tags.Definition {
		d.Since, d.Until = since, until
		return d
	}
	rule := tags.Definition{Rule: tags.MustParse("age > 1")}
	levels := tags.Definition{Tiers: tiers("高", "spend >= 20", "中", "spend >= 10", "低", "spend >= 1")}
	rest := tags.Definition{Tiers: tiers("高", "spend >= 200"), Else: "普通"}
	told := tags.Definition{Told: tags.Manual, Choices: []string{"a", "b"}}
	tests := []struct {
		name, value string
		def         tags.Definition
		want        string
	}{
		{"a rule", "", rule, "age > 1"},
		{"a rule has no value", "x", rule, "no"},
		{"in any tier", "", levels, "spend >= 20 or spend >= 10 or spend >= 1"},
		{"in the first tier", "高", levels, "spend >= 20"},
		{"in the last tier", "低", levels, "spend >= 1 and not (spend >= 20 or spend >= 10)"},
		{"in no such tier", "无", levels, "no"},
		{"in any tier, else included", "", rest, "true"},
		{"in none", "普通", rest, "not spend >= 200"},
		{"a number", "", tags.Definition{Value: tags.MustParseFormula("age")}, "exists(age)"},
		{"a number of a value", "30", tags.Definition{Value: tags.MustParseFormula("age")}, "age in [30]"},
		{"a number of no number", "x", tags.Definition{Value: tags.MustParseFormula("age")}, "no"},
		{"a boolean", "true", tags.Definition{Value: tags.MustParseFormula("vip")}, "vip in [true]"},
		{"a time", "2026-05-01", tags.Definition{Value: tags.MustParseFormula("registered")}, `registered in ["2026-05-01"]`},
		{"a place", "31,121", tags.Definition{Value: tags.MustParseFormula("home")}, `home in [point(31, 121)]`},
		{"any kind", "3", tags.Definition{Value: tags.MustParseFormula(`last("Product Viewed", "category")`)}, `last("Product Viewed", "category") in ["3", 3]`},
		{"a list", "x", tags.Definition{Value: tags.MustParseFormula(`top(3, "Product Viewed", "category")`)}, `top(3, "Product Viewed", "category") any_of ["x"]`},
		{"told", "", told, "`$tag.t` in [\"a\", \"b\"] and (missing(`$tag_until.t`) or now() < `$tag_until.t`)"},
		{"told a value", "b", told, "`$tag.t` = \"b\" and (missing(`$tag_until.t`) or now() < `$tag_until.t`)"},
		{"told no such value", "c", told, "no"},
		{"told anything", "", tags.Definition{Told: tags.Manual}, "exists(`$tag.t`) and (missing(`$tag_until.t`) or now() < `$tag_until.t`)"},
		{"in effect", "", window(rule, "2026-05-01", "2026-06-01"), `now() >= "2026-05-01" and now() < "2026-06-01" and age > 1`},
		{"until it expires", "", tags.Definition{Rule: tags.MustParse("age > 1"), Expires: "2026-06-01"}, `now() < "2026-06-01" and age > 1`},
	}
	s := shop(t, "Asia/Shanghai")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.def.Name = "t"
			got := "no"
			if e, ok := tt.def.Holds(tt.value, s); ok {
				got = syntax.Print(e)
			}
			want := tt.want
			if want != "no" {
				want = tags.MustParse(want).String()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

// The operand of tiers gives the value that holds, of every profile that has the tag.
func TestDefinition_Operand_of_tiers(t *testing.T) {
	s := shop(t, "UTC")
	for _, n := range []int{1, 2, 64, 65, 66, 97, tags.MaxTiers} {
		for _, last := range []string{"", "else"} {
			d := tags.Definition{Name: "t", Else: last}
			for i := range n {
				d.Tiers = append(d.Tiers, tags.Tier{Value: fmt.Sprint(i), Rule: tags.MustParse(fmt.Sprintf("age >= %d", n-i))})
			}
			if err := d.Check(s); err != nil {
				t.Fatalf("%d tiers: %v", n, err)
			}
			for _, age := range []int{0, 1, 2, n - 40, n - 32, n - 31, n - 1, n, n + 5} {
				st := fold(t, s, profile.Event{Type: profile.Identify, MessageID: "1", Time: time.Unix(0, 0), Traits: map[string]profile.Value{"age": profile.Number(float64(age))}})
				want, has := last, last != ""
				if age >= 1 {
					want, has = fmt.Sprint(max(0, n-age)), true
				}
				if got := holdsOf(t, s, &d, "", st); got != has {
					t.Fatalf("%d tiers, age %d: has it: %v, want %v", n, age, got, has)
				}
				if !has {
					continue
				}
				if !holdsOf(t, s, &d, want, st) {
					t.Fatalf("%d tiers, age %d: not %q", n, age, want)
				}
				is, err := tags.Compile(&syntax.Compare{L: d.Operand(), R: &syntax.Literal{Value: profile.String(want)}}, s)
				if err != nil {
					t.Fatal(err)
				}
				if ok, _ := is.Eval(st, 0); !ok {
					t.Fatalf("%d tiers, age %d: the operand does not give %q", n, age, want)
				}
			}
		}
	}
}

func holdsOf(t *testing.T, s syntax.Scope, d *tags.Definition, value string, st *profile.State) bool {
	t.Helper()
	e, ok := d.Holds(value, s)
	if !ok {
		t.Fatalf("no value %q", value)
	}
	p, err := tags.Compile(e, s)
	if err != nil {
		t.Fatal(err)
	}
	holds, _ := p.Eval(st, 0)
	return holds
}

func TestDefinition_Check(t *testing.T) {
	s := shop(t, "UTC")
	d := tags.Definition{Name: "t", Tiers: tiers("a", "ctiy = \"x\"", "b", "age > 1", "c", "age > \"1\"")}
	want := `tag "t", tier "a": 1:1: unknown trait "ctiy"
  ctiy = "x"
  ^^^^
  did you mean "city"?
tag "t", tier "c": 1:5: age (a number) and "1" (a text) cannot be compared
  age > "1"
      ^
  a number is written without quotes: 1`
	if diff := cmp.Diff(want, fmt.Sprint(d.Check(s))); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	wide := tags.MustParse(strings.TrimSuffix(strings.Repeat("age > 1 and ", 30), " and "))
	d.Tiers = nil
	for i := range 500 {
		d.Tiers = append(d.Tiers, tags.Tier{Value: fmt.Sprint(i), Rule: wide})
	}
	if err := d.Check(s); err == nil || !strings.Contains(err.Error(), "more than 10000 parts") {
		t.Errorf("tiers that are too large together: %v", err)
	}
}

// What is told of a tag holds until its time, and one event changes all of it.
func TestAssign(t *testing.T) {
	s := shop(t, "UTC")
	d := tags.Definition{Name: "until.x", Told: tags.Manual}
	for name, a := range d.Attributes() {
		s.Traits[name] = syntax.TraitInfo{Kind: a.Kind, Elem: a.Elem, Policy: a.Policy}
	}
	day := func(n int) time.Time { return time.Unix(int64(n)*24*3600, 0).UTC() }
	tell := func(n int, traits map[string]profile.Value) profile.Event {
		return profile.Event{Type: profile.Identify, MessageID: fmt.Sprint(n), Time: day(n), Traits: traits}
	}
	events := []profile.Event{
		tell(1, tags.Assign(d.Name, "高", day(9), "李")),
		tell(2, tags.Assign(d.Name, "低", time.Time{}, "")),
		tell(3, tags.Unassign(d.Name, "王")),
		tell(4, tags.Assign("x", "other", day(5), "")),
	}
	tests := []struct {
		events int
		at     int
		want   bool
		is     tags.Assignment
		told   bool
	}{
		{0, 1, false, tags.Assignment{}, false},
		{1, 1, true, tags.Assignment{Value: "高", Until: day(9), By: "李"}, true},
		{1, 8, true, tags.Assignment{Value: "高", Until: day(9), By: "李"}, true},
		{1, 9, false, tags.Assignment{Value: "高", Until: day(9), By: "李"}, true},
		{2, 9, true, tags.Assignment{Value: "低"}, true},
		{3, 9, false, tags.Assignment{}, false},
		{4, 9, false, tags.Assignment{}, false},
	}
	for _, tt := range tests {
		st := fold(t, s, events[:tt.events]...)
		e, _ := d.Holds("", s)
		p, err := tags.Compile(e, s)
		if err != nil {
			t.Fatal(err)
		}
		got, until := p.Eval(st, profile.InstantOf(day(tt.at)))
		if got != tt.want {
			t.Errorf("after %d events on day %d: %v", tt.events, tt.at, got)
		}
		if tt.events == 1 && tt.want && until != profile.InstantOf(day(9)) {
			t.Errorf("it holds until %v", until)
		}
		if is, told := tags.Assigned(st, d.Name); is != tt.is || told != tt.told {
			t.Errorf("after %d events: assigned %+v, %v", tt.events, is, told)
		}
	}
}

func TestDefinition_Expired(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	d := tags.Definition{Expires: "2026-05-01"}
	end := at(t, "2026-04-30T16:00:00Z")
	if d.Expired(end-1, zone) || !d.Expired(end, zone) || (tags.Definition{}).Expired(end, zone) {
		t.Error("it does not expire at midnight in Shanghai")
	}
}

func TestDefinition_JSON_kinds(t *testing.T) {
	for _, d := range []tags.Definition{
		{Name: "a", Tiers: tiers("高", "age > 1", "低", "age > 0"), Else: "无", Group: "g/h", Owner: "o"},
		{Name: "b", Value: tags.MustParseFormula(`top(3, "Product Viewed", "category", last("30d"))`), Since: "2026-05-01"},
		{Name: "c", Told: tags.Manual, Choices: []string{"x"}, Expires: "2027-01-01"},
	} {
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var got tags.Definition
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		again, err := json.Marshal(got)
		if err != nil || string(again) != string(data) || got.Kind() != d.Kind() {
			t.Errorf("%s\nreads as\n%s, %v", data, again, err)
		}
	}
}
