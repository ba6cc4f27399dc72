package atrest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
)

const keyLen = 32

// ErrSeal is wrapped by errors about a header that a key does not open: it is the
// wrong key, or somebody changed the header.
var ErrSeal = errors.New("the key does not open the header")

// Wrapper makes and opens headers under one key of the host's. It may be used
// from several goroutines at once.
type Wrapper struct {
	id    string
	aead  cipher.AEAD
	print [16]byte // tells keys apart, and nothing else of them
}

// NewWrapper returns the wrapper of a key and its name, which is of 1 to [MaxID]
// bytes. What is done under the key is done under keys derived from it, so that
// the host may use it elsewhere.
func NewWrapper(id string, key [keyLen]byte) (*Wrapper, error) {
	if len(id) == 0 || len(id) > MaxID {
		return nil, fmt.Errorf("the key's name %.80q has %d bytes, want 1 to %d", id, len(id), MaxID)
	}
	wrap, err := hkdf.Key(sha256.New, key[:], nil, "portrait file header v1: wrap", keyLen)
	if err != nil {
		return nil, err
	}
	fingerprint, err := hkdf.Key(sha256.New, key[:], nil, "portrait file header v1: print", 16)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(wrap)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Wrapper{id: id, aead: aead, print: [16]byte(fingerprint)}, nil
}

// ID returns the key's name.
func (w *Wrapper) ID() string { return w.id }

// SameKey reports whether two wrappers have one key.
func (w *Wrapper) SameKey(o *Wrapper) bool {
	return subtle.ConstantTimeCompare(w.print[:], o.print[:]) == 1
}

// New draws a key for a new file and returns its header and its cipher.
func (w *Wrapper) New() (*Header, *Cipher, error) {
	var key [keyLen]byte
	rand.Read(key[:])
	h := new(Header)
	copy(h[:], magic[:])
	h[versionAt], h[idLenAt] = version, byte(len(w.id))
	copy(h[idAt:], w.id)
	rand.Read(h[ivAt:sealedAt])
	w.aead.Seal(h[:sealedAt], nil, key[:], h.bound())
	binary.LittleEndian.PutUint32(h[sumAt:], h.sum())
	c, err := h.cipher(key[:])
	return h, c, err
}

// Open returns the cipher of the file that a header begins. The error wraps
// ErrSeal if the header was not made under this key.
func (w *Wrapper) Open(h *Header) (*Cipher, error) {
	key, err := w.aead.Open(nil, nil, h[sealedAt:sumAt], h.bound())
	if err != nil {
		return nil, ErrSeal
	}
	return h.cipher(key)
}

func (h *Header) cipher(key []byte) (*Cipher, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	c := &Cipher{block: block}
	c.hi = binary.BigEndian.Uint64(h[ivAt:])
	c.lo = binary.BigEndian.Uint64(h[ivAt+8:])
	return c, nil
}
