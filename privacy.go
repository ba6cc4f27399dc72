package portrait

import (
	"context"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// Privacy is what people may ask of those who keep data about them: to be forgotten,
// and to stay so. docs/privacy.md sets the duties of the law beside the calls. Its
// methods may be called from any goroutine.
type Privacy struct{ db *DB }

// Privacy returns what a store does for the people in it.
func (db *DB) Privacy() *Privacy { return &Privacy{db} }

// maxErased is how many identifiers one Erase takes.
const maxErased = 10_000

// Preview tells what Erase or Anonymise would remove, and changes nothing. No events are
// taken in meanwhile.
func (p *Privacy) Preview(ctx context.Context, ids ...profile.Identifier) (*privacy.Erasure, error) {
	return p.erase(ctx, ids, erasePreviewed)
}

// Erase removes everything about the people that the identifiers name, at most 10,000 of
// them: their identifiers, traits, tags and events, the evidence that joined them, their
// places in bitmaps, lists and the feed's future, and the records of decisions about them. It is one
// commit, and the feed tells of it as "erased". What others were only kept apart from
// by evidence about these people is worked out anew. Events kept at other people that
// name them lose those names; events without a message ID that do are kept no more,
// while what they were folded into stays.
//
// Their identifiers are suppressed from then on, known by keyed tokens alone: an event
// loses suppressed identifiers, and the traits and properties that repeat them, and is refused where
// its strongest is suppressed; decisions and lists cannot name them. The next person
// behind a shared device is not locked out.
//
// Nobody is erased where one of them is under a legal hold: privacy.ErrHeld.
//
// What went is looked for after the commit, see privacy.Erasure.Verified; an error that
// wraps ErrCorrupt then comes with the report.
//
// Merge and feed records hold numbers only and stay. Old bytes stay in files of the
// store until [Privacy.Purge]. One that is not known is ErrNotFound, and nothing is
// erased then.
func (p *Privacy) Erase(ctx context.Context, ids ...profile.Identifier) (*privacy.Erasure, error) {
	return p.erase(ctx, ids, eraseAll)
}

// Anonymise is Erase, but that the numbers of each person stay, in a profile that names
// nobody and never will: sums and counts over everybody are what they were. What stays is
// how many events there were, the lifetime counts and numbers of declared events,
// attributes that add up, and what computed traits count, add up or compare of numbers,
// all at the grain of days in the model's zone. Every other attribute goes, and every text, list, set, place
// and time of day; what counted distinct values, keys, sessions, interests, sequences or stays
// is missing then. The identifiers are suppressed as after Erase.
//
// The profile has an ID of its own and one identifier, of the namespace
// identity.Nameless, made of what stayed: nothing that comes in reaches it, no rule joins it to
// anybody, and it is in no list. Nothing in the store leads to it from who it was. But who watched
// everybody before and after can tell where one alone is made anonymous, and numbers
// can be of one person alone: make many anonymous at once, and hide small groups.
func (p *Privacy) Anonymise(ctx context.Context, ids ...profile.Identifier) (*privacy.Erasure, error) {
	return p.erase(ctx, ids, eraseNames)
}

// errPreview ends a transaction that was only to see what it would do.
var errPreview = errors.New("preview")

func (p *Privacy) erase(ctx context.Context, ids []profile.Identifier, mode eraseMode) (*privacy.Erasure, error) {
	if len(ids) > maxErased {
		return nil, fmt.Errorf("portrait: erase: %d identifiers at once, the most is %d", len(ids), maxErased)
	}
	report := &privacy.Erasure{}
	if len(ids) == 0 {
		return report, p.db.whileOpen()
	}
	var e *eraser
	var unverified error
	err := p.db.transact(ctx, func(t *txn) error {
		nodes := make([]*node, len(ids))
		for i, id := range ids {
			var err error
			if nodes[i], err = t.known(id); err != nil {
				return err
			}
		}
		var err error
		if e, err = t.erase(ctx, nodes, mode, nil, report); err != nil {
			return err
		}
		if mode == erasePreviewed {
			return errPreview
		}
		return nil
	}, func(t *txn) {
		report.Epoch, report.Audit = t.meta.epoch, *t.audited
		p.db.erasedIn = t.meta.epoch
		unverified = p.db.verifyErased(e)
	})
	if errors.Is(err, errPreview) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return report, unverified
}

// Suppress keeps identifiers out that are not in: events from now on are treated as
// those of erased people are. One that the store knows is an error: Erase it. Those that are
// suppressed stay so, as they are.
func (p *Privacy) Suppress(ctx context.Context, ids ...profile.Identifier) error {
	return p.mark(ctx, didSuppress, ids, func(t *txn, token identity.Token, id profile.Identifier) error {
		n, err := t.node(token)
		if err != nil {
			return err
		}
		if n != nil {
			return fmt.Errorf("portrait: suppress: an identifier of %s is in the store: erase it", id.Namespace)
		}
		s, ok := t.suppression(token)
		if ok && s.lifted == profile.Never {
			return nil // What is so of somebody erased stays: since when, and whether numbers were left.
		}
		s.at, s.lifted = t.now(), profile.Never
		t.suppress(token, s)
		return nil
	})
}

// Unsuppress admits identifiers again: events whose time is later than now. What came
// before stays refused, so that no late delivery brings the erased past back. One that
// is not suppressed is ErrNotFound.
func (p *Privacy) Unsuppress(ctx context.Context, ids ...profile.Identifier) error {
	return p.mark(ctx, didUnsuppress, ids, func(t *txn, token identity.Token, id profile.Identifier) error {
		s, ok := t.suppression(token)
		if !ok {
			return fmt.Errorf("%w: no identifier of %s like that is suppressed", ErrNotFound, id.Namespace)
		}
		if s.lifted == profile.Never {
			s.lifted = t.now()
			t.suppress(token, s)
		}
		return nil
	})
}

// mark changes what is so of identifiers, in one commit.
func (p *Privacy) mark(ctx context.Context, what string, ids []profile.Identifier, change func(*txn, identity.Token, profile.Identifier) error) error {
	return p.db.transact(ctx, func(t *txn) error {
		tokens := make([]identity.Token, len(ids))
		for i, id := range ids {
			if i&1023 == 1023 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			clean, err := t.cat.clean(id)
			if err != nil {
				return fmt.Errorf("portrait: %w", err)
			}
			tokens[i] = t.db.tokens.Token(clean)
			if err := change(t, tokens[i], clean); err != nil {
				return err
			}
		}
		if len(ids) > 0 {
			t.attest(what, "", tokens...)
		}
		return nil
	}, func(*txn) {})
}

// whileOpen returns ErrClosed once the store is closed: for calls that have nothing to do.
func (db *DB) whileOpen() error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	db.gate.leave()
	return nil
}

// now is the instant of what the transaction records.
func (t *txn) now() profile.Instant { return max(t.meta.instant, t.db.now()) }
