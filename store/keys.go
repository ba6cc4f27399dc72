package store

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/portraitdb/portrait/internal/atrest"
)

// Keys gives the keys of a store that is encrypted at rest. The store asks for
// them while it holds locks, from any goroutine: an implementation that reaches
// out over a network keeps what it got in memory. It must not call the store.
//
// A key is 32 random bytes. Its ID is a name of 1 to 64 bytes that every file
// carries in the clear, and that means this one key for ever.
type Keys interface {
	// Current returns the key that new files are made under, and its ID. It is
	// asked for every file, so that a change takes effect with the next one. If
	// it fails the store goes on with the key that it had last, and logs a
	// warning; Open fails. Another key under an ID of before, or an ID that is no
	// name, is a mistake of the source and fails the store at once.
	Current() (id string, key [32]byte, err error)
	// Key returns the key of an ID that Current has named, now or in an earlier
	// life of the store. It is asked once for each.
	Key(id string) (key [32]byte, err error)
}

// ErrKey is wrapped by every [KeyError].
var ErrKey = errors.New("portrait: encryption key")

// KeyError says that a file cannot be read or made for want of the right key.
type KeyError struct {
	// ID names the key, and is empty where no key is at fault: when keys were
	// given for files that are not encrypted.
	ID string
	// File is the base name of the file, or empty if a file was yet to be made.
	File string
	// Err tells what is wrong: what Keys returned, that the key is another one,
	// or that there are no keys.
	Err error
}

// Error names the key and the file.
func (e *KeyError) Error() string {
	text := ErrKey.Error()
	if e.ID != "" {
		text += fmt.Sprintf(" %q", e.ID)
	}
	if e.File != "" {
		text += ": file " + e.File
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns ErrKey and the cause.
func (e *KeyError) Unwrap() []error { return []error{ErrKey, e.Err} }

var (
	errNoKeys   = errors.New("the file is encrypted, and no keys were given")
	errPlain    = errors.New("the file is not encrypted, and keys were given")
	errWrongKey = errors.New("this is not the key that the file was made under, or somebody changed its header")
	errTwoKeys  = errors.New("the keys' source gave two different keys under this ID")
)

// keyring asks a Keys and remembers what it said.
type keyring struct {
	keys Keys
	log  *slog.Logger

	mu       sync.Mutex // the fields below
	wrappers map[string]*atrest.Wrapper
	last     *atrest.Wrapper // that Current returned
	stale    bool            // Current has failed since
}

func newKeyring(keys Keys, log *slog.Logger) *keyring {
	return &keyring{keys: keys, log: log, wrappers: map[string]*atrest.Wrapper{}}
}

// current returns what new files are made under.
func (r *keyring) current() (*atrest.Wrapper, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, key, err := r.keys.Current()
	if err != nil {
		if r.last == nil {
			return nil, &KeyError{ID: id, Err: fmt.Errorf("the current key: %w", err)}
		}
		if !r.stale {
			r.log.Warn("the current encryption key is not to be had; new files go on under the last one",
				slog.String("key", r.last.ID()), slog.Any("error", err))
		}
		r.stale = true
		return r.last, nil
	}
	w, err := r.remember(id, key)
	if err == nil {
		r.last, r.stale = w, false
	}
	return w, err
}

// isStale reports whether the current key could not be had when it was last asked for.
func (r *keyring) isStale() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stale
}

// of returns the wrapper of the key that a file names.
func (r *keyring) of(id string) (*atrest.Wrapper, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.wrappers[id]; w != nil {
		return w, nil
	}
	key, err := r.keys.Key(id)
	if err != nil {
		return nil, &KeyError{ID: id, Err: err}
	}
	return r.remember(id, key)
}

// remember returns the wrapper of a key. It holds a new key against an earlier one
// of the same ID: a file made under the one could not be read with the other. The
// caller holds mu.
func (r *keyring) remember(id string, key [32]byte) (*atrest.Wrapper, error) {
	known := r.wrappers[id]
	w, err := atrest.NewWrapper(id, key)
	switch {
	case err != nil:
		return nil, &KeyError{ID: id, Err: err}
	case known == nil:
		r.wrappers[id] = w
		return w, nil
	case !known.SameKey(w):
		return nil, &KeyError{ID: id, Err: errTwoKeys}
	}
	return known, nil
}
