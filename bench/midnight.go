package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// day is when everybody is there, in the model's zone, which is UTC.
var day = time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)

// seenTag is the tag of those who were there within so many days, the running one
// included: at the end of that time everybody loses it at once.
func seenTag(days int) string { return "seen within " + strconv.Itoa(days) }

// midnightCase is what a midnight has to change.
type midnightCase struct {
	name    string
	tracked bool // each tag has a tracked segment, too
}

var midnightCases = []midnightCase{{name: "midnight/tags"}, {name: "midnight/tracked", tracked: true}}

// model has a tag for each of so many midnights to take away, and one that stays, so
// that nobody is ever without a deadline.
func (c midnightCase) model(nights int) (portrait.Model, error) {
	var b strings.Builder
	b.WriteString("traits:\n  name: {}\n  city: {}\n  level: {}\n  birthday: {type: time}\ntags:\n")
	for n := 1; n <= nights+1; n++ {
		fmt.Fprintf(&b, "  %s: {rule: 'count(\"Product Viewed\", last(\"%dd\")) >= 1'}\n", seenTag(n), n)
	}
	if c.tracked {
		b.WriteString("segments:\n")
		for n := 1; n <= nights+1; n++ {
			fmt.Fprintf(&b, "  tracked %d: {rule: 'tag(\"%s\")'}\n", n, seenTag(n))
		}
	}
	return portrait.ParseModel([]byte(b.String()))
}

// midnights measures an instant at which an answer about everybody changes.
func midnights(ctx context.Context, cfg config, dir string, report *Report) error {
	for _, c := range midnightCases {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		n := &night{midnightCase: c, people: cfg.profiles, nights: min(cfg.rounds, 3), dir: filepath.Join(dir, "midnight")}
		if err := n.run(ctx, cfg, report); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// night is a store of people who were all there on one day, and the loop by hand
// that has as many records and deadlines.
type night struct {
	midnightCase
	people, nights int
	dir            string

	db  *portrait.DB
	raw *dueRecords
	// reader asks while Portrait advances, control while the loop by hand does: what
	// it has to wait then is the machine's doing.
	reader, control watcher
	heap            []float64 // of each Advance: the most bytes in use, held, and resident
	held            []float64
	rss             []float64
	before          []float64 // bytes in use when an Advance begins
}

func (n *night) run(ctx context.Context, cfg config, report *Report) (err error) {
	defer func() { err = errors.Join(err, n.close(), os.RemoveAll(n.dir)) }()
	ours, raw := filepath.Join(n.dir, "portrait"), filepath.Join(n.dir, "raw")
	cfg.logf("%s: loading %d people", n.name, n.people)
	if err := n.load(ctx, ours); err != nil {
		return err
	}
	record, err := loadRaw(ours, raw, n.people, n.people)
	if err != nil {
		return err
	}
	if n.raw, err = newDueRecords(raw, usual, n.people, day.AddDate(0, 0, 1)); err != nil {
		return err
	}
	if n.db, err = openAt(ours, usual, false, evening); err != nil {
		return err
	}
	report.Setting[n.name] = fmt.Sprintf("%d people, %.0f bytes a record, mean; %d midnights, at each of which everybody loses a tag", n.people, record, n.nights)
	cfg.logf("%s: %d midnights", n.name, n.nights)
	f, err := race(ctx, n.nights, n.name, []racer{
		{subject, n.people, func(round int) (int, func(from, to int) error) { return n.people, n.advance(ctx, round) }},
		{"raw_pebble", n.people, func(round int) (int, func(from, to int) error) {
			settleRaw(n.raw.db)
			n.control.ask(ctx, n.db, seenTag(round+2), uint64(n.people))
			n.control.rest()
			at := day.AddDate(0, 0, round+1)
			return n.people, func(int, int) error {
				n.control.begin()
				return errors.Join(n.raw.fire(at, at.AddDate(0, 0, 1)), n.control.end())
			}
		}},
	})
	if err != nil {
		return err
	}
	if err := n.raw.check(); err != nil {
		return err
	}
	out := newCase(n.name, n.people, f.samples)
	out.Extra = map[string]map[string]float64{}
	for who, w := range map[string]*watcher{subject: &n.reader, "raw_pebble": &n.control} {
		for name, v := range w.figures() {
			out.tell(name, who, v)
		}
	}
	out.tellCPU(f.samples)
	out.tellRate()
	if n.tracked {
		rate, err := n.readFeed(ctx)
		if err != nil {
			return err
		}
		out.tell("feed_changes_read_per_second", subject, rate)
	}
	for name, list := range map[string][]float64{"heap_in_use_mib_before": n.before, "heap_in_use_mib_peak": n.heap, "heap_held_mib_peak": n.held, "resident_mib_peak": n.rss} {
		out.tell(name, subject, median(list)/(1<<20))
	}
	report.Cases = append(report.Cases, out)
	return nil
}

// evening is the clock of the store: time does not reach the midnights by itself.
func evening() time.Time { return day.Add(23 * time.Hour) }

func (n *night) load(ctx context.Context, dir string) (err error) {
	db, err := openAt(dir, usual, true, evening)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	model, err := n.model(n.nights)
	if err != nil {
		return err
	}
	if err := begin(ctx, db, model, evening()); err != nil {
		return err
	}
	for from := 0; from < n.people; from += 10_000 {
		events := make([]profile.Event, min(10_000, n.people-from))
		for i := range events {
			events[i] = sighting(uint32(from + i))
		}
		if err := takeIn(ctx, db, events); err != nil {
			return err
		}
	}
	settle(func() bool { return db.Metrics().Store.CompactionsRunning == 0 })
	return nil
}

// sighting is the one event of a person, on the day.
func sighting(person uint32) profile.Event {
	return profile.Event{
		MessageID: "s-" + strconv.Itoa(int(person)), Name: "Product Viewed",
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: customerID(person)}},
		Time:        day.Add(time.Duration(person%(20*3600)) * time.Second),
		Traits:      told(person),
	}
}

