package main

import (
	"context"
	"errors"
	"time"

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
	advanced := d.clock.now()
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
		advanced = d.clock.now()
		return db.Advance(ctx, advanced) // as time alone would, sooner or later
	}
	for rec, err := range d.records {
		if err != nil {
			return t, err
		}
		if rec.Err != nil {
			t.Rejected[reason(rec.Err)]++
			continue
		}
		events = append(events, rec.Event)
		// A store that follows the data does so day by day.
		if len(events) == batch || d.watched && d.clock.now().Sub(advanced) >= 24*time.Hour {
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
	return profile.ReasonInvalid
}
