package portrait

import (
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// settle works out who everybody touched is now, and moves tags, indexes,
// deadlines and the merge log from what was to what is.
func (t *txn) settle() error {
	t.touched = slices.DeleteFunc(t.touched, func(c *component) bool { return c.gone })
	afters := make(map[uint32]bool, len(t.touched))
	regrouped := false
	for _, c := range t.touched {
		var err error
		if c.now, err = t.person(c); err != nil {
			return err
		}
		if c.now != nil {
			afters[c.now.ordinal] = true
		}
		regrouped = regrouped || c.all
	}
	if err := t.relist(afters); err != nil {
		return err
	}
	for ordinal, before := range t.befores {
		if !afters[ordinal] {
			j := t.db.judges.first(t)
			if err := t.apply(ordinal, j.judge(before, nil)); err != nil {
				return err
			}
		}
	}
	if err := t.move(); err != nil {
		return err
	}
	if regrouped {
		t.logMerges(afters)
	}
	return nil
}

// move moves everybody touched who is a live profile now. What was and is of each is
// worked out side by side, and goes into the batch in the order of first touch, so
// that the same input makes the same batch.
func (t *txn) move() error {
	live := make([]*component, 0, len(t.touched))
	for _, c := range t.touched {
		if c.now != nil {
			live = append(live, c)
		}
	}
	const least = 16
	for len(live) > 0 {
		some := live[:min(len(live), 4096)]
		live = live[len(some):]
		verdicts := make([][]verdict, len(some))
		workers := t.db.judges.all(t)
		t.db.crew.amongWorkers(len(workers), len(some), least, func(worker, from, to int) {
			j := workers[worker]
			for i := from; i < to; i++ {
				verdicts[i] = j.judge(t.befores[some[i].now.ordinal], some[i].now)
			}
		})
		for i, c := range some {
			if err := t.apply(c.now.ordinal, verdicts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// arm writes a deadline: at that instant the person is evaluated again.
func (t *txn) arm(at profile.Instant, ordinal uint32) {
	t.key = keys.AppendDeadline(t.key[:0], int64(at), ordinal)
	t.batch.Set(t.key, nil)
	t.meta.nextDue = min(t.meta.nextDue, at)
}

// revalue moves one indexed trait of one ordinal from one value to another.
func (t *txn) revalue(ix *traitIndex, ordinal uint32, old, now profile.Value, had, has bool) error {
	if had && has && !ix.filling && old.Equal(now) {
		return nil
	}
	if ix.column {
		switch {
		case has:
			t.index.Put(ix.field, ordinal, sortable(now))
		case had:
			t.index.Delete(ix.field, ordinal)
		}
		return nil
	}
	if (had != has || ix.filling) && ix.field != universe {
		t.index.Set(ix.field, ordinal, has)
	}
	if had {
		for _, v := range elements(old) {
			if !has || !holdsValue(now, v) {
				if err := t.setValue(ix, v, ordinal, false); err != nil {
					return err
				}
			}
		}
	}
	if has {
		for _, v := range elements(now) {
			if ix.filling || !had || !holdsValue(old, v) {
				if err := t.setValue(ix, v, ordinal, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func holdsValue(in, v profile.Value) bool {
	switch in.Kind() {
	case profile.KindSet:
		_, ok := slices.BinarySearchFunc(in.Elements(), v, profile.Value.Compare)
		return ok
	case profile.KindList:
		return slices.ContainsFunc(in.Elements(), v.Equal)
	}
	return in.Equal(v)
}

// newValue is a dictionary entry that the transaction adds.
type newValue struct {
	dict  *valueFields
	value profile.Value
	field segment.FieldID
}

type learntKey struct {
	dict  *valueFields
	value string
}

func (t *txn) setValue(ix *traitIndex, v profile.Value, ordinal uint32, on bool) error {
	field, ok := ix.values.lookup(v)
	if !ok {
		key := learntKey{ix.values, valueKey(v)}
		if field, ok = t.learnt[key]; !ok {
			if !on {
				return nil
			}
			field = t.newField(fieldRecord{Use: ix.valueUse(), Name: ix.name, Value: []byte(key.value)}, segment.Bitmap)
			if ix.label != nil {
				t.nameField(field, feedName{name: ix.name, value: valueText(v)})
			}
			t.learnt[key] = field
			t.values = append(t.values, newValue{dict: ix.values, value: v, field: field})
		}
	}
	t.flip(field, ordinal, on, ix.label != nil && !ix.filling)
	return nil
}
