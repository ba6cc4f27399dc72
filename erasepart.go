package portrait

import (
	"context"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

func (t *txn) newEraser(report *privacy.Erasure) *eraser {
	return &eraser{t: t, gone: map[identity.Token]*node{}, far: map[identity.Token]*node{}, report: report}
}

// eraseOnly removes nodes, and not who else is joined to them, and suppresses identifiers.
func (t *txn) eraseOnly(ctx context.Context, nodes []*node, as map[identity.Token]suppression, named *namingRecords, report *privacy.Erasure) error {
	e := t.newEraser(report)
	e.named = named
	nameless := map[identity.Token]*profile.State{} // of the people whose numbers stay, by component
	for _, n := range nodes {
		if as[n.token].nameless {
			if err := e.collect(n, nameless); err != nil {
				return err
			}
		}
		if err := e.meetOnly(n); err != nil {
			return err
		}
	}
	for _, root := range slices.SortedFunc(maps.Keys(nameless), compareTokens) {
		e.leave(nameless[root])
	}
	if err := e.run(ctx); err != nil {
		return err
	}
	tokens := slices.SortedFunc(maps.Keys(as), compareTokens)
	for _, token := range tokens {
		s := as[token]
		if s.unpurged && s.erasedIn == 0 {
			s.erasedIn = t.meta.epoch + 1
		}
		t.suppress(token, s)
	}
	t.attest(didReplay, "", tokens...)
	return nil
}

// collect adds a node's state to those of others of its component whose numbers stay.
func (e *eraser) collect(n *node, of map[identity.Token]*profile.State) error {
	if n.gen != e.t.cat.folds.gen {
		if err := e.t.refold(n); err != nil {
			return err
		}
	}
	if have := of[n.root]; have != nil {
		have.Absorb(n.state)
	} else {
		of[n.root] = n.state.Clone()
	}
	return nil
}

// meetOnly notes that a node goes.
func (e *eraser) meetOnly(n *node) error {
	c, err := e.t.component(n)
	if err != nil {
		return err
	}
	e.gone[n.token] = n
	e.report.Identifiers = append(e.report.Identifiers, n.id)
	if c.captured {
		return nil
	}
	if err := e.t.capture(c); err != nil {
		return err
	}
	p, err := e.t.person(c)
	if err == nil && p != nil {
		e.parted = append(e.parted, p)
	}
	return err
}

// part tells which of the people of whom some identifiers go are nobody any more.
func (e *eraser) part() error {
	for _, p := range e.parted {
		stays, numbered := false, false
		for _, token := range p.comp.members {
			if n := e.gone[token]; n != nil {
				numbered = numbered || n.numbered && n.ordinal == p.ordinal
				continue
			}
			n, err := e.t.must(token)
			if err != nil {
				return err
			}
			stays = stays || e.t.db.holds(e.t.cat, n)
		}
		if stays {
			continue
		}
		e.report.Profiles = append(e.report.Profiles, profile.MakeID(0, p.ordinal))
		if numbered { // else the ID stays with an identifier of which nothing is known
			e.t.erased = append(e.t.erased, p.ordinal)
		}
	}
	return nil
}
