package keys

import "encoding/binary"

// The spaces of uploaded lists.
const (
	List     = 'u' // u field
	ListPart = 'i' // i field part
	Match    = 'h' // h namespace kind token
)

// AppendList appends the key of the record of an uploaded list, by its field of the
// index.
func AppendList(dst []byte, field uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, List), field)
}

// ReadList reads the field of a list's key.
func ReadList(key []byte) (field uint32, ok bool) {
	if len(key) != 1+4 || key[0] != List {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[1:]), true
}

// AppendListParts appends the prefix of all parts of a list.
func AppendListParts(dst []byte, field uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, ListPart), field)
}

// AppendListPart appends the key of that part of a list whose identifiers' tokens begin
// with those two bytes.
func AppendListPart(dst []byte, field uint32, t Token) []byte {
	return append(AppendListParts(dst, field), t[0], t[1])
}

// AppendMatches appends the prefix of the match index of a kind of digest in a
// namespace, which is a hash of its name.
func AppendMatches(dst []byte, namespace uint64, kind byte) []byte {
	return append(binary.BigEndian.AppendUint64(append(dst, Match), namespace), kind)
}

// AppendMatch appends the key that leads from the token of a digest to the identifier.
func AppendMatch(dst []byte, namespace uint64, kind byte, t Token) []byte {
	return append(AppendMatches(dst, namespace, kind), t[:]...)
}

// ReadMatch reads the token of a key of the match index.
func ReadMatch(key []byte) (t Token, ok bool) {
	if len(key) != 1+8+1+TokenLen || key[0] != Match {
		return t, false
	}
	return Token(key[10:]), true
}
