package profile

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is how many arrays and objects may lie within each other, the
// event itself counted.
const maxJSONDepth = 32

// scanner walks over one JSON text, as RFC 8259 has it: stricter than
// encoding/json, which replaces text that is not UTF-8.
type scanner struct {
	data []byte
	pos  int
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte that is not white space, or 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

// wrong reports what stands at the current place.
func (s *scanner) wrong(want string) *FieldError {
	if s.pos >= len(s.data) {
		return s.refuse(ReasonInvalidJSON, "unexpected end, want "+want)
	}
	return s.refuse(ReasonInvalidJSON, fmt.Sprintf("unexpected %q, want %s", s.data[s.pos], want))
}

func (s *scanner) refuse(reason, detail string) *FieldError {
	return &FieldError{Reason: reason, Detail: "at byte " + strconv.Itoa(s.pos) + ": " + detail}
}

// value checks one value and passes over it; it lies in depth others.
func (s *scanner) value(depth int) *FieldError {
	switch c := s.peek(); {
	case c == '{' || c == '[':
		if depth >= maxJSONDepth {
			return s.refuse(ReasonTooDeep, fmt.Sprintf("more than %d levels", maxJSONDepth))
		}
		if c == '{' {
			return s.object(depth + 1)
		}
		return s.array(depth + 1)
	case c == '"':
		return s.text()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	for _, word := range [...]string{"null", "true", "false"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.wrong("a value")
}

func (s *scanner) object(depth int) *FieldError {
	s.pos++
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.wrong("a name in quotes")
		}
		start := s.pos
		if err := s.text(); err != nil {
			return err
		}
		name := s.data[start:s.pos]
		if s.peek() != ':' {
			return s.wrong("a colon")
		}
		s.pos++
		if err := s.value(depth); err != nil {
			return err.under(unquote(name))
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return s.wrong("a comma or }")
		}
	}
}

func (s *scanner) array(depth int) *FieldError {
	s.pos++
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for i := 0; ; i++ {
		if err := s.value(depth); err != nil {
			return err.under("[" + strconv.Itoa(i) + "]")
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return nil
		default:
			return s.wrong("a comma or ]")
		}
	}
}

func (s *scanner) number() *FieldError {
	if s.data[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.data) && s.data[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return s.wrong("a digit")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.wrong("a digit")
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.wrong("a digit")
		}
	}
	return nil
}

// digits passes over digits; false when there are none.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) text() *FieldError {
	start := s.pos + 1
	ascii := true
	for s.pos = start; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			if !ascii && !utf8.Valid(s.data[start:s.pos]) {
				return s.refuse(ReasonInvalidUTF8, "in the text that ends here")
			}
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < ' ':
			return s.wrong("an escape for a control character")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return s.wrong("a closing quote")
}

// escape passes over an escape up to its last byte.
func (s *scanner) escape() *FieldError {
	s.pos++
	if s.pos == len(s.data) {
		return s.wrong("an escape")
	}
	switch s.data[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		r, ok := hex4(s.data[s.pos+1:])
		if !ok {
			return s.wrong("four hexadecimal digits after \\u")
		}
		s.pos += 4
		if !utf16.IsSurrogate(r) {
			return nil
		}
		if rest := s.data[s.pos+1:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
			low, ok := hex4(rest[2:])
			if ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				s.pos += 6
				return nil
			}
		}
		return s.refuse(ReasonInvalidUTF8, "half a surrogate pair")
	}
	return s.wrong("an escape")
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
