package portrait

import (
	"context"
	"time"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// listWriter writes a list in several steps, with events going in between. It first
// writes the identifiers, which every commit from then on goes by that regroups any of
// them, then finds out whose they are as of one epoch, and puts those profiles into the
// list whom no commit has regrouped since. Only a commit keeps others from writing.
type listWriter struct {
	db    *DB
	list  *list
	found uint64 // the commit in which the identifiers were found
	out   int64  // how many of them were taken out again
	shown *epoch // that of the last commit, held for the caller
}

// write writes a list, and shows it with the last commit.
func (w *listWriter) write(ctx context.Context, tokens *listTokens) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	if err := w.putParts(ctx, tokens); err != nil {
		return err
	}
	people, err := w.resolve(ctx, tokens)
	if err != nil {
		return err
	}
	if err := w.putPeople(ctx, people); err != nil {
		return err
	}
	return w.show(ctx, int64(tokens.n))
}

// begin makes the list, which nobody can read yet. What an end of the process leaves of
// it the next Open removes.
func (w *listWriter) begin(ctx context.Context) error {
	if err := w.db.lock(ctx); err != nil {
		return err
	}
	defer w.db.unlock()
	t := w.db.begin()
	t.settled = true
	next := *w.list
	next.hidden = true
	next.field = t.newField(fieldRecord{Use: useList, Name: next.about.Name, Filling: true}, segment.Bitmap)
	t.lists = append(without(w.db.lists, nil), &next)
	if err := t.finish(false); err != nil {
		return err
	}
	w.list = &next
	return nil
}

// putParts writes the identifiers, which takes no right to write: nothing else is kept
// under their keys, and nobody reads those of a list that is not shown but to tell who is
// in it, which is found out anew afterwards.
func (w *listWriter) putParts(ctx context.Context, tokens *listTokens) error {
	batches := newBatches(w.db)
	err := w.db.crew.eachPiece(ctx, nodeShares, func(worker, part int) error {
		rest, b := tokens.sort(part), batches[worker]
		var key, value []byte
		for len(rest) > 0 {
			n := samePart(rest)
			key = keys.AppendListPart(key[:0], uint32(w.list.field), rest[0])
			value = appendPart(value[:0], rest[:n])
			b.Set(key, value)
			rest = rest[n:]
			if err := w.db.commitApart(b, apartBytes); err != nil {
				return err
			}
		}
		return nil
	})
	for _, b := range batches {
		if err == nil {
			err = w.db.commitApart(b, 0)
		}
	}
	return err
}

// resolve returns whose the identifiers are that have been written. From the epoch that
// it goes by, the list notes whom commits put into it and take out of it.
func (w *listWriter) resolve(ctx context.Context, tokens *listTokens) (ordinalSet, error) {
	if err := w.db.lock(ctx); err != nil {
		return nil, err
	}
	e, err := w.noteFrom(tokens)
	w.db.unlock()
	if err != nil {
		return nil, err
	}
	defer e.release()
	r := listResolver{crew: &w.db.crew, e: e, tokens: tokens, sizes: w.db.listSizes, found: ordinalSet{}}
	return r.resolve(ctx)
}

// noteFrom begins to note whom commits put into the list, and returns the epoch from which
// on it does. Nobody else may write meanwhile.
func (w *listWriter) noteFrom(tokens *listTokens) (*epoch, error) {
	gone, err := w.forget()
	if err != nil {
		return nil, err
	}
	tokens.drop(gone)
	w.list.relisted = ordinalSet{}
	if err := w.db.publish(); err != nil { // of the identifiers too
		return nil, err
	}
	return w.db.acquire(), nil
}

// putPeople puts profiles into the list, some a commit.
func (w *listWriter) putPeople(ctx context.Context, people ordinalSet) error {
	pace := w.db.listSizes.bits
	next, more := uint32(0), true
	for more {
		var err error
		if pace, more, err = w.putSome(ctx, people, &next, pace); err != nil {
			return err
		}
	}
	return nil
}

