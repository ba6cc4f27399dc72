package pack_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/portraitdb/portrait/internal/pack"
)

// readTree reads any value, with arrays as []any, and appends it again to dst.
func readTree(r *pack.Reader, dst []byte, depth int) (tree any, again []byte) {
	switch r.Next() {
	case pack.TypeNil:
		r.Nil()
		return nil, pack.AppendNil(dst)
	case pack.TypeBool:
		b := r.Bool()
		return b, pack.AppendBool(dst, b)
	case pack.TypeTime:
		sec, nsec := r.Time()
		return time.Unix(sec, int64(nsec)), pack.AppendTime(dst, sec, nsec)
	case pack.TypeString:
		s := r.String()
		return s, pack.AppendString(dst, s)
	case pack.TypeBin:
		b := r.Bin()
		return b, pack.AppendBin(dst, b)
	case pack.TypeArray:
		n := r.Array(1)
		if depth == 100 {
			r.Fail(errors.New("too deep"))
			return nil, dst
		}
		list := make([]any, 0, n)
		dst = pack.AppendArray(dst, n)
		for i := 0; i < n && r.Err() == nil; i++ {
			var e any
			e, dst = readTree(r, dst, depth+1)
			list = append(list, e)
		}
		return list, dst
	}
	// An integer beyond 2^53 is none for Float, and one beyond 2^63 none for Int.
	float, signed := *r, *r
	if f := float.Float(); float.Err() == nil {
		*r = float
		return f, pack.AppendFloat(dst, f)
	}
	if n := signed.Int(); signed.Err() == nil {
		*r = signed
		return n, pack.AppendInt(dst, n)
	}
	n := r.Uint()
	return n, pack.AppendUint(dst, n)
}

// What a Reader takes is msgpack, means what msgpack v5 says it means, and is
// written again as the same bytes.
func FuzzReader(f *testing.F) {
	array := pack.AppendArray(nil, 3)
	for _, form := range forms {
		if data := append(unhex(f, form.want), form.content()...); len(data) < 300 {
			f.Add(data)
			array = append(array, data...)
			f.Add(array)
			array = append(pack.AppendArray(nil, 3), data...)
		}
	}
	f.Add(unhex(f, "ddffffffff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := pack.NewSharingReader(data)
		tree, again := readTree(&r, nil, 0)
		if r.Err() != nil {
			if r.Len() != 0 {
				t.Fatalf("%x: %d bytes left after %v", data, r.Len(), r.Err())
			}
			return
		}
		read := data[:len(data)-r.Len()]
		if !bytes.Equal(again, read) {
			t.Fatalf("%x is written again as %x", read, again)
		}
		in := bytes.NewReader(read)
		want, err := msgpack.NewDecoder(in).DecodeInterface()
		if err != nil || in.Len() > 0 {
			t.Fatalf("%x: msgpack v5 leaves %d bytes, %v", read, in.Len(), err)
		}
		if diff := cmp.Diff(loosen(want), tree, cmp.Comparer(time.Time.Equal)); diff != "" {
			t.Fatalf("%x: msgpack v5 reads -, the reader +\n%s", read, diff)
		}
	})
}

// loosen gives the numbers of a tree of msgpack v5 the types that readTree does.
func loosen(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = loosen(v[i])
		}
		return v
	case int8:
		return float64(v)
	case int16:
		return float64(v)
	case int32:
		return float64(v)
	case int64:
		if v >= -1<<53 && v <= 1<<53 {
			return float64(v)
		}
	case uint8:
		return float64(v)
	case uint16:
		return float64(v)
	case uint32:
		return float64(v)
	case uint64:
		switch {
		case v <= 1<<53:
			return float64(v)
		case v <= math.MaxInt64:
			return int64(v)
		}
	case float32:
		return float64(v)
	}
	return v
}

// The writers write what the compact encoder of msgpack v5 does, and a Reader
// reads it back.
func FuzzAppend(f *testing.F) {
	f.Add(uint64(0), int64(0), 0.0, int64(0), uint32(0), "", []byte{})
	f.Add(uint64(1)<<32, int64(-33), 0.5, int64(1)<<34, uint32(1000), text(32), []byte(text(256)))
	f.Add(uint64(math.MaxUint64), int64(math.MinInt64), 1e300, int64(-1), uint32(999_999_999), text(1<<16), []byte(text(1<<16)))
	f.Fuzz(func(t *testing.T, u uint64, i int64, x float64, sec int64, nsec uint32, s string, b []byte) {
		nsec %= 1e9
		// time.Time itself holds no more.
		sec >>= 2
		var out bytes.Buffer
		enc := msgpack.NewEncoder(&out)
		enc.UseCompactInts(true)
		at := time.Unix(sec, int64(nsec))
		err := errors.Join(enc.EncodeArrayLen(len(b)), enc.EncodeUint(u), enc.EncodeInt(i), enc.EncodeTime(at),
			enc.EncodeString(s), enc.EncodeBytes(append([]byte{}, b...)), enc.EncodeBool(u > 5), enc.EncodeNil())
		if err != nil {
			t.Fatal(err)
		}
		data := pack.AppendInt(pack.AppendUint(pack.AppendArray(nil, len(b)), u), i)
		data = pack.AppendBin(pack.AppendString(pack.AppendTime(data, sec, nsec), s), b)
		data = pack.AppendNil(pack.AppendBool(data, u > 5))
		if !bytes.Equal(data, out.Bytes()) {
			t.Fatalf("written\n%x, by msgpack v5\n%x", data, out.Bytes())
		}
		data = pack.AppendFloat(data, x)
		r := pack.NewReader(data)
		if n := r.Array(1); n != len(b) {
			t.Fatalf("array of %d, want %d: %v", n, len(b), r.Err())
		}
		if u2, i2 := r.Uint(), r.Int(); u2 != u || i2 != i {
			t.Fatalf("%d %d, want %d %d", u2, i2, u, i)
		}
		if sec2, nsec2 := r.Time(); sec2 != sec || nsec2 != nsec {
			t.Fatalf("%d s %d ns, want %d %d", sec2, nsec2, sec, nsec)
		}
		if s2, b2 := r.String(), r.Bin(); s2 != s || !bytes.Equal(b2, b) {
			t.Fatalf("%q %x, want %q %x", s2, b2, s, b)
		}
		if r.Bool() != (u > 5) || !r.Nil() || r.Err() != nil {
			t.Fatalf("boolean and nil: %v", r.Err())
		}
		finite := !math.IsNaN(x) && !math.IsInf(x, 0)
		if got := r.Float(); finite != (r.Close() == nil) || finite && got != x {
			t.Fatalf("%v, want %v: %v", got, x, r.Err())
		}
	})
}
