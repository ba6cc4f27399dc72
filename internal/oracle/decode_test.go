package oracle

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/portraitdb/portrait/profile"
)

// stored writes a tree as the bytes of a state.
func stored(t testing.TB, tree any) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteByte(2)
	e := msgpack.NewEncoder(&b)
	e.UseCompactInts(true)
	if err := e.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A is an array of the stored form.
type A = []any

func TestDecode(t *testing.T) {
	minusHuge := new(big.Int).Lsh(big.NewInt(-1), 100) // 16 bytes in two's complement
	wide := make([]byte, 16)
	new(big.Int).Add(minusHuge, new(big.Int).Lsh(big.NewInt(1), 128)).FillBytes(wide)
	tree := A{
		seriesBytes(),
		7,
		A{-5, 1, 300, uint64(1) << 63},
		A{
			A{"born", 1 | 3<<1, on(1), 10, 2},
			A{"city", 0, "上海", -3, 9},
			A{"gone", 1, nil, 4, 5},
			A{"home", 1, A{4, 31.25, -121.5}, 4, 5},
			A{"path", 1, A{6, "b", "a", true, 2.5}, 4, 5},
			A{"points", 1 | 4<<1, -1_500_000},
			A{"debt", 1 | 4<<1, wide},
			A{"apps", 1 | 5<<1, A{7, "a", "b"}},
			A{"many", 1 | 5<<1, nil},
			A{"name", 1 | 6<<1, "x", 1, 1},
		},
		A{
			A{
				"Order", 1, 3,
				A{1, 2, 3, 4},
				A{
					A{"price", 2, 3_500_000, 1, 10, 2.5, 20, 1, 10, 11, 2.5, 20, 21},
					A{"tax", 1, -0.5, 7, 8},
				},
				A{A{"sku", A{1, "x"}}, A{"tag", nil}},
			},
			A{"Visit", 0, 1, A{6, 7}},
		},
		2,
	}
	s := func(at, tie int) profile.Stamp { return profile.Stamp{At: profile.Instant(at), Tie: uint64(tie)} }
	str, number := profile.String, profile.Number
	want := &Person{
		Events: 7, First: s(-5, 1), Last: profile.Stamp{At: 300, Tie: 1 << 63}, LostEvents: true,
		Stored: true, Series: decodedSeries(),
		Attributes: map[AttributeKey]Attribute{
			{"born", profile.Min, true}:      {Value: profile.Time(on(1)), Stamp: s(10, 2)},
			{"city", profile.Latest, false}:  {Value: str("上海"), Stamp: s(-3, 9)},
			{"gone", profile.Latest, true}:   {Stamp: s(4, 5)},
			{"home", profile.Latest, true}:   {Value: profile.Point(31.25, -121.5), Stamp: s(4, 5)},
			{"path", profile.Latest, true}:   {Value: profile.List(str("b"), str("a"), profile.Bool(true), number(2.5)), Stamp: s(4, 5)},
			{"points", profile.Sum, true}:    {Sum: big.NewInt(-1_500_000)},
			{"debt", profile.Sum, true}:      {Sum: minusHuge},
			{"apps", profile.Union, true}:    {Value: profile.Set(str("a"), str("b"))},
			{"many", profile.Union, true}:    {Lost: true},
			{"name", profile.NonEmpty, true}: {Value: str("x"), Stamp: s(1, 1)},
		},
		Counters: map[CounterKey]Counter{
			{"Order", true}: {
				Count: 3, First: s(1, 2), Last: s(3, 4),
				Numbers: map[string]Number{
					"price": {Count: 2, Sum: big.NewInt(3_500_000), Min: 1, MinAt: 10, Max: 2.5, MaxAt: 20, First: 1, FirstAt: s(10, 11), Last: 2.5, LastAt: s(20, 21)},
					"tax":   {Count: 1, Sum: big.NewInt(-500_000), Min: -0.5, MinAt: 7, Max: -0.5, MaxAt: 7, First: -0.5, FirstAt: s(7, 8), Last: -0.5, LastAt: s(7, 8)},
				},
				Uniques: map[string]UniqueSet{"sku": {Values: []profile.Value{number(1), str("x")}}, "tag": {Lost: true}},
			},
			{"Visit", false}: {Count: 1, First: s(6, 7), Last: s(6, 7), Numbers: map[string]Number{}, Uniques: map[string]UniqueSet{}},
		},
	}
	got, err := Decode(stored(t, tree))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, sameBig); d != "" {
		t.Errorf("person (-want +got):\n%s", d)
	}
}

