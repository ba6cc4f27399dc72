package identity

import "slices"

// sweep replays a region: it takes the live edges of the seed components in
// order, as the greedy over all edges would.
//
// Components outside the region stand still, so the state of one at any place in
// the order is what its own edges before that place make up. An edge across the
// border was skipped in the old partition. Where it is skipped again nothing
// outside notices; where it unites, the component outside is drawn into the
// region from that place on. When the edges are used up the region has its new
// partition, and everything outside has kept its own.
func (w *work) sweep() (*forest, error) {
	s := &sweep{work: w, forest: newForest(w.region)}
	slices.Sort(w.seeds)
	w.seeds = slices.Compact(w.seeds)
	for _, c := range w.seeds {
		if err := s.enter(c, nil); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(s.queue, w.compare)
	for s.next < len(s.queue) {
		l := s.queue[s.next]
		s.next++
		if err := s.take(l); err != nil {
			return nil, err
		}
	}
	return s.forest, nil
}

// sweep is a replay under way.
type sweep struct {
	*work
	forest *forest
	queue  []link // ascending from next on
	next   int
}

// enter makes a component part of the region and queues its links, or those
// after the link that drew it in. Links to components that entered before are
// queued already.
func (s *sweep) enter(c int32, after *link) error {
	s.components[c].inside = true
	for _, m := range s.components[c].members {
		err := s.scan(m, func(l link, far int32) {
			if after != nil && s.compare(l, *after) <= 0 {
				return
			}
			own := s.vertices[far].component == c
			if own && l.weak == m || !own && !s.inside(far) {
				s.queue = append(s.queue, l)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take decides on the next link.
func (s *sweep) take(l link) error {
	if s.forest.find(l.weak) == s.forest.find(l.strong) {
		return nil
	}
	if rule, ns := s.forest.bars(l.weak, l.strong); rule != 0 {
		// At the border this holds for the far end alone, or for the part of its
		// component that is up to date; the rest would only add to it.
		s.skip(l, rule, ns)
		return nil
	}
	out := l.weak
	if s.inside(out) {
		out = l.strong
	}
	if s.inside(out) {
		s.forest.unite(l.weak, l.strong)
		return nil
	}
	c, err := s.shadow(out, l)
	if err != nil {
		return err
	}
	if rule, ns := s.forest.bars(l.weak, l.strong); rule != 0 {
		s.skip(l, rule, ns)
		return nil
	}
	s.forest.unite(l.weak, l.strong)
	s.seeds = append(s.seeds, c)
	if err := s.enter(c, &l); err != nil {
		return err
	}
	slices.SortFunc(s.queue[s.next:], s.compare)
	return nil
}

// skip notes why a link was skipped, if it is a changed one.
func (s *sweep) skip(l link, rule Rule, ns *namespace) {
	for _, j := range s.shown {
		if j.link == l {
			s.refuse(j.pair, rule, ns)
		}
	}
}

// shadow brings a component outside the region up to the place of a link, by its
// own links alone.
func (s *sweep) shadow(v int32, until link) (int32, error) {
	c, err := s.component(v)
	if err != nil {
		return none, err
	}
	if !s.components[c].loaded {
		var links []link
		if err := s.between(s.components[c].members, func(l link) { links = append(links, l) }); err != nil {
			return none, err
		}
		slices.SortFunc(links, s.compare)
		s.components[c].links, s.components[c].loaded = links, true
	}
	for k := &s.components[c]; k.next < len(k.links) && s.compare(k.links[k.next], until) < 0; k.next++ {
		l := k.links[k.next]
		s.forest.unite(l.weak, l.strong)
	}
	return c, nil
}
