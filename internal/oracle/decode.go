package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/portraitdb/portrait/profile"
)

// Decode reads the stored bytes of a state, laid out as profile.State.Append
// documents, through a general msgpack decoder. It checks the layout and not
// whether the bytes are in their only form, nor whether the figures make sense.
func Decode(state []byte) (*Person, error) {
	if len(state) == 0 || state[0] != 2 {
		return nil, errors.New("oracle: the state does not begin with version 2")
	}
	if err := bounded(state[1:]); err != nil {
		return nil, fmt.Errorf("oracle: state: %w", err)
	}
	source := bytes.NewReader(state[1:])
	decoder := msgpack.GetDecoder()
	defer msgpack.PutDecoder(decoder)
	decoder.Reset(source)
	decoder.UseLooseInterfaceDecoding(true)
	tree, err := decoder.DecodeInterface()
	if err != nil {
		return nil, fmt.Errorf("oracle: state: %w", err)
	}
	var r reading
	p := r.person(tree)
	if r.err != nil {
		return nil, fmt.Errorf("oracle: state: %w", r.err)
	}
	return p, nil
}

// reading turns what the msgpack decoder made into a person. The first thing
// that is out of place sticks in err; from then on everything reads as zero.
type reading struct{ err error }

func (r *reading) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reading) person(tree any) *Person {
	p := empty()
	p.Stored = true
	fields := r.list("state", tree, 6)
	if fields[0] != nil {
		var err error
		if p.Series, err = decodeSeries([]byte(r.text(fields[0]))); err != nil {
			r.fail("%w", err)
		}
	}
	fields = fields[1:]
	p.Events = r.unsigned(fields[0])
	p.First, p.Last = r.span(fields[1])
	for _, x := range r.list("attributes", fields[2]) {
		if purpose, held, ok := r.consents(x); ok {
			p.Consents[purpose] = held
			continue
		}
		key, a := r.attribute(x)
		if _, twice := p.Attributes[key]; twice {
			r.fail("attribute %q twice", key.Name)
		}
		p.Attributes[key] = a
	}
	for _, x := range r.list("counters", fields[3]) {
		key, c := r.counter(x)
		if _, twice := p.Counters[key]; twice {
			r.fail("event %q twice", key.Name)
		}
		p.Counters[key] = c
	}
	lost := r.unsigned(fields[4])
	if lost > 7 {
		r.fail("unknown overflow %d", lost)
	}
	p.LostAttributes, p.LostEvents, p.LostConsents = lost&1 != 0, lost&2 != 0, lost&4 != 0
	return p
}

func (r *reading) attribute(x any) (key AttributeKey, a Attribute) {
	fields := r.list("attribute", x, 3, 5)
	flags := r.unsigned(fields[1])
	key = AttributeKey{Name: r.text(fields[0]), Policy: profile.Policy(flags >> 1 & 0xff), Declared: flags&1 != 0}
	short := key.Policy == profile.Sum || key.Policy == profile.Union
	switch {
	case flags>>1 > uint64(profile.NonEmpty), short != (len(fields) == 3):
		r.fail("attribute %q with flags %d and %d fields", key.Name, flags, len(fields))
	case key.Policy == profile.Sum:
		a.Sum = r.sum(fields[2])
	case key.Policy == profile.Union:
		a.Value = r.value(fields[2])
		a.Lost = a.Value.IsNull()
		if !a.Lost && a.Value.Kind() != profile.KindSet {
			r.fail("attribute %q is no set but a %v", key.Name, a.Value.Kind())
		}
	default:
		a.Value, a.Stamp = r.value(fields[2]), r.stamp(fields[3:])
	}
	return key, a
}

func (r *reading) counter(x any) (key CounterKey, c Counter) {
	fields := r.list("counter", x, 4, 6)
	key = CounterKey{Name: r.text(fields[0]), Declared: r.unsigned(fields[1]) == 1}
	c.Count = r.unsigned(fields[2])
	c.First, c.Last = r.span(fields[3])
	c.Numbers, c.Uniques = map[string]Number{}, map[string]UniqueSet{}
	if len(fields) == 4 {
		return key, c
	}
	for _, x := range r.list("numbers", fields[4]) {
		property, n := r.number(x)
		if _, twice := c.Numbers[property]; twice {
			r.fail("event %q: number %q twice", key.Name, property)
		}
		c.Numbers[property] = n
	}
	for _, x := range r.list("uniques", fields[5]) {
		u := r.list("unique", x, 2)
		property := r.text(u[0])
		if _, twice := c.Uniques[property]; twice {
			r.fail("event %q: values of %q twice", key.Name, property)
		}
		set := UniqueSet{Lost: u[1] == nil}
		if !set.Lost {
			for _, v := range r.list("values", u[1]) {
				set.Values = append(set.Values, r.value(v))
			}
		}
		c.Uniques[property] = set
	}
	return key, c
}

