// Package eventlog is the stored form of the events that a store keeps beside what
// it folds them into. docs/format.md draws it. Where an event lies (whose it is, and
// its place in time) is in its key; the form holds all the rest of what the host
// handed in, but for Received.
package eventlog

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// version is the first byte of the form.
const version = 1

// fields is the number of fields of the form, to which consents are one more.
const fields = 11

// What is known of an event's time beside the instant in its key.
const (
	flagTimed    = 1 << iota // the sender gave it; else it is when the event was received
	flagOriginal             // it was corrected
	flagsKnown   = 1<<iota - 1
)

// Names that events of the types go by that are not counted by name.
const (
	IdentifyName = "$identify"
	GroupName    = "$group"
	AliasName    = "$alias"
)

// NameOf returns the name that says for how long an event is kept: the one that it
// is counted under, or that of its type.
func NameOf(e *profile.Event) string {
	switch e.Type {
	case profile.Identify:
		return IdentifyName
	case profile.Group:
		return GroupName
	case profile.Alias:
		return AliasName
	}
	return e.CountedName()
}

// Append appends the stored form of a valid event, which is to be kept for some
// seconds from its time on. The same event gives the same bytes.
func Append(dst []byte, e *profile.Event, seconds uint32) []byte {
	var flags uint64
	var original int64
	if !e.Time.IsZero() {
		flags |= flagTimed
	}
	if !e.Original.IsZero() {
		flags |= flagOriginal
		original = int64(profile.InstantOf(e.Original))
	}
	dst = append(dst, version)
	n := fields
	if len(e.Consent) > 0 {
		n++
	}
	dst = pack.AppendArray(dst, n)
	dst = pack.AppendUint(dst, uint64(seconds))
	dst = pack.AppendUint(dst, uint64(e.Type))
	dst = pack.AppendString(dst, e.Name)
	dst = pack.AppendUint(dst, flags)
	dst = pack.AppendInt(dst, original)
	dst = pack.AppendString(dst, e.Source)
	dst = pack.AppendString(dst, e.MessageID)
	dst = pack.AppendUint(dst, uint64(e.Auth))
	dst = pack.AppendArray(dst, 2*len(e.Identifiers))
	for _, id := range e.Identifiers {
		dst = pack.AppendString(pack.AppendString(dst, id.Namespace), id.Value)
	}
	dst = appendFields(appendFields(dst, e.Properties), e.Traits)
	if len(e.Consent) > 0 {
		dst = profile.AppendConsents(dst, e.Consent)
	}
	return dst
}

func appendFields(dst []byte, fields map[string]profile.Value) []byte {
	dst = pack.AppendArray(dst, 2*len(fields))
	var few [16]string
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		dst = profile.AppendValue(pack.AppendString(dst, name), fields[name])
	}
	return dst
}

// Head is what tells how long an event is kept, and whether it has to be read whole.
type Head struct {
	Seconds uint32
	Type    profile.Type
	Name    string
}

// Event returns an event that has the head's type and name, and nothing else.
func (h Head) Event() profile.Event { return profile.Event{Type: h.Type, Name: h.Name} }

// ReadHead reads the front of an event's form and no more of it.
func ReadHead(data []byte) (Head, error) {
	r := pack.NewReader(data)
	h, _ := readHead(&r)
	return h, described(r.Err())
}

// readHead reads the front; consents says that they come last.
func readHead(r *pack.Reader) (h Head, consents bool) {
	if v := r.Byte(); r.Err() == nil && v != version {
		r.Fail(fmt.Errorf("unknown version %d, want %d", v, version))
	}
	consents = r.Fields("event", fields, fields+1) > fields
	h.Seconds = r.Uint32()
	typ := r.Uint()
	if typ > uint64(profile.Alias) {
		r.Fail(fmt.Errorf("unknown type %d", typ))
	}
	h.Type = profile.Type(typ)
	h.Name = r.String()
	return h, consents
}

// The years that an original time lies in.
var (
	firstOriginal = profile.InstantOf(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC))
	lastOriginal  = profile.InstantOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) - 1
)

// Decode returns the event that lies at an instant. It takes the form of Append only.
// Times are in UTC, and cut down to the microsecond; Received is zero, but for an
// event that the sender gave no time, whose Time is zero. The event shares no memory
// with data.
func Decode(data []byte, at profile.Instant) (profile.Event, error) {
	e, err := decode(data, at)
	if err != nil {
		return profile.Event{}, described(err)
	}
	return e, nil
}

func decode(data []byte, at profile.Instant) (e profile.Event, err error) {
	r := pack.NewSharingReader(data)
	h, consents := readHead(&r)
	e.Type, e.Name = h.Type, h.Name
	flags := r.Uint()
	if flags > flagsKnown {
		r.Fail(fmt.Errorf("unknown flags %d", flags))
	}
	if flags&flagTimed != 0 {
		e.Time = at.Time()
	} else {
		e.Received = at.Time()
	}
	original := profile.Instant(r.Int())
	switch {
	case flags&flagOriginal == 0 && original != 0:
		r.Fail(errors.New("an original time, and no flag for it"))
	case flags&flagOriginal == 0:
	case original < firstOriginal || original > lastOriginal:
		r.Fail(errors.New("original time outside the years 1900 to 9999"))
	default:
		e.Original = original.Time()
	}
	e.Source = r.String()
	e.MessageID = r.String()
	auth := r.Uint()
	if auth > 0xff {
		r.Fail(fmt.Errorf("authentication of level %d", auth))
	}
	e.Auth = uint8(auth)
	e.Identifiers = readIdentifiers(&r)
	rest := r.Rest()
	if err := r.Err(); err != nil {
		return e, err
	}
	if e.Properties, rest, err = readFields("properties", rest); err != nil {
		return e, err
	}
	if e.Traits, rest, err = readFields("traits", rest); err != nil {
		return e, err
	}
	if consents {
		if e.Consent, rest, err = profile.DecodeConsents(rest); err != nil {
			return e, err
		}
		if len(e.Consent) == 0 {
			return e, errors.New("consents of no purpose")
		}
	}
	if len(rest) > 0 {
		return e, fmt.Errorf("%d bytes too many", len(rest))
	}
	return e, nil
}

func readIdentifiers(r *pack.Reader) []profile.Identifier {
	n := r.Array(1)
	if n%2 != 0 {
		r.Fail(fmt.Errorf("identifiers in an array of %d", n))
	}
	if n == 0 || r.Err() != nil {
		return nil
	}
	ids := make([]profile.Identifier, n/2)
	for i := range ids {
		ids[i] = profile.Identifier{Namespace: r.String(), Value: r.String()}
	}
	return ids
}

// readFields reads named values, ascending by name; nil for none.
func readFields(what string, data []byte) (fields map[string]profile.Value, rest []byte, err error) {
	r := pack.NewReader(data)
	n := r.Array(1)
	if n%2 != 0 {
		r.Fail(fmt.Errorf("array of %d", n))
	}
	rest = r.Rest()
	if err := r.Err(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", what, err)
	}
	if n == 0 {
		return nil, rest, nil
	}
	// What the array claims to hold is believed only as it comes.
	fields = make(map[string]profile.Value, min(n/2, 32))
	last := ""
	for i := range n / 2 {
		r := pack.NewReader(rest)
		name := r.String()
		if i > 0 && name <= last {
			r.Fail(errors.New("names are not ascending"))
		}
		rest = r.Rest()
		if err := r.Err(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", what, err)
		}
		if fields[name], rest, err = profile.DecodeValue(rest); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", what, err)
		}
		last = name
	}
	return fields, rest, nil
}

func described(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("logged event: %w", err)
}
