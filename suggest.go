package portrait

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// Suggestion is what record linkage found about two identifiers, in either order.
type Suggestion struct {
	A, B profile.Identifier
	identity.Match
}

// Suggest takes in what record linkage found, in one commit. A Match that is
// Weak counts as an edge, after all that events and people say, and never against
// a unique namespace, a limit or a veto; any other waits in View.Suggestions for
// a person to Link or Unlink the two. The last Suggest about a pair holds; one
// with the zero Match takes it back. It is no decision: View.Decisions does not
// tell of it. An identifier that may not name a person, two that are the same, or a
// Match without a Model is an error, and nothing is taken in. Effect.Refused has the
// weak pairs that a rule keeps apart. docs/identity.md shows how the result of
// package linkage is handed in.
func (db *DB) Suggest(ctx context.Context, suggestions ...Suggestion) (Effect, error) {
	return db.decide(ctx, Decision{}, func(t *txn, d *decided) error {
		d.cause.source = "linkage"
		// The heaviest first, as edges are taken, so that the others are refused.
		order := make([]int, len(suggestions))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(suggestions[j].Weight, suggestions[i].Weight) })
		for _, i := range order {
			if err := t.suggest(suggestions[i], d); err != nil {
				return fmt.Errorf("%w (suggestion %d)", err, i)
			}
		}
		return nil
	})
}

func (t *txn) suggest(s Suggestion, d *decided) error {
	if s.Model == 0 && s.Match != (identity.Match{}) {
		return errors.New("portrait: the match names no model")
	}
	x, y, err := t.pair(s.A, s.B)
	if err != nil {
		return err
	}
	e, err := t.edge(t.cat.rules.Pair(x.evidence(), y.evidence()))
	if err != nil {
		return err
	}
	before := e.Edge
	if e.Match == s.Match {
		return nil
	}
	e.Match, e.dirty = s.Match, true
	t.subject(didSuggest, e.Pair)
	if err := t.link(x, y); err != nil {
		return err
	}
	changed, err := t.judge(e, before)
	if err != nil {
		return err
	}
	d.cause.tell = e.Pair
	return t.regroup(changed, &d.cause)
}

// Suggestions yields the pairs that record linkage found, that nobody has decided
// on, and that are not one profile, in no particular order. An error comes at
// most once, last.
func (v *View) Suggestions(ctx context.Context) iter.Seq2[Suggestion, error] {
	return func(yield func(Suggestion, error) bool) {
		all := records(ctx, v, []byte{keys.Edge}, keys.Edge, v.suggestion)
		for s, err := range all {
			if err == nil && s.Model == 0 {
				continue
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// suggestion reads the edge of one key; one without a Match where there is
// nothing to decide.
func (v *View) suggestion(key, value []byte) (s Suggestion, err error) {
	if len(value) == 0 { // the other direction holds the edge
		return s, nil
	}
	a, b, ok := keys.Pair(key)
	if !ok {
		return s, fmt.Errorf("%w: edge key of %d bytes", ErrCorrupt, len(key))
	}
	e, err := decodeEdge(identity.Pair{Weak: a, Strong: b}, value)
	if err != nil || e.Match.Model == 0 || e.Decision == identity.Link || e.Decision == identity.Unlink {
		return s, err
	}
	x, err := v.epoch.node(a)
	if err != nil || x == nil {
		return s, err
	}
	y, err := v.epoch.node(b)
	if err != nil || y == nil || x.root == y.root {
		return s, err
	}
	if x.vetoed && y.vetoed {
		for other, err := range storedVetoes(v.epoch.snap, x.token) {
			if err != nil || other == y.token {
				return s, err
			}
		}
	}
	return Suggestion{A: x.id, B: y.id, Match: e.Match}, nil
}
