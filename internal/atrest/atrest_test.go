package atrest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustWrap(t testing.TB, id string, key byte) *Wrapper {
	t.Helper()
	w, err := NewWrapper(id, [32]byte{key})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func mustNew(t testing.TB, w *Wrapper) (*Header, *Cipher) {
	t.Helper()
	h, c, err := w.New()
	if err != nil {
		t.Fatal(err)
	}
	return h, c
}

func TestHeader_opens_under_its_key_alone(t *testing.T) {
	for _, id := range []string{"k", "2026-11", strings.Repeat("x", MaxID)} {
		w := mustWrap(t, id, 1)
		h, c := mustNew(t, w)
		parsed, err := Parse(append(h[:], "content"...))
		if err != nil || parsed.KeyID() != id {
			t.Fatalf("Parse: %q, %v", parsed.KeyID(), err)
		}
		again, err := mustWrap(t, id, 1).Open(parsed)
		if err != nil {
			t.Fatal(err)
		}
		var a, b [100]byte
		c.XOR(a[:], a[:], 5)
		again.XOR(b[:], b[:], 5)
		if a != b || a == [100]byte{} {
			t.Error("the cipher that was opened is another one")
		}
		if _, err := mustWrap(t, id, 2).Open(parsed); !errors.Is(err, ErrSeal) {
			t.Errorf("Open under another key: %v", err)
		}
	}
}

// TestHeader_format opens a file that was written when the format was made. It
// never changes.
func TestHeader_format(t *testing.T) {
	file, err := hex.DecodeString("89505452454e431a0107000000000000323032362d313100000000000000000000000000000000000000000000000000" +
		"0000000000000000000000000000000000000000000000000000000000000000a73f460fc40489f8847eaadd541e1ad24dc9fb34829661ffde41d31ad" +
		"43dbfa2ce6815f3395f23e52d8d438fd48794b595eb9472d12cb037a21441eff91a96d5a76968add40fa8a1f771cae7f1e0cfb6" +
		"0530c936094d465fca653906127b7f0c6a2b28f269")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Parse(file)
	if err != nil || h.KeyID() != "2026-11" {
		t.Fatalf("Parse: %v", err)
	}
	w, err := NewWrapper("2026-11", [32]byte{1, 2, 3, 4, 5, 6, 7, 8})
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Open(h)
	if err != nil {
		t.Fatal(err)
	}
	content := file[HeaderLen:]
	c.XOR(content, content, 0)
	if string(content) != "the content of a file" {
		t.Errorf("it reads %q", content)
	}
}

func TestWrapper_names(t *testing.T) {
	for _, id := range []string{"", strings.Repeat("x", MaxID+1)} {
		if _, err := NewWrapper(id, [32]byte{}); err == nil {
			t.Errorf("a key's name of %d bytes passes", len(id))
		}
	}
	if a := mustWrap(t, "a", 1); !a.SameKey(mustWrap(t, "b", 1)) || a.SameKey(mustWrap(t, "a", 2)) {
		t.Error("SameKey does not tell keys apart")
	}
}

func TestHeader_every_changed_bit_is_noticed(t *testing.T) {
	w := mustWrap(t, "key", 1)
	h, _ := mustNew(t, w)
	for i := range 8 * HeaderLen {
		damaged := *h
		damaged[i/8] ^= 1 << (i % 8)
		_, err := Parse(damaged[:])
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Errorf("bit %d: Parse: %v", i, err)
		}
		if i/8 >= sumAt {
			continue
		}
		// Somebody who means it mends the checksum.
		binary.LittleEndian.PutUint32(damaged[sumAt:], damaged.sum())
		forged, err := Parse(damaged[:])
		if err != nil {
			continue
		}
		if _, err := w.Open(forged); !errors.Is(err, ErrSeal) {
			t.Errorf("bit %d, with the right checksum: Open: %v", i, err)
		}
	}
	for n := range HeaderLen {
		if _, err := Parse(h[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if IsEncrypted(h[:n]) != (n >= 8) || !IsTorn(h[:n]) {
			t.Errorf("%d bytes: encrypted %v, torn %v", n, IsEncrypted(h[:n]), IsTorn(h[:n]))
		}
	}
}

func TestIsTorn(t *testing.T) {
	h, _ := mustNew(t, mustWrap(t, "key", 1))
	for s, want := range map[string]bool{
		"": true, "\x89": true, "\x89\x00": true, "\x00P": true, strings.Repeat("\x00", 20): true, string(h[:]): true,
		"x": false, "\x89x": false, "plain text": false,
	} {
		if got := IsTorn([]byte(s)); got != want {
			t.Errorf("IsTorn(%x) is %v", s, got)
		}
	}
}

func TestHeader_is_new_every_time(t *testing.T) {
	w := mustWrap(t, "key", 1)
	seen := map[string]bool{}
	for range 1000 {
		h, c := mustNew(t, w)
		stream := make([]byte, 32)
		c.XOR(stream, stream, 0)
		for _, s := range []string{string(h[ivAt:sealedAt]), string(h[sealedAt : sealedAt+12]), string(stream)} {
			if seen[s] {
				t.Fatal("drawn twice")
			}
			seen[s] = true
		}
	}
}

// TestCipher_XOR holds pieces against the whole, by the standard library's stream
// from the first byte on, also where the counter runs over its lower half.
func TestCipher_XOR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := [32]byte{rapid.Byte().Draw(t, "key")}
		block, err := aes.NewCipher(key[:])
		if err != nil {
			t.Fatal(err)
		}
		c := &Cipher{block: block, hi: rapid.Uint64().Draw(t, "hi"), lo: rapid.SampledFrom([]uint64{0, 1, ^uint64(0), ^uint64(0) - 3}).Draw(t, "lo")}
		var iv [16]byte
		binary.BigEndian.PutUint64(iv[:], c.hi)
		binary.BigEndian.PutUint64(iv[8:], c.lo)
		whole := make([]byte, rapid.IntRange(1, 5000).Draw(t, "length"))
		cipher.NewCTR(block, iv[:]).XORKeyStream(whole, whole)

		off := rapid.IntRange(0, len(whole)-1).Draw(t, "offset")
		n := rapid.IntRange(0, len(whole)-off).Draw(t, "n")
		got := make([]byte, n)
		c.XOR(got, got, int64(off))
		if !bytes.Equal(got, whole[off:off+n]) {
			t.Errorf("%d bytes at %d are others", n, off)
		}
		rest := make([]byte, n)
		s := c.Stream(int64(off))
		s.XORKeyStream(rest[:n/3], rest[:n/3])
		s.XORKeyStream(rest[n/3:], rest[n/3:])
		if !bytes.Equal(rest, got) {
			t.Error("a stream in two pieces is another one")
		}
	})
}

