package profile

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/pack"
)

// seriesState is a state without events and with the series of these bytes.
func seriesState(t testing.TB, series string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(series, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	b := pack.AppendBin([]byte{stateVersion, 0x96}, data)
	return append(b, 0, 0x90, 0x90, 0x90, 0)
}

// The stored form is fixed: these bytes were written once and are read for ever.
func TestState_Append_golden_series(t *testing.T) {
	at := func(day, second int) time.Time { return time.Unix(int64(day*86400+second), 0) }
	events := []Event{
		{Name: "Order", MessageID: "m1", Source: "web", Time: at(100, 1), Properties: map[string]Value{"sku": String("x"), "price": Number(12.5)}},
		{Name: "Order", MessageID: "m2", Source: "web", Time: at(100, 2), Properties: map[string]Value{"sku": List(String("y"), String("x")), "price": Number(1e17)}},
		{Name: "Order", MessageID: "m1", Source: "web", Time: at(102, 0), Properties: map[string]Value{"sku": Bool(true), "price": Number(1)}},
	}
	const (
		tie1 = "e9ecfd88817778b8" // of "web", 0, "m1", the lowest byte first
		tie2 = "60afdb6bfb5a998d" // of "web", 0, "m2"
	)
	tests := []struct {
		fold Fold
		want string
	}{
		{Fold{Form: Tally}, "c406010100020003"},
		{Fold{Form: Tally, Grain: ByDay}, "c40901013005cc01010102"},
		{Fold{Form: Times, Grain: ByDay}, "c4100101310ccc010000018092f401c0843d"},
		{Fold{Form: Presence, Grain: ByHour}, "c40701012203a0262f"},
		{Fold{Form: Numbers, Grain: ByDay, Property: "price"}, "c42601013322cc01011001020720bc3ef74ae1c7022d15000000000000d10f0700a0d88557347643"},
		{Fold{Form: Ends, Property: "sku"}, "c426010104220001808082bdfc8004" + tie1 + "09c0fbfddc8305" + tie1 + "0e78"},
		{Fold{Form: Keys, Grain: ByDay, Property: "sku"}, "c4110101350dcc0101090101020e78020e7901"},
		{Fold{Form: Sums, Property: "sku", By: "price"}, "c42e0101062a000309100e780720bc3ef74ae1c7022d150000000000000e7907000080f64ae1c7022d15000000000000"},
		{Fold{Form: Recent, K: 2, Property: "sku"}, "c42701010702220002808082bdfc8004" + tie1 + "0980f7c0dc8305" + tie2 + "0e78"},
		{Fold{Form: Oldest, K: 2, Property: "sku"}, "c4250101080220000280898683f5f603" + tie1 + "0e78c0843d" + tie2 + "0e79"},
		{Fold{Form: Spans, Gap: time.Second}, "c41a010109c0843d13808082bdfc80040001bff283dc8305c0843d02"},
		{Fold{Form: Scores, Grain: ByHalfLife, HalfLife: 48 * time.Hour}, "c43401014a30660109808080801000020e78014ed20020b719e1c98cd15800000000000e790100000000b419e1c98cd1580000000000"},
		{Fold{Form: FirstDay, Property: "price"}, "c41801013d14c801010720bc3ef74ae1c7022d15000000000000"},
		{Fold{Form: Trace, Grain: ByDay, Property: "sku"}, "c43001013b2ccc010100" + tie1 + "010901028092f401" + tie2 + "0100c0843d" + tie1 + "010e78"},
	}
	for _, tt := range tests {
		tt.fold.ID, tt.fold.Filters = 1, []FoldFilter{{Event: "Order", Property: "sku", Weight: 1, By: "price"}}
		s := fold(t, &Schema{Folds: []Fold{tt.fold}}, events)
		got := hex.EncodeToString(s.appendSeries(nil))
		if want := strings.ReplaceAll(tt.want, " ", ""); got != want {
			t.Errorf("form %d by %d is written\n%s, want\n%s", tt.fold.Form, tt.fold.Grain, got, want)
		}
	}
}

func TestDecodeState_takes_of_series_only_what_Append_writes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for _, s := range seriesStates(t) {
		whole := s.Append(nil)
		if len(whole) > 1000 {
			continue
		}
		for range 60 {
			data := bytes.Clone(whole)
			for range 1 + r.IntN(2) {
				data[2+r.IntN(len(data)-2)] = [...]byte{0, 1, 2, 7, 0x80, 0xff, byte(r.Uint32())}[r.IntN(7)]
			}
			got, err := DecodeState(data)
			if err != nil {
				continue
			}
			taken++
			if again := got.Append(nil); !bytes.Equal(again, data) {
				t.Fatalf("%x is written again as %x", data, again)
			}
			for i := range got.series {
				readAll(got.series[i].Series)
			}
			if twice := got.Combine(s).Append(nil); !decodes(twice) {
				t.Fatalf("%x with %x becomes %x", data, whole, twice)
			}
			if !bytes.Equal(got.Combine(s).Append(nil), s.Combine(got).Append(nil)) {
				t.Fatalf("%x and %x are not commutative", data, whole)
			}
		}
	}
	if taken < 500 {
		t.Errorf("only %d were states", taken)
	}
}

