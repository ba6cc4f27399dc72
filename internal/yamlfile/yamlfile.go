// Package yamlfile reads the declarations that people write: YAML, or JSON as its
// subset.
package yamlfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
)

// MaxBytes bounds a text. Its decoded form may be some hundred times as large.
const MaxBytes = 4 << 20

// Decode reads a text into a struct. Keys that the struct has not are errors. An
// empty text, or one of comments alone, leaves the struct as it is. Errors quote
// the line and point at the column; of a key that is near one the struct has, they
// name that. Whole numbers are of type Int or Uint.
func Decode(data []byte, into any) (err error) {
	if len(data) > MaxBytes {
		return fmt.Errorf("%d bytes: at most %d", len(data), MaxBytes)
	}
	// The decoder panics on some malformed texts, such as a tag of no known type
	// before a list that is none.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed YAML: %v", r)
		}
	}()
	err = yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if _, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		err = cmp.Or(unknown(data, into), err)
	}
	return errors.New(yaml.FormatError(plain(err), false, true))
}
