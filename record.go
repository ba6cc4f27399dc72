package portrait

import (
	"fmt"

	"github.com/portraitdb/portrait/internal/pack"
)

// recordVersion is the first byte of every record that this package writes.
const recordVersion = 1

// openRecord returns a reader of what follows a record's version.
func openRecord(data []byte) pack.Reader {
	r := pack.NewReader(data)
	if v := r.Byte(); r.Err() == nil && v != recordVersion {
		r.Fail(fmt.Errorf("unknown version %d, want %d", v, recordVersion))
	}
	return r
}

// closeRecord returns what was wrong with a record of which everything was read.
func closeRecord(what string, r *pack.Reader) error {
	return corrupt(what, r.Close())
}

// corrupt says of which record an error is, if it is one.
func corrupt(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s record: %w", ErrCorrupt, what, err)
}
