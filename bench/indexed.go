package main

import (
	"context"
	"iter"
	"math"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// The fields of an indexed population; those of the attributes' values follow.
const (
	fifthField segment.FieldID = everyone + 1 + iota
	valueField
	seenField
	firstValueField
)

// indexed is a population in an index of Portrait, all of it in memory, asked on one
// goroutine.
type indexed struct {
	src        segment.Source
	attributes map[string]numbered
	value      segment.Measure
}

// numbered are the bitmaps of an attribute whose values are numbers from 0 on.
type numbered struct {
	first segment.FieldID
	n     int
}

func (v numbered) Field(value profile.Value) (segment.FieldID, bool) {
	f := value.Number()
	if value.Kind() != profile.KindNumber || f < 0 || f >= float64(v.n) {
		return 0, false
	}
	return v.first + segment.FieldID(f), true
}

func (v numbered) Exists() segment.FieldID { return everyone }

func (v numbered) All() iter.Seq2[profile.Value, segment.FieldID] {
	return func(yield func(profile.Value, segment.FieldID) bool) {
		for i := range v.n {
			if !yield(profile.Number(float64(i)), v.first+segment.FieldID(i)) {
				return
			}
		}
	}
}

// newIndexed indexes a population. The numbers are kept as a DB keeps a numeric
// trait: any double would fit.
func newIndexed(p *population) (*indexed, error) {
	index := segment.New(0)
	x := &indexed{attributes: map[string]numbered{}, value: segment.Measure{Field: valueField, Kind: profile.KindNumber}}
	commit := func(put func(tx *segment.Tx, i int, ordinal uint32)) error {
		tx := index.Begin()
		for i := range p.len() {
			put(tx, i, uint32(i))
		}
		if err := tx.Err(); err != nil {
			return err
		}
		tx.Commit()
		return nil
	}
	puts := []func(tx *segment.Tx, i int, ordinal uint32){
		func(tx *segment.Tx, _ int, ordinal uint32) { tx.Set(everyone, ordinal, true) },
		func(tx *segment.Tx, i int, ordinal uint32) {
			if p.inFifth(i) {
				tx.Set(fifthField, ordinal, true)
			}
		},
		func(tx *segment.Tx, i int, ordinal uint32) {
			tx.Put(valueField, ordinal, segment.SortableNumber(float64(p.value[i])))
		},
		func(tx *segment.Tx, i int, ordinal uint32) { tx.Put(seenField, ordinal, p.seen[i]) },
	}
	next := firstValueField
	for _, name := range []string{"city", "shop", "channel"} {
		first, column := next, p.attribute(name)
		x.attributes[name] = numbered{first, attributeValues(name)}
		next += segment.FieldID(attributeValues(name))
		puts = append(puts, func(tx *segment.Tx, i int, ordinal uint32) {
			tx.Set(first+segment.FieldID(column[i]), ordinal, true)
		})
	}
	for _, put := range puts {
		if err := commit(put); err != nil {
			return nil, err
		}
	}
	x.src = segment.Source{Root: index.Root()}
	return x, nil
}

func (*indexed) name() string { return subject }
func (*indexed) close() error { return nil }

func (x *indexed) prepare(ctx context.Context, q question) (func() (uint64, error), error) {
	fifth := segment.NewQuery(segment.Bits(fifthField), everyone)
	switch q.asked {
	case counted:
		query := segment.NewQuery(x.between(q), everyone)
		return func() (uint64, error) { return query.Count(ctx, x.src) }, nil
	case summed:
		return func() (uint64, error) {
			s, err := fifth.Summary(ctx, x.src, x.value)
			return uint64(s.Sum), err
		}, nil
	case quantiled:
		return func() (uint64, error) {
			found, err := fifth.Quantiles(ctx, x.src, x.value, segment.Discrete, shares[:]...)
			d := newDigest()
			for _, v := range found {
				d.add(uint64(segment.Number(v)))
			}
			return d.sum(), err
		}, nil
	case topped:
		return func() (uint64, error) {
			found, err := fifth.Top(ctx, x.src, x.value, segment.Ranking{K: topCount})
			d := newDigest()
			for _, r := range found {
				d.add(uint64(r.ID))
				d.add(uint64(segment.Number(r.Value)))
			}
			return d.sum(), err
		}, nil
	}
	by := make([]segment.Values, len(q.by))
	for i, name := range q.by {
		by[i] = x.attributes[name]
	}
	var measure *segment.Measure
	if q.sums {
		measure = &x.value
	}
	return func() (uint64, error) {
		found, err := fifth.Groups(ctx, x.src, measure, by...)
		if err != nil {
			return 0, err
		}
		return x.digest(q, found), nil
	}, nil
}

// between is the profiles whose value lies between the bounds of a question.
func (x *indexed) between(q question) segment.Node {
	if q.column == "seen" {
		return segment.Range(seenField, q.lo, q.hi)
	}
	return segment.Range(valueField, segment.SortableNumber(float64(q.lo)), segment.SortableNumber(float64(q.hi)))
}

func (x *indexed) digest(q question, found []segment.Group) uint64 {
	d := newDigest()
	for _, g := range found {
		at := uint64(0)
		for i, v := range g.Values {
			at = at*uint64(x.attributes[q.by[i]].n) + uint64(v.Number())
		}
		d.add(at)
		d.add(g.Count)
		if q.sums {
			d.add(uint64(math.Round(g.Summary.Sum)))
		}
	}
	return d.sum()
}
