package identity

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// TestExplain_EqualsNaive asks about every pair of nodes of random worlds.
func TestExplain_EqualsNaive(t *testing.T) {
	worlds := uint64(80)
	if testing.Short() {
		worlds = 20
	}
	first := max(*seedFlag, 1)
	t.Logf("seeds %d to %d", first, first+worlds-1)
	met := map[string]int{}
	for seed := first; seed < first+worlds; seed++ {
		rng := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(t, randomConfig(rng))
		values := 2 + rng.IntN(7)
		w.times, w.rng = 1+rng.IntN(30), rng
		for range 10 + rng.IntN(40) {
			w.regroup(mutate(w, rng, values, true)...)
		}
		x := &examiner{greedy: newGreedy(w), met: met}
		for a := range w.nodes {
			for b := range w.nodes {
				if err := x.examine(a, b); err != nil {
					t.Fatalf("seed %d: %v and %v: %v", seed, w.nodes[a].Identifier, w.nodes[b].Identifier, err)
				}
			}
		}
	}
	t.Log(met)
	if testing.Short() {
		return // too few to have met everything
	}
	for r := RuleNodes; r < RuleAuth; r++ {
		if met[r.String()] < int(worlds)/10 {
			t.Errorf("%v was met only %d times", r, met[r.String()])
		}
	}
	if met["truncated"]*10 > met["apart"] {
		t.Errorf("of %d pairs that are apart %d were truncated", met["apart"], met["truncated"])
	}
}

// examiner holds explanations against a naive view.
type examiner struct {
	*greedy
	met map[string]int
}

func (x *examiner) examine(a, b Token) error {
	got, err := x.w.rules.Explain(x.w, a, b)
	if err != nil {
		return err
	}
	together := x.sets[x.id(a)][x.id(b)]
	if got.Together != together {
		return fmt.Errorf("together: %t, want %t", got.Together, together)
	}
	if len(got.Path) == 1 && got.Path[0].Edge == (Edge{Pair: got.Path[0].Edge.Pair}) {
		return x.examineVeto(a, b, got)
	}
	if err := x.walk(a, b, got.Path); err != nil {
		return err
	}
	if together {
		return x.examineStrength(a, b, got)
	}
	return x.examineLength(a, b, got)
}

func (x *examiner) id(t Token) profile.Identifier { return x.w.nodes[t].Identifier }

// walk follows a path, which may be empty, and checks every hop.
func (x *examiner) walk(a, b Token, path []Hop) error {
	been := map[Token]bool{a: true}
	for i, h := range path {
		if h.From != a {
			return fmt.Errorf("hop %d does not start where the path has come", i)
		}
		if e, ok := x.w.edges[x.w.rules.Pair(x.w.nodes[h.From], x.w.nodes[h.To])]; !ok || e != h.Edge {
			return fmt.Errorf("hop %d: edge %+v, want %+v", i, h.Edge, e)
		}
		if been[h.To] {
			return fmt.Errorf("hop %d: the path comes back", i)
		}
		if err := x.examineHop(h); err != nil {
			return fmt.Errorf("hop %d: %w", i, err)
		}
		been[h.To] = true
		a = h.To
	}
	if len(path) > 0 && a != b {
		return errors.New("the path does not get there")
	}
	return nil
}

// examineHop holds the rule of a hop against what the naive greedy did.
func (x *examiner) examineHop(h Hop) error {
	x.met[h.Rule.String()]++
	d, isDead := x.dead[h.Edge.Pair]
	switch {
	case h.Rule == RuleUnlinked:
		if h.Edge.Decision != Unlink || h.Namespace != "" || h.Against != ([2]Token{}) {
			return fmt.Errorf("%+v", h)
		}
		return nil
	case h.Rule == 0:
		if isDead || h.Edge.Decision == Unlink || !x.sets[x.id(h.From)][x.id(h.To)] || h.Against != ([2]Token{}) {
			return fmt.Errorf("unites nothing: %v", d.causes)
		}
		return nil
	case !isDead || d.causes[0] != Cause{h.Rule, h.Namespace}:
		return fmt.Errorf("barred by %v %s, want %v", h.Rule, h.Namespace, d.causes)
	}
	near, far := d.weak, d.strong
	if h.From == h.Edge.Strong {
		near, far = far, near
	}
	v, w := x.w.nodes[h.Against[0]], x.w.nodes[h.Against[1]]
	switch h.Rule {
	case RuleUnique, RuleLimit, RuleVeto:
		if !near[v.Identifier] || !far[w.Identifier] {
			return fmt.Errorf("against %v and %v, which are not on its two sides", v.Identifier, w.Identifier)
		}
	default:
		if h.Against != ([2]Token{}) {
			return fmt.Errorf("against something by %v", h.Rule)
		}
	}
	conflict := true
	switch per := x.decl[h.Namespace].Per; {
	case h.Rule == RuleVeto:
		conflict = x.w.vetoes[v.Token][w.Token]
	case h.Rule != RuleUnique && h.Rule != RuleLimit:
	case v.Identifier.Namespace != h.Namespace || w.Identifier.Namespace != h.Namespace:
		conflict = false
	case per > 0:
		conflict = v.Dated && w.Dated && v.Since.Time().Sub(w.Since.Time()).Abs() < per
	}
	if !conflict {
		return fmt.Errorf("%v and %v may meet", v.Identifier, w.Identifier)
	}
	return nil
}

