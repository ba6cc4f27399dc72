package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// noon is the instant at which the shops of the tags suite are open.
var noon = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

// visitsBefore says on which days before that day every customer was there.
var visitsBefore = [...]int{80, 50, 20, 5}

// shop is a store of Portrait in which each customer does one kind of event. It
// takes part in races of taking events in.
type shop struct {
	name  string // of the contender
	dir   string
	kinds []string // the names of the events that happen
	// tag has the customers with at least so many events, among them visitsBefore.
	tag     func(kind string) string
	atLeast uint32

	db    *portrait.DB
	seq   int
	tally []uint32 // events by customer, by the harness's own count
}

func (s *shop) kind(customer uint32) string { return s.kinds[int(customer)%len(s.kinds)] }

// event is a touch as an event of now, or of so many days before.
func (s *shop) event(t touch, days int) profile.Event {
	s.seq++
	s.tally[t.customer]++
	return profile.Event{
		MessageID:   "p-" + strconv.Itoa(s.seq),
		Name:        s.kind(t.customer),
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: customerID(t.customer)}},
		Time:        noon.AddDate(0, 0, -days).Add(time.Duration(s.seq%10_000_000)*time.Millisecond - 3*time.Hour),
		Properties: map[string]profile.Value{
			"amount":  profile.Number(float64(t.cents) / 100),
			"sku":     profile.String("sku-" + strconv.Itoa(int(t.cents))),
			"channel": profile.String([]string{"web", "app", "store"}[t.cents%3]),
		},
	}
}

func (s *shop) events(touches []touch) []profile.Event {
	out := make([]profile.Event, len(touches))
	for i, t := range touches {
		out[i] = s.event(t, 0)
	}
	return out
}

// load makes the store with a model and loads the visits before.
func (s *shop) load(ctx context.Context, model portrait.Model, customers int) (err error) {
	s.tally = make([]uint32, customers)
	if err := s.open(true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := begin(ctx, s.db, model, noon); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	for i, days := range visitsBefore {
		in := newStream(uniform, customers, uint64(i))
		for from := 0; from < customers; from += 10_000 {
			touches := in.take(min(10_000, customers-from))
			events := make([]profile.Event, len(touches))
			for j, t := range touches {
				t.customer = uint32(from + j)
				if events[j] = s.event(t, days); i == 0 {
					events[j].Traits = told(t.customer)
				}
			}
			if err := takeIn(ctx, s.db, events); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	s.settle()
	return nil
}

// begin applies a model and brings the store's instant to its clock: taking events in
// does not move it, and before it has moved all that happens is in its future.
func begin(ctx context.Context, db *portrait.DB, model portrait.Model, now time.Time) error {
	if _, err := db.Apply(ctx, model); err != nil {
		return err
	}
	return db.Advance(ctx, now)
}

// told are the traits of a customer.
func told(customer uint32) map[string]profile.Value {
	return map[string]profile.Value{
		"name":     profile.String("Customer " + strconv.Itoa(int(customer))),
		"city":     profile.String([]string{"上海", "北京", "广州", "深圳", "成都", "杭州"}[customer/7%6]),
		"level":    profile.String([]string{"basic", "silver", "gold"}[customer/5%3]),
		"birthday": profile.Time(time.Date(1950+int(customer%55), time.Month(1+customer%12), 1+int(customer%28), 0, 0, 0, 0, time.UTC)),
	}
}

func (s *shop) open(noSync bool) (err error) {
	s.db, err = openAt(s.dir, everything, noSync, func() time.Time { return noon })
	return err
}

// warm has every customer do one event, so that all states are cached, and returns
// how long an event took.
func (s *shop) warm(ctx context.Context) (time.Duration, error) {
	var took time.Duration
	in := newStream(uniform, len(s.tally), uint64(len(visitsBefore)))
	for from := 0; from < len(s.tally); from += 1_000 {
		touches := in.take(min(1_000, len(s.tally)-from))
		for i := range touches {
			touches[i].customer = uint32(from + i)
		}
		events := s.events(touches)
		began := time.Now()
		if err := takeIn(ctx, s.db, events); err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
		took += time.Since(began)
	}
	return took / time.Duration(len(s.tally)), nil
}

// racer takes in so many touches a turn, which it draws by a seed. Before a turn
// begins, calm waits until nobody works in the background.
func (s *shop) racer(ctx context.Context, touches int, seed uint64, calm func()) racer {
	return racer{s.name, shopBatch, func(round int) (int, func(from, to int) error) {
		events := s.events(newStream(uniform, len(s.tally), seed+uint64(round)).take(touches))
		calm()
		return touches, func(from, to int) error { return takeIn(ctx, s.db, events[from:to]) }
	}}
}

// racer is that of a shop, for the loop by hand.
func (r *rawSide) racer(name string, touches int, seed uint64, calm func()) racer {
	return racer{name, shopBatch, func(round int) (int, func(from, to int) error) {
		list := newStream(uniform, len(r.tally), seed+uint64(round)).take(touches)
		for _, t := range list {
			r.tally[t.customer]++
		}
		calm()
		return touches, func(from, to int) error { return r.take(list[from:to]) }
	}}
}

// shopBatch is how many events the shops take in at once.
const shopBatch = 1_000

func (s *shop) settle() time.Duration {
	return settle(func() bool { return s.db.Metrics().Store.CompactionsRunning == 0 })
}

// check compares what the store answers with the harness's own count: the events
// of some customers, and the members of a tag of some kinds of events.
func (s *shop) check(ctx context.Context, some []uint32) error {
	for _, i := range some {
		p, err := s.db.Profile(ctx, profile.Identifier{Namespace: "user_id", Value: customerID(i)})
		if err != nil {
			return err
		}
		if uint64(p.Events) != uint64(s.tally[i]) {
			return fmt.Errorf("%s: customer %d has %d events, want %d", s.name, i, p.Events, s.tally[i])
		}
	}
	want := make([]uint64, len(s.kinds))
	for i, n := range s.tally {
		if n >= s.atLeast {
			want[i%len(s.kinds)]++
		}
	}
	for k := 0; k < len(s.kinds); k += 1 + len(s.kinds)/8 {
		name := s.tag(s.kinds[k])
		got, err := s.db.Count(ctx, segment.MustParse(fmt.Sprintf("tag(%q)", name)))
		if err != nil {
			return err
		}
		if got != want[k] {
			return fmt.Errorf("%s: tag %q has %d members, want %d", s.name, name, got, want[k])
		}
	}
	return nil
}

func (s *shop) close() error {
	db := s.db
	s.db = nil
	if db == nil {
		return nil
	}
	return db.Close()
}
