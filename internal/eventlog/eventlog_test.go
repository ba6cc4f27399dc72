package eventlog_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/profile"
)

var (
	clock = time.Date(2026, 11, 23, 4, 5, 6, 789_000_123, time.UTC)
	order = profile.Event{
		Source: "web", MessageID: "m1", Name: "Order Completed", Auth: 2, Time: clock, Original: clock.Add(-time.Hour),
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "u1"}, {Namespace: "anonymous_id", Value: "a1"}},
		Properties:  map[string]profile.Value{"revenue": profile.Number(12.5), "coupon": {}},
		Traits:      map[string]profile.Value{"city": profile.String("上海")},
	}
)

const orderForm = "01" + "9b" + "ce0076a700" + "00" + "af4f7264657220436f6d706c65746564" + "03" + "cf000660e8dc68a688" +
	"a3776562" + "a26d31" + "02" +
	"94" + "a7757365725f6964" + "a27531" + "ac616e6f6e796d6f75735f6964" + "a26131" +
	"94" + "a6636f75706f6e" + "c0" + "a7726576656e7565" + "ca41480000" +
	"92" + "a463697479" + "a6e4b88ae6b5b7"

// The stored form is fixed: these bytes were written once and are read for ever.
func TestAppend_golden(t *testing.T) {
	got := eventlog.Append(nil, &order, 90*86400)
	if hex.EncodeToString(got) != orderForm {
		t.Errorf("written\n%x, want\n%s", got, orderForm)
	}
	e, err := eventlog.Decode(got, profile.InstantOf(order.Time))
	if err != nil {
		t.Fatal(err)
	}
	want := order
	want.Time, want.Original = want.Time.Truncate(time.Microsecond), want.Original.Truncate(time.Microsecond)
	if diff := cmp.Diff(want, e, cmp.Comparer(profile.Value.Equal)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	h, err := eventlog.ReadHead(got)
	if want := (eventlog.Head{Seconds: 90 * 86400, Name: "Order Completed"}); err != nil || h != want {
		t.Errorf("head %+v, %v, want %+v", h, err, want)
	}
}

// genValue draws a value of any kind.
func genValue(depth int) *rapid.Generator[profile.Value] {
	return rapid.Custom(func(t *rapid.T) profile.Value {
		switch rapid.IntRange(0, 5+2*min(depth, 1)).Draw(t, "kind") {
		case 0:
			return profile.Value{}
		case 1:
			return profile.Bool(rapid.Bool().Draw(t, "bool"))
		case 2:
			return profile.Number(rapid.Float64Range(-1e18, 1e18).Draw(t, "number"))
		case 3:
			return profile.Time(clock.Add(time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "time"))))
		case 4:
			return profile.Point(rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon"))
		case 6:
			return profile.List(rapid.SliceOfN(genValue(depth-1), 0, 4).Draw(t, "list")...)
		case 7:
			return profile.Set(rapid.SliceOfN(genValue(depth-1), 0, 4).Draw(t, "set")...)
		}
		return profile.String(rapid.String().Draw(t, "text"))
	})
}

// genTime draws no time, or one of a resolution finer than what is kept.
func genTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "none") {
			return time.Time{}
		}
		zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		return clock.Add(-time.Duration(rapid.Int64Range(0, 3e18).Draw(t, "back"))).In(zone)
	})
}

// genEvent draws a valid event.
func genEvent() *rapid.Generator[profile.Event] {
	text := rapid.StringMatching(`[a-z0-9 ]{0,40}`)
	fields := rapid.MapOfN(rapid.String(), genValue(2), 0, 20)
	return rapid.Custom(func(t *rapid.T) profile.Event {
		e := profile.Event{
			Type: profile.Type(rapid.IntRange(0, int(profile.Alias)).Draw(t, "type")), Name: "E" + text.Draw(t, "name"),
			Source: text.Draw(t, "source"), MessageID: text.Draw(t, "id"), Auth: rapid.Uint8().Draw(t, "auth"),
			Time: genTime().Draw(t, "time"), Original: genTime().Draw(t, "original"), Received: clock,
			Properties: fields.Draw(t, "properties"), Traits: fields.Draw(t, "traits"),
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "consents") {
			e.Consent = append(e.Consent, profile.Consent{
				Purpose: fmt.Sprint("p", i), Status: profile.ConsentStatus(rapid.IntRange(0, 2).Draw(t, "status")),
				Policy: text.Draw(t, "policy"), Expires: genTime().Draw(t, "expires"), Method: text.Draw(t, "method"),
			})
		}
		for range rapid.IntRange(1, 5).Draw(t, "ids") {
			e.Identifiers = append(e.Identifiers, profile.Identifier{Namespace: "n" + text.Draw(t, "ns"), Value: "v" + text.Draw(t, "value")})
		}
		return e
	})
}

