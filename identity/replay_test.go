package identity

import (
	"cmp"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// ids is a set of identifiers.
type ids map[profile.Identifier]bool

// greedy is the partition of a naive view with a record of every edge that counts
// and unites nothing.
type greedy struct {
	*naive
	sets map[profile.Identifier]ids
	dead map[Pair]skip
}

// skip is one such edge: every rule that bars it, in the order in which rules are
// tried, and the sets at its ends when it was skipped; none if a filter took it
// out before.
type skip struct {
	causes       []Cause
	weak, strong ids
}

func newGreedy(w *world) *greedy {
	g := &greedy{naive: w.naiveView(), sets: map[profile.Identifier]ids{}, dead: map[Pair]skip{}}
	for id := range g.nodes {
		g.sets[id] = ids{id: true}
	}
	filtered := map[Pair]Cause{}
	for _, f := range g.facts {
		p := w.pair(f.weak, f.strong)
		weak, strong := g.sets[f.weak], g.sets[f.strong]
		if rule, ns := g.bars(f); rule != 0 {
			filtered[p] = Cause{rule, ns}
			continue
		}
		if weak[f.strong] {
			continue
		}
		if causes := g.causes(weak, strong); len(causes) > 0 {
			g.dead[p] = skip{causes, weak, strong}
			continue
		}
		union := maps.Clone(weak)
		maps.Copy(union, strong)
		for id := range union {
			g.sets[id] = union
		}
	}
	for p, c := range filtered {
		if !g.sets[w.nodes[p.Weak].Identifier][w.nodes[p.Strong].Identifier] {
			g.dead[p] = skip{causes: []Cause{c}}
		}
	}
	return g
}

// causes returns every rule that the union of two sets breaks.
func (g *greedy) causes(a, b ids) (out []Cause) {
	union := maps.Clone(a)
	maps.Copy(union, b)
	if len(union) > cmp.Or(g.w.config.MaxNodes, 200) {
		out = append(out, Cause{Rule: RuleNodes})
	}
	byRank := func(x, y Namespace) int { return x.Priority - y.Priority }
	for _, d := range slices.SortedFunc(maps.Values(g.decl), byRank) {
		if g.breaks(union, d) {
			c := Cause{RuleLimit, d.Name}
			if unique(d) {
				c.Rule = RuleUnique
			}
			out = append(out, c)
		}
	}
	for x := range a {
		for y := range b {
			if g.w.vetoes[tokenOf(x)][tokenOf(y)] && !slices.Contains(out, Cause{Rule: RuleVeto}) {
				out = append(out, Cause{Rule: RuleVeto})
			}
		}
	}
	return out
}

// breaks reports whether a set holds too many values of a namespace.
func (g *greedy) breaks(set ids, d Namespace) bool {
	limit := d.Limit
	if d.Unique {
		limit = 1
	}
	for id := range set {
		if limit > 0 && id.Namespace == d.Name && g.crowd(set, id, d) > limit {
			return true
		}
	}
	return false
}