func decodes(data []byte) bool {
	_, err := DecodeState(data)
	return err == nil
}

func TestDecodeState_refuses_series(t *testing.T) {
	tests := []struct{ name, series, want string }{
		{"none in bin", "00", "cut short"},
		{"nothing in bin", "", "cut short"},
		{"more than there are", "02 01 30 02 00 01", "cut short"},
		{"fewer than there are", "01 01 30 02 00 01 00", "bytes too many"},
		{"an ID beyond 32 bits", "01 8080808010 30 02 00 01", "cut short"},
		{"an ID past the last", "02 01 30 02 00 01 ffffffff0f 30 02 00 01", "cut short"},
		{"a series twice", "02 01 30 02 00 01 00 30 02 00 01", "not ascending"},
		{"an unknown form", "01 01 0e 02 00 01", "unknown form"},
		{"an unknown grain", "01 01 50 02 00 01", "unknown form"},
		{"a first day of the whole life", "01 01 0d 02 00 00", "unknown form"},
		{"spans by the day", "01 01 39 00 03 00 00 01", "unknown form"},
		{"no values to keep", "01 01 37 00 0c 00 01 00 0100000000000000 09", "out of range"},
		{"too many values to keep", "01 01 37 e907 0c 00 01 00 0100000000000000 09", "out of range"},
		{"a gap beyond 63 bits", "01 01 09 ffffffffffffffffff01 03 00 00 01", "out of range"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeState(seriesState(t, tt.series))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Each body that is refused stands beside one that is taken and differs in that alone.
func TestDecodeState_refuses_bodies(t *testing.T) {
	const (
		tie  = "0100000000000000"
		tie2 = "0200000000000000"
		most = "ffffffffffffffffff01" // 2^64-1
	)
	tests := []struct{ name, kind, bad, good string }{
		{"no buckets", "30", "", "00 01"},
		{"a bucket of a whole life", "00", "02 01", "00 01"},
		{"a long number", "30", "8000 01", "8001 01"},
		{"a number beyond 64 bits", "30", "00 ffffffffffffffffff02", "00" + most},
		{"a bucket before the first", "30", "00 01 80808080808080808001 01", "00 01 ffffffffffffffff7f 01"},
		{"a count of none", "30", "00 00", "00 01"},
		{"a cell cut short", "30", "00", "00 01"},
		{"a time before time", "01", "00 00 8180808080808080 80 01", "00 00 8080808080808080 80 01"},
		{"a number with a zero at its end", "33", "00 01 a101", "00 01 b101"},
		{"a sum with a zero at its end", "33", "00 02 a101 00 10", "00 02 b101 00 10"},
		{"a number that is short in eight bytes", "33", "00 01 07 000000000000f03f", "00 01 07 555555555555d53f"},
		{"a number that is none", "33", "00 02 00 00 07 010000000000f87f", "00 02 00 00 07 555555555555d53f"},
		{"a number beyond 1e18", "33", "00 01 07 01c84e676dc1ab43", "00 01 07 00c84e676dc1ab43"},
		{"a least beyond the greatest", "33", "00 02 10 20 10", "00 02 10 10 20"},
		{"one end in two", "34", "00 01 00" + tie + "09 00" + tie + "09", "00 01 00" + tie2 + "09 00" + tie + "09"},
		{"two ends and more", "34", "00 02 00" + tie2 + "09 00" + tie + "09", "00 01 00" + tie2 + "09 00" + tie + "09"},
		{"a null at an end", "34", "00 00 00" + tie + "00", "00 00 00" + tie + "01"},
		{"keys that descend", "35", "00 02 09 01 01 01", "00 02 01 01 09 01"},
		{"a key twice", "35", "00 02 09 01 09 01", "00 02 01 01 09 01"},
		{"a key of none", "35", "00 01 09 00", "00 01 09 01"},
		{"a null key", "35", "00 01 00 01", "00 01 01 01"},
		{"an unknown scalar", "35", "00 01 0f 01", "00 01 09 01"},
		{"a boolean that is neither", "35", "00 01 11 01", "00 01 09 01"},
		{"a time of the year 10000", "35", "00 01 84808080808080f03f 01", "00 01 8480808080808020 01"},
		{"a point off the globe", "35", "00 01 05 0000000000c05640 0000000000000000 01", "00 01 05 0000000000805640 0000000000000000 01"},
		{"a point of negative zero", "35", "00 01 05 0000000000000080 0000000000000000 01", "00 01 05 0000000000000000 0000000000000000 01"},
		{"more keys than there are", "35", "00 7f 09 01 01", "00 01 09 01"},
		{"a short score in sixteen bytes", "3a", "00 01 09 01 ffffffffffffff1f 0000000000000000", "00 01 09 01 0000000000000020 0000000000000000"},
		{"a short sum in sixteen bytes", "36", "00 01 09 07 0100000000000000 0000000000000000", "00 01 09 07 0000000000000000 0100000000000000"},
		{"an odd score", "3a", "00 01 09 03", "00 01 09 02"},
		{"no values seen", "37 01", "00 00", "00 01 00" + tie + "09"},
		{"more values than K", "37 01", "00 02 00" + tie2 + "01 00" + tie + "09", "00 01 00" + tie2 + "01"},
		{"a value seen twice", "37 02", "00 02 00" + tie + "01 01" + tie + "01", "00 02 00" + tie + "01 01" + tie + "09"},
		{"values out of order", "37 02", "00 02 00" + tie + "09 00" + tie + "01", "00 02 00" + tie + "01 00" + tie + "09"},
		{"an event of no filter", "3b", "00 01 00" + tie + "00 00", "00 01 00" + tie + "01 00"},
		{"events out of order", "3b", "00 02 00" + tie + "01 00 00" + tie2 + "01 00", "00 02 00" + tie2 + "01 00 00" + tie + "01 00"},
		{"two first days", "3d", "02 00 00 00", "02 00"},
		{"a sum or none, and more", "3d", "02 02 10", "02 01 10"},
		{"a first day without its sum", "3d", "02 01", "02 00"},
		{"a run of nothing", "09 00", "", "00 00 01"},
		{"a run from before time", "09 00", most + "01 01", most + "00 01"},
		{"runs past the beginning", "09 00", "00 00 01 80808080808080808001 00 01", "00 00 01 ffffffffffffffff7f 00 01"},
		{"runs that a gap unites", "09 ffffffffffffffff7f", "00 00 01 01 00 01", "00 00 01 00 00 01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entry := func(body string) []byte {
				body = strings.ReplaceAll(body, " ", "")
				return seriesState(t, "01 01"+tt.kind+hex.EncodeToString([]byte{byte(len(body) / 2)})+body)
			}
			if _, err := DecodeState(entry(tt.bad)); err == nil || !strings.Contains(err.Error(), "not a body") {
				t.Errorf("error %v", err)
			}
			if _, err := DecodeState(entry(tt.good)); err != nil {
				t.Errorf("its neighbour: %v", err)
			}
		})
	}
}

// A bucket holds 1,000 keys or events at most.
func TestDecodeState_holds_buckets_to_their_bound(t *testing.T) {
	body := func(n int) []byte {
		b := binary.AppendUvarint([]byte{0}, uint64(n))
		for i := range n {
			b = append(appendScalar(b, Number(float64(i))), 1)
		}
		entry := binary.AppendUvarint([]byte{1, 1, 0x35}, uint64(len(b)))
		return seriesState(t, hex.EncodeToString(append(entry, b...)))
	}
	if _, err := DecodeState(body(1000)); err != nil {
		t.Error(err)
	}
	if _, err := DecodeState(body(1001)); err == nil {
		t.Error("1,001 keys were taken")
	}
}
