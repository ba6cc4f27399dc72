package identity

import "strings"

// The numbers of digits by which device IDs are told.
const (
	uuidDigits = 32
	macDigits  = 12
	minIMEI    = 14 // without the check digit
	maxIMEI    = 16 // with the version of the software
)

// uuidURN is the prefix of RFC 9562.
const uuidURN = "urn:uuid:"

// device brings the spellings of a device ID to one.
//
//	UUID (IDFA, GAID, OAID)  lower case, with dashes; without braces and urn:uuid:
//	MAC address              12 hexadecimal digits in lower case
//	IMEI, IMEISV             14 to 16 digits
//	other hexadecimal        lower case, from 12 digits on (Android ID, MEID, digests)
//	anything else            as it is, without braces; case counts
//
// The check digit of an IMEI is not verified: IMEISV and the form of 14 digits have
// none, many systems report it as zero, and a device whose number fails the test is
// a device all the same.
func device(s string) string {
	for len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}' {
		s = s[1 : len(s)-1]
	}
	if len(s) >= len(uuidURN) && strings.EqualFold(s[:len(uuidURN)], uuidURN) {
		s = s[len(uuidURN):]
	}
	digits := 0 // hexadecimal ones
	for i := range len(s) {
		if isHex(s[i]) {
			digits++
		}
	}
	switch {
	case digits == uuidDigits && (digits == len(s) || isUUID(s)):
		return dashed(s)
	case digits == macDigits && isMAC(s), isIMEI(s, digits):
		return strings.Map(hexDigit, s)
	case digits == len(s) && digits >= macDigits: // shorter ones may be words
		return strings.ToLower(s)
	default:
		return s
	}
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}

// hexDigit keeps a hexadecimal digit, in lower case, and nothing else.
func hexDigit(c rune) rune {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'f':
		return c
	case 'A' <= c && c <= 'F':
		return c + 'a' - 'A'
	default:
		return -1
	}
}

// isUUID reports whether a value with the digits of a UUID has its dashes too.
func isUUID(s string) bool {
	return len(s) == uuidDigits+4 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

// dashed writes a UUID as RFC 9562 does.
func dashed(s string) string {
	s = strings.ToLower(s)
	if isUUID(s) {
		return s
	}
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// isMAC reports whether a value with the digits of a MAC address has them alone,
// or in pairs with colons or dashes, or in fours with dots.
func isMAC(s string) bool {
	return len(s) == macDigits || grouped(s, 2, ':') || grouped(s, 2, '-') || grouped(s, 4, '.')
}

// grouped reports whether a value with the digits of a MAC address holds them in
// groups of n with a separator between.
func grouped(s string, n int, sep byte) bool {
	if len(s) != macDigits+macDigits/n-1 {
		return false
	}
	for i := n; i < len(s); i += n + 1 {
		if s[i] != sep {
			return false
		}
	}
	return true
}

// isIMEI reports whether a value is the digits of an IMEI, with or without
// separators between. All its hexadecimal digits must be decimal.
func isIMEI(s string, digits int) bool {
	if digits < minIMEI || digits > maxIMEI || s[0] == '-' || s[0] == ' ' {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; {
		case '0' <= b && b <= '9':
		case (b == ' ' || b == '-') && i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '-':
		default:
			return false
		}
	}
	return true
}
