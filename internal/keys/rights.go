package keys

import "encoding/binary"

// The spaces of what is on record of people's rights.
const (
	Chain = 'j' // j number
	Hold  = 'q' // q token
)

// AppendChain appends the key of one record of the audit log.
func AppendChain(dst []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, Chain), number)
}

// ReadChain reads the number of a record of the audit log.
func ReadChain(key []byte) (number uint64, ok bool) {
	if len(key) != 1+8 || key[0] != Chain {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}

// AppendHold appends the key of the legal hold on an identifier.
func AppendHold(dst []byte, t Token) []byte { return append(append(dst, Hold), t[:]...) }
