package identity

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/profile"
)

// randomConfig makes tight rules: small caps, so that most unions are disputed.
func randomConfig(rng *rand.Rand) Config {
	c := Config{MaxNodes: 3 + rng.IntN(6)}
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
	return c
}

func randomID(rng *rand.Rand, c Config, values int) profile.Identifier {
	return profile.Identifier{
		Namespace: c.Namespaces[rng.IntN(len(c.Namespaces))].Name,
		Value:     string(rune('0' + rng.IntN(values))),
	}
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
	if a == b && op >= 70 && op < 98 {
		op = 0
	}
	switch {
	case op >= 98 && final:
		return w.erase(a)
	case op >= 96 && final:
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
	case op >= 92 && op < 96:
		return w.veto(a, b, true)
	case op >= 84 && op < 92:
		return w.decide(Unlink, w.randomStamp(rng), a, b)
	case op >= 70 && op < 84:
		return w.decide(Link, w.randomStamp(rng), a, b)
	}
	ids := []profile.Identifier{a, b}
	for range rng.IntN(3) {
		ids = append(ids, randomID(rng, w.config, values))
	}
	return w.event(w.randomStamp(rng), ids...)
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

// TestRegroup_EqualsFullReplay applies random evidence step by step and compares
// the partition with the naive one after each step.
func TestRegroup_EqualsFullReplay(t *testing.T) {
	const steps = 60
	worlds := 1700
	if testing.Short() {
		worlds = 200
	}
	first := max(*seedFlag, 1)
	t.Logf("seeds %d to %d", first, int(first)+worlds-1)
	seen := map[string]int{}
	for seed := first; seed < first+uint64(worlds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t, randomConfig(rng))
		values := 2 + rng.IntN(5)
		w.times, w.rng = 1+rng.IntN(30), rng
		for step := range steps {
			changed := mutate(w, rng, values, true)
			if rng.IntN(10) == 0 {
				changed = append(changed, noise(w, rng)...)
			}
			ch := w.regroup(changed...)
			if want, got := w.naive(), w.partition(); !slices.EqualFunc(want, got, slices.Equal) {
				t.Fatalf("seed %d, step %d: partition (-naive +regroup):\n%s", seed, step, cmp.Diff(want, got))
			}
			checkRefused(t, w, changed)
			observe(seen, ch)
		}
	}
	t.Log(seen)
	for _, what := range []string{"merge", "split", "recut", "same", "max_nodes", "unique", "limit", "veto"} {
		if seen[what] < worlds/10 {
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

// checkRefused holds the refusals against the changed edges that are live and
// did not come about.
func checkRefused(t *testing.T, w *world, changed []Pair) {
	t.Helper()
	want := map[Pair]bool{}
	for _, p := range changed {
		if p.Weak == p.Strong {
			continue
		}
		p = w.rules.Pair(w.nodes[p.Weak], w.nodes[p.Strong])
		apart := !slices.Contains(w.part[p.Weak], p.Strong)
		if apart && w.rules.Live(w.edges[p], w.nodes[p.Weak], w.nodes[p.Strong]) {
			want[p] = true
		}
	}
	got := map[Pair]bool{}
	for _, r := range w.refused {
		got[r.Pair] = true
		union := map[profile.Identifier]bool{}
		values := 0
		for _, tok := range slices.Concat(w.part[r.Pair.Weak], w.part[r.Pair.Strong]) {
			id := w.nodes[tok].Identifier
			union[id] = true
			if id.Namespace == r.Namespace {
				values++
			}
		}
		ns := w.rules.byName[r.Namespace]
		holds := false
		switch r.Rule {
		case RuleNodes:
			holds = len(union) > w.rules.nodes
		case RuleUnique:
			holds = ns.unique && values > 1
		case RuleLimit:
			holds = !ns.unique && values > ns.limit
		case RuleVeto:
			holds = w.breaks(union, nil)
		}
		if !holds {
			t.Fatalf("refusal %v of %v does not hold", r.Rule, r.Pair)
		}
	}
	if len(got) != len(w.refused) || !maps.Equal(got, want) {
		t.Fatalf("refused %d edges (%d times), want %d", len(got), len(w.refused), len(want))
	}
}

// TestRegroup_AnyOrder builds the same evidence in several orders.
func TestRegroup_AnyOrder(t *testing.T) {
	first := max(*seedFlag, 1)
	for seed := first; seed < first+300; seed++ {
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

func TestRegroup_Stories(t *testing.T) {
	plain := Default()
	tests := []struct {
		name  string
		rules Config
		tell  func(w *world)
		want  [][]string
	}{
		{
			"a limit of one user demotes the shared e-mail", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("user_id:abc123"), ident("email:jane@x.com"))...)
				w.regroup(w.event(at(2), ident("user_id:abc456"), ident("email:jane@x.com"))...)
			},
			[][]string{{"email:jane@x.com", "user_id:abc123"}, {"user_id:abc456"}},
		},
		{
			"the earlier login wins the e-mail even when it arrives late", plain,
			func(w *world) {
				w.regroup(w.event(at(2), ident("user_id:abc456"), ident("email:jane@x.com"))...)
				w.regroup(w.event(at(1), ident("user_id:abc123"), ident("email:jane@x.com"))...)
			},
			[][]string{{"email:jane@x.com", "user_id:abc123"}, {"user_id:abc456"}},
		},
		{
			"two logins on one device never become one person", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("anonymous_id:a"), ident("device_id:d"))...)
				w.regroup(w.event(at(2), ident("user_id:b"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(3), ident("user_id:c"), ident("device_id:d"))...)
				w.regroup(w.event(at(4), ident("user_id:c"), ident("anonymous_id:a"))...)
			},
			// The device is stronger than the cookie, so its link comes first.
			[][]string{{"anonymous_id:a", "user_id:b"}, {"device_id:d", "user_id:c"}},
		},
		{
			"merged then unlinked is never merged", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("email:b@x.com"), ident("anonymous_id:b"))...)
				w.regroup(w.decide(Link, at(3), ident("email:a@x.com"), ident("email:b@x.com"))...)
				w.regroup(w.decide(Unlink, at(4), ident("email:a@x.com"), ident("email:b@x.com"))...)
			},
			[][]string{{"anonymous_id:a", "email:a@x.com"}, {"anonymous_id:b", "email:b@x.com"}},
		},
		{
			"an unlink holds against a later event, and a link before any", plain,
			func(w *world) {
				w.regroup(w.decide(Unlink, at(1), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.decide(Link, at(3), ident("email:b@x.com"), ident("anonymous_id:b"))...)
			},
			[][]string{{"anonymous_id:a"}, {"anonymous_id:b", "email:b@x.com"}, {"email:a@x.com"}},
		},
		{
			"a link does not override a unique namespace", plain,
			func(w *world) {
				w.regroup(w.decide(Link, at(1), ident("user_id:b"), ident("user_id:c"))...)
			},
			[][]string{{"user_id:b"}, {"user_id:c"}},
		},
		{
			"a veto keeps every path apart and cuts the latest link", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("email:a@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("email:b@x.com"), ident("anonymous_id:a"))...)
				w.regroup(w.veto(ident("email:a@x.com"), ident("email:b@x.com"), true)...)
				w.regroup(w.decide(Link, at(3), ident("email:a@x.com"), ident("email:b@x.com"))...)
			},
			[][]string{{"anonymous_id:a", "email:a@x.com"}, {"email:b@x.com"}},
		},
		{
			"a device with too many partners links nobody",
			Config{Namespaces: []Namespace{
				{Name: "user_id", Priority: 1}, {Name: "device_id", Priority: 2, Kind: Device, MaxPartners: 2},
			}},
			func(w *world) {
				for i := range 3 {
					w.regroup(w.event(at(i), ident(fmt.Sprint("user_id:u", i)), ident("device_id:kiosk"))...)
				}
			},
			[][]string{{"device_id:kiosk"}, {"user_id:u0"}, {"user_id:u1"}, {"user_id:u2"}},
		},
		{
			"a link decided again takes its later place", plain,
			func(w *world) {
				w.regroup(w.decide(Link, at(1), ident("user_id:b"), ident("device_id:d"))...)
				w.regroup(w.decide(Link, at(2), ident("user_id:c"), ident("device_id:d"))...)
				w.regroup(w.decide(Link, at(3), ident("user_id:b"), ident("device_id:d"))...)
			},
			[][]string{{"device_id:d", "user_id:c"}, {"user_id:b"}},
		},
		{
			"an unlink frees the other side of a refused link", plain,
			func(w *world) {
				w.regroup(w.event(at(1), ident("user_id:b"), ident("anonymous_id:a"))...)
				w.regroup(w.event(at(2), ident("user_id:c"), ident("anonymous_id:a"))...)
				w.regroup(w.decide(Unlink, at(3), ident("user_id:b"), ident("anonymous_id:a"))...)
			},
			[][]string{{"anonymous_id:a", "user_id:c"}, {"user_id:b"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.rules)
			tt.tell(w)
			if diff := cmp.Diff(tt.want, w.partition()); diff != "" {
				t.Errorf("partition (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(w.naive(), w.partition()); diff != "" {
				t.Errorf("partition (-naive +got):\n%s", diff)
			}
		})
	}
}