// advance goes to a midnight, while a reader asks who has the tag that it takes.
func (n *night) advance(ctx context.Context, round int) func(from, to int) error {
	settle(func() bool { return n.db.Metrics().Store.CompactionsRunning == 0 })
	n.reader.ask(ctx, n.db, seenTag(round+1), uint64(n.people))
	n.reader.rest()
	resetPeak()
	return func(int, int) error {
		g := newGauge()
		n.before = append(n.before, float64(g.begin))
		n.reader.begin()
		err := errors.Join(n.db.Advance(ctx, day.AddDate(0, 0, round+1)), n.reader.end())
		inUse, held := g.peaks()
		n.heap, n.held, n.rss = append(n.heap, float64(inUse)), append(n.held, float64(held)), append(n.rss, float64(peakBytes()))
		if err != nil {
			return err
		}
		for days := round + 1; days <= round+2; days++ {
			want := uint64(0)
			if days > round+1 {
				want = uint64(n.people)
			}
			got, err := n.db.Count(ctx, tagExpr(seenTag(days)))
			if err != nil {
				return err
			}
			if got != want {
				return fmt.Errorf("after midnight %d tag %q has %d members, want %d", round+1, seenTag(days), got, want)
			}
		}
		return nil
	}
}

// readFeed holds that everybody entered the first tracked segment and left it, and
// returns how many changes a second a reader was told of.
func (n *night) readFeed(ctx context.Context) (rate float64, err error) {
	began := time.Now()
	sum, err := sumFeed(ctx, n.db, "tracked 1")
	took := time.Since(began)
	if err == nil && sum != (feedSum{entered: uint64(n.people), left: uint64(n.people)}) {
		err = fmt.Errorf("in the feed %d entered and %d left, want %d", sum.entered, sum.left, n.people)
	}
	return float64(sum.entered+sum.left) / took.Seconds(), err
}

func (n *night) close() error {
	var faults []error
	if n.db != nil {
		faults = append(faults, n.db.Close())
	}
	if n.raw != nil {
		faults = append(faults, n.raw.close())
	}
	return errors.Join(faults...)
}
