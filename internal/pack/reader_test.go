package pack_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/portraitdb/portrait/internal/pack"
)

func TestReader_refuses(t *testing.T) {
	const long = "not the shortest form"
	tests := []struct {
		name string
		like any // what is read
		data string
		want string
	}{
		{"an unsigned integer of 8 bits below 128", uint64(0), "cc7f", long},
		{"an unsigned integer of 16 bits that 8 hold", uint64(0), "cd00ff", long},
		{"an unsigned integer of 32 bits that 16 hold", uint64(0), "ce0000ffff", long},
		{"an unsigned integer of 64 bits that 32 hold", uint64(0), "cf00000000ffffffff", long},
		{"a negative integer as unsigned", uint64(0), "ff", "want an unsigned integer, got code 0xff"},
		{"a signed code as unsigned", uint64(0), "d0df", "want an unsigned integer, got code 0xd0"},
		{"a positive integer in 8 signed bits", int64(0), "d07f", long},
		{"an integer of 8 bits that one byte holds", int64(0), "d0e0", long},
		{"an integer of 16 bits that 8 hold", int64(0), "d1ff80", long},
		{"an integer of 32 bits that 16 hold", int64(0), "d2ffff8000", long},
		{"an integer of 64 bits that 32 hold", int64(0), "d3ffffffff80000000", long},
		{"a positive integer in 64 signed bits", int64(0), "d37fffffffffffffff", long},
		{"an integer above the signed ones", int64(0), "cf8000000000000000", "beyond 64 bits"},
		{"a text as an integer", int64(0), "a0", "want an unsigned integer, got code 0xa0"},
		{"a code of no use", int64(0), "c1", "got code 0xc1"},

		{"an integer in 32 bits of float", 0.0, "ca3f800000", long},
		{"an integer in 64 bits of float", 0.0, "cb4330000000000001", long},
		{"a zero below zero", 0.0, "ca80000000", long},
		{"a float of 64 bits that 32 hold", 0.0, "cb3fe0000000000000", long},
		{"an integer beyond 2^53", 0.0, "cf0020000000000001", "beyond 2^53"},
		{"an integer below -2^53", 0.0, "d3ffdfffffffffffff", "beyond 2^53"},
		{"NaN in 32 bits", 0.0, "ca7fc00000", "not finite"},
		{"NaN in 64 bits", 0.0, "cb7ff8000000000001", "not finite"},
		{"an infinity", 0.0, "caff800000", "not finite"},
		{"an infinity in 64 bits", 0.0, "cb7ff0000000000000", long},

		{"a time of 64 bits that 32 hold", clock{}, "d7ff00000000ffffffff", "only form"},
		{"a time of 96 bits that 32 hold", clock{}, "c70cff000000000000000000000001", "only form"},
		{"a time of 96 bits that 64 hold", clock{}, "c70cff000000010000000000000001", "only form"},
		{"a whole second of nanoseconds", clock{}, "d7ffee6b280000000000", "only form"},
		{"2^32-1 nanoseconds", clock{}, "c70cffffffffffffffffffffffffff", "only form"},
		{"an extension of another length", clock{}, "c70bff" + strings.Repeat("00", 11), "extension of 11 bytes"},
		{"an extension of another type", clock{}, "d60500000000", "unknown extension type 5"},
		{"an integer as a time", clock{}, "01", "want a time, got code 0x1"},

		{"a text of an 8-bit length below 32", "", "d91f" + strings.Repeat("78", 31), long},
		{"a text of a 16-bit length that 8 hold", "", "da0001" + "78", long},
		{"a text of a 32-bit length that 16 hold", "", "db00000001" + "78", long},
		{"a text longer than the input", "", "dbffffffff", "cut short"},
		{"bytes as a text", "", "c400", "want text, got code 0xc4"},

		{"bytes of a 16-bit length that 8 hold", []byte{}, "c50001" + "78", long},
		{"bytes of a 32-bit length that 16 hold", []byte{}, "c600000001" + "78", long},
		{"bytes longer than the input", []byte{}, "c6ffffffff", "cut short"},
		{"a text as bytes", []byte{}, "a0", "want bytes, got code 0xa0"},

		{"an array of a 16-bit length below 16", header(0), "dc000f" + strings.Repeat("00", 15), long},
		{"an array of a 32-bit length that 16 hold", header(0), "dd00000001" + "00", long},
		{"an array longer than the input", header(0), "ddffffffff" + "00", "array of 2147483647 in 1 bytes: cut short"},
		{"a map", header(0), "80", "want an array, got code 0x80"},

		{"an integer as a boolean", false, "01", "want a boolean, got code 0x1"},
		{"a nil as a boolean", false, "c0", "want a boolean, got code 0xc0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := pack.NewReader(unhex(t, tt.data))
			got := readLike(&r, tt.like)
			if err := r.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if !isZero(got) {
				t.Errorf("returns %v with the error", got)
			}
		})
	}
}

func isZero(v any) bool { return reflect.ValueOf(v).IsZero() }

