package portrait

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// listChunk is how many tokens of a share lie together while they are collected, so that
// collecting them copies none.
const listChunk = 1 << 10

// listTokens are the identifiers of a list that is being uploaded, by the first byte of
// their tokens.
type listTokens struct {
	n     int
	parts [nodeShares][][]identity.Token // one slice, ascending, once sorted
}

// add adds an identifier.
func (l *listTokens) add(t identity.Token) {
	part := &l.parts[t[0]]
	last := len(*part) - 1
	if last < 0 || len((*part)[last]) == cap((*part)[last]) {
		room := 8
		if last >= 0 {
			room = min(2*cap((*part)[last]), listChunk)
		}
		*part = append(*part, make([]identity.Token, 0, room))
		last++
	}
	(*part)[last] = append((*part)[last], t)
	l.n++
}

// sort brings one share in order, and returns it. Different ones may be sorted at once.
func (l *listTokens) sort(part int) []identity.Token {
	all := slices.Concat(l.parts[part]...)
	slices.SortFunc(all, compareTokens)
	l.parts[part] = [][]identity.Token{all}
	return all
}

// sorted returns a share that has been sorted.
func (l *listTokens) sorted(part int) []identity.Token { return l.parts[part][0] }

// drop takes identifiers out of the shares, which have been sorted.
func (l *listTokens) drop(gone []identity.Token) {
	for _, token := range gone {
		part := &l.parts[token[0]][0]
		if i, ok := slices.BinarySearchFunc(*part, token, compareTokens); ok {
			*part = slices.Delete(*part, i, i+1)
		}
	}
}

// samePart returns how many of ascending tokens begin alike, and so lie in one part of
// the list as it is stored.
func samePart(tokens []identity.Token) int {
	n := 1
	for n < len(tokens) && tokens[n][0] == tokens[0][0] && tokens[n][1] == tokens[0][1] {
		n++
	}
	return n
}

// appendPart appends tokens as a part of a list is stored.
func appendPart(dst []byte, tokens []identity.Token) []byte {
	for i := range tokens {
		dst = append(dst, tokens[i][:]...)
	}
	return dst
}

// readPart returns the tokens of a part of a list.
func readPart(data []byte) ([]identity.Token, error) {
	if len(data)%keys.TokenLen != 0 {
		return nil, fmt.Errorf("%w: part of a list of %d bytes", ErrCorrupt, len(data))
	}
	tokens := make([]identity.Token, 0, len(data)/keys.TokenLen)
	for part := range slices.Chunk(data, keys.TokenLen) {
		tokens = append(tokens, identity.Token(part))
	}
	return tokens, nil
}