// TestRegroup_Change reads one change in full.
func TestRegroup_Change(t *testing.T) {
	w := newWorld(t, Default())
	w.regroup(w.event(at(5), ident("user_id:b"), ident("anonymous_id:a"))...)
	changed := w.event(at(3), ident("user_id:c"), ident("anonymous_id:a"), ident("email:c@x.com"))
	ch := w.regroup(changed...)
	show := func(cs [][]Token) (out [][]string) {
		for _, c := range cs {
			out = append(out, w.names(c))
		}
		return out
	}
	want := [][]string{{"anonymous_id:a", "user_id:b"}, {"email:c@x.com"}, {"user_id:c"}}
	if diff := cmp.Diff(want, show(ch.Old)); diff != "" {
		t.Errorf("old (-want +got):\n%s", diff)
	}
	want = [][]string{{"anonymous_id:a", "email:c@x.com", "user_id:c"}, {"user_id:b"}}
	if diff := cmp.Diff(want, show(ch.New)); diff != "" {
		t.Errorf("new (-want +got):\n%s", diff)
	}
	ch = w.regroup(w.event(at(9), ident("user_id:d"), ident("anonymous_id:a"))...)
	p := w.pair(ident("user_id:d"), ident("anonymous_id:a"))
	if diff := cmp.Diff(Change{Refused: []Refusal{{p, RuleUnique, "user_id"}}}, ch); diff != "" {
		t.Errorf("refused change (-want +got):\n%s", diff)
	}
}
