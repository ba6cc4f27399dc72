package shred

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// NonceLen is the length of a nonce.
const NonceLen = 12

// Overhead is how much longer than its content a sealed form is.
const Overhead = NonceLen + sumLen

const sumLen = 4

// The errors of Seal and Open.
var (
	// ErrForgotten is returned for a number whose key there is no more.
	ErrForgotten = errors.New("its key was destroyed")
	// ErrSealed is returned for bytes that were not sealed under the number's key, or
	// are damaged.
	ErrSealed = errors.New("sealed bytes are damaged, or of another key")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal appends the sealed form of content to dst: the nonce, which must be one that was
// never used under the number, then the content and its checksum, encrypted. Content and
// dst do not overlap.
func (t *Tree) Seal(dst []byte, number uint64, nonce [NonceLen]byte, content []byte) ([]byte, error) {
	k, ok := t.key(number)
	if !ok {
		return dst, ErrForgotten
	}
	dst = append(dst, nonce[:]...)
	from := len(dst)
	dst = append(dst, content...)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(content, castagnoli))
	stream(&k, nonce).XORKeyStream(dst[from:], dst[from:])
	return dst, nil
}

// Open appends the content of what Seal appended to dst. Sealed bytes and dst do not
// overlap.
func (t *Tree) Open(dst []byte, number uint64, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return dst, ErrSealed
	}
	k, ok := t.key(number)
	if !ok {
		return dst, ErrForgotten
	}
	from := len(dst)
	dst = append(dst, sealed[NonceLen:]...)
	stream(&k, [NonceLen]byte(sealed)).XORKeyStream(dst[from:], dst[from:])
	content := dst[from : len(dst)-sumLen]
	if binary.LittleEndian.Uint32(dst[len(dst)-sumLen:]) != crc32.Checksum(content, castagnoli) {
		return dst[:from], ErrSealed
	}
	return dst[:len(dst)-sumLen], nil
}

// stream returns the key stream of a key and a nonce. It has 2^32 blocks, and begins with
// the counter 0.
func stream(k *key, nonce [NonceLen]byte) cipher.Stream {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // the key has a length of AES
	}
	var iv [aes.BlockSize]byte
	copy(iv[:], nonce[:])
	return cipher.NewCTR(block, iv[:])
}
