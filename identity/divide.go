package identity

import (
	"cmp"
	"fmt"
	"slices"
)

// Divide returns the edges to unlink so that groups of nodes are no longer joined
// by what is known now: every edge that counts and leads from one group to
// another. A node of no group, in a component that a group has a node of, falls
// to the group that the strongest of its edges join it to. Pairs are in the order
// of their identifiers.
func (r *Rules) Divide(g Graph, groups [][]Token) ([]Pair, error) {
	d := &divide{region: newRegion(r, g), label: map[int32]int{}}
	for i, group := range groups {
		for _, t := range group {
			v, err := d.vertex(t)
			if err != nil {
				return nil, err
			}
			d.label[v] = i
			c, err := d.component(v)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(d.touched, c) {
				d.touched = append(d.touched, c)
			}
		}
	}
	if err := d.spread(); err != nil {
		return nil, err
	}
	return d.across()
}

// divide is one call of Divide.
type divide struct {
	*region
	touched []int32       // components that hold a named node
	label   map[int32]int // of each vertex, its group
}

// spread labels the members that no group names: it takes the live edges within
// each component in order, and unites unless two labels would meet.
func (d *divide) spread() error {
	for _, c := range d.touched {
		members := d.components[c].members
		var links []link
		if err := d.between(members, func(l link) { links = append(links, l) }); err != nil {
			return err
		}
		slices.SortFunc(links, d.compare)
		f := newForest(d.region)
		for _, l := range links {
			a, b := f.find(l.weak), f.find(l.strong)
			la, named := d.label[a]
			lb, too := d.label[b]
			if a == b || named && too && la != lb {
				continue
			}
			f.unite(a, b)
			switch root := f.find(a); {
			case named:
				d.label[root] = la
			case too:
				d.label[root] = lb
			}
		}
		for _, m := range members {
			if l, ok := d.label[f.find(m)]; ok {
				d.label[m] = l
			}
		}
	}
	return nil
}

// across lists the edges that count between vertices of different labels.
func (d *divide) across() ([]Pair, error) {
	var cut []Pair
	for _, c := range d.touched {
		for _, m := range d.components[c].members {
			pairs, err := d.rules.Counting(d.graph, d.vertices[m].Token)
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				far := p.Weak
				if far == d.vertices[m].Token {
					far = p.Strong
				}
				v, read := d.index[far]
				if !read {
					continue
				}
				la, ok := d.label[m]
				lb, too := d.label[v]
				if ok && too && la != lb {
					cut = append(cut, p)
				}
			}
		}
	}
	slices.SortFunc(cut, func(p, q Pair) int {
		pw, ps := d.vertices[d.index[p.Weak]], d.vertices[d.index[p.Strong]]
		qw, qs := d.vertices[d.index[q.Weak]], d.vertices[d.index[q.Strong]]
		return cmp.Or(pw.Identifier.Compare(qw.Identifier), ps.Identifier.Compare(qs.Identifier))
	})
	return slices.Compact(cut), nil
}

// Counting returns the pairs of a node's edges that count, live or not, in no
// particular order.
func (r *Rules) Counting(g Graph, t Token) ([]Pair, error) {
	var pairs []Pair
	for e, err := range g.Edges(t) {
		if err != nil {
			return nil, fmt.Errorf("identity: edges of %v: %w", t, err)
		}
		if e.counts() {
			pairs = append(pairs, e.Pair)
		}
	}
	return pairs, nil
}
