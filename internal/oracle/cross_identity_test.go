package oracle

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

var crossRounds = flag.Int("cross-rounds", 150, "how many random worlds to compare with package identity")

// newTwins returns both under one random policy, with nobody in them yet.
func newTwins(t *testing.T, seed, round uint64) (*twins, identity.Config) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, round))
	config := randomConfig(r)
	fast, err := identity.New(config)
	if err != nil {
		t.Fatalf("seed %d, round %d: %v", seed, round, err)
	}
	return &twins{
		t: t, r: r, graph: newGraph(fast), names: namesOf(r, config),
		store: NewStore(restate(config), testSchema(), func(e *profile.Event) []profile.Identifier {
			kept, _ := fast.Select(e.Identifiers)
			return kept
		}),
	}, config
}

// Partitions that identity keeps up to date, one random operation after another,
// and what it says of each identifier, are the oracle's of all the evidence at
// once, whatever the policies.
func TestCross_identity(t *testing.T) {
	const seed = 20261122
	for round := range *crossRounds {
		w, config := newTwins(t, seed, uint64(round))
		for op := range 60 {
			did := w.step(op)
			if d := w.differences(); d != "" {
				t.Fatalf("seed %d, round %d, operation %d, %s, under %+v:\noracle against identity:\n%s", seed, round, op, did, config.Namespaces, d)
			}
		}
		if d := w.explanations(); d != "" {
			t.Fatalf("seed %d, round %d, under %+v:\noracle against identity: %s", seed, round, config.Namespaces, d)
		}
		w.bar()
		if d := w.differences(); d != "" {
			t.Fatalf("seed %d, round %d, when some are barred, under %+v:\noracle against identity:\n%s", seed, round, config.Namespaces, d)
		}
	}
}

// randomConfig draws rules with every sort of policy.
func randomConfig(r *rand.Rand) identity.Config {
	c := identity.Config{MaxNodes: 3 + r.IntN(8)}
	names := []string{"user", "email", "phone", "device", "anon"}[:2+r.IntN(4)]
	for i, name := range names {
		n := identity.Namespace{
			Name: name, Priority: 1 + i, Kind: identity.Kind(r.IntN(6)), Normalize: []string{}, AllowDefaultBlocked: true,
			Conflict: identity.Policy(max(0, r.IntN(7)-2)), // Demote is the most frequent
		}
		switch r.IntN(6) {
		case 0, 1:
			n.Unique = true
		case 2:
			n.Limit = 1 + r.IntN(3)
		case 3:
			n.Limit, n.Per = 1+r.IntN(2), time.Duration(1+r.IntN(5))*time.Second
		}
		switch r.IntN(6) {
		case 0:
			n.Lookup = n.Conflict != identity.Newest
		case 1, 2:
			n.MaxEdges = map[string]int{names[r.IntN(len(names))]: 1 + r.IntN(3), names[r.IntN(len(names))]: 1 + r.IntN(3)}
		}
		if r.IntN(3) == 0 {
			n.MaxPartners = 1 + r.IntN(4)
		}
		if r.IntN(6) == 0 {
			n.Auth = 1 + r.IntN(2)
		}
		c.Namespaces = append(c.Namespaces, n)
	}
	return c
}

// restate returns the rules of a config, every default filled in.
func restate(c identity.Config) Rules {
	rules := Rules{Namespaces: map[string]Namespace{}, MaxNodes: c.MaxNodes}
	for _, n := range c.Namespaces {
		ns := Namespace{
			Rank: n.Priority, Unique: n.Unique, Limit: n.Limit, Per: n.Per.Microseconds(), MaxPartners: n.MaxPartners,
			Personal: n.Kind == identity.Person || n.Kind == identity.Contact || n.Kind == identity.Account,
			Conflict: Conflict(n.Conflict), MaxEdges: n.MaxEdges, Lookup: n.Lookup, Auth: n.Auth,
		}
		if ns.MaxPartners == 0 {
			ns.MaxPartners = 20 // the least of the defaults; there are not as many identifiers
		}
		rules.Namespaces[n.Name] = ns
	}
	return rules
}

// namesOf draws up to 19 identifiers, one of them of no declared namespace.
func namesOf(r *rand.Rand, c identity.Config) []profile.Identifier {
	names := []profile.Identifier{{Namespace: "fax", Value: "v0"}}
	for range 6 + r.IntN(13) {
		namespace := c.Namespaces[r.IntN(len(c.Namespaces))].Name
		names = append(names, profile.Identifier{Namespace: namespace, Value: fmt.Sprint("v", r.IntN(5))})
	}
	slices.SortFunc(names, profile.Identifier.Compare)
	return slices.Compact(names)
}

// twins are the same history in a Store and in a graph.
type twins struct {
	t     *testing.T
	r     *rand.Rand
	store *Store
	graph *graph
	names []profile.Identifier
}

