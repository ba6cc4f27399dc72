package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// follow hands every change to a function, once, however often the program is
// restarted: its place is what load returns, and save keeps.
func follow(ctx context.Context, db *portrait.DB, load func() portrait.Cursor, handle func(portrait.Change) error, save func(portrait.Cursor) error) error {
	for change, err := range db.Watch(ctx, load(), portrait.WatchFilter{Tags: []string{"gold"}}) {
		if err != nil {
			return err // errors.Is(err, portrait.ErrTrimmed): too late, start from a view
		}
		if err := errors.Join(handle(change), save(change.Cursor)); err != nil {
			return err
		}
	}
	return nil
}

// A reader begins with everybody who is in a segment, and goes on with who comes and
// goes: nobody is missed between the two, nor told twice.
func ExampleDB_Watch() {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	m, err := portrait.ParseModel([]byte("traits: {points: {type: number}}\ntags: {gold: {rule: points >= 100}}\n"))
	if err == nil {
		_, err = db.Apply(ctx, m)
	}
	if err != nil {
		log.Fatal(err)
	}
	tell := func(who string, points float64) {
		_, err := db.Ingest(ctx, profile.Event{
			Type: profile.Identify, Time: epoch0.Add(time.Duration(points) * time.Second),
			Identifiers: []profile.Identifier{{Namespace: "user_id", Value: who}},
			Traits:      map[string]profile.Value{"points": profile.Number(points)},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	tell("ann", 120)

	v, err := db.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	gold, err := v.Segment(ctx, segment.MustParse(`tag("gold")`))
	if err != nil {
		log.Fatal(err)
	}
	v.Close()
	fmt.Println("gold:", gold.Count())

	tell("bob", 150)
	tell("bob", 160)
	tell("ann", 130)
	done := errors.New("done")
	err = follow(ctx, db, v.Cursor, func(c portrait.Change) error {
		fmt.Println(c.Profile, c.Kind, c.Tag, "by", c.Cause)
		return done
	}, func(portrait.Cursor) error { return nil })
	if !errors.Is(err, done) {
		log.Fatal(err)
	}
	// Output:
	// gold: 1
	// 1 entered gold by event
}
