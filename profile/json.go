package profile

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// The bounds of ParseEvent on names; Validate applies the host's own limits.
const (
	maxJSONName   = 1024  // bytes of a flattened name
	maxJSONFields = 10000 // properties, and traits
)

// ParseEvent reads an event from one JSON object in the form of the Segment
// spec. What it returns is well formed but not yet valid: see Validate. An error
// is a *FieldError with the path of the field.
//
//   - type is identify, track, page, screen, group or alias.
//   - userId becomes the identifier user_id, anonymousId and an alias's
//     previousId become anonymous_id, and each {type, id} of
//     context.externalIds the identifier of that namespace. An extension,
//     identifiers, holds more: {"email": "a@b.cn", "phone": ["1", "2"]}. Numbers
//     without fraction or exponent count as text; empty ones as absent.
//   - event is the name of a track, name that of the others. The category of a
//     page or screen becomes the property category where there is none.
//   - timestamp is Time and originalTimestamp is Original. Without timestamp,
//     Time is receivedAt - (sentAt - originalTimestamp) where all three are
//     given, else originalTimestamp. receivedAt is Received.
//   - source, an extension, is Source; without it context.library.name.
//   - properties are Properties, and traits are Traits, also beside a track, an
//     extension. An identify without traits takes context.traits. The groupId of
//     a group becomes the trait groups, while its traits, which are not those of
//     the person, become Properties; userTraits, an extension, are Traits then.
//   - context.consent.categoryPreferences is Consent: {"marketing": true}, or in the place
//     of true and false, an extension, {"status": "withdrawn", "policy": "2026-03",
//     "expires": "2027-03-01T00:00:00Z", "method": "signup form"}. An empty one denies
//     AllPurposes; where there is none, nothing is said.
//   - Nested objects flatten: {"address": {"city": "上海"}} is the property
//     "address.city"; an empty object leaves nothing. An object of exactly lat
//     (or latitude) and lon (or lng, longitude), both numbers, is a point. Arrays
//     become lists; other objects within them stay, as the text of compact JSON.
//   - Of a repeated name the last counts. Unknown names are ignored.
//
// Text that is not UTF-8, more than 32 levels, lists of more than 1,000
// elements, numbers beyond float64, flattened names over 1,024 bytes, more than
// 10,000 properties and anything after the object are refused.
func ParseEvent(data []byte) (Event, error) {
	s := scanner{data: data}
	if err := s.value(0); err != nil {
		return Event{}, err
	}
	if s.peek(); s.pos < len(data) {
		return Event{}, s.wrong("nothing after the event")
	}
	if data = bytes.TrimSpace(data); data[0] != '{' {
		return Event{}, &FieldError{Reason: ReasonNotAnObject, Detail: "want an event in braces"}
	}
	p := eventParser{fields: members(data)}
	p.parse()
	if p.err != nil {
		return Event{}, p.err
	}
	return p.e, nil
}

// UnmarshalJSON reads the event as ParseEvent does.
func (e *Event) UnmarshalJSON(data []byte) error {
	parsed, err := ParseEvent(data)
	if err != nil {
		return err
	}
	*e = parsed
	return nil
}

// eventParser turns checked JSON into an event. The first fault sticks.
type eventParser struct {
	e      Event
	fields object
	err    *FieldError
}

func (p *eventParser) fail(err *FieldError) {
	if p.err == nil {
		p.err = err
	}
}

func (p *eventParser) parse() {
	name := p.text("type", p.fields.get("type"))
	typ, ok := ParseType(name)
	if !ok {
		p.fail(&FieldError{Field: "type", Reason: ReasonUnknownType, Detail: fmt.Sprintf("got %.40q", name)})
		return
	}
	p.e.Type = typ
	p.e.MessageID = p.text("messageId", p.fields.get("messageId"))
	p.e.Source = p.text("source", p.fields.get("source"))
	if key := "name"; typ != Track {
		p.e.Name = p.text(key, p.fields.get(key))
	} else {
		p.e.Name = p.text("event", p.fields.get("event"))
	}
	p.times()
	context := p.context()
	p.identifiers(context)
	p.details(context)
	p.consents(context)
}

// object returns the members of an object; none for an absent one.
func (p *eventParser) object(field string, raw []byte) object {
	switch {
	case absent(raw):
		return nil
	case raw[0] != '{':
		p.fail(&FieldError{Field: field, Reason: ReasonNotAnObject})
		return nil
	}
	return members(raw)
}

// list returns the elements of an array; none for an absent one.
func (p *eventParser) list(field string, raw []byte) [][]byte {
	switch {
	case absent(raw):
		return nil
	case raw[0] != '[':
		p.fail(&FieldError{Field: field, Reason: ReasonNotAList})
		return nil
	}
	return items(raw)
}

func absent(raw []byte) bool { return len(raw) == 0 || raw[0] == 'n' }

