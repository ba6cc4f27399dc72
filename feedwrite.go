package portrait

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/segment"
)

// move is one bit of a tag that a transaction turns.
type move struct {
	key  uint64 // field << 32 | ordinal
	left bool
}

func (m move) field() segment.FieldID { return segment.FieldID(m.key >> 32) }
func (m move) ordinal() uint32        { return uint32(m.key) }

// defined is what a change of definition does to who has a tag, as readers of the
// feed know it.
type defined struct {
	field         segment.FieldID
	stage         bool         // the field is of a stage
	entered, left *segment.Set // nil: nobody
}

// flip turns one profile's bit, and notes it for the feed if that tells of the
// field: of tags and their values, but for those that are being filled; see
// tracked.go.
func (t *txn) flip(f segment.FieldID, ordinal uint32, on, tell bool) {
	t.index.Set(f, ordinal, on)
	if tell {
		t.moves = append(t.moves, move{key: uint64(f)<<32 | uint64(ordinal), left: !on})
	}
}

// writeFeed puts what the transaction changed into the batch, if it changed
// anything, and takes away what is too old.
func (t *txn) writeFeed() error {
	if t.db.resuming {
		var err error
		if t.moves, err = t.unmade(t.moves); err != nil {
			return err
		}
	}
	if len(t.moves)+len(t.defined)+len(t.merged)+len(t.erased) == 0 {
		return nil
	}
	at := t.at
	if at == 0 {
		at = t.db.now()
	}
	// The feed's time does not go back, so that what is old is found by bisection.
	t.meta.feedAt = max(t.meta.feedAt, at)
	t.meta.feedOldest = min(t.meta.feedOldest, t.meta.feedAt)
	w := feedWriter{t: t}
	slices.Sort(t.erased)
	for _, ordinal := range t.erased { // who leaves everybody was erased
		w.add(universe, t.cause, ordinal, true)
	}
	for _, d := range t.defined {
		w.set(d.field, byDefinition, d.entered, false)
		w.set(d.field, byDefinition, d.left, true)
	}
	regrouped := t.regrouped()
	t.writeMoves(&w, regrouped)
	w.flush(false)
	t.writeLedger(regrouped)
	return t.trimFeed()
}

// regrouped returns the profiles that the merge log tells of.
func (t *txn) regrouped() map[uint32]bool {
	regrouped := map[uint32]bool{}
	for _, m := range t.merged {
		regrouped[m.Into.Ordinal()] = true
		for _, id := range m.From {
			regrouped[id.Ordinal()] = true
		}
	}
	return regrouped
}

// writeMoves writes the bits turned, by field and cause. Merge is the cause for the
// profiles that were regrouped.
func (t *txn) writeMoves(w *feedWriter, regrouped map[uint32]bool) {
	slices.SortFunc(t.moves, func(a, b move) int { return cmp.Compare(a.key, b.key) })
	t.moves = slices.Compact(t.moves) // a list may hold a value twice
	for rest := t.moves; len(rest) > 0; {
		field, n := rest[0].field(), 1
		for n < len(rest) && rest[n].field() == field {
			n++
		}
		for _, cause := range [...]feedCause{t.cause, byMerge} {
			for _, left := range [...]bool{false, true} {
				for _, m := range rest[:n] {
					if m.left == left && regrouped[m.ordinal()] == (cause == byMerge) {
						w.add(field, cause, m.ordinal(), left)
					}
				}
			}
		}
		rest = rest[n:]
	}
}

// feedWriter writes one commit's record, in parts. Changes come group by group,
// each group's ascending, those who entered first.
type feedWriter struct {
	t             *txn
	seq           uint32
	count, groups int
	body          []byte // finished groups
	field         segment.FieldID
	cause         feedCause
	entered, left ordinalList
}

func (w *feedWriter) set(f segment.FieldID, cause feedCause, set *segment.Set, left bool) {
	if set == nil {
		return
	}
	for id := range set.Members() {
		w.add(f, cause, id.Ordinal(), left)
	}
}

func (w *feedWriter) add(f segment.FieldID, cause feedCause, ordinal uint32, left bool) {
	if w.count == w.t.db.opts.feedPart {
		w.flush(true)
	}
	if w.field != f || w.cause != cause {
		w.endGroup()
		w.field, w.cause = f, cause
	}
	w.count++
	if left {
		w.left.add(ordinal)
	} else {
		w.entered.add(ordinal)
	}
}

func (w *feedWriter) endGroup() {
	if len(w.entered.data)+len(w.left.data) == 0 {
		return
	}
	w.groups++
	w.body = appendFeedGroup(w.body, w.field, w.cause, w.entered.data, w.left.data)
	w.entered.reset()
	w.left.reset()
}

func (w *feedWriter) flush(more bool) {
	w.endGroup()
	t := w.t
	var flags uint64
	if more {
		flags |= feedMore
	}
	if w.seq == 0 && len(t.merged) > 0 {
		flags |= feedMerged
	}
	t.scratch = appendFeedHead(t.scratch[:0], t.meta.feedAt, flags, w.groups)
	t.scratch = append(t.scratch, w.body...)
	t.key = keys.AppendFeed(t.key[:0], t.meta.epoch, w.seq)
	t.batch.Set(t.key, t.scratch)
	t.db.feedGrown += int64(len(t.key) + len(t.scratch))
	w.seq++
	w.count, w.groups, w.body = 0, 0, w.body[:0]
}
