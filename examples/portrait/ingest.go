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
	maxRejections = 100  // told one by one with --json, and so many warnings
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
	// Refused counts pairs of identifiers of accepted events that a rule did not
	// let unite, and Warned those of them that the model wants to be told of.
	Refused int            `json:"refused_pairs"`
	Warned  map[string]int `json:"warned"`
	// Rejections are the first of the rejected, and Warnings of the warned.
	Rejections []rejection `json:"rejections"`
	Warnings   []warning   `json:"warnings"`
}

// rejection tells of one line why it was refused.
type rejection struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// warning tells of one line what it did not unite.
type warning struct {
	Line   int    `json:"line"`
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
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
		l := loader{s: s, db: db, done: ingested{
			Rejected: map[string]int{}, Warned: map[string]int{}, Rejections: []rejection{}, Warnings: []warning{},
		}}
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
	l.done.Refused += res.Refused
	for _, w := range res.Warnings {
		l.done.Warned[w.Rule]++
		if len(l.done.Warnings) < maxRejections {
			l.done.Warnings = append(l.done.Warnings, warning{l.lines[w.Index], w.Rule, w.Detail})
		}
	}
	for _, r := range res.Rejected {
		l.note(rejection{Line: l.lines[r.Index], Field: r.Field, Reason: r.Reason, Detail: r.Detail})
	}
	l.events, l.lines = l.events[:0], l.lines[:0]
	return nil
}

// reject notes a line that is no event.
func (l *loader) reject(line int, err error) {
	r := rejection{Line: line, Reason: profile.ReasonInvalid, Detail: err.Error()}
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

// warn tells the first rejections and warnings to who runs the program.
func (l *loader) warn() {
	if l.s.json {
		return
	}
	for _, r := range l.done.Rejections[:min(len(l.done.Rejections), maxWarnings)] {
		f := profile.FieldError{Field: r.Field, Reason: r.Reason, Detail: r.Detail}
		l.s.printf("line %d: %s\n", r.Line, table.Clean(f.Error()))
	}
	if n := total(l.done.Rejected) - maxWarnings; n > 0 {
		l.s.printf("... and %d more lines\n", n)
	}
	for _, w := range l.done.Warnings[:min(len(l.done.Warnings), maxWarnings)] {
		l.s.printf("line %d: taken in, but %s: %s\n", w.Line, table.Clean(w.Detail), w.Rule)
	}
	if n := total(l.done.Warned) - maxWarnings; n > 0 {
		l.s.printf("... and %d more warnings\n", n)
	}
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

func (d *ingested) print(w io.Writer) error {
	var t table.Table
	t.Row("accepted", d.Accepted)
	t.Row("duplicate", d.Duplicate)
	t.Row("rejected", total(d.Rejected))
	for _, reason := range slices.Sorted(maps.Keys(d.Rejected)) {
		t.Row("  "+reason, d.Rejected[reason])
	}
	t.Row("identifiers dropped", d.Dropped)
	t.Row("pairs not united", d.Refused)
	for _, rule := range slices.Sorted(maps.Keys(d.Warned)) {
		t.Row("  warned: "+rule, d.Warned[rule])
	}
	_, err := t.WriteTo(w)
	return err
}
