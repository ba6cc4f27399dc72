package profile

import (
	"bytes"
	"encoding/hex"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// rewrite decodes msgpack with the generic decoder of msgpack v5 and encodes
// the tree again with its encoder.
func rewrite(t rapid.TB, data []byte) []byte {
	t.Helper()
	in := bytes.NewReader(data)
	tree, err := msgpack.NewDecoder(in).DecodeInterface()
	if err != nil {
		t.Fatalf("msgpack v5: %v\n%x", err, data)
	}
	if in.Len() > 0 {
		t.Fatalf("msgpack v5 left %d bytes of %x", in.Len(), data)
	}
	var out bytes.Buffer
	enc := msgpack.NewEncoder(&out)
	enc.UseCompactInts(true)
	if err := enc.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestState_Append_is_msgpack_as_v5_writes_it(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := genHistory().Draw(t, "history").state(t).Append(nil)
		if got := rewrite(t, data[1:]); !bytes.Equal(got, data[1:]) {
			t.Fatalf("msgpack v5 writes\n%x, want\n%x", got, data[1:])
		}
	})
}

func TestAppendValue_is_msgpack_as_v5_writes_it(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(maxDepth).Draw(t, "value")
		data := AppendValue([]byte{}, v)
		if got := rewrite(t, data); !bytes.Equal(got, data) {
			t.Fatalf("msgpack v5 writes\n%x, want\n%x", got, data)
		}
		back, rest, err := DecodeValue(append(data, 0xc1))
		if err != nil || !bytes.Equal(rest, []byte{0xc1}) || !back.Equal(v) || back.Kind() != v.Kind() {
			t.Fatalf("%v reads as %v, %x left, %v", v, back, rest, err)
		}
	})
}

// The stored form is fixed: these bytes were written once and are read for ever.
func TestAppendValue_golden(t *testing.T) {
	tests := []struct {
		v    Value
		want string
	}{
		{Value{}, "c0"},
		{Bool(false), "c2"},
		{Bool(true), "c3"},
		{Number(0), "00"},
		{Number(math.Copysign(0, -1)), "00"},
		{Number(-1), "ff"},
		{Number(200), "ccc8"},
		{Number(-200), "d1ff38"},
		{Number(1 << 53), "cf0020000000000000"},
		{Number(1 << 54), "ca5a800000"},
		{Number(0.5), "ca3f000000"},
		{Number(0.1), "cb3fb999999999999a"},
		{Time(time.Unix(1, 0)), "d6ff00000001"},
		{Time(time.Unix(1, 1000)), "d7ff00000fa000000001"},
		{Time(time.Unix(-1, 0)), "c70cff00000000ffffffffffffffff"},
		{Point(31.5, -121), "9304ca41fc0000d087"},
		{String("上海"), "a6e4b88ae6b5b7"},
		{String(strings.Repeat("x", 40)), "d928" + strings.Repeat("78", 40)},
		{List(), "9106"},
		{List(Number(2), Number(1), Number(2)), "9406020102"},
		{Set(Number(2), Number(1), Number(2)), "93070102"},
		{List(List(String("a"))), "92069206a161"},
	}
	for _, tt := range tests {
		if got := hex.EncodeToString(AppendValue(nil, tt.v)); got != tt.want {
			t.Errorf("%v %v is written %s, want %s", tt.v.Kind(), tt.v, got, tt.want)
		}
	}
}

func TestState_Append_golden(t *testing.T) {
	sc := &Schema{
		Attributes: map[string]Attribute{"sum": {Kind: KindNumber, Policy: Sum}, "apps": {Policy: Union}},
		Events:     map[string]Folds{"Order": {Numbers: []string{"revenue"}, Uniques: []string{"sku"}}},
	}
	one := Event{
		Name: "Order", MessageID: "m1", Source: "web", Time: time.Unix(1, 0),
		Properties: map[string]Value{"revenue": Number(2.5), "sku": String("x")},
	}
	two := one
	two.MessageID, two.Time = "m2", time.Unix(2, 0)
	two.Traits = map[string]Value{"sum": Number(1), "apps": String("a"), "city": String("b")}

	const (
		tie1 = "cfb878778188fdece9" // of "web", 0, "m1"
		tie2 = "cf8d995afb6bdbaf60" // of "web", 0, "m2"
		at1  = "ce000f4240" + tie1  // the first second
		at2  = "ce001e8480" + tie2
	)
	tests := []struct {
		name   string
		events []Event
		want   string
	}{
		{"nothing", nil, "0296c00090909000"},
		{"one event", []Event{one}, "0296c001" + "92" + at1 + "90" +
			"91" + "96a54f72646572" + "01" + "01" + "92" + at1 +
			"91" + "95a7726576656e7565" + "01" + "ca40200000" + at1 +
			"91" + "92a3736b75" + "91a178" + "00"},
		{"two events", []Event{one, two}, "0296c002" + "94" + at1 + at2 +
			"93" + "93a461707073" + "0b" + "9207a161" +
			"95a463697479" + "00" + "a162" + at2 +
			"93a373756d" + "09" + "ce000f4240" +
			"91" + "96a54f72646572" + "01" + "02" + "94" + at1 + at2 +
			"91" + "9da7726576656e7565" + "02" + "ce004c4b40" + "ca40200000ce000f4240" + "ca40200000ce000f4240" +
			"ca40200000" + at1 + "ca40200000" + at2 +
			"91" + "92a3736b75" + "91a178" + "00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := hex.EncodeToString(fold(t, sc, tt.events).Append(nil)); got != tt.want {
				t.Errorf("written\n%s, want\n%s", got, tt.want)
			}
		})
	}
}

