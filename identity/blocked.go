package identity

import "strings"

// The shortest run of one digit that is a placeholder. Hosts number their own
// people, so a person 777 is real where a device 777 is not.
const (
	minRepeated    = 3
	minRepeatedOwn = 8
)

// longestBlocked is the length of the longest exact entry, quotes included.
const longestBlocked = len(`"not_authenticated"`)

// blockedByDefault reports whether a value is one of the placeholders that
// clients are known to send, and names the rule. It joins the lists of Segment
// (all zeros and dashes, -1, null, anonymous), PostHog (its illegal IDs, quoted
// or not) and Adobe (null, anonymous, invalid) with those met in the field.
func blockedByDefault(s string, k Kind) (rule string, blocked bool) {
	s = unquote(s)
	if len(s) <= longestBlocked {
		switch s { // these spelled otherwise may be names
		case "NaN", "[object Object]":
			return s, true
		}
		switch l := strings.ToLower(s); l {
		case "anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined", "true", "false",
			"none", "null", "nil", "invalid", "unknown", "n/a", "test", "test@test.com", "-1",
			"1234567890", "13800138000", "8613800138000", "+8613800138000":
			return l, true
		}
	}
	for _, p := range [...]string{"noreply@", "no-reply@"} {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			return p + "*", true
		}
	}
	switch {
	case strings.Trim(s, "0-") == "":
		return "^[0-]*$", true
	case len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") && strings.Trim(s[2:], "0") == "":
		return "^0x0+$", true
	case repeatedDigit(s) >= minRepeatedOf(k):
		return "one repeated digit", true
	}
	return "", false
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
	if s == "" || s[0] < '0' || s[0] > '9' || strings.Trim(s, s[:1]) != "" {
		return 0
	}
	return len(s)
}

// unquote takes one pair of quotes off.
func unquote(s string) string {
	if n := len(s); n >= 2 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		return s[1 : n-1]
	}
	return s
}
