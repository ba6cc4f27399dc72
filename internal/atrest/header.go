package atrest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	// HeaderLen is the length of a header in bytes.
	HeaderLen = 160
	// MaxID is the length of the longest name of a key, in bytes.
	MaxID = 64

	version = 1

	// Where the fields begin; docs/format.md draws them.
	versionAt = 8
	idLenAt   = 9
	idAt      = 16
	ivAt      = idAt + MaxID
	sealedAt  = ivAt + ivLen
	sumAt     = sealedAt + sealedLen
	ivLen     = 16
	sealedLen = 12 + keyLen + 16 // nonce, key, tag
)

// magic begins every header. It is no text and, read as a number in either order,
// no small one.
var magic = [versionAt]byte{0x89, 'P', 'T', 'R', 'E', 'N', 'C', 0x1a}

// castagnoli is the polynomial of the header's checksum.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	// ErrDamaged is wrapped by errors about a header that is not what was written.
	ErrDamaged = errors.New("damaged header")
	// ErrVersion is wrapped by errors about a header of a later version.
	ErrVersion = errors.New("unknown version of the header")
)

// Header is the beginning of an encrypted file.
type Header [HeaderLen]byte

// IsEncrypted reports whether a file that begins with b has a header, be it
// damaged further on.
func IsEncrypted(b []byte) bool { return bytes.HasPrefix(b, magic[:]) }

// IsTorn reports whether b could be what a loss of power left of a header while
// it was being written: no byte at its beginning is neither as it should be nor zero.
func IsTorn(b []byte) bool {
	for i := range min(len(b), len(magic)) {
		if b[i] != magic[i] && b[i] != 0 {
			return false
		}
	}
	return true
}

// Parse returns the header that b begins with. Damage is told from the wrong key
// by a checksum, which [Wrapper.Open] does not need for its own sake.
func Parse(b []byte) (*Header, error) {
	if len(b) < HeaderLen {
		return nil, fmt.Errorf("%w: %d bytes of %d", ErrDamaged, len(b), HeaderLen)
	}
	if !IsEncrypted(b) {
		return nil, fmt.Errorf("%w: it begins with %x", ErrDamaged, b[:versionAt])
	}
	h := (*Header)(bytes.Clone(b[:HeaderLen]))
	if h[versionAt] != version {
		return nil, fmt.Errorf("%w: %d, this program has %d", ErrVersion, h[versionAt], version)
	}
	if got, want := h.sum(), binary.LittleEndian.Uint32(h[sumAt:]); got != want {
		return nil, fmt.Errorf("%w: checksum %08x, want %08x", ErrDamaged, got, want)
	}
	if n := h[idLenAt]; n == 0 || n > MaxID {
		return nil, fmt.Errorf("%w: the key's name has %d bytes", ErrDamaged, n)
	}
	return h, nil
}

// KeyID returns the name of the key that the header was made under.
func (h *Header) KeyID() string { return string(h[idAt : idAt+int(h[idLenAt])]) }

// bound is what the seal vouches for besides the key.
func (h *Header) bound() []byte { return h[:sealedAt] }

func (h *Header) sum() uint32 { return crc32.Checksum(h[:sumAt], castagnoli) }
