package linkage

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// exactComparator compares for equality.
type exactComparator struct{ cells[struct{}] }

func newExactComparator() *exactComparator {
	c := &exactComparator{}
	c.add([]string{""})
	return c
}

func (c *exactComparator) levels() []level { return []level{{name: "the same"}, {name: "different"}} }

func (c *exactComparator) add(parts []string) uint32 {
	return c.value(parts[0], func(string) struct{} { return struct{}{} })
}

func (c *exactComparator) compare(a, b uint32) int {
	switch {
	case a == 0 || b == 0:
		return missing
	case a == b:
		return 0
	}
	return 1
}

// codeComparator compares postcodes, document numbers and the like.
type codeComparator struct {
	cells[code]
	prefix int
	steps  []level
}

// code is a code and its first part.
type code struct {
	word
	prefix string
}

func newCodeComparator(prefix int) *codeComparator {
	c := &codeComparator{prefix: prefix}
	c.steps = []level{{name: "the same"}, {name: "one slip"}, {name: "two slips"}}
	switch {
	case prefix > 0:
		c.steps = append(c.steps, level{name: fmt.Sprintf("the first %d the same", prefix)})
	case prefix < 0:
		c.steps = append(c.steps, level{name: fmt.Sprintf("all but the last %d the same", -prefix)})
	}
	c.steps = append(c.steps, level{name: "different"})
	c.add([]string{""})
	return c
}

func (c *codeComparator) levels() []level { return c.steps }

func (c *codeComparator) add(parts []string) uint32 { return c.value(parts[0], c.code) }

func (c *codeComparator) code(s string) code {
	plain := lexicon{}
	f := code{word: plain.word(s)}
	if c.prefix != 0 {
		f.prefix = firstOf(s, c.prefix)
	}
	return f
}

func (c *codeComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	if a == b {
		return 0
	}
	x, y := &c.facts[a], &c.facts[b]
	if d := edits(&x.word, &y.word, 3); d < 3 {
		return d
	}
	if c.prefix != 0 && x.prefix != "" && x.prefix == y.prefix {
		return 3
	}
	return len(c.steps) - 1
}

// phoneComparator compares phone numbers by their digits.
type phoneComparator struct {
	cells[phone]
	suffix int
	steps  []level
}

// phone is the digits of a number and the last of them.
type phone struct {
	word
	suffix string
}

func newPhoneComparator(suffix int) *phoneComparator {
	c := &phoneComparator{suffix: suffix, steps: []level{
		{name: "the same"},
		{name: fmt.Sprintf("the last %d digits the same", suffix)},
		{name: "one slip"},
		{name: "different"},
	}}
	c.add([]string{""})
	return c
}

func (c *phoneComparator) levels() []level { return c.steps }

func (c *phoneComparator) add(parts []string) uint32 {
	return c.value(strings.TrimLeft(keepDigits(parts[0]), "0"), func(s string) phone {
		plain := lexicon{}
		return phone{word: plain.word(s), suffix: lastOf(s, c.suffix)}
	})
}

func (c *phoneComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	if a == b {
		return 0
	}
	x, y := &c.facts[a], &c.facts[b]
	switch {
	case x.suffix == y.suffix && len(x.suffix) == c.suffix:
		return 1
	case edits(&x.word, &y.word, 2) < 2:
		return 2
	}
	return 3
}

// firstOf returns the first n characters of s or, where n is negative, all but the
// last -n; all of s, or nothing, where there are not that many.
func firstOf(s string, n int) string {
	count := n
	if n < 0 {
		count = utf8.RuneCountInString(s) + n
	}
	for i := range s {
		if count <= 0 {
			return s[:i]
		}
		count--
	}
	return s
}

// lastOf returns the last n characters of s or, where n is negative, all but the
// first -n; all of s, or nothing, where there are not that many.
func lastOf(s string, n int) string {
	skip := -n
	if n > 0 {
		skip = utf8.RuneCountInString(s) - n
	}
	for i := range s {
		if skip <= 0 {
			return s[i:]
		}
		skip--
	}
	return ""
}

// keepDigits returns the ASCII digits of s.
func keepDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
