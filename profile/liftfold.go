package profile

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"
)

// foldIndex finds the folds that may select an event by the name that it is counted
// under. Both lists ascend by ID.
type foldIndex struct {
	once  sync.Once
	folds []Fold                 // ascending by ID, each once
	named map[string][]candidate // the folds that name the event
	every []candidate            // the folds that take events of every name
	idle  sync.Pool              // of *lifter
}

// candidate is a fold and those of its filters that fit the name of an event.
type candidate struct {
	fold    *Fold
	filters []int
}

// build fills the index. A fold that takes the events of every name with one filter and
// names some in another is in both lists; under a name all filters are in the list of
// that.
func (ix *foldIndex) build(folds []Fold) {
	ix.folds = slices.Clone(folds)
	slices.SortStableFunc(ix.folds, func(a, b Fold) int { return cmp.Compare(a.ID, b.ID) })
	ix.folds = slices.CompactFunc(ix.folds, func(a, b Fold) bool { return a.ID == b.ID })
	ix.named = map[string][]candidate{}
	for i := range ix.folds {
		f := &ix.folds[i]
		var every []int
		names := map[string]bool{}
		for n, filter := range f.Filters {
			if filter.Event == AnyEvent {
				every = append(every, n)
			} else {
				names[filter.Event] = true
			}
		}
		if every != nil {
			ix.every = append(ix.every, candidate{f, every})
		}
		for name := range names {
			var fit []int
			for n, filter := range f.Filters {
				if filter.Event == name || filter.Event == AnyEvent {
					fit = append(fit, n)
				}
			}
			ix.named[name] = append(ix.named[name], candidate{f, fit})
		}
	}
}

// folds returns the index of the schema's folds.
func (sc *Schema) folds() *foldIndex {
	sc.index.once.Do(func() { sc.index.build(sc.Folds) })
	return &sc.index
}

// liftSeries returns the series of the folds that select an event, ascending by ID.
func (sc *Schema) liftSeries(e *Event, name string, at Stamp) []series {
	ix := sc.folds()
	named, every := ix.named[name], ix.every
	if len(named)+len(every) == 0 {
		return nil
	}
	l, _ := ix.idle.Get().(*lifter)
	if l == nil {
		l = &lifter{}
	}
	l.event, l.at = e, at
	for len(named) > 0 && len(every) > 0 {
		if every[0].fold.ID < named[0].fold.ID {
			l.fold(every[0])
			every = every[1:]
			continue
		}
		if every[0].fold == named[0].fold {
			every = every[1:]
		}
		l.fold(named[0])
		named = named[1:]
	}
	for _, c := range named {
		l.fold(c)
	}
	for _, c := range every {
		l.fold(c)
	}
	out := l.series()
	l.reset()
	ix.idle.Put(l)
	return out
}

// lifter folds one event into series, whose bodies are parts of one text. It is used
// again for another, by one goroutine at a time.
type lifter struct {
	event *Event
	at    Stamp
	days  dayCache
	hour  int // of Stays, that the event counts to
	parts []part
	dst   []byte
	props [4]property // read last
	next  int         // which of props is read next
}

// reset forgets the event.
func (l *lifter) reset() {
	l.event, l.parts, l.dst, l.next = nil, l.parts[:0], l.dst[:0], 0
	clear(l.props[:])
	if cap(l.dst) > 64<<10 {
		l.dst = nil
	}
}

// part is one series: its body ends at end in dst.
type part struct {
	fold   *Fold
	bucket int64
	end    int
}

// series returns what was folded.
func (l *lifter) series() []series {
	if len(l.parts) == 0 {
		return nil
	}
	text, begin := string(l.dst), 0
	out := make([]series, len(l.parts))
	for i, p := range l.parts {
		out[i] = series{id: p.fold.ID, Series: Series{kind: p.fold.kind(), oldest: p.bucket, body: text[begin:p.end]}}
		begin = p.end
	}
	return out
}

// fold folds the event into one series, if one of its filters selects it.
func (l *lifter) fold(c candidate) {
	f := c.fold
	if l.at.At < f.Since {
		return
	}
	var selects uint64
	for _, n := range c.filters {
		if match := f.Filters[n].Match; match == nil || match(l.event) {
			selects |= 1 << n
		}
	}
	if selects == 0 {
		return
	}
	begin := len(l.dst)
	bucket := int64(l.at.At)
	switch f.Form {
	case Spans:
	case Stays:
		var ok bool
		if bucket, l.hour, ok = f.stay(l.at.At, &l.days); !ok {
			return
		}
		l.dst = appendZigzag(l.dst, bucket)
	default:
		bucket = f.bucket(l.at.At, &l.days)
		l.dst = appendZigzag(l.dst, bucket)
	}
	if !l.cell(f, bucket, selects) {
		l.dst = l.dst[:begin]
		return
	}
	l.parts = append(l.parts, part{f, bucket, len(l.dst)})
}

