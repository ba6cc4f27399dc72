package portrait

import (
	"cmp"
	"context"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

const (
	// fillNodes is how many nodes a batch of a filling should have.
	fillNodes = 8192
	// fillVerdicts is about how many verdicts it should make, which stay in memory until
	// its end.
	fillVerdicts = 1 << 16
)

// fillBatch is what one commit of a filling evaluates.
type fillBatch struct {
	e     *epoch
	what  *filling
	most  int // nodes of a piece
	parts []fillPart
}

// fillPart is a piece with who was found in it.
type fillPart struct {
	fillPiece
	people []filled
	arms   []armed
}

// filled is one profile with what is to be changed of it, but for its deadline.
type filled struct {
	ordinal  uint32
	verdicts []verdict
}

// armed is a deadline to be set.
type armed struct {
	at      profile.Instant
	ordinal uint32
}

// nextBatch returns the next batch of a sweep.
func (s *sweep) nextBatch(e *epoch) *fillBatch {
	b := &fillBatch{e: e, what: &s.what, most: s.pace.most()}
	for _, p := range s.pace.cut(s.from) {
		b.parts = append(b.parts, fillPart{fillPiece: p})
	}
	return b
}

// read evaluates everybody of the batch, side by side.
func (b *fillBatch) read(ctx context.Context, c *crew, judges []*judge) error {
	wants := b.what.wants(b.e.cat)
	readers := make([]fillReader, len(judges))
	for i := range readers {
		readers[i] = fillReader{e: b.e, wants: wants, lists: b.e.cat.lists}
	}
	err := c.eachPiece(ctx, len(b.parts), func(worker, i int) error {
		return b.readPart(&b.parts[i], &readers[worker], judges[worker])
	})
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(b.parts, func(p fillPart) bool { return p.over }); i >= 0 {
		b.parts = b.parts[:i+1] // the rest is for the next batch
	}
	return nil
}

// nodes returns how many nodes the batch has.
func (b *fillBatch) nodes() (n int) {
	for i := range b.parts {
		n += b.parts[i].nodes
	}
	return n
}

// readPart evaluates everybody whose component has its root in a piece.
func (b *fillBatch) readPart(p *fillPart, r *fillReader, j *judge) error {
	return p.each(b.e.snap, b.most, func(head *node, state []byte) error {
		if !head.alone() {
			return nil // it is met with its component's root
		}
		ordinal, st, err := r.whose(head, state)
		if err == nil && st != nil {
			p.judge(b.what, j, ordinal, st)
		}
		return err
	})
}

// judge evaluates what is being filled for one profile.
func (p *fillPart) judge(what *filling, j *judge, ordinal uint32, st *profile.State) {
	start := len(j.slab)
	for _, i := range what.tags {
		j.tag(i, nil, st)
	}
	for _, ix := range what.indexes {
		j.index(ix, nil, st)
	}
	verdicts := j.slab[start:len(j.slab):len(j.slab)]
	// Firing the first deadline arms what comes next.
	first := profile.Never
	for i := range verdicts {
		first = min(first, verdicts[i].arm)
		verdicts[i].arm = profile.Never
	}
	if first != profile.Never {
		p.arms = append(p.arms, armed{first, ordinal})
	}
	p.people = append(p.people, filled{ordinal, verdicts})
}

// fillAll puts what was found of everybody into the transaction, and returns of how many.
func (t *txn) fillAll(parts []fillPart) (n int, err error) {
	var arms []armed
	for i := range parts {
		for _, f := range parts[i].people {
			if err := t.apply(f.ordinal, f.verdicts); err != nil {
				return 0, err
			}
		}
		n += len(parts[i].people)
		arms = append(arms, parts[i].arms...)
	}
	// In the order of their keys, which is cheaper for the store.
	slices.SortFunc(arms, func(a, b armed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ordinal, b.ordinal))
	})
	for _, a := range arms {
		t.arm(a.at, a.ordinal)
	}
	return n, nil
}
