package portrait

import (
	"context"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/segment"
)

// What follows moves tags, tracked segments and indexed traits along with a list that
// their rules ask of, in the commit that changes the list.

// listMove is somebody whom a change of a list puts into it or takes out of it.
type listMove struct {
	who *person
	in  bool
}

// moveListed evaluates those whom a change of a list moves.
func (t *txn) moveListed(name string, moves []listMove) error {
	t.cause = byList
	after := make([]*person, len(moves))
	for i, m := range moves {
		if err := t.enlist(m.who); err != nil {
			return err
		}
		p := *m.who
		p.comp = &component{root: p.comp.root, members: p.comp.members, lists: []string{name}}
		p.lists = slices.DeleteFunc(slices.Clone(p.lists), func(l string) bool { return l == name })
		if m.in {
			p.lists = append(p.lists, name)
		}
		after[i] = &p
	}
	verdicts := make([][]verdict, len(moves))
	workers := t.db.judges.all(t)
	t.db.crew.amongWorkers(len(workers), len(moves), 16, func(worker, from, to int) {
		for i := from; i < to; i++ {
			verdicts[i] = workers[worker].judge(moves[i].who, after[i])
		}
	})
	for i, m := range moves {
		if err := t.apply(m.who.ordinal, verdicts[i]); err != nil {
			return err
		}
	}
	return nil
}

// exchange moves what asks of a list from an old one to a new one, whose bits are durable.
// Where that moves more than a commit should, what asks of it is filled anew behind, as
// after a change of its definition.
func (t *txn) exchange(ctx context.Context, old, now *list) error {
	was, is := segment.Bits(old.field), segment.Bits(now.field)
	entered, err := t.having(ctx, is.AndNot(was))
	if err != nil {
		return err
	}
	left, err := t.having(ctx, was.AndNot(is))
	if err != nil {
		return err
	}
	if entered.Count()+left.Count() > uint64(t.db.listSizes.moves) {
		return t.refill(ctx, old.about.Name)
	}
	var moves []listMove
	for _, side := range [...]struct {
		set *segment.Set
		in  bool
	}{{entered, true}, {left, false}} {
		ordinals := make([]uint32, 0, side.set.Count())
		for id := range side.set.Members() {
			ordinals = append(ordinals, id.Ordinal())
		}
		if err := t.warm(ordinals); err != nil {
			return err
		}
		for _, ordinal := range ordinals {
			p, err := t.due(ordinal)
			if err != nil {
				return err
			}
			if p != nil {
				moves = append(moves, listMove{p, side.in})
			}
		}
	}
	return t.moveListed(old.about.Name, moves)
}

// refill makes everything that asks of a list one that is to be filled.
func (t *txn) refill(ctx context.Context, name string) error {
	next := *t.cat
	next.tags, next.indexes = slices.Clone(next.tags), slices.Clone(next.indexes)
	r := t.cat.listReaders[name]
	for _, i := range r.tags {
		old := t.cat.tags[i]
		tg := *old
		tg.former = t.demote(old)
		if old.values != nil {
			values := *old.values
			values.label, values.values = &tg, newValueFields()
			tg.values = &values
		}
		t.fresh(&tg)
		next.tags[i] = &tg
	}
	for _, i := range r.indexes {
		old := t.cat.indexes[i]
		t.dropIndex(old)
		ix := *old
		if !ix.column {
			ix.values = newValueFields()
		}
		t.freshIndex(&ix)
		next.indexes[i] = &ix
	}
	t.next = &next
	_, err := t.db.beginSweep(ctx, &next)
	t.db.filler.filled.Store(0)
	t.db.filler.behind = true
	t.batch.Set(keys.AppendMeta(nil, metaFill), appendFill(nil, identity.Token{}, 0, true))
	return err
}
