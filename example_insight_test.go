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
)

// Reading an audience: how buyers differ from everybody, counted as of one commit.
func Example_insight() {
	dir, err := os.MkdirTemp("", "portrait-insight-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := portrait.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	m, err := portrait.ParseModel([]byte(`
traits: {city: {type: string, index: true}}
tags: {buyer: {rule: 'count("Order Completed") >= 1'}}
`))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(ctx, m); err != nil {
		log.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var events []profile.Event
	for i := range 400 {
		id := profile.Identifier{Namespace: "user_id", Value: fmt.Sprint("u", i)}
		city := "北京"
		if i%4 == 0 {
			city = "上海"
		}
		events = append(events, profile.Event{Type: profile.Identify, Identifiers: []profile.Identifier{id}, Time: at, Traits: map[string]profile.Value{"city": profile.String(city)}})
		if i%4 == 0 && i%3 != 0 || i%8 == 1 { // two in three of 上海, one in six of 北京
			events = append(events, profile.Event{Type: profile.Track, Name: "Order Completed", Identifiers: []profile.Identifier{id}, Time: at})
		}
	}
	if _, err := db.Ingest(ctx, events...); err != nil {
		log.Fatal(err)
	}
	view, err := db.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()
	c, err := insight.Compare(ctx, view, insight.Question{
		Audience: segment.Tag("buyer"),
		Dimensions: []insight.Dimension{{Name: "city", Values: []insight.Value{
			{Name: "上海", Expr: segment.MustParse(`city == "上海"`)},
			{Name: "北京", Expr: segment.MustParse(`city == "北京"`)},
		}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range c.Rows {
		fmt.Printf("%s: %d of %d buyers, %d of %d of all: TGI %.0f (%.0f to %.0f)\n", r.Value, r.Audience, c.Audience, r.Base, c.Base, r.TGI.Index, r.TGI.Low, r.TGI.High)
	}
	report := insight.Report{Title: "Buyers", AsOf: view.AsOf()}
	report.Audience("What tells them apart", c, 10)
	f, err := os.Create(dir + "/buyers.html")
	if err != nil {
		log.Fatal(err)
	}
	if err := report.WriteHTML(f); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 上海: 66 of 116 buyers, 100 of 400 of all: TGI 228 (199 to 253)
	// 北京: 50 of 116 buyers, 300 of 400 of all: TGI 57 (47 to 68)
}
