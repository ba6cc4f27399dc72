package portrait

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/segment"
)

// The ledger is the moves between stages that the feed has told of, for ever: what a
// commit moves is there twice, by its instant and by blocks of profiles. A block holds
// few enough of them to be read for the sake of one, and enough for a definition that
// moves everybody not to cost a key for each.

// staged is one move between stages that a transaction makes.
type staged struct {
	ordinal  uint32
	from, to segment.FieldID // 0: none
}

// writeLedger puts the moves between stages into the batch: of a change of definition,
// and of what the transaction turned. The feed has sorted and told the latter.
func (t *txn) writeLedger(regrouped map[uint32]bool) {
	w := ledgerWriter{t: t}
	if d := t.stagesDefined(); len(d) > 0 {
		for m := range pairStages(d) {
			w.add(m, byDefinition)
		}
		w.flush()
	}
	turned := t.stagesTurned()
	for _, m := range turned {
		cause := t.cause
		if regrouped[m.ordinal] {
			cause = byMerge
		}
		w.add(m, cause)
	}
	w.flush()
}

// stagesTurned returns the moves of those whose bits were turned, by ordinal.
func (t *txn) stagesTurned() []staged {
	tg := t.cat.label(false, syntax.StageTag)
	if tg == nil || tg.filling || len(t.moves) == 0 {
		return nil
	}
	var moves []staged
	add := func(f segment.FieldID) {
		from, _ := slices.BinarySearchFunc(t.moves, uint64(f)<<32, func(m move, key uint64) int { return cmp.Compare(m.key, key) })
		for _, m := range t.moves[from:] {
			if m.field() != f {
				break
			}
			s := staged{ordinal: m.ordinal(), to: f}
			if m.left {
				s.from, s.to = f, 0
			}
			moves = append(moves, s)
		}
	}
	for _, f := range (valuesView{tg.values}).All() {
		add(f)
	}
	for key, f := range t.learnt {
		if key.dict == tg.values.values {
			add(f)
		}
	}
	slices.SortFunc(moves, func(a, b staged) int { return cmp.Compare(a.ordinal, b.ordinal) })
	// Who left one stage and entered another has made one move.
	made := moves[:0]
	for _, m := range moves {
		if n := len(made); n > 0 && made[n-1].ordinal == m.ordinal {
			made[n-1].from |= m.from
			made[n-1].to |= m.to
			continue
		}
		made = append(made, m)
	}
	return made
}

// stagesDefined returns what a change of definition does to the stages.
func (t *txn) stagesDefined() []defined {
	var of []defined
	for _, d := range t.defined {
		if d.stage {
			of = append(of, d)
		}
	}
	return of
}

// pairWindow is how many ordinals are paired at a time.
const pairWindow = 1 << 12

// pairStages yields who left one stage and entered another by what was defined, in the
// order of ordinals: however many they are, in little memory beside the sets.
func pairStages(of []defined) iter.Seq[staged] {
	return func(yield func(staged) bool) {
		var sides []*stageSide
		for _, d := range of {
			for _, s := range [...]struct {
				set  *segment.Set
				left bool
			}{{d.entered, false}, {d.left, true}} {
				side := &stageSide{field: d.field, left: s.left}
				next, stop := iter.Pull(s.set.Members())
				defer stop()
				side.advance = func() uint64 {
					id, ok := next()
					if !ok {
						return math.MaxUint64
					}
					return uint64(id.Ordinal())
				}
				side.head = side.advance()
				sides = append(sides, side)
			}
		}
		window := make([]staged, pairWindow)
		for {
			head := slices.MinFunc(sides, func(a, b *stageSide) int { return cmp.Compare(a.head, b.head) }).head
			if head == math.MaxUint64 {
				return
			}
			clear(window)
			base := head / pairWindow * pairWindow
			for _, s := range sides {
				s.fill(window, base)
			}
			for i, m := range window {
				m.ordinal = uint32(base) + uint32(i)
				if m.from != m.to && !yield(m) {
					return
				}
			}
		}
	}
}

// stageSide is who enters one stage, or leaves it.
type stageSide struct {
	field   segment.FieldID
	left    bool
	head    uint64 // the next ordinal; beyond all of them at the end
	advance func() uint64
}

func (s *stageSide) fill(window []staged, base uint64) {
	for ; s.head < base+pairWindow; s.head = s.advance() {
		if m := &window[s.head-base]; s.left {
			m.from = s.field
		} else {
			m.to = s.field
		}
	}
}

// ledgerWriter writes moves that come in the order of ordinals.
type ledgerWriter struct {
	t      *txn
	byTime ledgerPart
	byPath ledgerPart
	block  uint32
	// part counts the records by time, and pass the times that it was flushed.
	part, pass uint32
}

// ledgerPart is one record on its way.
type ledgerPart struct {
	groups map[ledgerStep]*ordinalList
	count  int
}

func (p *ledgerPart) add(s ledgerStep, ordinal uint32) {
	list := p.groups[s]
	if list == nil {
		if p.groups == nil {
			p.groups = map[ledgerStep]*ordinalList{}
		}
		list = &ordinalList{}
		p.groups[s] = list
	}
	list.add(ordinal)
	p.count++
}

// append appends the record, and empties the part.
func (p *ledgerPart) append(dst []byte) []byte {
	steps := make([]ledgerStep, 0, len(p.groups))
	for s := range p.groups {
		steps = append(steps, s)
	}
	slices.SortFunc(steps, func(a, b ledgerStep) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.cause, b.cause))
	})
	dst = appendLedgerHead(dst, len(steps))
	for _, s := range steps {
		dst = appendLedgerGroup(dst, s, p.groups[s].data)
	}
	clear(p.groups)
	p.count = 0
	return dst
}

func (w *ledgerWriter) add(m staged, cause feedCause) {
	s := ledgerStep{m.from, m.to, cause}
	if w.byTime.count == w.t.db.opts.feedPart {
		w.flushTime()
	}
	w.byTime.add(s, m.ordinal)
	if block := m.ordinal / keys.StageBlock; block != w.block {
		w.flushPath()
		w.block = block
	}
	w.byPath.add(s, m.ordinal%keys.StageBlock)
}

func (w *ledgerWriter) flush() {
	w.flushTime()
	w.flushPath()
	w.pass++
}

func (w *ledgerWriter) flushTime() {
	if w.byTime.count == 0 {
		return
	}
	t := w.t
	t.key = keys.AppendStageMove(t.key[:0], int64(t.meta.feedAt), t.meta.epoch, w.part)
	t.scratch = w.byTime.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
	w.part++
}

func (w *ledgerWriter) flushPath() {
	if w.byPath.count == 0 {
		return
	}
	t := w.t
	t.key = keys.AppendStagePath(t.key[:0], w.block, int64(t.meta.feedAt), t.meta.epoch, w.pass)
	t.scratch = w.byPath.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
}