// step does one random thing to both, and says what.
func (w *twins) step(op int) string {
	w.t.Helper()
	s, g, r := w.store, w.graph, w.r
	pick := func() profile.Identifier { return w.names[r.IntN(len(w.names))] }
	at := profile.Stamp{At: profile.InstantOf(on(r.IntN(9))), Tie: uint64(r.IntN(2))}
	a, b := pick(), pick()
	kind := r.IntN(16)
	if a == b {
		kind = 15 // of one identifier there is nothing to decide
	}
	switch kind {
	case 0:
		s.Link(a, b, at)
		g.decide(w.t, identity.Link, at, a, b)
	case 1:
		s.Unlink(a, b, at)
		g.decide(w.t, identity.Unlink, at, a, b)
	case 2:
		s.Withdraw(a, b, at)
		g.decide(w.t, identity.Withdraw, at, a, b)
	case 3, 4:
		m := Match{Weak: r.IntN(3) > 0, Weight: int32(r.IntN(3))}
		s.Match(a, b, m)
		g.match(w.t, m, a, b)
	case 5:
		apart := r.IntN(2) == 0
		if apart {
			s.Veto(a, b, at)
		} else {
			s.WithdrawVeto(a, b, at)
		}
		g.veto(w.t, apart, at, a, b)
	default:
		e := track(int(at.At), "Visit", nil)
		e.Time, e.MessageID, e.Auth = at.At.Time(), fmt.Sprint(op), uint8(r.IntN(3))
		e.Identifiers = []profile.Identifier{a, b, pick(), pick()}[:1+r.IntN(4)]
		if s.Ingest(e) == Accepted {
			kept, _ := g.rules.Select(e.Identifiers)
			g.see(w.t, e.Stamp(), int(e.Auth), kept, r.IntN(2) == 0)
		}
		return fmt.Sprint("an event of ", e.Identifiers, ", level ", e.Auth)
	}
	return fmt.Sprint("kind ", kind, " of ", a, " and ", b)
}

// differences compares who is one person, and what each identifier's policies
// make of its edges.
func (w *twins) differences() string {
	type said struct {
		People   []string
		Shared   []profile.Identifier
		Admitted map[profile.Identifier][]profile.Identifier
	}
	slow := said{Admitted: map[profile.Identifier][]profile.Identifier{}}
	for _, p := range w.store.People() {
		slow.People = append(slow.People, fmt.Sprint(p.Identifiers))
	}
	ev := w.store.evidence()
	of := Incident(ev.edges)
	for _, n := range ev.nodes {
		shared, admitted := w.store.rules.Filtered(n, of[n.Identifier])
		if shared {
			slow.Shared = append(slow.Shared, n.Identifier)
		}
		if len(admitted) > 0 {
			slow.Admitted[n.Identifier] = admitted
		}
	}
	fast := said{People: w.graph.partition(), Admitted: map[profile.Identifier][]profile.Identifier{}}
	for _, n := range w.graph.nodes {
		if n.Shared {
			fast.Shared = append(fast.Shared, n.Identifier)
		}
		for _, token := range n.Admitted {
			fast.Admitted[n.Identifier] = append(fast.Admitted[n.Identifier], w.graph.nodes[token].Identifier)
		}
		slices.SortFunc(fast.Admitted[n.Identifier], profile.Identifier.Compare)
	}
	slices.SortFunc(slow.Shared, profile.Identifier.Compare)
	slices.SortFunc(fast.Shared, profile.Identifier.Compare)
	return cmp.Diff(slow, fast)
}

// explanations compares what joins one identifier to each other, and says what
// differs.
func (w *twins) explanations() string {
	w.t.Helper()
	a := w.names[w.r.IntN(len(w.names))]
	for _, b := range w.names {
		together, chain := w.store.Why(a, b)
		why, err := w.graph.rules.Explain(w.graph, w.graph.node(a), w.graph.node(b))
		if err != nil {
			w.t.Fatal(err)
		}
		if why.Together != together {
			return fmt.Sprintf("%v and %v are together: %t, against %t", a, b, together, why.Together)
		}
		if !together || a == b {
			continue
		}
		path := []profile.Identifier{a}
		for _, hop := range why.Path {
			path = append(path, w.graph.nodes[hop.To].Identifier)
		}
		if !slices.Equal(chain, path) {
			return fmt.Sprintf("%v and %v are joined by %v, against %v", a, b, chain, path)
		}
	}
	return ""
}

// bar takes some identifiers out of the rules.
func (w *twins) bar() {
	w.t.Helper()
	barred := map[profile.Identifier]bool{}
	var changed []identity.Pair
	for range w.r.IntN(4) {
		id := w.names[w.r.IntN(len(w.names))]
		barred[id] = true
		n := w.graph.nodes[w.graph.node(id)]
		n.Barred = true
		w.graph.nodes[n.Token] = n
		changed = append(changed, identity.Pair{Weak: n.Token, Strong: n.Token})
	}
	w.graph.regroup(w.t, changed...)
	before := w.store.clean
	w.store.Change(w.store.rules, func(e *profile.Event) []profile.Identifier {
		return slices.DeleteFunc(before(e), func(id profile.Identifier) bool { return barred[id] })
	})
}

// partition writes down the components that are live people.
func (g *graph) partition() []string {
	var groups [][]profile.Identifier
	for _, token := range slices.Collect(maps.Keys(g.component)) {
		c := g.component[token]
		first := slices.MinFunc(c, func(a, b identity.Token) int {
			return g.nodes[a].Identifier.Compare(g.nodes[b].Identifier)
		})
		live := slices.ContainsFunc(c, func(t identity.Token) bool { return g.holds[t] && !g.nodes[t].Barred && !g.rules.Generic(g.nodes[t]) })
		if first != token || !live {
			continue
		}
		var ids []profile.Identifier
		for _, t := range c {
			ids = append(ids, g.nodes[t].Identifier)
		}
		groups = append(groups, slices.SortedFunc(slices.Values(ids), profile.Identifier.Compare))
	}
	slices.SortFunc(groups, func(a, b []profile.Identifier) int { return a[0].Compare(b[0]) })
	var out []string
	for _, ids := range groups {
		out = append(out, fmt.Sprint(ids))
	}
	return out
}
