package segment

import (
	"io"
	"time"
)

// Upload says what a list of identifiers is, one a line. Only Namespace is required.
type Upload struct {
	// Namespace is of what namespace the identifiers are.
	Namespace string
	// Kind is what a line is: "plain", or hexadecimal "md5", "sha1" or "sha256" in any
	// case of the normalised value, which the namespace must declare under match. "auto"
	// or "" tells it from the lines, which must then all be of one kind.
	Kind string
	// Column is the number of the CSV column that holds the identifier, from 1; 0 means
	// that a line is one. Comma separates columns; 0 means a comma, and without Column
	// it must be 0. Header says that the first line is none. A quoted field ends in the
	// line in which it begins.
	Column int
	Comma  byte
	Header bool
	// MaxLines bounds the list. 0 means 50,000,000.
	MaxLines int64
	// Verdicts receives "line,verdict" for each line, in their order, once the list is
	// matched. Nil means that they are only counted.
	Verdicts io.Writer
}

// Uploaded says what became of the lines of a list. Lines is the sum of the other
// counts up to Skipped.
type Uploaded struct {
	// Kind is what the lines were.
	Kind  string
	Lines int64
	// Matched lines name an identifier that the store knows.
	Matched int64
	// Duplicate lines name one that an earlier line named.
	Duplicate int64
	// Invalid lines hold no identifier of the namespace, or none at all.
	Invalid int64
	// Blocked lines hold a value that is never an identifier.
	Blocked int64
	// Unknown lines name an identifier that the store does not know. It is not kept.
	Unknown int64
	// Erased lines name an identifier of a person who was erased, as plain text. With a
	// person go the digests of their identifiers, so that a line of a digest is Unknown.
	Erased int64
	// Skipped lines are empty, or the header.
	Skipped int64
	// Profiles is how many profiles are in the list.
	Profiles uint64
	// Faults tells of the first invalid lines, at most 16, without their text.
	Faults []string
}

// List is an uploaded list.
type List struct {
	Name      string
	Namespace string
	// Identifiers is how many known identifiers it holds. They may belong to fewer
	// profiles.
	Identifiers int64
	// At is when it was uploaded, or edited last.
	At time.Time
}
