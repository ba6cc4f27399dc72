package portrait

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// The feed tells of a tag, or of a tracked segment, whose definition changes once
// its new members are known: who has it now and had it not, and the other way
// round. So the bitmaps that readers of the feed know are kept, as they were, beside
// those that are being filled: they are the tag's former ones. Of a tag with values
// these are the bitmaps of the values, else the one of who has the tag.

// known returns the bitmaps that readers of the feed know of a tag, by the encoded
// value, or under "" of a tag without.
func (tg *tag) known() map[string]segment.FieldID {
	if tg.filling {
		return tg.former
	}
	return tg.told()
}

// told is known as it will be once the tag is filled.
func (tg *tag) told() map[string]segment.FieldID {
	if tg.values == nil {
		return map[string]segment.FieldID{"": tg.field}
	}
	all := map[string]segment.FieldID{}
	for v, f := range (valuesView{tg.values}).All() {
		all[valueKey(v)] = f
	}
	return all
}

// fresh gives a tag a field of its own, to be filled.
func (t *txn) fresh(tg *tag) {
	field := t.newField(fieldRecord{Use: tg.use(), Name: tg.def.Name, Filling: true}, segment.Bitmap)
	tg.attach(field, true)
	if tg.values == nil {
		t.nameField(field, feedName{segment: tg.segment, name: tg.def.Name})
	}
}

// nameField records what the feed calls a field: for ever, since the feed may tell
// of tags that are gone. A Purge takes the values out that nobody has: see forgetNames.
func (t *txn) nameField(f segment.FieldID, name feedName) {
	t.key = keys.AppendFeedField(t.key[:0], uint32(f))
	t.scratch = name.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
}

// demote makes the bitmaps that the feed's readers know of a tag former ones, which
// it returns, and drops those that they do not know.
func (t *txn) demote(old *tag) map[string]segment.FieldID {
	known := old.known()
	if old.filling {
		t.dropTag(old)
		return known
	}
	use := useFormerTag
	if old.segment {
		use = useFormerSegment
	}
	for key, f := range known {
		t.putField(f, fieldRecord{Use: use, Name: old.def.Name, Value: []byte(key)})
	}
	if old.values != nil {
		t.dropField(old.field)
	}
	return known
}

// retire drops a tag: all who have it leave.
func (t *txn) retire(ctx context.Context, old *tag) error {
	known := old.known()
	for _, key := range sortedKeys(known) {
		left, err := t.having(ctx, segment.Bits(known[key]))
		if err != nil {
			return err
		}
		t.define(defined{field: known[key], stage: old.stages(), left: left})
	}
	t.dropTag(old)
	if old.filling {
		t.dropFormer(old)
	}
	return nil
}

// reveal makes a tag that has been filled readable, and tells the feed what that
// changes.
func (t *txn) reveal(ctx context.Context, tg *tag) error {
	t.putField(tg.field, fieldRecord{Use: tg.use(), Name: tg.def.Name})
	now := tg.told()
	all := maps.Clone(tg.former)
	if all == nil {
		all = map[string]segment.FieldID{}
	}
	maps.Copy(all, now)
	for _, key := range sortedKeys(all) {
		d := defined{field: all[key], stage: tg.stages()}
		before, had := tg.former[key]
		after, has := now[key]
		entered, left := segment.Bits(after), segment.Bits(before)
		if had && has {
			entered, left = entered.AndNot(left), left.AndNot(entered)
		}
		var err error
		if has {
			if d.entered, err = t.having(ctx, entered); err != nil {
				return err
			}
		}
		if had {
			if d.left, err = t.having(ctx, left); err != nil {
				return err
			}
		}
		t.define(d)
	}
	t.dropFormer(tg)
	return nil
}

func (t *txn) dropFormer(tg *tag) {
	for _, f := range slices.Sorted(maps.Values(tg.former)) {
		t.dropField(f)
	}
}

// define notes a change of definition for the feed, if it changes anything.
func (t *txn) define(d defined) {
	if d.entered != nil || d.left != nil {
		t.defined = append(t.defined, d)
	}
}

// having returns who is in a set before the transaction; nil for nobody.
func (t *txn) having(ctx context.Context, n segment.Node) (*segment.Set, error) {
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	last := epoch{snap: snap}
	set, err := segment.NewQuery(n, universe).Set(ctx, segment.Source{Root: t.db.index.Root(), Loader: &last})
	if err != nil || set.Count() == 0 {
		return nil, err
	}
	return set, nil
}

// feedName returns what the feed calls a field of the index.
func (e *epoch) feedName(f segment.FieldID) (feedName, error) {
	data, ok, err := e.snap.GetTo(nil, keys.AppendFeedField(nil, uint32(f)))
	if err == nil && !ok {
		err = fmt.Errorf("%w: the feed has no name for field %d", ErrCorrupt, f)
	}
	if err != nil {
		return feedName{}, err
	}
	return decodeFeedName(data)
}

// valueText is how the feed writes a tag's value.
func valueText(v profile.Value) string {
	if v.Kind() == profile.KindString {
		return v.Text()
	}
	return v.String()
}