func TestCipher_far_offsets(t *testing.T) {
	_, c := mustNew(t, mustWrap(t, "key", 1))
	seen := map[[16]byte]int64{}
	for _, off := range []int64{0, 16, 1 << 31, 1 << 32, 1 << 36, 1<<62 + 16, 1<<63 - 16} {
		var b [16]byte
		c.XOR(b[:], b[:], off)
		if at, ok := seen[b]; ok {
			t.Errorf("the stream is the same at %d and %d", at, off)
		}
		seen[b] = off
	}
}

func FuzzParse(f *testing.F) {
	w := mustWrap(f, "key", 1)
	h, _ := mustNew(f, w)
	f.Add(h[:])
	f.Add(h[:HeaderLen-1])
	f.Add([]byte("plain"))
	f.Add(make([]byte, HeaderLen))
	f.Fuzz(func(t *testing.T, b []byte) {
		parsed, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		if n := len(parsed.KeyID()); n == 0 || n > MaxID {
			t.Errorf("a key's name of %d bytes", n)
		}
		if _, err := w.Open(parsed); err != nil && !errors.Is(err, ErrSeal) {
			t.Errorf("Open: %v", err)
		}
	})
}

func BenchmarkCipher_XOR(b *testing.B) {
	_, c := mustNew(b, mustWrap(b, "key", 1))
	for _, bm := range []struct {
		name string
		n    int
	}{{"bytes=53", 53}, {"bytes=4096", 4 << 10}, {"bytes=32768", 32 << 10}} {
		b.Run(bm.name, func(b *testing.B) {
			buf := make([]byte, bm.n)
			b.SetBytes(int64(bm.n))
			b.ReportAllocs()
			for b.Loop() {
				c.XOR(buf, buf, 12_345)
			}
		})
	}
}