// cell appends what the bucket of one event holds; ok is false where the event has
// nothing to fold.
func (l *lifter) cell(f *Fold, bucket int64, selects uint64) (ok bool) {
	k := f.kind()
	switch f.Form {
	case Tally:
		l.dst = append(l.dst, 1)
		return true
	case Times:
		l.dst = k.appendTimes(l.dst, bucket, l.at.At, l.at.At)
		return true
	case Presence:
		return true
	case Spans:
		l.dst = appendSpans(l.dst, []SpanFold{{l.at.At, l.at.At, 1}}, k.param)
		return true
	case Scores:
		return l.scores(f, selects)
	case Stays:
		return l.stays(f)
	case FirstDay:
		l.dst = appendOpening(l.dst, openingOf(l.values(f.Property)))
		return true
	case Trace:
		link := l.event.Properties[f.Property]
		if link.kind >= KindList || link.check(0) != nil {
			link = Value{}
		}
		l.dst = k.appendTrace(l.dst, bucket, []TraceFold{{Stamp: l.at, Selects: selects, Link: link}})
		return true
	}
	values := l.values(f.Property)
	if len(values) == 0 {
		return false
	}
	switch f.Form {
	case Numbers:
		return l.numbers(values)
	case Ends:
		l.dst = k.appendEnds(l.dst, bucket, ends{first: SeenFold{values[0], l.at}, last: SeenFold{values[len(values)-1], l.at}})
	case Recent, Oldest:
		var few [8]SeenFold
		seen := few[:0]
		for _, v := range values[:min(len(values), int(k.param))] {
			seen = append(seen, SeenFold{v, l.at})
		}
		l.dst = k.appendSeen(l.dst, bucket, seen)
	case Keys:
		l.keys(k, values, keyed{count: 1})
	case Sums:
		by, ok := l.event.Properties[f.By].amount()
		if !ok {
			return false
		}
		l.keys(k, values, keyed{sum: by})
	default:
		return false
	}
	return true
}

// numbers appends the fold of the numbers among values.
func (l *lifter) numbers(values []Value) (ok bool) {
	var all NumberFold
	for _, v := range values {
		sum, number := v.amount()
		if !number {
			continue
		}
		n := NumberFold{Count: 1, Sum: sum, Min: v.Number(), Max: v.Number()}
		if ok {
			all.join(n)
		} else {
			all, ok = n, true
		}
	}
	if ok {
		l.dst = appendNumbers(l.dst, all)
	}
	return ok
}

// amount returns a number as a decimal; ok is false where it is none, or has none.
func (v Value) amount() (d Decimal, ok bool) {
	if v.kind != KindNumber {
		return Decimal{}, false
	}
	return DecimalOf(v.Number())
}

// keys appends the same for each key.
func (l *lifter) keys(k kind, values []Value, each keyed) {
	if len(values) > maxElements {
		l.dst = append(l.dst, 0)
		return
	}
	l.dst = binary.AppendUvarint(l.dst, uint64(len(values)))
	for _, v := range values {
		each.value = v
		l.dst = k.appendKeyed(l.dst, each)
	}
}

// scores appends what the filters add to the scores of their keys.
func (l *lifter) scores(f *Fold, selects uint64) (ok bool) {
	var few [8]keyed
	all := few[:0]
	for n := range f.Filters {
		filter := &f.Filters[n]
		weight, ok := filter.Weight, selects>>n&1 != 0
		if ok && filter.By != "" {
			by := l.event.Properties[filter.By]
			_, ok = by.amount()
			weight = float64(weight * by.Number())
		}
		if !ok || !(math.Abs(weight) <= maxWeight) {
			continue
		}
		sum := scoreAt(weight, l.at.At, f.halfLife())
		for _, v := range l.values(filter.Property) {
			all = append(all, keyed{value: v, sum: sum})
		}
	}
	if len(all) == 0 {
		return false
	}
	slices.SortFunc(all, func(a, b keyed) int { return a.value.Compare(b.value) })
	kept := all[:1]
	for _, v := range all[1:] {
		if last := &kept[len(kept)-1]; last.value.Equal(v.value) {
			last.sum = last.sum.Add(v.sum)
		} else {
			kept = append(kept, v)
		}
	}
	if len(kept) > maxElements {
		l.dst = append(l.dst, 0)
		return true
	}
	l.dst = binary.AppendUvarint(l.dst, uint64(len(kept)))
	for _, v := range kept {
		l.dst = f.kind().appendKeyed(l.dst, v)
	}
	return true
}

// property is the distinct values of one property, ascending.
type property struct {
	name   string
	values []Value
	one    [1]Value
}

// values returns the scalars that a property holds, ascending and distinct, without
// what no state holds.
func (l *lifter) values(name string) []Value {
	for i := range l.props {
		if p := &l.props[i]; p.name == name && p.values != nil {
			return p.values
		}
	}
	v := l.event.Properties[name]
	if v.IsNull() {
		return nil
	}
	p := &l.props[l.next%len(l.props)]
	l.next++
	p.name, p.values = name, p.one[:0]
	for _, e := range v.scalars(&p.one) {
		if e.kind != KindNull && e.kind < KindList && e.check(0) == nil {
			p.values = append(p.values, e)
		}
	}
	return p.values
}

// scalars returns the elements of a list or set, ascending and distinct, or the value
// alone.
func (v Value) scalars(one *[1]Value) []Value {
	switch v.kind {
	case KindSet:
		return v.list
	case KindList:
		return Set(slices.Clone(v.list)...).list
	}
	one[0] = v
	return one[:]
}
