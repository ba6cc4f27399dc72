package portrait

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// checkIndex recomputes every bitmap and column, and compares them with what is
// stored and with what queries see.
func (c *checker) checkIndex() error {
	cat := c.v.epoch.cat
	everyone := sortedKeys(c.people)
	if err := c.checkBits("live profiles", universe, everyone); err != nil {
		return err
	}
	drawn := map[uint32]int64{}
	for _, ordinal := range everyone {
		id := c.people[ordinal].Canonical
		drawn[ordinal] = int64(xxhash.Sum64String(id.Namespace + "\x00" + id.Value))
	}
	if err := c.checkColumn("column of lots", lots, everyone, drawn); err != nil {
		return err
	}
	for _, t := range cat.tags {
		if t.filling {
			continue
		}
		var want []uint32
		for _, ordinal := range everyone {
			if oracle.Eval(t.rule, c.people[ordinal], cat, c.v.epoch.instant) {
				want = append(want, ordinal)
			}
		}
		if err := c.checkBits(fmt.Sprintf("%s %q", t.what(), t.def.Name), t.field, want); err != nil {
			return err
		}
		if t.values != nil {
			if err := c.checkTrait(t.values, want); err != nil {
				return err
			}
		}
	}
	for _, ix := range cat.indexes {
		if ix.filling {
			continue
		}
		if err := c.checkTrait(ix, everyone); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkTrait(ix *traitIndex, everyone []uint32) error {
	op, what := ix.operand(), "trait"
	switch {
	case ix.label != nil: // Of those who have the tag.
		what = "tag"
	case ix.name == namespaceIndex:
		what = "namespaces()"
	}
	column := map[uint32]int64{}
	byValue := map[string][]uint32{}
	var have []uint32
	for _, ordinal := range everyone {
		v, ok := oracle.ValueAt(op, c.people[ordinal], c.v.epoch.cat, c.v.epoch.instant)
		if !ok && ix.label == nil {
			continue
		}
		have = append(have, ordinal)
		if !ok {
			continue
		}
		if ix.column {
			column[ordinal] = sortable(v)
			continue
		}
		for _, e := range elements(v) {
			byValue[valueKey(e)] = append(byValue[valueKey(e)], ordinal)
		}
	}
	if ix.column {
		return c.checkColumn(fmt.Sprintf("column of trait %q", ix.name), ix.field, have, column)
	}
	if err := c.checkBits(fmt.Sprintf("who has %s %q", what, ix.name), ix.field, have); err != nil {
		return err
	}
	for v, field := range (valuesView{ix}).All() {
		if err := c.checkBits(fmt.Sprintf("%s %q = %s", what, ix.name, v), field, byValue[valueKey(v)]); err != nil {
			return err
		}
		delete(byValue, valueKey(v))
	}
	for key, ordinals := range byValue {
		v, _, err := profile.DecodeValue([]byte(key))
		if err != nil {
			return err
		}
		c.differ("%s %q = %s: %d profiles and no bitmap", what, ix.name, v, len(ordinals))
	}
	return nil
}

// checkBits compares one bitmap, as stored and as queries see it, with the
// ordinals that belong in it.
func (c *checker) checkBits(what string, f segment.FieldID, want []uint32) error {
	var stored []uint32
	err := c.shards(f, func(base uint32, data []byte) error {
		offsets, err := oracle.Bits(data)
		for _, o := range offsets {
			stored = append(stored, base+o)
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
	c.compare(what+", as queried", ordinals(set), want)
	return nil
}

func ordinals(set *segment.Set) []uint32 {
	var list []uint32
	for id := range set.Members() {
		list = append(list, id.Ordinal())
	}
	return list
}

func (c *checker) checkColumn(what string, field segment.FieldID, have []uint32, want map[uint32]int64) error {
	var stored []uint32
	err := c.shards(field, func(base uint32, data []byte) error {
		values, err := oracle.Column(data)
		for _, offset := range sortedKeys(values) {
			ordinal := base + offset
			stored = append(stored, ordinal)
			if w, ok := want[ordinal]; ok && w != values[offset] {
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
	c.compare(what+", as queried", ordinals(set), have)
	for _, ordinal := range have {
		v, _, err := c.v.epoch.root.Value(c.v.epoch, field, ordinal)
		if err != nil {
			return err
		}
		if v != want[ordinal] {
			c.differ("%s: ordinal %d: queries see %d, should be %d", what, ordinal, v, want[ordinal])
		}
	}
	return nil
}

// shards yields the stored shards of a field.
func (c *checker) shards(f segment.FieldID, each func(base uint32, data []byte) error) error {
	prefix := keys.AppendShard(nil, uint32(f), 0)[:5]
	for kv, err := range c.v.epoch.snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return err
		}
		n, ok := keys.ReadShard(kv.Key)
		if !ok {
			return fmt.Errorf("shard key of %d bytes", len(kv.Key))
		}
		if len(kv.Value) == 0 {
			continue
		}
		if err := each(n*shard.Span, kv.Value); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) compare(what string, have, want []uint32) {
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

// checkDeadlines makes sure that every profile has a deadline at or before the
// next instant at which one of its tags, their values or its indexed traits changes.
// That instant is found by asking the fast evaluator and judged by the naive one.
func (c *checker) checkDeadlines() error {
	armed := map[uint32]profile.Instant{}
	err := c.scan(keys.Deadline, func(key, _ []byte) error {
		at, ordinal, ok := keys.ReadDeadline(key)
		if !ok {
			return fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(key))
		}
		if first, ok := armed[ordinal]; !ok || profile.Instant(at) < first {
			armed[ordinal] = profile.Instant(at)
		}
		if profile.Instant(at) <= c.v.epoch.instant {
			c.differ("deadline of ordinal %d: %s is past the instant %s", ordinal, profile.Instant(at), c.v.epoch.instant)
		}
		if profile.Instant(at) < c.v.epoch.nextDue {
			c.differ("deadline of ordinal %d: %s is before the next one known, %s", ordinal, profile.Instant(at), c.v.epoch.nextDue)
		}
		return nil
	})
	if err != nil {
		return err
	}
	cat, now := c.v.epoch.cat, c.v.epoch.instant
	for ordinal, p := range c.people {
		first, ok := armed[ordinal]
		if !ok {
			first = profile.Never
		}
		for _, t := range cat.tags {
			if t.filling || !t.program.Deps().Timed {
				continue
			}
			c.checkDeadline(t, ordinal, p, now, first)
			if t.values != nil {
				c.checkTurn(t.values, ordinal, p, now, first)
			}
		}
		for _, i := range cat.timed.indexes {
			if ix := cat.indexes[i]; !ix.filling {
				c.checkTurn(ix, ordinal, p, now, first)
			}
		}
	}
	return nil
}

func (c *checker) checkDeadline(t *tag, ordinal uint32, p *oracle.Person, now, armed profile.Instant) {
	st := c.states[ordinal]
	if st == nil {
		return // told of already
	}
	_, until := t.program.Eval(st, now)
	if until == profile.Never {
		return
	}
	cat := c.v.epoch.cat
	is := oracle.Eval(t.rule, p, cat, now)
	if oracle.Eval(t.rule, p, cat, until-1) != is {
		c.differ("tag %q of ordinal %d: changes before %s", t.def.Name, ordinal, until)
	}
	// Where the evaluator gave up its search nothing changes then: ask on from there.
	for until < armed && oracle.Eval(t.rule, p, cat, until) == is {
		_, until = t.program.Eval(st, until)
	}
	if until < armed {
		c.differ("tag %q of ordinal %d: changes at %s, the first deadline is %s", t.def.Name, ordinal, until, armed)
	}
}

// checkTurn is checkDeadline of an indexed trait, or of the values of a tag.
func (c *checker) checkTurn(ix *traitIndex, ordinal uint32, p *oracle.Person, now, armed profile.Instant) {
	st := c.states[ordinal]
	if st == nil {
		return // told of already
	}
	what := "trait"
	value := func(at profile.Instant) (profile.Value, bool) {
		v, ok := oracle.ValueAt(ix.info.Compute, p, c.v.epoch.cat, at)
		return v, ok && fits(v, ix.info)
	}
	if ix.label != nil {
		what = "values of tag"
		of := value
		value = func(at profile.Instant) (profile.Value, bool) {
			v, ok := of(at)
			if !ok {
				v = profile.List()
			}
			return v, oracle.Eval(ix.label.rule, p, c.v.epoch.cat, at)
		}
	}
	is, ok := value(now)
	same := func(at profile.Instant) bool {
		v, has := value(at)
		return has == ok && (!ok || v.Equal(is))
	}
	_, _, until := ix.value(st, now)
	if until != profile.Never && !same(until-1) {
		c.differ("%s %q of ordinal %d: changes before %s", what, ix.name, ordinal, until)
	}
	for until < armed && same(until) {
		_, _, until = ix.value(st, until)
	}
	if until < armed {
		c.differ("%s %q of ordinal %d: changes at %s, the first deadline is %s", what, ix.name, ordinal, until, armed)
	}
}
