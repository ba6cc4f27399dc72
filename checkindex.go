package portrait

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// checkIndex compares every bitmap and column, as it is stored and as queries see it, with
// where the ordinals from the first place to below an end belong.
func (c *checker) checkIndex(ctx context.Context, p *places, to uint64) error {
	in := span{p, to}
	compare := []func(*inspector) error{
		func(c *inspector) error { return c.checkBits("live profiles", universe, in, p.live.ordinals(p.base)) },
		func(c *inspector) error {
			return c.checkColumn("column of lots", lots, in, p.live.ordinals(p.base), p.lots)
		},
	}
	trait := func(ix *traitIndex) {
		t := p.of(ix)
		compare = append(compare, func(c *inspector) error { return c.checkTrait(ix, in, t) })
	}
	cat := c.v.epoch.cat
	for i, t := range cat.tags {
		if t.filling {
			continue
		}
		compare = append(compare, func(c *inspector) error {
			return c.checkBits(fmt.Sprintf("%s %q", t.what(), t.def.Name), t.field, in, p.tags[i].ordinals(p.base))
		})
		if t.values != nil {
			trait(t.values)
		}
	}
	for _, ix := range cat.indexes {
		if !ix.filling {
			trait(ix)
		}
	}
	for i, l := range c.listed {
		compare = append(compare, func(c *inspector) error {
			return c.checkBits(fmt.Sprintf("list %q", l.name), l.field, in, p.lists[i].ordinals(p.base))
		})
	}
	return c.spread(ctx, len(compare), func(c *inspector, i int) error { return compare[i](c) })
}

// span is some places, and the end of the ordinals that they are of.
type span struct {
	*places
	to uint64
}

func (c *inspector) checkTrait(ix *traitIndex, in span, found *traitPlaces) error {
	what := "trait"
	switch {
	case ix.label != nil: // Of those who have the tag.
		what = "tag"
	case ix.name == namespaceIndex:
		what = "namespaces()"
	}
	have := found.have.ordinals(in.base)
	if ix.column {
		return c.checkColumn(fmt.Sprintf("column of trait %q", ix.name), ix.field, in, have, found.column)
	}
	if err := c.checkBits(fmt.Sprintf("who has %s %q", what, ix.name), ix.field, in, have); err != nil {
		return err
	}
	for v, field := range (valuesView{ix}).All() {
		members := found.byValue[valueKey(v)]
		if err := c.checkBits(fmt.Sprintf("%s %q = %s", what, ix.name, v), field, in, members); err != nil {
			return err
		}
		delete(found.byValue, valueKey(v))
	}
	for _, key := range sortedKeys(found.byValue) {
		v, _, err := profile.DecodeValue([]byte(key))
		if err != nil {
			return err
		}
		c.differ("%s %q = %s: %d profiles and no bitmap", what, ix.name, v, len(found.byValue[key]))
	}
	return nil
}

// checkBits compares one bitmap, as stored and as queries see it, with the
// ordinals that belong in it.
func (c *inspector) checkBits(what string, f segment.FieldID, in span, want []uint32) error {
	var stored []uint32
	err := c.shards(f, in, func(base uint32, data []byte) error {
		offsets, err := oracle.Bits(data)
		for _, o := range offsets {
			if in.holds(base + o) {
				stored = append(stored, base+o)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, what, err)
	}
	c.compare(what+", stored", stored, want)
	set, err := segment.NewQuery(segment.Bits(f), universe).Set(c.ctx, c.v.source())
	if err != nil {
		return err
	}
	c.compare(what+", as queried", in.ordinals(set), want)
	return nil
}

func (in span) holds(ordinal uint32) bool { return ordinal >= in.base && uint64(ordinal) < in.to }

// ordinals lists those of a set that are in the span.
func (in span) ordinals(set *segment.Set) (list []uint32) {
	if in.base > 0 {
		set = set.After(profile.MakeID(0, in.base-1))
	}
	for id := range set.Members() {
		if uint64(id.Ordinal()) >= in.to {
			break
		}
		list = append(list, id.Ordinal())
	}
	return list
}

func (c *inspector) checkColumn(what string, field segment.FieldID, in span, have []uint32, cells []cell) error {
	want := func(ordinal uint32) (int64, bool) {
		i, ok := slices.BinarySearchFunc(cells, ordinal, func(c cell, ordinal uint32) int { return cmp.Compare(c.ordinal, ordinal) })
		if !ok {
			return 0, false
		}
		return cells[i].value, true
	}
	var stored []uint32
	err := c.shards(field, in, func(base uint32, data []byte) error {
		values, err := oracle.Column(data)
		for _, offset := range sortedKeys(values) {
			ordinal := base + offset
			if !in.holds(ordinal) {
				continue
			}
			stored = append(stored, ordinal)
			if w, ok := want(ordinal); ok && w != values[offset] {
				c.differ("%s: ordinal %d: stored %d, should be %d", what, ordinal, values[offset], w)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, what, err)
	}
	c.compare(what+", stored", stored, have)
	set, err := segment.NewQuery(segment.HasValue(field), universe).Set(c.ctx, c.v.source())
	if err != nil {
		return err
	}
	c.compare(what+", as queried", in.ordinals(set), have)
	for _, ordinal := range have {
		v, _, err := c.v.epoch.root.Value(c.v.epoch, field, ordinal)
		if err != nil {
			return err
		}
		if w, _ := want(ordinal); v != w {
			c.differ("%s: ordinal %d: queries see %d, should be %d", what, ordinal, v, w)
		}
	}
	return nil
}

// shards yields the stored shards of a field that are in a span.
func (c *inspector) shards(f segment.FieldID, in span, each func(base uint32, data []byte) error) error {
	prefix := keys.AppendShard(nil, uint32(f), 0)[:5]
	lower, upper := prefix, keys.End(prefix)
	if in.base > 0 {
		lower = keys.AppendShard(nil, uint32(f), in.base/shard.Span)
	}
	if in.to>>32 == 0 {
		upper = keys.AppendShard(nil, uint32(f), uint32((in.to+shard.Span-1)/shard.Span))
	}
	return c.between(lower, upper, func(key, value []byte) error {
		n, ok := keys.ReadShard(key)
		if !ok {
			return fmt.Errorf("shard key of %d bytes", len(key))
		}
		if len(value) == 0 {
			return nil
		}
		return each(n*shard.Span, value)
	})
}

func (c *inspector) compare(what string, have, want []uint32) {
	if slices.Equal(have, want) {
		return
	}
	wanted := map[uint32]bool{}
	for _, o := range want {
		wanted[o] = true
	}
	for _, o := range have {
		if !wanted[o] {
			c.differ("%s: ordinal %d is in and should not be", what, o)
		}
		delete(wanted, o)
	}
	for _, o := range sortedKeys(wanted) {
		c.differ("%s: ordinal %d is not in and should be", what, o)
	}
}
