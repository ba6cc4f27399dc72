package pack_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/pack"
)

// form is one value and the only bytes that stand for it.
type form struct {
	value any // nil, bool, uint64, int64, float64, clock, string, []byte or header
	typ   pack.Type
	want  string // hexadecimal; of a text or bytes without their content
}

// clock is a time, and header the header of an array of so many elements.
type (
	clock struct {
		Sec  int64
		Nsec uint32
	}
	header int
)

// Every class of length, at both its ends.
var forms = []form{
	{nil, pack.TypeNil, "c0"},
	{false, pack.TypeBool, "c2"},
	{true, pack.TypeBool, "c3"},

	{uint64(0), pack.TypeNumber, "00"},
	{uint64(127), pack.TypeNumber, "7f"},
	{uint64(128), pack.TypeNumber, "cc80"},
	{uint64(math.MaxUint8), pack.TypeNumber, "ccff"},
	{uint64(math.MaxUint8 + 1), pack.TypeNumber, "cd0100"},
	{uint64(math.MaxUint16), pack.TypeNumber, "cdffff"},
	{uint64(math.MaxUint16 + 1), pack.TypeNumber, "ce00010000"},
	{uint64(math.MaxUint32), pack.TypeNumber, "ceffffffff"},
	{uint64(math.MaxUint32 + 1), pack.TypeNumber, "cf0000000100000000"},
	{uint64(math.MaxUint64), pack.TypeNumber, "cfffffffffffffffff"},

	{int64(0), pack.TypeNumber, "00"},
	{int64(127), pack.TypeNumber, "7f"},
	{int64(128), pack.TypeNumber, "cc80"},
	{int64(math.MaxInt64), pack.TypeNumber, "cf7fffffffffffffff"},
	{int64(-1), pack.TypeNumber, "ff"},
	{int64(-32), pack.TypeNumber, "e0"},
	{int64(-33), pack.TypeNumber, "d0df"},
	{int64(math.MinInt8), pack.TypeNumber, "d080"},
	{int64(math.MinInt8 - 1), pack.TypeNumber, "d1ff7f"},
	{int64(math.MinInt16), pack.TypeNumber, "d18000"},
	{int64(math.MinInt16 - 1), pack.TypeNumber, "d2ffff7fff"},
	{int64(math.MinInt32), pack.TypeNumber, "d280000000"},
	{int64(math.MinInt32 - 1), pack.TypeNumber, "d3ffffffff7fffffff"},
	{int64(math.MinInt64), pack.TypeNumber, "d38000000000000000"},

	{0.0, pack.TypeNumber, "00"},
	{-32.0, pack.TypeNumber, "e0"},
	{-33.0, pack.TypeNumber, "d0df"},
	{float64(1 << 53), pack.TypeNumber, "cf0020000000000000"},
	{float64(-1 << 53), pack.TypeNumber, "d3ffe0000000000000"},
	{float64(1 << 54), pack.TypeNumber, "ca5a800000"},
	{float64(1<<53 + 2), pack.TypeNumber, "cb4340000000000001"},
	{0.5, pack.TypeNumber, "ca3f000000"},
	{0.1, pack.TypeNumber, "cb3fb999999999999a"},
	{math.MaxFloat64, pack.TypeNumber, "cb7fefffffffffffff"},
	{-math.SmallestNonzeroFloat64, pack.TypeNumber, "cb8000000000000001"},
	{math.SmallestNonzeroFloat32, pack.TypeNumber, "ca00000001"},

	{clock{0, 0}, pack.TypeTime, "d6ff00000000"},
	{clock{math.MaxUint32, 0}, pack.TypeTime, "d6ffffffffff"},
	{clock{math.MaxUint32 + 1, 0}, pack.TypeTime, "d7ff0000000100000000"},
	{clock{0, 1}, pack.TypeTime, "d7ff0000000400000000"},
	{clock{1<<34 - 1, 999_999_999}, pack.TypeTime, "d7ffee6b27ffffffffff"},
	{clock{1 << 34, 0}, pack.TypeTime, "c70cff000000000000000400000000"},
	{clock{-1, 999_999_999}, pack.TypeTime, "c70cff3b9ac9ffffffffffffffffff"},
	{clock{math.MinInt64, 0}, pack.TypeTime, "c70cff000000008000000000000000"},

	{text(0), pack.TypeString, "a0"},
	{text(31), pack.TypeString, "bf"},
	{text(32), pack.TypeString, "d920"},
	{text(math.MaxUint8), pack.TypeString, "d9ff"},
	{text(math.MaxUint8 + 1), pack.TypeString, "da0100"},
	{text(math.MaxUint16), pack.TypeString, "daffff"},
	{text(math.MaxUint16 + 1), pack.TypeString, "db00010000"},

	{[]byte{}, pack.TypeBin, "c400"},
	{[]byte(text(math.MaxUint8)), pack.TypeBin, "c4ff"},
	{[]byte(text(math.MaxUint8 + 1)), pack.TypeBin, "c50100"},
	{[]byte(text(math.MaxUint16)), pack.TypeBin, "c5ffff"},
	{[]byte(text(math.MaxUint16 + 1)), pack.TypeBin, "c600010000"},

	{header(0), pack.TypeArray, "90"},
	{header(15), pack.TypeArray, "9f"},
	{header(16), pack.TypeArray, "dc0010"},
	{header(math.MaxUint16), pack.TypeArray, "dcffff"},
	{header(math.MaxUint16 + 1), pack.TypeArray, "dd00010000"},
}

