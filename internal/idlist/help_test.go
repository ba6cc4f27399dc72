package idlist

import (
	"iter"
	"slices"
)

// countScans scans a sorted index and counts how often that was asked for.
func countScans(scans *int, m memIndex, tokens []Token) func(Kind, Token, Token) iter.Seq2[Entry, error] {
	return func(kind Kind, from, to Token) iter.Seq2[Entry, error] {
		*scans++
		return func(yield func(Entry, error) bool) {
			i, _ := slices.BinarySearchFunc(tokens, from, Token.compare)
			for ; i < len(tokens) && tokens[i].compare(to) <= 0; i++ {
				if !yield(Entry{tokens[i], []byte(m[kind][tokens[i]])}, nil) {
					return
				}
			}
		}
	}
}
