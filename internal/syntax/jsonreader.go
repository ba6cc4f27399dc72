package syntax

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// decoder reads tokens and keeps the path to where it is.
type decoder struct {
	json  *json.Decoder
	path  []byte
	depth int
}

func (d *decoder) fault(hint, format string, args ...any) *Error {
	return &Error{Offset: -1, Path: string(d.path), Msg: fmt.Sprintf(format, args...), Hint: hint}
}

// within runs read with a longer path.
func (d *decoder) within(step string, read func() *Error) *Error {
	n := len(d.path)
	d.path = append(d.path, step...)
	err := read()
	d.path = d.path[:n]
	return err
}

func (d *decoder) token() (json.Token, *Error) {
	t, err := d.json.Token()
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, d.fault("", "the JSON ends too early")
	case err != nil:
		return nil, d.fault("", "%s", err)
	}
	return t, nil
}

// object reads an object behind its opening brace. field reads the value of a
// key; all of the keys must be there, the options may be, each once, and no other.
func (d *decoder) object(keys, options []string, field func(key string) *Error) *Error {
	known := slices.Concat(keys, options)
	seen := make([]bool, len(known))
	for d.json.More() {
		t, err := d.token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		i := index(known, key)
		switch {
		case i < 0:
			return d.fault(suggest(key, known), "unknown key %s", quote(shorten(key)))
		case seen[i]:
			return d.fault("", "key %s comes twice", quote(key))
		}
		seen[i] = true
		if err := d.within("."+key, func() *Error { return field(key) }); err != nil {
			return err
		}
	}
	if _, err := d.token(); err != nil {
		return err
	}
	for i, key := range keys {
		if !seen[i] {
			return d.fault("", "key %s is missing", quote(key))
		}
	}
	return nil
}

func index(keys []string, key string) int {
	for i, k := range keys {
		if k == key {
			return i
		}
	}
	return -1
}

// fields is object with its opening brace.
func (d *decoder) fields(keys []string, field func(key string) *Error, options ...string) *Error {
	if err := d.delim('{', "an object"); err != nil {
		return err
	}
	return d.object(keys, options, field)
}

func (d *decoder) delim(want json.Delim, what string) *Error {
	t, err := d.token()
	if err == nil && t != want {
		err = d.fault("", "%s should be here", what)
	}
	return err
}

// array reads a whole array.
func (d *decoder) array(element func() *Error) *Error {
	if err := d.delim('[', "an array"); err != nil {
		return err
	}
	for i := 0; d.json.More(); i++ {
		if err := d.within("["+strconv.Itoa(i)+"]", element); err != nil {
			return err
		}
	}
	_, err := d.token()
	return err
}

func (d *decoder) text() (string, *Error) {
	t, err := d.token()
	s, ok := t.(string)
	if err == nil && !ok {
		err = d.fault("", "a string should be here")
	}
	return s, err
}

// single reads what stands for a condition or an operand: a constant, or an
// object of one key, which read takes in.
func (d *decoder) single(constant func(t json.Token) *Error, read func(key string) *Error) *Error {
	if d.depth++; d.depth > maxBrackets {
		return d.fault("", "the JSON is nested deeper than %d levels", maxBrackets)
	}
	defer func() { d.depth-- }()
	t, err := d.token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return constant(t)
	}
	if !d.json.More() {
		return d.fault("", "the object is empty")
	}
	if t, err = d.token(); err != nil {
		return err
	}
	key, _ := t.(string)
	// The key may be anything yet, and of any length.
	if err := d.within("."+printable(shorten(key)), func() *Error { return read(key) }); err != nil {
		return err
	}
	if d.json.More() {
		return d.fault("", "the object has more keys than %s", quote(shorten(key)))
	}
	_, err = d.token()
	return err
}