func text(n int) string { return strings.Repeat("x", n) }

func appendAny(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return pack.AppendNil(dst)
	case bool:
		return pack.AppendBool(dst, v)
	case uint64:
		return pack.AppendUint(dst, v)
	case int64:
		return pack.AppendInt(dst, v)
	case float64:
		return pack.AppendFloat(dst, v)
	case clock:
		return pack.AppendTime(dst, v.Sec, v.Nsec)
	case string:
		return pack.AppendString(dst, v)
	case []byte:
		return pack.AppendBin(dst, v)
	case header:
		return pack.AppendArray(dst, int(v))
	}
	panic(fmt.Sprintf("a %T", v))
}

// readLike reads a value of the type of v.
func readLike(r *pack.Reader, v any) any {
	switch v.(type) {
	case nil:
		if !r.Nil() {
			return "not nil"
		}
		return nil
	case bool:
		return r.Bool()
	case uint64:
		return r.Uint()
	case int64:
		return r.Int()
	case float64:
		return r.Float()
	case clock:
		sec, nsec := r.Time()
		return clock{sec, nsec}
	case string:
		return r.String()
	case []byte:
		return r.Bin()
	case header:
		return header(r.Array(1))
	}
	panic(fmt.Sprintf("a %T", v))
}

// content is what follows the form's bytes: of a text or bytes what they hold, of
// an array's header one byte an element.
func (f form) content() []byte {
	switch v := f.value.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	case header:
		return make([]byte, v)
	}
	return nil
}

func (f form) String() string {
	content := ""
	if n := len(f.content()); n > 0 {
		content = fmt.Sprint(" and ", n, " bytes")
	}
	return fmt.Sprintf("%T %s%s", f.value, f.want, content)
}

func TestAppend_writes_the_shortest_form(t *testing.T) {
	for _, f := range forms {
		t.Run(f.String(), func(t *testing.T) {
			want := "aa" + f.want // behind what was there
			if _, ok := f.value.(header); !ok {
				want += hex.EncodeToString(f.content())
			}
			if got := hex.EncodeToString(appendAny([]byte{0xaa}, f.value)); got != want {
				t.Errorf("written %.60s, want %.60s", got, want)
			}
		})
	}
	if got := pack.AppendFloat(nil, math.Copysign(0, -1)); !bytes.Equal(got, []byte{0}) {
		t.Errorf("-0 is written %x", got)
	}
}

func TestReader_reads_the_shortest_form(t *testing.T) {
	for _, f := range forms {
		t.Run(f.String(), func(t *testing.T) {
			data := append(unhex(t, f.want), f.content()...)
			for name, r := range map[string]pack.Reader{"copying": pack.NewReader(data), "sharing": pack.NewSharingReader(data)} {
				if got := r.Next(); got != f.typ {
					t.Errorf("%s: type %d, want %d", name, got, f.typ)
				}
				if got := readLike(&r, f.value); !cmp.Equal(got, f.value) {
					t.Errorf("%s: reads as %.60v, want %.60v", name, got, f.value)
				}
				if n, ok := f.value.(header); ok && len(r.Rest()) != int(n) {
					t.Errorf("%s: not all elements are left", name)
				}
				if err := r.Close(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// All but the whole of a value is cut short, wherever it is cut.
func TestReader_refuses_what_is_cut_short(t *testing.T) {
	for _, f := range forms {
		data := append(unhex(t, f.want), f.content()...)
		step := max(1, len(data)/1000)
		for n := 0; n < len(data); n += step {
			if f.value == nil {
				continue // A nil may be missing.
			}
			r := pack.NewReader(data[:n])
			readLike(&r, f.value)
			if err := r.Err(); err == nil || !strings.Contains(err.Error(), "cut short") {
				t.Fatalf("%v, its first %d bytes: error %v", f, n, err)
			}
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
