package portrait

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// wanted is what the index should hold.
type wanted struct {
	bits  map[segment.FieldID]ordinalSet
	cells map[segment.FieldID][]cell
	next  map[uint32]profile.Instant // when time alone next changes something of a profile
}

// cell is one place of a column.
type cell struct {
	ordinal uint32
	value   int64
}

func (w *wanted) bit(f segment.FieldID, ordinal uint32) {
	set := w.bits[f]
	if set == nil {
		set = ordinalSet{}
		w.bits[f] = set
	}
	set.add(ordinal)
}

// people evaluates everybody, as a filling of everything would.
func (r *repair) people() error {
	if err := r.turn(); err != nil {
		return err
	}
	r.want = wanted{bits: map[segment.FieldID]ordinalSet{}, cells: map[segment.FieldID][]cell{}, next: map[uint32]profile.Instant{}}
	listed := map[string]ordinalSet{}
	for _, l := range r.lists {
		if l.hidden {
			continue
		}
		if err := r.list(l); err != nil {
			return err
		}
		listed[l.about.Name] = r.want.bits[l.field]
	}
	e := r.epoch()
	return r.scan([]byte{keys.Node}, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil || r.graph.find(token) == nil {
			return nil //nolint:nilerr // it is lost, which readNodes told of
		}
		n, err := decodeNode(token, value)
		if err != nil || !n.alone() { // it is met with its component's root
			return err
		}
		m, err := e.member(n)
		if err != nil || m == nil {
			return err
		}
		for _, name := range r.cat.lists {
			if listed[name].has(m.ordinal) {
				m.lists = append(m.lists, name)
			}
		}
		return r.judge(m)
	})
}

// list notes who is in an uploaded list.
func (r *repair) list(l *list) error {
	prefix := keys.AppendListParts(nil, uint32(l.field))
	return r.scan(prefix, func(key, value []byte) error {
		if len(value)%keys.TokenLen != 0 {
			r.lose("identifiers of list %q: %d bytes", l.about.Name, len(value))
			return nil
		}
		for part := range slices.Chunk(value, keys.TokenLen) {
			i, ok := r.graph.part.Find(identity.Token(part))
			if !ok {
				r.lose("list %q: it holds an identifier that is not there", l.about.Name)
				continue
			}
			if ordinal := r.graph.profiles[r.graph.part.Leader(i)]; ordinal != nobody {
				r.want.bit(l.field, uint32(ordinal))
			}
		}
		return nil
	})
}

// judge notes where one profile belongs.
func (r *repair) judge(m *member) error {
	w, cat, at, ordinal := &r.want, r.cat, r.meta.instant, m.ordinal
	st := m.state()
	w.bit(universe, ordinal)
	w.cells[lots] = append(w.cells[lots], cell{ordinal, int64(draw.Key(*st.Canonical()))})
	next := profile.Never
	value := func(ix *traitIndex) error {
		v, has, until := ix.value(st, at)
		if next = min(next, until); !has {
			return nil
		}
		if ix.column {
			w.cells[ix.field] = append(w.cells[ix.field], cell{ordinal, sortable(v)})
			return nil
		}
		if ix.field != universe {
			w.bit(ix.field, ordinal)
		}
		for _, e := range elements(v) {
			field, ok := ix.values.lookup(e)
			if !ok {
				r.kind("fields").Missing++
				field = r.newField(fieldRecord{Use: ix.valueUse(), Name: ix.name, Value: []byte(valueKey(e))})
				ix.values.add(e, field)
				if ix.label != nil {
					r.batch.Set(keys.AppendFeedField(nil, uint32(field)), feedName{name: ix.name, value: valueText(e)}.append(nil))
				}
			}
			w.bit(field, ordinal)
		}
		return nil
	}
	for _, t := range cat.tags {
		switch {
		case t.filling:
		case t.values != nil:
			if err := value(t.values); err != nil {
				return err
			}
		default:
			has, until := t.program.Eval(st, at)
			if next = min(next, until); has {
				w.bit(t.field, ordinal)
			}
		}
	}
	for _, ix := range cat.indexes {
		if !ix.filling {
			if err := value(ix); err != nil {
				return err
			}
		}
	}
	if next != profile.Never {
		w.next[ordinal] = next
	}
	return nil
}

