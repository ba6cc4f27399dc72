package identity

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// step is one normaliser of a namespace. It reports false for a value that the
// namespace cannot hold.
type step struct {
	name  string
	apply func(string) (string, bool)
}

// errUnstable is returned for a value that the normalisers never stop changing.
var errUnstable = errors.New("does not settle")

// maxRounds bounds how often a list of normalisers is repeated. One round
// settles nearly every value, a second one confirms it.
const maxRounds = 8

// normalizerNames lists the normalisers, for messages.
func normalizerNames() []string {
	return []string{"trim", "nfkc", "lower", "fold", "digits", "email", "phone"}
}

// normalizerOf returns the normaliser of that name.
func normalizerOf(name string) (func(string) (string, bool), bool) {
	switch name {
	case "trim":
		return always(trim), true
	case "nfkc":
		return always(norm.NFKC.String), true
	case "lower":
		return always(strings.ToLower), true
	case "fold":
		// A Caser may not be shared between goroutines.
		return always(func(s string) string { return cases.Fold().String(s) }), true
	case "digits":
		return always(digits), true
	case "email":
		return email, true
	case "phone":
		return phone, true
	}
	return nil, false
}

// defaultSteps is what Namespace.Normalize means when it is nil.
func defaultSteps(name string) []string {
	if name == "email" || name == "phone" {
		return []string{"trim", "nfkc", name}
	}
	return []string{"trim", "nfkc"}
}

func always(f func(string) string) func(string) (string, bool) {
	return func(s string) (string, bool) { return f(s), true }
}

// normalize brings a value to the one spelling of its namespace. The steps are
// repeated until nothing changes, because one may undo what another did (NFKC
// makes capitals out of a trade mark sign); so a clean value stays as it is. The
// error names the step that refused the value.
func (ns *namespace) normalize(s string) (string, error) {
	for range maxRounds {
		before := s
		for _, st := range ns.steps {
			next, ok := st.apply(s)
			if !ok {
				return "", errors.New(st.name)
			}
			s = next
		}
		if s == before || len(s) > maxRawLen { // no round makes it short again
			return s, nil
		}
	}
	return "", errUnstable
}

// trim cuts what cannot be seen off both ends.
func trim(s string) string { return strings.TrimFunc(s, invisible) }

func invisible(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c)
}

// digits keeps the decimal digits of any script, as 0 to 9.
func digits(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && '0' <= s[i] && s[i] <= '9'
	}
	if plain {
		return s
	}
	return strings.Map(func(c rune) rune {
		if d, ok := digit(c); ok {
			return '0' + d
		}
		return -1
	}, s)
}

// digit returns the value of a decimal digit. Unicode encodes every set of ten
// as a run from zero to nine, and a range of its table holds only whole sets.
func digit(c rune) (rune, bool) {
	if c < 0x80 {
		return c - '0', '0' <= c && c <= '9'
	}
	for _, r := range unicode.Nd.R16 {
		if c <= rune(r.Hi) {
			return (c - rune(r.Lo)) % 10, c >= rune(r.Lo)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if c <= rune(r.Hi) {
			return (c - rune(r.Lo)) % 10, c >= rune(r.Lo)
		}
	}
	return 0, false
}

// email lower-cases an e-mail address. The local part may be case-sensitive by
// the standard and is not in practice.
func email(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", false
	}
	return strings.ToLower(s), true
}

// The lengths of a phone number: E.164 allows 15 digits with the country code,
// and below 5 are the short codes that everybody shares.
const (
	minPhone = 5
	maxPhone = 15
)

// phone keeps the digits of a phone number, without the international prefix:
// "+86 138-1234-5678", "tel:+86-138-1234-5678" and "0086 13812345678" are one.
func phone(s string) (string, bool) {
	if len(s) >= 4 && strings.EqualFold(s[:4], "tel:") {
		s = s[4:]
		s, _, _ = strings.Cut(s, ";") // the parameters of RFC 3966
	}
	if strings.ContainsFunc(s, unicode.IsLetter) {
		return "", false // an extension, or words: a wrong number is worse than none
	}
	s = digits(s)
	for strings.HasPrefix(s, "00") {
		s = s[2:]
	}
	return s, minPhone <= len(s) && len(s) <= maxPhone
}
