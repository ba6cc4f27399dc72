package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Who has not consented to a purpose is in no answer of a view for it.
func ExampleDB_For() {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	model, err := portrait.ParseModel([]byte(`
traits:
  city: {index: true}
  diagnosis: {sensitive: true}
purposes:
  marketing: {max_age: 365d}
`))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(ctx, model); err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{
		`{"type": "identify", "userId": "u1", "timestamp": "2026-11-01T08:00:00Z", "traits": {"city": "上海", "diagnosis": "a"}, "context": {"consent": {"categoryPreferences": {"marketing": true}}}}`,
		`{"type": "identify", "userId": "u2", "timestamp": "2026-11-01T09:00:00Z", "traits": {"city": "上海"}, "context": {"consent": {"categoryPreferences": {"marketing": false}}}}`,
		`{"type": "identify", "userId": "u3", "timestamp": "2026-11-01T10:00:00Z", "traits": {"city": "上海"}}`,
	} {
		e, err := profile.ParseEvent([]byte(text))
		if err != nil {
			log.Fatal(err)
		}
		if _, err := db.Ingest(ctx, e); err != nil {
			log.Fatal(err)
		}
	}

	view, err := db.For(ctx, privacy.Access{Purpose: "marketing"})
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()
	shanghai := segment.MustParse(`city = "上海"`)
	n, err := view.Count(ctx, shanghai)
	if err != nil {
		log.Fatal(err)
	}
	withheld, err := view.Withheld(ctx, shanghai)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "to write to,", withheld, "withheld")
	_, err = view.Profile(ctx, profile.Identifier{Namespace: "user_id", Value: "u2"})
	fmt.Println("u2:", err)
	_, err = view.Count(ctx, segment.MustParse(`diagnosis = "a"`))
	fmt.Println("a sensitive trait is not asked of:", errors.Is(err, privacy.ErrNotAllowed))

	why, err := db.Explain(ctx, segment.Consent("marketing"), profile.Identifier{Namespace: "user_id", Value: "u1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(why)
	// Output:
	// 1 to write to, 2 withheld
	// u2: portrait: not found
	// a sensitive trait is not asked of: true
	// true    consent("marketing")  -- status is granted (of 2026-11-01T08:00:00Z) (until 2027-11-01T08:00:00Z)
}