// examineVeto checks an explanation that says that there is nothing but a veto.
func (x *examiner) examineVeto(a, b Token, got Explanation) error {
	h := got.Path[0]
	x.met["bare veto"]++
	switch {
	case !got.Truncated && x.distance(a, b) < math.MaxInt:
		return errors.New("there is a path")
	case h.From != a || h.To != b || h.Rule != RuleVeto || !x.w.vetoes[h.Against[0]][h.Against[1]]:
		return fmt.Errorf("veto %+v", h)
	case !x.sets[x.id(a)][x.id(h.Against[0])] || !x.sets[x.id(b)][x.id(h.Against[1])]:
		return errors.New("a veto of others")
	case x.w.vetoes[a][b] && h.Against != [2]Token{a, b}:
		return errors.New("not the veto of the two")
	}
	return nil
}

// examineStrength checks that all stronger edges together do not join the ends of
// the path.
func (x *examiner) examineStrength(a, b Token, got Explanation) error {
	x.met["together"]++
	if got.Truncated || (len(got.Path) == 0) != (a == b) {
		return fmt.Errorf("a path of %d hops", len(got.Path))
	}
	weakest := -1
	for _, h := range got.Path {
		if h.Rule != 0 {
			return fmt.Errorf("together over an edge barred by %v", h.Rule)
		}
		i := slices.IndexFunc(x.facts, func(f fact) bool { return x.w.pair(f.weak, f.strong) == h.Edge.Pair })
		weakest = max(weakest, i)
	}
	reached := ids{x.id(a): true}
	for range x.facts {
		for _, f := range x.facts[:max(weakest, 0)] {
			if rule, _ := x.bars(f); rule == 0 && x.sets[f.weak][f.strong] && (reached[f.weak] || reached[f.strong]) {
				reached[f.weak], reached[f.strong] = true, true
			}
		}
	}
	if a != b && reached[x.id(b)] {
		return errors.New("stronger edges join the two")
	}
	return nil
}

// examineLength checks that no path has fewer barred edges.
func (x *examiner) examineLength(a, b Token, got Explanation) error {
	barred := 0
	for _, h := range got.Path {
		if h.Rule != 0 {
			barred++
		}
	}
	if got.Path == nil {
		barred = math.MaxInt
	}
	x.met["apart"]++
	best := x.distance(a, b)
	if got.Truncated {
		x.met["truncated"]++
	}
	switch {
	case barred < best:
		return fmt.Errorf("%d barred hops, and there cannot be fewer than %d", barred, best)
	case barred == best:
		return nil
	case !got.Truncated:
		return fmt.Errorf("%d barred hops, where %d do", barred, best)
	case got.Path == nil:
		x.met["missed"]++
	default:
		x.met["longer"]++
	}
	return nil
}

// distance is the least number of edges between profiles that lead from one node
// to another, by all evidence there is; MaxInt if none do.
func (x *examiner) distance(a, b Token) int {
	type step struct{ at, by Token }
	dist := map[Token]int{}
	for t := range x.sets[x.id(a)] {
		dist[tokenOf(t)] = 0
	}
	for d := 0; ; d++ {
		if at, ok := dist[b]; ok {
			return at
		}
		grown := false
		for p, e := range x.w.edges {
			if e.Decision != Link && !e.Seen && !e.Match.Weak {
				continue
			}
			for _, s := range []step{{p.Weak, p.Strong}, {p.Strong, p.Weak}} {
				from, ok := dist[s.at]
				if _, known := dist[s.by]; !ok || from != d || known {
					continue
				}
				grown = true
				for t := range x.sets[x.id(s.by)] {
					dist[tokenOf(t)] = d + 1
				}
			}
		}
		if !grown {
			return math.MaxInt
		}
	}
}
