package identity

import "strings"

// The shortest run of one digit that is a placeholder. Hosts number their own
// people, so a person 777 is real where a device 777 is not.
const (
	minRepeated    = 3
	minRepeatedOwn = 8
)

// longestPlaceholder is the length of the longest entry of placeholder.
const longestPlaceholder = len("not_authenticated")

// signs are the ASCII characters that can be seen and are no letters or digits.
const signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "

// blockedByDefault reports whether a value is one of the placeholders that
// clients are known to send, and names the rule. A pair of quotes around it does
// not count.
func blockedByDefault(s string, k Kind) (rule string, blocked bool) {
	s = unquote(s)
	if len(s) <= longestPlaceholder {
		if rule := placeholder(s); rule != "" {
			return rule, true
		}
	}
	for _, p := range [...]string{"noreply@", "no-reply@"} {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			return p + "*", true
		}
	}
	switch {
	case only(s, "0-"):
		return "^[0-]*$", true
	case len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") && only(s[2:], "0"):
		return "^0x0+$", true
	case only(s, "0"+signs):
		return "zeros and signs", true
	case len(s) >= macDigits && only(s, "fF:-{}"): // the greatest UUID, the MAC of broadcast
		return "all ones", true
	case repeatedDigit(strings.TrimPrefix(s, "+")) >= minRepeatedOf(k):
		return "one repeated digit", true
	}
	return "", false
}

// placeholder returns the rule of a value that is a placeholder as a whole, or "".
// The lists are those of
//
//	PostHog    its illegal IDs: from anonymous to false in any case, and as written
//	           [object Object], NaN, None, none, null and 0. The words for nothing are
//	           blocked here in any case; nan is not, for it is a name
//	Segment    -1, null, anonymous, and ^[0-]*$ at blockedByDefault
//	Adobe      null, anonymous, invalid
//	the field  what languages print for nothing, what people type into a form, and
//	           what systems tell to every app instead of an ID
func placeholder(s string) (rule string) {
	switch s {
	case "NaN", "[object Object]":
		return s
	}
	var buf [longestPlaceholder]byte // a lower-case copy, to allocate nothing
	lower := buf[:copy(buf[:], s)]
	for i, b := range lower {
		if 'A' <= b && b <= 'Z' {
			lower[i] = b + 'a' - 'A'
		}
	}
	switch string(lower) {
	case "anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined", "true", "false",
		"none", "null", "-1", "invalid",
		"unknown", "n/a", "nil", "test", "test@test.com", "1234567890", "13800138000", "8613800138000", "+8613800138000",
		"(null)", "<null>", "(none)", "(not set)", "<nil>", // Cocoa, web analytics, Go
		"02:00:00:00:00:00", "02-00-00-00-00-00", "020000000000", // the MAC address that phones tell to apps
		"9774d56d682e549c": // the Android ID of many phones of 2010 and of emulators
		return string(lower)
	}
	return ""
}

// only reports whether a value holds no bytes but those.
func only(s, bytes string) bool {
	for i := range len(s) {
		if strings.IndexByte(bytes, s[i]) < 0 {
			return false
		}
	}
	return true
}

func minRepeatedOf(k Kind) int {
	switch k {
	case Person, Household, Account:
		return minRepeatedOwn
	default:
		return minRepeated
	}
}

// repeatedDigit returns the length of a value that is one digit repeated, and 0
// for any other.
func repeatedDigit(s string) int {
	if s == "" || s[0] < '0' || s[0] > '9' || !only(s, s[:1]) {
		return 0
	}
	return len(s)
}

// unquote takes one pair of quotes off, and the white space in it.
func unquote(s string) string {
	if n := len(s); n >= 2 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		return trim(s[1 : n-1])
	}
	return s
}
