package identity

import (
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

// The long form of the random test takes a few minutes:
//
//	go test ./identity -run TestRegroup_EqualsFullReplay -ops 1000000 -timeout 30m
var (
	seedFlag = flag.Uint64("seed", 0, "first seed of the random tests; 0: a fixed one")
	opsFlag  = flag.Int("ops", 30_000, "random operations of TestRegroup_EqualsFullReplay")
)

// randomConfig makes tight rules: small caps, so that most unions are disputed.
// One in four has no policies.
func randomConfig(rng *rand.Rand) Config {
	c := Config{MaxNodes: 3 + rng.IntN(6)}
	plain := rng.IntN(4) == 0
	for i := range 3 + rng.IntN(2) {
		ns := Namespace{Name: string(rune('a' + i)), Priority: 10 - 2*i, MaxPartners: 2 + rng.IntN(6)}
		switch rng.IntN(3) {
		case 0:
			ns.Unique = true
		case 1:
			ns.Limit = 1 + rng.IntN(3)
		}
		c.Namespaces = append(c.Namespaces, ns)
	}
	if plain {
		return c
	}
	for i := range c.Namespaces {
		ns := &c.Namespaces[i]
		ns.Kind = Kind(rng.IntN(len(kindNames)))
		ns.Conflict = Policy(rng.IntN(len(policyNames)))
		if ns.Limit > 0 && rng.IntN(2) == 0 {
			ns.Per = time.Duration(1+rng.IntN(12_000)) * time.Nanosecond
		}
		if rng.IntN(4) > 0 {
			ns.MaxPartners += 10
		}
		switch rng.IntN(6) {
		case 0:
			if ns.Conflict != Newest {
				ns.Lookup = true
			}
		case 1, 2:
			ns.MaxEdges = map[string]int{}
			for range 1 + rng.IntN(2) {
				ns.MaxEdges[c.Namespaces[rng.IntN(len(c.Namespaces))].Name] = rng.IntN(3)
			}
		}
	}
	return c
}

// randomID returns one of few identifiers, in rare cases of a namespace that is
// not declared.
func randomID(rng *rand.Rand, c Config, values int) profile.Identifier {
	namespace := c.Namespaces[rng.IntN(len(c.Namespaces))].Name
	if rng.IntN(60) == 0 {
		namespace = "unheard"
	}
	return profile.Identifier{Namespace: namespace, Value: string(rune('0' + rng.IntN(values)))}
}

// randomStamp returns one of few instants, so that edges tie and arrive late.
func (w *world) randomStamp(rng *rand.Rand) profile.Stamp {
	return profile.Stamp{At: profile.Instant(rng.IntN(w.times)), Tie: uint64(rng.IntN(3))}
}

// mutate changes the evidence at random and returns what Regroup has to hear of.
// Without final, only changes are made that commute.
func mutate(w *world, rng *rand.Rand, values int, final bool) []Pair {
	a, b := randomID(rng, w.config, values), randomID(rng, w.config, values)
	op := rng.IntN(100)
	if a == b && op >= 60 && op < 94 {
		op = 0
	}
	switch {
	case op < 60 || op >= 94 && !final:
		ids := []profile.Identifier{a, b}
		for range rng.IntN(3) {
			ids = append(ids, randomID(rng, w.config, values))
		}
		return w.event(w.randomStamp(rng), ids...)
	case op < 70:
		return w.decide(Link, w.randomStamp(rng), a, b)
	case op < 76:
		return w.decide(Unlink, w.randomStamp(rng), a, b)
	case op < 81:
		return w.decide(Withdraw, w.randomStamp(rng), a, b)
	case op < 91:
		p := w.pair(a, b)
		weight := int32(p.Weak[0]^p.Strong[0]) % 5 // of a pair always the same, so that it commutes
		if final {
			weight = int32(rng.IntN(5))
		}
		return w.match(Match{Weak: !final || rng.IntN(4) > 0, Weight: weight, Model: 1}, a, b)
	case op < 94:
		return w.veto(a, b, true)
	case op < 96:
		return w.liftVeto(rng)
	case op < 98:
		return w.bar(a, rng.IntN(3) == 0)
	default:
		return w.erase(a)
	}
}

// liftVeto takes some veto back.
func (w *world) liftVeto(rng *rand.Rand) []Pair {
	vetoed := map[Pair]bool{}
	for x, ys := range w.vetoes {
		for y := range ys {
			vetoed[Pair{x, y}] = true
		}
	}
	if len(vetoed) == 0 {
		return nil
	}
	p := sortedPairs(vetoed)[rng.IntN(len(vetoed))]
	return w.veto(w.nodes[p.Weak].Identifier, w.nodes[p.Strong].Identifier, false)
}

// noise returns pairs that need not be regrouped, which must do no harm.
func noise(w *world, rng *rand.Rand) []Pair {
	var out []Pair
	for _, p := range sortedPairs(w.edges) {
		switch rng.IntN(20) {
		case 0:
			out = append(out, p)
		case 1:
			out = append(out, Pair{p.Strong, p.Weak}, Pair{p.Weak, p.Weak})
		}
		if len(out) > 1 {
			break
		}
	}
	return out
}

// TestRegroup_EqualsFullReplay applies random evidence step by step, under every
// policy, and compares the filters of all nodes, what was judged and regrouped, and
// the partition with the naive ones after each step.
func TestRegroup_EqualsFullReplay(t *testing.T) {
	const steps = 60
	worlds := max((*opsFlag+steps-1)/steps, 1)
	if testing.Short() {
		worlds = min(worlds, 150)
	}
	first := max(*seedFlag, 1)
	t.Logf("seeds %d to %d", first, int(first)+worlds-1)
	seen := map[string]int{}
	for seed := first; seed < first+uint64(worlds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t, randomConfig(rng))
		values := 2 + rng.IntN(5)
		w.times, w.rng = 1+rng.IntN(30), rng
		live := map[Pair]bool{}
		for step := range steps {
			changed := mutate(w, rng, values, true)
			judged := changed
			if rng.IntN(10) == 0 {
				changed = append(slices.Clip(changed), noise(w, rng)...)
			}
			ch := w.regroup(changed...)
			n := w.naiveView()
			if want, got := n.partition(), w.partition(); !slices.EqualFunc(want, got, slices.Equal) {
				t.Fatalf("seed %d, step %d: partition (-naive +regroup):\n%s", seed, step, cmp.Diff(want, got))
			}
			n.checkFilters(seed, step)
			live = n.checkJudged(seed, step, live, judged)
			n.checkRefused(seed, step, changed)
			observe(seen, ch)
		}
	}
	t.Log(seen)
	for _, what := range []string{
		"merge", "split", "recut", "same", "max_nodes", "unique", "limit", "veto",
		"generic", "barred", "shared", "newest", "max_edges", "lookup", "never",
	} {
		if seen[what] < worlds/20 {
			t.Errorf("%s was tried only %d times", what, seen[what])
		}
	}
}

