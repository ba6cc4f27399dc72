package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

//go:embed model.yaml
var modelFile []byte

// chapters are the steps of the tour, each in the file of its concept. What comes before
// look changes the store; what comes after it is asked of one view; a week passes at last.
var chapters = []chapter{
	(*tour).open, (*tour).settle, (*tour).lists, (*tour).edit, (*tour).look,
	(*tour).listed, (*tour).catalogue, (*tour).families, (*tour).apps, (*tour).places, (*tour).standing,
	(*tour).lots, (*tour).experiments, (*tour).saved, (*tour).mixture, (*tour).files, (*tour).handedBack,
	(*tour).week,
}

type chapter func(*tour, context.Context) error

// tour is a store, the people in it, and what has been found out so far.
type tour struct {
	dir    string
	people []person
	clock  atomic.Pointer[time.Time]
	db     *portrait.DB
	view   *portrait.View // one commit, so that all that is asked of it agrees
	// profiles is how many there are in the view: of people, and of tablets that nobody
	// is signed in on.
	profiles uint64
	report   report
}

// newTour makes the people up. The store goes into a directory that is empty or not there.
func newTour(c city, people int, dir string) *tour {
	t := &tour{dir: dir, people: make([]person, people)}
	for n := range t.people {
		t.people[n] = c.person(n)
	}
	t.clock.Store(&today)
	return t
}

// run goes through the chapters.
func (t *tour) run(ctx context.Context) (r *report, err error) {
	if t.dir == "" {
		if t.dir, err = os.MkdirTemp("", "audience"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(t.dir)) }()
	} else if entries, err := os.ReadDir(t.dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty: the tour begins with a new store", t.dir)
	}
	defer func() {
		if t.db != nil {
			err = errors.Join(err, t.db.Close())
		}
	}()
	for _, tell := range chapters {
		if err := tell(t, ctx); err != nil {
			return nil, err
		}
	}
	t.view.Close()
	return &t.report, nil
}

// open opens a store and declares what matters in it.
func (t *tour) open(ctx context.Context) (err error) {
	t.db, err = portrait.Open(t.dir, &portrait.Options{Clock: func() time.Time { return *t.clock.Load() }})
	if err != nil {
		return err
	}
	model, err := portrait.ParseModel(modelFile)
	if err != nil {
		return err
	}
	_, err = t.db.Apply(ctx, model)
	return err
}

// settle takes in everything that happened up to today. A profile is a person, or a tablet
// that nobody has signed in on.
func (t *tour) settle(ctx context.Context) error {
	if err := t.ingest(ctx, time.Time{}, today); err != nil {
		return err
	}
	s := t.report.sheet("The city")
	for _, g := range []group{
		{"profiles", `true`},
		{"people who have signed up", `identified("user_id")`},
		{"tablets of nobody knows whom", `not identified("user_id")`},
	} {
		n, err := t.db.Count(ctx, segment.MustParse(g.text))
		if err != nil {
			return err
		}
		s.row(g.name, n, g.text)
	}
	return nil
}

// ingest takes everybody's events of a time in, some thousand at once.
func (t *tour) ingest(ctx context.Context, from, until time.Time) error {
	var batch []profile.Event
	for n := range t.people {
		batch = append(batch, t.people[n].events(from, until)...)
		if len(batch) < 5000 && n < len(t.people)-1 {
			continue
		}
		res, err := t.db.Ingest(ctx, batch...)
		if err != nil {
			return err
		}
		if len(res.Rejected) > 0 {
			return fmt.Errorf("event refused: %+v", res.Rejected[0])
		}
		batch = batch[:0]
	}
	return nil
}

// look opens the view that everything is asked of from here on.
func (t *tour) look(ctx context.Context) (err error) {
	if t.view, err = t.db.View(ctx); err != nil {
		return err
	}
	t.profiles, err = t.view.Count(ctx, segment.And())
	return err
}

// group is an audience: what people call it, and who is in it.
type group struct{ name, text string }

// ask counts groups in one pass and reports them.
func (t *tour) ask(ctx context.Context, title string, groups ...group) error {
	es := make([]segment.Expr, len(groups))
	for i, g := range groups {
		var err error
		if es[i], err = segment.Parse(g.text); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	counts, err := t.view.Counts(ctx, es...)
	if err != nil {
		return err
	}
	s := t.report.sheet(title)
	for i, g := range groups {
		s.row(g.name, counts[i], g.text)
	}
	return nil
}
