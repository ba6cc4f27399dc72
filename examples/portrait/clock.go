package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
)

// pinFile holds, inside the directory, the time at which its clock is pinned.
const pinFile = "clock"

// pin is a clock: that of the machine, or one that stands still.
type pin struct {
	at  time.Time
	set bool
}

func (p pin) now() time.Time {
	if p.set {
		return p.at
	}
	return time.Now()
}

func readPin(dir string) (pin, error) {
	data, err := os.ReadFile(filepath.Join(dir, pinFile))
	if errors.Is(err, os.ErrNotExist) {
		return pin{}, nil
	}
	if err != nil {
		return pin{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(data)))
	if err != nil {
		return pin{}, fmt.Errorf("%s: %w", filepath.Join(dir, pinFile), err)
	}
	return pin{t, true}, nil
}

// write stores the pin, whole or not at all.
func (p pin) write(dir string) error {
	path := filepath.Join(dir, pinFile)
	if !p.set {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	text := p.at.UTC().Format(time.RFC3339Nano) + "\n"
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

type advanceVerb struct {
	Time string `arg:"" name:"TIME" help:"A time such as 2026-07-01T08:00:00+08:00, a date (midnight in the model's zone), or 'now'."`
}

// Run moves the store's instant and pins the clock at it.
func (v *advanceVerb) Run(s *session) error {
	return s.with(false, func(db *portrait.DB) error {
		p, err := parsePin(v.Time, db.Model().Zone)
		if err != nil {
			return usageError{err}
		}
		if stands := db.Metrics().Instant.Time(); p.set && p.at.Before(stands) {
			return fmt.Errorf("the store already stands at %s, and its time never goes back", stands.Format(time.RFC3339Nano))
		}
		if err := db.Advance(s, p.now()); err != nil {
			return err
		}
		if err := p.write(s.dir); err != nil {
			return err
		}
		return s.advanced(db, p)
	})
}

// advanced tells where the store stands.
func (s *session) advanced(db *portrait.DB, p pin) error {
	stands := db.Metrics().Instant.Time()
	if now := p.now(); stands.After(now) {
		s.printf("The clock is at %s; answers stay at a later instant until it gets there.\n", now.UTC().Format(time.RFC3339))
	}
	type answer struct {
		AsOf   time.Time `json:"as_of"`
		Pinned bool      `json:"pinned"`
	}
	return s.answer(answer{stands, p.set}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, stands.Format(time.RFC3339Nano))
		return err
	})
}

// parsePin reads what advance is told.
func parsePin(text, zone string) (pin, error) {
	if text == "now" {
		return pin{}, nil
	}
	t, ok, err := parseTime(text, zone)
	if err == nil && !ok {
		err = fmt.Errorf("%q is no time: want 2026-07-01, 2026-07-01T08:00:00+08:00 or now", text)
	}
	return pin{t, true}, err
}

// parseTime reads a time, or a date as its midnight in a zone; ok is false for what
// is neither.
func parseTime(text, zone string) (t time.Time, ok bool, err error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC().Truncate(time.Microsecond), true, nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, false, err
	}
	t, err = time.ParseInLocation(time.DateOnly, text, loc)
	return t.UTC(), err == nil, nil
}

// flagTime reads the time that a flag is given; the zero time where it is not.
func flagTime(flag, text, zone string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, ok, err := parseTime(text, zone)
	if err == nil && !ok {
		err = usageError{fmt.Errorf("%s: %q is no time: want 2026-07-01 or 2026-07-01T08:00:00+08:00", flag, text)}
	}
	return t, err
}