func TestReader_Uint32(t *testing.T) {
	data := pack.AppendUint(pack.AppendUint(nil, 1<<32-1), 1<<32)
	r := pack.NewReader(data)
	if got := r.Uint32(); got != 1<<32-1 || r.Err() != nil {
		t.Errorf("%d, %v", got, r.Err())
	}
	if got := r.Uint32(); got != 0 || r.Err() == nil || !strings.Contains(r.Err().Error(), "4294967296 does not fit in 32 bits") {
		t.Errorf("%d, %v", got, r.Err())
	}
}

func TestReader_Array_holds_its_length_against_the_width(t *testing.T) {
	data := append(pack.AppendArray(nil, 3), make([]byte, 8)...)
	for width, want := range map[int]int{1: 3, 2: 3, 3: 0} {
		r := pack.NewReader(data)
		if got := r.Array(width); got != want || (r.Err() != nil) != (want == 0) {
			t.Errorf("width %d: %d, %v", width, got, r.Err())
		}
	}
}

func TestReader_Fields(t *testing.T) {
	data := append(pack.AppendArray(nil, 2), 1, 2)
	r := pack.NewReader(data)
	if got := r.Fields("thing", 0, 2); got != 2 || r.Err() != nil {
		t.Errorf("%d, %v", got, r.Err())
	}
	r = pack.NewReader(data)
	if got := r.Fields("thing", 1, 3); got != 0 || r.Err() == nil || !strings.Contains(r.Err().Error(), "thing of 2 fields") {
		t.Errorf("%d, %v", got, r.Err())
	}
}

func TestReader_the_first_failure_sticks(t *testing.T) {
	cause := errors.New("not what it should be")
	r := pack.NewReader([]byte{7, 1, 0xa1, 'x', 0xc0, 0xc3})
	if v, n := r.Byte(), r.Uint(); v != 7 || n != 1 {
		t.Fatalf("%d %d", v, n)
	}
	r.Fail(cause)
	r.Fail(errors.New("another"))
	for _, f := range forms {
		if f.value == nil {
			if r.Nil() {
				t.Error("a nil after the failure")
			}
			continue
		}
		if got := readLike(&r, f.value); !isZero(got) {
			t.Errorf("%v: %v after the failure", f, got)
		}
	}
	if b, n, rest := r.Byte(), r.Len(), r.Rest(); b != 0 || n != 0 || len(rest) != 0 || r.Uint32() != 0 {
		t.Errorf("byte %d, %d left, rest %x after the failure", b, n, rest)
	}
	if err := r.Close(); !errors.Is(err, cause) || err.Error() != "at byte 2: not what it should be" {
		t.Errorf("error %v", err)
	}
}

func TestReader_Close_wants_all_of_it_read(t *testing.T) {
	r := pack.NewReader([]byte{1, 2, 3})
	r.Uint()
	if err := r.Close(); err == nil || err.Error() != "at byte 1: 2 bytes too many" {
		t.Errorf("error %v", err)
	}
	r = pack.NewReader([]byte{1, 2, 3})
	r.Uint()
	if rest := r.Rest(); !bytes.Equal(rest, []byte{2, 3}) || r.Len() != 0 {
		t.Errorf("rest %x, %d left", rest, r.Len())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestReader_shares_what_it_says(t *testing.T) {
	data := pack.AppendBin(pack.AppendString(pack.AppendString(nil, "one"), "two"), []byte("three"))
	inside := func(p *byte, b []byte) bool {
		at, start := uintptr(unsafe.Pointer(p)), uintptr(unsafe.Pointer(&b[0]))
		return start <= at && at < start+uintptr(len(b))
	}
	sharing, copying := pack.NewSharingReader(data), pack.NewReader(data)
	for name, r := range map[string]*pack.Reader{"sharing": &sharing, "copying": &copying} {
		one, two, bin := r.String(), r.String(), r.Bin()
		if one != "one" || two != "two" || string(bin) != "three" {
			t.Fatalf("%s: %q %q %q, %v", name, one, two, bin, r.Err())
		}
		a, b := unsafe.StringData(one), unsafe.StringData(two)
		if inside(a, data) || inside(b, data) {
			t.Errorf("%s: a text is a part of the input", name)
		}
		if shared := uintptr(unsafe.Pointer(b))-uintptr(unsafe.Pointer(a)) == 4; shared != (name == "sharing") {
			t.Errorf("%s: texts share a copy: %v", name, shared)
		}
		if !inside(&bin[0], data) || cap(bin) != len(bin) {
			t.Errorf("%s: bytes of capacity %d, a part of the input: %v", name, cap(bin), inside(&bin[0], data))
		}
	}
}

// A few bytes must not make a reader allocate what they merely claim.
func TestReader_allocates_nothing_for_a_claim(t *testing.T) {
	for claim, like := range map[string]any{"db7fffffff": "", "c67fffffff": []byte{}, "dd7fffffff": header(0)} {
		data := append(unhex(t, claim), make([]byte, 1<<16)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := pack.NewReader(data)
		readLike(&r, like)
		runtime.ReadMemStats(&after)
		if r.Err() == nil {
			t.Errorf("%s: no error", claim)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<12 {
			t.Errorf("%s: %d bytes allocated", claim, grown)
		}
	}
}
