package portrait

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

const (
	// unseenPeople is how many people one commit of EraseUnseen looks at, at most.
	unseenPeople = 256
	// minUnseen and maxUnseen bound Unseen.For.
	minUnseen = 24 * time.Hour
	maxUnseen = maxRetain
)

// EraseUnseen erases, or makes anonymous, everybody of whom no event came for long, in
// commits of at most 256 people between which others write. It yields the report of each
// commit that removed somebody or found somebody held; as with Erase they name people. How
// long ago is a matter of event time, up to the instant of the store when the loop begins,
// which does not follow a wrong clock by more than 31 days. Whether somebody has come back
// meanwhile is looked at in the commit itself. People under a legal hold stay, and are
// counted in Erasure.Held; nameless profiles stay.
//
// A person counts as one: somebody who was seen under any of their identifiers stays under
// all. Whom nobody has made a profile of, such as the users of an identifier that is
// generic, is not looked at.
//
// The loop may be left, and begun again, at any time. An error comes once and last, with a
// nil report; what was yielded before it is done, and where Erasure.Verified is not set in the
// report of a commit, the error says what is left. Call it from time to time, as often as the law asks:
// the store erases nobody by itself.
func (p *Privacy) EraseUnseen(ctx context.Context, u privacy.Unseen) iter.Seq2[*privacy.Erasure, error] {
	return func(yield func(*privacy.Erasure, error) bool) {
		s, err := p.db.beginUnseen(ctx, u)
		for from := []byte{keys.Node}; err == nil && from != nil; {
			var roots []identity.Token
			if roots, from, err = s.candidates(ctx, from); err != nil || len(roots) == 0 {
				continue
			}
			var reports []*privacy.Erasure
			reports, err = s.step(ctx, roots)
			for _, report := range reports {
				if len(report.Identifiers)+report.Held > 0 && !yield(report, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// unseen is one EraseUnseen under way.
type unseen struct {
	db *DB
	// since is the first instant of which an event keeps somebody.
	since profile.Instant
	mode  eraseMode
	dry   bool
}

func (db *DB) beginUnseen(ctx context.Context, u privacy.Unseen) (*unseen, error) {
	v, err := db.View(ctx)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	if u.For < minUnseen || u.For > maxUnseen {
		return nil, fmt.Errorf("portrait: erase who was not seen for %s: want a day to 200 years", u.For)
	}
	s := &unseen{db: db, since: v.at - profile.Instant(u.For.Microseconds()), mode: eraseAll, dry: u.Preview}
	if u.Anonymise {
		s.mode = eraseNames
	}
	if u.Preview {
		s.mode = erasePreviewed
	}
	return s, nil
}

// candidates reads nodes from a key on, and returns those that stand for people who may go,
// and from where to read on; nil at the end.
func (s *unseen) candidates(ctx context.Context, from []byte) (roots []identity.Token, next []byte, err error) {
	if err := s.db.gate.enter(); err != nil {
		return nil, nil, err
	}
	defer s.db.gate.leave()
	e := s.db.acquire()
	defer e.release()
	read := 0
	for kv, err := range e.snap.Scan(from, keys.End([]byte{keys.Node})) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, nil, err
		}
		if read++; len(roots) == unseenPeople || read > forgoBatch {
			return roots, append([]byte(nil), kv.Key...), nil
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return nil, nil, err
		}
		n, err := decodeNode(token, append([]byte(nil), kv.Value...))
		if err != nil {
			return nil, nil, err
		}
		if n.alone() && !n.lost && n.id.Namespace != identity.Nameless && !s.seen(n.state) {
			roots = append(roots, token)
		}
	}
	return roots, nil, nil
}

// seen reports whether a state has an event that keeps somebody.
func (s *unseen) seen(state *profile.State) bool {
	_, last, ok := state.Span()
	return ok && last.At > s.since
}

// step removes some people in one commit. Where one of them leads to somebody who is held
// each goes by itself.
func (s *unseen) step(ctx context.Context, roots []identity.Token) ([]*privacy.Erasure, error) {
	report, err := s.erase(ctx, roots)
	switch {
	case report != nil: // also with an error that came after the commit
		return []*privacy.Erasure{report}, err
	case !errors.Is(err, privacy.ErrHeld):
		return nil, err
	case len(roots) == 1:
		return []*privacy.Erasure{{Held: 1}}, nil
	}
	var reports []*privacy.Erasure
	for _, root := range roots {
		one, err := s.step(ctx, []identity.Token{root})
		if reports = append(reports, one...); err != nil {
			return reports, err
		}
	}
	return reports, nil
}

// erase removes those of some people who were not seen by now either.
func (s *unseen) erase(ctx context.Context, roots []identity.Token) (*privacy.Erasure, error) {
	report := &privacy.Erasure{}
	var e *eraser
	var unverified error
	err := s.db.transact(ctx, func(t *txn) error {
		nodes, held, err := s.gone(t, roots)
		if err == nil && len(nodes) > 0 {
			e, err = t.erase(ctx, nodes, s.mode, s.seen, report)
		}
		if err != nil {
			return err
		}
		if report.Held += held; e == nil || s.dry {
			return errPreview
		}
		return nil
	}, func(t *txn) {
		report.Epoch, report.Audit = t.meta.epoch, *t.audited
		s.db.erasedIn = t.meta.epoch
		unverified = s.db.verifyErased(e)
	})
	switch {
	case errors.Is(err, errPreview):
		return report, nil
	case err != nil:
		return nil, err
	}
	return report, unverified
}

// gone returns the nodes of who is to go, and how many are held.
func (s *unseen) gone(t *txn, roots []identity.Token) (nodes []*node, held int, err error) {
	for _, root := range roots {
		n, err := t.node(root)
		if err != nil {
			return nil, 0, err
		}
		if n == nil {
			continue
		}
		c, err := t.component(n)
		if err != nil {
			return nil, 0, err
		}
		p, err := t.person(c)
		if err != nil {
			return nil, 0, err
		}
		stays := p == nil
		if p != nil {
			for _, state := range p.states {
				stays = stays || s.seen(state)
			}
		}
		switch {
		case stays:
		case len(t.personHolds(c.members)) > 0:
			held++
		default:
			nodes = append(nodes, n)
		}
	}
	return nodes, held, nil
}
