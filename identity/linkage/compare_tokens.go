package linkage

import (
	"slices"
	"strings"
)

// The levels of tokensComparator, in the order of its list.
const (
	tokensSame = iota
	tokensNear
	tokensInside
	tokensNearInside
	tokensSome
	tokensOne
	tokensOneNear
	tokensElse
	tokenSame
	tokenNear
	tokenElse
)

// tokensComparator compares the words of a text without order.
type tokensComparator struct {
	lexicon
	words  cells[word]
	values cells[tokens]
}

// tokens are the distinct words of a text by number, ascending.
type tokens []uint32

// maxTokens is how many words of a text are looked at.
const maxTokens = 16

func newTokensComparator(lex lexicon) *tokensComparator {
	c := &tokensComparator{lexicon: lex}
	c.words.value("", c.word)
	c.add([]string{""})
	return c
}

func (c *tokensComparator) levels() []level {
	return []level{
		tokensSame:       {"the same words", 0},
		tokensNear:       {"the same words but for slips and nicknames", 0},
		tokensInside:     {"all words of one in the other", 0},
		tokensNearInside: {"all words of one in the other but for slips and nicknames", 0},
		tokensSome:       {"two words or more shared", 0},
		tokensOne:        {"one word shared", 0},
		tokensOneNear:    {"one word similar", 0},
		tokensElse:       {"no word alike", 0},
		tokenSame:        {"the only word is in the other", 1},
		tokenNear:        {"the only word is similar to one", 1},
		tokenElse:        {"the only word is not alike", 1},
	}
}

func (c *tokensComparator) add(parts []string) uint32 {
	return c.values.value(strings.Join(parts, " "), func(s string) tokens {
		var t tokens
		for f := range strings.FieldsSeq(s) {
			if len(t) < maxTokens {
				t = append(t, c.words.value(f, c.word))
			}
		}
		slices.Sort(t)
		return slices.Clip(slices.Compact(t))
	})
}

func (c *tokensComparator) size() int { return c.values.size() }

func (c *tokensComparator) mark() mark {
	return mark{values: c.values.len(), terms: c.words.len(), sounds: c.sounds.len()}
}

func (c *tokensComparator) undo(m mark) {
	c.values.undo(mark{terms: m.values})
	c.words.undo(m)
	c.sounds.truncate(m.sounds)
}

func (c *tokensComparator) text(v uint32) string { return c.values.text(v) }

func (c *tokensComparator) roles() []string { return []string{"word"} }

func (c *tokensComparator) vocab() *vocabulary { return &c.words.vocabulary }

func (c *tokensComparator) terms(v uint32, yield func(role int, term uint32)) {
	for _, t := range c.values.facts[v] {
		yield(0, t)
	}
}

func (c *tokensComparator) shared(_ int, a, b uint32, dst []sharedTerm) []sharedTerm {
	x, y := c.values.facts[a], c.values.facts[b]
	for _, t := range x {
		if slices.Contains(y, t) {
			dst = append(dst, sharedTerm{0, t})
		}
	}
	return dst
}

func (c *tokensComparator) compare(a, b uint32) int {
	x, y := c.values.facts[a], c.values.facts[b]
	if len(x) == 0 || len(y) == 0 {
		return missing
	}
	if len(x) > len(y) || len(x) == len(y) && a > b {
		x, y = y, x // One order, so that the greedy overlap is symmetric.
	}
	exact, near := c.overlap(x, y)
	all := exact + near
	if len(x) == 1 {
		switch {
		case exact == 1:
			return tokenSame
		case near == 1:
			return tokenNear
		}
		return tokenElse
	}
	switch {
	case exact == len(x) && len(x) == len(y):
		return tokensSame
	case all == len(y):
		return tokensNear
	case exact == len(x):
		return tokensInside
	case all == len(x):
		return tokensNearInside
	case all >= 2:
		return tokensSome
	case exact == 1:
		return tokensOne
	case near == 1:
		return tokensOneNear
	}
	return tokensElse
}

// overlap counts the words of x that are in y, and those of the others that are
// like one of y that is left. x has no more words than y.
func (c *tokensComparator) overlap(x, y tokens) (exact, near int) {
	var takenX, takenY uint32
	for i, k := 0, 0; i < len(x) && k < len(y); {
		switch {
		case x[i] == y[k]:
			takenX |= 1 << i
			takenY |= 1 << k
			exact++
			i++
			k++
		case x[i] < y[k]:
			i++
		default:
			k++
		}
	}
	for i := range x {
		if takenX&(1<<i) != 0 {
			continue
		}
		for k := range y {
			if takenY&(1<<k) == 0 && c.alike(x[i], y[k]) {
				takenY |= 1 << k
				near++
				break
			}
		}
	}
	return exact, near
}

func (c *tokensComparator) alike(a, b uint32) bool {
	x, y := &c.words.facts[a], &c.words.facts[b]
	return x.nick(y) || x.same(y) || x.initial(y) || c.near(x, y)
}
