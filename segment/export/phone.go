package export

import "strings"

// The lengths of a phone number with its country code: E.164 has 15 digits at most.
const (
	minPhone = 7
	maxPhone = 15
)

// AlreadyInternational as [Audience.CallingCode] says that all numbers have their country
// code, though they may lack the plus before it.
const AlreadyInternational = "+"

// phone returns the digits of a phone number, from the country code on.
//
// With a plus or 00 before it a number has its country code. Else it is one of the
// country: the 0 before it, which calls within a country begin with, goes, but for
// Italy, where it is part of the number. One that begins with the country code and
// has 11 digits or more has it already: a number without its 0 is not as long.
func phone(s, callingCode string) (string, bool) {
	international := strings.HasPrefix(s, "+")
	if international {
		s = strings.Replace(s[1:], "(0)", "", 1) // +44 (0)20 7946 0958
	}
	s, ok := digits(s)
	if !ok {
		return "", false
	}
	if rest, double := strings.CutPrefix(s, "00"); double && !international {
		s, international = rest, true
	}
	switch {
	case international, callingCode == AlreadyInternational:
	case callingCode == "":
		return "", false
	case strings.HasPrefix(s, callingCode) && len(s) >= 11:
	default:
		if callingCode != "39" {
			s = strings.TrimPrefix(s, "0")
		}
		s = callingCode + s
	}
	return s, minPhone <= len(s) && len(s) <= maxPhone && s[0] != '0'
}

// phoneOfChina returns the 11 digits of a mobile number of mainland China.
func phoneOfChina(s string) (string, bool) {
	s, ok := phone(s, "86")
	if !ok {
		return "", false
	}
	s, ok = strings.CutPrefix(s, "86")
	return s, ok && len(s) == 11 && s[0] == '1' && s[1] >= '3'
}

// digits returns the digits of a number, written with what may stand between them.
// Anything else, letters and the stars of a masked number too, makes it none.
func digits(s string) (string, bool) {
	kept := make([]byte, 0, maxPhone+2)
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			kept = append(kept, c)
		case strings.IndexByte(" -.()/", c) < 0:
			return "", false
		}
	}
	return string(kept), len(kept) > 0
}
