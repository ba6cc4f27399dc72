package shred

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func sizeOf(n uint64) string { return strconv.FormatUint(n, 10) }

func fileOf(forgotten ...uint64) *File {
	return &File{ID: [IDLen]byte{1, 2}, Generation: 7, Limit: 1 << 17, Keys: New().Without(forgotten...)}
}

func TestFile(t *testing.T) {
	for _, gone := range [][]uint64{nil, {1}, {0, 1, 2, 3}, {5, 1 << 30, Numbers - 1}} {
		f := fileOf(gone...)
		data := f.Append([]byte("x"))[1:]
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if again := got.Append(nil); !bytes.Equal(again, data) {
			t.Errorf("%v: reads back as another file", gone)
		}
		if diff := cmp.Diff([]uint64{f.Generation, f.Limit}, []uint64{got.Generation, got.Limit}); diff != "" || got.ID != f.ID {
			t.Errorf("%v: %s", gone, diff)
		}
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 0x10
			if _, err := Decode(bad); err == nil {
				t.Errorf("%v: a flipped bit at %d of %d is not seen", gone, i, len(data))
			}
			if _, err := Decode(data[:i]); err == nil {
				t.Errorf("%v: is whole when cut at %d", gone, i)
			}
		}
	}
}

// What no writer writes is refused, though its checksum is right.
func TestDecode_refuses(t *testing.T) {
	whole := seed{height: Height}
	left, right := whole.child(false), whole.child(true)
	for want, f := range map[string]*File{
		"limit of":                {Limit: Numbers + 1, Keys: New()},
		"beside its other half":   {Keys: &Tree{seeds: []seed{left, right}}},
		"not the root of":         {Keys: &Tree{seeds: []seed{{from: 1, height: 1}}}},
		"beyond all numbers":      {Keys: &Tree{seeds: []seed{{from: Numbers, height: 0}}}},
		"seed 0: beyond all":      {Keys: &Tree{seeds: []seed{{height: Height + 1}}}},
		"seed 1: beyond all":      {Keys: &Tree{seeds: []seed{left, {from: Numbers, height: 3}}}},
		"seed 1: not the root of": {Keys: &Tree{seeds: []seed{left, {from: Numbers/2 + 1, height: 3}}}},
	} {
		if _, err := Decode(f.Append(nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(fileOf().Append(nil))
	f.Add(fileOf(1, 2, 3, 900).Append(nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			// Behind a checksum little would be seen: the seeds by themselves too.
			if _, err := decodeSeeds(data, uint32(len(data))/uint32(leastLen)); err != nil {
				return
			}
			return
		}
		if again := got.Append(nil); !bytes.Equal(again, data) {
			t.Errorf("%x reads back as %x", data, again)
		}
	})
}
