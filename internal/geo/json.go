package geo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ignored takes any value and keeps nothing.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// value is one JSON value within a text that is known to be valid. Walking through it
// allocates nothing, however large it is.
type value []byte

// validJSON returns the text as a value if it is JSON.
func validJSON(text []byte) (value, error) {
	if err := json.Unmarshal(text, new(ignored)); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, err)
		}
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return value(text).trim(), nil
}

func (v value) trim() value {
	return bytes.Trim(v, " \t\r\n")
}

// kind names the value for an error.
func (v value) kind() string {
	switch v[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a text"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

func (v value) isNumber() bool {
	return v[0] == '-' || '0' <= v[0] && v[0] <= '9'
}

// text returns a text without its quotes. It is not ok for any other value.
func (v value) text() (s string, ok bool) {
	if v[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1]), true
	}
	err := json.Unmarshal(v, &s)
	return s, err == nil
}

// elements calls f for each element of an array until it returns an error.
func (v value) elements(f func(i int, element value) error) error {
	rest := v[1:].trim()
	for i := 0; rest[0] != ']'; i++ {
		n := rest.length()
		if err := f(i, rest[:n]); err != nil {
			return err
		}
		if rest = rest[n:].trim(); rest[0] == ',' {
			rest = rest[1:].trim()
		}
	}
	return nil
}

// members calls f for each member of an object until it returns an error.
func (v value) members(f func(name string, member value) error) error {
	rest := v[1:].trim()
	for rest[0] != '}' {
		n := rest.length()
		name, _ := rest[:n].text()
		rest = rest[n:].trim()[1:].trim() // the colon
		n = rest.length()
		if err := f(name, rest[:n]); err != nil {
			return err
		}
		if rest = rest[n:].trim(); rest[0] == ',' {
			rest = rest[1:].trim()
		}
	}
	return nil
}

// length returns the length of the value at the start of v.
func (v value) length() int {
	switch v[0] {
	case '"':
		return v.textLength()
	case '{', '[':
	default:
		if n := bytes.IndexAny(v, ",]} \t\r\n"); n >= 0 {
			return n
		}
		return len(v)
	}
	depth := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += v[i:].textLength() - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(v)
}

func (v value) textLength() int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(v)
}
