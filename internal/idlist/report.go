package idlist

import (
	"errors"
	"fmt"
)

// Verdict says what became of a line. Each line has exactly one.
type Verdict uint8

// The verdicts. The zero value is Unknown.
const (
	Unknown   Verdict = iota // the index does not hold the identifier
	Matched                  // it does
	Duplicate                // an earlier line holds the same identifier; what the options block is no duplicate
	Invalid                  // the line is no identifier
	Blocked                  // the identifier is a placeholder, or not wanted
	Erased                   // the identifier belonged to a person who was erased
	Skipped                  // the line is empty, or the header
	verdicts
)

var verdictNames = [verdicts]string{"unknown", "matched", "duplicate", "invalid", "blocked", "erased", "skipped"}

// String returns the verdict's name as the verdict file writes it.
func (v Verdict) String() string {
	if v < verdicts {
		return verdictNames[v]
	}
	return "verdict(?)"
}

// Faults that callers tell apart.
var (
	// ErrMixedKinds says that a list holds lines of two kinds, or of another one than
	// it was declared.
	ErrMixedKinds = errors.New("mixed hash kinds")
	// ErrNotIndexed says that the namespace does not declare the list's kind.
	ErrNotIndexed = errors.New("kind is not indexed")
	// ErrTooManyLines says that a list is longer than Options.MaxLines.
	ErrTooManyLines = errors.New("too many lines")
	// ErrLongLine says that a line is longer than any that holds an identifier.
	ErrLongLine = fmt.Errorf("longer than %d bytes", maxLine)
	// ErrBinary says that a line holds a byte of zero, which no text does.
	ErrBinary = errors.New("a zero byte: the list is no text in UTF-8")
	// ErrNoIdentifier says that no line of a list holds an identifier.
	ErrNoIdentifier = errors.New("no line holds an identifier")
	// ErrMemory says that a list needs more than Options.MemoryBytes, and there is
	// no directory for temporary files.
	ErrMemory = errors.New("more lines than memory, and no directory for temporary files")
	// ErrBlocked is what Options.Normalize returns, itself or wrapped, for a value
	// whose line is Blocked rather than Invalid.
	ErrBlocked = errors.New("blocked")
)

// Why a line is invalid.
var (
	errUTF8    = errors.New("not UTF-8")
	errQuote   = errors.New("a quoted field is not closed, or goes on after its quote")
	errColumn  = errors.New("the line has fewer columns than Column")
	errNotHash = errors.New("not as many hexadecimal digits as the hash has")
	errEmpty   = errors.New("nothing is left of the value once it is normalised")
)

// LineError is a fault of one line.
type LineError struct {
	Line int64 // counted from 1
	Err  error
}

// Error names the line and the fault, and never the text of the line.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the fault.
func (e *LineError) Unwrap() error { return e.Err }

// maxFaults is how many invalid lines a report explains.
const maxFaults = 16

// Report counts the lines of a list by verdict.
type Report struct {
	// Kind is what the lines were: as declared, or found by Auto. It is Auto if
	// there was no line to tell it by.
	Kind Kind
	// Lines is the number of lines, empty ones too. A last line needs no newline.
	Lines int64
	// Faults explains the first invalid lines in their order, 16 at most. Their
	// errors hold no text of the line, unless those of Options.Normalize do.
	Faults []LineError

	counts [verdicts]int64
}

// Count returns how many lines have a verdict. Over all verdicts the sum is Lines.
func (r *Report) Count(v Verdict) int64 {
	if v >= verdicts {
		return 0
	}
	return r.counts[v]
}
