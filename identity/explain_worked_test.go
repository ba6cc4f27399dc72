package identity

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

// show writes an explanation, one hop a line: "from > to: rule namespace (one | other)".
func (w *world) show(e Explanation) []string {
	name := func(t Token) string { return w.nodes[t].Identifier.String() }
	out := []string{"apart"}
	if e.Together {
		out[0] = "together"
	}
	if e.Truncated {
		out[0] += ", truncated"
	}
	for _, h := range e.Path {
		line := name(h.From) + " > " + name(h.To)
		if h.Rule != 0 {
			line += ": " + strings.TrimSpace(h.Rule.String()+" "+h.Namespace)
		}
		if h.Against != ([2]Token{}) {
			line += " (" + name(h.Against[0]) + " | " + name(h.Against[1]) + ")"
		}
		out = append(out, line)
	}
	return out
}

func TestExplain_WorkedCases(t *testing.T) {
	const day = int(24 * time.Hour / time.Microsecond)
	see := func(w *world, time int, ids ...string) {
		var list []profile.Identifier
		for _, id := range ids {
			list = append(list, ident(id))
		}
		w.regroup(w.event(at(time), list...)...)
	}
	tests := []struct {
		name  string
		rules func(ns map[string]*Namespace, c *Config)
		tell  func(w *world)
		a, b  string
		want  []string
		// mend takes the conflict away, after which the two are together; nil: it
		// is not asked.
		mend func(ns map[string]*Namespace, c *Config)
	}{
		{
			name: "of two ways the one that united them",
			tell: func(w *world) {
				see(w, 1, "email:a@x.com", "anonymous_id:c")
				see(w, 2, "user_id:u", "anonymous_id:c")
				see(w, 9, "user_id:u", "email:a@x.com")
			},
			a: "user_id:u", b: "anonymous_id:c",
			want: []string{"together", "user_id:u > anonymous_id:c"}, // the e-mail's is the earlier one
		},
		{
			name: "by the stronger of two paths, though it is longer",
			tell: func(w *world) {
				see(w, 1, "user_id:u", "email:a@x.com")
				see(w, 1, "email:a@x.com", "phone:13812345678")
				w.regroup(w.match(Match{Weak: true, Weight: 9000, Model: 1}, ident("user_id:u"), ident("phone:13812345678"))...)
			},
			a: "phone:13812345678", b: "user_id:u",
			want: []string{"together", "phone:13812345678 > email:a@x.com", "email:a@x.com > user_id:u"},
		},
		{
			name: "a node and itself",
			tell: func(w *world) { see(w, 1, "user_id:u") },
			a:    "user_id:u", b: "user_id:u",
			want: []string{"together"},
		},
		{
			name: "nothing joins them",
			tell: func(w *world) { see(w, 1, "user_id:u", "email:a@x.com"); see(w, 1, "user_id:v", "email:b@x.com") },
			a:    "user_id:u", b: "email:b@x.com",
			want: []string{"apart"},
		},
		{
			name: "two users of one browser",
			tell: func(w *world) {
				see(w, 1, "user_id:u", "anonymous_id:c")
				see(w, 2, "user_id:v", "email:v@x.com", "anonymous_id:c")
			},
			a: "email:v@x.com", b: "anonymous_id:c",
			want: []string{"apart", "email:v@x.com > user_id:v", "user_id:v > anonymous_id:c: unique user_id (user_id:v | user_id:u)"},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["user_id"].Unique = false },
		},
		{
			name: "a limit of two phones a day",
			rules: func(ns map[string]*Namespace, _ *Config) {
				ns["phone"].Limit, ns["phone"].Per = 2, 24*time.Hour
			},
			tell: func(w *world) {
				see(w, 0, "user_id:u", "phone:13800000001")
				see(w, 2*day, "user_id:u", "phone:13800000002")
				see(w, 2*day+1, "user_id:u", "phone:13800000003")
				see(w, 2*day+2, "user_id:u", "phone:13800000004")
			},
			a: "phone:13800000004", b: "phone:13800000001",
			want: []string{
				"apart", "phone:13800000004 > user_id:u: limit phone (phone:13800000004 | phone:13800000002)",
				"user_id:u > phone:13800000001",
			},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["phone"].Limit = 3 },
		},
		{
			name:  "a full profile",
			rules: func(_ map[string]*Namespace, c *Config) { c.MaxNodes = 3 },
			tell: func(w *world) {
				for i := range 3 {
					see(w, i, "user_id:u", fmt.Sprint("anonymous_id:c", i))
				}
			},
			a: "user_id:u", b: "anonymous_id:c2",
			want: []string{"apart", "user_id:u > anonymous_id:c2: max_nodes"},
			mend: func(_ map[string]*Namespace, c *Config) { c.MaxNodes = 4 },
		},
		{
			name: "a veto, on the way",
			tell: func(w *world) {
				see(w, 1, "email:a@x.com", "anonymous_id:c")
				see(w, 2, "email:b@x.com", "anonymous_id:c")
				w.regroup(w.veto(ident("email:a@x.com"), ident("email:b@x.com"), true)...)
			},
			a: "anonymous_id:c", b: "email:b@x.com",
			want: []string{"apart", "anonymous_id:c > email:b@x.com: veto (email:a@x.com | email:b@x.com)"},
		},
		{
			name: "a veto, and nothing else",
			tell: func(w *world) {
				see(w, 1, "email:a@x.com", "anonymous_id:c")
				w.regroup(w.veto(ident("email:a@x.com"), ident("email:b@x.com"), true)...)
			},
			a: "anonymous_id:c", b: "email:b@x.com",
			want: []string{"apart", "anonymous_id:c > email:b@x.com: veto (email:a@x.com | email:b@x.com)"},
		},
		{
			name: "a kiosk that both used",
			tell: func(w *world) {
				for i := range 30 {
					see(w, i, fmt.Sprint("user_id:u", i), "device_id:kiosk")
				}
			},
			a: "user_id:u1", b: "user_id:u2",
			want: []string{"apart", "user_id:u1 > device_id:kiosk: generic device_id", "device_id:kiosk > user_id:u2: generic device_id"},
		},
		{
			name: "the kiosk itself",
			tell: func(w *world) {
				for i := range 30 {
					see(w, i, fmt.Sprint("user_id:u", i), fmt.Sprint("email:e", i, "@x.com"), "device_id:kiosk")
				}
			},
			a: "device_id:kiosk", b: "email:e7@x.com",
			want: []string{"apart", "device_id:kiosk > user_id:u7: generic device_id", "user_id:u7 > email:e7@x.com"},
			mend: func(ns map[string]*Namespace, _ *Config) {
				ns["device_id"].MaxPartners, ns["user_id"].Unique = 99, false
			},
		},
		{
			name:  "a shared tablet",
			rules: func(ns map[string]*Namespace, _ *Config) { ns["device_id"].Conflict = Shared },
			tell:  func(w *world) { see(w, 1, "user_id:alice", "device_id:t"); see(w, 2, "user_id:bob", "device_id:t") },
			a:     "user_id:alice", b: "device_id:t",
			want: []string{"apart", "user_id:alice > device_id:t: shared device_id"},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["device_id"].Conflict = Demote },
		},
		{
			name:  "a browser that is now another's",
			rules: func(ns map[string]*Namespace, _ *Config) { ns["anonymous_id"].Conflict = Newest },
			tell: func(w *world) {
				see(w, 1, "user_id:alice", "anonymous_id:c")
				see(w, 2, "user_id:bob", "anonymous_id:c")
			},
			a: "user_id:alice", b: "anonymous_id:c",
			want: []string{"apart", "user_id:alice > anonymous_id:c: newest anonymous_id"},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["anonymous_id"].Conflict = Demote },
		},
		{
			name:  "one edge too many",
			rules: func(ns map[string]*Namespace, _ *Config) { ns["user_id"].MaxEdges = map[string]int{"email": 1} },
			tell:  func(w *world) { see(w, 1, "user_id:u", "email:a@x.com"); see(w, 2, "user_id:u", "email:b@x.com") },
			a:     "email:a@x.com", b: "email:b@x.com",
			want: []string{"apart", "email:a@x.com > user_id:u", "user_id:u > email:b@x.com: max_edges user_id"},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["user_id"].MaxEdges["email"] = 2 },
		},
		{
			name:  "a value that only finds",
			rules: func(ns map[string]*Namespace, _ *Config) { ns["phone"].Lookup = true },
			tell: func(w *world) {
				see(w, 1, "email:a@x.com", "phone:13812345678")
				see(w, 2, "email:b@x.com", "phone:13812345678")
			},
			a: "email:b@x.com", b: "phone:13812345678",
			want: []string{"apart", "email:b@x.com > phone:13812345678: lookup phone"},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["phone"].Lookup = false },
		},
		{
			name:  "a device that is never a person's",
			rules: func(ns map[string]*Namespace, _ *Config) { ns["device_id"].Conflict = Never },
			tell:  func(w *world) { see(w, 1, "email:a@x.com", "device_id:d") },
			a:     "email:a@x.com", b: "device_id:d",
			want: []string{"apart", "email:a@x.com > device_id:d: never device_id"},
			mend: func(ns map[string]*Namespace, _ *Config) { ns["device_id"].Conflict = Demote },
		},
		{
			name: "a pair that was unlinked, rather than two edges that are barred",
			tell: func(w *world) {
				see(w, 1, "user_id:u", "email:a@x.com")
				w.regroup(w.decide(Unlink, at(2), ident("user_id:u"), ident("email:a@x.com"))...)
			},
			a: "email:a@x.com", b: "user_id:u",
			want: []string{"apart", "email:a@x.com > user_id:u: unlinked"},
		},
		{
			name: "an unlink of what nothing links says nothing",
			tell: func(w *world) {
				w.regroup(w.decide(Unlink, at(2), ident("user_id:u"), ident("email:a@x.com"))...)
				w.regroup(w.match(Match{Weight: 9, Model: 1}, ident("user_id:u"), ident("email:a@x.com"))...)
			},
			a: "email:a@x.com", b: "user_id:u",
			want: []string{"apart"},
		},
		{
			name: "a value that is blocked by now",
			tell: func(w *world) {
				see(w, 1, "user_id:u", "email:a@x.com")
				w.regroup(w.bar(ident("email:a@x.com"), true)...)
			},
			a: "email:a@x.com", b: "user_id:u",
			want: []string{"apart", "email:a@x.com > user_id:u: barred email"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules := func(changes ...func(map[string]*Namespace, *Config)) Config {
				c := plain()
				ns := map[string]*Namespace{}
				for i := range c.Namespaces {
					ns[c.Namespaces[i].Name] = &c.Namespaces[i]
				}
				for _, change := range changes {
					if change != nil {
						change(ns, &c)
					}
				}
				return c
			}
			explain := func(c Config) []string {
				w := newWorld(t, c)
				tt.tell(w)
				e, err := w.rules.Explain(w, w.id(ident(tt.a)), w.id(ident(tt.b)))
				if err != nil {
					t.Fatal(err)
				}
				return w.show(e)
			}
			if diff := cmp.Diff(tt.want, explain(rules(tt.rules))); diff != "" {
				t.Errorf("explanation (-want +got):\n%s", diff)
			}
			if tt.mend != nil {
				if got := explain(rules(tt.rules, tt.mend)); got[0] != "together" {
					t.Errorf("without the conflict: %v", got)
				}
			}
		})
	}
}

