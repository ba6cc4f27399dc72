package portrait

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/copies"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// ExportLedger writes the ledger of erasures: every identifier that is suppressed, as a
// token under the store's own key, with when, and when that was lifted. It holds no value
// of anybody. Keep it apart from the backups, as new as can be: given to [backup.Restore] it
// keeps those erased who were erased after the backup. It is text, under a checksum.
func (p *Privacy) ExportLedger(ctx context.Context, w io.Writer) error {
	db := p.db
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if w == nil {
		return errors.New("portrait: ledger of erasures: the writer is nil")
	}
	// Of what is suppressed after this moment not all need be in it.
	l := copies.Ledger{Key: db.fingerprint(), Taken: int64(profile.InstantOf(db.opts.Clock()))}
	e := db.acquire()
	defer e.release()
	prefix := []byte{keys.Suppression}
	for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return err
		}
		s, err := decodeSuppression(kv.Value)
		if err != nil {
			return err
		}
		l.Entries = append(l.Entries, copies.Entry{Token: token, At: int64(s.at), Lifted: int64(s.lifted), Nameless: s.nameless})
	}
	if _, err := w.Write(l.Append(nil)); err != nil {
		return fmt.Errorf("portrait: ledger of erasures: %w", err)
	}
	return nil
}

// ReplayLedger erases whom a ledger of erasures names and the store still knows, or
// anonymises whom it says were anonymised, and
// suppresses all of its identifiers as it says, in commits of some thousands each. An identifier is
// erased by itself: where the store joins it to one that the ledger does not name, who
// stays is worked out anew. Whoever is under a legal hold stays as they are, and
// privacy.Replayed.Held names them: replay the ledger once more after the release. Replayed
// again, or after a newer one, it changes nothing else. A
// ledger of a store with another key is an error. What [backup.Restore] was given is
// replayed by Open; [Privacy.Purge] makes the bytes go. A ledger that was cut short or
// changed changes nothing, and the error names the line where that shows; nor does one of
// 2 GiB or more.
func (p *Privacy) ReplayLedger(ctx context.Context, r io.Reader) (privacy.Replayed, error) {
	return p.replayLedger(ctx, r, maxLedger)
}

// replayLedger is ReplayLedger of a ledger of so many bytes at most.
func (p *Privacy) replayLedger(ctx context.Context, r io.Reader, most int64) (privacy.Replayed, error) {
	if err := p.db.whileOpen(); err != nil {
		return privacy.Replayed{}, err
	}
	if r == nil {
		return privacy.Replayed{}, errors.New("portrait: ledger of erasures: the reader is nil")
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it has more than %d bytes, which is the most", most)
	}
	if err != nil {
		return privacy.Replayed{}, fmt.Errorf("portrait: ledger of erasures: %w", err)
	}
	done, err := p.db.replayLedger(ctx, data)
	if err != nil {
		return done, fmt.Errorf("portrait: ledger of erasures: %w", err)
	}
	return done, nil
}

// maxLedger is how many bytes a ledger of erasures has at most: some 30 million identifiers.
const maxLedger = 2<<30 - 1

// replayCommit is about how many identifiers one commit of a replay erases or suppresses.
const replayCommit = 4096

// replay is one ledger on its way into the store.
type replay struct {
	db     *DB
	ledger *copies.Ledger
	// order is in which order the entries are taken over: turn by turn, and by token.
	order []copies.Entry
	// turns are from when on each turn is. Whose numbers stay together depends on who was
	// there, so that each anonymising has a turn, and what was erased between two.
	turns []int64
	next  int // the first of order that no commit has looked at
	ahead map[identity.Token]bool
	named *namingRecords
	done  privacy.Replayed
}

// replayStep is one commit of a replay, which counts once it is durable.
type replayStep struct {
	*replay
	next int
	// ahead are identifiers that it takes before it is their turn, and passed those of
	// which that is come.
	ahead  map[identity.Token]bool
	passed []identity.Token
	done   privacy.Replayed
}

// step begins a commit.
func (r *replay) step() *replayStep {
	return &replayStep{replay: r, next: r.next, ahead: map[identity.Token]bool{}}
}

// end notes what a commit has done.
func (s *replayStep) end() {
	r := s.replay
	r.next = s.next
	maps.Copy(r.ahead, s.ahead)
	for _, token := range s.passed {
		delete(r.ahead, token)
	}
	r.done.Suppressed += s.done.Suppressed
	r.done.Nameless += s.done.Nameless
	r.done.Identifiers += s.done.Identifiers
	r.done.Profiles = append(r.done.Profiles, s.done.Profiles...)
	r.done.Held = append(r.done.Held, s.done.Held...)
}

// newReplay puts the entries of a ledger in order.
func newReplay(db *DB, l *copies.Ledger) *replay {
	r := &replay{db: db, ledger: l, order: slices.Clone(l.Entries), ahead: map[identity.Token]bool{}}
	r.done.Entries = len(l.Entries)
	slices.SortStableFunc(r.order, func(a, b copies.Entry) int { return cmp.Compare(a.At, b.At) })
	for rest, before := r.order, false; len(rest) > 0; {
		n, nameless := 0, false // of one instant
		for ; n < len(rest) && rest[n].At == rest[0].At; n++ {
			nameless = nameless || rest[n].Nameless
		}
		if nameless || before || len(r.turns) == 0 {
			r.turns = append(r.turns, rest[0].At)
		}
		rest, before = rest[n:], nameless
	}
	slices.SortFunc(r.order, func(a, b copies.Entry) int {
		return cmp.Or(cmp.Compare(r.turn(a), r.turn(b)), bytes.Compare(a.Token[:], b.Token[:]))
	})
	return r
}

