package identity

import (
	"context"
	"slices"
)

// filter finds out what the policies make of each node, and then which edges are
// live.
func (b *bulk) filter(ctx context.Context) error {
	n := len(b.entries)
	b.vetoes = newLists(n, func(yield func(int32, int32) bool) {
		for _, p := range b.pairs {
			if !yield(p[0], p[1]) || !yield(p[1], p[0]) {
				return
			}
		}
	})
	b.pairs = nil
	if slices.ContainsFunc(b.rules.byRank, (*namespace).judged) {
		if err := b.judge(ctx); err != nil {
			return err
		}
	}
	for i := range b.edges {
		if i%poll == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rule, _ := b.bar(int32(i))
		b.edges[i].live = rule == 0 && !b.isKnown(&b.edges[i])
	}
	return nil
}

// judge fills in Shared and Admitted.
func (b *bulk) judge(ctx context.Context) error {
	n := len(b.entries)
	under := make([]bool, len(b.spaces))
	for s, name := range b.spaces {
		ns := b.rules.byName[name]
		under[s] = ns != nil && ns.judged()
	}
	b.edgesOf = newLists(n, func(yield func(int32, int32) bool) {
		for i := range b.edges {
			for _, end := range [...]int32{b.edges[i].weak, b.edges[i].strong} {
				if under[b.entries[end].space] && !yield(end, int32(i)) {
					return
				}
			}
		}
	})
	admitted := lists{starts: make([]uint32, 1, n+1)}
	for v := range b.entries {
		if v%poll == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(b.edgesOf.of(int32(v))) > 0 {
			node, err := b.rules.Refilter(b, b.entries[v].token)
			if err != nil {
				return err
			}
			if node.Shared {
				b.entries[v].flags |= isShared
			}
			for _, t := range node.Admitted {
				admitted.items = append(admitted.items, b.index[t])
			}
			slices.Sort(admitted.items[admitted.starts[v]:])
		}
		admitted.starts = append(admitted.starts, uint32(len(admitted.items)))
	}
	b.admitted, b.edgesOf = admitted, lists{}
	return nil
}

// judged reports whether Shared or Admitted of a node may be other than empty.
func (ns *namespace) judged() bool {
	return ns.conflict == Shared || ns.lookup || ns.quotas != nil
}

// bar says what takes an edge out.
func (b *bulk) bar(i int32) (Rule, string) {
	s := &b.edges[i]
	return b.rules.Bar(b.edge(i), b.towards(s.weak, s.strong), b.towards(s.strong, s.weak))
}

// towards returns a node with as much of Admitted as says whether one partner is
// in it.
func (b *bulk) towards(v, partner int32) Node {
	n := b.plain(v)
	if _, in := slices.BinarySearch(b.admitted.of(v), partner); in {
		n.Admitted = []Token{b.entries[partner].token}
	}
	return n
}

// replay takes the live edges in order. What they connect, before any rule keeps
// it apart, is replayed by itself: nothing else bears on it.
func (b *bulk) replay(ctx context.Context) error {
	n := len(b.entries)
	b.leader = make([]int32, n)
	for v := range b.leader {
		b.leader[v] = int32(v)
	}
	for i := range b.edges {
		if s := &b.edges[i]; s.live {
			b.leader[b.lead(s.weak)] = b.lead(s.strong)
		}
	}
	byLead := newLists(n, func(yield func(int32, int32) bool) {
		for i := range b.edges {
			if s := &b.edges[i]; s.live && !yield(b.lead(s.weak), int32(i)) {
				return
			}
		}
	})
	sizes := make([]int32, n)
	for v := range n {
		sizes[b.lead(int32(v))]++
	}
	for v, size := range sizes {
		if v%poll == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if size > 1 {
			if err := b.regroup(ctx, byLead.of(int32(v)), int(size)); err != nil {
				return err
			}
		}
	}
	for v, first := range b.known {
		b.leader[v] = first
	}
	return nil
}

// lead returns the node that stands for all that are connected with v.
func (b *bulk) lead(v int32) int32 {
	for b.leader[v] != v {
		b.leader[v] = b.leader[b.leader[v]]
		v = b.leader[v]
	}
	return v
}

// regroup replays the edges between some nodes that are connected with each other
// and nothing else.
func (b *bulk) regroup(ctx context.Context, edges []int32, nodes int) error {
	g := newRegion(b.rules, b)
	g.index, g.vertices = make(map[Token]int32, nodes), make([]vertex, 0, nodes)
	links := make([]link, 0, len(edges))
	places := make([]int32, 0, nodes) // of the vertices, in the roll
	vertex := func(place int32) (int32, error) {
		v, err := g.vertex(b.entries[place].token)
		if err == nil && int(v) == len(places) {
			places = append(places, place)
		}
		return v, err
	}
	for _, i := range edges {
		weak, err := vertex(b.edges[i].weak)
		if err != nil {
			return err
		}
		strong, err := vertex(b.edges[i].strong)
		if err != nil {
			return err
		}
		e := b.edge(i)
		if l, live := g.link(&e, weak, strong); live {
			links = append(links, l)
		}
	}
	slices.SortFunc(links, g.compare)
	f := newForest(g)
	for i, l := range links {
		if i%poll == poll-1 && ctx.Err() != nil {
			return ctx.Err()
		}
		if f.find(l.weak) == f.find(l.strong) {
			continue
		}
		if rule, ns := f.bars(l.weak, l.strong); rule == 0 {
			f.unite(l.weak, l.strong)
		} else {
			b.refuse(rule, ns)
		}
	}
	for v, place := range places {
		b.leader[place] = places[f.find(int32(v))]
	}
	return nil
}

func (b *bulk) refuse(rule Rule, ns *namespace) {
	c := Cause{Rule: rule}
	if ns != nil {
		c.Namespace = ns.name
	}
	b.health.Refused[c]++
}

// count makes the groups known and adds up the figures.
func (b *bulk) count(ctx context.Context) error {
	n := len(b.entries)
	first := slices.Repeat([]int32{none}, n)
	for v, l := range b.leader {
		if first[l] == none {
			first[l] = int32(v)
		}
		b.leader[v] = first[l]
	}
	b.groups = newLists(n, func(yield func(int32, int32) bool) {
		for v, l := range b.leader {
			if !yield(l, int32(v)) {
				return
			}
		}
	})
	h := &b.health
	h.Nodes, h.Edges = n, len(b.edges)
	for v := range b.entries {
		node := b.plain(int32(v))
		if size := len(b.groups.of(int32(v))); size > 0 {
			h.Sizes[size]++
		}
		if b.rules.Generic(node) {
			h.Generic++
		}
		if node.Barred {
			h.Barred++
		}
		if node.Shared {
			h.Shared++
		}
	}
	for i := range b.edges {
		if i%poll == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if s := &b.edges[i]; !s.live && b.leader[s.weak] != b.leader[s.strong] && !b.isKnown(s) {
			rule, ns := b.bar(int32(i))
			h.Refused[Cause{rule, ns}]++
		}
	}
	return nil
}
