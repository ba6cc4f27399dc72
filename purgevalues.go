package portrait

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// dropVacant drops the bitmaps of indexed values and of values of tags that nobody has, and
// counts them: also of what is being filled, where a value comes back with whoever is found
// to have it. Views of before keep the catalog of before, which has the values.
func (t *txn) dropVacant(ctx context.Context) (dropped int, err error) {
	next := *t.cat
	next.tags, next.indexes = slices.Clone(t.cat.tags), slices.Clone(t.cat.indexes)
	for i, tg := range t.cat.tags {
		now := *tg
		former, n, err := t.withoutVacantFormer(ctx, tg)
		if err != nil {
			return 0, err
		}
		now.former = former
		if tg.values != nil && len(tg.def.Tiers) == 0 { // tiers are named by the model
			values, more, err := t.withoutVacant(ctx, tg.values)
			if err != nil {
				return 0, err
			}
			now.values, n = values, n+more
		}
		if n == 0 {
			continue
		}
		if now.values != nil {
			values := *now.values
			values.label, now.values = &now, &values
		}
		next.tags[i] = &now
		dropped += n
	}
	for i, ix := range t.cat.indexes {
		if ix.column {
			continue
		}
		n := 0
		if next.indexes[i], n, err = t.withoutVacant(ctx, ix); err != nil {
			return 0, err
		}
		dropped += n
	}
	if dropped > 0 {
		t.next = &next
	}
	return dropped, nil
}

// current is the catalog as the transaction leaves it.
func (t *txn) current() *catalog {
	if t.next != nil {
		return t.next
	}
	return t.cat
}

// countIn returns how many are in a set as it stands before the transaction.
func (t *txn) countIn(ctx context.Context, n segment.Node) (uint64, error) {
	v := &View{db: t.db, epoch: t.db.current.Load()}
	return segment.NewQuery(n, universe).Count(ctx, v.source())
}

// withoutVacant drops the values of an index that nobody has, and returns the index
// without them; itself where there is none.
func (t *txn) withoutVacant(ctx context.Context, ix *traitIndex) (rest *traitIndex, dropped int, err error) {
	left := newValueFields()
	for value, field := range (valuesView{ix}).All() {
		n, err := t.countIn(ctx, segment.Bits(field))
		if err != nil {
			return nil, 0, err
		}
		if n > 0 {
			left.add(value, field)
			continue
		}
		t.dropField(field)
		dropped++
	}
	if dropped == 0 {
		return ix, 0, nil
	}
	now := *ix
	now.values = left
	return &now, dropped, nil
}

// withoutVacantFormer drops the former values of a tag that nobody has who is there any
// more, and returns the rest. Whoever had them leaves them in the feed now, which else tells
// so once the tag is filled.
func (t *txn) withoutVacantFormer(ctx context.Context, tg *tag) (rest map[string]segment.FieldID, dropped int, err error) {
	if len(tg.former) == 0 || tg.stages() {
		return tg.former, 0, nil
	}
	rest = maps.Clone(tg.former)
	for _, key := range sortedKeys(tg.former) {
		if key == "" { // who had the tag, which is no value
			continue
		}
		had := segment.Bits(tg.former[key])
		n, err := t.countIn(ctx, had.And(segment.Bits(universe)))
		if err != nil {
			return nil, 0, err
		}
		if n > 0 {
			continue
		}
		left, err := t.having(ctx, had)
		if err != nil {
			return nil, 0, err
		}
		t.define(defined{field: tg.former[key], left: left})
		t.dropField(tg.former[key])
		delete(rest, key)
		dropped++
	}
	return rest, dropped, nil
}

// forgetNames takes the values out of what the feed calls fields, but for values of tags
// that somebody has, those of tiers and those of stages, which the model gives. Fields of one
// value, under one definition of a tag after the other, go on to have one name, so that the
// feed tells of them as of one.
func (t *txn) forgetNames(ctx context.Context) error {
	kept, err := t.current().feedNames()
	if err != nil {
		return err
	}
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	first := map[feedName]segment.FieldID{}
	n := 0
	for kv, err := range snap.Scan([]byte{keys.FeedField}, keys.End([]byte{keys.FeedField})) {
		if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		field, ok := keys.ReadFeedField(kv.Key)
		if !ok {
			return fmt.Errorf("%w: key of a feed name of %d bytes", ErrCorrupt, len(kv.Key))
		}
		name, err := decodeFeedName(kv.Value)
		if err != nil {
			return err
		}
		if name.value == "" || name.name == syntax.StageTag || kept[name] {
			continue
		}
		if _, seen := first[name]; !seen {
			first[name] = segment.FieldID(field)
		}
		now := feedName{name: name.name, value: fmt.Sprintf("(%d)", first[name])}
		if now != name {
			t.nameField(segment.FieldID(field), now)
		}
	}
	return nil
}

// feedNames returns what the feed calls the values of tags, those too that they had before
// they were being filled.
func (c *catalog) feedNames() (map[feedName]bool, error) {
	names := map[feedName]bool{}
	for _, tg := range c.tags {
		if tg.values != nil {
			for v := range (valuesView{tg.values}).All() {
				names[feedName{name: tg.def.Name, value: valueText(v)}] = true
			}
		}
		for key := range tg.former {
			if key == "" {
				continue
			}
			v, _, err := profile.DecodeValue([]byte(key))
			if err != nil {
				return nil, fmt.Errorf("%w: a value of tag %q: %w", ErrCorrupt, tg.def.Name, err)
			}
			names[feedName{name: tg.def.Name, value: valueText(v)}] = true
		}
	}
	return names, nil
}
