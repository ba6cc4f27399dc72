package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// sameEvent compares events with values by Equal and times by instant.
var sameEvent = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)}

func at(hour, minute, second int) time.Time {
	return time.Date(2026, 3, 1, hour, minute, second, 0, time.UTC)
}

func TestParseEvent(t *testing.T) {
	user := []Identifier{{"user_id", "u1"}}
	tests := []struct {
		name, json string
		want       Event
	}{
		{
			"a track",
			`{"type":"track","messageId":"m1","userId":"u1","anonymousId":"a1","event":"Order Completed","timestamp":"2026-03-01T10:00:00.5Z","properties":{"revenue":12.5,"sku":"x","gift":true,"note":null}}`,
			Event{
				MessageID: "m1", Name: "Order Completed", Identifiers: []Identifier{{"user_id", "u1"}, {"anonymous_id", "a1"}}, Time: at(10, 0, 0).Add(time.Second / 2),
				Properties: map[string]Value{"revenue": Number(12.5), "sku": String("x"), "gift": Bool(true), "note": {}},
			},
		},
		{
			"an identify",
			` {"type":"identify","userId":"u1","traits":{"city":"上海","age":30,"address":{"city":"x","geo":{"lat":31.2,"lng":121.4}},"apps":["a",1,null],"items":[{"id": 1, "n": [ "a b" ]}]},"context":{"traits":{"city":"other"}}}
`,
			Event{Type: Identify, Identifiers: user, Traits: map[string]Value{
				"city": String("上海"), "age": Number(30), "address.city": String("x"), "address.geo": Point(31.2, 121.4),
				"apps": List(String("a"), Number(1), Value{}), "items": List(String(`{"id":1,"n":["a b"]}`)),
			}},
		},
		{
			"an identify with traits in its context",
			`{"type":"identify","userId":"u1","traits":null,"context":{"traits":{"city":"x"}}}`,
			Event{Type: Identify, Identifiers: user, Traits: map[string]Value{"city": String("x")}},
		},
		{
			"a track keeps the traits of its context out",
			`{"type":"track","event":"e","userId":"u1","context":{"traits":{"city":"x"}}}`,
			Event{Name: "e", Identifiers: user},
		},
		{
			"a page",
			`{"type":"page","name":"Home","category":"Docs","userId":"u1","properties":{"url":"/"}}`,
			Event{Type: Page, Name: "Home", Identifiers: user, Properties: map[string]Value{"url": String("/"), "category": String("Docs")}},
		},
		{
			"a screen whose category stands in the properties",
			`{"type":"screen","category":"a","userId":"u1","properties":{"category":"b"}}`,
			Event{Type: Screen, Identifiers: user, Properties: map[string]Value{"category": String("b")}},
		},
		{
			"a group",
			`{"type":"group","userId":"u1","groupId":"g1","traits":{"industry":"tea"},"userTraits":{"role":"boss"}}`,
			Event{Type: Group, Identifiers: user, Properties: map[string]Value{"industry": String("tea")}, Traits: map[string]Value{"groups": String("g1"), "role": String("boss")}},
		},
		{
			"an alias",
			`{"type":"alias","userId":"u1","previousId":"a0"}`,
			Event{Type: Alias, Identifiers: []Identifier{{"user_id", "u1"}, {"anonymous_id", "a0"}}},
		},
		{
			"identifiers of every kind",
			`{"type":"track","event":"e","userId":42,"anonymousId":"","context":{"externalIds":[{"type":"ga","id":"1","collection":"users"},{"type":"x","id":null}]},"identifiers":{"email":"a@b.cn","phone":["1",2]}}`,
			Event{Name: "e", Identifiers: []Identifier{{"user_id", "42"}, {"ga", "1"}, {"email", "a@b.cn"}, {"phone", "1"}, {"phone", "2"}}},
		},
		{
			"a source",
			`{"type":"track","event":"e","userId":"u1","source":"pos","context":{"library":{"name":"analytics.js"}}}`,
			Event{Name: "e", Source: "pos", Identifiers: user},
		},
		{
			"the library as source",
			`{"type":"track","event":"e","userId":"u1","context":{"library":{"name":"analytics.js","version":"1"}}}`,
			Event{Name: "e", Source: "analytics.js", Identifiers: user},
		},
		{
			"a wrong clock is corrected",
			`{"type":"track","event":"e","userId":"u1","originalTimestamp":"2026-03-01T02:00:00Z","sentAt":"2026-03-01T02:00:10Z","receivedAt":"2026-03-01T11:00:00+01:00"}`,
			Event{Name: "e", Identifiers: user, Time: at(9, 59, 50), Original: at(2, 0, 0), Received: at(10, 0, 0)},
		},
		{
			"a timestamp is not corrected",
			`{"type":"track","event":"e","userId":"u1","timestamp":"2026-03-01T01:00:00Z","originalTimestamp":"2026-03-01T02:00:00Z","sentAt":"2026-03-01T02:00:10Z","receivedAt":"2026-03-01T10:00:00Z"}`,
			Event{Name: "e", Identifiers: user, Time: at(1, 0, 0), Original: at(2, 0, 0), Received: at(10, 0, 0)},
		},
		{
			"an original time without the others",
			`{"type":"track","event":"e","userId":"u1","originalTimestamp":"2026-03-01T02:00:00Z","receivedAt":"2026-03-01T10:00:00Z"}`,
			Event{Name: "e", Identifiers: user, Time: at(2, 0, 0), Original: at(2, 0, 0), Received: at(10, 0, 0)},
		},
		{
			"the last of repeated names",
			`{"type":"page","type":"track","event":"e","userId":"u0","userId":"u1","properties":{"a":{"b":1,"c":2},"d":1,"a":3,"d":{"e":1}}}`,
			Event{Name: "e", Identifiers: user, Properties: map[string]Value{"a": Number(3), "d.e": Number(1)}},
		},
		{
			"escapes",
			`{"type":"track","event":"\u4e0a\ud83d\ude00\"\\\/\b\f\n\r\t","userId":"u1"}`,
			Event{Name: "上😀\"\\/\b\f\n\r\t", Identifiers: user},
		},
		{
			"what only looks like a point",
			`{"type":"track","event":"e","userId":"u1","properties":{"a":{"lat":"1","lon":2},"b":{"lat":1},"c":{"lat":1,"lon":2,"alt":3},"d":[1,2],"e":{},"f":{"latitude":1,"longitude":2},"g":[{"lat":1,"lon":2}]}}`,
			Event{Name: "e", Identifiers: user, Properties: map[string]Value{
				"a.lat": String("1"), "a.lon": Number(2), "b.lat": Number(1), "c.lat": Number(1), "c.lon": Number(2), "c.alt": Number(3),
				"d": List(Number(1), Number(2)), "f": Point(1, 2), "g": List(Point(1, 2)),
			}},
		},
		{
			"negative zero and exponents",
			`{"type":"track","event":"e","userId":"u1","properties":{"a":-0.0,"b":1E+2,"c":-1.5e-3}}`,
			Event{Name: "e", Identifiers: user, Properties: map[string]Value{"a": Number(0), "b": Number(100), "c": Number(-0.0015)}},
		},
		{
			"unknown names",
			`{"type":"track","event":"e","userId":"u1","integrations":{"All":true},"channel":"web","version":[1,{}]}`,
			Event{Name: "e", Identifiers: user},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseEvent([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, sameEvent); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseEvent_refuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	track := func(members string) string { return `{"type":"track","event":"e","userId":"u1",` + members + `}` }
	tests := []struct{ name, json, field, reason string }{
		{"nothing", ``, "", ReasonInvalidJSON},
		{"no object", `[]`, "", ReasonNotAnObject},
		{"an open object", `{"type":"track"`, "", ReasonInvalidJSON},
		{"a comma too many", `{"type":"track",}`, "", ReasonInvalidJSON},
		{"two events", `{"type":"track"} {}`, "", ReasonInvalidJSON},
		{"a leading zero", track(`"properties":{"a":01}`), "properties", ReasonInvalidJSON},
		{"a bare fraction", track(`"properties":{"a":.5}`), "properties.a", ReasonInvalidJSON},
		{"NaN", track(`"properties":{"a":NaN}`), "properties.a", ReasonInvalidJSON},
		{"Infinity", track(`"properties":{"a":[1,Infinity]}`), "properties.a[1]", ReasonInvalidJSON},
		{"a number beyond float64", track(`"properties":{"a":{"b":1e400}}`), "properties.a.b", ReasonNotFinite},
		{"a number beyond float64 in a list", track(`"properties":{"a":[-1e400]}`), "properties.a[0]", ReasonNotFinite},
		{"a control character", track("\"properties\":{\"a\":\"\x01\"}"), "properties.a", ReasonInvalidJSON},
		{"an unknown escape", track(`"properties":{"a":"\x"}`), "properties.a", ReasonInvalidJSON},
		{"invalid UTF-8", track("\"properties\":{\"a\":\"\xff\"}"), "properties.a", ReasonInvalidUTF8},
		{"invalid UTF-8 in an ignored field", track("\"x\":\"\xc0\x80\""), "x", ReasonInvalidUTF8},
		{"invalid UTF-8 in a name", track("\"properties\":{\"\xff\":1}"), "properties", ReasonInvalidUTF8},
		{"half a surrogate pair", track(`"properties":{"a":"\ud800x"}`), "properties.a", ReasonInvalidUTF8},
		{"the wrong half of a surrogate pair", track(`"properties":{"a":"\udc00\ud800"}`), "properties.a", ReasonInvalidUTF8},
		{"depth 1,000", track(`"properties":{"a":` + deep(1000) + `}`), "properties.a" + strings.Repeat("[0]", 30), ReasonTooDeep},
		{"depth 1,000 in an ignored field", track(`"x":` + deep(1000)), "", ReasonTooDeep},
		{"no type", `{"event":"e","userId":"u1"}`, "type", ReasonUnknownType},
		{"an unknown type", `{"type":"Track","userId":"u1"}`, "type", ReasonUnknownType},
		{"a type that is no text", `{"type":true}`, "type", ReasonNotText},
		{"an event that is no text", `{"type":"track","event":{}}`, "event", ReasonNotText},
		{"a user with a fraction", `{"type":"track","event":"e","userId":1.5}`, "userId", ReasonNotText},
		{"identifiers that are none", track(`"identifiers":["a"]`), "identifiers", ReasonNotAnObject},
		{"an identifier that is none", track(`"identifiers":{"email":["a",false]}`), "identifiers.email[1]", ReasonNotText},
		{"external IDs that are none", track(`"context":{"externalIds":{}}`), "context.externalIds", ReasonNotAList},
		{"an external ID that is none", track(`"context":{"externalIds":[1]}`), "context.externalIds[0]", ReasonNotAnObject},
		{"a context that is none", track(`"context":"x"`), "context", ReasonNotAnObject},
		{"properties that are none", track(`"properties":[]`), "properties", ReasonNotAnObject},
		{"traits that are none", `{"type":"identify","traits":1}`, "traits", ReasonNotAnObject},
		{"a time that is none", track(`"timestamp":"yesterday"`), "timestamp", ReasonNotATime},
		{"a time as a number", track(`"timestamp":1700000000`), "timestamp", ReasonNotATime},
		{"the year 10000", track(`"timestamp":"10000-01-01T00:00:00Z"`), "timestamp", ReasonNotATime},
		{"the zero time", track(`"timestamp":"0001-01-01T00:00:00Z"`), "timestamp", ReasonTimeOutOfRange},
		{"the zero time elsewhere", track(`"originalTimestamp":"0001-01-01T08:00:00+08:00"`), "originalTimestamp", ReasonTimeOutOfRange},
		{"a correction to the zero time", track(`"originalTimestamp":"0001-01-01T00:00:01Z","sentAt":"2026-01-01T00:00:01Z","receivedAt":"2026-01-01T00:00:00Z"`), "sentAt", ReasonTimeOutOfRange},
		{"a long list", track(`"properties":{"a":[` + strings.Repeat("1,", 1000) + `1]}`), "properties.a", ReasonTooLong},
		{"a long flattened name", track(`"properties":{"` + strings.Repeat("a", 600) + `":{"` + strings.Repeat("b", 600) + `":1}}`), "properties." + strings.Repeat("a", 40) + "…", ReasonTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseEvent([]byte(tt.json))
			fe, ok := errors.AsType[*FieldError](err)
			if !ok {
				t.Fatalf("got %+v, %v", e, err)
			}
			if fe.Reason != tt.reason || tt.name != "depth 1,000 in an ignored field" && fe.Field != tt.field {
				t.Errorf("%v: field %q for %q, want %q for %q", fe, fe.Field, fe.Reason, tt.field, tt.reason)
			}
		})
	}
}

func TestParseEvent_bounds_the_number_of_properties(t *testing.T) {
	for _, value := range []string{`1`, `{"x":1}`, `{"lat":1,"lon":2}`} {
		var b bytes.Buffer
		b.WriteString(`{"type":"track","event":"e","userId":"u1","properties":{"a":1`)
		for i := range maxJSONFields {
			fmt.Fprintf(&b, `,"%d":%s`, i, value)
		}
		b.WriteString("}}")
		_, err := ParseEvent(b.Bytes())
		if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Reason != ReasonTooManyProperties || fe.Field != "properties" {
			t.Errorf("%s: got %v", value, err)
		}
	}
}

// plain turns a value into what JSON gives back for it.
func plain(v Value) Value {
	switch v.Kind() {
	case KindTime:
		return String(v.String())
	case KindList, KindSet:
		list := slices.Clone(v.Elements())
		for i := range list {
			list[i] = plain(list[i])
		}
		return List(list...)
	}
	return v
}

func TestEvent_MarshalJSON_is_read_by_ParseEvent(t *testing.T) {
	namespaces := rapid.SampledFrom([]string{"user_id", "anonymous_id", "email", "phone"})
	rapid.Check(t, func(t *rapid.T) {
		e := genEvent().Draw(t, "event")
		e.Identifiers = nil
		for range rapid.IntRange(0, 6).Draw(t, "identifiers") {
			e.Identifiers = append(e.Identifiers, Identifier{namespaces.Draw(t, "namespace"), rapid.StringN(1, 5, -1).Draw(t, "value")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "properties") {
			e.Properties[rapid.String().Draw(t, "name")] = genValue(maxDepth).Draw(t, "value")
		}
		if rapid.Bool().Draw(t, "corrected") {
			e.Original, e.Received = epoch0.Add(time.Nanosecond), epoch0.Add(time.Hour)
		}
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := e.MarshalJSON()
		if err != nil || !json.Valid(again) {
			t.Fatalf("%s, %v", again, err)
		}
		var got Event
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		want := e
		slices.SortFunc(want.Identifiers, Identifier.Compare)
		slices.SortFunc(got.Identifiers, Identifier.Compare)
		slices.SortFunc(want.Consent, byPurpose)
		for _, m := range []*map[string]Value{&want.Properties, &want.Traits} {
			flat := map[string]Value{}
			for k, v := range *m {
				flat[k] = plain(v)
			}
			*m = flat
		}
		if g := want.Traits[GroupsTrait]; e.Type == Group && g.Kind() == KindString && g.Text() == "" {
			want.Traits[GroupsTrait] = got.Traits[GroupsTrait]
		}
		if diff := cmp.Diff(want, got, sameEvent); diff != "" {
			t.Fatalf("-want +got:\n%s\n%s", diff, data)
		}
	})
}

func TestEvent_MarshalJSON(t *testing.T) {
	e := Event{
		Type: Identify, MessageID: "m", Source: "web", Time: at(1, 2, 3), Received: at(4, 5, 6).In(time.FixedZone("", 8*3600)),
		Identifiers: []Identifier{{"phone", "2"}, {"user_id", "u"}, {"phone", "1"}, {"email", "a@b.cn"}},
		Traits:      map[string]Value{"z": Set(Number(2), Number(1)), "a": Time(at(0, 0, 0)), "h": Point(1, -2), "<t>": String("上\n\x01\"")},
	}
	const want = `{"type":"identify","messageId":"m","source":"web","userId":"u","identifiers":{"email":"a@b.cn","phone":["2","1"]},` +
		`"timestamp":"2026-03-01T01:02:03Z","receivedAt":"2026-03-01T04:05:06Z",` +
		`"traits":{"<t>":"上\n\u0001\"","a":"2026-03-01T00:00:00Z","h":{"lat":1,"lon":-2},"z":[1,2]}}`
	got, err := e.MarshalJSON()
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestEvent_MarshalJSON_refuses(t *testing.T) {
	inf := Number(math.Inf(1))
	tests := []struct {
		name          string
		e             Event
		field, reason string
	}{
		{"an infinity", Event{Properties: map[string]Value{"a": List(inf)}}, "properties.a", ReasonNotFinite},
		{"invalid UTF-8", Event{Traits: map[string]Value{"a": String("\xff")}}, "traits.a", ReasonInvalidUTF8},
		{"a time out of range", Event{Time: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}, "timestamp", ReasonTimeOutOfRange},
		{"a time value out of range", Event{Traits: map[string]Value{"a": TimeAt(maxInstant + 1)}}, "traits.a", ReasonTimeOutOfRange},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.e.MarshalJSON()
			if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != tt.field || fe.Reason != tt.reason {
				t.Errorf("got %v, want %s for %s", err, tt.field, tt.reason)
			}
		})
	}
}
