package idlist

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// referenceToken makes a token in another way: as the last block of AES-CBC.
func referenceToken(t testing.TB, key [32]byte, namespace, kind string, digest []byte) Token {
	t.Helper()
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("portrait idlist v1\x00" + kind + "\x00" + namespace))
	block, err := aes.NewCipher(mac.Sum(nil)[:16])
	if err != nil {
		t.Fatal(err)
	}
	padded := make([]byte, (len(digest)+15)/16*16)
	copy(padded, digest)
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(padded, padded)
	return Token(padded[len(padded)-16:])
}

func TestKeys_tokens_are_a_CBC_MAC_of_the_digest(t *testing.T) {
	key := [32]byte{9, 8, 7}
	keys, err := NewKeys(key, "phone", SHA256, MD5, SHA1)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "13812345678", "a much longer value, of more than one block of any hash"} {
		m, s, l := md5.Sum([]byte(value)), sha1.Sum([]byte(value)), sha256.Sum256([]byte(value))
		want := []Token{
			referenceToken(t, key, "phone", "md5", m[:]),
			referenceToken(t, key, "phone", "sha1", s[:]),
			referenceToken(t, key, "phone", "sha256", l[:]),
		}
		var got []Token
		for _, token := range keys.Tokens(value) {
			got = append(got, token)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tokens of %q: (-want +got)\n%s", value, diff)
		}
	}
}

// Tokens are stored: the construction must not change.
func TestKeys_tokens_stay_the_same(t *testing.T) {
	want := map[Kind]string{
		MD5:    "d515d6195c0f901c4ec9047708947455",
		SHA1:   "fba11db9a5bb90e6b24735319cc7edda",
		SHA256: "a8bd64a254d07b287d3594eaabed3c82",
	}
	got := map[Kind]string{}
	for kind, token := range testKeys(t).Tokens("13812345678") {
		got[kind] = token.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestKeys_namespaces_keys_and_kinds_are_unrelated(t *testing.T) {
	all := map[Token]string{}
	for _, namespace := range []string{"phone", "email", ""} {
		for key := range byte(3) {
			keys, err := NewKeys([32]byte{key}, namespace, MD5, SHA1, SHA256)
			if err != nil {
				t.Fatal(err)
			}
			for kind := MD5; kind <= SHA256; kind++ {
				m := maker{keys: keys} // the same digest for all: zeros
				token := m.ofDigest(kind)
				if other, ok := all[token]; ok {
					t.Errorf("%s of %q shares its token with %s", kind, namespace, other)
				}
				all[token] = kind.String() + " of " + namespace
			}
		}
	}
}

func TestKeys_a_breaking_loop_ends_the_tokens(t *testing.T) {
	n := 0
	for range testKeys(t).Tokens("x") {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d tokens", n)
	}
}

func TestNewKeys_refuses_what_is_no_digest(t *testing.T) {
	for _, kinds := range [][]Kind{nil, {Plain}, {MD5, Auto}, {SHA256 + 1}} {
		if _, err := NewKeys([32]byte{}, "phone", kinds...); err == nil {
			t.Errorf("kinds %v are taken", kinds)
		}
	}
}

func TestKind_names_round_trip(t *testing.T) {
	for kind := Auto; kind <= SHA256; kind++ {
		if got, ok := ParseKind(kind.String()); !ok || got != kind {
			t.Errorf("%s is read as %s, %v", kind, got, ok)
		}
	}
	if _, ok := ParseKind("crc32"); ok {
		t.Error("crc32 is a kind")
	}
	if got := (SHA256 + 1).String(); got != "kind(?)" {
		t.Errorf("a kind that does not exist is %q", got)
	}
	if got := verdicts.String(); got != "verdict(?)" || new(Report).Count(verdicts) != 0 {
		t.Errorf("a verdict that does not exist is %q", got)
	}
}

func TestOptions_all_faults_are_told_at_once(t *testing.T) {
	opts := Options{Kind: MD5, Keys: testKeys(t, SHA1), MaxLines: 1 << 40, MemoryBytes: -1, Format: Format{Column: -1, Comma: '"'}}
	_, err := Match(t.Context(), nil, Index{}, opts, nil)
	want := `there is no list to read: the reader is nil
MaxLines is 1099511627776: the most is 4294967295
MemoryBytes is -1
Column is -1: columns are counted from 1
Comma is '"': it cannot separate columns
the index has no Scan
md5: kind is not indexed`
	if err == nil || err.Error() != want || !errors.Is(err, ErrNotIndexed) {
		t.Errorf("%v", err)
	}
	if _, err := Match(t.Context(), nil, newIndex(nil).index(), Options{}, nil); err == nil {
		t.Error("a list without keys is taken")
	}
}

func TestSorter_sorts_and_keeps_its_buffers_small(t *testing.T) {
	var s sorter
	most, given := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3000).Draw(t, "records")
		distinct := rapid.Uint64Range(1, 5000).Draw(t, "distinct")
		seed := rapid.Uint64().Draw(t, "seed")
		rs := make([]record, n)
		want := map[Token]uint32{}
		for i := range rs {
			seed = seed*6364136223846793005 + 1442695040888963407
			d := sha256.Sum256([]byte{byte(seed >> 33 % distinct), byte(seed >> 33 % distinct >> 8)})
			token := Token(d[:16])
			token[0] = 7 // a partition
			line := uint32(seed >> 40)
			rs[i] = newRecord(&token, line)
			if first, ok := want[token]; !ok || line < first {
				want[token] = line
			}
		}
		given = max(given, n)
		var before Token
		dropped := 0
		sorted := unique(s.sort(rs), func(uint32) { dropped++ })
		most = max(most, cap(s.scratch), cap(sorted))
		if len(sorted) != len(want) || dropped != n-len(want) {
			t.Fatalf("%d records are %d, %d dropped; there are %d tokens", n, len(sorted), dropped, len(want))
		}
		for i := range sorted {
			token := sorted[i].token()
			if i > 0 && token.compare(before) <= 0 {
				t.Fatalf("record %d is not in order", i)
			}
			if sorted[i].line != want[token] {
				t.Fatalf("a token's first line is %d, not %d", sorted[i].line, want[token])
			}
			before = token
		}
	})
	if most > given {
		t.Errorf("buffers of %d records for %d", most, given)
	}
}
