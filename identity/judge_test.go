package identity

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRules_Judge reads single judgements in full. The far end of each pair and the
// node itself are written as names.
func TestRules_Judge(t *testing.T) {
	type judgement struct {
		Admitted []string // of the hot node, nil if it was not returned
		Shared   bool
		Changed  []string
	}
	hot := ident("hot:h")
	config := func(hot Namespace) Config {
		hot.Name, hot.Priority = "hot", 3
		return Config{Namespaces: []Namespace{{Name: "user_id", Priority: 1, Unique: true}, {Name: "email", Priority: 2}, hot}}
	}
	newest := config(Namespace{Conflict: Newest})
	two := config(Namespace{MaxEdges: map[string]int{"user_id": 2}})
	tests := []struct {
		name  string
		rules Config
		setup []told
		last  told
		want  judgement
	}{
		{
			"the first is admitted", newest, nil, sees(1, "user_id:a", "hot:h"),
			judgement{Admitted: []string{"user_id:a"}, Changed: []string{"hot:h user_id:a"}},
		},
		{
			"a later one takes the place", newest,
			[]told{sees(1, "user_id:a", "hot:h")},
			sees(2, "user_id:b", "hot:h"),
			judgement{Admitted: []string{"user_id:b"}, Changed: []string{"hot:h user_id:a", "hot:h user_id:b"}},
		},
		{
			"an earlier one does not, but is told of for the refusal", newest,
			[]told{sees(2, "user_id:a", "hot:h")},
			sees(1, "user_id:b", "hot:h"),
			judgement{Changed: []string{"hot:h user_id:b"}},
		},
		{
			"a namespace that is not unique passes", newest,
			[]told{sees(2, "user_id:a", "hot:h")},
			sees(1, "email:b", "hot:h"),
			judgement{Changed: []string{"email:b hot:h"}},
		},
		{
			"at one time the greater identifier", newest,
			[]told{sees(1, "user_id:b", "hot:h")},
			sees(1, "user_id:a", "hot:h"),
			judgement{Changed: []string{"hot:h user_id:a"}},
		},
		{
			"a later sighting of the one admitted changes nothing", newest,
			[]told{sees(1, "user_id:a", "hot:h")},
			sees(9, "user_id:a", "hot:h"),
			judgement{},
		},
		{
			"an unlink gives the place to the next", newest,
			[]told{sees(1, "user_id:a", "hot:h"), sees(2, "user_id:b", "hot:h")},
			decides(Unlink, 3, "user_id:b", "hot:h"),
			judgement{Admitted: []string{"user_id:a"}, Changed: []string{"hot:h user_id:a", "hot:h user_id:b"}},
		},
		{
			"the last unlink empties it", newest,
			[]told{sees(1, "user_id:a", "hot:h")},
			decides(Unlink, 3, "user_id:a", "hot:h"),
			judgement{Admitted: []string{}, Changed: []string{"hot:h user_id:a"}},
		},
		{
			"a link of one that is not admitted takes the place", newest,
			[]told{sees(1, "user_id:a", "hot:h"), sees(2, "user_id:b", "hot:h")},
			decides(Link, 0, "user_id:a", "hot:h"),
			judgement{Admitted: []string{"user_id:a"}, Changed: []string{"hot:h user_id:a", "hot:h user_id:b"}},
		},
		{
			"of a match as well as of a sighting", newest,
			[]told{matches(5, "user_id:a", "hot:h")},
			sees(0, "user_id:b", "hot:h"),
			judgement{Admitted: []string{"user_id:b"}, Changed: []string{"hot:h user_id:a", "hot:h user_id:b"}},
		},
		{
			"a quota with room", two,
			[]told{sees(1, "user_id:a", "hot:h")},
			sees(2, "user_id:b", "hot:h"),
			judgement{Admitted: []string{"user_id:a", "user_id:b"}, Changed: []string{"hot:h user_id:b"}},
		},
		{
			"a quota that is full", two,
			[]told{sees(1, "user_id:a", "hot:h"), sees(2, "user_id:b", "hot:h")},
			sees(3, "user_id:c", "hot:h"),
			judgement{Changed: []string{"hot:h user_id:c"}},
		},
		{
			"an earlier one pushes the last out", two,
			[]told{sees(1, "user_id:a", "hot:h"), sees(2, "user_id:b", "hot:h")},
			sees(0, "user_id:c", "hot:h"),
			judgement{Admitted: []string{"user_id:a", "user_id:c"}, Changed: []string{"hot:h user_id:b", "hot:h user_id:c"}},
		},
		{
			"the first of a unique namespace shares nothing", config(Namespace{Conflict: Shared}), nil, sees(1, "user_id:a", "hot:h"),
			judgement{Changed: []string{"hot:h user_id:a"}},
		},
		{
			"the second does", config(Namespace{Conflict: Shared}),
			[]told{sees(1, "user_id:a", "hot:h")},
			sees(2, "user_id:b", "hot:h"),
			judgement{Admitted: []string{}, Shared: true, Changed: []string{"hot:h hot:h", "hot:h user_id:b"}},
		},
		{
			"shared ends with the last but one", config(Namespace{Conflict: Shared}),
			[]told{sees(1, "user_id:a", "hot:h"), sees(2, "user_id:b", "hot:h")},
			decides(Unlink, 3, "user_id:b", "hot:h"),
			judgement{Admitted: []string{}, Changed: []string{"hot:h hot:h"}},
		},
		{
			"one too many makes it generic, and is told of", config(Namespace{MaxPartners: 1}),
			[]told{sees(1, "user_id:a", "hot:h")},
			sees(2, "user_id:b", "hot:h"),
			judgement{Changed: []string{"hot:h user_id:b"}},
		},
		{
			"a weak match of a pair that was seen changes nothing", newest,
			[]told{sees(1, "user_id:a", "hot:h")},
			matches(5, "user_id:a", "hot:h"),
			judgement{},
		},
		{
			"a dead edge that takes an earlier place changes nothing", config(Namespace{Kind: Device, Conflict: Never}),
			[]told{sees(5, "user_id:a", "hot:h")},
			sees(1, "user_id:a", "hot:h"),
			judgement{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.rules)
			for _, tell := range tt.setup {
				w.regroup(tell(w)...)
			}
			before := w.nodes[w.id(hot)]
			var got judgement
			for _, p := range tt.last(w) {
				got.Changed = append(got.Changed, strings.Join(w.names([]Token{p.Weak, p.Strong}), " "))
			}
			slices.Sort(got.Changed)
			after := w.nodes[w.id(hot)]
			got.Shared = after.Shared
			if before.Shared != after.Shared || !slices.Equal(before.Admitted, after.Admitted) {
				got.Admitted = w.names(after.Admitted)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("judgement (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRules_Bar goes through the reasons in their order of precedence: each edge
// has the reason that it is there for, and all that come after.
func TestRules_Bar(t *testing.T) {
	r, err := New(Config{Namespaces: []Namespace{
		{Name: "user", Priority: 1, Unique: true},
		{Name: "shared", Priority: 2, Conflict: Shared, MaxPartners: 5, MaxEdges: map[string]int{"user": 1}},
		{Name: "newest", Priority: 3, Conflict: Newest, MaxEdges: map[string]int{"user": 1}},
		{Name: "few", Priority: 4, Conflict: Never, MaxEdges: map[string]int{"user": 1}},
		{Name: "lookup", Priority: 5, Conflict: Never, Lookup: true},
		{Name: "never", Priority: 6, Conflict: Never},
	}})
	if err != nil {
		t.Fatal(err)
	}
	node := func(namespace string) Node {
		id := ident(namespace + ":x")
		return Node{Token: tokenOf(id), Identifier: id}
	}
	crowd := func(n Node) Node { n.Partners = 6; return n }
	barred := func(n Node) Node { n.Barred = true; return n }
	shared := func(n Node) Node { n.Shared = true; return n }
	admits := func(n Node) Node { n.Admitted = []Token{node("user").Token}; return n }
	seen, linked := Edge{Seen: true}, Edge{Decision: Link}
	tests := []struct {
		edge      Edge
		a         Node
		rule      Rule
		namespace string
	}{
		{Edge{Seen: true, Decision: Unlink}, crowd(node("shared")), RuleUnlinked, ""},
		{Edge{Seen: true, Decision: Withdraw}, crowd(node("shared")), RuleGeneric, "shared"},
		{linked, crowd(barred(node("shared"))), RuleGeneric, "shared"},
		{linked, node("unheard"), RuleGeneric, "unheard"},
		{linked, barred(shared(node("shared"))), RuleBarred, "shared"},
		{seen, shared(node("shared")), RuleShared, "shared"},
		{linked, shared(node("shared")), 0, ""},
		{seen, node("shared"), RuleMaxEdges, "shared"},
		{seen, admits(node("shared")), 0, ""},
		{seen, node("newest"), RuleNewest, "newest"},
		{linked, node("newest"), 0, ""},
		{seen, admits(node("newest")), 0, ""},
		{seen, node("few"), RuleMaxEdges, "few"},
		{linked, node("few"), 0, ""},
		{seen, admits(node("few")), RuleNever, "few"},
		{seen, node("lookup"), RuleLookup, "lookup"},
		{seen, admits(node("lookup")), RuleNever, "lookup"},
		{seen, node("never"), RuleNever, "never"},
		{linked, node("never"), 0, ""},
		{Edge{Match: Match{Weak: true}}, node("never"), RuleNever, "never"},
	}
	for _, tt := range tests {
		for _, ends := range [][2]Node{{tt.a, node("user")}, {node("user"), tt.a}} {
			rule, namespace := r.Bar(tt.edge, ends[0], ends[1])
			if rule != tt.rule || namespace != tt.namespace {
				t.Errorf("%+v to %v: %v of %q, want %v of %q", tt.edge, tt.a.Identifier, rule, namespace, tt.rule, tt.namespace)
			}
			if live := r.Live(tt.edge, ends[0], ends[1]); live != (tt.rule == 0) {
				t.Errorf("%+v to %v: live %v", tt.edge, tt.a.Identifier, live)
			}
		}
	}
	if rule, _ := r.Bar(Edge{}, node("shared"), node("newest")); rule != 0 || r.Live(Edge{}, node("shared"), node("newest")) {
		t.Errorf("no evidence: %v", rule)
	}
	if _, namespace := r.Bar(seen, barred(node("never")), barred(node("user"))); namespace != "never" {
		t.Errorf("both ends barred: that of %q, want that of the weaker", namespace)
	}
}

func TestRules_Judge_reports_what_it_cannot_read(t *testing.T) {
	c := crm(Newest)
	w := newWorld(t, c)
	w.regroup(w.event(at(1), ident("crm:1"), ident("device:d"))...)
	p := w.pair(ident("crm:1"), ident("device:d"))
	if _, _, err := w.rules.Judge(w, Pair{p.Weak, p.Weak}, Edge{}); err == nil {
		t.Error("a pair of a node with itself: no error")
	}
	if _, _, err := w.rules.Judge(w, Pair{p.Weak, Token{1}}, Edge{}); err == nil {
		t.Error("an unknown node: no error")
	}
	if _, err := w.rules.Refilter(w, Token{1}); err == nil {
		t.Error("refilter of an unknown node: no error")
	}
	// Every read in turn fails: the unlink of an admitted edge reads all there is.
	before := w.edges[p]
	e := before
	e.Decide(Unlink, at(2))
	w.edges[p] = e
	wrong := errors.New("disk on fire")
	for n := 1; ; n++ {
		g := &unreadable{world: w, after: n, err: wrong}
		_, _, err := w.rules.Judge(g, p, before)
		if err == nil {
			if n < 4 {
				t.Errorf("only %d reads", n-1)
			}
			break
		}
		if !errors.Is(err, wrong) {
			t.Fatalf("read %d: error %q does not wrap the cause", n, err)
		}
	}
}

// unreadable is a world whose n-th read of a node or an edge fails, and all after it.
type unreadable struct {
	*world
	after int
	err   error
}

func (f *unreadable) fails() error {
	if f.after--; f.after <= 0 {
		return f.err
	}
	return nil
}

func (f *unreadable) Node(t Token) (Node, error) {
	n, err := f.world.Node(t)
	return n, errors.Join(err, f.fails())
}

func (f *unreadable) Edge(p Pair) (Edge, bool, error) {
	e, ok, err := f.world.Edge(p)
	return e, ok, errors.Join(err, f.fails())
}
