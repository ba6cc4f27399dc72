package copies

import (
	"bytes"
	"encoding/json"
	"fmt"
)

const noteHeading = "portrait copy 1"

// Note is what a copy of a store says of itself until it is opened.
type Note struct {
	// Store is the incarnation of the store that it was copied from, in hexadecimal, and
	// Key the fingerprint of its key.
	Store string `json:"store"`
	Key   string `json:"key"`
	// Epoch is the last commit in it.
	Epoch uint64 `json:"epoch"`
	// Backup is the ID of the backup that it was restored from; empty of a checkpoint.
	Backup string `json:"backup,omitempty"`
	// Ledger is that of who was erased since, as Ledger.Append writes it; nil: none.
	Ledger []byte `json:"-"`
}

// Append appends the note's text.
func (n *Note) Append(dst []byte) ([]byte, error) {
	about, err := json.Marshal(n)
	if err != nil {
		return dst, err
	}
	var text bytes.Buffer
	fmt.Fprintln(&text, noteHeading)
	text.Write(append(about, '\n'))
	text.Write(n.Ledger)
	return append(dst, Seal(text.Bytes())...), nil
}

// ReadNote reads a note. Its ledger, which is a part of data, is not looked at.
func ReadNote(data []byte) (*Note, error) {
	text, err := Unseal(data)
	if err != nil {
		return nil, err
	}
	if text, err = heading(text, noteHeading); err != nil {
		return nil, err
	}
	about, rest, _ := line(text)
	n := &Note{}
	if err := json.Unmarshal([]byte(about), n); err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		n.Ledger = rest
	}
	return n, nil
}
