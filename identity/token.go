package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"github.com/portraitdb/portrait/profile"
)

// Token stands for an identifier where no personal data may be: a keyed hash. It
// tells two identifiers apart and nothing else; no order of people or of edges
// follows from it.
type Token [16]byte

// String returns the token in hexadecimal.
func (t Token) String() string { return hex.EncodeToString(t[:]) }

// Tokenizer makes tokens under one key. It is safe for concurrent use.
type Tokenizer struct {
	states sync.Pool // of *tokenState
}

// tokenState is one keyed hash with its buffers, so that a token costs no
// allocation.
type tokenState struct {
	mac   hash.Hash
	input []byte
	sum   [sha256.Size]byte
}

// NewTokenizer returns a Tokenizer. The key must stay the same for as long as
// any token of it is kept.
func NewTokenizer(key [32]byte) *Tokenizer {
	t := new(Tokenizer)
	t.states.New = func() any { return &tokenState{mac: hmac.New(sha256.New, key[:])} }
	return t
}

// Token returns the token of an identifier: the first 16 bytes of the
// HMAC-SHA256 of its namespace, a zero byte and its value. Clean it first.
func (t *Tokenizer) Token(id profile.Identifier) Token {
	st, _ := t.states.Get().(*tokenState)
	defer t.states.Put(st)
	return st.token(id)
}

func (st *tokenState) token(id profile.Identifier) Token {
	st.input = append(st.input[:0], id.Namespace...)
	st.input = append(st.input, 0)
	st.input = append(st.input, id.Value...)
	st.mac.Reset()
	st.mac.Write(st.input)
	return Token(st.mac.Sum(st.sum[:0])[:len(Token{})])
}