// index makes every bitmap and column hold what it should.
func (r *repair) index() error {
	known := map[segment.FieldID]bool{}
	for _, f := range r.indexFields() {
		known[f.id] = true
		if f.skip {
			continue
		}
		mend := r.bitmap
		if f.column {
			mend = r.column
		}
		if err := mend(f.id, f.kind); err != nil {
			return err
		}
	}
	// Shards of fields that are not there.
	from := []byte{keys.Shard}
	for {
		next, found := uint32(0), false
		for kv, err := range r.snap.Scan(from, keys.End([]byte{keys.Shard})) {
			if err != nil {
				return err
			}
			if len(kv.Key) < 5 {
				r.kind("bitmaps").Stray++
				r.batch.Delete(kv.Key)
				continue
			}
			next, found = uint32(kv.Key[1])<<24|uint32(kv.Key[2])<<16|uint32(kv.Key[3])<<8|uint32(kv.Key[4]), true
			break
		}
		if !found {
			return nil
		}
		prefix := keys.AppendShard(nil, next, 0)[:5]
		if !known[segment.FieldID(next)] {
			r.kind("bitmaps").Stray++
			r.batch.DeleteRange(prefix, keys.End(prefix))
		}
		from = keys.End(prefix)
	}
}

// indexField is one field of the index.
type indexField struct {
	id           segment.FieldID
	kind         string
	column, skip bool
}

// indexFields lists the fields that there are; those that are being filled, or kept beside
// one that is, are to be left alone.
func (r *repair) indexFields() []indexField {
	fields := []indexField{{id: universe, kind: "bitmaps"}, {id: lots, kind: "columns", column: true}}
	values := func(ix *traitIndex, skip bool) {
		for _, f := range (valuesView{ix}).All() {
			fields = append(fields, indexField{id: f, kind: "bitmaps", skip: skip})
		}
	}
	for _, t := range r.cat.tags {
		fields = append(fields, indexField{id: t.field, kind: "bitmaps", skip: t.filling})
		for _, f := range t.former {
			fields = append(fields, indexField{id: f, skip: true})
		}
		if t.values != nil {
			values(t.values, t.filling)
		}
	}
	for _, ix := range r.cat.indexes {
		if ix.field != universe {
			kind := "bitmaps"
			if ix.column {
				kind = "columns"
			}
			fields = append(fields, indexField{id: ix.field, kind: kind, column: ix.column, skip: ix.filling})
		}
		if !ix.column {
			values(ix, ix.filling)
		}
	}
	for _, l := range r.lists {
		fields = append(fields, indexField{id: l.field, kind: "lists", skip: l.hidden})
	}
	return fields
}

// bitmap makes one bitmap hold who belongs in it.
func (r *repair) bitmap(f segment.FieldID, kind string) error {
	want := r.want.bits[f]
	shards := map[uint32][]uint32{}
	for ordinal := range want.from(0) {
		shards[ordinal/shard.Span] = append(shards[ordinal/shard.Span], ordinal%shard.Span)
	}
	if err := r.shards(f, kind, func(n uint32, value []byte) (whole bool) {
		var have []uint32
		var err error
		if len(value) > 0 { // else everybody has left
			if have, err = oracle.Bits(value); err == nil {
				_, err = shard.DecodeBitBase(nil, value)
			}
		}
		if err == nil {
			r.keepBits(f, n, have, shards)
		}
		whole = err == nil && slices.Equal(have, shards[n])
		if whole {
			delete(shards, n)
			return true
		}
		r.differ(kind, have, shards[n], err != nil)
		return false
	}); err != nil {
		return err
	}
	for _, n := range sortedKeys(shards) {
		flips := make([]shard.Flip, len(shards[n]))
		for i, o := range shards[n] {
			flips[i] = shard.MakeFlip(o, true)
		}
		r.batch.Merge(keys.AppendShard(nil, uint32(f), n), shard.AppendBitDelta(nil, flips))
		if err := r.spill(); err != nil {
			return err
		}
	}
	return nil
}

