package identity

import (
	"strings"
	"unicode"
)

// The lengths of a phone number: E.164 allows 15 digits with the country code,
// and below 5 are the short codes that everybody shares.
const (
	minPhone = 5
	maxPhone = 15
)

// phone keeps the digits of a phone number, without the international prefix:
// "+86 138-1234-5678", "tel:+86-138-1234-5678" and "0086 13812345678" are one.
// It refuses what is not one plain number: words, an extension, two numbers, a
// masked one such as 138****5678, which many people share once it is digits only.
func phone(s string) (string, bool) {
	if len(s) >= 4 && strings.EqualFold(s[:4], "tel:") {
		s = s[4:]
		s, _, _ = strings.Cut(s, ";") // the parameters of RFC 3966
	}
	begun := false
	for _, c := range s {
		_, is := digit(c)
		if !is && !separates(c) && ((c != '+' && c != '＋') || begun) {
			return "", false
		}
		begun = begun || is
	}
	s = digits(s)
	for strings.HasPrefix(s, "00") {
		s = s[2:]
	}
	return s, minPhone <= len(s) && len(s) <= maxPhone
}

// separates reports whether a character may stand between the digits of one
// phone number.
func separates(c rune) bool {
	switch c {
	case '-', '.', '(', ')', '[', ']', '/', '~', ' ', '\u2212': // the last is a minus sign
		return true
	default:
		return unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || unicode.Is(unicode.Cf, c)
	}
}