// What is read is what was taken in: the same content and the same place in time, so
// that handing it in again would be a duplicate.
func TestDecode_round_trip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genEvent().Draw(t, "event")
		if err := e.Validate(profile.Limits{}, clock); err != nil {
			t.Fatalf("the drawn event is not valid: %v", err)
		}
		seconds := rapid.Uint32().Draw(t, "seconds")
		data := eventlog.Append(nil, &e, seconds)
		back, err := eventlog.Decode(data, e.Stamp().At)
		if err != nil {
			t.Fatal(err)
		}
		if back.ContentHash() != e.ContentHash() || back.Stamp() != e.Stamp() || eventlog.NameOf(&back) != eventlog.NameOf(&e) {
			t.Fatalf("read %+v of %+v", back, e)
		}
		if diff := cmp.Diff(e, back, cmp.Comparer(profile.Value.Equal), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(profile.Event{}, "Received"), microseconds); diff != "" {
			t.Fatalf("read (-want +got):\n%s", diff)
		}
		if again := eventlog.Append(nil, &back, seconds); !bytes.Equal(again, data) {
			t.Fatalf("written again\n%x, was\n%x", again, data)
		}
		h, err := eventlog.ReadHead(data)
		if named := h.Event(); err != nil || h.Seconds != seconds || eventlog.NameOf(&named) != eventlog.NameOf(&e) {
			t.Fatalf("head %+v, %v", h, err)
		}
	})
}

var microseconds = cmp.Comparer(func(a, b time.Time) bool {
	return a.IsZero() == b.IsZero() && profile.InstantOf(a) == profile.InstantOf(b)
})

func TestNameOf(t *testing.T) {
	for want, e := range map[string]profile.Event{
		"Order": {Name: "Order"}, "$page": {Type: profile.Page, Name: "Home"}, "$screen": {Type: profile.Screen},
		"$identify": {Type: profile.Identify}, "$group": {Type: profile.Group}, "$alias": {Type: profile.Alias},
	} {
		if got := eventlog.NameOf(&e); got != want {
			t.Errorf("%s %q goes by %q, want %q", e.Type, e.Name, got, want)
		}
	}
}

func TestDecode_refuses(t *testing.T) {
	head := "019b00" + "00" + "a145" // seconds, track, "E"
	pad := strings.Repeat("00", 11)
	tests := []struct{ name, data, want string }{
		{"nothing", "", "cut short"},
		{"another version", "02" + orderForm[2:], "unknown version 2, want 1"},
		{"another number of fields", "019a" + pad, "event of 10 fields"},
		{"an unknown type", "019b00" + "06" + pad, "unknown type 6"},
		{"unknown flags", head + "04" + pad, "unknown flags 4"},
		{"an original time without a flag", head + "01" + "05" + pad, "no flag for it"},
		{"an original time before 1900", head + "03" + "d3" + "8000000000000000", "1900 to 9999"},
		{"an authentication beyond its scale", head + "01" + "00a0a0" + "cd0100", "level 256"},
		{"half an identifier", head + "01" + "00a0a000" + "91a0", "identifiers in an array of 1"},
		{"half a property", head + "01" + "00a0a000" + "90" + "91a0", "properties: at byte 1: array of 1"},
		{"a property twice", head + "01" + "00a0a000" + "90" + "94a161c0a161c0" + "90", "names are not ascending"},
		{"properties that are not there", head + "01" + "00a0a000" + "90" + "dd7ffffffe", "array of 2147483646"},
		{"a value of no kind", head + "01" + "00a0a000" + "90" + "92a161c1" + "90", "properties"},
		{"a trait cut short", head + "01" + "00a0a000" + "90" + "90" + "92a161", "traits: value: "},
		{"more than one event", orderForm + "00", "1 bytes too many"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			data, err := hex.DecodeString(tc.data)
			if err != nil {
				t.Fatal(err)
			}
			_, err = eventlog.Decode(data, 0)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "logged event: ") {
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	data, err := hex.DecodeString(orderForm)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(eventlog.Append(nil, &profile.Event{Type: profile.Identify, Received: clock}, 1))
	f.Add([]byte{1, 0x9b, 0, 0, 0xa0, 1, 0, 0xa0, 0xa0, 0, 0x90, 0xdd, 0x7f, 0xff, 0xff, 0xfe})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := eventlog.Decode(data, profile.InstantOf(clock))
		if err != nil {
			return
		}
		h, err := eventlog.ReadHead(data)
		if err != nil {
			t.Fatalf("the head of what can be read: %v", err)
		}
		if again := eventlog.Append(nil, &e, h.Seconds); !bytes.Equal(again, data) {
			t.Fatalf("read\n%x, written again\n%x", data, again)
		}
	})
}
