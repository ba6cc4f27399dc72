package portrait

import (
	"runtime"

	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// verdict is what one tag or index, the live profiles or the lots say of a person before
// and after a transaction.
type verdict struct {
	tag      *tag        // of a tag without values
	ix       *traitIndex // of an indexed trait, or a tag with values; none of these: live
	had, has bool
	old, now profile.Value // of ix
	lot      uint64        // the key of the lot; neither tag nor ix
	lots     bool
	arm      profile.Instant // the deadline that this takes; Never: none
	armOnly  bool            // there is nothing else
}

// judge works out verdicts. It changes nothing but itself, so that several may work
// side by side.
type judge struct {
	cat *catalog
	at  profile.Instant
	// visit, tags and indexes note which tags and indexes the visit of one person has been
	// at. They stay from commit to commit, so that one of a single event does not cost
	// a look at every tag.
	visit         uint64
	tags, indexes []uint64
	slab          []verdict // what judge returns lies here until the next transaction
}

// judges are those of one DB, which DB.write guards.
type judges []*judge

// all readies a judge for every share of the work of a transaction.
func (s *judges) all(t *txn) []*judge {
	for len(*s) < runtime.GOMAXPROCS(0) {
		*s = append(*s, &judge{})
	}
	for _, j := range *s {
		j.ready(t)
	}
	return *s
}

// first readies one.
func (s *judges) first(t *txn) *judge { return s.all(t)[0] }

func (j *judge) ready(t *txn) {
	j.cat, j.at = t.cat, t.meta.instant
	if len(j.tags) != len(t.cat.tags) || len(j.indexes) != len(t.cat.indexes) {
		j.tags, j.indexes = make([]uint64, len(t.cat.tags)), make([]uint64, len(t.cat.indexes))
	}
	if cap(j.slab) > maxSlab {
		j.slab = nil
	}
	j.slab = j.slab[:0]
}

// maxSlab is how many verdicts are kept room for between transactions.
const maxSlab = 1 << 16

// judge returns what changes of a person; either side may be nil.
func (j *judge) judge(before, after *person) []verdict {
	was, is := before.state(), after.state()
	start := len(j.slab)
	if (was == nil) != (is == nil) {
		j.slab = append(j.slab, verdict{had: was != nil, has: is != nil, arm: profile.Never})
	}
	j.visit++
	redrawn := j.lot(was, is)
	if was == nil || is == nil || after.comp.all || !was.SameBounds(is) {
		for i := range j.cat.tags {
			j.tag(i, was, is)
		}
		for _, ix := range j.cat.indexes {
			j.index(ix, was, is)
		}
		return j.slab[start:len(j.slab):len(j.slab)]
	}
	if redrawn {
		j.readers(j.cat.lotReaders, was, is)
	}
	for _, name := range after.comp.attrs {
		j.readers(j.cat.attrReaders[name], was, is)
	}
	for _, name := range after.comp.events {
		j.readers(j.cat.eventReaders[name], was, is)
	}
	for _, name := range after.comp.lists {
		j.readers(j.cat.listReaders[name], was, is)
	}
	for _, id := range after.comp.folds {
		if was.SameSeries(is, id) {
			continue // Seen again in an hour, or on a day, in which it was.
		}
		j.readers(j.cat.foldReaders[id], was, is)
	}
	return j.slab[start:len(j.slab):len(j.slab)]
}

// lot judges what a person draws, and reports whether it is another lot.
func (j *judge) lot(was, is *profile.State) bool {
	v := verdict{lots: true, arm: profile.Never}
	var old, now *profile.Identifier
	if was != nil {
		old, v.had = was.Canonical(), true
	}
	if is != nil {
		now, v.has = is.Canonical(), true
	}
	if old == now || old != nil && now != nil && *old == *now {
		return false
	}
	if v.has {
		v.lot = draw.Key(*now)
	}
	j.slab = append(j.slab, v)
	return true
}

// readers judges what reads one attribute, event, list or fold, once a visit.
func (j *judge) readers(r readers, was, is *profile.State) {
	for _, i := range r.tags {
		if j.tags[i] != j.visit {
			j.tags[i] = j.visit
			j.tag(i, was, is)
		}
	}
	for _, i := range r.indexes {
		if j.indexes[i] != j.visit {
			j.indexes[i] = j.visit
			j.index(j.cat.indexes[i], was, is)
		}
	}
}

// tag judges one tag. Its bit is its rule at the published instant, so what it was need
// not be stored.
func (j *judge) tag(i int, was, is *profile.State) {
	tag := j.cat.tags[i]
	if tag.values != nil {
		j.index(tag.values, was, is)
		return
	}
	v := verdict{tag: tag, arm: profile.Never}
	hadUntil, until, sure := profile.Never, profile.Never, true
	if was != nil && !tag.filling {
		v.had, hadUntil, sure = tag.program.Judge(was, j.at)
	}
	if is != nil {
		v.has, until = tag.program.Eval(is, j.at)
	}
	// What lived has a deadline at or before its next change. That is hadUntil,
	// unless the rule gave up the search for it.
	if until < hadUntil || until != profile.Never && !sure && !changes(tag.program, was, v.had, hadUntil) {
		v.arm = until
	}
	if v.had != v.has || tag.filling || v.arm != profile.Never {
		j.slab = append(j.slab, v)
	}
}

// changes reports whether a rule that said had until an instant says something
// else then.
func changes(p *tags.Program, st *profile.State, had bool, until profile.Instant) bool {
	has, _ := p.Eval(st, until)
	return has != had
}

// index judges one indexed trait, or the values of a tag.
func (j *judge) index(ix *traitIndex, was, is *profile.State) {
	if j.cat.waits(ix) {
		return
	}
	v := verdict{ix: ix, arm: profile.Never}
	hadUntil, until := profile.Never, profile.Never
	if was != nil {
		v.old, v.had, hadUntil = ix.value(was, j.at)
	}
	if is != nil {
		v.now, v.has, until = ix.value(is, j.at)
	}
	// As in tag; while it is being filled there may be no deadline.
	if until < hadUntil || until != profile.Never && (ix.filling || !ix.changes(was, v.old, v.had, hadUntil)) {
		v.arm = until
	}
	if v.arm != profile.Never || ix.filling || v.had != v.has || !v.old.Equal(v.now) {
		j.slab = append(j.slab, v)
	}
}

// fire returns what time changes of a person between two instants, with the deadline of
// what it changes next.
func (j *judge) fire(st *profile.State, from, to profile.Instant) []verdict {
	start := len(j.slab)
	next := profile.Never
	index := func(ix *traitIndex) {
		if j.cat.waits(ix) {
			return
		}
		v := verdict{ix: ix, arm: profile.Never}
		var until profile.Instant
		v.old, v.had, _ = ix.value(st, from)
		v.now, v.has, until = ix.value(st, to)
		next = min(next, until)
		if ix.filling || v.had != v.has || !v.old.Equal(v.now) {
			j.slab = append(j.slab, v)
		}
	}
	for _, i := range j.cat.timed.tags {
		tag := j.cat.tags[i]
		if tag.values != nil {
			index(tag.values)
			continue
		}
		v := verdict{tag: tag, arm: profile.Never}
		var until profile.Instant
		v.had, _ = tag.program.Eval(st, from)
		v.has, until = tag.program.Eval(st, to)
		next = min(next, until)
		if v.had != v.has || tag.filling {
			j.slab = append(j.slab, v)
		}
	}
	for _, i := range j.cat.timed.indexes {
		index(j.cat.indexes[i])
	}
	if next != profile.Never {
		j.slab = append(j.slab, verdict{armOnly: true, arm: next})
	}
	return j.slab[start:len(j.slab):len(j.slab)]
}

// apply puts what was judged of a person into the transaction.
func (t *txn) apply(ordinal uint32, verdicts []verdict) error {
	for i := range verdicts {
		v := &verdicts[i]
		if v.arm != profile.Never {
			t.arm(v.arm, ordinal)
		}
		switch {
		case v.armOnly:
		case v.lots && v.has:
			t.index.Put(lots, ordinal, int64(v.lot))
		case v.lots:
			t.index.Delete(lots, ordinal)
		case v.tag != nil:
			if v.had != v.has || v.tag.filling {
				t.flip(v.tag.field, ordinal, v.has, !v.tag.filling)
			}
		case v.ix != nil:
			if err := t.revalue(v.ix, ordinal, v.old, v.now, v.had, v.has); err != nil {
				return err
			}
		default:
			t.index.Set(universe, ordinal, v.has)
		}
	}
	return nil
}