// text returns a string, or an integer as its digits; "" for an absent one.
func (p *eventParser) text(field string, raw []byte) string {
	switch {
	case absent(raw):
		return ""
	case raw[0] == '"':
		return unquote(raw)
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		if !bytes.ContainsAny(raw, ".eE") {
			return string(raw)
		}
	}
	p.fail(&FieldError{Field: field, Reason: ReasonNotText})
	return ""
}

func (p *eventParser) times() {
	timestamp, original := p.time("timestamp"), p.time("originalTimestamp")
	sent, received := p.time("sentAt"), p.time("receivedAt")
	p.e.Original, p.e.Received = original, received
	switch {
	case !timestamp.IsZero():
		p.e.Time = timestamp
	case original.IsZero() || sent.IsZero() || received.IsZero():
		p.e.Time = original
	default:
		p.e.Time = original.Add(received.Sub(sent))
		if p.e.Time.IsZero() {
			p.fail(&FieldError{Field: "sentAt", Reason: ReasonTimeOutOfRange})
		}
	}
}

// time returns a time of the event; zero for an absent one only.
func (p *eventParser) time(field string) time.Time { return p.timeOf(field, p.fields.get(field)) }

func (p *eventParser) timeOf(field string, raw []byte) time.Time {
	if absent(raw) {
		return time.Time{}
	}
	if raw[0] != '"' {
		p.fail(&FieldError{Field: field, Reason: ReasonNotATime, Detail: "want text in RFC 3339"})
		return time.Time{}
	}
	text := unquote(raw)
	t, ok := parseTime(text)
	switch {
	case !ok:
		p.fail(&FieldError{Field: field, Reason: ReasonNotATime, Detail: fmt.Sprintf("want RFC 3339, got %.40q", text)})
	case t.IsZero():
		// A zero time would mean that there is none.
		p.fail(&FieldError{Field: field, Reason: ReasonTimeOutOfRange, Detail: fmt.Sprintf("got %.40q", text)})
	}
	return t
}

// context returns the members of context, and takes the source from it.
func (p *eventParser) context() object {
	context := p.object("context", p.fields.get("context"))
	if p.e.Source == "" {
		library := p.object("context.library", context.get("library"))
		p.e.Source = p.text("context.library.name", library.get("name"))
	}
	return context
}

func (p *eventParser) identifiers(context object) {
	p.identifier("user_id", "userId", p.fields.get("userId"))
	p.identifier("anonymous_id", "anonymousId", p.fields.get("anonymousId"))
	if p.e.Type == Alias {
		p.identifier("anonymous_id", "previousId", p.fields.get("previousId"))
	}
	for i, raw := range p.list("context.externalIds", context.get("externalIds")) {
		field := "context.externalIds[" + strconv.Itoa(i) + "]"
		id := p.object(field, raw)
		p.identifier(p.text(field+".type", id.get("type")), field+".id", id.get("id"))
	}
	for _, m := range p.object("identifiers", p.fields.get("identifiers")) {
		field := "identifiers." + m.name
		if m.raw[0] != '[' {
			p.identifier(m.name, field, m.raw)
			continue
		}
		for i, raw := range items(m.raw) {
			p.identifier(m.name, field+"["+strconv.Itoa(i)+"]", raw)
		}
	}
}

// identifier adds an identifier that is there.
func (p *eventParser) identifier(namespace, field string, raw []byte) {
	value := p.text(field, raw)
	if namespace != "" && value != "" {
		p.e.Identifiers = append(p.e.Identifiers, Identifier{Namespace: namespace, Value: value})
	}
}

// details reads properties and traits.
func (p *eventParser) details(context object) {
	props, traits := "properties", "traits"
	p.flatten(&p.e.Properties, props, p.fields.get(props))
	switch {
	case p.e.Type == Group:
		p.flatten(&p.e.Properties, traits, p.fields.get(traits))
		p.flatten(&p.e.Traits, "userTraits", p.fields.get("userTraits"))
		if id := p.text("groupId", p.fields.get("groupId")); id != "" {
			if p.e.Traits == nil {
				p.e.Traits = make(map[string]Value, 1)
			}
			p.e.Traits[GroupsTrait] = String(id)
		}
	case p.e.Type == Identify && absent(p.fields.get(traits)):
		p.flatten(&p.e.Traits, "context.traits", context.get(traits))
	default:
		p.flatten(&p.e.Traits, traits, p.fields.get(traits))
	}
	if p.e.Type != Page && p.e.Type != Screen {
		return
	}
	category := p.text("category", p.fields.get("category"))
	if _, ok := p.e.Properties["category"]; !ok && category != "" {
		if p.e.Properties == nil {
			p.e.Properties = make(map[string]Value, 1)
		}
		p.e.Properties["category"] = String(category)
	}
}

// flatten adds the members of an object to the fields.
func (p *eventParser) flatten(fields *map[string]Value, field string, raw []byte) {
	list := p.object(field, raw)
	if len(list) > 0 && *fields == nil {
		*fields = make(map[string]Value, len(list))
	}
	if err := flattenMembers(*fields, "", list); err != nil {
		p.fail(err.under(field))
	}
	if len(*fields) == 0 {
		*fields = nil
	}
}
