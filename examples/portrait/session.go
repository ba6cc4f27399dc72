package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// session is one run of one verb.
type session struct {
	context.Context //nolint:containedctx // It is the run.

	dir            string
	json           bool
	live           bool // the store follows the machine's clock by itself
	stdin          io.Reader
	stdout, stderr io.Writer
}

// with opens the store, runs a verb on it and closes it. A verb that does not
// make a store needs one that is there: a misspelt directory is an error, not an
// empty store.
func (s *session) with(makes bool, verb func(*portrait.DB) error) (err error) {
	if !makes {
		if err := s.mustExist(); err != nil {
			return err
		}
	}
	pin, err := readPin(s.dir)
	if err != nil {
		return err
	}
	opts := &portrait.Options{Clock: pin.now}
	if s.live && !pin.set {
		opts.Clock = nil
	}
	db, err := portrait.Open(s.dir, opts)
	if err != nil {
		return err
	}
	defer func() {
		if closing := db.Close(); closing != nil {
			err = errors.Join(err, closing)
		}
	}()
	return verb(db)
}

func (s *session) mustExist() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("there is no store in %s: apply a model or ingest events first, or name its directory with --dir", s.dir)
	}
	return nil
}

// view runs a verb that asks on one view: all its answers agree.
func (s *session) view(verb func(*portrait.View) error) error {
	return s.with(false, func(db *portrait.DB) error {
		v, err := db.View(s)
		if err != nil {
			return err
		}
		defer v.Close()
		return verb(v)
	})
}

// answer prints data: as JSON, or as text writes it.
func (s *session) answer(data any, text func(w io.Writer) error) error {
	if !s.json {
		return text(s.stdout)
	}
	enc := json.NewEncoder(s.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(data)
}

// printf prints text that is no answer.
func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.stderr, format, args...) }

// at says which commit and instant an answer is of.
type at struct {
	AsOf  time.Time `json:"as_of"`
	Epoch uint64    `json:"epoch"`
}

func atOf(v *portrait.View) at { return at{v.AsOf(), v.Epoch()} }

// identifier reads NS:VALUE.
func identifier(text string) (profile.Identifier, error) {
	id, err := profile.ParseIdentifier(text)
	if err != nil {
		return id, usageError{err}
	}
	return id, nil
}

// found restates the error of a profile that is not there.
func found(err error, id string) error {
	if errors.Is(err, portrait.ErrNotFound) {
		return fmt.Errorf("no profile has the identifier %s", id)
	}
	return err
}
