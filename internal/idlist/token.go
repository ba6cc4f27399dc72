package idlist

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
)

// Token stands for an identifier in an index: a keyed digest of 128 bits. Tokens
// are ordered as bytes.
type Token [16]byte

// String returns the token in hexadecimal.
func (t Token) String() string { return hex.EncodeToString(t[:]) }

// compare orders tokens as bytes.
func (t Token) compare(u Token) int { return bytes.Compare(t[:], u[:]) }

// Keys makes the tokens of one namespace. It is safe for concurrent use.
//
// A key is derived for each kind of digest:
//
//	K = first 16 bytes of HMAC-SHA256(key, "portrait idlist v1" 00 kind 00 namespace)
//
// with the kind's name, so that equal digests of two namespaces or kinds have tokens
// that nothing relates. Under K all messages have one length, and the token is
//
//	MD5           AES-128(K, digest)
//	SHA-1         CBC-MAC: AES-128(K, AES-128(K, first 16 bytes) xor the last 4 and 12 zeros)
//	SHA-256       CBC-MAC: AES-128(K, AES-128(K, first 16 bytes) xor the last 16 bytes)
//
// AES is a pseudorandom permutation: without K a token of an MD5 tells nothing of
// it, and no two MD5s share a token. CBC-MAC is a pseudorandom function on messages
// of one length (Bellare, Kilian and Rogaway, 2000). What it is notorious for, forging
// by concatenation, needs messages of several lengths under one key. Two of 10^8
// digests share a token with a probability of about 10^-23. With one or two AES blocks
// a token costs a twentieth of an HMAC, which is what makes long lists quick.
type Keys struct {
	blocks [SHA256 + 1]cipher.Block // nil for a kind that is not declared
}

// NewKeys returns the token maker of a namespace for the kinds of digest that its
// index holds: at least one of MD5, SHA1 and SHA256. The key must stay the same for as
// long as any token is kept.
func NewKeys(key [32]byte, namespace string, kinds ...Kind) (*Keys, error) {
	if len(kinds) == 0 {
		return nil, fmt.Errorf("idlist: namespace %q declares no kind of digest", namespace)
	}
	k := new(Keys)
	for _, kind := range kinds {
		if kind.digestLen() == 0 {
			return nil, fmt.Errorf("idlist: namespace %q: %s is no kind of digest", namespace, kind)
		}
		mac := hmac.New(sha256.New, key[:])
		fmt.Fprintf(mac, "portrait idlist v1\x00%s\x00%s", kind, namespace)
		block, err := aes.NewCipher(mac.Sum(nil)[:16])
		if err != nil {
			return nil, fmt.Errorf("idlist: namespace %q: %w", namespace, err)
		}
		k.blocks[kind] = block
	}
	return k, nil
}

// Tokens yields the tokens to store for an identifier, one for each declared kind in
// the order MD5, SHA1, SHA256. The value is one spelling: the normalised one, or
// another that hashed lists may hold.
func (k *Keys) Tokens(value string) iter.Seq2[Kind, Token] {
	return func(yield func(Kind, Token) bool) {
		m := maker{keys: k}
		for kind := MD5; kind <= SHA256; kind++ {
			if k.has(kind) && !yield(kind, m.ofValue(kind, value)) {
				return
			}
		}
	}
}

// has reports whether tokens of that kind of digest can be made.
func (k *Keys) has(kind Kind) bool { return k != nil && k.blocks[kind] != nil }

// strongest returns the declared kind that a plain list is hashed with. The
// digests of two values collide in none of them by chance; those of MD5 can be made to.
func (k *Keys) strongest() (Kind, bool) {
	for kind := SHA256; kind >= MD5; kind-- {
		if k.has(kind) {
			return kind, true
		}
	}
	return Auto, false
}

// maker makes tokens with buffers of its own, so that none is allocated. It serves
// one goroutine.
type maker struct {
	keys   *Keys
	digest [maxDigest]byte
	token  Token
	value  []byte
}

// ofDigest returns the token of the first bytes of m.digest, as many as the kind has.
func (m *maker) ofDigest(kind Kind) Token {
	block := m.keys.blocks[kind]
	block.Encrypt(m.token[:], m.digest[:aes.BlockSize])
	n := kind.digestLen()
	if n == aes.BlockSize {
		return m.token
	}
	for i, b := range m.digest[aes.BlockSize:n] {
		m.token[i] ^= b
	}
	block.Encrypt(m.token[:], m.token[:])
	return m.token
}

// ofValue returns the token of the digest of a value.
func (m *maker) ofValue(kind Kind, value string) Token {
	m.value = append(m.value[:0], value...)
	kind.appendDigest(m.digest[:0], m.value)
	return m.ofDigest(kind)
}
