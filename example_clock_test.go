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
	"github.com/portraitdb/portrait/tags"
)

// Example_clock is how a host tests what it does with a DB: under a clock that the test
// sets, in a directory that goes with it (t.TempDir), with small buffers that nothing waits
// for the disk with.
func Example_clock() {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	db, err := portrait.Open(dir, &portrait.Options{
		Clock:  func() time.Time { return now },
		NoSync: true, CacheBytes: 8 << 20, MemTableBytes: 1 << 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	active := tags.Definition{Name: "active", Rule: tags.MustParse(`count("Order Completed", last("30d")) >= 1`)}
	if err := db.DefineTag(ctx, active); err != nil {
		log.Fatal(err)
	}
	res, err := db.Ingest(ctx, profile.Event{
		MessageID: "1", Name: "Order Completed", Time: now,
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "ann"}},
	})
	if err != nil || len(res.Rejected) > 0 {
		log.Fatal(err, res.Rejected)
	}
	fmt.Println(db.Count(ctx, segment.Tag("active")))
	now = now.AddDate(0, 0, 30)
	fmt.Println(db.Count(ctx, segment.Tag("active")))

	// A question applies first what has come due. Where nobody asks, Advance does.
	if err := db.Advance(ctx, now); err != nil {
		log.Fatal(err)
	}
	view, err := db.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()
	for change, err := range view.Changes(ctx, portrait.Cursor{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change.Kind, change.Tag, "by", change.Cause)
	}
	// Output:
	// 1 <nil>
	// 0 <nil>
	// entered active by event
	// left active by deadline
}