func (r *reading) number(x any) (property string, n Number) {
	fields := r.list("number", x, 5, 13)
	property = r.text(fields[0])
	n.Count = r.unsigned(fields[1])
	if len(fields) == 5 {
		v, at := r.value(fields[2]).Number(), r.stamp(fields[3:])
		sum, ok := millionths(v)
		if !ok || n.Count != 1 {
			r.fail("property %q: no number of a single event", property)
		}
		return property, Number{
			Count: 1, Sum: sum, Min: v, MinAt: at.At, Max: v, MaxAt: at.At,
			First: v, FirstAt: at, Last: v, LastAt: at,
		}
	}
	n.Sum = r.sum(fields[2])
	n.Min, n.MinAt = r.value(fields[3]).Number(), profile.Instant(r.integer(fields[4]))
	n.Max, n.MaxAt = r.value(fields[5]).Number(), profile.Instant(r.integer(fields[6]))
	n.First, n.FirstAt = r.value(fields[7]).Number(), r.stamp(fields[8:10])
	n.Last, n.LastAt = r.value(fields[10]).Number(), r.stamp(fields[11:])
	return property, n
}

// span reads the stamps of the earliest and the latest event.
func (r *reading) span(x any) (first, last profile.Stamp) {
	switch fields := r.list("span", x, 0, 2, 4); {
	case len(fields) == 4:
		return r.stamp(fields[:2]), r.stamp(fields[2:])
	case len(fields) == 2:
		return r.stamp(fields), r.stamp(fields)
	}
	return first, last
}

func (r *reading) stamp(two []any) profile.Stamp {
	return profile.Stamp{At: profile.Instant(r.integer(two[0])), Tie: r.unsigned(two[1])}
}

// sum reads millionths: an integer, or 16 bytes in two's complement, which the
// decoder hands over as text.
func (r *reading) sum(x any) *big.Int {
	b, wide := x.(string)
	if !wide {
		return big.NewInt(r.integer(x))
	}
	if len(b) != 16 {
		r.fail("sum of %d bytes", len(b))
		return new(big.Int)
	}
	n := new(big.Int).SetBytes([]byte(b))
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n
}

func (r *reading) value(x any) profile.Value {
	switch x := x.(type) {
	case nil:
		return profile.Value{}
	case bool:
		return profile.Bool(x)
	case int64:
		return profile.Number(float64(x))
	case uint64:
		return profile.Number(float64(x))
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			r.fail("number %v", x)
			return profile.Value{}
		}
		return profile.Number(x)
	case time.Time:
		return profile.Time(x)
	case string:
		return profile.String(x)
	case []any:
		if len(x) == 0 {
			break
		}
		var elements []profile.Value
		for _, e := range x[1:] {
			elements = append(elements, r.value(e))
		}
		switch kind := r.unsigned(x[0]); {
		case kind == 4 && len(elements) == 2:
			return profile.Point(elements[0].Number(), elements[1].Number())
		case kind == 6:
			return profile.List(elements...)
		case kind == 7:
			return profile.Set(elements...)
		}
	}
	r.fail("no value: %v", x)
	return profile.Value{}
}

// list reads an array of one of the lengths, or of any. Out of place, it returns
// as many nothings as the first length asks for.
func (r *reading) list(what string, x any, lengths ...int) []any {
	fields, ok := x.([]any)
	if ok && len(lengths) == 0 {
		return fields
	}
	for _, n := range lengths {
		if ok && n == len(fields) {
			return fields
		}
	}
	r.fail("%s: want an array of %v, got %T of %d", what, lengths, x, len(fields))
	if len(lengths) == 0 {
		return nil
	}
	return make([]any, lengths[0])
}

func (r *reading) text(x any) string {
	s, ok := x.(string)
	if !ok {
		r.fail("want text, got %v", x)
	}
	return s
}

func (r *reading) integer(x any) int64 {
	if n, ok := x.(int64); ok {
		return n
	}
	n := r.unsigned(x)
	if n > math.MaxInt64 {
		r.fail("want an integer of 64 bits, got %d", n)
	}
	return int64(n)
}

func (r *reading) unsigned(x any) uint64 {
	switch n := x.(type) {
	case uint64:
		return n
	case int64:
		if n >= 0 {
			return uint64(n)
		}
	}
	r.fail("want an unsigned integer, got %v", x)
	return 0
}
