package linkage

import "strings"

// emailComparator compares e-mail addresses.
type emailComparator struct {
	cells[email]
	lexicon
}

// email is an address and what is before the @.
type email struct {
	word
	local word
}

func newEmailComparator(lex lexicon) *emailComparator {
	c := &emailComparator{lexicon: lex}
	c.add([]string{""})
	return c
}

func (c *emailComparator) levels() []level {
	return []level{
		{name: "the same"},
		{name: "the same before the @"},
		{name: "similar"},
		{name: "similar before the @"},
		{name: "different"},
	}
}

func (c *emailComparator) add(parts []string) uint32 {
	return c.value(parts[0], func(s string) email {
		return email{word: c.word(s), local: c.word(localPart(s))}
	})
}

func (c *emailComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	if a == b {
		return 0
	}
	x, y := &c.facts[a], &c.facts[b]
	switch {
	case x.local.text != "" && x.local.text == y.local.text:
		return 1
	case c.near(&x.word, &y.word):
		return 2
	case c.near(&x.local, &y.local):
		return 3
	}
	return 4
}

// localPart returns what is before the last @, or all if there is none.
func localPart(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return s[:i]
	}
	return s
}
