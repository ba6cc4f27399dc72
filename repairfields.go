package portrait

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// fields makes sure that everything that the model has an index for has a field of its own,
// and that the feed has a name for those that it tells of. It reads the model as it is
// stored.
func (r *repair) fields() error {
	var err error
	if r.snap, err = r.db.store.Snapshot(); err != nil {
		return err
	}
	if r.cat, err = r.db.storedCatalog(); err != nil {
		return err
	}
	kept := map[segment.FieldID]bool{}
	attached := map[*traitIndex]bool{}
	labelled := map[*tag]bool{}
	if err := r.scan([]byte{keys.Field}, func(key, value []byte) error {
		id, ok := keys.ReadField(key)
		rec, err := decodeField(value)
		if !ok || err != nil || !r.takes(segment.FieldID(id), &rec, attached, labelled) {
			r.dropField(key, id, ok)
			return nil
		}
		r.meta.nextField = max(r.meta.nextField, id+1)
		if err := r.cat.attach(segment.FieldID(id), rec); err != nil {
			r.dropField(key, id, true)
			return nil
		}
		kept[segment.FieldID(id)] = true
		return nil
	}); err != nil {
		return err
	}
	missing := r.kind("fields")
	add := func(id segment.FieldID, rec fieldRecord) {
		if !kept[id] {
			missing.Missing++
			r.batch.Set(keys.AppendField(nil, uint32(id)), rec.append(nil))
		}
	}
	add(universe, fieldRecord{Use: useUniverse})
	add(lots, fieldRecord{Use: useLots})
	for _, l := range r.lists {
		if !l.hidden {
			add(l.field, fieldRecord{Use: useList, Name: l.about.Name})
		}
	}
	for _, t := range r.cat.tags {
		if !labelled[t] {
			missing.Missing++
			t.attach(r.newField(fieldRecord{Use: t.use(), Name: t.def.Name}), false)
		}
	}
	for _, ix := range r.cat.indexes {
		if !attached[ix] && ix.field == 0 && ix.name != namespaceIndex {
			missing.Missing++
			rec := fieldRecord{Use: useExists, Name: ix.name}
			if ix.column {
				rec.Use = useColumn
			}
			ix.field = r.newField(rec)
		}
	}
	return r.names()
}

// takes reports whether a field's record is of something that is declared and has no field
// yet.
func (r *repair) takes(id segment.FieldID, rec *fieldRecord, attached map[*traitIndex]bool, labelled map[*tag]bool) bool {
	first := func(seen bool) bool { return !seen }
	listed := slices.ContainsFunc(r.lists, func(l *list) bool { return l.field == id })
	if (rec.Use == useUniverse) != (id == universe) || (rec.Use == useLots) != (id == lots) || listed && rec.Use != useList {
		return false // a place that is taken
	}
	switch rec.Use {
	case useUniverse, useLots:
		return true
	case useList:
		return listed || rec.Filling
	case useTag, useSegment:
		t := r.cat.label(rec.Use == useSegment, rec.Name)
		ok := t != nil && first(labelled[t])
		if ok {
			labelled[t] = true
		}
		return ok
	case useColumn, useExists:
		ix := r.cat.traitIndex(rec.Name)
		ok := ix != nil && ix.column == (rec.Use == useColumn) && first(attached[ix])
		if ok {
			attached[ix] = true
		}
		return ok
	case useValue:
		return fresh(r.cat.traitIndex(rec.Name), rec.Value)
	case useTagValue:
		t := r.cat.tag(rec.Name)
		return t != nil && fresh(t.values, rec.Value)
	case useFormerTag, useFormerSegment:
		t := r.cat.label(rec.Use == useFormerSegment, rec.Name)
		return t != nil && t.former[string(rec.Value)] == 0
	}
	return false
}

// fresh reports whether a value has no bitmap yet in an index that has one for each.
func fresh(ix *traitIndex, value []byte) bool {
	if ix == nil || ix.values == nil {
		return false
	}
	v, rest, err := profile.DecodeValue(value)
	if err != nil || len(rest) > 0 {
		return false
	}
	_, known := ix.values.lookup(v)
	return !known
}

// dropField takes away the record of a field that nothing declares, and what it holds.
func (r *repair) dropField(key []byte, id uint32, ok bool) {
	r.kind("fields").Stray++
	r.batch.Delete(key)
	if ok {
		prefix := keys.AppendShard(nil, id, 0)[:5]
		r.batch.DeleteRange(prefix, keys.End(prefix))
	}
}

// names makes sure that the feed has a name for the fields that it tells of.
func (r *repair) names() error {
	for _, t := range r.cat.tags {
		if t.values != nil {
			continue // see valueNames
		}
		if err := r.name(t.field, feedName{segment: t.segment, name: t.def.Name}); err != nil {
			return err
		}
	}
	return nil
}

// valueNames is names of the values of tags. Where the record of a field says one value and
// the feed's name another, that one is right which somebody has.
func (r *repair) valueNames() error {
	for _, t := range r.cat.tags {
		if t.values == nil {
			continue
		}
		for v, field := range (valuesView{t.values}).All() {
			if r.made[field] {
				continue
			}
			name := feedName{name: t.def.Name, value: valueText(v)}
			key := keys.AppendFeedField(nil, uint32(field))
			data, ok, err := r.snap.GetTo(nil, key)
			if err != nil {
				return err
			}
			told, err := decodeFeedName(data)
			if err == nil && told != name && r.want.bits[field] == nil && !t.filling {
				r.dropField(keys.AppendField(nil, uint32(field)), uint32(field), true)
				continue
			}
			r.put("feed names", key, data, name.append(nil), ok)
		}
	}
	return nil
}

func (r *repair) name(field segment.FieldID, name feedName) error {
	key := keys.AppendFeedField(nil, uint32(field))
	data, ok, err := r.snap.GetTo(nil, key)
	if err != nil {
		return err
	}
	r.put("feed names", key, data, name.append(nil), ok)
	return nil
}

// put writes a record if it is not as it should be.
func (r *repair) put(kind string, key, have, want []byte, ok bool) {
	switch {
	case !ok:
		r.kind(kind).Missing++
	case string(have) != string(want):
		r.kind(kind).Wrong++
	default:
		return
	}
	r.batch.Set(key, want)
}

// storedCatalog makes a catalog of the model that is stored, without fields of the index.
func (db *DB) storedCatalog() (*catalog, error) {
	var m Model
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaModel))
	if err != nil {
		return nil, err
	}
	if ok {
		if m, err = ParseModel(data); err != nil {
			return nil, fmt.Errorf("%w: stored model: %w", ErrCorrupt, err)
		}
	}
	folds := &foldSet{}
	if data, ok, err = db.store.GetTo(nil, keys.AppendMeta(nil, metaFolds)); err != nil {
		return nil, err
	}
	if ok {
		if folds, err = decodeFolds(data); err != nil {
			return nil, err
		}
	}
	cat, err := db.newCatalog(m, folds)
	if err != nil {
		return nil, err
	}
	if len(folds.fresh(cat.folds)) > 0 {
		return nil, fmt.Errorf("%w: the model needs folds that the store does not keep", ErrCorrupt)
	}
	cat.cover, err = db.loadCoverage()
	return cat, err
}
