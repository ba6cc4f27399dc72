package main

import (
	"context"
	"errors"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// tally is what became of the events.
type tally struct {
	Accepted  int            `json:"accepted"`
	Duplicate int            `json:"duplicate"`
	Rejected  map[string]int `json:"rejected"`
}

// refused returns how many were refused, for whatever reason.
func (t *tally) refused() int {
	n := 0
	for _, k := range t.Rejected {
		n += k
	}
	return n
}

// load takes a dataset in, so many events a commit. Bad records are counted by
// their reason; their neighbours go in.
func load(ctx context.Context, db *portrait.DB, d *dataset, batch int, report func(done int64)) (tally, error) {
	t := tally{Rejected: map[string]int{}}
	events := make([]profile.Event, 0, batch)
	flush := func() error {
		res, err := db.Ingest(ctx, events...)
		if err != nil {
			return err
		}
		t.Accepted += res.Accepted
		t.Duplicate += res.Duplicate
		for _, r := range res.Rejected {
			t.Rejected[r.Reason]++
		}
		events = events[:0]
		report(d.done())
		return nil
	}
	for rec, err := range d.records {
		if err != nil {
			return t, err
		}
		if rec.Err != nil {
			t.Rejected[reason(rec.Err)]++
			continue
		}
		if events = append(events, rec.Event); len(events) == batch {
			if err := flush(); err != nil {
				return t, err
			}
		}
	}
	return t, flush()
}

// reason returns the class of an error about one record.
func reason(err error) string {
	if f, ok := errors.AsType[*profile.FieldError](err); ok {
		return f.Reason
	}
	return "invalid"
}
