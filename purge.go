package portrait

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// Purge makes sure that no file of the directory holds anything of the people erased so
// far, or whatever else was deleted: not in plain, and not in old logs and tables. It reads the
// kept events once and writes the tables that hold personal data anew, once, while reads and
// commits go on: erase many people before one Purge rather than one before each. Where views
// are open of before an erasure it returns an error that wraps ErrBusy and names them. It
// waits for calls that began before. Copies that were made of the directory are beyond it.
func (p *Privacy) Purge(ctx context.Context) (privacy.Purged, error) {
	db := p.db
	if err := db.gate.enter(); err != nil {
		return privacy.Purged{}, err
	}
	defer db.gate.leave()
	w := &purge{db: db}
	for _, step := range []func(context.Context) error{w.begin, w.readLog, w.clean, w.wait, w.rewrite, w.end} {
		if err := step(ctx); err != nil {
			return privacy.Purged{}, err
		}
	}
	return w.done, nil
}

// purge is one Purge under way.
type purge struct {
	db     *DB
	tokens map[identity.Token]bool // of those who were erased and not purged
	events [][]byte                // keys of events that name one of them
	erased uint64                  // the last commit that erased somebody
	since  uint64                  // see store.Pinned
	done   privacy.Purged
}

// begin notes whose bytes are to go.
func (w *purge) begin(ctx context.Context) error {
	db := w.db
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	w.tokens = map[identity.Token]bool{}
	for token, s := range db.suppressed {
		if s.unpurged {
			w.tokens[token] = true
		}
	}
	w.erased = db.erasedIn
	return db.gate.viewsBefore(w.erased)
}

// viewsBefore returns an error that names the open views of before a commit.
func (g *gate) viewsBefore(epoch uint64) error {
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
	return fmt.Errorf("%w: views of commits %d are open, and show people who were erased in commit %d or before", privacy.ErrBusy, old, epoch)
}

func (w *purge) isGone(id profile.Identifier) bool { return w.tokens[w.db.tokens.Token(id)] }

// readLog looks for kept events that name one of them, at whomever.
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
	}
	return nil
}

// clean removes, in one commit, what an erasure leaves that is nobody's.
func (w *purge) clean(ctx context.Context) error {
	var removed []newValue
	return w.db.transact(ctx, func(t *txn) error {
		for _, key := range w.events {
			value, ok, err := t.get(key)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			changed, err := t.stripEvent(key, slices.Clone(value), w.isGone)
			if err != nil {
				return err
			}
			if changed {
				w.done.Stripped++
			}
		}
		var err error
		removed, err = t.dropVacant(ctx)
		w.done.Values = len(removed)
		return err
	}, func(t *txn) {
		for _, v := range removed {
			v.dict.remove(v.value)
		}
		w.since = w.db.store.Commits()
	})
}

// dropVacant drops the bitmaps of indexed values and of values of tags that nobody has,
// and takes the values out of what the feed calls them.
func (t *txn) dropVacant(ctx context.Context) ([]newValue, error) {
	var gone []newValue
	v := &View{db: t.db, epoch: t.db.current.Load()}
	indexes := slices.Clone(t.cat.indexes)
	for _, tg := range t.cat.tags {
		if tg.values != nil && !tg.filling && len(tg.def.Tiers) == 0 { // tiers are named by the model
			indexes = append(indexes, tg.values)
		}
	}
	for _, ix := range indexes {
		if ix.column || ix.filling {
			continue
		}
		for value, field := range (valuesView{ix}).All() {
			n, err := segment.NewQuery(segment.Bits(field), universe).Count(ctx, v.source())
			if err != nil {
				return nil, err
			}
			if n > 0 {
				continue
			}
			t.dropField(field)
			if ix.label != nil {
				t.nameField(field, feedName{name: ix.name, value: fmt.Sprintf("(%d)", field)})
			}
			gone = append(gone, newValue{dict: ix.values, value: value, field: field})
		}
	}
	return gone, nil
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
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// rewrite has the files written anew that hold personal data: all of them, since what an
// erasure changed lies at other people too, wherever they are.
func (w *purge) rewrite(ctx context.Context) error {
	var spans []store.Span
	for _, space := range []byte{
		keys.Node, keys.Event, keys.Edge, keys.Veto, keys.Component, keys.Ordinal, keys.Field, keys.FeedField, keys.Shard,
		keys.Audit, keys.Refusal, keys.ListPart, keys.Match,
	} {
		prefix := []byte{space}
		spans = append(spans, store.Span{Lower: prefix, Upper: keys.End(prefix)})
	}
	return w.db.store.Purge(ctx, spans)
}

// end notes that it is done.
func (w *purge) end(ctx context.Context) error {
	if len(w.tokens) == 0 {
		return nil
	}
	return w.db.transact(ctx, func(t *txn) error {
		for token := range w.tokens {
			if s, ok := t.suppression(token); ok {
				s.unpurged = false
				t.suppress(token, s)
			}
		}
		w.done.Identifiers = len(w.tokens)
		return nil
	}, func(*txn) {})
}