// What a state without events begins with, up to its one attribute or counter.
const (
	attrs    = "0296c0009091"
	counters = "0296c000909091"
)

// refusedStates are bytes that are no state, and why.
var refusedStates = []struct{ name, data, want string }{
	{"nothing", "", "cut short"},
	{"another version", "0196c00090909000", "unknown version 1"},
	{"an end too early", "0296c0009090", "cut short"},
	{"an end too late", "0296c0009090900000", "1 bytes too many"},
	{"another shape", "029400909090", "state of 4 fields"},
	{"a map", "0280", "want an array"},
	{"a long integer", "0296c0cc0090909000", "not the shortest form"},
	{"a long array", "0296c000dc0000909000", "not the shortest form"},
	{"an array larger than the input", "0296c00090dd7fffffff9000", "cut short"},
	{"a text larger than the input", attrs + "95dbffffffff", "cut short"},
	{"a span without events", "0296c000920101909000", "span does not fit"},
	{"events without a span", "0296c00190909000", "span does not fit"},
	{"a span backwards", "0296c00294020101019090" + "00", "span ends before it begins"},
	{"an unknown overflow", "0296c00090909008", "unknown overflow 8"},
	{"an undeclared name after the overflow", attrs + "95a16100c00101" + "9001", "more undeclared names"},
	{"an unknown policy", attrs + "95a16111c00101" + "9000", "unknown flags 17"},
	{"a consent that is no register", attrs + "95a1610fc00101" + "9000", "no register"},
	{"an undeclared sum", attrs + "93a1610801" + "9000", "undeclared under sum"},
	{"a sum with a stamp", attrs + "95a16109010101" + "9000", "5 fields under sum"},
	{"a list under union", attrs + "93a1610b9106" + "9000", "list under union"},
	{"a null under max", attrs + "95a16105c00101" + "9000", "empty under max"},
	{"an empty text under nonEmpty", attrs + "95a1610da00101" + "9000", "empty under nonEmpty"},
	{"a set that descends", attrs + "93a1610b93070201" + "9000", "set is not ascending"},
	{"a name twice", "0296c0009092" + "95a16100c00101" + "95a16100c00101" + "9000", "entries are not ascending"},
	{"a short sum as bytes", attrs + "93a16109c410" + strings.Repeat("00", 16) + "9000", "not the shortest form"},
	{"a NaN", attrs + "95a16100cb7ff80000000000010101" + "9000", "not finite"},
	{"an infinity", attrs + "95a16100ca7f8000000101" + "9000", "not finite"},
	{"a float that is an integer", attrs + "95a16100ca3f8000000101" + "9000", "not the shortest form"},
	{"a long float", attrs + "95a16100cb3fe00000000000000101" + "9000", "not the shortest form"},
	{"an unknown extension", attrs + "95a16100d605000000010101" + "9000", "unknown extension type 5"},
	{"an array without a kind", attrs + "95a16100900101" + "9000", "array without a kind"},
	{"an unknown kind", attrs + "95a1610091050101" + "9000", "unknown kind 5"},
	{"lists too deep", attrs + "95a16100" + strings.Repeat("9206", 5) + "c00101" + "9000", "more than 4 lists"},
	{"an event without a count", counters + "94a161000090" + "00", "does not fit the count 0"},
	{"an undeclared fold", counters + "96a161000192010191" + "95a17001010101" + "90" + "00", "undeclared event"},
	{"a single number of two", counters + "96a161010292010191" + "95a17002010101" + "90" + "00", "not a number of one event"},
	{"figures that contradict", counters + "96a161010292010191" + "9da1700202050104010101010101" + "0101" + "90" + "00", "contradict"},
	{"a single number in the long form", counters + "96a161010192010191" + "9da17001010101010101010101010101" + "90" + "00", "contradict"},
	{"a time in a long form", attrs + "95a16100d7ff00000000000000010101" + "9000", "not in its only form"},
	{"a time in the longest form", attrs + "95a16100c70cff0000000000000000000000010101" + "9000", "not in its only form"},
	{"a time of nanoseconds", attrs + "95a16100d7ff00000004000000010101" + "9000", "outside the years 1 to 9999"},
	{"a time of the year 10000", attrs + "95a16100c70cff000000000000003afff441800101" + "9000", "outside the years 1 to 9999"},
	{"a null among distinct values", counters + "96a161010192010190" + "9192a17091c0" + "00", "null among distinct values"},
	{"no distinct value", counters + "96a161010192010190" + "9192a17090" + "00", "no value"},
}

func TestDecodeState_refuses(t *testing.T) {
	for _, tt := range refusedStates {
		t.Run(tt.name, func(t *testing.T) {
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			_, err = DecodeState(data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// overstatedStates begin states of far more than could follow.
var overstatedStates = []string{
	"0296c00090dd7fffffff" + "9000",                        // attributes
	"0296c0009090dd7fffffff" + "00",                        // counters
	attrs + "95db7fffffff",                                 // a name
	attrs + "95a16100dd7fffffff",                           // a list
	counters + "96a1610101920101dd7fffffff",                // numbers
	counters + "96a16101019201019091" + "92a170dd7fffffff", // values
	"0296c51000" + "fd1f",                                  // series
	"0296c51000" + "0101350002" + "e807",                   // keys
}

// A few bytes must not make the decoder allocate what they merely claim.
func TestDecodeState_allocates_by_what_is_there(t *testing.T) {
	for _, claim := range overstatedStates {
		data, err := hex.DecodeString(claim)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, make([]byte, 4096)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := DecodeState(data); err == nil {
			t.Errorf("%s: no error", claim)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 110*uint64(len(data)) {
			t.Errorf("%s: %d bytes allocated for %d", claim, grown, len(data))
		}
	}
}
