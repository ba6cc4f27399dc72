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

func TestNew_FaultsOfPolicies(t *testing.T) {
	tests := []struct {
		name string
		ns   Namespace
		want string // empty: no fault
	}{
		{"all at once", Namespace{Conflict: Shared, MaxEdges: map[string]int{"user": 3, "x": 0}, Auth: 255, Limit: 2, Per: 1}, ""},
		{"newest with max edges", Namespace{Conflict: Newest, MaxEdges: map[string]int{"user": 1}}, ""},
		{"lookup with max edges of any number", Namespace{Lookup: true, MaxEdges: map[string]int{"user": 0}}, ""},
		{"unknown policy", Namespace{Conflict: 99}, "unknown policy 99"},
		{"negative auth", Namespace{Auth: -1}, "auth -1: want 0 to 255"},
		{"great auth", Namespace{Auth: 256}, "auth 256: want 0 to 255"},
		{"unique per", Namespace{Unique: true, Per: 1}, "unique per 1ns"},
		{"unique with a limit per", Namespace{Unique: true, Limit: 1, Per: 1}, "unique per 1ns"},
		{"per without limit", Namespace{Per: 1}, "per 1ns without a limit"},
		{"negative per", Namespace{Limit: 1, Per: -1}, "per -1ns: want 0 or more"},
		{"max edges of nobody", Namespace{MaxEdges: map[string]int{"nobody": 1}}, `max edges: namespace "nobody" is not declared`},
		{"negative max edges", Namespace{MaxEdges: map[string]int{"user": -1}}, `max edges: -1 of "user"`},
		{"lookup with max edges", Namespace{Lookup: true, MaxEdges: map[string]int{"user": 1}}, "lookup with max edges"},
		{"lookup with newest", Namespace{Lookup: true, Conflict: Newest}, "lookup with the policy newest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.ns.Name, tt.ns.Priority = "x", 2
			_, err := New(Config{Namespaces: []Namespace{{Name: "user", Priority: 1}, tt.ns}})
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), `"x": `+tt.want)):
				t.Errorf("error %v, want one with %s", err, tt.want)
			}
		})
	}
}

func TestRules_OfNamespaces(t *testing.T) {
	r, err := New(Config{Namespaces: []Namespace{
		{Name: "user", Priority: 1, Auth: 2},
		{Name: "email", Priority: 2, Auth: 1, Conflict: Shared, Limit: 5, Per: 1},
		{Name: "cookie", Priority: 3, Limit: 5},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{"user", "email", 2}, {"email", "user", 2}, {"email", "cookie", 1}, {"cookie", "cookie", 0}, {"unheard", "email", 1}} {
		if got := r.Auth(tt.a, tt.b); got != tt.want {
			t.Errorf("Auth(%s, %s) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	for namespace, want := range map[string]bool{"user": false, "email": true, "cookie": false, "unheard": false} {
		if got := r.Windowed(namespace); got != want {
			t.Errorf("Windowed(%s) = %v", namespace, got)
		}
	}
	for namespace, want := range map[string]Policy{"user": Demote, "email": Shared, "unheard": Demote} {
		if got := r.Conflict(namespace); got != want {
			t.Errorf("Conflict(%s) = %v, want %v", namespace, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for p := Demote; p <= Never; p++ {
		if got, ok := ParsePolicy(p.String()); !ok || got != p {
			t.Errorf("ParsePolicy(%q) = %v, %v", p, got, ok)
		}
	}
	if _, ok := ParsePolicy("perhaps"); ok || Policy(99).String() != "policy(?)" {
		t.Error("an unknown policy has a name")
	}
	names := map[string]bool{}
	for r := RuleNodes; r <= RuleUnlinked; r++ {
		names[r.String()] = true
	}
	if len(names) != int(RuleUnlinked) || names["rule(?)"] || Rule(99).String() != "rule(?)" {
		t.Errorf("names of rules: %v", names)
	}
}
