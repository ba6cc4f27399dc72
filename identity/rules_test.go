package identity

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

func TestNew_JoinsAllFaults(t *testing.T) {
	_, err := New(Config{
		MaxNodes: -1, MaxIdentifiers: -2,
		Namespaces: []Namespace{
			{Name: "a:b", Priority: 1},
			{Name: "", Priority: 2},
			{Name: "twice", Priority: 3},
			{Name: "twice", Priority: 3, Kind: 99},
			{Name: "none", Limit: -1, MaxPartners: -1},
			{Name: "both", Priority: 5, Unique: true, Limit: 2},
			{Name: "norm", Priority: 6, Normalize: []string{"trim", "upper"}, BlockedPatterns: []string{"("}},
			{Name: "bad\xff", Priority: 7},
			{Name: strings.Repeat("x", 65), Priority: 8},
			{Name: "two words", Priority: 9},
		},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"max nodes -1", "max identifiers -2",
		`"a:b": name holds ':'`, `"": empty name`,
		`"twice": declared twice`, `"twice": priority 3 is that of "twice"`, `"twice": unknown kind 99`,
		`"none": priority 0`, `"none": limit -1`, `"none": max partners -1`,
		`"both": unique with a limit of 2`,
		`"norm": unknown normaliser "upper": want one of trim, nfkc`, `"norm": blocked pattern`,
		"not valid UTF-8", "name of 65 bytes", `"two words": name holds ' '`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %s", want)
		}
	}
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "no namespaces") {
		t.Errorf("empty config: %v", err)
	}
}

func TestNew_CopiesItsConfig(t *testing.T) {
	c := Config{Namespaces: []Namespace{{Name: "会员号", Priority: 1, Blocked: []string{"x"}}}}
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Namespaces[0].Name, c.Namespaces[0].Blocked[0] = "other", "y"
	if _, err := r.Clean(ident("会员号:y")); err != nil {
		t.Error(err)
	}
}

func TestRules_Defaults(t *testing.T) {
	r, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	order := []string{"user_id", "unionid", "email", "phone", "device_id", "anonymous_id", "else"}
	for i := range order[1:] {
		if r.Rank(order[i]) >= r.Rank(order[i+1]) {
			t.Errorf("%s does not rank before %s", order[i], order[i+1])
		}
	}
	if r.Rank("else") != math.MaxInt {
		t.Errorf("rank of an undeclared namespace = %d", r.Rank("else"))
	}
	for ns, most := range map[string]int{"user_id": 10_000, "unionid": 10_000, "email": 100, "phone": 100, "device_id": 20, "anonymous_id": 20} {
		n := Node{Identifier: profile.Identifier{Namespace: ns, Value: "x"}, Partners: most}
		if r.Generic(n) {
			t.Errorf("%s with %d partners is generic", ns, most)
		}
		n.Partners++
		if !r.Generic(n) {
			t.Errorf("%s with %d partners is not generic", ns, n.Partners)
		}
	}
	if !r.Generic(Node{Identifier: ident("else:x")}) {
		t.Error("a node of an undeclared namespace is not generic")
	}
}

func TestKind_Names(t *testing.T) {
	for k := Person; k <= Account; k++ {
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k, got, ok)
		}
	}
	if _, ok := ParseKind("robot"); ok {
		t.Error("robot is a kind")
	}
	if Kind(99).String() != "kind(?)" {
		t.Error("unknown kind has a name")
	}
}

func TestRules_FromTraits(t *testing.T) {
	c := Default()
	c.Namespaces[0].Trait = "uid"
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		traits map[string]profile.Value
		want   []profile.Identifier
	}{
		{"none", nil, nil},
		{"text, strongest first", map[string]profile.Value{
			"phone": profile.String("138"), "email": profile.String("A@b.cn"), "name": profile.String("x"),
		}, []profile.Identifier{ident("email:A@b.cn"), ident("phone:138")}},
		{"whole number", map[string]profile.Value{"phone": profile.Number(13812345678)}, []profile.Identifier{ident("phone:13812345678")}},
		{"fraction, infinity, too great", map[string]profile.Value{
			"phone": profile.Number(1.5), "email": profile.Number(math.Inf(1)), "uid": profile.Number(1e17),
		}, nil},
		{"not a number, bool, null", map[string]profile.Value{
			"phone": profile.Number(math.NaN()), "email": profile.Bool(true), "uid": {},
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, r.FromTraits(tt.traits)); diff != "" {
				t.Errorf("identifiers (-want +got):\n%s", diff)
			}
		})
	}
}