// A generic node's edges are read only for its own sake, and then some of them.
func TestExplain_GenericNodeIsBounded(t *testing.T) {
	w := newWorld(t, plain())
	kiosk := ident("device_id:kiosk")
	for i := range 5000 {
		w.event(at(i), ident(fmt.Sprint("user_id:u", i)), kiosk)
	}
	lone := w.id(ident("user_id:lone"))
	for _, tt := range []struct {
		a, b      Token
		edges     int
		hops      int
		truncated bool
	}{
		{w.id(kiosk), w.id(ident("user_id:u4321")), 2 + maxHubEdges, 1, false},
		{w.id(kiosk), lone, 1 + maxHubEdges, 0, false}, // all that the other has was read
		{w.id(ident("user_id:u1")), w.id(ident("user_id:u2")), 2, 2, false},
	} {
		w.reads.edges = 0
		e, err := w.rules.Explain(w, tt.a, tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Path) != tt.hops || e.Truncated != tt.truncated || w.reads.edges > tt.edges {
			t.Errorf("%v and %v: %d hops, truncated %v, %d edges read", w.nodes[tt.a].Identifier, w.nodes[tt.b].Identifier, len(e.Path), e.Truncated, w.reads.edges)
		}
	}
}

// The search gives up in a store where everything hangs together over barred
// edges.
func TestExplain_SearchIsBounded(t *testing.T) {
	c := plain()
	c.MaxNodes = 1 // nothing unites
	w := newWorld(t, c)
	for i := range 30 {
		for j := range 3000 {
			w.event(at(1), ident(fmt.Sprint("user_id:hub", i)), ident(fmt.Sprint("anonymous_id:c", i*1500+j)))
		}
	}
	w.reads.node, w.reads.edges = 0, 0
	e, err := w.rules.Explain(w, w.id(ident("user_id:hub0")), w.id(ident("user_id:hub29")))
	if err != nil {
		t.Fatal(err)
	}
	if !e.Truncated || e.Path != nil {
		t.Errorf("a path of %d hops, truncated %v", len(e.Path), e.Truncated)
	}
	if w.reads.node > maxSearchNodes+10 || w.reads.edges > maxSearchEdges+10 {
		t.Errorf("%d nodes and %d edges read", w.reads.node, w.reads.edges)
	}
	if e, err := w.rules.Explain(w, w.id(ident("user_id:hub0")), w.id(ident("user_id:hub1"))); err != nil || len(e.Path) != 2 || e.Truncated {
		t.Errorf("neighbours: %v, %v", w.show(e), err)
	}
}

func TestExplain_Faults(t *testing.T) {
	w := newWorld(t, plain())
	u, c := ident("user_id:u"), ident("anonymous_id:c")
	w.event(at(1), u, c) // not regrouped
	a, b := w.id(u), w.id(c)
	if _, err := w.rules.Explain(w, a, b); err == nil || !strings.Contains(err.Error(), "no rule keeps") {
		t.Errorf("a live edge between two profiles: %v", err)
	}
	d := w.id(ident("anonymous_id:d"))
	w.part[a], w.part[d] = []Token{a, d}, []Token{a, d}
	if _, err := w.rules.Explain(w, a, d); err == nil || !strings.Contains(err.Error(), "no evidence joins") {
		t.Errorf("a profile without evidence: %v", err)
	}
	if _, err := w.rules.Explain(w, Token{1}, a); err == nil {
		t.Error("an unknown node: no error")
	}
	w.fail = errors.New("disk on fire")
	if _, err := w.rules.Explain(w, a, b); !errors.Is(err, w.fail) {
		t.Errorf("a read that fails: %v", err)
	}
}
