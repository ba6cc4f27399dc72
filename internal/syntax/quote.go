package syntax

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// quote returns the string in double quotes, with the escapes of JSON for what
// does not print.
func quote(s string) string { return string(appendQuoted(nil, s)) }

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	escape := func(u rune) {
		b = append(b, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\t':
			b = append(b, '\\', 't')
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			escape(hi)
			escape(lo)
		default:
			escape(r)
		}
	}
	return append(b, '"')
}

// unquote resolves the escapes in the inside of a string. On a fault it returns
// the offset of the bad escape and a message.
func unquote(s string) (text string, bad int, msg string) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, 0, ""
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b = append(b, s[i])
			i++
			continue
		}
		if i+1 == len(s) {
			return "", i, "the escape is cut short"
		}
		switch c := s[i+1]; c {
		case '"', '\'', '\\', '/':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, n := unquoteUnicode(s[i:])
			if n == 0 {
				return "", i, "\\u wants four hexadecimal digits of a character"
			}
			b = utf8.AppendRune(b, r)
			i += n
			continue
		default:
			return "", i, "unknown escape \\" + head(s[i+1:], 1)
		}
		i += 2
	}
	return string(b), 0, ""
}

// unquoteUnicode reads \uXXXX, or two of them for a character beyond 16 bits. It
// returns how many bytes it read, 0 when they are no character.
func unquoteUnicode(s string) (r rune, n int) {
	unit := func(s string) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return 0, false
		}
		u, err := strconv.ParseUint(s[2:6], 16, 16)
		return rune(u), err == nil
	}
	r, ok := unit(s)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	low, ok := unit(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == unicode.ReplacementChar {
		return 0, 0
	}
	return r, 12
}
