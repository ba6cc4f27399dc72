package portrait

import (
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
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
	for ordinal, before := range t.befores {
		if !afters[ordinal] {
			if err := t.reindex(ordinal, before, nil); err != nil {
				return err
			}
		}
	}
	// In the order of first touch, so that the same input makes the same batch.
	for _, c := range t.touched {
		if c.now == nil {
			continue
		}
		if err := t.reindex(c.now.ordinal, t.befores[c.now.ordinal], c.now); err != nil {
			return err
		}
	}
	if regrouped {
		t.logMerges(afters)
	}
	return nil
}

// reindex moves one ordinal from the person it was to the person it is; either
// may be nil.
func (t *txn) reindex(ordinal uint32, before, after *person) error {
	was, is := before.state(), after.state()
	if (was == nil) != (is == nil) {
		t.index.Set(universe, ordinal, is != nil)
	}
	t.db.marks.visit++
	if was == nil || is == nil || after.comp.all || !was.SameBounds(is) {
		for i := range t.cat.tags {
			if err := t.retag(i, ordinal, was, is); err != nil {
				return err
			}
		}
		for _, ix := range t.cat.indexes {
			if err := t.retrait(ix, ordinal, was, is); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range after.comp.attrs {
		if err := t.reread(t.cat.attrReaders[name], ordinal, was, is); err != nil {
			return err
		}
	}
	for _, name := range after.comp.events {
		if err := t.reread(t.cat.eventReaders[name], ordinal, was, is); err != nil {
			return err
		}
	}
	for _, id := range after.comp.folds {
		if err := t.reread(t.cat.foldReaders[id], ordinal, was, is); err != nil {
			return err
		}
	}
	return nil
}

// marks notes which tags and indexes the visit of one person has been at. It
// stays from commit to commit, so that one of a single event does not cost a
// look at every tag.
type marks struct {
	visit         uint64
	tags, indexes []uint64
}

func (m *marks) fit(tags, indexes int) {
	if len(m.tags) != tags || len(m.indexes) != indexes {
		m.tags, m.indexes = make([]uint64, tags), make([]uint64, indexes)
	}
}

// reread re-evaluates what reads one attribute or event, once a visit.
func (t *txn) reread(r readers, ordinal uint32, was, is *profile.State) error {
	m := &t.db.marks
	for _, i := range r.tags {
		if m.tags[i] != m.visit {
			m.tags[i] = m.visit
			if err := t.retag(i, ordinal, was, is); err != nil {
				return err
			}
		}
	}
	for _, i := range r.indexes {
		if m.indexes[i] != m.visit {
			m.indexes[i] = m.visit
			if err := t.retrait(t.cat.indexes[i], ordinal, was, is); err != nil {
				return err
			}
		}
	}
	return nil
}

// retag moves one tag of one ordinal. The bit of a tag is its rule at the
// published instant, so what it was need not be stored.
func (t *txn) retag(i int, ordinal uint32, was, is *profile.State) error {
	tag := t.cat.tags[i]
	if tag.values != nil {
		return t.retrait(tag.values, ordinal, was, is)
	}
	had, has := false, false
	hadUntil, until := profile.Never, profile.Never
	if was != nil && !tag.filling {
		had, hadUntil = tag.program.Eval(was, t.meta.instant)
	}
	if is != nil {
		has, until = tag.program.Eval(is, t.meta.instant)
	}
	if had != has || tag.filling {
		t.flip(tag.field, ordinal, has, !tag.filling)
	}
	// What lived has a deadline at or before its next change. That is hadUntil,
	// unless the rule gave up the search for it.
	if until < hadUntil || until != profile.Never && !changes(tag.program, was, had, hadUntil) {
		t.arm(until, ordinal)
	}
	return nil
}

// changes reports whether a rule that said had until an instant says something
// else then.
func changes(p *tags.Program, st *profile.State, had bool, until profile.Instant) bool {
	has, _ := p.Eval(st, until)
	return has != had
}

// arm writes a deadline: at that instant the person is evaluated again.
func (t *txn) arm(at profile.Instant, ordinal uint32) {
	t.key = keys.AppendDeadline(t.key[:0], int64(at), ordinal)
	t.batch.Set(t.key, nil)
	t.meta.nextDue = min(t.meta.nextDue, at)
}

// retrait moves one indexed trait of one ordinal. While the index is being filled
// it may hold either nothing of the ordinal or all of what it was: so what it was
// is taken away, and what it is put in whole.
func (t *txn) retrait(ix *traitIndex, ordinal uint32, was, is *profile.State) error {
	var old, now profile.Value
	var had, has bool
	hadUntil, until := profile.Never, profile.Never
	if was != nil {
		old, had, hadUntil = ix.value(was, t.meta.instant)
	}
	if is != nil {
		now, has, until = ix.value(is, t.meta.instant)
	}
	// What lived has a deadline at hadUntil or before it, unless it is being filled.
	if until < hadUntil || ix.filling && until != profile.Never {
		t.arm(until, ordinal)
	}
	return t.revalue(ix, ordinal, old, now, had, has)
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
	if had != has || ix.filling {
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
