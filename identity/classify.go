package identity

import "slices"

// classify reads what a change is about and drops it if it cannot matter.
// Dropping is safe whatever the other changes are, for the greedy gives the old
// partition with and without the dropped edge: a live event edge within one old
// component, new or moved to an earlier place, unites what is united anyway, and
// a dead edge between two old components was dead or skipped before.
func (w *work) classify(p Pair) error {
	a, err := w.vertex(p.Weak)
	if err != nil {
		return err
	}
	if p.Weak == p.Strong {
		return w.seed(a)
	}
	b, err := w.vertex(p.Strong)
	if err != nil {
		return err
	}
	if w.rules.Compare(w.vertices[a].Identifier, w.vertices[b].Identifier) < 0 {
		a, b = b, a
		p = Pair{Weak: p.Strong, Strong: p.Weak}
	}
	e, err := readEdge(w.graph, p)
	if err != nil {
		return err
	}
	l, live := w.link(&e, a, b)
	w.show(p, &e, l, live, a, b)
	if !live {
		return w.classifyDead(a, b)
	}
	ca, err := w.component(a)
	if err != nil {
		return err
	}
	cb, err := w.component(b)
	if err != nil {
		return err
	}
	switch {
	case ca != cb:
		w.seeds = append(w.seeds, ca, cb)
		w.joins = append(w.joins, join{l, p})
	case l.class != byEvent || e.Decision == Withdraw || w.apart(a, b):
		// Of a manual edge, one by linkage, and one that may have been manual before,
		// one cannot tell whether it moved to a later place.
		return w.seed(a)
	}
	return nil
}

// show notes a changed edge that counts, for Change.Refused.
func (w *work) show(p Pair, e *Edge, l link, live bool, a, b int32) {
	if !e.counts() || slices.ContainsFunc(w.shown, func(s linked) bool { return s.pair == p }) {
		return
	}
	s := linked{join: join{l, p}}
	if !live {
		s.link = link{weak: a, strong: b}
		s.rule, s.namespace = bar(e, w.end(a), w.end(b))
	}
	w.shown = append(w.shown, s)
}

// classifyDead finds out whether an edge that is not live was so before: its ends
// may then be in one old component, and an end that is out not yet alone. Of a node
// that has long been out, or keeps many at bay, no more is read than the list of
// its component.
func (w *work) classifyDead(a, b int32) error {
	if !w.vertices[a].out && !w.vertices[b].out {
		together, err := w.together(a, b)
		if err != nil || !together {
			return err
		}
		return w.seed(a)
	}
	for _, v := range [...]int32{a, b} {
		if !w.vertices[v].out {
			continue
		}
		alone, err := w.alone(v)
		if err != nil {
			return err
		}
		if !alone {
			if err := w.seed(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// together reports whether two vertices are in one old component, and reads its
// nodes only if they are.
func (w *work) together(a, b int32) (bool, error) {
	if ca, cb := w.vertices[a].component, w.vertices[b].component; ca != none && cb != none {
		return ca == cb, nil
	}
	tokens, err := w.list(a)
	return err == nil && slices.Contains(tokens, w.vertices[b].Token), err
}

// alone reports whether the old component of a vertex holds no other.
func (w *work) alone(v int32) (bool, error) {
	tokens, err := w.list(v)
	return err == nil && len(tokens) == 1, err
}

// seed has the component of v replayed.
func (w *work) seed(v int32) error {
	c, err := w.component(v)
	if err != nil {
		return err
	}
	w.seeds = append(w.seeds, c)
	w.replay = true
	return nil
}
