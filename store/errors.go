package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// The errors that a caller branches on. Match them with errors.Is: what is
// returned wraps them and names the place.
var (
	// ErrClosed is returned, after Close, by every method that returns an error.
	ErrClosed = errors.New("portrait: closed")
	// ErrLocked is returned by Open when this or another process holds the directory.
	ErrLocked = errors.New("portrait: directory is locked")
	// ErrFailed is returned by writes after the store failed. It comes together
	// with the cause.
	ErrFailed = errors.New("portrait: store has failed")
	// ErrFormat is returned by Open for a directory that another version, or
	// another program, wrote.
	ErrFormat = errors.New("portrait: unknown format")
	// ErrIncomplete is returned by Open for a directory that was being made from a copy,
	// and not finished: make it again.
	ErrIncomplete = errors.New("portrait: directory is an unfinished copy")
	// ErrCorrupt is returned when stored bytes are not what was written.
	ErrCorrupt = errors.New("portrait: corrupt data")
	// ErrDiskLow is wrapped by every [DiskError]: nothing was written, reads go on, and so do
	// writes once there is room.
	ErrDiskLow = errors.New("portrait: the disk is nearly full")
	// ErrStalled is wrapped by every [StallError]: nothing was written, and trying again
	// later will do.
	ErrStalled = errors.New("portrait: flushes and compactions are behind")
	// ErrNotFound is returned by Get when the key is not there, and by the methods of
	// package portrait when nobody is.
	ErrNotFound = errors.New("portrait: not found")
)

// wrapRead gives an error of Pebble its place and, where it says that stored
// bytes are damaged, its class.
func wrapRead(doing string, err error) error {
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
