package portrait_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// The program of the README: a visitor looks at a product, logs in, and orders.
func Example() {
	dir, err := os.MkdirTemp("", "portrait")
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
	user := profile.Identifier{Namespace: "user_id", Value: "u-7"}
	browser := profile.Identifier{Namespace: "anonymous_id", Value: "a-42"}
	res, err := db.Ingest(ctx,
		profile.Event{MessageID: "1", Name: "Product Viewed", Identifiers: []profile.Identifier{browser}},
		profile.Event{MessageID: "2", Type: profile.Identify, Identifiers: []profile.Identifier{user, browser}},
		profile.Event{MessageID: "3", Name: "Order Completed", Identifiers: []profile.Identifier{user}})
	if err != nil {
		log.Fatal(err)
	}
	if len(res.Rejected) > 0 {
		log.Fatal(res.Rejected)
	}
	buyers := tags.Definition{Name: "买家", Rule: tags.MustParse(`count("Order Completed") >= 1`)}
	if err := db.DefineTag(ctx, buyers); err != nil {
		log.Fatal(err)
	}
	// The view before the login and the order after it are one person's.
	fmt.Println(db.Count(ctx, segment.MustParse(`tag("买家") and count("Product Viewed") >= 1`)))
	// Output: 1 <nil>
}

// Apply declares a whole model at once and tells what it changes.
func ExampleDB_Apply() {
	db, done := temporary()
	defer done()
	model, err := portrait.ParseModel([]byte(`
traits:
  city: {index: true}
tags:
  上海: {rule: 'city = "上海"'}
`))
	if err != nil {
		log.Fatal(err)
	}
	plan, err := db.Apply(context.Background(), model, portrait.DryRun)
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range plan.Changes {
		fmt.Println(change)
	}
	// Output:
	// trait "city": new
	// tag "上海": new
}

// Ingest refuses bad events one by one.
func ExampleDB_Ingest() {
	db, done := temporary()
	defer done()
	res, err := db.Ingest(context.Background(),
		profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{{Namespace: "email", Value: "A@B.cn"}}},
		profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "null"}}},
	)
	fmt.Println(res.Accepted, err)
	for _, r := range res.Rejected {
		fmt.Println(r.Index, r.Field, r.Reason)
	}
	// Output:
	// 1 <nil>
	// 1 identifiers blocked_identifier
}

// Segment answers with an immutable set.
func ExampleView_Profiles() {
	db, done := temporary()
	defer done()
	ctx := context.Background()
	for _, name := range []string{"ann", "bo", "cy"} {
		event := profile.Event{
			Type: profile.Identify, Identifiers: []profile.Identifier{{Namespace: "user_id", Value: name}},
			Traits: map[string]profile.Value{"vip": profile.Bool(name != "bo")},
		}
		if _, err := db.Ingest(ctx, event); err != nil {
			log.Fatal(err)
		}
	}
	model, err := portrait.ParseModel([]byte(`traits: {vip: {type: bool, index: true}}`))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(ctx, model); err != nil {
		log.Fatal(err)
	}
	view, err := db.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()
	set, err := view.Segment(ctx, segment.MustParse(`vip = true`))
	if err != nil {
		log.Fatal(err)
	}
	for p, err := range view.Profiles(ctx, set) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Identifiers)
	}
	// Output:
	// [user_id:ann]
	// [user_id:cy]
}

func temporary() (db *portrait.DB, done func()) {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	if db, err = portrait.Open(dir, nil); err != nil {
		log.Fatal(err)
	}
	return db, func() {
		if err := db.Close(); err != nil {
			log.Print(err)
		}
		os.RemoveAll(dir)
	}
}
