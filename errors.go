package portrait

import (
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/store"
)

// The errors that callers branch on; match them with errors.Is. Others are with what they
// are about: [store.ErrDiskLow], [store.ErrStalled], [store.ErrKey] and
// [store.ErrIncomplete]; [privacy.ErrHeld], [privacy.ErrBusy] and [privacy.ErrNotAllowed];
// [segment.BudgetError]. docs/operating.md says what to do about each.
var (
	// ErrClosed is returned, after Close, by every method that returns an error. The others,
	// such as DB.Model and View.AsOf, answer on; Metrics are zero then.
	ErrClosed = store.ErrClosed
	// ErrLocked is returned by Open when another process, or another DB of this
	// one, holds the directory.
	ErrLocked = store.ErrLocked
	// ErrFailed is returned by every write after the disk failed one: reads go
	// on from the last durable commit, and a reopened directory holds exactly
	// what was acknowledged.
	ErrFailed = store.ErrFailed
	// ErrFormat is returned by Open for a directory of another format version.
	ErrFormat = store.ErrFormat
	// ErrCorrupt is wrapped by errors that tell of damaged stored bytes.
	ErrCorrupt = store.ErrCorrupt
	// ErrNotFound is returned where no live profile has the identifier or ID.
	ErrNotFound = store.ErrNotFound
	// ErrTrimmed is wrapped by errors of reading the feed from where it is no longer
	// kept: what has changed since must be read anew, from a View.
	ErrTrimmed = errors.New("portrait: the changes after the cursor are no longer kept")
	// ErrModel is wrapped by errors that refuse a model or a definition.
	ErrModel = errors.New("portrait: model refused")
)

// CheckError is what Check returns when the store disagrees with the naive
// recomputation.
type CheckError struct {
	// Differences names each, in words. At most 1,000 are listed; see [Admin.Differences].
	Differences []string
	// Total counts all of them.
	Total int
}

// Error gives the count and the first difference.
func (e *CheckError) Error() string {
	return fmt.Sprintf("portrait: check found %d differences, the first: %s", e.Total, e.Differences[0])
}