// observe counts what kinds of change a random run met.
func observe(seen map[string]int, ch Change) {
	switch o, n := len(ch.Old), len(ch.New); {
	case o == 0:
		seen["same"]++
	case n == 1:
		seen["merge"]++
	case o == 1:
		seen["split"]++
	default:
		seen["recut"]++
	}
	for _, r := range ch.Refused {
		seen[r.Rule.String()]++
	}
}

// checkFilters holds the filters that the world stores, and those that Refilter
// works out, against the naive ones.
func (n *naive) checkFilters(seed uint64, step int) {
	t := n.w.t
	t.Helper()
	for id, node := range n.nodes {
		var admitted []Token
		for far := range n.admit[id] {
			admitted = append(admitted, tokenOf(far))
		}
		slices.SortFunc(admitted, compareTokens)
		if node.Shared != n.bare[id] || !slices.Equal(node.Admitted, admitted) {
			t.Fatalf("seed %d, step %d: %v shared %v, admitted %v, want %v, %v", seed, step, id,
				node.Shared, n.w.names(node.Admitted), n.bare[id], n.w.names(admitted))
		}
		if step%8 > 0 {
			continue
		}
		fresh, err := n.w.rules.Refilter(n.w, node.Token)
		if err != nil || fresh.Shared != node.Shared || !slices.Equal(fresh.Admitted, node.Admitted) {
			t.Fatalf("seed %d, step %d: node (-judged +refiltered): %v\n%s", seed, step, err, cmp.Diff(node, fresh))
		}
	}
}

