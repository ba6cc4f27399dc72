package portrait

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Purge makes sure that no file of the directory holds anything of the people erased so
// far, or whatever else was deleted: not in plain, and not in old logs and tables. It reads the
// kept events once and writes the tables that hold personal data anew, once, while reads and
// commits go on: erase many people before one Purge rather than one before each. Where views
// are open of before an erasure it returns an error that wraps ErrBusy and names them. It
// waits for calls that began before, and for views that were opened since: where ctx ends
// first, its error names them. A loop over a sequence is a call: Purge must not be called
// from the body of one, but for those over Watch, Changes, FlipsBefore and EraseUnseen. It is on record in
// the audit log before anything is changed, and once more, with whose bytes went, at its end. Copies that were
// made of the directory are beyond it.
func (p *Privacy) Purge(ctx context.Context) (privacy.Purged, error) {
	db := p.db
	if err := db.gate.enter(); err != nil {
		return privacy.Purged{}, err
	}
	defer db.gate.leave()
	w := &purge{db: db}
	for _, step := range []func(context.Context) error{w.begin, w.attest, w.readLog, w.forgo, w.disarm, w.clean, w.wait, w.rewrite, w.end} {
		if err := step(ctx); err != nil {
			return privacy.Purged{}, err
		}
	}
	return w.done, nil
}

// purge is one Purge under way.
type purge struct {
	db      *DB
	tokens  map[identity.Token]suppression // of those who were erased and not purged
	events  [][]byte                       // keys of events that may name one of them, some at a time
	erased  uint64                         // the last commit that erased somebody
	cleaned uint64                         // that of clean
	since   uint64                         // see store.Pinned
	done    privacy.Purged
}

// begin notes whose bytes are to go.
func (w *purge) begin(ctx context.Context) error {
	db := w.db
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	w.tokens = map[identity.Token]suppression{}
	for token, s := range db.suppressed {
		if s.unpurged {
			w.tokens[token] = s
		}
	}
	w.erased = db.erasedIn
	return db.gate.viewsBefore(w.erased)
}

// viewsBefore returns an error that names the open views of before a commit.
func (g *gate) viewsBefore(epoch uint64) error {
	g.expire()
	g.mu.Lock()
	defer g.mu.Unlock()
	var old []uint64
	for v := range g.views {
		if v.epoch.number < epoch {
			old = append(old, v.epoch.number)
		}
	}
	if len(old) == 0 {
		return nil
	}
	slices.Sort(old)
	return fmt.Errorf("%w: views of commits %d are open, and show what commit %d removed", privacy.ErrBusy, old, epoch)
}

// attest puts on record that a Purge begins: it commits on its way.
func (w *purge) attest(ctx context.Context) error {
	return w.db.attestDetail(ctx, didPurge, detailBegun)
}

func (w *purge) isGone(id profile.Identifier) bool {
	_, gone := w.tokens[w.db.tokens.Token(id)]
	return gone
}

// isGoneAt returns which of them an event of that time may not name, as clean sees it:
// who was admitted again since is somebody's in later events.
func (w *purge) isGoneAt(t *txn, at profile.Instant) func(profile.Identifier) bool {
	return func(id profile.Identifier) bool { return w.isGone(id) && t.barred(w.db.tokens.Token(id), at) }
}

// purgedEvents is how many kept events one commit of a Purge takes names out of.
const purgedEvents = 1000

// readLog looks for kept events that name one of them, at whomever, and takes the names
// out of them.
func (w *purge) readLog(ctx context.Context) error {
	if len(w.tokens) == 0 {
		return nil
	}
	e := w.db.acquire()
	defer e.release()
	n := 0
	for kv, err := range e.snap.Scan([]byte{keys.Event}, keys.End([]byte{keys.Event})) {
		if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		_, at, _, _, ok := keys.ReadEvent(kv.Key)
		if !ok {
			return fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		ev, err := eventlog.Decode(kv.Value, profile.Instant(at))
		if err != nil {
			return corrupt("event", err)
		}
		if e.cat.rules.Strip(&ev, w.isGone) != &ev {
			w.events = append(w.events, slices.Clone(kv.Key))
		}
		if len(w.events) == purgedEvents {
			if err := w.strip(ctx); err != nil {
				return err
			}
		}
	}
	return w.strip(ctx)
}

// strip takes the names out of the events that have been found, in one commit.
func (w *purge) strip(ctx context.Context) error {
	if len(w.events) == 0 {
		return nil
	}
	return w.db.transact(ctx, func(t *txn) error {
		for _, key := range w.events {
			value, ok, err := t.get(key)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			_, at, _, _, _ := keys.ReadEvent(key)
			changed, err := t.stripEvent(key, slices.Clone(value), w.isGoneAt(t, profile.Instant(at)))
			if err != nil {
				return err
			}
			if changed {
				w.done.Stripped++
			}
		}
		return nil
	}, func(*txn) { w.events = w.events[:0] })
}

// clean removes what an erasure leaves that is nobody's.
func (w *purge) clean(ctx context.Context) error {
	return w.db.transact(ctx, func(t *txn) (err error) {
		if w.done.Values, err = t.dropVacant(ctx); err != nil {
			return err
		}
		return t.forgetNames(ctx)
	}, func(t *txn) { w.cleaned, w.since = t.meta.epoch, w.db.current.Load().snap.Commits() })
}

// wait waits until nothing is read that is older than what was deleted.
func (w *purge) wait(ctx context.Context) error {
	for {
		if err := w.db.gate.viewsBefore(w.erased); err != nil {
			return err
		}
		if w.db.store.Pinned(w.since) == 0 {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-w.db.gate.shut:
			return ErrClosed
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), w.db.gate.viewsBefore(w.cleaned))
		}
	}
}

// rewrite has the files written anew that hold personal data: all of them, since what an
// erasure changed lies at other people too, wherever they are.
func (w *purge) rewrite(ctx context.Context) error {
	var spans []store.Span
	for _, space := range []byte{
		keys.Node, keys.Event, keys.Heard, keys.Told, keys.Edge, keys.Veto, keys.Component, keys.Ordinal, keys.Field, keys.FeedField, keys.Shard,
		keys.Audit, keys.Refusal, keys.ListPart, keys.Match, keys.Deadline,
	} {
		prefix := []byte{space}
		spans = append(spans, store.Span{Lower: prefix, Upper: keys.End(prefix)})
	}
	return w.db.store.Purge(ctx, spans)
}

// end notes that it is done, some identifiers a commit: those that it does not come to are
// for the next Purge.
func (w *purge) end(ctx context.Context) error {
	rest := slices.SortedFunc(maps.Keys(w.tokens), compareTokens)
	for {
		some := rest[:min(len(rest), w.db.opts.purgeBatch)]
		if err := w.db.transact(ctx, func(t *txn) error {
			w.endOf(t, some)
			return nil
		}, func(*txn) { w.done.Identifiers += len(some) }); err != nil {
			return err
		}
		if rest = rest[len(some):]; len(rest) == 0 {
			return nil
		}
	}
}

// endOf notes that nothing is left of some identifiers.
func (w *purge) endOf(t *txn, tokens []identity.Token) {
	t.settled = true
	for _, token := range tokens {
		// Who was erased once more meanwhile is for the next Purge.
		if s, ok := t.suppression(token); ok && s.at == w.tokens[token].at && s.erasedIn == w.tokens[token].erasedIn {
			s.unpurged = false
			t.suppress(token, s)
		}
	}
	t.attest(didPurge, "", tokens...)
}
