package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/jsonl"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/profile"
)

const (
	batchEvents   = 2000 // in one commit
	maxRejections = 100  // told one by one with --json
	maxWarnings   = 10   // told one by one without
)

type ingestVerb struct {
	File string `arg:"" name:"FILE" help:"JSON lines, plain or gzipped, or - for standard input."`
}

// ingested is what became of a file.
type ingested struct {
	Accepted  int            `json:"accepted"`
	Duplicate int            `json:"duplicate"`
	Rejected  map[string]int `json:"rejected"`
	// Dropped counts identifiers of accepted events that may not name a person.
	Dropped int `json:"dropped_identifiers"`
	// Rejections are the first of the rejected.
	Rejections []rejection `json:"rejections"`
}

// rejection tells of one line why it was refused.
type rejection struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Run takes a file in. A bad line does not stop it.
func (v *ingestVerb) Run(s *session) error {
	in, err := s.input(v.File)
	if err != nil {
		return err
	}
	defer in.Close()
	r, err := jsonl.Decompress(in)
	if err != nil {
		return fmt.Errorf("%s: %w", v.File, err)
	}
	return s.with(true, func(db *portrait.DB) error {
		l := loader{s: s, db: db, done: ingested{Rejected: map[string]int{}, Rejections: []rejection{}}}
		if err := l.load(r); err != nil {
			// What was committed stays: a second run counts it as duplicate.
			return fmt.Errorf("%s: %w; %d events before that were accepted", v.File, err, l.done.Accepted)
		}
		l.warn()
		return s.answer(l.done, l.done.print)
	})
}

// loader takes events in, a batch a commit.
type loader struct {
	s      *session
	db     *portrait.DB
	events []profile.Event
	lines  []int // of the events
	done   ingested
}

func (l *loader) load(r io.Reader) error {
	for rec, err := range jsonl.Records(r) {
		if err != nil {
			return errors.Join(l.flush(), err)
		}
		if rec.Err != nil {
			l.reject(rec.Line, rec.Err)
			continue
		}
		l.events, l.lines = append(l.events, rec.Event), append(l.lines, rec.Line)
		if len(l.events) == batchEvents {
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
	return l.flush()
}

func (l *loader) flush() error {
	res, err := l.db.Ingest(l.s, l.events...)
	if err != nil {
		return err
	}
	l.done.Accepted += res.Accepted
	l.done.Duplicate += res.Duplicate
	l.done.Dropped += res.Dropped
	for _, r := range res.Rejected {
		l.note(rejection{Line: l.lines[r.Index], Field: r.Field, Reason: r.Reason, Detail: r.Detail})
	}
	l.events, l.lines = l.events[:0], l.lines[:0]
	return nil
}

// reject notes a line that is no event.
func (l *loader) reject(line int, err error) {
	r := rejection{Line: line, Reason: "invalid", Detail: err.Error()}
	if f, ok := errors.AsType[*profile.FieldError](err); ok {
		r.Field, r.Reason, r.Detail = f.Field, f.Reason, f.Detail
	}
	l.note(r)
}

// note counts a rejection and keeps the first of the file. Within a batch the
// lines that are no events are met before those that the store refuses.
func (l *loader) note(r rejection) {
	l.done.Rejected[r.Reason]++
	at, _ := slices.BinarySearchFunc(l.done.Rejections, r, func(a, b rejection) int { return a.Line - b.Line })
	l.done.Rejections = slices.Insert(l.done.Rejections, at, r)
	l.done.Rejections = l.done.Rejections[:min(len(l.done.Rejections), maxRejections)]
}

// warn tells the first rejections to who runs the program.
func (l *loader) warn() {
	if l.s.json {
		return
	}
	for _, r := range l.done.Rejections[:min(len(l.done.Rejections), maxWarnings)] {
		f := profile.FieldError{Field: r.Field, Reason: r.Reason, Detail: r.Detail}
		l.s.printf("line %d: %s\n", r.Line, table.Clean(f.Error()))
	}
	total := 0
	for _, n := range l.done.Rejected {
		total += n
	}
	if total > maxWarnings {
		l.s.printf("... and %d more lines\n", total-maxWarnings)
	}
}

func (d *ingested) print(w io.Writer) error {
	var t table.Table
	t.Row("accepted", d.Accepted)
	t.Row("duplicate", d.Duplicate)
	total := 0
	for _, n := range d.Rejected {
		total += n
	}
	t.Row("rejected", total)
	for _, reason := range slices.Sorted(maps.Keys(d.Rejected)) {
		t.Row("  "+reason, d.Rejected[reason])
	}
	_, err := t.WriteTo(w)
	return err
}
