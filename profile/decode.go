package profile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/pack"
)

// reader reads the stored forms of this package.
type reader struct{ pack.Reader }

// DecodeState reads a state from the bytes that Append wrote. All other bytes
// are an error: decoding and encoding again gives the same bytes. It allocates
// less than 100 bytes for each byte of data, whatever that says. The texts of
// the state share one copy of data, so a value kept from it keeps that.
func DecodeState(data []byte) (*State, error) {
	s := &State{}
	r := reader{pack.NewReader(data)}
	if v := r.Byte(); r.Err() == nil && v != stateVersion {
		return nil, fmt.Errorf("state: unknown version %d, want %d", v, stateVersion)
	}
	r.Fields("state", 6)
	s.series = r.series()
	if r.Err() == nil {
		// What follows shares a copy of its own: the series change with every event.
		r = reader{pack.NewSharingReader(r.Rest())}
		r.state(s)
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return s, nil
}

// state reads what follows the series.
func (r *reader) state(s *State) {
	r.head(s)
	s.attrs = list(r, 4, (*reader).attr, (*attr).compare)
	s.counters = list(r, 6, (*reader).counter, (*counter).compare)
	over := r.Uint()
	if over > overflowKnown {
		r.Fail(fmt.Errorf("unknown overflow %d", over))
	}
	s.overflow = overflow(over)
	r.undeclared(count(s.attrs, func(a *attr) bool { return !a.declared }), s.overflow&overflowAttrs != 0)
	r.undeclared(count(s.counters, func(c *counter) bool { return !c.declared }), s.overflow&overflowEvents != 0)
	r.purposes(s)
}

// purposes checks the number of those that consents are of.
func (r *reader) purposes(s *State) {
	n := count(s.attrs, func(a *attr) bool { return a.policy == consents && !reserved(a.name) })
	if n > maxConsents || n > 0 && s.overflow&overflowConsents != 0 {
		r.Fail(errors.New("more purposes than a state holds"))
	}
}

// head reads how many events there are and their span.
func (r *reader) head(s *State) {
	s.events = r.Uint()
	var spans int
	s.first, s.last, spans = r.span()
	if (s.events == 0) != (spans == 0) {
		r.Fail(errors.New("span does not fit the number of events"))
	}
}

// undeclared checks the number of undeclared entries of a form.
func (r *reader) undeclared(n int, over bool) {
	if n > maxUndeclared || over && n > 0 {
		r.Fail(errors.New("more undeclared names than a state holds"))
	}
}

// list reads an ascending array whose entries take at least width bytes each.
func list[T any](r *reader, width int, read func(*reader, *T), compare func(a, b *T) int) []T {
	n := r.Array(width)
	if n == 0 {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		read(r, &out[i])
		if i > 0 && r.Err() == nil && compare(&out[i-1], &out[i]) >= 0 {
			r.Fail(errors.New("entries are not ascending"))
		}
		if r.Err() != nil {
			return nil
		}
	}
	return out
}

func (r *reader) stamp() Stamp {
	at := r.Int()
	return Stamp{At: Instant(at), Tie: r.Uint()}
}

// span reads a span; n is 0 for that of no event.
func (r *reader) span() (first, last Stamp, n int) {
	n = r.Fields("span", 0, 2, 4)
	if n == 0 {
		return first, last, 0
	}
	first = r.stamp()
	last = first
	if n == 4 {
		if last = r.stamp(); last.Compare(first) <= 0 && r.Err() == nil {
			r.Fail(errors.New("span ends before it begins"))
		}
	}
	return first, last, n
}

func (r *reader) attr(a *attr) {
	n := r.Fields("attribute", 3, 5)
	a.name = r.String()
	flags := r.Uint()
	if flags > uint64(len(policyNames))<<1-1 {
		r.Fail(fmt.Errorf("attribute %q: unknown flags %d", a.name, flags))
		return
	}
	a.declared, a.policy = flags&1 != 0, Policy(flags>>1)
	if !a.declared && a.policy != Latest {
		r.Fail(fmt.Errorf("attribute %q: undeclared under %v", a.name, a.policy))
	}
	if (n == 3) != (a.policy == Sum || a.policy == Union) {
		r.Fail(fmt.Errorf("attribute %q: %d fields under %v", a.name, n, a.policy))
	}
	switch a.policy {
	case Sum:
		a.sum = r.decimal()
		return
	case Union:
		if a.over = r.Nil(); a.over {
			return
		}
		if a.value = r.value(0); a.value.kind != KindSet {
			r.Fail(fmt.Errorf("attribute %q: %v under union", a.name, a.value.kind))
		}
		return
	}
	a.value = r.value(0)
	if a.policy == consents && r.Err() == nil && (!isRegister(a.value) || !a.declared) {
		r.Fail(fmt.Errorf("purpose %q: no register of a consent", a.name))
	}
	if null := a.value.IsNull(); null && !a.policy.Retains() || !null && a.policy == NonEmpty && a.value.empty() {
		r.Fail(fmt.Errorf("attribute %q: empty under %v", a.name, a.policy))
	}
	a.stamp = r.stamp()
}

func (r *reader) counter(c *counter) {
	n := r.Fields("counter", 4, 6)
	c.name = r.String()
	flags := r.Uint()
	if flags > 1 {
		r.Fail(fmt.Errorf("event %q: unknown flags %d", c.name, flags))
	}
	c.declared = flags == 1
	c.count = r.Uint()
	var spans int
	if c.first, c.last, spans = r.span(); c.count == 0 || spans == 0 || c.count == 1 && spans != 2 {
		r.Fail(fmt.Errorf("event %q: span does not fit the count %d", c.name, c.count))
	}
	if n != 6 {
		return
	}
	c.numbers = list(r, 5, (*reader).number, (*number).compare)
	c.uniques = list(r, 3, (*reader).unique, (*unique).compare)
	if !c.declared || len(c.numbers)+len(c.uniques) == 0 {
		r.Fail(fmt.Errorf("event %q: folds of properties missing, or of an undeclared event", c.name))
	}
}

func (r *reader) number(n *number) {
	size := r.Fields("number", 5, 13)
	prop := r.String()
	count := r.Uint()
	if size == 5 {
		v := r.Float()
		at := r.stamp()
		sum, ok := DecimalOf(v)
		if r.Err() == nil && (count != 1 || !ok) {
			r.Fail(fmt.Errorf("property %q: not a number of one event", prop))
		}
		*n = oneNumber(prop, v, sum, at)
		return
	}
	n.prop, n.count = prop, count
	n.sum = r.decimal()
	n.min, n.minAt = r.Float(), Instant(r.Int())
	n.max, n.maxAt = r.Float(), Instant(r.Int())
	n.first, n.firstAt = r.Float(), r.stamp()
	n.last, n.lastAt = r.Float(), r.stamp()
	if r.Err() == nil && !n.plausible() {
		r.Fail(fmt.Errorf("property %q: figures contradict each other", prop))
	}
}

// plausible reports whether the fold of several events can be one.
func (n *number) plausible() bool {
	return n.count > 1 && n.min <= n.max && n.firstAt.Compare(n.lastAt) <= 0 &&
		n.min >= -maxNumber && n.max <= maxNumber &&
		n.min <= n.first && n.first <= n.max && n.min <= n.last && n.last <= n.max &&
		n.firstAt.At <= min(n.minAt, n.maxAt) && max(n.minAt, n.maxAt) <= n.lastAt.At
}

func (r *reader) unique(u *unique) {
	r.Fields("unique", 2)
	u.prop = r.String()
	if u.over = r.Nil(); u.over {
		return
	}
	n := r.Array(1)
	if n == 0 {
		r.Fail(fmt.Errorf("property %q: no value", u.prop))
	}
	u.values = r.elements(n, true, 0)
	for _, v := range u.values {
		if v.kind == KindNull || v.kind >= KindList {
			r.Fail(fmt.Errorf("property %q: %v among distinct values", u.prop, v.kind))
		}
	}
}

func (r *reader) decimal() (d Decimal) {
	if r.Next() != pack.TypeBin {
		n := r.Int()
		return Decimal{hi: n >> 63, lo: uint64(n)}
	}
	b := r.Bin()
	if len(b) != 16 {
		r.Fail(fmt.Errorf("sum of %d bytes", len(b)))
		return Decimal{}
	}
	d.hi = int64(binary.BigEndian.Uint64(b))
	d.lo = binary.BigEndian.Uint64(b[8:])
	if _, short := d.small(); short {
		r.Fail(errors.New("sum is not the shortest form"))
	}
	return d
}
