package identity

import "slices"

// Regroup returns how the partition changes after the evidence about some pairs
// did. The Graph must already hold the new edges, vetoes and partner counts,
// while its components are still those of before. Give Regroup
//
//   - the pairs that Judge returned, with the nodes that it returned stored,
//   - the pair of a new veto,
//   - a node paired with itself for any other change of a node: when Barred
//     changed; in a namespace that is Windowed, when Since of a node that was known
//     before moved or it became dated; when Refilter changed it; when it was
//     erased (with its edges gone from the Graph); and, for both ends, when a veto
//     was lifted.
//
// Give it the changes of one event, or decision, at a time: what one call replays
// is one region. It is safe for concurrent use as far as the Graph is.
//
// The cost is that of reading the components at both ends of an edge where
// they simply unite, and of reading the evidence within them where they may
// not. Where order matters (a late event, an unlink, a new veto, a value that
// goes from one owner to the next) it is that of replaying them and what they touch:
// the edges of all their nodes are read. An edge
// that Bar takes out, and did before, costs its two nodes and the list of one
// component.
func (r *Rules) Regroup(g Graph, changed ...Pair) (Change, error) {
	w := &work{region: newRegion(r, g)}
	for _, p := range changed {
		if err := w.classify(p); err != nil {
			return Change{}, err
		}
	}
	if len(w.seeds) == 0 {
		return Change{Refused: w.refusals(nil)}, nil
	}
	if !w.replay {
		f, done, err := w.join()
		if err != nil {
			return Change{}, err
		}
		if done {
			return w.outcome(f), nil
		}
	}
	f, err := w.sweep()
	if err != nil {
		return Change{}, err
	}
	return w.outcome(f), nil
}

// work is one call of Regroup.
type work struct {
	*region
	seeds  []int32  // old components that the change touches
	joins  []join   // live edges between two old components
	replay bool     // some change is not of that form
	shown  []linked // changed edges that count, in the order given
}

// join is a changed live edge that unites two old components, if it may.
type join struct {
	link
	pair Pair
}

// linked is a changed edge that counts and, once known, what barred it. Of one
// that a filter takes out, link has its two ends alone.
type linked struct {
	join
	rule      Rule
	namespace string
}

// join adds the live edges one by one, as if each were the only new one. It
// reports false when one of them calls for a replay.
//
// Two components that may unite as a whole do: what was skipped before stays
// skipped, as its two sides only grew, and what was accepted stays accepted, as
// its two sides stay within a set that keeps the rules.
func (w *work) join() (f *forest, done bool, err error) {
	f = newForest(w.region)
	for _, s := range w.seeds {
		f.fuse(&w.components[s])
	}
	for _, j := range w.joins {
		if f.find(j.weak) == f.find(j.strong) {
			continue
		}
		if rule, _ := f.bars(j.weak, j.strong); rule == 0 {
			f.unite(j.weak, j.strong)
			continue
		}
		rule, ns, err := w.barredAtItsTime(f, j.link)
		if err != nil || rule == 0 {
			return nil, false, err
		}
		w.refuse(j.pair, rule, ns)
	}
	return f, true, nil
}

// barredAtItsTime says which rule bars an edge at its place in the order, given
// that it is the only new one: against the parts of its ends' sets that the
// edges before it make up. An edge that is barred there changes nothing. (A join
// still to come within one of the sets is taken along: by itself it changes
// nothing either, so it may as well have come first.)
func (w *work) barredAtItsTime(f *forest, l link) (Rule, *namespace, error) {
	then := newForest(w.region)
	for _, end := range [...]int32{l.weak, l.strong} {
		err := w.between(f.members(end), func(m link) {
			if w.compare(m, l) < 0 {
				then.unite(m.weak, m.strong)
			}
		})
		if err != nil {
			return 0, nil, err
		}
	}
	rule, ns := then.bars(l.weak, l.strong)
	return rule, ns, nil
}

// refuse notes why a changed edge is skipped.
func (w *work) refuse(p Pair, rule Rule, ns *namespace) {
	for i := range w.shown {
		if w.shown[i].pair != p {
			continue
		}
		w.shown[i].rule, w.shown[i].namespace = rule, ""
		if ns != nil {
			w.shown[i].namespace = ns.name
		}
	}
}

// outcome compares the partition of the replayed components with the old one.
func (w *work) outcome(f *forest) Change {
	var ch Change
	groups := make(map[int32]bool)
	slices.Sort(w.seeds)
	for _, s := range slices.Compact(w.seeds) {
		c := &w.components[s]
		root := f.find(c.members[0])
		if int(f.sets[root].size) == len(c.members) && w.whole(f, c, root) {
			continue
		}
		ch.Old = append(ch.Old, w.tokens(c.members))
		for _, m := range c.members {
			root := f.find(m)
			if groups[root] {
				continue
			}
			groups[root] = true
			ch.New = append(ch.New, w.tokens(f.members(root)))
		}
	}
	byFirst := func(a, b []Token) int {
		return w.vertices[w.index[a[0]]].Identifier.Compare(w.vertices[w.index[b[0]]].Identifier)
	}
	slices.SortFunc(ch.Old, byFirst)
	slices.SortFunc(ch.New, byFirst)
	ch.Refused = w.refusals(f)
	return ch
}

// refusals returns the changed edges that unite nothing. f is nil where nothing is
// replayed: an edge that a filter takes out then has its ends apart.
func (w *work) refusals(f *forest) (out []Refusal) {
	for _, s := range w.shown {
		if s.rule != 0 && (f == nil || f.find(s.weak) != f.find(s.strong)) {
			out = append(out, Refusal{Pair: s.pair, Rule: s.rule, Namespace: s.namespace})
		}
	}
	return out
}

// whole reports whether all members of an old component are in one set.
func (w *work) whole(f *forest, c *component, root int32) bool {
	return !slices.ContainsFunc(c.members, func(m int32) bool { return f.find(m) != root })
}

// tokens sorts some vertices by their identifiers and returns their tokens.
func (w *work) tokens(vs []int32) []Token {
	slices.SortFunc(vs, func(a, b int32) int {
		return w.vertices[a].Identifier.Compare(w.vertices[b].Identifier)
	})
	out := make([]Token, len(vs))
	for i, v := range vs {
		out[i] = w.vertices[v].Token
	}
	return out
}
