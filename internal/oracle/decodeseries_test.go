package oracle

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// tie is the eight bytes of a small number.
func tie(n byte) []byte { return []byte{n, 0, 0, 0, 0, 0, 0, 0} }

// third is the eight bytes of 1/3.
var third = []byte{0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5, 0x3f}

// entry is one series: how much its number is greater than the one before, what
// stands before its length, and its body in parts.
func entry(more byte, head []byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat([]byte{more}, head, []byte{byte(len(body))}, body)
}

// seriesBytes is one series of every form, written down by hand from the table in
// docs/format.md.
func seriesBytes() []byte {
	return slices.Concat([]byte{14},
		entry(1, []byte{0x30}, []byte{20, 5, 2, 1}),
		entry(1, []byte{0x01}, []byte{0, 0xc8, 1, 30}),
		entry(1, []byte{0x32}, []byte{1}),
		entry(1, []byte{0x23}, []byte{4, 1, 0x91, 3, 0, 2, 0xb1, 4, 16, 7}, third),
		entry(1, []byte{0x04}, []byte{0, 1, 0xc8, 1}, tie(9), []byte{14, 'b', 30}, tie(8), []byte{0x82, 2}),
		entry(1, []byte{0x35}, []byte{6, 2, 9, 4, 14, 'x', 1, 0, 0}),
		entry(1, []byte{0x06}, []byte{0, 1, 0x54, 7}, slices.Repeat([]byte{0xff}, 16)),
		entry(1, []byte{0x37, 2}, []byte{2, 2, 100}, tie(1), []byte{14, 'a', 20}, tie(2), []byte{5, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40}),
		entry(1, []byte{0x18, 1}, []byte{0, 1, 14}, tie(3), []byte{3}, third),
		entry(1, []byte{0x09, 60}, []byte{0xd0, 0x0f, 10, 3, 0, 5, 0}),
		entry(1, []byte{0x4a}, []byte{4, 1, 14, 'k', 10}),
		entry(10, []byte{0x3b}, []byte{0, 2, 18}, tie(5), []byte{3, 0, 4}, tie(6), []byte{1, 6}),
		entry(1, []byte{0x3c, 16}, []byte{4, 2, 5, 3, 0, 0x80, 0x80, 0x80, 4, 0, 0}),
		entry(1, []byte{0x3d}, []byte{4, 1, 0x09}),
	)
}

// decodedSeries is what seriesBytes says.
func decodedSeries() map[uint32]Series {
	text := profile.String
	s := func(at, tie int64) profile.Stamp { return profile.Stamp{At: profile.Instant(at), Tie: uint64(tie)} }
	const day = 86_400_000_000
	return map[uint32]Series{
		1: {Form: profile.Tally, Grain: profile.ByDay, Buckets: map[int64]Bucket{10: {Count: 5}, 7: {Count: 1}}},
		2: {Form: profile.Times, Buckets: map[int64]Bucket{0: {First: 70, Last: 100}}},
		3: {Form: profile.Presence, Grain: profile.ByDay, Buckets: map[int64]Bucket{-1: {}}},
		4: {Form: profile.Numbers, Grain: profile.ByHour, Buckets: map[int64]Bucket{
			2: {Count: 1, Sum: big.NewInt(2_500_000), Min: 2.5, Max: 2.5},
			1: {Count: 2, Sum: big.NewInt(3_500_000), Min: 1, Max: 1.0 / 3},
		}},
		5: {Form: profile.Ends, Buckets: map[int64]Bucket{0: {Latest: Sighting{text("b"), s(100, 9)}, Earliest: Sighting{profile.Number(2), s(70, 8)}}}},
		6: {Form: profile.Keys, Grain: profile.ByDay, Buckets: map[int64]Bucket{
			3: {Keys: []Key{{Value: profile.Bool(true), Count: 4}, {Value: text("x"), Count: 1}}},
			2: {Lost: true},
		}},
		7: {Form: profile.Sums, Buckets: map[int64]Bucket{0: {Keys: []Key{{Value: profile.TimeAt(5), Sum: big.NewInt(-1)}}}}},
		8: {Form: profile.Recent, Grain: profile.ByDay, K: 2, Buckets: map[int64]Bucket{
			1: {Keys: []Key{{Value: profile.Point(1, 2), At: s(day+30, 2)}, {Value: text("a"), At: s(day+50, 1)}}},
		}},
		9:  {Form: profile.Oldest, Grain: profile.ByMinute, K: 1, Buckets: map[int64]Bucket{0: {Keys: []Key{{Value: profile.Number(1.0 / 3), At: s(7, 3)}}}}},
		10: {Form: profile.Spans, Gap: 60 * time.Microsecond, Spans: []Span{{924, 929, 0}, {990, 1000, 3}}},
		11: {Form: profile.Scores, Grain: profile.ByHalfLife, Buckets: map[int64]Bucket{2: {Keys: []Key{{Value: text("k"), Sum: big.NewInt(-3)}}}}},
		21: {Form: profile.Trace, Grain: profile.ByDay, Buckets: map[int64]Bucket{0: {Traced: []Traced{
			{At: s(5, 6), Selects: 1, Link: text("")}, {At: s(9, 5), Selects: 3},
		}}}},
		22: {Form: profile.Stays, Grain: profile.ByDay, Level: 16, Buckets: map[int64]Bucket{
			2: {Stays: []Stayed{{5, []int{0, 1}}, {6, []int{23}}}},
			1: {Lost: true},
		}},
		23: {Form: profile.FirstDay, Grain: profile.ByDay, Buckets: map[int64]Bucket{2: {Count: 1, Sum: big.NewInt(-100_000)}}},
	}
}

func TestDecode_seriesRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"nothing", []byte{}, "no integer"},
		{"a number twice", slices.Concat([]byte{2}, entry(1, []byte{0}, []byte{0, 1}), entry(0, []byte{0}, []byte{0, 1})), "twice"},
		{"more than there are", slices.Concat([]byte{2}, entry(1, []byte{0}, []byte{0, 1})), "no integer"},
		{"a body longer than the series", []byte{1, 1, 0, 9, 0, 1}, "cut short"},
		{"bytes too many", slices.Concat([]byte{1}, entry(1, []byte{0}, []byte{0, 1}), []byte{0}), "too many"},
		{"an unknown form", slices.Concat([]byte{1}, entry(1, []byte{0x0e}, []byte{0})), "unknown form"},
		{"a body that is cut", slices.Concat([]byte{1}, entry(1, []byte{4}, []byte{0, 0, 2, 9})), "cut short"},
		{"keys that are cut", slices.Concat([]byte{1}, entry(1, []byte{5}, []byte{0, 9, 9, 1})), "no integer"},
		{"cells that are cut", slices.Concat([]byte{1}, entry(1, []byte{0x3c, 16}, []byte{0, 2, 1})), "no integer"},
		{"an infinite number", slices.Concat([]byte{1}, entry(1, []byte{3}, []byte{0, 1, 7}, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x7f})), "number +Inf"},
		{"a value of no kind", slices.Concat([]byte{1}, entry(1, []byte{5}, []byte{0, 1, 7, 1})), "unknown kind"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(stored(t, A{tt.bytes, 1, A{2, 3}, A{}, A{}, 0}))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
		})
	}
}
