package linkage

import (
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// word is a text that is compared for likeness: a name, a city.
type word struct {
	text   string
	mask   uint64   // A bit for each of its first 64 characters, by their low bits.
	size   uint8    // How many these are.
	runes  []rune   // nil if the text is ASCII.
	groups []uint32 // The groups of nicknames that it is in, ascending.
	alike  uint32   // The number of what EqualBy makes of it, 0 for nothing.
}

// lexicon makes words and compares them.
type lexicon struct {
	nicknames nicknames
	equalBy   func(string) string
	sounds    interner
	similar   float64
}

func (l *lexicon) word(s string) word {
	w := word{text: s, groups: l.nicknames[s]}
	if !ascii(s) {
		w.runes = []rune(s)
	}
	for _, r := range s {
		if w.size == maxEdit {
			break
		}
		w.mask |= 1 << (r & 63)
		w.size++
	}
	if l.equalBy != nil {
		if key := l.equalBy(s); key != "" {
			w.alike = l.sounds.intern(key) + 1
		}
	}
	return w
}

// near reports whether two words are similar enough.
func (l *lexicon) near(a, b *word) bool {
	return likelyBound(a, b) >= l.similar && likeness(a, b) >= l.similar
}

// nick reports whether two words are names that one person may go by.
func (w *word) nick(o *word) bool {
	for _, g := range w.groups {
		if slices.Contains(o.groups, g) {
			return true
		}
	}
	return false
}

// same reports whether EqualBy makes the same of two words.
func (w *word) same(o *word) bool { return w.alike != 0 && w.alike == o.alike }

// initial reports whether one of the words is the first letter of the other, in a
// script that has initials.
func (w *word) initial(o *word) bool {
	if len(w.text) > len(o.text) {
		w, o = o, w
	}
	first, size := utf8.DecodeRuneInString(w.text)
	other, longer := utf8.DecodeRuneInString(o.text)
	return size > 0 && size == len(w.text) && longer < len(o.text) && first == other && (unicode.IsLower(first) || unicode.IsUpper(first))
}

// likelyBound returns the most that likeness can be, from which characters occur at
// all: one that only one of the words has is not shared.
func likelyBound(a, b *word) float64 {
	la, lb := int(a.size), int(b.size)
	shared := min(la-bits.OnesCount64(a.mask&^b.mask), lb-bits.OnesCount64(b.mask&^a.mask))
	if shared <= 0 {
		return 0
	}
	j := (float64(shared)/float64(la) + float64(shared)/float64(lb) + 1) / 3
	// Bytes tell where two texts part: characters in common take as many at least.
	prefix := 0
	for prefix < min(4, len(a.text), len(b.text)) && a.text[prefix] == b.text[prefix] {
		prefix++
	}
	return j + 0.1*float64(prefix)*(1-j)
}

// likeness is the similarity of Jaro and Winkler, by rune.
func likeness(a, b *word) float64 {
	switch {
	case a.runes == nil && b.runes == nil:
		return jaroWinklerASCII(a.text, b.text)
	case a.runes == nil:
		return jaroWinkler([]rune(a.text), b.runes)
	case b.runes == nil:
		return jaroWinkler(a.runes, []rune(b.text))
	}
	return jaroWinkler(a.runes, b.runes)
}

// edits returns editDistance by rune.
func edits(a, b *word, limit int) int {
	if max(a.size, b.size) < maxEdit && max(bits.OnesCount64(a.mask&^b.mask), bits.OnesCount64(b.mask&^a.mask)) >= limit {
		return limit // An edit brings in one new character and takes out one.
	}
	switch {
	case a.runes == nil && b.runes == nil:
		return editDistance([]byte(a.text), []byte(b.text), limit)
	case a.runes == nil:
		return editDistance([]rune(a.text), b.runes, limit)
	case b.runes == nil:
		return editDistance(a.runes, []rune(b.text), limit)
	}
	return editDistance(a.runes, b.runes, limit)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nicknames tells, by clean name, the groups that it is in.
type nicknames map[string][]uint32

func newNicknames(groups [][]string, clean func(string) string) nicknames {
	n := nicknames{}
	for i, group := range groups {
		for _, name := range group {
			if name = clean(name); name != "" && !slices.Contains(n[name], uint32(i)) {
				n[name] = append(n[name], uint32(i))
			}
		}
	}
	return n
}
