package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle/value"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// purchase is the event that a transaction is.
const purchase = "Order Completed"

// declaration is what the store folds of it: all that the models need. The events
// themselves are not kept.
const declaration = `
traits:
  days:  {compute: 'days("Order Completed")', index: true}
  first: {compute: first_time("Order Completed"), index: true}
  last:  {compute: last_time("Order Completed")}
  spent: {compute: 'sum("Order Completed", "amount")'}
  spent_first_day: {compute: 'first_day_sum("Order Completed", "amount")'}
`

// throughLibrary is value.Summarise by a store: the transactions are ingested as
// events, unit by unit, and the summaries read from the folds of every profile, at
// the end of the calibration and again at that of the holdout. Amounts are exact up
// to 9·10^9 a customer, beyond which a float64 has no millionths.
func throughLibrary(ctx context.Context, transactions []value.Transaction, o value.Options) (_ value.Table, err error) {
	if len(transactions) == 0 {
		return value.Table{}, nil
	}
	dir, err := os.MkdirTemp("", "portrait-value-")
	if err != nil {
		return value.Table{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	all := slices.Clone(transactions)
	slices.SortStableFunc(all, func(a, b value.Transaction) int { return a.Time.Compare(b.Time) })
	o.CalibrationEnd = o.CalibrationEnd.Truncate(day)
	end := o.CalibrationEnd
	if !o.HoldoutEnd.IsZero() {
		end = o.HoldoutEnd.Truncate(day)
	}
	// The store lives at the end of the data. It is thrown away, so it need not wait
	// for the disk.
	db, err := portrait.Open(dir, &portrait.Options{NoSync: true, Clock: func() time.Time { return end.Add(day) }})
	if err != nil {
		return value.Table{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	m, err := portrait.ParseModel([]byte(declaration))
	if err != nil {
		return value.Table{}, err
	}
	if _, err := db.Apply(ctx, m); err != nil {
		return value.Table{}, err
	}
	s := shop{db: db, all: all, unit: day * time.Duration(o.Unit), calibrated: o.CalibrationEnd, end: end}
	return s.summarise(ctx)
}

const day = 24 * time.Hour

// shop is a store that takes in transactions by time.
type shop struct {
	db   *portrait.DB
	all  []value.Transaction // by time
	next int                 // the first that is not in the store
	unit time.Duration
	// calibrated and end are the last days of the calibration and of the holdout.
	calibrated, end time.Time
}

// ingestUntil takes in what happened before an instant.
func (s *shop) ingestUntil(ctx context.Context, until time.Time) error {
	for s.next < len(s.all) && s.all[s.next].Time.Before(until) {
		var events []profile.Event
		for len(events) < 5000 && s.next < len(s.all) && s.all[s.next].Time.Before(until) {
			t := s.all[s.next]
			s.next++
			events = append(events, profile.Event{
				Name: purchase, MessageID: strconv.Itoa(s.next), Time: t.Time,
				Identifiers: []profile.Identifier{{Namespace: "user_id", Value: t.Customer}},
				Properties:  map[string]profile.Value{"amount": profile.Number(t.Amount)},
			})
		}
		res, err := s.db.Ingest(ctx, events...)
		if err != nil {
			return err
		}
		if len(res.Rejected) > 0 {
			r := res.Rejected[0]
			return fmt.Errorf("customer %q: the store refuses %s: %s", events[r.Index].Identifiers[0].Value, r.Field, r.Reason)
		}
	}
	return nil
}

// folds are what the store knows of one customer.
type folds struct {
	days        int
	first, last time.Time
	// spent and spentFirst are of the whole life and of its first day, in millionths.
	spent, spentFirst int64
}

// summarise takes everything in, unit by unit, and returns the table.
func (s *shop) summarise(ctx context.Context) (value.Table, error) {
	table := value.Table{Holdout: float64(s.end.Sub(s.calibrated)) / float64(s.unit)}
	var before map[string]folds
	for at := s.all[0].Time.Truncate(day); !at.After(s.end); {
		at = at.Add(s.unit)
		if before == nil && at.After(s.calibrated) {
			if err := s.ingestUntil(ctx, s.calibrated.Add(day)); err != nil {
				return value.Table{}, err
			}
			var err error
			if before, err = s.read(ctx); err != nil {
				return value.Table{}, err
			}
			table.Customers = s.customers(before)
		}
		until := s.end.Add(day)
		if at.Before(until) {
			until = at
		}
		if err := s.ingestUntil(ctx, until); err != nil {
			return value.Table{}, err
		}
		repeats, err := s.repeats(ctx)
		if err != nil {
			return value.Table{}, err
		}
		table.Repeats = append(table.Repeats, repeats)
	}
	after, err := s.read(ctx)
	if err != nil {
		return value.Table{}, err
	}
	for i, c := range table.Customers {
		had, has := before[c.ID], after[c.ID]
		if c.Holdout = has.days - had.days; c.Holdout > 0 {
			c.HoldoutMean = float64(has.spent-had.spent) / 1e6 / float64(c.Holdout)
		}
		table.Customers[i] = c
	}
	return table, nil
}

// customers returns the summaries of all, by ID.
func (s *shop) customers(all map[string]folds) []value.Customer {
	unit := float64(s.unit)
	var customers []value.Customer
	for _, id := range slices.Sorted(maps.Keys(all)) {
		f := all[id]
		first, last := f.first.Truncate(day), f.last.Truncate(day)
		c := value.Customer{ID: id, Summary: value.Summary{Frequency: f.days - 1, Age: float64(s.calibrated.Sub(first)) / unit}}
		if c.Frequency > 0 {
			c.Recency = float64(last.Sub(first)) / unit
			c.Mean = float64(f.spent-f.spentFirst) / 1e6 / float64(c.Frequency)
		}
		customers = append(customers, c)
	}
	return customers
}

// read returns the folds of everybody.
func (s *shop) read(ctx context.Context) (map[string]folds, error) {
	view, err := s.db.View(ctx)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	set, err := view.Segment(ctx, segment.MustParse(`exists(first)`))
	if err != nil {
		return nil, err
	}
	all := map[string]folds{}
	for p, err := range view.Profiles(ctx, set) {
		if err != nil {
			return nil, err
		}
		var f folds
		for _, t := range p.Traits {
			switch t.Name {
			case "days":
				f.days = int(t.Value.Number())
			case "first":
				f.first = t.Value.Instant().Time()
			case "last":
				f.last = t.Value.Instant().Time()
			case "spent":
				f.spent = micros(t.Value.Number())
			case "spent_first_day":
				f.spentFirst = micros(t.Value.Number())
			}
		}
		all[p.Identifiers[0].Value] = f
	}
	return all, nil
}

// repeats counts the repeat transactions so far of who was there in the calibration.
func (s *shop) repeats(ctx context.Context) (int, error) {
	view, err := s.db.View(ctx)
	if err != nil {
		return 0, err
	}
	defer view.Close()
	cohort, err := segment.Parse(fmt.Sprintf("first < %q", s.calibrated.Add(day).Format(time.DateOnly)))
	if err != nil {
		return 0, err
	}
	days, err := view.Summary(ctx, tags.MustParseFormula("days"), cohort)
	return int(days.Sum) - int(days.Count), err
}

// micros returns an amount in millionths.
func micros(amount float64) int64 { return int64(math.RoundToEven(amount * 1e6)) }
