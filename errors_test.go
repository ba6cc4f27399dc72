package portrait_test

import (
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/store"
)

// An error that package store has too is the same one: whoever matches either matches both.
func TestErrors_are_those_of_the_store(t *testing.T) {
	for ours, theirs := range map[error]error{
		portrait.ErrClosed: store.ErrClosed, portrait.ErrLocked: store.ErrLocked, portrait.ErrFailed: store.ErrFailed,
		portrait.ErrFormat: store.ErrFormat, portrait.ErrCorrupt: store.ErrCorrupt, portrait.ErrNotFound: store.ErrNotFound,
	} {
		if ours != theirs {
			t.Errorf("%v is declared twice", ours)
		}
	}
}
