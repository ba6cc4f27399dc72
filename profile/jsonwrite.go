package profile

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// MarshalJSON returns the event as one JSON object that ParseEvent reads, the
// same bytes for the same event. Times are written in UTC. What JSON has no type
// for comes back as another: a time value as text and a set as a list, which a
// declared attribute accepts; identifiers may come back in another order. Names
// of more than 1,024 bytes and more than 10,000 properties are written and not
// read, an event with an Original and no Time comes back with both, and Auth is
// not written. An error is a *FieldError: numbers that are not finite, text that
// is not UTF-8 and times outside the years 1 to 9999 cannot be written.
func (e Event) MarshalJSON() ([]byte, error) {
	w := jsonWriter{buf: make([]byte, 0, 256)}
	w.open()
	w.field("type", String(e.Type.String()))
	w.optional("messageId", e.MessageID)
	w.optional("source", e.Source)
	w.identifiers(e.Identifiers)
	groups, traits := e.Traits[GroupsTrait], "traits"
	if e.Type == Group {
		w.optional("groupId", groups.Text())
		traits = "userTraits"
	}
	if e.Type == Track {
		w.optional("event", e.Name)
	} else {
		w.optional("name", e.Name)
	}
	w.time("originalTimestamp", e.Original)
	w.time("timestamp", e.Time)
	w.time("receivedAt", e.Received)
	w.fields("properties", e.Properties, "")
	skip := ""
	if e.Type == Group && groups.Text() != "" {
		skip = GroupsTrait
	}
	w.fields(traits, e.Traits, skip)
	w.consents(e.Consent)
	w.close()
	return w.buf, w.result()
}

// MarshalJSON returns the value as JSON: a time as text in RFC 3339, a point as
// {"lat", "lon"}, a set as an array. The errors are those of Event.MarshalJSON.
func (v Value) MarshalJSON() ([]byte, error) {
	w := jsonWriter{buf: make([]byte, 0, 32)}
	w.value(v)
	return w.buf, w.result()
}

// jsonWriter appends JSON. The first fault sticks.
type jsonWriter struct {
	buf []byte
	err *FieldError
}

func (w *jsonWriter) result() error {
	if w.err != nil {
		return w.err
	}
	return nil
}

func (w *jsonWriter) fail(reason, detail string) {
	if w.err == nil {
		w.err = &FieldError{Reason: reason, Detail: detail}
	}
}

func (w *jsonWriter) open() { w.buf = append(w.buf, '{') }

func (w *jsonWriter) close() { w.buf = append(w.buf, '}') }

// comma separates from the value before, if there is one.
func (w *jsonWriter) comma() {
	if last := w.buf[len(w.buf)-1]; last != '{' && last != '[' {
		w.buf = append(w.buf, ',')
	}
}

func (w *jsonWriter) name(name string) {
	w.comma()
	w.text(name)
	w.buf = append(w.buf, ':')
}

func (w *jsonWriter) field(name string, v Value) {
	w.name(name)
	fine := w.err == nil
	w.value(v)
	if fine && w.err != nil {
		w.err = w.err.under(name)
	}
}

// optional writes a text unless it is empty.
func (w *jsonWriter) optional(name, s string) {
	if s != "" {
		w.field(name, String(s))
	}
}

// time writes a time, finer than the microsecond too, unless it is zero.
func (w *jsonWriter) time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		w.fail(ReasonTimeOutOfRange, "outside the years 1 to 9999")
		w.err = w.err.under(name)
		return
	}
	w.name(name)
	w.buf = t.AppendFormat(append(w.buf, '"'), time.RFC3339Nano)
	w.buf = append(w.buf, '"')
}

// identifiers writes the first user and anonymous ID in the fields of the spec,
// and all others by namespace.
func (w *jsonWriter) identifiers(ids []Identifier) {
	rest := make(map[string]Value)
	user := slices.IndexFunc(ids, func(id Identifier) bool { return id.Namespace == "user_id" })
	if user >= 0 {
		w.optional("userId", ids[user].Value)
	}
	anonymous := slices.IndexFunc(ids, func(id Identifier) bool { return id.Namespace == "anonymous_id" })
	if anonymous >= 0 {
		w.optional("anonymousId", ids[anonymous].Value)
	}
	for i, id := range ids {
		if i == user || i == anonymous {
			continue
		}
		switch v, ok := rest[id.Namespace]; {
		case !ok:
			rest[id.Namespace] = String(id.Value)
		case v.kind == KindString:
			rest[id.Namespace] = List(v, String(id.Value))
		default:
			rest[id.Namespace] = List(append(v.list, String(id.Value))...)
		}
	}
	w.fields("identifiers", rest, "")
}

// fields writes a map as an object, sorted by name, unless it is empty.
func (w *jsonWriter) fields(name string, fields map[string]Value, skip string) {
	names := slices.Sorted(maps.Keys(fields))
	if skip != "" {
		names = slices.DeleteFunc(names, func(n string) bool { return n == skip })
	}
	if len(names) == 0 {
		return
	}
	w.name(name)
	fine := w.err == nil
	w.open()
	for _, n := range names {
		w.field(n, fields[n])
	}
	w.close()
	if fine && w.err != nil {
		w.err = w.err.under(name)
	}
}

func (w *jsonWriter) value(v Value) {
	switch v.kind {
	case KindBool:
		w.buf = strconv.AppendBool(w.buf, v.Bool())
	case KindNumber:
		w.number(v.Number())
	case KindTime:
		if f := v.check(0); f != nil {
			w.fail(f.reason, f.detail)
			return
		}
		w.buf = v.Instant().Time().AppendFormat(append(w.buf, '"'), time.RFC3339Nano)
		w.buf = append(w.buf, '"')
	case KindPoint:
		lat, lon := v.Point()
		w.buf = append(w.buf, `{"lat":`...)
		w.number(lat)
		w.buf = append(w.buf, `,"lon":`...)
		w.number(lon)
		w.close()
	case KindString:
		w.text(v.str)
	case KindList, KindSet:
		w.buf = append(w.buf, '[')
		for i, e := range v.list {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			w.value(e)
		}
		w.buf = append(w.buf, ']')
	default:
		w.buf = append(w.buf, "null"...)
	}
}

// number writes the shortest decimal that reads back as f.
func (w *jsonWriter) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.fail(ReasonNotFinite, "got "+strconv.FormatFloat(f, 'f', -1, 64))
		return
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	w.buf = strconv.AppendFloat(w.buf, f, format, -1, 64)
}

// text writes a string with the least escapes that RFC 8259 wants.
func (w *jsonWriter) text(s string) {
	if !utf8.ValidString(s) {
		w.fail(ReasonInvalidUTF8, "")
		return
	}
	const hex = "0123456789abcdef"
	w.buf = append(w.buf, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		w.buf = append(w.buf, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			w.buf = append(w.buf, '\\', c)
		case '\n':
			w.buf = append(w.buf, '\\', 'n')
		case '\t':
			w.buf = append(w.buf, '\\', 't')
		case '\r':
			w.buf = append(w.buf, '\\', 'r')
		default:
			w.buf = append(w.buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	w.buf = append(append(w.buf, s[start:]...), '"')
}
