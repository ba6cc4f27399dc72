package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// hotCase is one identifier that many events name, each beside a user_id.
type hotCase struct {
	name   string
	space  identity.Namespace
	people int // who take turns; 0: each event is of a new person
	share  int // one in so many of the suite's events, a power of ten; what is slow does fewer
	// partners are the most that the identifier ever unites with.
	partners int
}

// nobody is a number of partners that no case reaches.
const nobody = 1 << 30

var hotCases = []hotCase{
	{name: "shared", space: identity.Namespace{Name: "device_id", Kind: identity.Device, Conflict: identity.Shared, MaxPartners: nobody}, share: 1},
	{name: "demote", space: identity.Namespace{Name: "anonymous_id", Kind: identity.Cookie}, share: 1},
	{name: "generic", space: identity.Namespace{Name: "email", Kind: identity.Contact}, share: 1},
	{name: "newest", space: identity.Namespace{Name: "device_id", Kind: identity.Device, Conflict: identity.Newest}, people: 20, share: 1, partners: 1},
	{name: "newest-crowd", space: identity.Namespace{Name: "device_id", Kind: identity.Device, Conflict: identity.Newest, MaxPartners: nobody}, share: 100, partners: 1},
}

// event is the i-th event of the case, or of people who have nothing to do with
// the hot identifier and one of their own each instead.
func (c *hotCase) event(i int, apart bool) profile.Event {
	person, who, what := i, "h", "everybodys"
	if c.people > 0 {
		person = i % c.people
	}
	if apart {
		who, what = "u", "own-"+strconv.Itoa(person)
	}
	if c.space.Name == "email" {
		what += "@example.cn"
	}
	return profile.Event{
		MessageID: who + "-" + strconv.Itoa(i), Name: "Product Viewed", Time: later.Add(time.Duration(i) * time.Millisecond),
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: who + "-" + strconv.Itoa(person)}, {Namespace: c.space.Name, Value: what}},
	}
}

func (c *hotCase) label(events int) string {
	return "hot/" + c.name + "/events=" + strconv.Itoa(events)
}

// hotEvents measures what an event costs that names an identifier which very many have
// named: at a thousandth, a hundredth, a tenth and all of the events.
func hotEvents(ctx context.Context, cfg config, dir string, report *Report) error {
	for _, c := range hotCases {
		if !cfg.only.MatchString("hot/" + c.name) {
			continue
		}
		if err := c.run(ctx, cfg, dir, c.marks(cfg.profiles), report); err != nil {
			return fmt.Errorf("hot/%s: %w", c.name, err)
		}
	}
	return nil
}

// marks are the numbers of events after which it is measured.
func (c *hotCase) marks(events int) []int {
	events = max(events, 1_000)
	marks := []int{events / 1_000, events / 100, events / 10, events}
	for len(marks) > 1 && marks[len(marks)-1] > events/c.share {
		marks = marks[:len(marks)-1]
	}
	return marks
}

func (c *hotCase) run(ctx context.Context, cfg config, dir string, marks []int, report *Report) (err error) {
	db, done, err := scratch(ctx, dir, plainModel(c.space))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	hot, first := 0, map[string]float64{}
	for _, mark := range marks {
		cfg.logf("%s", c.label(mark))
		batch := min(100, max(1, mark/10))
		rounds := min(5*cfg.rounds, max(1, mark/2/batch))
		for window := mark - rounds*batch; hot < window; {
			n := min(1_000, window-hot)
			if err := takeIn(ctx, db, c.events(hot, n, false)); err != nil {
				return err
			}
			hot += n
		}
		from := hot
		turn := func(apart bool) func(round int) (int, func(from, to int) error) {
			return func(round int) (int, func(from, to int) error) {
				events := c.events(from+round*batch, batch, apart)
				return batch, func(from, to int) error { return takeIn(ctx, db, events[from:to]) }
			}
		}
		f, err := race(ctx, rounds, c.label(mark), []racer{{subject, batch, turn(false)}, {"unrelated", batch, turn(true)}})
		if err != nil {
			return err
		}
		hot += rounds * batch
		out := newCase(c.label(mark), mark, f.samples)
		growth := map[string]float64{}
		for who, ns := range out.NsPerOp {
			if mark == marks[0] {
				first[who] = ns
			}
			growth[who] = ns / first[who]
		}
		out.Extra = map[string]map[string]float64{"times_the_first_mark": growth}
		report.Cases = append(report.Cases, out)
		report.Summary["hot_"+c.name+"_growth_beside_unrelated"] = growth[subject] / growth["unrelated"]
	}
	return c.check(ctx, db, hot)
}

func (c *hotCase) events(from, n int, apart bool) []profile.Event {
	out := make([]profile.Event, n)
	for i := range out {
		out[i] = c.event(from+i, apart)
	}
	return out
}

// check looks whether the hot identifier has united as many as its policy allows,
// and everybody is there.
func (c *hotCase) check(ctx context.Context, db *portrait.DB, events int) error {
	people := events
	if c.people > 0 {
		people = c.people
	}
	for _, i := range []int{0, people / 2, people - 1} {
		p, err := db.Profile(ctx, c.event(i, false).Identifiers[0])
		if err != nil {
			return err
		}
		if len(p.Identifiers) > 2 {
			return fmt.Errorf("person %d has %d identifiers", i, len(p.Identifiers))
		}
	}
	p, err := db.Profile(ctx, c.event(0, false).Identifiers[1])
	switch {
	case c.partners == 0 && errors.Is(err, portrait.ErrNotFound):
		return nil
	case err != nil:
		return err
	case c.partners == 0 || len(p.Identifiers) != 1+c.partners:
		return fmt.Errorf("the hot identifier is in a profile of %d, want %d", len(p.Identifiers), 1+c.partners)
	}
	return nil
}
