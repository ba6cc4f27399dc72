package linkage

import (
	"slices"
	"strings"
)

// The levels of addressComparator, in the order of its list.
const (
	addressSame = iota
	addressNear
	addressWords
	addressNearWords
	addressNumbers
	addressElse
)

// addressComparator compares the numbers and the words of an address apart.
type addressComparator struct {
	cells[address]
	lexicon
}

// address is the numbers of an address and its other words, each sorted.
type address struct {
	numbers string
	words   word
}

func newAddressComparator(lex lexicon) *addressComparator {
	c := &addressComparator{lexicon: lex}
	c.add([]string{""})
	return c
}

func (c *addressComparator) levels() []level {
	return []level{
		addressSame:      {name: "the same"},
		addressNear:      {name: "the same number, similar words"},
		addressWords:     {name: "the same words, another number or none"},
		addressNearWords: {name: "similar words, another number or none"},
		addressNumbers:   {name: "the same number, other words"},
		addressElse:      {name: "different"},
	}
}

func (c *addressComparator) add(parts []string) uint32 {
	var numbers, words []string
	for _, p := range parts {
		for f := range strings.FieldsSeq(p) {
			if strings.ContainsAny(f, "0123456789") {
				numbers = append(numbers, f)
			} else {
				words = append(words, f)
			}
		}
	}
	slices.Sort(numbers)
	n := strings.Join(numbers, " ")
	w := strings.Join(words, " ")
	return c.value(strings.TrimSpace(n+" "+w), func(s string) address {
		// The word is cut out of what is kept, so that it costs no text of its own.
		return address{numbers: s[:len(n)], words: c.word(s[len(s)-len(w):])}
	})
}

func (c *addressComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	if a == b {
		return addressSame
	}
	x, y := &c.facts[a], &c.facts[b]
	numbers := x.numbers == y.numbers && x.numbers != ""
	words := x.words.text == y.words.text && x.words.text != ""
	near := words || c.near(&x.words, &y.words)
	switch {
	case numbers && near:
		return addressNear
	case words:
		return addressWords
	case near:
		return addressNearWords
	case numbers:
		return addressNumbers
	}
	return addressElse
}
