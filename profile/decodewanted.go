package profile

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/pack"
)

// Wants names what some rules read of a State, beside how many events it holds and their
// span. Every list is ascending, without repetitions. The zero Wants reads no more than
// those.
type Wants struct {
	Attributes []string // by name, under whatever policy
	Events     []string // what is kept of every event of a name, its properties too
	Series     []uint32 // by the ID of the Fold
}

// Excerpt is what is wanted of a State that is stored. It has no stored form: to store
// it would lose what was not wanted. The zero Excerpt is one of no events, to decode into.
type Excerpt struct {
	state State
	// names is how many undeclared attributes, or event names, the whole state may have.
	names int
	entry reader // memory to use again
}

// Decode reads what is wanted of the bytes that [State.Append] wrote into x, whose memory
// it uses again: what [Excerpt.State] returned before is no more. Values that were read
// from that stay. Every reading of what is wanted says the same of the excerpt as of the
// whole state.
//
// It refuses what [DecodeState] refuses, but for faults of what is not wanted. That it
// passes over by its length, and what comes behind the last that is wanted it does not
// look at; so it does not see that names which are not wanted are out of order or too many.
// After an error x is the zero Excerpt. It allocates for what is wanted alone.
func (w *Wants) Decode(x *Excerpt, data []byte) error {
	s := &x.state
	*s = State{attrs: s.attrs[:0], counters: s.counters[:0], series: s.series[:0]}
	err := w.decode(x, data)
	x.entry = reader{}
	if err != nil {
		*x = Excerpt{}
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (w *Wants) decode(x *Excerpt, data []byte) error {
	s := &x.state
	r := reader{pack.NewReader(data)}
	if v := r.Byte(); r.Err() == nil && v != stateVersion {
		return fmt.Errorf("unknown version %d, want %d", v, stateVersion)
	}
	r.Fields("state", 6)
	if r.Next() == pack.TypeNil {
		r.Nil()
	} else if err := s.wantSeries(r.Bin(), w.Series); err != nil && r.Err() == nil {
		return err
	}
	r.head(s)
	attrs := r.Array(4)
	if err := r.Err(); err != nil {
		return err
	}
	return w.decodeNamed(x, attrs, r.Rest())
}

// decodeNamed reads the attributes, of which there are so many, and the counters.
func (w *Wants) decodeNamed(x *Excerpt, attrs int, data []byte) (err error) {
	s := &x.state
	// The last byte, whatever comes before.
	if len(data) == 0 || data[len(data)-1] > overflowKnown {
		return errors.New("unknown overflow")
	}
	s.overflow = overflow(data[len(data)-1])
	data = data[:len(data)-1]
	x.names = max(attrs, len(data)/6)
	left := named{data, attrs}
	if s.attrs, err = wanted(x, s.attrs, w.Attributes, &left, (*reader).attr, (*attr).compare); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	if len(w.Events) > 0 {
		data, ok := skip(left.data, left.n)
		r := pack.NewReader(data)
		counters := r.Array(6)
		if err := r.Err(); err != nil || !ok {
			return fmt.Errorf("attributes: %w", cmp.Or(err, errShort))
		}
		x.names, left = max(attrs, counters), named{r.Rest(), counters}
		if s.counters, err = wanted(x, s.counters, w.Events, &left, (*reader).counter, (*counter).compare); err != nil {
			return fmt.Errorf("events: %w", err)
		}
	}
	var r reader
	r.undeclared(count(s.attrs, func(a *attr) bool { return !a.declared }), s.overflow&overflowAttrs != 0)
	r.undeclared(count(s.counters, func(c *counter) bool { return !c.declared }), s.overflow&overflowEvents != 0)
	return r.Err()
}

// named is what is left of a list of so many entries, each of which begins with its name.
type named struct {
	data []byte
	n    int
}

var errShort = errors.New("cut short")

// wanted takes entries, ascending, up to the last of some names, and appends those of the
// names to list.
func wanted[T any](x *Excerpt, list []T, names []string, in *named, read func(*reader, *T), compare func(a, b *T) int) ([]T, error) {
	for len(names) > 0 && in.n > 0 {
		name, ok := nameOf(in.data)
		rest, whole := skip(in.data, 1)
		if !ok || !whole {
			return nil, errShort
		}
		for len(names) > 0 && names[0] < string(name) {
			names = names[1:]
		}
		if len(names) > 0 && names[0] == string(name) {
			last := len(list)
			list = append(list, *new(T))
			x.entry = reader{pack.NewSharingReader(in.data[:len(in.data)-len(rest)])}
			read(&x.entry, &list[last])
			if err := x.entry.Close(); err != nil {
				return nil, err
			}
			if last > 0 && compare(&list[last-1], &list[last]) >= 0 {
				return nil, errors.New("entries are not ascending")
			}
		}
		in.data, in.n = rest, in.n-1
	}
	return list, nil
}

// wantSeries reads the series of some folds, ascending, out of what appendSeries wrote.
func (s *State) wantSeries(data []byte, ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	in := entries{data: data}
	n := in.uint()
	if n > uint64(len(data)) {
		in.bad = true
	}
	var last [1]series
	before := last[:0]
	for ; n > 0; n-- {
		from := in.data
		one := in.series(last[0].id)
		if in.bad {
			break
		}
		for len(ids) > 0 && ids[0] < one.id {
			ids = ids[1:]
		}
		if len(ids) == 0 {
			return nil
		}
		if ids[0] == one.id {
			text := scan{s: string(from[:len(from)-len(in.data)])}
			s.series = append(s.series, series{})
			if err := text.series(&s.series[len(s.series)-1], before); err != nil {
				return fmt.Errorf("series: %w", err)
			}
		}
		last[0] = one
		before = last[:]
	}
	if in.bad || len(in.data) > 0 {
		return errors.New("series: cut short, or bytes too many")
	}
	return nil
}

// entries passes over series without reading what they hold.
type entries struct {
	data []byte
	bad  bool
}

// uint reads seven bits a byte, the lowest first, in the shortest form.
func (e *entries) uint() uint64 {
	n, size := binary.Uvarint(e.data)
	if size <= 0 || size > 1 && e.data[size-1] == 0 {
		e.bad, e.data = true, nil
		return 0
	}
	e.data = e.data[size:]
	return n
}

// series takes the next series, which follows one of an ID, and returns whose and of
// which kind it is.
func (e *entries) series(after uint32) (s series) {
	id := e.uint() + uint64(after)
	if len(e.data) == 0 || id>>32 != 0 {
		e.bad = true
		return s
	}
	s.id, s.form, s.grain = uint32(id), Form(e.data[0]&15), Grain(e.data[0]>>4)
	e.data = e.data[1:]
	if s.hasParam() {
		s.param = e.uint()
	}
	if size := e.uint(); size > uint64(len(e.data)) {
		e.bad = true
	} else {
		e.data = e.data[size:]
	}
	return s
}

// Name tells the excerpt whose it is, as [State.Name] does.
func (x *Excerpt) Name(id *Identifier) { x.state.Name(id) }

// State returns the excerpt as a state to read what is wanted from, until the next Decode
// into x. It is not to be stored or changed.
func (x *Excerpt) State() *State { return &x.state }

// CombineExcerpts combines excerpts of the same Wants, one or more, for reading alone. ok
// is false where their whole states may have more undeclared names together than a state
// holds: which of them does not show in excerpts. The result may be one of them.
func CombineExcerpts(xs []Excerpt) (s *State, ok bool) {
	if len(xs) == 1 {
		return &xs[0].state, true
	}
	names := 0
	for i := range xs {
		if names += xs[i].names; names > maxUndeclared {
			return nil, false
		}
	}
	s = xs[0].state.Clone()
	for i := range xs[1:] {
		s.Absorb(&xs[1+i].state)
	}
	return s, true
}
