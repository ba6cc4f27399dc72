// Package copies writes and reads what goes with copies of a store: the note that a copy
// has of where it is from, and the ledger of who was erased. Both are text under a
// checksum, for people to read too. docs/format.md draws them.
package copies

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// sealPrefix begins the last line of a sealed text.
const sealPrefix = "sha256 "

const sealLen = len(sealPrefix) + 2*sha256.Size + 1

// ErrSeal is returned for text that is not what was sealed.
var ErrSeal = errors.New("cut short or changed: its checksum does not hold")

// Seal appends to text, whose last byte is a newline, a line with its SHA-256.
func Seal(text []byte) []byte {
	sum := sha256.Sum256(text)
	text = append(text, sealPrefix...)
	text = hex.AppendEncode(text, sum[:])
	return append(text, '\n')
}

// Unseal returns what was sealed, a part of data.
func Unseal(data []byte) ([]byte, error) {
	if len(data) < sealLen {
		return nil, ErrSeal
	}
	text := data[:len(data)-sealLen]
	if !bytes.Equal(Seal(bytes.Clone(text)), data) {
		return nil, ErrSeal
	}
	return text, nil
}

// line cuts the first line off a text.
func line(text []byte) (first string, rest []byte, ok bool) {
	a, rest, ok := bytes.Cut(text, []byte{'\n'})
	return string(a), rest, ok
}

// heading reads the first line, which says what a text is.
func heading(text []byte, want string) ([]byte, error) {
	got, rest, ok := line(text)
	if !ok || got != want {
		return nil, fmt.Errorf("begins with %.60q, want %q", got, want)
	}
	return rest, nil
}