// putSome puts at most so many profiles into the list, from one on. It returns how many
// the next commit should put in, if there are more.
func (w *listWriter) putSome(ctx context.Context, people ordinalSet, from *uint32, most int) (pace int, more bool, err error) {
	if err := w.db.lock(ctx); err != nil {
		return 0, false, err
	}
	defer w.db.unlock()
	began := time.Now()
	t := w.db.begin()
	t.settled = true
	n := 0
	for ordinal := range people.from(*from) {
		if n == most {
			more, *from = true, ordinal
			break
		}
		if n++; !w.list.relisted.has(ordinal) {
			t.index.Set(w.list.field, ordinal, true)
		}
	}
	if err := t.finish(false); err != nil {
		return 0, false, err
	}
	return listPace(w.db.listSizes.bits, most, time.Since(began)), more, nil
}

// show makes the list one that answers, and moves with it whom the rules move that ask of
// it.
func (w *listWriter) show(ctx context.Context, identifiers int64) error {
	db := w.db
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	asked := db.cat.Load().asksList(w.list.about.Name) != ""
	if asked {
		if err := db.fireDue(); err != nil {
			return err
		}
	}
	if _, err := w.forget(); err != nil {
		return err
	}
	t := db.begin()
	t.settled = true
	if err := t.noted(ctx); err != nil {
		t.abort()
		return err
	}
	if old := findList(db.lists, w.list.about.Name); asked && old != nil {
		t.passTimeOfPeople()
		if err := t.exchange(ctx, old, w.list); err != nil {
			t.abort()
			return err
		}
	}
	t.showList(w.list, identifiers-w.out)
	t.attest(didUpload, listDetail(w.list.about.Name, identifiers-w.out))
	if err := t.finish(false); err != nil {
		return err
	}
	w.list = db.lists[len(db.lists)-1]
	w.shown = db.acquire()
	if t.next != nil {
		db.filler.rouse()
	}
	return nil
}

// listPace returns how many profiles the next commit of a list puts in, of which one of
// so many kept others from writing so long.
func listPace(standard, last int, took time.Duration) int {
	fit := float64(last) * float64(fillTurn) / float64(max(took, 1))
	return int(min(max(fit, float64(standard)/8, 1), float64(standard)*16, float64(last)*2))
}

// showList makes a list readable that has been written, in the place of an earlier one.
func (t *txn) showList(l *list, identifiers int64) {
	next := *l
	next.hidden, next.relisted = false, nil
	next.about.Identifiers = identifiers
	next.about.At = profile.Instant(max(int64(t.meta.instant), int64(t.db.now()))).Time()
	t.putField(next.field, fieldRecord{Use: useList, Name: next.about.Name})
	t.batch.Set(keys.AppendList(nil, uint32(next.field)), appendList(nil, &next.about))
	t.lists = without(t.db.lists, l)
	if old := findList(t.db.lists, next.about.Name); old != nil {
		t.dropList(old.field)
		t.lists = without(t.lists, old)
	}
	t.lists = append(t.lists, &next)
}

// undo removes what there is of a list that was broken off. Where it cannot, the next
// Open does.
func (w *listWriter) undo() error {
	if w.list.field == 0 || !w.list.hidden {
		return nil
	}
	if err := w.db.lock(context.Background()); err != nil {
		return nil // A store that takes no more writes mends them when it is opened.
	}
	defer w.db.unlock()
	t := w.db.begin()
	t.settled = true
	t.dropList(w.list.field)
	t.lists = without(w.db.lists, w.list)
	return t.finish(false)
}

// noteRelisted tells lists that are being written of whom a commit has put into the lists
// or taken out of them.
func (db *DB) noteRelisted(ordinals []uint32) {
	for _, l := range db.lists {
		if l.relisted == nil {
			continue
		}
		for _, ordinal := range ordinals {
			l.relisted.add(ordinal)
		}
	}
}