func TestDecode_refuses(t *testing.T) {
	good := func(attributes, counters A) A { return A{nil, 1, A{2, 3}, attributes, counters, 0} }
	nest := func(n int) []byte { return append(append([]byte{2}, bytes.Repeat([]byte{0x91}, n)...), 0xc0) }
	for _, tt := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"nothing", nil, "version"},
		{"another version", []byte{1, 0x90}, "version"},
		{"a version only", []byte{2}, "cut short"},
		{"five fields", stored(t, A{nil, 1, A{2, 3}, A{}, A{}}), "state: want an array of [6]"},
		{"text for the state", stored(t, "abc"), "state: want an array of [6]"},
		{"bytes after the end", append(stored(t, good(A{}, A{})), 0), "bytes too many"},
		{"an array longer than the state", []byte{2, 0xdd, 0xff, 0xff, 0xff, 0xff}, "longer than the state"},
		{"text longer than the state", []byte{2, 0xdb, 0xff, 0xff, 0xff, 0xff, 'a'}, "longer than the state"},
		{"a length that is cut", []byte{2, 0xdd, 0xff}, "cut short"},
		{"a map", stored(t, map[string]int{"a": 1}), "no place in a state"},
		{"a deep nest", nest(1 << 20), "arrays within each other"},
		{"an odd span", stored(t, A{nil, 1, A{2}, A{}, A{}, 0}), "span"},
		{"an odd time", stored(t, A{nil, 1, A{"2", 3}, A{}, A{}, 0}), "want an unsigned integer"},
		{"a time too far", stored(t, A{nil, 1, A{uint64(1) << 63, 3}, A{}, A{}, 0}), "64 bits"},
		{"an unknown overflow", stored(t, A{nil, 1, A{2, 3}, A{}, A{}, 8}), "overflow"},
		{"an unknown policy", stored(t, good(A{A{"a", 7 << 1, "x", 1, 2}}, A{})), "flags"},
		{"a sum of five fields", stored(t, good(A{A{"a", 4 << 1, 1, 1, 2}}, A{})), "flags"},
		{"a latest of three", stored(t, good(A{A{"a", 0, 1}}, A{})), "flags"},
		{"an attribute twice", stored(t, good(A{A{"a", 0, 1, 1, 1}, A{"a", 0, 1, 1, 1}}, A{})), "twice"},
		{"a name that is no text", stored(t, good(A{A{1, 0, 1, 1, 1}}, A{})), "want text"},
		{"a union of no set", stored(t, good(A{A{"a", 5 << 1, "x"}}, A{})), "no set"},
		{"a sum of 15 bytes", stored(t, good(A{A{"a", 4 << 1, make([]byte, 15)}}, A{})), "15 bytes"},
		{"a value of no kind", stored(t, good(A{A{"a", 0, A{9, 1}, 1, 1}}, A{})), "no value"},
		{"a value that is an empty array", stored(t, good(A{A{"a", 0, A{}, 1, 1}}, A{})), "no value"},
		{"an event name twice", stored(t, good(A{}, A{A{"e", 0, 1, A{1, 1}}, A{"e", 0, 1, A{1, 1}}})), "twice"},
		{"a single number of two", stored(t, good(A{}, A{A{"e", 1, 1, A{1, 1}, A{A{"p", 2, 1, 1, 1}}, A{}}})), "single event"},
		{"a number twice", stored(t, good(A{}, A{A{"e", 1, 1, A{1, 1}, A{A{"p", 1, 1, 1, 1}, A{"p", 1, 1, 1, 1}}, A{}}})), "twice"},
		{"a set of values twice", stored(t, good(A{}, A{A{"e", 1, 1, A{1, 1}, A{}, A{A{"p", nil}, A{"p", nil}}}})), "twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.bytes)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{2, 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Add(stored(f, A{seriesBytes(), 1, A{}, A{}, A{}, 0}))
	f.Add(stored(f, A{nil, 1, A{2, 3}, A{A{"a", 0, A{7, "x"}, 1, 2}, A{"b", 1, on(1), 1, 2}}, A{A{"e", 1, 1, A{1, 1}, A{A{"p", 1, 1.5, 1, 1}}, A{A{"q", nil}}}}, 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if (p == nil) == (err == nil) {
			t.Fatalf("person %v, error %v", p, err)
		}
		if err == nil {
			Merge(p, p) // must not panic, whatever the figures are
			if d := Diff(p, p); len(d) > 0 {
				t.Errorf("differs from itself: %v", d)
			}
		}
	})
}