// checkJudged holds the pairs to regroup against the edges that began or ceased to
// be live, and returns those that are.
func (n *naive) checkJudged(seed uint64, step int, before map[Pair]bool, judged []Pair) map[Pair]bool {
	t := n.w.t
	t.Helper()
	live := map[Pair]bool{}
	for _, f := range n.facts {
		p := Pair{tokenOf(f.weak), tokenOf(f.strong)}
		rule, namespace := n.bars(f)
		if got, end := n.w.rules.Bar(n.w.edges[p], n.w.nodes[p.Strong], n.w.nodes[p.Weak]); got != rule || end != namespace {
			t.Fatalf("seed %d, step %d: %v and %v barred by %v of %q, want %v of %q", seed, step, f.weak, f.strong, got, end, rule, namespace)
		}
		if rule == 0 {
			live[p] = true
		}
	}
	told := map[Pair]bool{}
	seeded := map[Token]bool{}
	for _, p := range judged {
		told[p] = true
		generic := n.generic(n.w.nodes[p.Weak].Identifier) || n.generic(n.w.nodes[p.Strong].Identifier)
		if p.Weak == p.Strong || generic {
			seeded[p.Weak], seeded[p.Strong] = true, true
		}
	}
	for _, m := range []map[Pair]bool{before, live} {
		for p := range m {
			if before[p] != live[p] && !told[p] && !seeded[p.Weak] && !seeded[p.Strong] {
				t.Fatalf("seed %d, step %d: %v: live %v, then %v, and not judged", seed, step, n.w.names([]Token{p.Weak, p.Strong}), before[p], live[p])
			}
		}
	}
	return live
}

// checkRefused holds the refusals against the changed edges that count and did not
// come about.
func (n *naive) checkRefused(seed uint64, step int, changed []Pair) {
	w, t := n.w, n.w.t
	t.Helper()
	facts := map[Pair]fact{}
	for _, f := range n.facts {
		facts[Pair{tokenOf(f.weak), tokenOf(f.strong)}] = f
	}
	want := map[Pair]bool{}
	for _, p := range changed {
		if p.Weak == p.Strong {
			continue
		}
		p = w.rules.Pair(w.nodes[p.Weak], w.nodes[p.Strong])
		if _, counts := facts[p]; counts && !slices.Contains(w.part[p.Weak], p.Strong) {
			want[p] = true
		}
	}
	got := map[Pair]bool{}
	for _, r := range w.refused {
		got[r.Pair] = true
		rule, namespace := n.bars(facts[r.Pair])
		union := map[profile.Identifier]bool{}
		for _, tok := range slices.Concat(w.part[r.Pair.Weak], w.part[r.Pair.Strong]) {
			union[w.nodes[tok].Identifier] = true
		}
		holds := false
		switch r.Rule {
		case RuleNodes:
			holds = rule == 0 && len(union) > w.config.MaxNodes
		case RuleUnique, RuleLimit:
			d := n.decl[r.Namespace]
			holds = rule == 0 && unique(d) == (r.Rule == RuleUnique)
			most := 0
			for id := range union {
				if id.Namespace == r.Namespace {
					most = max(most, n.crowd(union, id, d))
				}
			}
			holds = holds && most > max(d.Limit, 1)
		case RuleVeto:
			free := naive{w: w} // of all other rules
			holds = rule == 0 && (free.broken(union) == RuleVeto || len(union) > w.config.MaxNodes)
		default:
			holds = r.Rule == rule && r.Namespace == namespace
		}
		if !holds {
			t.Fatalf("seed %d, step %d: refusal %v of %q of %v does not hold", seed, step, r.Rule, r.Namespace, facts[r.Pair])
		}
	}
	if len(got) != len(w.refused) || !maps.Equal(got, want) {
		t.Fatalf("seed %d, step %d: refused %d edges (%d times), want %d", seed, step, len(got), len(w.refused), len(want))
	}
}

// TestRegroup_AnyOrder builds the same evidence in several orders.
func TestRegroup_AnyOrder(t *testing.T) {
	first, worlds := max(*seedFlag, 1), uint64(200)
	if testing.Short() {
		worlds = 40
	}
	for seed := first; seed < first+worlds; seed++ {
		config := randomConfig(rand.New(rand.NewPCG(seed, 0)))
		var want [][]string
		for order := range 4 {
			w := newWorld(t, config)
			w.times = 1 + int(seed%10)
			steps := make([]uint64, 50)
			for i := range steps {
				steps[i] = uint64(i)
			}
			rand.New(rand.NewPCG(seed, uint64(order))).Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
			for _, s := range steps {
				w.regroup(mutate(w, rand.New(rand.NewPCG(seed, s)), 4, false)...)
			}
			if order == 0 {
				want = w.partition()
			} else if diff := cmp.Diff(want, w.partition()); diff != "" {
				t.Fatalf("seed %d, order %d: partition (-first order +this):\n%s", seed, order, diff)
			}
		}
	}
}