// turn returns the turn of an entry.
func (r *replay) turn(e copies.Entry) int {
	i, found := slices.BinarySearch(r.turns, e.At)
	if !found {
		i--
	}
	return i
}

func (db *DB) replayLedger(ctx context.Context, data []byte) (privacy.Replayed, error) {
	l, err := copies.ReadLedger(data)
	if err != nil {
		return privacy.Replayed{}, err
	}
	if l.Key != db.fingerprint() {
		return privacy.Replayed{}, errors.New("it is of another store")
	}
	r := newReplay(db, l)
	if r.named, err = db.recordsNaming(ctx, func(t identity.Token) bool { _, is := l.Find(t); return is }); err != nil {
		return r.done, err
	}
	for r.next < len(r.order) {
		s := r.step()
		err := db.transact(ctx, func(t *txn) error { return s.commit(ctx, t) }, func(t *txn) {
			s.end()
			r.done.Epoch, db.erasedIn = t.meta.epoch, t.meta.epoch
		})
		switch {
		case errors.Is(err, errPreview):
			s.end()
		case err != nil:
			return r.done, err
		}
	}
	return r.done, nil
}

// commit takes some entries over.
func (r *replayStep) commit(ctx context.Context, t *txn) error {
	var nodes []*node
	as := map[identity.Token]suppression{}
	turn := 0
	for ; r.next < len(r.order) && len(as) < replayCommit; r.next++ {
		entry := r.order[r.next]
		if len(as) > 0 && r.turn(entry) != turn {
			break
		}
		turn = r.turn(entry)
		if r.ahead[entry.Token] || r.replay.ahead[entry.Token] {
			r.passed = append(r.passed, entry.Token)
			continue
		}
		next, erase, changed := overlay(t, entry)
		if !changed {
			continue
		}
		if erase {
			held, err := r.held(t, entry.Token)
			if err != nil {
				return err
			}
			if held {
				continue
			}
		}
		as[entry.Token] = next
		if !erase {
			continue
		}
		more, err := r.together(t, entry.Token, as)
		if err != nil {
			return err
		}
		nodes = append(nodes, more...)
	}
	if len(as) == 0 {
		return errPreview // There is nothing to commit.
	}
	report := &privacy.Erasure{}
	if err := t.eraseOnly(ctx, nodes, as, r.named, report); err != nil {
		return err
	}
	r.done.Suppressed = len(as)
	r.done.Nameless = report.Nameless
	r.done.Identifiers = len(report.Identifiers)
	r.done.Profiles = report.Profiles
	return nil
}

// held reports whether an identifier is of somebody who is under a legal hold, and notes it:
// what the ledger says of it is done when it is replayed after the release.
func (r *replayStep) held(t *txn, token identity.Token) (bool, error) {
	if len(t.db.held) == 0 {
		return false, nil
	}
	n, err := t.node(token)
	if err != nil || n == nil {
		return false, err
	}
	c, err := t.component(n)
	if err != nil || len(t.personHolds(c.members)) == 0 {
		return false, err
	}
	r.done.Held = append(r.done.Held, n.id)
	return true, nil
}

// together returns the nodes to be erased of the component of one: those of one person go
// in one commit.
func (r *replayStep) together(t *txn, token identity.Token, as map[identity.Token]suppression) ([]*node, error) {
	n, err := t.node(token)
	if err != nil || n == nil {
		return nil, err
	}
	c, err := t.component(n)
	if err != nil {
		return nil, err
	}
	nodes := []*node{n}
	for _, other := range c.members {
		entry, ok := r.ledger.Find(other)
		if _, taken := as[other]; !ok || taken || r.turn(entry) != r.turn(r.order[r.next]) {
			continue
		}
		next, erase, _ := overlay(t, entry)
		if !erase {
			continue
		}
		n, err := t.must(other)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		as[other] = next
		r.ahead[other] = true // it comes later in the order
	}
	return nodes, nil
}

// overlay returns what is so of an identifier once an entry of a ledger is known: whether
// it is to be erased, if it is there, and whether that changes anything. The later erasure
// counts and, of one erasure, that it was lifted.
func overlay(t *txn, e copies.Entry) (next suppression, erase, changed bool) {
	have, ok := t.suppression(e.Token)
	at, lifted := profile.Instant(e.At), profile.Instant(e.Lifted)
	switch {
	case !ok, at > have.at:
		return suppression{at: at, lifted: lifted, unpurged: true, nameless: e.Nameless}, true, true
	case at < have.at, lifted == have.lifted, lifted == math.MaxInt64:
		return have, false, false
	case have.lifted == profile.Never || lifted > have.lifted:
		have.lifted = lifted
		return have, false, true
	}
	return have, false, false
}
