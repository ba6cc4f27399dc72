package portrait_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
	"github.com/portraitdb/portrait/tags"
)

// Whom a campaign reaches, who comes back, what is spent, and how a tag has grown.
func Example_audience() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "portrait-audience-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	clock := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return clock }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	m, err := portrait.ParseModel([]byte(`
purposes:
  marketing: {}
traits:
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
  first_order: {compute: 'first_time("Order Completed")', index: true}
  last_order: {compute: 'last_time("Order Completed")', index: true}
tags:
  buyer: {rule: 'count("Order Completed") >= 1'}
`))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(ctx, m); err != nil {
		log.Fatal(err)
	}
	// On each of three days 40 people come. All buy, and every second one again on the
	// last day. Two of three consent to marketing; across a person's identifiers a no wins.
	person := func(day, i int) []profile.Identifier {
		ids := []profile.Identifier{{Namespace: "user_id", Value: fmt.Sprintf("u%d-%d", day, i)}}
		if i%4 != 0 {
			ids = append(ids, profile.Identifier{Namespace: "email", Value: fmt.Sprintf("u%d-%d@example.com", day, i)})
		}
		return ids
	}
	for day := range 3 {
		var events []profile.Event
		order := func(day, i int) {
			events = append(events, profile.Event{Type: profile.Track, Name: "Order Completed", Identifiers: person(day, i), Time: clock, Properties: map[string]profile.Value{"revenue": profile.Number(float64(10 + i))}})
		}
		for i := range 40 {
			says := profile.Consent{Purpose: "marketing", Status: profile.ConsentDenied, Method: "signup form"}
			if i%3 != 0 {
				says.Status = profile.ConsentGranted
			}
			events = append(events, profile.Event{Type: profile.Identify, Identifiers: person(day, i), Time: clock, Consent: []profile.Consent{says}})
			order(day, i)
			if day == 2 && i%2 == 0 {
				order(0, i)
				order(1, i)
			}
		}
		if _, err := db.Ingest(ctx, events...); err != nil {
			log.Fatal(err)
		}
		clock = clock.AddDate(0, 0, 1)
	}
	clock = clock.AddDate(0, 0, -1) // the evening of the third day
	view, err := db.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()

	reach, err := insight.Reach(ctx, view, insight.ReachQuestion{
		Audience: segment.Tag("buyer"),
		Channels: []insight.Channel{{Name: "mail", Namespaces: []string{"email"}, Allowed: segment.Consent("marketing")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	mail := reach.Channels[0]
	fmt.Printf("of %d buyers %d have an address, %d of them may be written to\n", reach.Audience, mail.Identified.Count, mail.Reachable.Count)

	var back insight.RetentionQuestion
	for day := 1; day <= 3; day++ {
		text := func(trait string) segment.Expr {
			return segment.MustParse(fmt.Sprintf("%s >= date(%q) and %s < date(%q)", trait, fmt.Sprintf("2026-05-%02d", day), trait, fmt.Sprintf("2026-05-%02d", day+1)))
		}
		back.Cohorts = append(back.Cohorts, insight.Segment{Name: fmt.Sprint("May ", day), Expr: text("first_order")})
		back.Active = append(back.Active, segment.Or(text("first_order"), text("last_order")))
	}
	retention, err := insight.Retain(ctx, view, back)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range retention.Cohorts {
		fmt.Print(c.Name, ":")
		for k := range c.Active {
			share, _ := c.Retained(k)
			fmt.Printf(" %.0f %%", 100*share)
		}
		fmt.Println()
	}

	spent, err := insight.Measure(ctx, view, tags.MustParseFormula("spent"), insight.NumberQuestion{
		Audience: segment.MustParse("last_order > first_order"), Bounds: []profile.Value{profile.Number(40), profile.Number(60)},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("who came back spent %.1f more than all\n", *spent.Difference)
	for _, row := range spent.Distribution.Rows[:len(spent.Spans)] {
		fmt.Printf("%s: %d of %d\n", row.Value, row.Audience, row.Base)
	}

	sizes, err := insight.Sizes(ctx, view, insight.SizesQuestion{Of: segment.Tag("buyer"), From: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Daily: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range sizes {
		fmt.Printf("%s: %d buyers, %d new\n", p.At.Format(time.DateOnly), p.Size.Count, p.Entered.Count)
	}
	// Output:
	// of 120 buyers 90 have an address, 60 of them may be written to
	// May 1: 100 % 0 % 50 %
	// May 2: 100 % 50 %
	// May 3: 100 %
	// who came back spent 18.8 more than all
	// < 40: 10 of 70
	// 40 – 60: 10 of 30
	// ≥ 60: 20 of 20
	// 2026-05-01: 40 buyers, 40 new
	// 2026-05-02: 80 buyers, 40 new
	// 2026-05-03: 120 buyers, 40 new
}