// column makes one column hold the values that belong in it.
func (r *repair) column(f segment.FieldID, kind string) error {
	cells := r.want.cells[f]
	slices.SortFunc(cells, func(a, b cell) int { return cmp.Compare(a.ordinal, b.ordinal) })
	shards := map[uint32][]shard.Cell{}
	for _, c := range cells {
		shards[c.ordinal/shard.Span] = append(shards[c.ordinal/shard.Span], shard.Cell{Offset: c.ordinal % shard.Span, Value: c.value})
	}
	delete(r.want.cells, f)
	if err := r.shards(f, kind, func(n uint32, value []byte) (whole bool) {
		var have map[uint32]int64
		var err error
		if len(value) > 0 {
			if have, err = oracle.Column(value); err == nil {
				_, err = shard.DecodeColumnBase(nil, value)
			}
		}
		if err == nil {
			r.keepCells(n, have, shards)
		}
		whole = err == nil && len(have) == len(shards[n])
		wanted := make([]uint32, len(shards[n]))
		for i, c := range shards[n] {
			wanted[i] = c.Offset
			if v, ok := have[c.Offset]; ok && v != c.Value {
				r.kind(kind).Wrong++
				whole = false
			} else if !ok {
				whole = false
			}
		}
		if whole {
			delete(shards, n)
			return true
		}
		r.differ(kind, sortedKeys(have), wanted, err != nil)
		return false
	}); err != nil {
		return err
	}
	for _, n := range sortedKeys(shards) {
		r.batch.Merge(keys.AppendShard(nil, uint32(f), n), shard.AppendColumnDelta(nil, shards[n]))
		if err := r.spill(); err != nil {
			return err
		}
	}
	return nil
}

// shards deletes those stored shards of a field that are not whole, and counts as missing
// what is wanted and not stored.
func (r *repair) shards(f segment.FieldID, kind string, whole func(n uint32, value []byte) bool) error {
	prefix := keys.AppendShard(nil, uint32(f), 0)[:5]
	seen := map[uint32]bool{}
	if err := r.scan(prefix, func(key, value []byte) error {
		n, ok := keys.ReadShard(key)
		if !ok {
			r.kind(kind).Stray++
			r.batch.Delete(key)
			return nil
		}
		if seen[n] = true; !whole(n, value) {
			r.batch.Delete(key)
		}
		return nil
	}); err != nil {
		return err
	}
	for n := range uint32((uint64(r.meta.nextOrdinal) + shard.Span - 1) / shard.Span) {
		if !seen[n] {
			whole(n, nil)
		}
	}
	return nil
}

// differ counts the ordinals by which two ascending lists differ.
func (r *repair) differ(kind string, have, want []uint32, unreadable bool) {
	m := r.kind(kind)
	if unreadable {
		m.Wrong++
	}
	for len(have) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(have) > 0 && have[0] < want[0]:
			m.Stray++
			have = have[1:]
		case len(have) == 0 || want[0] < have[0]:
			m.Missing++
			want = want[1:]
		default:
			have, want = have[1:], want[1:]
		}
	}
}

// deadlines makes sure that everybody is evaluated again in time, and takes away those that
// lead nowhere.
func (r *repair) deadlines() error {
	m := r.kind("deadlines")
	if err := r.scan([]byte{keys.Deadline}, func(key, _ []byte) error {
		at, ordinal, ok := keys.ReadDeadline(key)
		// Those of people who were erased lead nowhere, and are there until they are due.
		if !ok || ordinal >= r.meta.nextOrdinal || profile.Instant(at) <= r.meta.instant {
			m.Stray++
			r.batch.Delete(key)
			return nil
		}
		if profile.Instant(at) <= r.want.next[ordinal] {
			delete(r.want.next, ordinal)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, ordinal := range sortedKeys(r.want.next) {
		m.Missing++
		r.batch.Set(keys.AppendDeadline(nil, int64(r.want.next[ordinal]), ordinal), nil)
		if err := r.spill(); err != nil {
			return err
		}
	}
	return nil
}
